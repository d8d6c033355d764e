//! What Isobar costs, beside what it may cost. Figures to look at; nothing fails on a slow machine.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

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
    let memory_bytes = peak_memory(place.command(&isobar).arg("demo"))?;

    let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    println!("{:<28}{:>12}   at most", "", "measured");
    println!("{:<28}{:>12}   15 ms", "isobar --version, minimum", ms(times[0]));
    println!("{:<28}{:>12}   15 ms", "isobar --version, median", ms(times[STARTS / 2]));
    println!("{:<28}{:>12}   40 MB", "release binary", format!("{:.1} MB", bytes as f64 / 1e6));
    let memory = format!("{:.1} MiB", memory_bytes as f64 / f64::from(1 << 20));
    println!("{:<28}{memory:>12}   100 MiB", "isobar demo, peak memory");
    Ok(())
}

/// Most bytes of memory that `command` held at once. The kernel keeps the high-water mark, so
/// looking often loses only what was allocated in the last millisecond.
fn peak_memory(command: &mut Command) -> Result<u64> {
    let mut child = command.stdout(Stdio::null()).spawn().context("cannot start isobar")?;
    let mut peak_bytes = 0;
    loop {
        peak_bytes = high_water_mark(&child).unwrap_or(0).max(peak_bytes);
        if let Some(status) = child.try_wait()? {
            if !status.success() {
                bail!("`isobar demo` ended with {status}");
            }
            return Ok(peak_bytes);
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// `VmHWM` of a process that is still running, in bytes.
fn high_water_mark(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
