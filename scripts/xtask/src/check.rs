//! The one gate.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::place::Place;
use crate::{child, deny, generate, install, lock, readme, testbed};

/// A step: what it is called, and what it does.
type Step = (&'static str, fn(&Place) -> Result<()>);

/// What is cheap and often wrong comes first.
const STEPS: &[Step] = &[
    ("install", install::run),
    ("format", |place| cargo(place, &["fmt", "--all", "--check"])),
    ("lock", lock::run),
    ("deny", deny::run),
    ("clippy", |place| {
        let arguments = ["clippy", "--locked", "--workspace", "--all-targets", "--"];
        child::run(place.cargo().args(arguments).args(["-D", "warnings"]))
    }),
    ("testbed", testbed::build),
    ("build", |place| cargo(place, &["test", "--locked", "--workspace", "--no-run"])),
    ("test", |place| cargo(place, &["test", "--locked", "--workspace"])),
    ("generated", generate::check),
    ("release", |place| cargo(place, &["build", "--locked", "--release", "--bin", "isobar"])),
    ("readme", readme::run),
];

/// Runs every step, stops at the first that fails, and shows how long each took.
pub(crate) fn run(place: &Place) -> Result<()> {
    let _in_use = if place.ci { Some(place.enter_cache()?) } else { None };
    let mut times = Vec::new();
    let failed = STEPS.iter().find_map(|(name, step)| {
        println!("\n== {name}");
        let start = Instant::now();
        let result = step(place);
        times.push((*name, start.elapsed()));
        println!("== {name}: {}", seconds(start.elapsed()));
        result.err().map(|error| (*name, error))
    });
    print_times(&times);
    match failed {
        None => Ok(()),
        Some((name, error)) => Err(error).with_context(|| format!("step {name} failed")),
    }
}

fn cargo(place: &Place, arguments: &[&str]) -> Result<()> {
    let command: &mut Command = &mut place.cargo();
    child::run(command.args(arguments))
}

fn print_times(times: &[(&str, Duration)]) {
    println!();
    for (name, time) in times {
        println!("{name:<10}{:>9}", seconds(*time));
    }
    println!("{:<10}{:>9}", "total", seconds(times.iter().map(|(_, time)| *time).sum()));
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
