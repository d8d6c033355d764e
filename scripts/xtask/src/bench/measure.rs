//! What one run of a program costs.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Of one run, or the mean of several.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    /// On all cores, in steps of 10 ms for a single run: the kernel counts no finer.
    pub(crate) cpu: Duration,
    /// Most bytes of memory held at once.
    pub(crate) peak_bytes: u64,
    pub(crate) output_bytes: u64,
}

/// Runs `command`; its standard output goes to the file `output`, or nowhere.
///
/// The kernel keeps the high-water mark of memory, so looking at it often loses only what was
/// allocated in the last millisecond.
pub(crate) fn run(command: &mut Command, output: Option<&std::path::Path>) -> Result<Cost> {
    let shown = format!("{command:?}");
    let stdout = match output {
        Some(path) => Stdio::from(File::create(path)?),
        None => Stdio::null(),
    };
    let cpu_before = cpu_of_children()?;
    let start = Instant::now();
    let mut child =
        command.stdout(stdout).spawn().with_context(|| format!("cannot run {shown}"))?;
    let mut peak_bytes = 0;
    let status = loop {
        peak_bytes = high_water_mark(&child).unwrap_or(0).max(peak_bytes);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        thread::sleep(Duration::from_millis(1));
    };
    let wall = start.elapsed();
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    let cpu = cpu_of_children()?.saturating_sub(cpu_before);
    let output_bytes = output.map_or(Ok(0), |path| fs::metadata(path).map(|it| it.len()))?;
    Ok(Cost { wall, cpu, peak_bytes, output_bytes })
}

/// The same `times` over: the fastest wall time, which load beside us distorts least, the mean
/// CPU time and the largest peak.
pub(crate) fn repeat(
    times: u32,
    output: Option<&std::path::Path>,
    mut command: impl FnMut() -> Command,
) -> Result<Cost> {
    let mut all = Cost { wall: Duration::MAX, ..Cost::default() };
    for _ in 0..times {
        let one = run(&mut command(), output)?;
        all.wall = all.wall.min(one.wall);
        all.cpu += one.cpu;
        all.peak_bytes = all.peak_bytes.max(one.peak_bytes);
        all.output_bytes = one.output_bytes;
    }
    Ok(Cost { cpu: all.cpu / times, ..all })
}

/// `VmHWM` of a process that is still running, in bytes.
pub(crate) fn high_water_mark(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// What all children that have ended used, from fields 16 and 17 of `/proc/self/stat`.
fn cpu_of_children() -> Result<Duration> {
    ticks("/proc/self/stat", 16)
}

/// What a process that still runs has used, from fields 14 and 15.
pub(crate) fn cpu_of(id: u32) -> Result<Duration> {
    ticks(&format!("/proc/{id}/stat"), 14)
}

/// The sum of the field `first` and the one behind it: ticks, of which Linux shows 100 a second on
/// every machine.
fn ticks(path: &str, first: usize) -> Result<Duration> {
    let stat = fs::read_to_string(path)?;
    // The second field is a name in parentheses that may hold blanks; the third follows.
    let (_, rest) = stat.rsplit_once(')').context("a `stat` has another form")?;
    let ticks = rest.split_whitespace().skip(first - 3).take(2).map(str::parse::<u64>);
    let ticks: u64 = ticks.sum::<Result<_, _>>()?;
    Ok(Duration::from_millis(10 * ticks))
}
