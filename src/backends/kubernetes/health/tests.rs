//! The worst of several.

use super::*;
use crate::backends::fixture::key;

fn of(objects: &[(&str, Health)]) -> Health {
    worst(&objects.iter().map(|(name, health)| (key(name), health.clone())).collect())
}

fn progressing(why: &str) -> Health {
    Health::Progressing(why.to_owned())
}

#[test]
fn the_worst_says_why_and_its_like_are_counted() {
    assert_eq!(of(&[]), Health::Healthy);
    assert_eq!(of(&[("a", Health::Healthy), ("b", Health::Healthy)]), Health::Healthy);
    let waits = of(&[("a", Health::Healthy), ("b", progressing("x")), ("c", progressing("y"))]);
    assert_eq!(waits, progressing("b: x (and 1 more)"));
    let degraded = Health::Degraded("no".to_owned());
    let worst = of(&[("a", progressing("x")), ("b", degraded), ("c", Health::Missing)]);
    assert_eq!(worst, Health::Degraded("b: no".to_owned()));
}

#[test]
fn what_is_not_there_at_all_is_missing() {
    assert_eq!(of(&[("a", Health::Missing), ("b", Health::Missing)]), Health::Missing);
    let part = of(&[("a", Health::Healthy), ("b", Health::Missing)]);
    assert_eq!(part, progressing("b: it is not there"));
}
