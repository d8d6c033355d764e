//! Whole documents read as Go's yaml.v3 and yaml.v2 read them.

mod recorded;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use yaml_span::schema::{Scalar, TagMismatch, v2, v3};
use yaml_span::{Document, Kind, Limits, NodeId, Style, parse_stream};

/// Cases that yaml.v3 reads and this crate refuses, with the reason.
const STRICTER: &[(&str, &str)] = &[
    ("quoted text at column of its key", "YAML asks for more indentation"),
    ("alias of another document", "anchors end with their document"),
    ("null key", "no reader of configuration has a use for it, some crash"),
];

/// Cases that yaml.v3 refuses and this crate reads, with the reason.
const LAXER: &[(&str, &str)] = &[
    ("escaped slash", "JSON has it, and so has YAML 1.2"),
    ("tab on a blank line", "nothing is indented there"),
    ("yaml directive 1.2", "YAML 1.2 is what is read"),
];

/// Cases whose trees differ, with the reason.
const DIFFERENT: &[(&str, &str)] = &[("bare tag", "yaml.v3 gives the place of the tag")];

/// Cases whose values yaml.v2 sees otherwise, with the reason.
const DIFFERENT_IN_V2: &[(&str, &str)] = &[(
    "merge after own key",
    "yaml.v2 lets a later merge overwrite, against its own documentation",
)];

type Resolve = for<'d> fn(&'d Document, NodeId) -> Result<Scalar<'d>, TagMismatch>;

struct Case {
    name: String,
    source: String,
    recorded: Value,
}

impl Case {
    fn is_in(&self, list: &[(&str, &str)]) -> bool {
        list.iter().any(|(name, _)| *name == self.name)
    }

    fn documents(&self) -> Option<Vec<Document>> {
        let stream = parse_stream(self.source.as_str(), &Limits::DEFAULT);
        let values_fit = stream.documents.iter().all(|doc| {
            let mut ids = doc.ids();
            ids.all(|id| v3::scalar(doc, id).is_ok())
        });
        (stream.errors.is_empty() && values_fit).then_some(stream.documents)
    }
}

fn cases() -> Vec<Case> {
    let text = |case: &Value, key: &str| case[key].as_str().expect(key).to_owned();
    let cases = recorded::cases("documents");
    let cases = cases.into_iter().map(|case| Case {
        name: text(&case, "name"),
        source: text(&case, "source"),
        recorded: case,
    });
    cases.collect()
}

