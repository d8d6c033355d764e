//! The example holds together: nothing in it is unused, and its parts fit each other.

use std::collections::{BTreeMap, BTreeSet};

use super::examples;
use crate::model::desired::{Component, Desired, Presence};
use crate::model::question::Answers;
use crate::model::value::Value;
use crate::source::Snapshot;
use crate::stacks::{Selection, resolve};

const SCHEMAS: &str = "stacks/_globals/schemas/";

/// The example with what it comes to.
struct Example {
    snapshot: Snapshot,
    desired: Desired,
}

impl Example {
    fn new() -> Self {
        let snapshot = examples();
        let desired = resolve(&snapshot, &Selection::all(), &Answers::new()).desired;
        Self { snapshot, desired }
    }

    fn text(&self, path: &str) -> String {
        self.snapshot.text(path).expect("it is text").unwrap_or_default().to_string()
    }

    fn below(&self, folder: &str) -> Vec<String> {
        self.snapshot.below(folder).map(|(path, _)| path.to_string()).collect()
    }

    fn active(&self) -> impl Iterator<Item = &Component> {
        self.desired.components().filter(|component| component.presence != Presence::Abstract)
    }

    fn terraform(&self) -> impl Iterator<Item = &Component> {
        self.active().filter(|component| component.id.kind.as_str() == "terraform")
    }

    /// The blocks of a component's module that begin with `word`, by name.
    fn blocks(&self, component: &Component, word: &str) -> BTreeMap<String, String> {
        let files = self.below(&self.desired.layout.folder(component));
        let texts: String = files.iter().map(|file| format!("\n{}", self.text(file))).collect();
        let begin = format!("\n{word} \"");
        let blocks = texts.split(&begin).skip(1).map(|block| {
            let (name, rest) = block.split_once('"').expect("a name in quotes");
            (name.to_owned(), rest.split("\n}\n").next().unwrap_or_default().to_owned())
        });
        blocks.collect()
    }

    /// Every file that something reads.
    fn used(&self) -> BTreeSet<String> {
        let mut used: BTreeSet<String> =
            ["README.md", ".gitignore", "atmos.yaml", "isobar.yaml"].map(str::to_owned).into();
        for stack in self.desired.stacks.values() {
            used.extend(stack.manifests.iter().map(ToString::to_string));
        }
        let mut judged = BTreeSet::new();
        for component in self.desired.components() {
            let layers = component.layers.iter();
            used.extend(layers.flat_map(|layer| layer.imports.iter().map(ToString::to_string)));
            let rules = component.section("settings").and_then(|s| s.get("validation")?.as_map());
            for (_, rule) in rules.into_iter().flat_map(|rules| rules.iter()) {
                let modules = rule.get("module_paths").and_then(Value::as_list).unwrap_or_default();
                let paths = rule.get("schema_path").into_iter().chain(modules);
                used.extend(paths.filter_map(Value::as_str).map(|path| format!("{SCHEMAS}{path}")));
            }
        }
        for component in self.active() {
            let (kind, code) = (component.id.kind.as_str(), component.code.as_ref());
            judged.extend([code.to_owned(), format!("{kind}/{code}")]);
            used.extend(self.below(&self.desired.layout.folder(component)));
        }
        for path in self.below("") {
            let text = self.text(&path);
            let included =
                text.split("!include ").skip(1).chain(text.split("!include.raw ").skip(1));
            used.extend(included.filter_map(|rest| rest.split_whitespace().next().map(Into::into)));
            let shared = text.split("../definitions.json#").count() > 1;
            used.extend(shared.then(|| format!("{SCHEMAS}definitions.json")));
            let named = path.strip_prefix(SCHEMAS).and_then(|rule| rule.rsplit_once('.'));
            let applies = named.is_some_and(|(rule, _)| match rule.split_once('/') {
                Some(("component-schemas", of)) => judged.contains(of),
                Some((folder, _)) => folder == "stack-schemas",
                None => false,
            });
            used.extend((applies || path.starts_with("stacks/workflows/")).then_some(path));
        }
        used
    }
}

#[test]
fn every_file_is_used() {
    let example = Example::new();
    let (used, all) = (example.used(), example.below(""));
    assert!(all.len() > 300, "{}", all.len());
    let unused: Vec<_> = all.into_iter().filter(|path| !used.contains(path)).collect();
    assert_eq!(unused, Vec::<String>::new());
}

