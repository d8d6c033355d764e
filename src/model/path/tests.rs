use proptest::prelude::*;

use super::*;
use crate::model::canonical;
use crate::model::tests::config;

fn segments() -> impl Strategy<Value = Segment> {
    prop_oneof![
        "[a-z]{1,3}".prop_map(|key| Segment::Key(key.into())),
        "[a-z./\\[\\]\"\\\\ \n~0-9]{0,4}".prop_map(|key| Segment::Key(key.into())),
        (0..12_usize).prop_map(Segment::Index),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_written_is_read_back(path in proptest::collection::vec(segments(), 0..5)) {
        let path = FieldPath(path);
        prop_assert_eq!(FieldPath::parse(&path.to_string()), Ok(path.clone()));
        let json = serde_json::to_string(&path).expect("it is there");
        prop_assert_eq!(serde_json::from_str::<FieldPath>(&json).expect("it is there"), path);
    }
}

#[test]
fn a_path_leads_into_a_value() {
    let json = serde_json::json!({ "a": [{ "b.c": 1 }], "": 2 });
    let value = canonical::from_json(&json);
    let at = |text: &str| FieldPath::parse(text).expect("it is there").find(&value).cloned();
    assert_eq!(at(r#"a[0]."b.c""#), Some(canonical::from_json(&json["a"][0]["b.c"])));
    assert_eq!(at(r#""""#), Some(canonical::from_json(&json[""])));
    assert_eq!(at("/a/0/b.c"), at(r#"a[0]."b.c""#));
    assert_eq!(at(""), Some(value.clone()));
    assert_eq!(at("a[1]"), None);
    assert_eq!(at("a.b"), None);
}

#[test]
fn what_is_no_path_is_refused() {
    for text in ["a..b", "a[", "a[x]", "a[0]b", ".a", "a.", "\"a", "a[-1]"] {
        assert!(FieldPath::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_path_is_under_those_it_leads_through() {
    let path = |text: &str| FieldPath::parse(text).expect("it is there");
    assert!(path("a.b").is_under(&path("a")));
    assert!(path("a").is_under(&path("a")));
    assert!(path("a").is_under(&FieldPath::root()));
    assert!(!path("a").is_under(&path("a.b")));
    assert!(!path("ab").is_under(&path("a")));
}
