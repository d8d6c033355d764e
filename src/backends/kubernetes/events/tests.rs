//! What fits into an Event.

use super::{NAME_BYTES_MAX, NOTE_BYTES_MAX, cut, is_forbidden, micros, plain};

#[test]
fn a_note_is_as_long_as_the_api_takes() {
    let fits = "ä".repeat(NOTE_BYTES_MAX / 2);
    assert_eq!(cut(&fits), fits);
    let long = format!("{fits}.");
    let told = cut(&long);
    assert!(told.len() <= NOTE_BYTES_MAX && told.ends_with("ä ..."), "{told}");
}

#[test]
fn any_object_gives_a_name() {
    assert_eq!(plain("web"), "web");
    assert_eq!(plain("system:node"), "system-node");
    assert_eq!(plain("sites.example.com"), "sites-example-com");
    assert_eq!(plain(":"), "object");
    assert_eq!(plain(&"a".repeat(NAME_BYTES_MAX + 1)).len(), NAME_BYTES_MAX);
}

#[test]
fn a_time_has_its_microseconds() {
    let at = "2026-11-20T09:30:00.5Z".parse().unwrap();
    assert_eq!(micros(at), "2026-11-20T09:30:00.500000Z");
}

#[test]
fn a_namespace_that_goes_forbids_nothing_for_good() {
    let refused = |code, why: &str| kube::core::Status::failure(why, "Forbidden").with_code(code);
    assert!(is_forbidden(&refused(403, "events is forbidden: User cannot create")));
    assert!(!is_forbidden(&refused(403, "unable to create: it is being terminated")));
    assert!(!is_forbidden(&refused(500, "events is forbidden")));
}