#[test]
fn the_same_documents_are_refused() {
    let mut wrong = Vec::new();
    for case in cases() {
        let reads = case.documents().is_some();
        let expected = match case.recorded.get("error") {
            None => !case.is_in(STRICTER),
            Some(_) => case.is_in(LAXER),
        };
        if reads != expected {
            let errors = parse_stream(case.source.as_str(), &Limits::DEFAULT).errors;
            let go = &case.recorded["error"];
            wrong.push(format!("{}: {errors:?}, recorded {go}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn trees_styles_tags_and_places_are_the_same() {
    let mut wrong = Vec::new();
    for case in cases() {
        let Some(documents) = case.documents() else {
            continue;
        };
        if case.recorded.get("error").is_some() {
            continue;
        }
        let mut lines = Vec::new();
        for doc in &documents {
            lines.push("---".to_owned());
            describe(doc, doc.root(), 0, &mut lines);
        }
        let recorded = case.recorded["nodes"].as_array().expect("a list");
        let fits = |(found, recorded): (&String, &Value)| fits(found, recorded.as_str());
        let same = lines.len() == recorded.len() && lines.iter().zip(recorded).all(fits);
        if same == case.is_in(DIFFERENT) {
            wrong.push(format!("{}:\n{lines:#?}\n{recorded:#?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn values_with_merges_and_aliases_are_the_same() {
    let mut wrong = Vec::new();
    for case in cases() {
        let Some(documents) = case.documents() else {
            continue;
        };
        let value = |resolve: Resolve, doc: &Document| sorted(value(resolve, doc, doc.root()));
        if case.recorded.get("error").is_none() {
            let found: Vec<_> = documents.iter().map(|doc| value(v3::scalar, doc)).collect();
            let recorded = case.recorded["v3"].as_array().expect("a list");
            let recorded: Vec<_> = recorded.iter().cloned().map(sorted).collect();
            if found != recorded {
                wrong.push(format!("{} v3: {found:?}, recorded {recorded:?}", case.name));
            }
        }
        if let (Some(recorded), Some(first)) = (case.recorded.get("v2"), documents.first()) {
            let (found, recorded) = (value(v2::scalar, first), sorted(recorded.clone()));
            if (found == recorded) == case.is_in(DIFFERENT_IN_V2) {
                wrong.push(format!("{} v2: {found}, recorded {recorded}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One line a node, as `tests/go/documents.go` writes them.
fn describe(doc: &Document, id: NodeId, depth: usize, lines: &mut Vec<String>) {
    let alias = matches!(doc.kind(id), Kind::Alias(_));
    let kind = match doc.kind(id) {
        Kind::Scalar => "scalar",
        Kind::Sequence => "sequence",
        Kind::Mapping => "mapping",
        Kind::Alias(_) => "alias",
    };
    let style = match doc.style(id) {
        _ if alias => "plain",
        Style::Plain => "plain",
        Style::SingleQuoted => "single",
        Style::DoubleQuoted => "double",
        Style::Literal => "literal",
        Style::Folded => "folded",
        Style::Flow => "flow",
        Style::Block => "block",
    };
    let tag = doc.tag(id).map(|tag| tag.text);
    let tag = tag.filter(|tag| !alias && *tag != "!").unwrap_or("-");
    let span = doc.span(id);
    let text = match alias {
        true => &doc.source()[span.bytes()],
        false => doc.text(id),
    };
    let line =
        format!("{depth} {kind} {style} {}:{} {tag} {text}", span.start.line, span.start.column);
    lines.push(line);
    if alias {
        return;
    }
    for item in doc.items(id) {
        describe(doc, *item, depth + 1, lines);
    }
    for (key, value) in doc.entries(id) {
        describe(doc, key, depth + 1, lines);
        describe(doc, value, depth + 1, lines);
    }
}

/// Tells whether a line is the recorded one, whose place may be left open as `-`.
fn fits(found: &str, recorded: Option<&str>) -> bool {
    let recorded = recorded.expect("a line").splitn(6, ' ');
    let mut parts = found.splitn(6, ' ').zip(recorded).enumerate();
    parts.all(|(index, (found, recorded))| found == recorded || (index == 3 && recorded == "-"))
}

/// As `typed` in `tests/go/documents.go`.
fn value(resolve: Resolve, doc: &Document, id: NodeId) -> Value {
    if doc.is_mapping(id) {
        // Keys may be equal once typed, as `16` and `0x10`: Go's maps keep the last.
        let mut by_key = BTreeMap::new();
        for entry in doc.entries_merged(id) {
            let key = value(resolve, doc, entry.key);
            by_key.insert(key.to_string(), json!([key, value(resolve, doc, entry.value)]));
        }
        return json!({ "map": by_key.into_values().collect::<Vec<_>>() });
    }
    if doc.is_sequence(id) {
        let items = doc.items(id).iter().map(|item| value(resolve, doc, *item));
        return json!({ "seq": items.collect::<Vec<_>>() });
    }
    json!(match resolve(doc, id).expect("checked before") {
        Scalar::Null => "null".to_owned(),
        Scalar::Bool(value) => format!("bool:{value}"),
        Scalar::Int(value) => format!("int:{value}"),
        Scalar::Uint(value) => format!("uint:{value}"),
        Scalar::Float(value) if value.is_infinite() => "float:+Inf".to_owned(),
        Scalar::Float(value) => format!("float:{value}"),
        Scalar::Str(text) => format!("str:{text}"),
        Scalar::Timestamp(_) => "time".to_owned(),
    })
}

/// Entries of mappings by their JSON.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(object) => {
            let mut object = object.into_iter().map(|(key, value)| (key, sorted(value)));
            let (key, mut value) = object.next().expect("map or seq");
            if let (true, Some(entries)) = (key == "map", value.as_array_mut()) {
                entries.sort_by_key(Value::to_string);
            }
            json!({ key: value })
        }
        scalar => scalar,
    }
}
