//! What `explain` shows of a value is how it came to be: nothing that bears on it is missing.

use std::fmt::Write as _;

use fastrand::Rng;

use super::resolved;
use crate::model::desired::{Component, Layer};
use crate::model::path::{FieldPath, Segment};
use crate::model::value::{Map, Node, Value};
use crate::stacks::{Lists, explain, fold, merge};

const STRATEGY: &str = "list_merge_strategy";
const STRATEGIES: &[&str] = &["replace", "append", "merge", "merge by a"];

/// How many repositories are made, each of its own seed. Ten thousand values take a second.
const SEEDS: u64 = 150;

#[test]
fn replaying_what_explain_shows_gives_every_value() {
    let (mut values, mut marked) = (0, 0);
    for seed in 0..SEEDS {
        let (files, lists) = repository(&mut Rng::with_seed(seed));
        let desired = resolved(&files).desired;
        assert!(desired.is_complete(), "seed {seed}: {:?}\n{files}", desired.diagnostics);
        for component in desired.components() {
            let folded = fold(&component.layers, lists);
            assert_eq!(folded, component.sections, "seed {seed}: {}\n{files}", component.id);
            let mut paths = Vec::new();
            below(&component.sections, &FieldPath::root(), &mut paths);
            for path in &paths {
                let value = path.find(&component.sections).expect("it is one of its paths");
                let replayed = replayed(component, path, lists);
                let found = path.find(&replayed);
                assert_eq!(found, Some(value), "seed {seed}: {} {path}\n{files}", component.id);
            }
            values += paths.len();
            marked += component.layers.iter().filter(|layer| is_marked(&layer.value)).count();
        }
    }
    assert!(values > 10_000, "{values} values are too few to show anything");
    assert!(marked > 100, "{marked} continued lists are too few to show anything");
}

/// A chain without its winner gives something else: the law above can fail.
#[test]
fn without_the_winner_the_replay_gives_something_else() {
    let (files, lists) = repository(&mut Rng::with_seed(1));
    let desired = resolved(&files).desired;
    let mut others = 0;
    for component in desired.components() {
        let mut paths = Vec::new();
        below(&component.sections, &FieldPath::root(), &mut paths);
        for path in paths.iter().filter(|path| path.0.len() > 1) {
            let Some(last) = explain(component, path).iter().rposition(|one| one.wins) else {
                continue;
            };
            let at = explain(component, path)[last].layer;
            let without = Component {
                layers: component
                    .layers
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| *i != at)
                    .map(|(_, layer)| layer.clone())
                    .collect(),
                ..component.clone()
            };
            let replayed = replayed(&without, path, lists);
            others += usize::from(path.find(&replayed) != path.find(&component.sections));
        }
    }
    assert!(others > 20, "{others} values changed");
}

/// The fold of only what `explain` shows at `path`, under the strategy the component chose.
fn replayed(component: &Component, path: &FieldPath, lists: Lists) -> Value {
    let Some((Segment::Key(section), steps)) = path.0.split_first() else {
        return fold(&component.layers, lists);
    };
    let explained = explain(component, path);
    let layers = component.layers.iter().enumerate().filter_map(|(at, layer)| {
        let shown = explained.iter().find(|one| one.layer == at).map(|one| {
            let only = only(&layer.value, steps);
            assert_eq!(said(&only, steps), &one.value, "{} {path} in {section}", component.id);
            only
        });
        // Which strategy a component chose is told by the path of that choice.
        let chosen = layer.value.get(STRATEGY).filter(|_| layer.section.as_ref() == "settings");
        let value = match (shown, chosen) {
            (shown, None) => shown?,
            (shown, Some(word)) => {
                let mut map = shown.and_then(|shown| shown.as_map().cloned()).unwrap_or_default();
                map.insert(STRATEGY, word.clone());
                Value { node: Node::Map(map), origin: layer.value.origin }
            }
        };
        Some(Layer { value, ..layer.clone() })
    });
    fold(&layers.collect::<Vec<_>>(), lists)
}

/// The part of a layer that bears on `steps`: the way there as far as it goes, and what is said at
/// its end.
fn only(value: &Value, steps: &[Segment]) -> Value {
    let (Some((Segment::Key(key), rest)), Node::Map(map), None) =
        (steps.split_first(), &value.node, merge::appended(value))
    else {
        return value.clone();
    };
    let inner = map.get(key).map(|inner| (key.clone(), only(inner, rest)));
    Value { node: Node::Map(inner.into_iter().collect()), origin: value.origin }
}

/// What a layer says at the end of the way, or on it.
fn said<'v>(value: &'v Value, steps: &[Segment]) -> &'v Value {
    match (steps.split_first(), &value.node) {
        (Some((Segment::Key(key), rest)), Node::Map(map)) if merge::appended(value).is_none() => {
            map.get(key).map_or(value, |inner| said(inner, rest))
        }
        _ => value,
    }
}

