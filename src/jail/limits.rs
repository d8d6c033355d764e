//! What a child may use up.

use rustix::process::{Resource, Rlimit, setrlimit};

/// What one child may use up. By default enough for a chart of 600 objects a hundred times over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Args)]
pub struct Limits {
    /// Seconds on a core.
    #[arg(long, default_value_t = 60)]
    pub cpu_seconds: u64,
    /// Bytes of memory that it asks for to write to. Programs in Go ask for 64 MiB at a time.
    #[arg(long, default_value_t = 2 << 30)]
    pub memory_bytes: u64,
    /// Bytes of any file that it writes.
    #[arg(long, default_value_t = 256 << 20)]
    pub file_bytes: u64,
    /// Files that it has open at a time.
    #[arg(long, default_value_t = 1024)]
    pub open_files: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { cpu_seconds: 60, memory_bytes: 2 << 30, file_bytes: 256 << 20, open_files: 1024 }
    }
}

impl Limits {
    /// Puts them on this process and all it becomes. Nobody below can raise them again.
    pub(super) fn put_on(self) -> std::io::Result<()> {
        let limits = [
            (Resource::Cpu, self.cpu_seconds),
            (Resource::Data, self.memory_bytes),
            (Resource::Fsize, self.file_bytes),
            (Resource::Nofile, self.open_files),
            (Resource::Core, 0),
        ];
        for (resource, most) in limits {
            setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
        }
        Ok(())
    }

    /// The same as arguments of `isobar jail`.
    pub(super) fn arguments(self) -> [String; 4] {
        [
            format!("--cpu-seconds={}", self.cpu_seconds),
            format!("--memory-bytes={}", self.memory_bytes),
            format!("--file-bytes={}", self.file_bytes),
            format!("--open-files={}", self.open_files),
        ]
    }
}
