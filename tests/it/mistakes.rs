//! Twelve mistakes at once are twelve findings at their places, and the whole stacks stay whole.
//! One line of a mixin affects exactly the components that it reaches.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use isobar::diagnostic::Code;
use serde_json::Value as Json;

use crate::cli::example;
use crate::cli::process::isobar;
use crate::cli::session::{Session, normal};

/// A new file, or a text in one that is there and what takes its place.
enum Break {
    Add(&'static str, &'static str),
    Change(&'static str, &'static str, &'static str),
}

/// One mistake each, each in a file of its own.
const MISTAKES: &[Break] = &[
    Break::Add("import", "import: [catalogs/platform/argocd/defualts]\n"),
    Break::Add("section", "components: { helm: { argocd: { values: [1, 2] } } }\n"),
    Break::Add("cycle", "import: [catalogs/ring]\n"),
    Break::Add(
        "inherit",
        "components:\n  terraform:\n    one: { metadata: { type: abstract, inherits: [two] } }\n    \
         two: { metadata: { type: abstract, inherits: [one] } }\n",
    ),
    Break::Add(
        "key",
        "components:\n  terraform:\n    vpc: { varz: { size: 1 }, \
         vars: { cidr: 10.9.0.0/16, availability_zones: [eu-west-1a, eu-west-1b] } }\n",
    ),
    Break::Add("twice", "terraform: { vars: { team: a, team: b } }\n"),
    Break::Add(
        "base",
        "components:\n  terraform:\n    vpc: { metadata: { inherits: [vpc/none] } }\n",
    ),
    Break::Add("yaml", "components:\n  terraform: [\n"),
    Break::Add(
        "template",
        "components:\n  terraform:\n    vpc: { vars: { name: '{{ .vars.tenant | nosuch }}' } }\n",
    ),
    Break::Add(
        "needs",
        "components:\n  terraform:\n    vpc: { dependencies: { components: [{ component: vcp }] } }\n",
    ),
    Break::Add(
        "reconcile",
        "components:\n  terraform:\n    vpc: { settings: { reconcile: { manage: corect } } }\n",
    ),
    Break::Change("isobar.yaml", "unknown_keys: warn", "unknown_keys: wran"),
];

/// What a stack of its own begins with.
fn head(name: &str) -> String {
    format!(
        "vars: {{ tenant: mistake, account: a, region: r, environment: {name} }}\n\
         settings: {{ reconcile: {{ target: mistakes }} }}\n"
    )
}

fn break_it(repository: &Path) {
    break_with(repository, MISTAKES);
    // They are no stacks of this repository, and not having its names is no mistake of theirs.
    let rules = repository.join("stacks/_globals/schemas/stack-schemas");
    fs::remove_dir_all(rules).expect("removed");
    let ring = repository.join("stacks/catalogs/ring.yaml");
    fs::write(ring, "import: [catalogs/ring]\n").expect("written");
}

fn break_with(repository: &Path, mistakes: &[Break]) {
    for mistake in mistakes {
        match mistake {
            Break::Add(name, text) => {
                let folder = repository.join("stacks/deployments/mistakes").join(name);
                fs::create_dir_all(&folder).expect("a folder");
                fs::write(folder.join("_stack.yaml"), head(name) + text).expect("written");
            }
            Break::Change(path, from, to) => {
                let path = repository.join(path);
                let text = fs::read_to_string(&path).expect("a file");
                assert!(text.contains(from), "{from} is not in {}", path.display());
                fs::write(&path, text.replacen(from, to, 1)).expect("written");
            }
        }
    }
}

#[test]
fn every_mistake_is_one_finding_at_its_place() {
    let (_keep, repository) = example();
    break_it(&repository);
    let mut session = Session::in_folder(&repository);
    assert_eq!(session.run("check"), 1);
    session.is("mistakes");

    let found = isobar(["check", "--json"]).run(&repository);
    let found: Json = serde_json::from_str(&found.stdout).expect("JSON");
    let places: Vec<_> = found["diagnostics"].as_array().expect("a list").iter().collect();
    assert_eq!(places.len(), MISTAKES.len(), "{}", normal(&found.to_string(), &repository));
    for found in places {
        let text = |key: &str| found[key].as_str().expect("a text");
        let code = Code::ALL.iter().find(|code| code.as_str() == text("code")).expect("a code");
        assert!(!text("hint").is_empty(), "{found}");
        // Of a ring nobody but its author knows where to cut it; all else is told in particular.
        let is_ring = matches!(code, Code::ImportCycle | Code::InheritCycle);
        assert_eq!(text("hint") == code.hint(), is_ring, "{found}");
    }
}

/// A stack in which `rds` reads what `kms` gives.
const READER: &str = "fnx-production-us-west-2-prod-01";

/// One mistake each, in what many stacks and components are made of.
const FAR: &[Break] = &[
    Break::Change(
        "stacks/catalogs/infrastructure/security/kms/defaults.yaml",
        "inherits: [layer/core]",
        "inherits: [layer/nosuch, layer/core]",
    ),
    Break::Change(MIXIN, "vars:\n", "vars:\n  half: '{{ .vars.tenant '\n"),
];

/// What follows from a mistake is not told beside it: who reads what does not resolve, a stack that
/// lacks it, a stack whose name was in what is not imported.
#[test]
fn a_mistake_that_much_follows_from_is_one_finding() {
    for mistake in FAR {
        let (_keep, repository) = example();
        break_with(&repository, std::slice::from_ref(mistake));
        let Break::Change(path, ..) = mistake else { panic!("a file that is there") };
        let found = isobar(["check", "--json"]).run(&repository);
        assert_eq!(found.code(), 1, "{}", found.said());
        let found: Json = serde_json::from_str(&found.stdout).expect("JSON");
        let found = found["diagnostics"].as_array().expect("a list");
        let files: Vec<_> = found.iter().map(|found| found["span"]["file"].as_str()).collect();
        assert_eq!(files, [Some(*path)], "{found:#?}");
    }
    // Whoever asks for one that does not resolve for it is told all the same.
    let (_keep, repository) = example();
    break_with(&repository, &FAR[..1]);
    let held = isobar(["describe", "component", "rds", "-s", READER]).run(&repository);
    assert!(held.stderr.contains("does not resolve"), "{}", held.said());
    let (_keep, repository) = example();
    fs::remove_file(repository.join("stacks/mixins/regions/us-west-2.yaml")).expect("removed");
    let found = isobar(["check", "--json"]).run(&repository);
    let found: Json = serde_json::from_str(&found.stdout).expect("JSON");
    let found = found["diagnostics"].as_array().expect("a list");
    let is_import = |found: &Json| found["code"] == "import-not-found";
    assert!(!found.is_empty() && found.iter().all(is_import), "{found:#?}");
}

/// A stack that no mistake is in.
const WHOLE: &str = "fnx-production-us-east-1-prod-dr";

#[test]
fn stacks_without_a_mistake_are_planned_as_ever() {
    let (_keep, repository) = example();
    let before = isobar(["plan", WHOLE]).run(&repository);
    assert_eq!(before.code(), 0, "{}", before.said());
    break_it(&repository);
    // The repository's own rules are one of the broken files: without them all is observed.
    fs::copy(rules(), repository.join("isobar.yaml")).expect("a copy");
    let after = isobar(["plan", WHOLE]).run(&repository);
    assert_eq!(after.code(), 1, "{}", after.said());
    let stack = |text: &str| -> String {
        let text = normal(text, &repository);
        let (_, stack) = text.split_once("\n\n").unwrap_or_else(|| panic!("{text}"));
        stack.to_owned()
    };
    assert_eq!(stack(&after.stdout), stack(&before.stdout));
    assert!(before.stdout.contains("+ create"), "{}", before.said());
    // They are applied as ever, too, and whoever asks is told of the others.
    let applied = isobar(["apply", "--local", "--yes", WHOLE]).run(&repository);
    assert_eq!(applied.code(), 1, "{}", applied.said());
    assert!(
        applied.stdout.contains(&format!("{WHOLE}: applied as predicted")),
        "{}",
        applied.said()
    );
}

fn rules() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples-repo/isobar.yaml")
}

