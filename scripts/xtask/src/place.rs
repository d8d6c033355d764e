//! Where the repository is, and where what is built is kept between runs.
//!
//! On a person's machine that is `target/`. CI starts from a fresh clone each time, so there it is
//! below the user's cache directory, one folder per set of dependencies.

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::child;

/// How long a folder of built dependencies that nobody uses is kept: a branch with other
/// dependencies is rarely open for longer.
const UNUSED_MAX: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// How many such folders are kept: the tracked branch and two that change dependencies. Each holds
/// up to 10 GB.
const FOLDERS_MAX: usize = 3;

/// The folders a task works with.
pub(crate) struct Place {
    /// The root of the repository.
    pub(crate) root: PathBuf,
    /// Isobar's folder in the user's cache directory.
    pub(crate) cache: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    /// Whether this is CI: nothing a test needs may be missing.
    pub(crate) ci: bool,
}

impl Place {
    /// Looks at the environment. Creates nothing.
    pub(crate) fn find() -> Result<Self> {
        let manifest =
            PathBuf::from(variable("CARGO_MANIFEST_DIR").context("start with cargo run")?);
        let root = manifest.ancestors().nth(2).context("xtask has moved")?.to_owned();
        let cache = match variable("XDG_CACHE_HOME") {
            Some(folder) => PathBuf::from(folder),
            None => Path::new(&variable("HOME").context("HOME is not set")?).join(".cache"),
        };
        let cache = cache.join("isobar");
        let ci = variable("CI").is_some();
        let target = match variable("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None if ci => cache.join("target").join(dependencies(&root)?),
            None => root.join("target"),
        };
        Ok(Self { root, cache, target, ci })
    }

    /// `cargo`, in the root, building where this place builds.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = self.command("cargo");
        command.env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// `program`, in the root.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// Makes a kept build folder safe to use from this clone, and exclusive while the result lives.
    ///
    /// Cargo compares times of files, and a clone may be older than what another one has built
    /// since; so what comes from the repository itself is always built again. Only dependencies
    /// are kept.
    pub(crate) fn enter_cache(&self) -> Result<File> {
        fs::create_dir_all(&self.target)?;
        let lock = File::create(self.target.join("in-use"))?;
        if lock.try_lock().is_err() {
            println!("another run uses {}: waiting for it", self.target.display());
            lock.lock()?;
        }
        lock.set_modified(SystemTime::now())?;
        for profile in ["dev", "release"] {
            let clean = ["clean", "--quiet", "--locked", "--workspace", "--profile", profile];
            child::run(self.cargo().args(clean))?;
        }
        prune(&self.cache.join("target"), SystemTime::now())?;
        Ok(lock)
    }
}

/// A variable that is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Names what nearly all built dependencies depend on: versions, compiler, profiles.
pub(crate) fn dependencies(root: &Path) -> Result<String> {
    let read = |name: &str| {
        fs::read_to_string(root.join(name)).with_context(|| format!("cannot read {name}"))
    };
    let manifest = read("Cargo.toml")?;
    // Profiles stand last; features, above them, cargo itself tells apart.
    let profiles = manifest.find("\n[profile.").map_or("", |at| &manifest[at..]);
    let mut hasher = DefaultHasher::new();
    (read("Cargo.lock")?, read("rust-toolchain.toml")?, profiles).hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

/// Removes the folders in `folder` that nobody has used for [`UNUSED_MAX`], and those last used of
/// more than [`FOLDERS_MAX`]; never one that is in use.
fn prune(folder: &Path, now: SystemTime) -> Result<()> {
    // Whoever names a folder of their own may have none here.
    if !folder.exists() {
        return Ok(());
    }
    let mut kept = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Ok(mark) = File::open(path.join("in-use")) else { continue };
        kept.push((mark.metadata()?.modified()?, path, mark));
    }
    kept.sort_by_key(|(used, ..)| std::cmp::Reverse(*used));
    for (index, (used, path, mark)) in kept.iter().enumerate() {
        let unused = now.duration_since(*used).unwrap_or_default();
        if (unused > UNUSED_MAX || index >= FOLDERS_MAX) && mark.try_lock().is_ok() {
            println!("removing {}", path.display());
            fs::remove_dir_all(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
