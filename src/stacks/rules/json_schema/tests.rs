use super::*;

#[test]
fn a_message_is_as_long_as_it_may_be() {
    let longest = "ä".repeat(MESSAGE_CHARS_MAX);
    assert_eq!(cut(&longest), longest);
    assert_eq!(cut(&format!("{longest}x")), format!("{longest}…"));
}
