//! What goes wrong: crashes, losses, and others who are in the way.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use isobar::world::Point;

use super::{Scene, Told, stack_name};
use crate::stage::{LEASE, Pass, Stage};

/// Rounds within which a point that is reached at all is reached.
const PASSES_MAX: u32 = 6;

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

    /// From here, the first and the last time that a point is reached: crash there, wait for the
    /// lease to run out, start again. What then is true is compared with a life without a crash.
    pub(super) fn crash_everywhere(&mut self) -> Told {
        let mut quiet = self.stage.fork();
        quiet.settle();
        let wanted = state(&mut quiet);
        let mut out = String::new();
        for &point in Point::ALL {
            let count = quiet.simulation.trap.count(point);
            let _ = write!(out, "{:20}", point.as_str());
            for nth in BTreeSet::from([1, count]).range(1..=count) {
                let mut stage = self.stage.fork();
                stage.simulation.trap.set(point, *nth);
                crash(&mut stage);
                stage.simulation.clock.pass(LEASE.unsigned_abs() + Duration::from_secs(1));
                stage.settle();
                let found = state(&mut stage);
                let end = if found == wanted { "the same" } else { &found };
                let _ = write!(out, " {nth}: {end}");
            }
            out.push_str(if count == 0 { " never reached\n" } else { "\n" });
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
        let lease = self.stage.occupy(&stack_name(stack)?, LEASE.unsigned_abs());
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

/// Passes until the trap springs.
fn crash(stage: &mut Stage) {
    let crashed = (0..PASSES_MAX).any(|_| matches!(stage.pass(), Pass::Crashed(_)));
    assert!(crashed, "the point is not reached again");
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
    let _ = writeln!(
        out,
        "journal: {}",
        verified.map_or_else(|e| e.to_string(), |_| "whole".to_owned())
    );
    out
}
