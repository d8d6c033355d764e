//! A thousand small components in a cluster, beside a loop that does nothing but apply them.
//!
//! Requests are counted by who made them, in the audit log of the API server.

mod agent;
mod audit;
mod flux;
mod objects;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use self::agent::Agent;
use self::audit::{Audit, Request};
use self::flux::Flux;
use crate::child;
use crate::place::{Place, variable};
use crate::testbed::{self, Bed};

/// Components, each of four objects, and the stacks they are in.
const COMPONENTS: usize = 1_000;
const STACKS: usize = 20;
const OBJECTS: usize = 4 * COMPONENTS;

/// How often ours and the loop take turns.
const ROUNDS: usize = 3;

/// A round with a slower loop says more about the machine than about us: it is void, and begins anew, so
/// often.
const LOOP_MIN: f64 = 350.0;
const LOOP_TRIES: usize = 3;

/// Edits that somebody else makes.
const EDITS: usize = 100;

/// Components of a chain, each after the one before it.
const CHAIN: usize = 20;

/// Everything, on a bed of its own.
pub(crate) fn kubernetes(place: &Place) -> Result<()> {
    let isobar = match variable("ISOBAR") {
        Some(path) => PathBuf::from(path),
        None => {
            child::run(place.cargo().args(["build", "--locked", "--release", "--bin", "isobar"]))?;
            place.target.join("release/isobar")
        }
    };
    let flux = flux::build(place)?;
    on_a_bed(place, isobar, |bench| bench.all(&flux))
}

/// One round of it with the program `isobar`, beside nothing.
pub(crate) fn kubernetes_once(place: &Place, isobar: &Path) -> Result<()> {
    on_a_bed(place, isobar.to_owned(), |bench| {
        bench.round(1, None, true)?;
        bench.chain()
    })
}

fn on_a_bed(
    place: &Place,
    isobar: PathBuf,
    measure: impl FnOnce(&Bench<'_>) -> Result<()>,
) -> Result<()> {
    let reference = testbed::build_loop(place)?;
    let bed = Bed::named(place, "bench");
    testbed::down(&bed)?;
    testbed::start(place, &bed)?;
    let bench = Bench { place, folder: bed.folder().to_owned(), isobar, reference };
    let users = ["isobar", "loop", "flux"];
    let users = users.into_iter().try_for_each(|user| testbed::user(&bed, user, "system:masters"));
    let measured = users.and_then(|()| measure(&bench));
    testbed::down(&bed)?;
    measured
}

struct Bench<'a> {
    place: &'a Place,
    /// The bed's.
    folder: PathBuf,
    isobar: PathBuf,
    reference: PathBuf,
}

