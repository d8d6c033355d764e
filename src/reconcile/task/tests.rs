use super::*;

#[test]
fn a_pause_is_bounded_however_often_a_task_fails() {
    let period = Duration::from_secs(60);
    assert_eq!(pause(period, 0, 0.0), period);
    assert_eq!(pause(period, 0, 1.0), Duration::from_secs(66));
    assert!(pause(period, 1, 1.0) < Duration::from_secs(3));
    assert!(pause(period, u32::MAX, 1.0) <= BACKOFF_MAX + Duration::from_millis(100));
}
