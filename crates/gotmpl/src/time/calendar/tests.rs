use super::*;

#[test]
fn years_are_counted_as_far_as_they_may_be() {
    let seconds =
        |year| Civil { year, month: 1, day: 1, hour: 0, minute: 0, second: 0 }.to_seconds();
    for sign in [1, -1] {
        let last = seconds(sign * YEAR_MAX);
        assert_eq!(seconds(sign * (YEAR_MAX + 1)), last);
        assert_eq!(seconds(sign * i64::MAX), last);
        assert_ne!(seconds(sign * (YEAR_MAX - 1)), last);
    }
}
