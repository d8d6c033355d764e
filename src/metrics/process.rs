//! The process itself, by the names that everybody gives these numbers. Only Linux tells them so.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::book::{Book, Kind, Labels, write};

/// The process, as the kernel has it.
#[derive(Debug)]
pub(super) struct Process;

const BUILD: &str = "isobar_build_info";
const BUILD_HELP: &str = "1, for the version that runs.";

/// Name, kind and meaning of what the kernel tells.
const TOLD: [((&str, Kind), &str); 6] = [
    (("process_cpu_seconds", Kind::Counter), "Time that the agent's process has computed for."),
    (("process_resident_memory_bytes", Kind::Gauge), "Memory that it has."),
    (("process_virtual_memory_bytes", Kind::Gauge), "Memory that it has reserved."),
    (("process_start_time_seconds", Kind::Gauge), "When it began."),
    (("process_threads", Kind::Gauge), "Its threads."),
    (("process_open_fds", Kind::Gauge), "Files and connections that it has open."),
];

impl Process {
    pub(super) fn register(book: &mut Book) {
        book.describe((BUILD, Kind::Gauge), BUILD_HELP, &["version"]);
        TOLD.iter().for_each(|(name, help)| book.describe(*name, help, &[]));
        book.gather(Self);
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let version = Labels::of(["version"], [env!("CARGO_PKG_VERSION")]);
        write(&mut encoder, (BUILD, Kind::Gauge), BUILD_HELP, [(version, 1.0)])?;
        for ((name, help), value) in TOLD.into_iter().zip(told().into_iter().flatten()) {
            write(&mut encoder, name, help, [(Labels([]), value)])?;
        }
        Ok(())
    }
}

/// The numbers of [`TOLD`], from proc(5).
fn told() -> Option<[f64; 6]> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the process is in parentheses, and may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    // The first that is left is the third.
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let field = |at: usize| fields.get(at - 3)?.parse::<f64>().ok();
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    let page = rustix::param::page_size() as f64;
    let system = std::fs::read_to_string("/proc/stat").ok()?;
    let boot = system.lines().find_map(|line| line.strip_prefix("btime ")?.parse::<f64>().ok())?;
    let open = std::fs::read_dir("/proc/self/fd").ok()?.count();
    Some([
        (field(14)? + field(15)?) / ticks,
        field(24)? * page,
        field(23)?,
        boot + field(22)? / ticks,
        field(20)?,
        open as f64,
    ])
}
