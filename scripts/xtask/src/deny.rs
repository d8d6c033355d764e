//! Which dependencies we may have: `deny.toml`, read by cargo-deny.

use std::process::Command;

use anyhow::Result;

use crate::child;
use crate::install;
use crate::place::Place;

/// Checks bans, licenses and sources; advisories only where their database can be reached.
pub(crate) fn run(place: &Place) -> Result<()> {
    child::run(deny(place).args(["check", "bans", "licenses", "sources"]))?;
    if !child::succeeds(deny(place).args(["fetch", "db"])) {
        println!("SKIPPED: the database of advisories cannot be reached; nothing was compared");
        return Ok(());
    }
    child::run(deny(place).args(["check", "--disable-fetch", "advisories"]))
}

fn deny(place: &Place) -> Command {
    let mut command = place.command(install::deny(place));
    command.args(["--locked", "--log-level", "warn"]);
    // Git must not wait for a network that drops everything: less than 1 kB/s for 10 s is none.
    command.env("GIT_HTTP_LOW_SPEED_LIMIT", "1000").env("GIT_HTTP_LOW_SPEED_TIME", "10");
    command.env("GIT_TERMINAL_PROMPT", "0");
    command
}