fn below(value: &Value, path: &FieldPath, into: &mut Vec<FieldPath>) {
    match &value.node {
        Node::Map(map) => map.iter().for_each(|(key, inner)| {
            let path = path.key(key.clone());
            below(inner, &path, into);
            into.push(path);
        }),
        Node::List(items) => items.iter().enumerate().for_each(|(at, inner)| {
            let path = path.index(at);
            below(inner, &path, into);
            into.push(path);
        }),
        _ => {}
    }
}

fn is_marked(value: &Value) -> bool {
    let inside = |map: &Map| map.iter().any(|(_, inner)| is_marked(inner));
    merge::appended(value).is_some() || value.as_map().is_some_and(inside)
}

/// A stack with imports, bases, overrides and every way to write a value, and its strategy.
fn repository(rng: &mut Rng) -> (String, Lists) {
    let word = *rng.choice(STRATEGIES).expect("there are some");
    let lists = Lists::parse(word).expect("it is one of them");
    let mut files = format!(
        "--- atmos.yaml
stacks: {{base_path: stacks, included_paths: ['deploy/*'], name_template: '{{{{ .vars.stage }}}}'}}
settings: {{list_merge_strategy: {word}}}
templates: {{settings: {{enabled: true, sprig: {{enabled: true}}}}}}
"
    );
    for name in ["one", "two"] {
        let _ = writeln!(files, "--- stacks/mixins/{name}.yaml\n{}", globals(rng));
    }
    let _ = writeln!(
        files,
        "--- stacks/catalog.yaml\nimport: [mixins/two]\ncomponents:\n  terraform:
    low: {{metadata: {{type: abstract}}, {}}}
    high: {{metadata: {{type: abstract, inherits: [low]}}, {}}}",
        sections(rng),
        sections(rng),
    );
    let bases = *rng.choice(["low", "high", "high, low", "low, high"]).as_ref().expect("one");
    let _ = writeln!(
        files,
        "--- stacks/deploy/dev.yaml\nimport: [mixins/one, catalog]\n{}\ncomponents:\n  terraform:
    app: {{metadata: {{inherits: [{bases}]}}, {}, overrides: {{vars: {}}}}}
    plain: {{{}}}",
        globals(rng),
        sections(rng),
        map(rng, 1),
        sections(rng),
    );
    (files, lists)
}

fn globals(rng: &mut Rng) -> String {
    let mut vars = map(rng, 2);
    vars.insert_str(1, "stage: dev, ");
    format!(
        "vars: {vars}\nsettings: {}\nterraform: {{vars: {}, overrides: {{env: {}}}}}",
        map(rng, 1),
        map(rng, 2),
        map(rng, 0),
    )
}

fn sections(rng: &mut Rng) -> String {
    let mut settings = map(rng, 1);
    if rng.u8(..4) == 0 {
        let word = rng.choice(STRATEGIES).expect("there are some");
        settings.insert_str(1, &format!("{STRATEGY}: {word}, "));
    }
    format!("vars: {}, settings: {settings}, env: {}", map(rng, 2), map(rng, 0))
}

/// A map of a few keys that others have too; below it maps nest `depth` deep.
fn map(rng: &mut Rng, depth: usize) -> String {
    let mut entries = Vec::new();
    for key in ["a", "b", "c", "d", "e"] {
        if rng.bool() {
            entries.push(format!("{key}: {}", value(rng, depth)));
        }
    }
    format!("{{z: 1, {}}}", entries.join(", "))
}

fn value(rng: &mut Rng, depth: usize) -> String {
    match rng.u8(..if depth == 0 { 9 } else { 14 }) {
        0 => "~".to_owned(),
        1 => "!unset ".to_owned(),
        2 => "'{{ .vars.stage }}-late'".to_owned(),
        3 => "!template '{\"t\": [1]}'".to_owned(),
        4 => format!("!append [{}]", items(rng)),
        5 | 6 => format!("[{}]", items(rng)),
        7 => rng.bool().to_string(),
        8 => format!("text-{}", rng.u8(..9)),
        _ => map(rng, depth - 1),
    }
}

fn items(rng: &mut Rng) -> String {
    // Maps with a key of their own.
    if rng.u8(..4) == 0 {
        let keys = (0..4).filter(|_| rng.bool()).collect::<Vec<u8>>();
        let item = |key: &u8| format!("{{a: {key}, b{key}: {}}}", rng.u8(..9));
        return keys.iter().map(item).collect::<Vec<_>>().join(", ");
    }
    let item = |rng: &mut Rng| match rng.u8(..4) {
        0 => format!("{{a: {}, b: [{}]}}", rng.u8(..9), rng.u8(..9)),
        1 => "[1, 2]".to_owned(),
        _ => rng.u8(..99).to_string(),
    };
    (0..rng.u8(..4)).map(|_| item(rng)).collect::<Vec<_>>().join(", ")
}
