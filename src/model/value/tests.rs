use super::*;
use crate::ids::ContentId;

fn raw(text: &str, plain: bool, tag: Option<&str>) -> Value {
    Value::computed(Node::Raw(Raw::new(text.into(), plain, tag.map(Into::into)).into()))
}

fn map(entries: &[(&str, i64)]) -> Value {
    let entry = |(key, value): &(&str, i64)| ((*key).into(), Value::computed(Node::Int(*value)));
    Value::computed(Node::Map(entries.iter().map(entry).collect()))
}

/// Consumers differ about the same text, so it keeps its text until one of them reads it.
#[test]
fn a_scalar_is_typed_by_whoever_reads_it() {
    let typed = |text, rules| raw(text, true, None).typed(rules).node;
    assert_eq!(typed("yes", Rules::Stack), Node::Str("yes".into()));
    assert_eq!(typed("yes", Rules::Kubernetes), Node::Bool(true));
    assert_eq!(typed("0644", Rules::Kubernetes), Node::Int(420));
    assert_eq!(typed("18446744073709551615", Rules::Stack), Node::Uint(u64::MAX));
    assert_eq!(typed("", Rules::Stack), Node::Null);
    assert_eq!(raw("12", false, None).typed(Rules::Stack).node, Node::Str("12".into()));
    assert_eq!(raw("12", true, Some("!!str")).typed(Rules::Stack).node, Node::Str("12".into()));
}

#[test]
fn typing_reaches_all_the_way_down_and_keeps_origins() {
    let origin = Origin { file: 1, node: 7 };
    let inner = Value { origin, ..raw("7", true, None) };
    let list = Value::computed(Node::List(vec![inner].into()));
    let outer: Map = [("a".into(), list)].into_iter().collect();
    let typed = Value::computed(Node::Map(outer)).typed(Rules::Stack);
    let item = &typed.get("a").expect("it is there").as_list().expect("it is there")[0];
    assert_eq!((item.node.clone(), item.origin), (Node::Int(7), origin));
}

#[test]
fn equality_looks_at_content_alone() {
    assert_eq!(map(&[("a", 1), ("b", 2)]), map(&[("b", 2), ("a", 1)]));
    assert_ne!(map(&[("a", 1)]), map(&[("a", 1), ("b", 2)]));
    let here = Value { origin: Origin { file: 0, node: 3 }, ..Value::text("x") };
    assert_eq!(here, Value::text("x"));
}

#[test]
fn a_scalar_equals_what_it_means_unless_it_has_a_tag() {
    let one = Value::computed(Node::Int(1));
    assert_eq!(raw("1", true, None), one);
    assert_eq!(one, raw("0x1", true, None));
    assert_ne!(raw("1", false, None), one, "a text stays a text");
    assert_ne!(raw("1", true, Some("!env")), one, "a function is not its argument");
    assert_ne!(raw("1", true, None), raw("0x1", true, None), "they are written otherwise");
}

#[test]
fn what_means_the_same_to_both_stays_as_it_was_written() {
    let list = |items: &[Value]| Value::computed(Node::List(items.to_vec().into()));
    let same = list(&[raw("8080", true, None), raw("on", false, None), raw("~", true, None)]);
    let settled = same.settled(Rules::Kubernetes);
    assert!(
        matches!((&same.node, &settled.node), (Node::List(a), Node::List(b)) if Arc::ptr_eq(a, b))
    );
    let other =
        list(&[raw("on", true, None), raw("0644", true, None), raw("5", true, Some("!!str"))]);
    let settled = other.settled(Rules::Kubernetes);
    let meant: Vec<_> = settled.as_list().expect("a list").iter().map(Value::meaning).collect();
    assert_eq!(meant, [&Node::Bool(true), &Node::Int(420), &Node::Str("5".into())]);
    assert_eq!(settled, other.typed(Rules::Kubernetes));
}

#[test]
fn a_number_is_held_before_it_is_typed() {
    let held = |text| raw(text, true, None).held().node;
    assert!(matches!(held("18446744073709551615"), Node::Float(_)), "it does not fit");
    assert!(matches!(held("2.0"), Node::Int(2)));
    assert!(matches!(held("2"), Node::Raw(_)), "it is held as it is");
}

