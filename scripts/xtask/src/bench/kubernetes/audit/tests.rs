use super::*;

#[test]
fn a_time_is_read() {
    let read = |text| time(text).map(|time| time.as_micros());
    assert_eq!(read("1970-01-01T00:00:00.000000Z"), Some(0));
    assert_eq!(read("2000-02-29T12:00:00.500000Z"), Some(951_825_600_500_000));
    assert_eq!(read("2026-11-20T09:30:00.123456Z"), Some(1_795_167_000_123_456));
    assert_eq!(read("yesterday"), None);
}
