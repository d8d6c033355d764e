//! What Isobar costs, beside what it may cost. Figures to look at; nothing fails on a slow machine.

mod kubernetes;
mod measure;
mod repository;
mod stacks;
mod words;

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

pub(crate) use kubernetes::kubernetes;
pub(crate) use stacks::{repository, stacks};

use crate::child;
use crate::place::Place;

/// Starts of the binary that are timed: the median of 20 is steady to a tenth of a millisecond.
const STARTS: usize = 20;

/// Start-up time, size of the binary, and the most memory that the demo held.
pub(crate) fn start(place: &Place) -> Result<()> {
    child::run(place.cargo().args(["build", "--locked", "--release", "--bin", "isobar"]))?;
    let isobar = place.target.join("release/isobar");
    let bytes = std::fs::metadata(&isobar)?.len();
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let start = Instant::now();
        let mut version = Command::new(&isobar);
        if !child::succeeds(version.arg("--version")) {
            bail!("`isobar --version` failed");
        }
        times.push(start.elapsed());
    }
    times.sort();
    let demo = measure::run(place.command(&isobar).arg("demo"), None)?;

    let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    println!("{:<28}{:>12}   at most", "", "measured");
    println!("{:<28}{:>12}   15 ms", "isobar --version, minimum", ms(times[0]));
    println!("{:<28}{:>12}   15 ms", "isobar --version, median", ms(times[STARTS / 2]));
    println!("{:<28}{:>12}   40 MB", "release binary", format!("{:.1} MB", bytes as f64 / 1e6));
    let memory = format!("{:.1} MiB", demo.peak_bytes as f64 / f64::from(1 << 20));
    println!("{:<28}{memory:>12}   100 MiB", "isobar demo, peak memory");
    Ok(())
}
