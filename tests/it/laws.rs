//! Laws of the whole engine: random repositories, random things that happen to them, and an oracle
//! that shares no code with what it judges.
//!
//! `ISOBAR_SEED` plays one history again, `ISOBAR_SEEDS` plays so many.

mod broken;
mod history;
mod oracle;
mod wish;

use std::sync::atomic::{AtomicU64, Ordering};

use history::History;
use isobar::settings;

/// So many take some ten seconds on two cores.
const SEEDS: u64 = 24;

/// Side by side: most of a history is waiting for the disk.
const THREADS: usize = 4;

#[test]
fn every_history_keeps_the_laws() {
    let number = |name: &str| settings::variable(name).and_then(|text| text.parse::<u64>().ok());
    let (first, end) = match (number("ISOBAR_SEED"), number("ISOBAR_SEEDS")) {
        (Some(seed), _) => (seed, seed + 1),
        (None, seeds) => (0, seeds.unwrap_or(SEEDS)),
    };
    let next = AtomicU64::new(first);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= end {
                        return;
                    }
                    let mut history = History::begin(seed);
                    let verdict = history.play();
                    if let Err(why) = verdict {
                        panic!("ISOBAR_SEED={seed}\n{}\n{why}", history.told());
                    }
                }
            });
        }
    });
}