#[test]
fn a_stack_hands_a_module_what_it_declares_and_nothing_else() {
    let example = Example::new();
    for component in example.terraform() {
        let declared = example.blocks(component, "variable");
        let vars = component.section("vars").and_then(Value::as_map).expect("vars");
        for (name, _) in vars.iter() {
            assert!(declared.contains_key(name.as_ref()), "{}: `{name}` is new", component.id);
        }
        let has_default = |block: &str| block.lines().any(|line| line.starts_with("  default "));
        for (name, block) in &declared {
            let given = vars.get(name).is_some() || has_default(block);
            assert!(given, "{}: nothing says `{name}`", component.id);
        }
    }
}

#[test]
fn an_output_that_is_asked_for_exists_and_has_a_stand_in() {
    let example = Example::new();
    let mut asked = 0;
    for question in example.active().flat_map(|component| &component.questions) {
        let [name, stack, output] = &question.arguments[..] else { continue };
        let found = example.terraform().find(|component| {
            component.id.name.as_str() == name.as_ref()
                && component.id.stack.as_str() == stack.as_ref()
        });
        let found = found.unwrap_or_else(|| panic!("{question}: there is no such component"));
        let output = output.trim_start_matches('.');
        let output = output.split(['.', '[']).next().expect("a first word");
        assert!(example.blocks(found, "output").contains_key(output), "{question}");
        let stand_in = found.section("mocks").and_then(|mocks| mocks.get(output));
        assert!(stand_in.is_some(), "{question}: it has no mock");
        asked += 1;
    }
    assert!(asked > 100, "{asked}");
}

#[test]
fn modules_share_their_context_and_each_has_a_rule() {
    let example = Example::new();
    let codes: BTreeSet<_> = example.terraform().map(|component| &component.code).collect();
    for code in codes {
        for file in ["context.tf", "versions.tf"] {
            let own = example.text(&format!("components/terraform/{code}/{file}"));
            let shared = example.text(&format!("components/terraform/vpc/{file}"));
            assert_eq!(own, shared, "{code}/{file}");
        }
        let rule = format!("{SCHEMAS}component-schemas/{code}.json");
        assert!(example.snapshot.entry(&rule).is_some(), "{rule} is missing");
    }
}

#[test]
fn no_two_networks_overlap() {
    let example = Example::new();
    let mut ranges = BTreeMap::new();
    for component in example.terraform().filter(|component| component.code.as_ref() == "vpc") {
        let cidr = component.section("vars").and_then(|vars| vars.get("cidr")?.as_str());
        let cidr = cidr.unwrap_or_else(|| panic!("{} has no range", component.id));
        // Two ranges of the same length overlap only if they are equal.
        assert!(cidr.starts_with("10.") && cidr.ends_with(".0.0/16"), "{}: {cidr}", component.id);
        let other = ranges.insert(cidr.to_owned(), &component.id);
        assert!(other.is_none(), "{} and {other:?} are both in {cidr}", component.id);
    }
    let plan = example.text("tables/address-plan.yaml");
    let planned = plan.lines().filter(|line| line.contains("/16")).count();
    assert_eq!(ranges.len(), planned, "a range of the plan belongs to nobody");
}

#[test]
fn workflows_name_what_is_there() {
    let example = Example::new();
    let mut named = 0;
    for path in example.below("stacks/workflows") {
        let text = example.text(&path);
        let stacks = text.lines().filter_map(|line| line.trim().strip_prefix("stack: "));
        for stack in stacks {
            let known = example.desired.stacks.keys().any(|known| known.as_str() == stack);
            assert!(known, "{path}: there is no stack {stack}");
            named += 1;
        }
        let commands = text.lines().filter_map(|line| line.split_once("command: "));
        for (_, command) in commands {
            let words: Vec<_> = command.split_whitespace().collect();
            let (["terraform", _, name] | ["validate", "component", name]) = words[..] else {
                continue;
            };
            let known = example.terraform().any(|component| component.id.name.as_str() == name);
            assert!(known || name.starts_with('-'), "{path}: there is no component {name}");
        }
    }
    assert!(named > 5, "{named}");
}
