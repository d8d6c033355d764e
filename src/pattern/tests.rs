use globset::Glob;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::StackPattern;

/// The same at every run.
fn config() -> Config {
    Config { rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Config::with_cases(2000) }
}

proptest! {
    #![proptest_config(config())]

    /// What needs no matcher to be decided is decided as one would.
    #[test]
    fn a_pattern_is_a_glob(text in "[ab.,!/\\]*?\\[{}\\\\-]{0,6}", names in proptest::collection::vec("[ab.,/*-]{0,6}", 8)) {
        let glob = Glob::new(&text).map(|glob| glob.compile_matcher());
        match (StackPattern::new(&text), glob) {
            (Ok(pattern), Ok(glob)) => {
                prop_assert_eq!(pattern.as_str(), &text);
                for name in names {
                    prop_assert_eq!(pattern.fits_text(&name), glob.is_match(&name), "{}", name);
                }
            }
            (pattern, glob) => prop_assert_eq!(pattern.is_err(), glob.is_err()),
        }
    }

    #[test]
    fn a_beginning_fits_what_begins_so(start in "[a-c-]{0,4}", rest in "[a-c/-]{0,4}") {
        let pattern = StackPattern::new(&format!("{start}*")).expect("it is a glob");
        prop_assert!(pattern.fits_text(&format!("{start}{rest}")), "{}", pattern);
    }
}

#[test]
fn the_name_alone_fits_exactly() {
    let pattern = StackPattern::exactly("a*");
    assert!(pattern.fits_text("a*") && !pattern.fits_text("ab"));
    assert!(StackPattern::all().fits_text(""));
}
