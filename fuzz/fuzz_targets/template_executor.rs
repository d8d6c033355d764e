//! Any template over data of every shape: it ends within its limits, twice with the same result,
//! and leaves the data as they were.

#![no_main]

use std::sync::LazyLock;

use gotmpl::{Functions, Limits, Map, MissingKey, Options, Template, Value};
use libfuzzer_sys::fuzz_target;

static SPRIG: LazyLock<Functions> = LazyLock::new(Functions::sprig);
static GOMPLATE: LazyLock<Functions> = LazyLock::new(Functions::gomplate);

/// A fifth of what a template may spend: one run has to end well within a second under ASan.
const LIMITS: Limits = Limits { fuel: 200_000, depth: 200, output_bytes: 1 << 20 };

fuzz_target!(|text: &str| {
    let functions = if text.len() % 2 == 0 { &SPRIG } else { &GOMPLATE };
    let options = Options { functions, ..Options::default() };
    let Ok(template) = Template::parse("fuzz", text, &options) else { return };
    let data = sample();
    let before = format!("{data:?}");
    for missing_key in [MissingKey::Default, MissingKey::Error] {
        let first = template.render(&data, &LIMITS, missing_key);
        assert_eq!(format!("{data:?}"), before);
        if let Ok(text) = &first {
            assert!(text.len() <= LIMITS.output_bytes);
        }
        if text.len() < 64 {
            assert_eq!(template.render(&data, &LIMITS, missing_key), first);
            let _ = template.evaluate(&data, &LIMITS, missing_key);
        }
    }
});

fn sample() -> Value {
    let list = vec![1.into(), "two".into(), 3.25.into(), Value::Nil, true.into()];
    let inner = Map::from_iter([("c", Value::from("deep")), ("d", list.clone().into())]);
    let map = Map::from_iter([("a", Value::from(1)), ("b", inner.into()), ("z", Value::Nil)]);
    Map::from_iter([
        ("s", Value::from("hello")),
        ("e", "".into()),
        ("u", "zw\u{f6}lf\t\u{c4} \"q\" <&>".into()),
        ("n", 7.into()),
        ("f", 1.5.into()),
        ("big", Value::Uint64(u64::MAX)),
        ("t", true.into()),
        ("nil", Value::Nil),
        ("l", list.into()),
        ("strs", vec!["b".to_owned(), "a".to_owned()].into()),
        ("m", map.into()),
        ("none", Map::from_iter::<[(&str, Value); 0]>([]).into()),
    ])
    .into()
}
