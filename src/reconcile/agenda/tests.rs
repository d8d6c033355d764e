use super::*;

fn name(name: &str) -> StackName {
    StackName::new(name).unwrap()
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_stack_is_due_at_its_moment_and_without_one() {
    let mut agenda = Agenda::default();
    assert!(agenda.is_due(&name("prod"), seconds(0)));
    agenda.put(name("prod"), seconds(5), Some(seconds(600)));
    assert!(!agenda.is_due(&name("prod"), seconds(604)));
    assert!(agenda.is_due(&name("prod"), seconds(605)));
    assert!(agenda.is_due(&name("dev"), seconds(6)));
    agenda.strike(&name("prod"));
    assert!(agenda.is_due(&name("prod"), seconds(6)));
}

#[test]
fn the_pause_ends_with_the_first_and_with_the_usual_one() {
    let mut agenda = Agenda::default();
    assert_eq!(agenda.pause(seconds(0), seconds(60)), seconds(60));
    agenda.put(name("dev"), seconds(0), Some(seconds(600)));
    assert_eq!(agenda.pause(seconds(0), seconds(60)), seconds(60));
    agenda.put(name("prod"), seconds(0), Some(seconds(10)));
    assert_eq!(agenda.pause(seconds(2), seconds(60)), seconds(8));
    assert_eq!(agenda.pause(seconds(99), seconds(60)), INTERVAL_MIN);
    agenda.put(name("prod"), seconds(99), None);
    assert_eq!(agenda.pause(seconds(99), seconds(60)), seconds(60));
}
