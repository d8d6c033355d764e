//! What Isobar costs, beside what it may cost. Figures to look at; nothing fails on a slow machine.

mod kubernetes;
mod measure;
mod repository;
mod stacks;
mod words;

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

pub(crate) use kubernetes::{kubernetes, kubernetes_once};
pub(crate) use stacks::{repository, stacks};

use crate::place::Place;
use crate::{child, order};

/// Starts of the binary that are timed: the median of 20 is steady to a tenth of a millisecond.
const STARTS: usize = 20;

/// Start-up time, the time of a plan of the whole example, size of the binary, and the most memory
/// that the demo held.
pub(crate) fn start(place: &Place) -> Result<()> {
    child::run(place.cargo().args(["build", "--locked", "--release", "--bin", "isobar"]))?;
    let isobar = place.target.join("release/isobar");
    let bytes = std::fs::metadata(&isobar)?.len();
    let version = times(Command::new(&isobar).arg("--version"))?;
    let example = place.root.join("examples-repo");
    let plan = times(Command::new(&isobar).arg("plan").arg("-C").arg(&example))?;
    // The same once all of it is applied: every file of the target is read and compared.
    let applied = place.target.join("bench/plan");
    if applied.exists() {
        std::fs::remove_dir_all(&applied)?;
    }
    std::fs::create_dir_all(place.target.join("bench"))?;
    child::run(Command::new("cp").arg("-R").args([&example, &applied]))?;
    let apply = ["apply", "--local", "--yes", "--as", "bench", "-C"];
    child::output(Command::new(&isobar).args(apply).arg(&applied))?;
    let settled = times(Command::new(&isobar).arg("plan").arg("-C").arg(&applied))?;
    let demo = measure::run(place.command(&isobar).arg("demo"), None)?;

    let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    println!("{:<36}{:>12}   at most", "", "measured");
    for (what, times, most) in [
        ("isobar --version", version, "15 ms"),
        ("isobar plan, all of it new", plan, "50 ms"),
        ("isobar plan, all of it applied", settled, "50 ms"),
    ] {
        println!("{:<36}{:>12}   {most}", format!("{what}, least"), ms(times[0]));
        println!("{:<36}{:>12}   {most}", format!("{what}, median"), ms(times[STARTS / 2]));
    }
    println!("{:<36}{:>12}   40 MB", "release binary", format!("{:.1} MB", bytes as f64 / 1e6));
    let memory = format!("{:.1} MiB", demo.peak_bytes as f64 / f64::from(1 << 20));
    println!("{:<36}{memory:>12}   100 MiB", "isobar demo, peak memory");
    order::advice(place)?.iter().for_each(|advice| println!("{advice}"));
    Ok(())
}

/// What it takes to run `command`, warm, the fastest first.
fn times(command: &mut Command) -> Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(STARTS);
    for at in 0..=STARTS {
        let start = Instant::now();
        if !child::succeeds(command) {
            bail!("{command:?} failed");
        }
        // The first one reads from the disk.
        if at > 0 {
            times.push(start.elapsed());
        }
    }
    times.sort();
    Ok(times)
}
