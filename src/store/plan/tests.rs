use super::*;

#[test]
fn the_longest_plan_is_stored_and_no_longer_one() {
    let longest = "x".repeat(PLAN_BYTES_MAX);
    assert!(within_bounds("a plan", longest.clone()).is_ok());
    let refused = within_bounds("a plan", longest + "x");
    assert!(matches!(refused, Err(StoreError::TooLarge { bytes_max: PLAN_BYTES_MAX, .. })));
}
