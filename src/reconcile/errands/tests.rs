use super::*;

#[test]
fn what_looks_at_the_clock_is_known_by_its_words() {
    let tells = |text: &str| asks_the_time(text.as_bytes());
    assert!(tells("at: {{ now | unixEpoch }}"));
    assert!(tells("at: {{ dateInZone \"2006\" .at \"UTC\" }}"));
    assert!(tells("a: {{ .Values.now }} is a word too many"));
    assert!(!tells("now: {{ .Values.known }}, {{ .Values.update }} up to date"));
    assert!(asks_the_time(&[0x1f, 0x8b]), "an archive");
}

#[test]
fn the_next_second_is_never_this_one() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(next_second(at("2026-11-20T09:30:00.999Z")), at("2026-11-20T09:30:01Z"));
    assert_eq!(next_second(at("2026-11-20T09:30:00Z")), at("2026-11-20T09:30:01Z"));
}
