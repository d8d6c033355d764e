//! Manifests mean what they mean to kubectl: a corpus, read by both.

use isobar::model::body;
use isobar::model::value::Rules;
use isobar::model::yaml;
use serde_json::Value as Json;
use yaml_span::{Limits, parse_first};

use super::scene::Scene;

/// The `data` of an object, which nobody looks at until it is sent.
const CORPUS: &[&str] = &[
    // Words that are truths, in all their spellings.
    "{ a: yes, b: Yes, c: YES, d: no, e: No, f: NO, g: on, h: On, i: ON, j: off, k: Off, l: OFF }",
    "{ a: true, b: True, c: TRUE, d: false, e: False, f: FALSE, g: tRue, h: yEs, i: oN }",
    "{ a: y, b: Y, c: n, d: N }",
    "{ a: 'yes', b: \"on\", c: !!str off }",
    // Nothing.
    "{ a: ~, b: null, c: Null, d: NULL, e: , f: '', g: nUll }",
    // Whole numbers, by their base.
    "{ a: 0644, b: 0o644, c: 0x1F, d: 0b101, e: 1_000, f: 010, g: 08, h: 0, i: -0, j: +1 }",
    "{ a: 9223372036854775807, b: 9223372036854775808, c: 18446744073709551615, d: -9223372036854775808 }",
    "{ a: -0b11, b: -0x1F, c: -010, d: 0B1, e: 0X1f, f: 00, g: 0_7 }",
    // Others.
    "{ a: 1.5, b: .5, c: 1., d: 1e3, e: 1E-2, f: 1.0, g: 12e03, h: -2E+05, i: 1_0.5 }",
    "{ a: 1.10, b: 3.14159265358979, c: 1e400x, d: 123456789012345678901234567890, e: 0.1e1 }",
    // What looks like one and is none.
    "{ a: 1.2.3, b: 1:30, c: 12:30:45, d: 190:20:30, e: 1-2, f: 0x, g: 0xZ, h: 1e, i: e3, j: ., k: '1' }",
    "{ a: 2001-12-14, b: 2001-12-14t21:59:43.10-05:00, c: 2001-12-14 21:59:43, d: 2001-1-1 }",
    "{ a: =, b: <, c: '<<', d: .inf1, e: nan, f: inf, h: '?' }",
    // Tags.
    "{ a: !!str 1, b: !!int '1', c: !!float 1, d: !!bool 'yes', e: !!str yes, f: !!null '' }",
    "{ a: !!binary aGVsbG8=, b: !own 1, c: !own text }",
    // Keys that are no texts.
    "{ 1: a, 0x10: b, 1.5: c, true: d, off: e, 'yes': f, 010: g, 1e6: h, 100000.0: i, 1e-5: j }",
    "{ 1e20: a, 2001-01-01: b, -1: d, 0.1: e, 16777217.0: f }",
    // Texts.
    "a: |\n  one\n   two\n\nb: >\n  one\n  two\n\n  three\nc: >-\n  one\nd: |+\n  one\n\ne: 'it''s'\nf: \"a\\tb\\x41\\u00e9\"\n",
    "a: one\n  two\n  three\nb: 'one\n  two'\nc: \"one\\\n  two\"\n",
    // Anchors and merges.
    "a: &a { x: 1, y: yes }\nb: *a\nc: { <<: *a, z: 2 }\nd: { <<: [*a, { w: on }] }\n",
    // Empty collections, nesting.
    "{ a: {}, b: [], c: [[], {}, [~]], d: { e: { f: [yes, '1', 1] } } }",
    "- a\n- { b: 1 }\n- [c, on]\n",
    "{\"json\": [1, 2.5, true, null, \"a/b\"], \"on\": \"off\"}",
    "{ b: ☃, c: 'ä' }",
];

#[test]
fn manifests_mean_what_they_mean_to_kubectl() {
    let Some(scene) = Scene::new("corpus") else { return };
    let (mut wrong, mut refused) = (Vec::new(), 0);
    for text in CORPUS {
        let inside = text.lines().map(|line| format!("  {line}\n")).collect::<String>();
        let manifest =
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n{inside}");
        let theirs = scene.dry_run(&manifest);
        let parsed = parse_first(manifest.as_str(), &Limits::DEFAULT);
        let value = yaml::read_manifest(&parsed.document, parsed.document.root(), 0);
        let ours = body::plain(&value.typed(Rules::Kubernetes).held()).ok();
        let ours = ours.filter(|_| parsed.errors.is_empty());
        let theirs = theirs.and_then(|text| serde_json::from_str::<Json>(&text).ok());
        if theirs.is_none() {
            refused += 1;
            continue;
        }
        let of = |object: Option<Json>| object.map(|object| as_held(object["data"].clone()));
        let [ours, theirs] = [ours, theirs].map(of);
        if ours != theirs {
            wrong.push(format!("{text}\n  ours:   {ours:?}\n  theirs: {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(refused * 5 < CORPUS.len(), "{refused} are no manifests to kubectl");
}

/// With numbers as the API holds them: 64 bits with a sign, or double precision.
fn as_held(json: Json) -> Json {
    match json {
        Json::Array(items) => items.into_iter().map(as_held).collect(),
        Json::Object(map) => map.into_iter().map(|(key, value)| (key, as_held(value))).collect(),
        Json::Number(number) if !number.is_i64() => number.as_f64().into(),
        other => other,
    }
}
