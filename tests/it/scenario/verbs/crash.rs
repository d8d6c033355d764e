//! What goes wrong: crashes, losses, and others who are in the way.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use isobar::reconcile::LEASE_TTL;
use isobar::world::Point;

use super::{Scene, Told, stack_name};
use crate::stage::{Pass, Stage};

/// How often a point is crashed at, at most: the first times tell the most.
const CRASHES_MAX: u64 = 3;

impl Scene {
    pub(super) fn tick(&mut self, span: &str) -> Told {
        let span: jiff::SignedDuration = span.parse().map_err(|error| format!("{error}"))?;
        self.stage.simulation.clock.pass(span.unsigned_abs());
        Ok(String::new())
    }

    pub(super) fn flow(&mut self) -> Told {
        self.stage.time_flows = true;
        Ok(String::new())
    }

    pub(super) fn crash_at(&mut self, point: &str, nth: u64) -> Told {
        let known = Point::ALL.iter().find(|known| known.as_str() == point);
        let point = known.ok_or_else(|| format!("there is no point `{point}`"))?;
        self.stage.simulation.trap.set(*point, nth);
        Ok(String::new())
    }

    /// From here, once for each time a point is reached: crash there, wait for the lease to run
    /// out, start again. What then is true is compared with a life without a crash.
    pub(super) fn crash_everywhere(&mut self) -> Told {
        let mut quiet = self.stage.fork();
        quiet.settle();
        let wanted = state(&mut quiet);
        let mut out = String::new();
        for &point in Point::ALL {
            let mut ends = Vec::new();
            for nth in 1..=CRASHES_MAX {
                let mut stage = self.stage.fork();
                stage.simulation.trap.set(point, nth);
                if !crashes(&mut stage) {
                    break;
                }
                stage.simulation.clock.pass(LEASE_TTL + Duration::from_secs(1));
                stage.settle();
                let found = state(&mut stage);
                ends.push(if found == wanted { "as without".to_owned() } else { found });
            }
            let times = ends.len();
            ends.dedup();
            let ends = if ends.is_empty() { "never reached".to_owned() } else { ends.join("\n") };
            let _ = writeln!(out, "{:20} {times} crashes: {ends}", point.as_str());
        }
        Ok(out)
    }

    pub(super) fn lose_database(&mut self) -> Told {
        self.stage.lose_database();
        Ok(String::new())
    }

    pub(super) fn lose_mark(&mut self, target: &str) -> Told {
        fs::remove_file(self.mark(target)).map_err(|error| error.to_string())?;
        Ok(String::new())
    }

    pub(super) fn break_mark(&mut self, target: &str) -> Told {
        fs::write(self.mark(target), "{ half a ma").map_err(|error| error.to_string())?;
        Ok(String::new())
    }

    fn mark(&self, target: &str) -> std::path::PathBuf {
        self.stage.target(&format!("{target}/.isobar/isobar@platform.json"))
    }

    pub(super) fn busy_lease(&mut self, stack: &str) -> Told {
        let lease = self.stage.occupy(&stack_name(stack)?, LEASE_TTL);
        lease.map(|_| String::new()).ok_or_else(|| "somebody has it already".to_owned())
    }

    pub(super) fn busy_lock(&mut self, target: &str) -> Told {
        let lock = fs::File::open(self.stage.target(&format!("{target}/.isobar/lock")));
        let lock = lock.map_err(|error| error.to_string())?;
        lock.lock().map_err(|error| error.to_string())?;
        self.lock = Some(lock);
        Ok(String::new())
    }

    pub(super) fn free_lock(&mut self) -> Told {
        self.lock.take().map(|_| String::new()).ok_or_else(|| "nobody has it".to_owned())
    }
}

/// Passes until the trap springs; whether it does before there is rest.
fn crashes(stage: &mut Stage) -> bool {
    for _ in 0..4 {
        if matches!(stage.pass(), Pass::Crashed(_)) {
            return true;
        }
    }
    stage.simulation.trap.unset();
    false
}

/// What people can see: the files, what is owned, what waits, and that the journal is whole.
fn state(stage: &mut Stage) -> String {
    let mut out = String::new();
    for (path, text) in stage.files() {
        let _ = writeln!(out, "{path}: {text}");
    }
    for plan in stage.plans() {
        let effect = plan.effect();
        let _ = writeln!(out, "{}: {} {:?}", effect.stack, plan.is_empty(), plan.envelope.holds);
    }
    for (key, owned) in stage.owned() {
        let _ = writeln!(out, "{key} belongs to {}", owned);
    }
    let verified = stage.ask(async |store, _| store.journal_verify().await);
    let _ = writeln!(out, "journal: {}", verified.map_or_else(|e| e.to_string(), |_| "whole".to_owned()));
    out
}