impl Bench<'_> {
    /// Beside Flux, with where its kind is defined.
    fn all(&self, flux: &(PathBuf, PathBuf)) -> Result<()> {
        println!("{:<44}{:>12}{:>12}{:>9}   at most", "", "ours", "loop", "ratio");
        let mut ours = Vec::new();
        for round in 1..=ROUNDS {
            let taken = self.reference(round)?;
            ours.push(self.round(round, Some(taken), round == ROUNDS)?);
        }
        self.chain()?;
        ours.sort();
        self.beside_flux(flux, ours[ROUNDS / 2])
    }

    /// Flux, with the same components. `ours` is our median.
    fn beside_flux(
        &self,
        (program, definitions): &(PathBuf, PathBuf),
        ours: Duration,
    ) -> Result<()> {
        self.namespace("flux")?;
        let kubectl = testbed::programs(self.place).join("kubectl");
        let theirs = Flux::new(program.clone(), &self.folder, kubectl).measure(definitions)?.wall;
        println!(
            "until all are healthy: ours {}, Flux {}: {:.1} times faster; at least 8",
            seconds(ours),
            seconds(theirs),
            theirs.div_duration_f64(ours)
        );
        Ok(())
    }

    /// The loop's time for all objects. It is over when the controllers are at rest: ours is not to
    /// share the cores with what is left to do for the loop.
    fn reference(&self, round: usize) -> Result<Duration> {
        for again in 1..=LOOP_TRIES {
            let taken = self.one_loop(&format!("loop-{round}-{again}"))?;
            let rate = OBJECTS as f64 / taken.as_secs_f64();
            let void = if rate < LOOP_MIN { ": void, this machine is busy" } else { "" };
            println!("round {round}: the loop makes {rate:.0} objects/s{void}");
            if rate >= LOOP_MIN {
                return Ok(taken);
            }
        }
        bail!(
            "the loop makes less than {LOOP_MIN:.0} objects/s: this machine has something else to do"
        )
    }

    /// The same once, in a namespace of its own.
    fn one_loop(&self, namespace: &str) -> Result<Duration> {
        let objects = self.folder.join("objects");
        self.namespace(namespace)?;
        let mut audit = Audit::at(&self.folder, namespace)?;
        objects::as_requests(&objects, namespace, COMPONENTS)?;
        let mut reference = Command::new(&self.reference);
        reference.arg("-bed").arg(&self.folder).arg("-objects").arg(&objects);
        let told = child::output(&mut reference)?;
        let seconds = told.split_whitespace().nth(1).and_then(|text| text.parse::<f64>().ok());
        let seconds = seconds.context("the loop does not say how long it took")?;
        audit.until_well(COMPONENTS)?;
        Ok(Duration::from_secs_f64(seconds))
    }

    /// From nothing to all applied; in the `last` round, what follows as well. Gives how long it
    /// took until all were healthy, planning included, but not how long somebody took to approve.
    fn round(&self, round: usize, reference: Option<Duration>, last: bool) -> Result<Duration> {
        let namespace = format!("bench-{round}");
        self.namespace(&namespace)?;
        let mut audit = Audit::at(&self.folder, &namespace)?;
        let repository = self.folder.join(&namespace);
        let components = objects::components(&namespace, COMPONENTS);
        agent::repository(&repository, &self.folder, &namespace, &components, STACKS)?;
        let mut agent = Agent::start(&self.isobar, &repository)?;

        let started = audit::now();
        let rehearsed = audit.until(OBJECTS, Request::is_rehearsal)?;
        let row = |what: &str, ours: Duration, loop_: Option<Duration>, limit: &str| {
            let (beside, ratio) = match loop_ {
                Some(one) => (seconds(one), format!("{:.2}", ours.div_duration_f64(one))),
                None => (String::new(), String::new()),
            };
            println!("{what:<44}{:>12}{beside:>12}{ratio:>9}   {limit}", seconds(ours));
        };
        row("first plan: dry runs of all", rehearsed.last - started, reference, "");
        let planned = agent.cpu()?;
        agent.approve(STACKS)?;
        let approved = audit::now();
        let applied = audit.until(OBJECTS, Request::is_write)?;
        let cpu = agent.cpu()? - planned;
        row("(a) approved to last object applied", applied.last - approved, reference, "1.25");
        row("    first to last write", applied.last - applied.first, reference, "1.25");
        row("    CPU of the agent meanwhile", cpu, None, "");
        audit.until_well(COMPONENTS)?;
        audit.until_quiet()?;
        let healthy = (rehearsed.last - started) + (healthy(&agent, &audit)? - approved);
        row("    CPU of the agent so far", agent.cpu()?, None, "");
        println!("    {}", audit.told());
        println!("    most memory{:>37.1} MiB{:>24} 64 MiB", agent.peak_mib()?, "");
        if last {
            self.later(&mut agent, &mut audit, row)?;
        }
        Ok(healthy)
    }

    /// Nothing changed, others' edits, a restart.
    fn later(
        &self,
        agent: &mut Agent,
        audit: &mut Audit,
        row: impl Fn(&str, Duration, Option<Duration>, &str),
    ) -> Result<()> {
        audit.forget();
        let before = agent.cpu()?;
        agent.commit_nothing()?;
        ensure!(audit.until_quiet()?.is_some(), "nobody has followed the commit");
        row("(b) CPU of a pass with nothing changed", agent.cpu()? - before, None, "0.5 s");
        println!("    {}; at most 0 on objects", audit.told());

        audit.forget();
        self.edit(agent, "labels", "tier", EDITS)?;
        let mut delays = audit.corrections(EDITS)?;
        delays.sort();
        row("(c) owned field edited to put back, median", delays[EDITS / 2], None, "");
        row("    the slowest", delays[EDITS - 1], None, "1 s");
        audit.until_quiet()?;
        audit.forget();
        self.edit(agent, "annotations", "note", EDITS)?;
        ensure!(audit.until_quiet()?.is_some(), "nobody has heard of the edits");
        println!("    edits of what is not ours: {}; at most 0 writes", audit.told());

        audit.forget();
        let restarted = audit::now();
        agent.restart()?;
        let last = audit.until_quiet()?.context("nothing is asked after the restart")?;
        row("(e) restart until nothing is asked any more", last - restarted, None, "2 s");
        println!("    {}", audit.told());
        Ok(())
    }

    fn chain(&self) -> Result<()> {
        let namespace = "chain";
        self.namespace(namespace)?;
        let mut audit = Audit::at(&self.folder, namespace)?;
        let repository = self.folder.join(namespace);
        let links = objects::chain(namespace, CHAIN);
        agent::repository(&repository, &self.folder, namespace, &links, 1)?;
        let start = audit::now();
        let mut isobar = Command::new(&self.isobar);
        isobar.args(["apply", "--local", "--yes", "--as", "bench", "--settings", "agent.yaml"]);
        // The plan that it shows is not what people want to see here.
        let ended = isobar.current_dir(&repository).output()?;
        ensure!(ended.status.success(), "{isobar:?} ended with {}", ended.status);
        println!("(d) a chain of {CHAIN}{:>38}{:>24} 5 s", seconds(audit::now() - start), "");
        audit.until_quiet()?;
        println!("    {}", audit.told());
        Ok(())
    }

    /// Somebody else writes `field` of the metadata of the first Deployments.
    fn edit(&self, agent: &Agent, part: &str, field: &str, count: usize) -> Result<()> {
        let folder = self.folder.join("edits");
        objects::as_edits(&folder, agent.namespace(), part, field, count)?;
        let mut reference = Command::new(&self.reference);
        reference.arg("-bed").arg(&self.folder).arg("-objects").arg(&folder);
        child::output(reference.args(["-form", "merge-patch", "-in-flight", "4"]))?;
        Ok(())
    }

    fn namespace(&self, name: &str) -> Result<()> {
        let mut kubectl = Command::new(testbed::programs(self.place).join("kubectl"));
        kubectl.arg("--kubeconfig").arg(self.folder.join("admin.kubeconfig"));
        child::output(kubectl.args(["create", "namespace", name]))?;
        Ok(())
    }
}

/// How long after a Deployment was said to do well we said so of its component; when we had said it
/// of all.
fn healthy(agent: &Agent, audit: &Audit) -> Result<Duration> {
    let (said, told) = (audit.did_well(), agent.told_well()?);
    let after = |(name, said): (&String, &Duration)| Some(told.get(name)?.saturating_sub(*said));
    let mut delays: Vec<_> = said.iter().filter_map(after).collect();
    delays.sort();
    ensure!(delays.len() == COMPONENTS, "only {} components are said to do well", delays.len());
    println!(
        "    healthy, from the status to our word: median {}, p99 {}, slowest {}; at most 1 s",
        seconds(delays[COMPONENTS / 2]),
        seconds(delays[COMPONENTS * 99 / 100]),
        seconds(delays[COMPONENTS - 1])
    );
    told.values().max().copied().context("none is said to do well")
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// A folder without what was in it.
fn emptied(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(std::fs::create_dir_all(folder)?)
}
