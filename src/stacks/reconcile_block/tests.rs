//! Blocks that are remembered say what they would say if they were read.

use super::{KNOWN_MAX, Known, read};
use crate::diagnostic::Span;
use crate::model::value::{Map, Node, Value};

fn block(settings: &[(&str, &str)]) -> Value {
    let entries = settings.iter().map(|(key, text)| ((*key).into(), Value::text(*text)));
    Value::computed(Node::Map(entries.collect::<Map>()))
}

fn place(_: &Value) -> Span {
    Span::file("stacks/dev.yaml")
}

#[test]
fn as_many_blocks_as_there_are_say_what_they_say() {
    let mut known = Known::default();
    let count = KNOWN_MAX + 1;
    for _ in 0..2 {
        for minutes in 1..=count {
            let time = format!("{minutes}m");
            let block = block(&[("interval", &time)]);
            let fresh = read(&block, |_| false, place);
            assert_eq!(known.read(&block, |_| false, place), fresh, "{time}");
            assert!(known.0.len() <= KNOWN_MAX, "{}", known.0.len());
        }
    }
}

#[test]
fn what_is_left_out_of_one_is_not_left_out_of_another() {
    let mut known = Known::default();
    let all = block(&[("interval", "5m"), ("timeout", "1m")]);
    let whole = known.read(&all, |_| false, place).expect("it is right");
    let part = known.read(&all, |text| text == "1m", place).expect("it is right");
    assert_eq!(whole.interval, part.interval);
    assert!(whole.timeout.is_some() && part.timeout.is_none(), "{whole:?} {part:?}");
}

#[test]
fn a_mistake_is_told_each_time() {
    let mut known = Known::default();
    let wrong = block(&[("interval", "soon")]);
    for _ in 0..2 {
        let found = known.read(&wrong, |_| false, place).expect_err("it is no time");
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
