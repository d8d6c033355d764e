use serde_json::json;

use super::*;
use crate::model::body::Format;
use crate::model::canonical::from_json;

fn secret(name: &str) -> Value {
    Value::computed(Node::Secret(Secret::new(name, ContentId::of(name)).into()))
}

fn body(json: &serde_json::Value) -> Body {
    Body::new(Format::Yaml, from_json(json))
}

/// A manifest of which `password` is a secret, and one in a list.
fn veil() -> Veil {
    let clear = from_json(&json!({
        "data": {"password": "hunter2", "user": "shop"},
        "list": [{"name": "a", "value": "plain"}, {"name": "b", "value": "hunter3"}],
    }));
    let at = |text: &str| FieldPath::parse(text).unwrap();
    let hidden = at("data.password").put(&clear, Some(&secret("one")));
    let hidden = at("list[1].value").put(&hidden, Some(&secret("two")));
    Veil::new(&hidden, clear)
}

fn sight(live: &serde_json::Value, intended: &serde_json::Value) -> (String, String) {
    let sight =
        Sight { live: Some(body(live)), intended: Some(body(intended)), ..Sight::default() };
    let sight = veil().over(sight);
    let text =
        |body: Option<Body>| crate::model::canonical::encode(body.unwrap().value()).to_string();
    (text(sight.live), text(sight.intended))
}

#[test]
fn what_is_as_it_should_be_is_the_same_secret_on_both_sides() {
    let made = json!({
        "data": {"password": "hunter2", "user": "shop"},
        "list": [{"name": "b", "value": "hunter3"}, {"name": "a", "value": "plain"}],
    });
    let (live, intended) = sight(&made, &made);
    assert_eq!(live, intended);
    assert!(!live.contains("hunter"), "{live}");
    assert!(live.contains("shop") && live.contains("plain"), "{live}");
}

#[test]
fn what_is_there_in_its_place_is_only_said_to_be_another_value() {
    let made =
        json!({"data": {"password": "hunter2"}, "list": [{"name": "b", "value": "hunter3"}]});
    let old = json!({"data": {"password": "hunter1"}, "list": [{"name": "b", "value": "hunter0"}]});
    let (live, intended) = sight(&old, &made);
    assert_ne!(live, intended);
    assert!(!live.contains("hunter") && !intended.contains("hunter"), "{live} {intended}");
    let third =
        json!({"data": {"password": "hunter9"}, "list": [{"name": "b", "value": "hunter8"}]});
    assert_eq!(live, sight(&third, &made).0);
}

#[test]
fn what_the_server_writes_in_another_form_is_not_seen() {
    let made =
        json!({"data": {"password": "HUNTER2"}, "list": [{"name": "b", "value": "HUNTER3"}]});
    let (live, intended) = sight(&made, &made);
    assert_eq!(live, intended);
    assert!(!intended.contains("HUNTER"), "{intended}");
}

#[test]
fn that_one_secret_is_there_twice_does_not_show_another() {
    let clear = from_json(&json!(["hunter2", "hunter3"]));
    let at = |text: &str| FieldPath::parse(text).unwrap();
    let hidden = at("[0]").put(&clear, Some(&secret("one")));
    let hidden = at("[1]").put(&hidden, Some(&secret("two")));
    let made = from_json(&json!(["hunter2", "hunter2", "HUNTER3"]));
    assert_eq!(among(&made, &clear, &hidden), other());
    let made = from_json(&json!(["hunter3", "hunter2", "plain"]));
    let seen = crate::model::canonical::encode(&among(&made, &clear, &hidden)).to_string();
    assert!(seen.contains("plain") && !seen.contains("hunter"), "{seen}");
}

#[test]
fn of_a_secret_nobody_wants_nothing_is_seen() {
    let live = body(&json!({"kind": "Secret", "data": {"a": "Zm9v", "b": "YmFy"}}));
    let wanted = body(&json!({"data": {"a": "Zm9v", "b": "other"}}));
    let text = |wanted| {
        crate::model::canonical::encode(over_content(&live, wanted, true).value()).to_string()
    };
    assert!(!text(None).contains("Zm9v") && !text(None).contains("YmFy"));
    assert!(text(Some(&wanted)).contains("Zm9v") && !text(Some(&wanted)).contains("YmFy"));
}

#[test]
fn of_an_object_that_says_so_what_it_says_is_not_seen() {
    let annotations = json!({"isobar.dev/secret": "[\"data.token\"]"});
    let live =
        json!({"metadata": {"annotations": annotations}, "data": {"token": "t0ken", "a": "b"}});
    let seen = over_content(&body(&live), None, false);
    let text = crate::model::canonical::encode(seen.value()).to_string();
    assert!(!text.contains("t0ken") && text.contains("\"a\":\"b\""), "{text}");
}
