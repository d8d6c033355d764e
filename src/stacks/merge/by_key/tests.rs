use super::*;

#[test]
fn a_key_is_as_long_as_it_may_be() {
    let longest = "k".repeat(KEY_BYTES_MAX);
    assert_eq!(ListKey::new(&longest).expect("a key").as_str(), longest);
    assert_eq!(ListKey::new(&format!("{longest}k")), None);
    assert_eq!(ListKey::new(""), None);
    assert_eq!(ListKey::new("ä").expect("a key").as_str(), "ä");
}

#[test]
fn only_a_word_with_a_key_is_the_strategy() {
    let key = |word| match Lists::parse(word) {
        Some(Lists::MergeBy(key)) => Some(key.as_str().to_owned()),
        _ => None,
    };
    assert_eq!(key("merge by name").as_deref(), Some("name"));
    assert_eq!(key("merge by  host name ").as_deref(), Some("host name"));
    for word in ["merge", "merge by", "merge by ", "mergeby name", "merge  by name"] {
        assert_eq!(key(word), None, "{word}");
    }
}
