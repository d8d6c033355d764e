use proptest::prelude::*;

use super::*;
use crate::model::canonical::from_json;
use crate::model::tests::{config, known};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_written_as_json_is_read_back(value in known()) {
        let body = Body::new(Format::Json, value);
        let bytes = body.encode().expect("it is there");
        let read = Body::decode(Format::Json, &bytes);
        prop_assert_eq!(read.content_id(), body.content_id());
        prop_assert_eq!(read, body);
    }

    #[test]
    fn what_is_written_as_yaml_is_read_back(value in known()) {
        let body = Body::new(Format::Yaml, value);
        let bytes = body.encode().expect("it is there");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        prop_assert_eq!(Body::decode(Format::Yaml, &bytes), body, "{}", text);
    }

    /// Whatever stands there can be compared, and never brings anything down.
    #[test]
    fn any_bytes_are_a_body(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        for format in [Format::Json, Format::Yaml, Format::Text] {
            Body::decode(format, &bytes).content_id();
        }
    }
}

#[test]
fn json_is_written_with_sorted_keys_and_a_final_newline() {
    let value = from_json(&serde_json::json!({ "b": [1, { "d": 1, "c": 2 }], "a": "x" }));
    let bytes = Body::new(Format::Json, value).encode().expect("it is there");
    let text = "{\n  \"a\": \"x\",\n  \"b\": [\n    1,\n    {\n      \"c\": 2,\n      \"d\": 1\n    }\n  ]\n}\n";
    assert_eq!(String::from_utf8(bytes).expect("it is there"), text);
}

#[test]
fn a_text_is_itself() {
    let body = Body::new(Format::Text, Value::text("a\r\nb"));
    assert_eq!(body.encode(), Ok(b"a\r\nb".to_vec()));
    assert_eq!(Body::decode(Format::Text, b"a\r\nb"), body);
    let map = Body::new(Format::Text, Value::empty_map());
    assert!(matches!(map.encode(), Err(EncodeError::Form(_))));
}

#[test]
fn what_is_not_known_or_secret_is_not_written() {
    let question = crate::model::question::Question { function: "env".into(), arguments: vec![] };
    let secret = crate::secret::Secret::new("vault:a", ContentId::of("1"));
    let within = |node| Value::computed(Node::List(vec![Value::computed(node)].into()));
    let write = |node| Body::new(Format::Json, within(node)).encode();
    assert_eq!(write(Node::Unknown(question.into())), Err(EncodeError::Unknown("env".to_owned())));
    assert_eq!(write(Node::Secret(secret.into())), Err(EncodeError::Secret));
    assert!(matches!(write(Node::Float(f64::NAN)), Err(EncodeError::Form(_))));
}
