//! The functions that Isobar runs, in the order in which each is first used: the release binary is
//! laid out by that (`scripts/order/build.rs`).

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod trace;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod watched;

use std::fs;

use anyhow::{Context, Result};

use crate::place::{self, Place};

/// The file, from the root. Its first line says of which dependencies it is.
const FUNCTIONS: &str = "scripts/order/functions.txt";

/// The task `words`.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) fn run(place: &Place, words: &[&str]) -> Result<()> {
    match words {
        [] => write(place, &watched::all(place)?),
        ["trace", symbols, used, program, rest @ ..] => trace::trace(symbols, used, program, rest),
        _ => anyhow::bail!("{}", crate::USAGE),
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub(crate) fn run(_: &Place, _: &[&str]) -> Result<()> {
    anyhow::bail!("functions are watched, and laid out, on Linux on x86-64 alone")
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn write(place: &Place, used: &[String]) -> Result<()> {
    let of = place::dependencies(&place.root)?;
    let text = used.iter().fold(format!("# {of}\n"), |text, name| text + name + "\n");
    fs::write(place.root.join(FUNCTIONS), text)?;
    println!("{FUNCTIONS}: {} functions", used.len());
    Ok(())
}

/// What to do about the file, if it is of other dependencies or another compiler: names of functions
/// change with these.
pub(crate) fn advice(place: &Place) -> Result<Option<String>> {
    let text = fs::read_to_string(place.root.join(FUNCTIONS)).context(FUNCTIONS)?;
    let of = text.lines().next().and_then(|line| line.strip_prefix("# "));
    let is_current = of == Some(&*place::dependencies(&place.root)?);
    let advice = "code is laid out for other dependencies than these, and takes more memory than it \
                  has to: `cargo run -p xtask -- order`";
    Ok((!is_current).then(|| advice.to_owned()))
}
