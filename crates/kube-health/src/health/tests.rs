use super::{REASON_BYTES_MAX, Reason};

#[test]
fn a_reason_is_one_line() {
    assert_eq!(Reason::from("  a\n\tb\u{7}c  ").as_str(), "a b c");
}

#[test]
fn a_reason_is_cut_at_its_bound() {
    let fits = "x".repeat(REASON_BYTES_MAX);
    assert_eq!(Reason::from(&fits).as_str(), fits);

    let cut = Reason::from("ä".repeat(REASON_BYTES_MAX));
    assert!(cut.as_str().len() <= REASON_BYTES_MAX);
    assert!(cut.as_str().ends_with("ä…"));
}
