//! A real Kubernetes control plane on loopback, for tests, benchmarks and people: etcd,
//! kube-apiserver, kube-controller-manager, kube-scheduler, and kwok in the place of the kubelet.
//!
//! A bed is a folder. Its keeper starts the servers and ends them when it ends itself, however
//! that happens. Beds share nothing but the programs, so any number may run side by side.

mod keys;
mod programs;
mod servers;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::child;
use crate::place::Place;

pub(crate) use programs::{build, build_flux, build_loop, build_servers, folder as programs};

/// A cold start takes 3 to 5 s on an idle machine, and ten times that on a busy one.
const READY_MAX: Duration = Duration::from_secs(120);

/// Ending five servers takes 0.2 s.
const STOP_MAX: Duration = Duration::from_secs(10);

/// One bed: the folder with its keys, its logs and its ready-made kubeconfigs.
pub(crate) struct Bed {
    folder: PathBuf,
}

impl Bed {
    /// The bed people mean if they name none, or the one they name.
    pub(crate) fn named(place: &Place, name: &str) -> Self {
        Self { folder: place.cache.join("testbed/beds").join(name) }
    }

    /// The bed in `folder`.
    pub(crate) fn at(folder: &str) -> Self {
        Self { folder: PathBuf::from(folder) }
    }

    /// Where its keys, logs and kubeconfigs are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn keeper(&self) -> Option<u32> {
        let id: u32 = fs::read_to_string(self.folder.join("keeper")).ok()?.trim().parse().ok()?;
        let line = fs::read(format!("/proc/{id}/cmdline")).ok()?;
        let folder = self.folder.as_os_str().as_encoded_bytes();
        line.split(|byte| *byte == 0).any(|word| word == folder).then_some(id)
    }

    fn is_ready(&self) -> bool {
        self.folder.join("ready").exists() && self.keeper().is_some()
    }
}

/// Starts a bed that stays until [`down`], with the programs that people use beside it, and says what a
/// shell needs to use both.
pub(crate) fn up(place: &Place, bed: &Bed) -> Result<()> {
    build(place)?;
    start(place, bed)?;
    env(place, bed)
}

/// The same without a word; does nothing if it is there.
pub(crate) fn start(place: &Place, bed: &Bed) -> Result<()> {
    if bed.is_ready() {
        return Ok(());
    }
    build_servers(place)?;
    fs::create_dir_all(&bed.folder)?;
    let log = fs::File::create(bed.folder.join("keeper.log"))?;
    let mut keeper = Command::new("setsid")
        .arg(std::env::current_exe()?)
        .args(["testbed", "keep", "--until-stopped"])
        .arg(&bed.folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start the keeper")?;
    let start = Instant::now();
    while !bed.is_ready() {
        if keeper.try_wait()?.is_some() || start.elapsed() > READY_MAX {
            let log = fs::read_to_string(bed.folder.join("keeper.log")).unwrap_or_default();
            bail!("the test bed does not start:\n{log}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    eprintln!("ready after {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// Ends a bed and removes its folder; does nothing if there is none.
pub(crate) fn down(bed: &Bed) -> Result<()> {
    if let Some(keeper) = bed.keeper() {
        servers::stop(&bed.folder)?;
        let start = Instant::now();
        while bed.keeper().is_some() {
            if start.elapsed() > STOP_MAX {
                child::output(Command::new("kill").args(["-KILL", &keeper.to_string()]))?;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    servers::forget(&bed.folder)
}

/// What a shell has to know to use a bed.
pub(crate) fn env(place: &Place, bed: &Bed) -> Result<()> {
    if !bed.is_ready() {
        bail!("no test bed runs in {}: start one with `scripts/testbed up`", bed.folder.display());
    }
    let folder = bed.folder.display();
    println!("export KUBECONFIG='{folder}/admin.kubeconfig'");
    println!("export ISOBAR_TESTBED='{folder}'");
    println!("export PATH='{}':\"$PATH\"", programs::folder(place).display());
    Ok(())
}

/// Makes a kubeconfig for one more user of a bed, who may do everything, and prints its path:
/// requests are told apart by user in the bed's `audit.log`.
pub(crate) fn user(bed: &Bed, name: &str, group: &str) -> Result<()> {
    let file = keys::Authority::of(&bed.folder)?.user(name, group)?;
    println!("{}", file.display());
    Ok(())
}

/// Runs a bed: until its input is closed, or until a signal ends it.
pub(crate) fn keep(place: &Place, folder: &Path, until_stopped: bool) -> Result<()> {
    build_servers(place)?;
    fs::create_dir_all(folder)?;
    fs::write(folder.join("keeper"), std::process::id().to_string())?;
    let result = servers::Servers::start(place, folder).and_then(|mut servers| {
        fs::write(folder.join("ready"), "")?;
        println!("ready");
        servers.watch(until_stopped)
    });
    if !until_stopped {
        servers::forget(folder)?;
    }
    result
}
