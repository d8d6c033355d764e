//! What the tests need that cargo does not bring: Debian packages, and cargo-deny.
//!
//! Idempotent, asks nothing, says what it did. Where it may not install, it names what is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::child;
use crate::place::{Place, variable};

/// A package of the distribution and the program that shows that it is there.
struct Package {
    name: &'static str,
    program: &'static str,
    /// Where the program may lie besides the search path; `*` stands for one folder.
    folder: Option<&'static str>,
    why: &'static str,
}

const PACKAGES: &[Package] = &[
    Package { name: "git", program: "git", folder: None, why: "tests make repositories with it" },
    Package { name: "make", program: "make", folder: None, why: "the allocator is built with it" },
    Package {
        name: "postgresql",
        program: "initdb",
        folder: Some("/usr/lib/postgresql/*/bin"),
        why: "the store is tested on PostgreSQL as well as SQLite",
    },
    Package {
        name: "golang-go",
        program: "go",
        folder: None,
        why: "the Kubernetes test bed is built with it",
    },
];

/// The cargo-deny that reads our `deny.toml`. Building it takes about 3 minutes, once.
const DENY_VERSION: &str = "0.20.2";

/// Installs what is missing.
pub(crate) fn run(place: &Place) -> Result<()> {
    let (there, missing): (Vec<_>, Vec<_>) = PACKAGES.iter().partition(|it| it.is_there());
    for (packages, state) in [(there, "is there"), (missing.clone(), "is missing")] {
        for package in packages {
            println!("{}: {state} ({})", package.name, package.why);
        }
    }
    if !missing.is_empty() {
        install(&missing.iter().map(|package| package.name).collect::<Vec<_>>())?;
        if let Some(package) = missing.iter().find(|package| !package.is_there()) {
            bail!("{} is installed, and {} is not to be found", package.name, package.program);
        }
    }
    install_deny(place)
}

/// Where cargo-deny is once it is installed.
pub(crate) fn deny(place: &Place) -> PathBuf {
    place.cache.join("bin").join("cargo-deny")
}

fn install_deny(place: &Place) -> Result<()> {
    let found = Command::new(deny(place)).arg("--version").output();
    let wanted = format!("cargo-deny {DENY_VERSION}");
    if found.is_ok_and(|found| String::from_utf8_lossy(&found.stdout).trim() == wanted) {
        println!("cargo-deny: {DENY_VERSION} is there");
        return Ok(());
    }
    println!("cargo-deny: {DENY_VERSION} is missing, building it once (about 3 minutes)");
    let mut cargo = place.cargo();
    // Its build folder would only be in the way of ours, and is not needed twice.
    cargo.env_remove("CARGO_TARGET_DIR");
    // It reads one lock file per run: building it fast is worth more than its own speed.
    for (key, value) in [("LTO", "off"), ("CODEGEN_UNITS", "16"), ("OPT_LEVEL", "1")] {
        cargo.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
    }
    cargo.args(["install", "--quiet", "--locked", "--force", "cargo-deny"]);
    child::run(cargo.args(["--version", DENY_VERSION, "--root"]).arg(&place.cache))
}

fn install(names: &[&str]) -> Result<()> {
    let shown = names.join(" ");
    if on_path("apt-get").is_none() {
        bail!("please install {shown}: this machine has no apt-get to do it with");
    }
    let why = || format!("please install {shown}: it takes rights that this user does not have");
    child::run(apt_get()?.args(["update", "--quiet"])).with_context(why)?;
    let options = ["install", "--quiet", "--yes", "--no-install-recommends"];
    child::run(apt_get()?.args(options).args(names)).with_context(why)?;
    println!("installed {shown}");
    Ok(())
}

/// `apt-get` that asks no question, with the rights it needs or not at all.
fn apt_get() -> Result<Command> {
    let root = child::output(Command::new("id").arg("-u"))?.trim() == "0";
    let mut command = Command::new(if root { "env" } else { "sudo" });
    if !root {
        command.args(["-n", "env"]);
    }
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    Ok(command)
}

impl Package {
    fn is_there(&self) -> bool {
        on_path(self.program).is_some()
            || self.folder.is_some_and(|folder| below(folder, self.program))
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = variable("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Whether `program` lies in a folder that `pattern` names.
fn below(pattern: &str, program: &str) -> bool {
    let Some((before, after)) = pattern.split_once("/*/") else {
        return Path::new(pattern).join(program).is_file();
    };
    let Ok(folders) = std::fs::read_dir(before) else { return false };
    folders.flatten().any(|folder| folder.path().join(after).join(program).is_file())
}
