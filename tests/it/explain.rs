//! Where the values of the example repository come from, and that what is told is what happened.

use std::collections::BTreeSet;

use expect_test::expect_file;
use isobar::model::desired::{Component, Desired, Layer};
use isobar::model::path::FieldPath;
use isobar::model::question::Answers;
use isobar::model::value::{Map, Node, Value};
use isobar::reconcile::{Reach, wanted};
use isobar::report::{describe, json, terminal};
use isobar::source::{Snapshot, folder_snapshot};
use isobar::stacks::{Lists, Resolver, Selection, explain, fold, resolve};

use crate::errors::root;

/// Values of every kind of origin: global, kind, base, own, override, template, function, derived.
const VALUES: &[(&str, &str)] = &[
    ("fnx-production-us-west-2-prod-01/terraform/vpc", "vars.cidr"),
    ("fnx-production-us-west-2-prod-01/terraform/vpc", "vars.availability_zones"),
    ("fnx-production-us-west-2-prod-01/terraform/vpc", "vars.nat_gateways"),
    ("fnx-production-us-west-2-prod-01/terraform/vpc", "vars.tags"),
    ("fnx-production-us-west-2-prod-01/terraform/vpc", "vars.tags.cost_center"),
    ("fnx-production-us-west-2-prod-01/terraform/vpc", "vars.tenant"),
    ("fnx-production-us-west-2-prod-01/terraform/vpc", "metadata"),
    ("fnx-production-us-west-2-prod-01/terraform/vpc", "settings.validation"),
    ("fnx-production-us-west-2-prod-01/terraform/vpc", "settings.reconcile.target"),
    ("fnx-production-us-west-2-prod-01/terraform/vpc", "backend"),
    ("fnx-production-us-west-2-prod-01/terraform/rds", "vars.kms_key_arn"),
    ("fnx-production-us-west-2-prod-01/terraform/rds", "vars.engine_version"),
    ("fnx-production-us-west-2-prod-01/terraform/rds", "vars.subnet_ids"),
    ("fnx-production-us-west-2-prod-01/terraform/eks", "vars.node_groups.general.max_size"),
    ("fnx-production-us-west-2-prod-01/terraform/eks", "vars.node_groups"),
    ("fnx-production-us-east-1-prod-dr/terraform/rds", "vars"),
    ("fnx-development-us-west-2-testenv-01/terraform/eks", "vars.node_groups.general.max_size"),
    ("fnx-development-us-west-2-testenv-01/terraform/vpc", "vars.nat_gateways"),
    ("core-networking-us-west-2-transit-hub/terraform/transit-gateway", "vars.region"),
    ("fnx-production-us-west-2-prod-01/helm/storefront", "values.image.tag"),
];

fn example() -> Desired {
    let snapshot = folder_snapshot(&root().join("examples-repo")).expect("the example");
    wanted(
        || Resolver::new(&snapshot),
        &snapshot,
        &Selection::default(),
        &Reach::Agent,
        &BTreeSet::new(),
    )
    .desired
}

#[test]
fn every_layer_of_twenty_values_is_told() {
    let desired = example();
    let mut told = String::new();
    for (id, path) in VALUES {
        let found = desired.components().find(|component| component.id.to_string() == *id);
        let component = found.unwrap_or_else(|| panic!("the example has no {id}"));
        let path = FieldPath::parse(path).expect("a path");
        let explained = explain(component, &path);
        assert!(!explained.is_empty(), "nothing sets {path} of {id}");
        let text = terminal::explain(component, &path, &explained, &desired.files);
        told.push_str(&anstream::adapter::strip_str(&text).to_string());
        told.push('\n');
    }
    expect_file![root().join("tests/golden/explain.txt")].assert_eq(&told);
}

/// Only the layers that are told, and of them only what is at the path.
#[test]
fn replaying_what_is_told_gives_every_value() {
    let desired = example();
    let mut replayed = 0;
    for component in desired.components() {
        for (section, value) in component.sections.as_map().into_iter().flat_map(Map::iter) {
            let whole = FieldPath::root().key(section.clone());
            let keys = value.as_map().into_iter().flat_map(Map::iter);
            let paths: Vec<_> = keys.map(|(key, _)| (whole.key(key.clone()), Some(key))).collect();
            let paths = if paths.is_empty() { vec![(whole, None)] } else { paths };
            for (path, key) in paths {
                let told = told(component, &path, key);
                let folded = fold(&told, Lists::Replace);
                let (now, then) = (path.find(&component.sections), path.find(&folded));
                assert_eq!(then, now, "{} {path}", component.id);
                replayed += 1;
            }
        }
    }
    assert!(replayed > 1000, "{replayed} values");
}

