//! `isobar jail`: what the agent becomes to run a program of somebody else.

use std::ffi::{OsStr, OsString};

use clap::Parser as _;

use super::Exit;
use crate::jail::{self, Cell};

/// Obeys the command line `line` if it is `isobar jail ...`: only as the one thread there is can a
/// process limit all of itself. Comes back only with how it failed.
pub fn jailed(line: &[OsString]) -> Option<Exit> {
    let [_, word, ..] = line else { return None };
    if word != OsStr::new("jail") {
        return None;
    }
    let cell = match Cell::try_parse_from(&line[1..]) {
        Ok(cell) => cell,
        Err(error) => {
            // Nobody to read it is no error.
            let _ = error.print();
            return Some(Exit::Mistake);
        }
    };
    let error = jail::enter(&cell);
    anstream::eprintln!("isobar jail: {error:#}");
    Some(Exit::Unavailable)
}