#[test]
fn a_map_keeps_its_authors_order() {
    let mut map = map(&[("b", 1), ("a", 2)]).as_map().expect("it is there").clone();
    let untouched = map.clone();
    map.insert("b", Value::text("x"));
    map.insert("c", Value::text("y"));
    let keys: Vec<_> = map.iter().map(|(key, _)| key.as_ref()).collect();
    assert_eq!(keys, ["b", "a", "c"], "a changed key stays where it was");
    assert_eq!(map.remove("a").expect("it is there"), Value::computed(Node::Int(2)));
    assert_eq!(map.remove("a"), None);
    assert_eq!(untouched.len(), 2, "the copy does not change with it");
    let twice: Map = [
        ("a".into(), Value::text("1")),
        ("b".into(), Value::text("2")),
        ("a".into(), Value::text("3")),
    ]
    .into_iter()
    .collect();
    assert_eq!(format!("{:?}", Value::computed(Node::Map(twice))), r#"{"a": "3", "b": "2"}"#);
}

#[test]
fn what_is_read_as_a_text_or_a_truth_value() {
    assert_eq!(raw("yes", true, None).as_str(), Some("yes"));
    assert_eq!(raw("12", true, None).as_str(), None);
    assert_eq!(raw("12", false, None).as_str(), Some("12"));
    assert_eq!(raw("true", true, None).as_bool(), Some(true));
    assert_eq!(raw("true", false, None).as_bool(), None);
    assert!(raw("~", true, None).is_null());
    assert!(!raw("~", false, None).is_null());
}

#[test]
fn a_secret_is_not_in_what_is_printed_for_programmers() {
    let secret = Secret::new("vault:canary", ContentId::of("canary"));
    let value = Value::computed(Node::Secret(secret.into()));
    assert_eq!(format!("{value:?}"), "secret");
}

/// Large maps are indexed, small ones are not: both follow the same rule.
#[test]
fn a_map_laid_over_another_keeps_places_whatever_its_size() {
    for count in [3, 255, 256, 257, 400] {
        let entries = |range: std::ops::Range<i64>, add: i64| -> Map {
            let entry = |n: i64| (Arc::from(format!("k{n}")), Value::computed(Node::Int(n + add)));
            range.map(entry).collect()
        };
        let (low, high) = (entries(0..count, 0), entries(count / 2..count + 5, 1000));
        let merged = low.clone().overlaid(&high, |_, above| above.clone());
        let in_place = low.iter().map(|(k, v)| (k.clone(), v.clone())).collect::<Map>();
        assert!(in_place.overlaid(&high, |_, above| above.clone()) == merged);
        let mut expected = low.clone();
        high.iter().for_each(|(key, value)| expected.insert(key.clone(), value.clone()));
        let shown = |map: &Map| map.iter().map(|(k, v)| format!("{k}={v:?}")).collect::<Vec<_>>();
        assert_eq!(shown(&merged), shown(&expected));
        assert!(merged == expected);
        let backwards: Map = {
            let mut all: Vec<_> = merged.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
            all.reverse();
            all.iter().chain(&all).cloned().collect()
        };
        assert!(merged == backwards, "order and repetition do not matter");
        assert!(merged != low);
    }
}

#[test]
fn a_map_in_which_nothing_changes_stays_the_same_one() {
    let map = map(&[("a", 1), ("b", 2)]).as_map().expect("it is there").clone();
    assert!(map.changed(|_, _| None).is_none());
    let other = map.changed(|key, _| (key.as_ref() == "b").then(|| Value::text("x"))).unwrap();
    assert!(other.is(&other.clone()) && !other.is(&map));
    assert_eq!(other.get("a"), map.get("a"));
}

#[test]
fn what_is_typed_or_held_so_already_is_shared() {
    let text = "a: { b: [x, { c: 1 }] }\nn: 1.0\n";
    let read = crate::model::yaml::parse(text, Rules::Kubernetes).unwrap();
    let place = |value: &Value, key: &str| value.get(key).unwrap().as_map().map(Map::place);
    let typed = read.typed(Rules::Stack);
    assert_eq!(typed.as_map().map(Map::place), read.as_map().map(Map::place));
    let held = read.held();
    assert_eq!(place(&held, "a"), place(&read, "a"));
    assert_eq!(held.get("n").unwrap().node, Node::Int(1));
}