const MIXIN: &str = "stacks/mixins/tenants/fnx.yaml";

#[test]
fn a_changed_mixin_changes_exactly_what_it_reaches() {
    let (_keep, repository) = example();
    // What is locked, and the sandbox, are shown and not applied.
    isobar(["apply", "--local", "--yes"]).run(&repository);
    let resting = changed(&repository);
    let rests = |id: &String| {
        let locked = ["/assets-bucket", "/organizations"].iter().any(|end| id.ends_with(end));
        locked || id.starts_with("acme-sandbox-")
    };
    assert!(!resting.is_empty() && resting.iter().all(rests), "{resting:?}");

    // Whatever the mixin's value has come to is there to be read.
    let reached = holding(&repository, "fnx-shop");
    assert!(reached.len() > 10, "{reached:?}");
    let mixin = repository.join(MIXIN);
    let text = fs::read_to_string(&mixin).expect("a file");
    assert!(text.contains("cost_center: fnx-shop"), "{text}");
    fs::write(&mixin, text.replace("cost_center: fnx-shop", "cost_center: fnx-retail"))
        .expect("written");
    let reached: BTreeSet<_> = reached.union(&resting).cloned().collect();
    assert_eq!(changed(&repository), reached);
}

/// The components in which a plan of the folder has a change.
fn changed(repository: &Path) -> BTreeSet<String> {
    let planned = isobar(["plan", "--json"]).run(repository);
    let planned: Json = serde_json::from_str(&planned.stdout).expect("JSON");
    let stacks = planned["stacks"].as_array().expect("a list");
    let changes = stacks.iter().flat_map(|stack| stack["changes"].as_array().expect("a list"));
    changes.map(|change| change["component"].as_str().expect("an id").to_owned()).collect()
}

/// The components of which a file at a target holds `text`, by the targets' own marks.
fn holding(repository: &Path, text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for target in fs::read_dir(repository.join(".isobar/targets")).expect("a folder") {
        let target = target.expect("an entry").path();
        let mark = fs::read(target.join(".isobar/local@this.json")).expect("a mark");
        let mark: Json = serde_json::from_slice(&mark).expect("JSON");
        for (path, owned) in mark["resources"].as_object().expect("a map") {
            let held = fs::read_to_string(target.join(path)).expect("what the mark names");
            let id = &owned["component"];
            let part = |key: &str| id[key].as_str().expect("a name").to_owned();
            if held.contains(text) {
                found.insert([part("stack"), part("kind"), part("name")].join("/"));
            }
        }
    }
    found
}
