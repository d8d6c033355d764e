//! Edits of others on a test bed, many more than the gate has time for.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::place::Place;
use crate::{child, testbed};

/// How many, unless somebody says otherwise: about ten minutes on two cores.
const EDITS: &str = "10000";

/// The test that makes them.
const TEST: &str = "nobody_can_change_what_is_ours_without_a_trace";

/// Runs them with the seed that is given, or with another one each time.
pub(crate) fn run(place: &Place, words: &[&str]) -> Result<()> {
    let edits: u64 =
        words.first().unwrap_or(&EDITS).parse().context("that is no number of edits")?;
    let seed: u64 = match words.get(1) {
        Some(seed) => seed.parse().context("that is no seed")?,
        None => u64::from(SystemTime::now().duration_since(UNIX_EPOCH)?.subsec_nanos()),
    };
    testbed::build(place)?;
    println!("once more the same: scripts/edits {edits} {seed}");
    let start = Instant::now();
    let arguments = ["test", "--locked", "--package", "isobar", "--lib", TEST, "--", "--nocapture"];
    let mut test = place.cargo();
    test.args(arguments).env("CI", "true");
    test.env("ISOBAR_EDITS", edits.to_string()).env("ISOBAR_SEED", seed.to_string());
    let result = child::run(&mut test);
    println!("{edits} edits with seed {seed}: {:.0} s", start.elapsed().as_secs_f64());
    result
}
