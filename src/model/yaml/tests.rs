use expect_test::expect;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::canonical;

#[test]
fn what_an_author_would_write() {
    let value = json!({
        "kind": "ConfigMap",
        "metadata": { "name": "a", "labels": {}, "finalizers": [] },
        "data": {
            "plain": "a b, c/d (e) = é",
            "on": "yes",
            "mode": "0644",
            "version": "1.10",
            "time": "12:30",
            "date": "2024-01-01",
            "empty": "",
            "quote": "it's: here",
            "script": "#!/bin/sh\necho hi\n\n  more\n",
            "open": "a\nb",
            "bell": "\u{7}",
            "line": "a\u{2028}b",
            "null": null,
            "truth": true,
            "half": 0.5,
        },
        "items": [{ "a": 1, "b": [1, [2, 3], {}] }, "x", { "deep": { "er": "a\nb\n" } }],
    });
    expect![[r#"
        kind: ConfigMap
        metadata:
          name: a
          labels: {}
          finalizers: []
        data:
          plain: a b, c/d (e) = é
          'on': 'yes'
          mode: '0644'
          version: '1.10'
          time: '12:30'
          date: '2024-01-01'
          empty: ''
          quote: 'it''s: here'
          script: |
            #!/bin/sh
            echo hi

              more
          open: |-
            a
            b
          bell: "\U00000007"
          line: "a\U00002028b"
          'null': null
          truth: true
          half: 0.5
        items:
        - a: 1
          b:
          - 1
          - - 2
            - 3
          - {}
        - x
        - deep:
            er: |
              a
              b
    "#]]
    .assert_eq(&write(&value));
}

#[test]
fn a_text_with_two_documents_or_mistakes_is_no_value() {
    assert_eq!(parse("a: 1\n---\nb: 2\n", Rules::Kubernetes), None);
    assert_eq!(parse("a: {\n", Rules::Kubernetes), None);
    assert_eq!(parse("# nothing\n", Rules::Kubernetes), Some(Value::computed(Node::Null)));
}

fn any_json() -> impl Strategy<Value = Json> {
    let text = prop_oneof![
        any::<String>(),
        "[a-zA-Z0-9 :#\n\t'\"\\\\.,&*!|>%@`{}\\[\\]?~-]{0,12}",
        prop::sample::select(vec!["yes", "no", "on", "y", "null", "~", "0x1F", "1e3", "0o7", "<<"])
            .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        (-1e9..1e9).prop_map(|number: f64| Json::from(number)),
        text.clone().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map(text.clone(), inner, 0..4)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_reader_gets_back_what_was_written(json in any_json()) {
        let text = write(&json);
        let value = canonical::from_json(&json);
        prop_assert_eq!(parse(&text, Rules::Kubernetes), Some(value.clone()), "{}", text);
        prop_assert_eq!(parse(&text, Rules::Stack), Some(value), "{}", text);
        let other: Json = serde_yaml::from_str(&text).expect("it is there");
        prop_assert_eq!(other, json, "{}", text);
    }
}
