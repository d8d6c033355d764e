//! A cap on the number of packages.
//!
//! Every package is code that somebody else can change, and time that everybody waits. Which
//! packages may not be among them at all is written in `deny.toml`.

use anyhow::{Context, Result, bail};

use crate::order;
use crate::place::Place;

/// 447 when the cap was set: a quarter more leaves room for a Kubernetes client, not for two.
const PACKAGES_MAX: usize = 560;

/// Counts the packages in `Cargo.lock`.
pub(crate) fn run(place: &Place) -> Result<()> {
    let text = std::fs::read_to_string(place.root.join("Cargo.lock")).context("Cargo.lock")?;
    let packages = count(&text)?;
    println!("{packages} packages, at most {PACKAGES_MAX}");
    order::advice(place)?.iter().for_each(|advice| println!("{advice}"));
    Ok(())
}

fn count(lock: &str) -> Result<usize> {
    let packages = lock.lines().filter(|line| *line == "[[package]]").count();
    if packages == 0 {
        bail!("Cargo.lock lists no package");
    }
    if packages > PACKAGES_MAX {
        bail!(
            "Cargo.lock lists {packages} packages, and {PACKAGES_MAX} are allowed: do without, \
             or raise the cap in scripts/xtask/src/lock.rs and say in the commit what it buys"
        );
    }
    Ok(packages)
}

#[cfg(test)]
mod tests;
