use super::*;

#[test]
fn no_float_has_more_digits_than_are_computed() {
    for value in [5e-324, f64::MIN_POSITIVE, 0.1, 1.0 / 3.0, f64::MAX] {
        for precision in [DIGITS_MAX, DIGITS_MAX + 1] {
            let exact = format!("{value:.precision$}");
            assert_eq!(fixed(value, precision), exact, "{value:e} with {precision}");
        }
        let digits = |count| rounded(value, Some(count)).digits;
        let (most, more) = (digits(DIGITS_MAX + 1), digits(DIGITS_MAX + 2));
        assert!(most == more && most.len() <= DIGITS_MAX, "{value:e}");
    }
}
