use proptest::prelude::*;

use super::*;
use crate::model::tests::{config, values};

proptest! {
    #![proptest_config(config())]

    /// Through the text as it is stored, nothing but origins is lost.
    #[test]
    fn what_is_written_is_read_back(value in values()) {
        let text = bytes(&value);
        let read = decode(&serde_json::from_slice(&text).expect("it is there")).expect("it is there");
        prop_assert_eq!(bytes(&read), text);
        // A result that is not a number is not equal to itself.
        if !format!("{value:?}").contains("NaN") {
            prop_assert_eq!(read, value);
        }
    }

    /// To the last bit: a float that came back otherwise would make a stored plan another plan.
    #[test]
    fn floats_are_read_back_exactly(floats in proptest::collection::vec(any::<f64>(), 200)) {
        for float in floats {
            let text = bytes(&Value::computed(Node::Float(float)));
            let read = decode(&serde_json::from_slice(&text).expect("it is there")).expect("it is there");
            let Node::Float(read) = read.node else { panic!("{read:?} of {float:?}") };
            prop_assert_eq!(read.to_bits(), float.to_bits());
        }
    }

    #[test]
    fn the_order_of_a_map_is_its_authors_business(value in values()) {
        let turned = turned(&value);
        prop_assert_eq!(bytes(&turned), bytes(&value));
        prop_assert_eq!(content_id(&turned), content_id(&value));
    }
}

/// The same with every map the other way round.
fn turned(value: &Value) -> Value {
    Value::computed(match &value.node {
        Node::List(items) => Node::List(items.iter().map(turned).collect::<Vec<_>>().into()),
        Node::Map(map) => {
            let entries: Vec<_> = map.iter().map(|(k, v)| (k.clone(), turned(v))).collect();
            Node::Map(entries.into_iter().rev().collect())
        }
        other => other.clone(),
    })
}

#[test]
fn keys_of_the_authors_own_are_not_taken_for_ours() {
    for key in ["$unknown", "$secret", "$float", "$", "$$", "$$secret", "plain"] {
        let map: Map = [(key.into(), Value::text("x"))].into_iter().collect();
        let value = Value::computed(Node::Map(map));
        assert_eq!(decode(&encode(&value)), Ok(value), "{key}");
    }
}

#[test]
fn what_nobody_wrote_is_no_value() {
    for text in [
        r#"{"$other": 1}"#,
        r#"{"$float": "many"}"#,
        r#"{"$unknown": 1}"#,
        r#"{"$secret": {"handle": "a"}}"#,
        r#"{"$secret": {"handle": "a", "state": "short"}}"#,
    ] {
        assert!(decode(&serde_json::from_str(text).expect("it is there")).is_err(), "{text}");
        // To a tool or a target it is a map like any other.
        assert!(
            from_json(&serde_json::from_str(text).expect("it is there")).as_map().is_some(),
            "{text}"
        );
    }
}

#[test]
fn a_scalar_that_is_not_typed_yet_is_typed_by_the_stack_rules() {
    let raw = |text: &str, plain| {
        Value::computed(Node::Raw(crate::model::value::Raw::new(text.into(), plain, None).into()))
    };
    assert_eq!(encode(&raw("yes", true)).to_string(), r#""yes""#);
    assert_eq!(encode(&raw("true", true)).to_string(), "true");
    assert_eq!(encode(&raw("true", false)).to_string(), r#""true""#);
}
