//! What Isobar does while its functions are watched: what it is there for.
//!
//! To watch more of that: one line in [`Watched::run`].

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::trace;
use crate::place::Place;
use crate::{bench, child};

/// The functions that a release build uses, the first used first.
pub(super) fn all(place: &Place) -> Result<Vec<String>> {
    let build = ["rustc", "--locked", "--release", "--bin", "isobar", "--", "-C", "strip=none"];
    child::run(place.cargo().args(build))?;
    let folder = place.target.join("order");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let program = folder.join("isobar");
    fs::copy(place.target.join("release/isobar"), &program)?;
    let watched = Watched::new(&folder, &program)?;
    watched.run(place)?;
    watched.used()
}

/// A program that runs as ever, with its functions watched.
struct Watched {
    program: PathBuf,
    folder: PathBuf,
}

impl Watched {
    fn new(folder: &Path, program: &Path) -> Result<Self> {
        let symbols = folder.join("symbols");
        fs::write(&symbols, trace::symbols(program)?)?;
        let watched = folder.join("watched");
        let xtask = std::env::current_exe()?;
        let script = format!(
            "#!/bin/sh\nexec '{}' order trace '{}' '{}/used.'$$ '{}' \"$@\"\n",
            xtask.display(),
            symbols.display(),
            folder.display(),
            program.display()
        );
        fs::write(&watched, script)?;
        fs::set_permissions(&watched, fs::Permissions::from_mode(0o755))?;
        Ok(Self { program: watched, folder: folder.to_owned() })
    }

    /// What an agent does for months, and then what a person does first.
    fn run(&self, place: &Place) -> Result<()> {
        bench::kubernetes_once(place, &self.program)?;
        let example = self.folder.join("example");
        child::run(
            Command::new("cp").arg("-R").arg(place.root.join("examples-repo")).arg(&example),
        )?;
        let apply = ["apply", "--local", "--yes", "--as", "order"];
        let commands = [&["plan"][..], &apply, &["plan"], &["check"], &["describe", "stacks"]];
        for arguments in commands {
            child::output(Command::new(&self.program).args(arguments).current_dir(&example))?;
        }
        child::output(Command::new(&self.program).arg("demo"))?;
        Ok(())
    }

    /// Each function by name, the first used first; of programs that ran at the same time, those of
    /// the older one.
    fn used(&self) -> Result<Vec<String>> {
        let mut runs = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with("used.") {
                runs.push((entry.metadata()?.created()?, fs::read_to_string(entry.path())?));
            }
        }
        runs.sort();
        let mut known = BTreeSet::new();
        let names = runs.iter().flat_map(|(_, names)| names.lines());
        Ok(names.filter(|name| known.insert(*name)).map(str::to_owned).collect())
    }
}
