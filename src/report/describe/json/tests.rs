use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Shown, Writer};
use crate::model::value::{Node, Raw, Value};

fn both(shown: &Shown<'_>) -> (String, String) {
    let mut writer = Writer::default();
    writer.shown(shown).expect("it has words for all of it");
    let ours = String::from_utf8(writer.out).expect("JSON is UTF-8");
    (ours, serde_json::to_string_pretty(shown).expect("it has words for all of it"))
}

#[test]
fn it_is_what_serde_json_writes() {
    let raw = |text: &str| Value::computed(Node::Raw(Raw::new(text.into(), true, None).into()));
    let list = |items: Vec<Value>| Value::computed(Node::List(Arc::new(items)));
    let map = |entries: Vec<(&str, Value)>| {
        let entries = entries.into_iter().map(|(key, value)| (Arc::from(key), value));
        Value::computed(Node::Map(entries.collect()))
    };
    let inner = map(vec![("z", raw("1.50")), ("a", raw("0x10")), ("e", map(vec![]))]);
    let texts = ["", "plain", "a\"b", "back\\slash", "line\nbreak", "tab\t", "ünï", "\u{1}\u{7f}"];
    let value = map(vec![
        ("twice", inner.clone()),
        ("again", inner.clone()),
        ("deeper", map(vec![("inner", inner)])),
        ("texts", list(texts.map(Value::text).to_vec())),
        (
            "numbers",
            list(["1", "-7", "18446744073709551615", "1e300", "0.1", "~"].map(raw).to_vec()),
        ),
        ("truth", raw("true")),
        ("nothing", list(vec![])),
        ("key \"quoted\"", raw("2024-01-02")),
    ]);
    let shown = Shown::Map(BTreeMap::from([
        ("value".into(), Shown::Value(&value)),
        ("list".into(), Shown::List(vec![Shown::Null, Shown::Bool(false), Shown::text("x")])),
        ("empty".into(), Shown::empty()),
    ]));
    let (ours, theirs) = both(&shown);
    assert_eq!(ours, theirs);
}

#[test]
fn a_number_without_a_word_in_json_is_an_error() {
    let value = Value::computed(Node::Float(f64::NAN));
    assert!(Writer::default().value(&value).is_err());
}
