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
    for for_others in [false, true] {
        let due = |agenda: &Agenda, stack, at| agenda.is_due(&name(stack), seconds(at), for_others);
        assert!(due(&agenda, "prod", 0));
        agenda.put(name("prod"), seconds(5), Some(seconds(600)), seconds(60));
        assert!(!due(&agenda, "prod", 604));
        assert!(due(&agenda, "prod", 605));
        assert!(due(&agenda, "dev", 6));
        agenda.strike(&name("prod"));
        assert!(due(&agenda, "prod", 6));
    }
}

#[test]
fn a_stack_that_says_nothing_is_not_looked_at_because_of_others() {
    let mut agenda = Agenda::default();
    agenda.put(name("prod"), seconds(5), None, seconds(60));
    assert!(agenda.is_due(&name("prod"), seconds(6), false));
    assert!(!agenda.is_due(&name("prod"), seconds(64), true));
    assert!(agenda.is_due(&name("prod"), seconds(65), true));
}

#[test]
fn the_pause_ends_with_the_first_and_with_the_usual_one() {
    let mut agenda = Agenda::default();
    assert_eq!(agenda.pause(seconds(0), seconds(60)), seconds(60));
    agenda.put(name("dev"), seconds(0), Some(seconds(600)), seconds(60));
    assert_eq!(agenda.pause(seconds(0), seconds(60)), seconds(60));
    agenda.put(name("prod"), seconds(0), Some(seconds(10)), seconds(60));
    assert_eq!(agenda.pause(seconds(2), seconds(60)), seconds(8));
    assert_eq!(agenda.pause(seconds(99), seconds(60)), INTERVAL_MIN);
    agenda.put(name("prod"), seconds(99), None, seconds(60));
    assert_eq!(agenda.pause(seconds(99), seconds(60)), seconds(60));
}

#[test]
fn a_stack_that_fails_is_left_alone_for_longer_each_time_and_nobody_else_is() {
    let (mut agenda, prod) = (Agenda::default(), name("prod"));
    agenda.put(name("dev"), seconds(0), None, seconds(60));
    let mut pauses = Vec::new();
    for _ in 0..3 {
        agenda.fail(prod.clone(), seconds(0), 1.0);
        assert!(agenda.backs_off(&prod, seconds(1)));
        assert!(!agenda.is_due(&prod, seconds(1), true));
        // Where everything is looked at, so is this.
        assert!(agenda.is_due(&prod, seconds(1), false));
        pauses.push(agenda.pause(seconds(0), seconds(60)));
    }
    assert_eq!(pauses, [2_100, 4_100, 8_100].map(Duration::from_millis));
    assert!(!agenda.has_come(seconds(8)));
    assert!(agenda.has_come(seconds(9)));
    assert!(!agenda.backs_off(&prod, seconds(9)));
    assert!(agenda.is_due(&prod, seconds(9), true));
    assert!(!agenda.is_due(&name("dev"), seconds(9), true));

    agenda.put(prod.clone(), seconds(9), None, seconds(60));
    agenda.fail(prod.clone(), seconds(10), 1.0);
    assert_eq!(agenda.pause(seconds(10), seconds(60)), Duration::from_millis(2_100));
    agenda.strike(&prod);
    assert!(!agenda.backs_off(&prod, seconds(11)));
}