/// Marks and functions are shown as they are written, and what `describe` works out has its rule.
const MARKED: &str = "--- atmos.yaml
stacks: {base_path: stacks, included_paths: [deploy/**], name_template: '{{ .vars.stage }}'}
--- stacks/catalog.yaml
vars: {zones: [1], staged: [1], gone: 1, home: here}
terraform: {backend_type: s3, backend: {s3: {bucket: b}, gcs: {prefix: p}}}
--- stacks/mixin.yaml
import: [quiet]
vars: {early: !append [2]}
--- stacks/quiet.yaml
settings: {x: 1}
--- stacks/deploy/dev.yaml
import: [catalog, mixin]
vars: {stage: dev, zones: !append [2], gone: !unset }
components:
  terraform:
    base: {metadata: {type: abstract}, vars: {staged: !append [2]}}
    vpc: {metadata: {inherits: [base], component: net}, vars: {home: !env HOME, quoted: !env 'A b'}}
";

#[test]
fn marks_functions_and_rules_are_told_as_they_are() {
    let files = MARKED.split("--- ").skip(1).map(|file| {
        let (path, text) = file.split_once('\n').expect("a path and a text");
        (path.to_owned(), text.as_bytes().to_vec())
    });
    let snapshot = Snapshot::in_memory(files);
    let selection = Selection::all();
    let desired = resolve(&snapshot, &selection, &Answers::new()).desired;
    let named = |component: &&Component| component.id.name.as_str() == "vpc";
    let component = desired.components().find(named).expect("resolved");
    let explained = |path: &FieldPath| explain(component, path);
    let mut told = String::new();
    let paths =
        ["zones", "early", "staged", "gone", "home", "quoted"].map(|name| format!("vars.{name}"));
    for path in paths.iter().map(String::as_str).chain(["backend"]) {
        let path = FieldPath::parse(path).expect("a path");
        told += &terminal::explain(component, &path, &explained(&path), &desired.files);
        let json = json::explain(component, &path, &explained(&path), &desired.files);
        let layers = json["layers"].as_array().expect("layers").iter();
        let said = layers.map(|layer| format!("    {}  {}\n", layer["value"], layer["reach"]));
        told.extend(said.chain(["\n".to_owned()]));
    }
    for path in ["workspace", "component", "command", "inheritance[0]", "stack", "env"] {
        let path = FieldPath::parse(path).expect("a path");
        assert!(explained(&path).is_empty(), "{path}");
        let worked = describe::worked(&desired, component, &path).expect("it is shown");
        let looked_at: Vec<_> = worked.of.iter().map(|at| (at.clone(), explained(at))).collect();
        let looked_at: Vec<_> =
            looked_at.into_iter().filter(|(_, said)| !said.is_empty()).collect();
        told += &terminal::worked(component, &path, &worked, &looked_at, &desired.files);
        told.push('\n');
        let json = json::worked(component, &path, &worked, &looked_at, &desired.files);
        assert_eq!(json["layers"][0]["reach"], format!("by the rule: {}", worked.rule));
        assert_eq!(json["looked_at"].as_array().map(Vec::len), Some(looked_at.len()));
    }
    for path in ["nothing", "workspace.x", "vars.nothing"] {
        let path = FieldPath::parse(path).expect("a path");
        assert_eq!(describe::worked(&desired, component, &path), None, "{path}");
    }
    let plain = anstream::adapter::strip_str(&told).to_string();
    expect_file![root().join("tests/golden/explain-marks.txt")].assert_eq(&plain);
}

/// The layers that `explain` names for `path`, without what they say elsewhere, and the component's
/// choice of how lists are merged.
fn told(component: &Component, path: &FieldPath, key: Option<&std::sync::Arc<str>>) -> Vec<Layer> {
    let narrow = |layer: &Layer| {
        let value = match (key, layer.value.as_map()) {
            (Some(key), Some(map)) if map.get(key).is_some() => {
                let one = map.get(key).cloned().map(|value| (key.clone(), value));
                Value { node: Node::Map(one.into_iter().collect()), origin: layer.value.origin }
            }
            _ => layer.value.clone(),
        };
        Layer { value, ..layer.clone() }
    };
    let explained = explain(component, path);
    let mut layers: Vec<_> =
        explained.iter().map(|said| narrow(&component.layers[said.layer])).collect();
    let strategy = component.section("settings").and_then(|s| s.get("list_merge_strategy"));
    if let (Some(strategy), Some(first)) = (strategy, component.layers.first()) {
        let mut settings = Map::default();
        settings.insert("list_merge_strategy", strategy.clone());
        let value = Value::computed(Node::Map(settings));
        layers.insert(0, Layer { section: "settings".into(), value, ..first.clone() });
    }
    layers
}
