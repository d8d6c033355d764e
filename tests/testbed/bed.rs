//! A real control plane for the tests of this process: see `scripts/testbed`.
//!
//! It is started when the first test asks for it and ends with the process, however that ends: its
//! keeper waits for the pipe that this process holds. Where its programs have not been built
//! (`scripts/testbed build`), the tests that want it are skipped, loudly, or fail where `CI` is
//! set. Tests share it, so each works in namespaces of its own.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::variable;

static BED: OnceLock<Option<Bed>> = OnceLock::new();
static SKIPPED: AtomicU32 = AtomicU32::new(0);

/// The bed of this process.
pub(crate) struct Bed {
    folder: PathBuf,
    /// Holds the pipe open; never asked for anything.
    _keeper: Child,
}

/// The bed; `None` if its programs are not there.
pub(crate) fn bed() -> Option<&'static Bed> {
    let bed = BED.get_or_init(Bed::start).as_ref();
    if bed.is_none() {
        skip();
    }
    bed
}

/// Straight to standard error, past what the test harness keeps back.
pub(crate) fn skip() {
    assert!(
        variable("CI").is_none(),
        "the test bed is not built, and here every peer has to be there"
    );
    let skipped = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
    writeln!(
        std::io::stderr(),
        "SKIPPED on Kubernetes: {skipped} so far, `scripts/testbed build` was never run here"
    )
    .expect("standard error takes a line");
}

impl Bed {
    /// One more, that nobody shares; `None`: its programs are not there.
    pub(crate) fn start() -> Option<Self> {
        if !programs().join("kube-apiserver").exists() {
            return None;
        }
        let folder = tempfile::Builder::new().prefix("isobar-bed-").tempdir().expect("a folder");
        let folder = folder.keep();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        #[expect(clippy::disallowed_methods, reason = "a peer of the tests, not a child of Isobar")]
        let mut keeper = Command::new(root.join("scripts/testbed"));
        keeper.arg("keep").arg(&folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut keeper = keeper.spawn().expect("the keeper of the bed");
        let mut line = String::new();
        let output = keeper.stdout.take().expect("its output is piped");
        BufReader::new(output).read_line(&mut line).expect("its output can be read");
        assert_eq!(line, "ready\n", "the test bed does not start: its error stands above");
        Some(Self { folder, _keeper: keeper })
    }

    /// Where its keys, logs and kubeconfigs are: `admin.kubeconfig` is of somebody who may do
    /// everything.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// The folder with the bed's programs, whether or not they are there.
pub(crate) fn programs() -> PathBuf {
    let home = || Path::new(&variable("HOME").unwrap_or_default()).join(".cache");
    let cache = variable("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
    cache.join("isobar/testbed/bin")
}
