//! A look at one stack says of it what a look at everything says.

use super::advance::{Seeded, seen};
use super::{ATMOS, examples, snapshot};
use crate::model::question::Answers;
use crate::pattern::StackPattern;
use crate::source::Snapshot;
use crate::stacks::{Resolver, Selection};

/// Files of a repository, each with everything it may say.
const FILES: &[(&str, &[&str])] = &[
    (
        "stacks/deploy/a.yaml",
        &[
            "import:\n  - mixins/one\n  - catalog/vpc\nvars:\n  stage: a\n",
            "name: b\nimport:\n  - catalog/db\ncomponents:\n  terraform:\n    vpc:\n      vars:\n        own: 1\n",
            "import:\n  - catalog/vpc\nterraform:\n  vars:\n    stage: a\nhelmfile:\n  vars:\n    stage: b\ncomponents:\n  helmfile:\n    db:\n      vars:\n        own: 1\n",
            "import:\n  - catalog/db\nvars:\n  stage: a\noverrides:\n  vars:\n    stage: c\n",
            "import:\n  - catalog/lost\nvars:\n  stage: a\n",
        ],
    ),
    (
        "stacks/deploy/b.yaml",
        &[
            "import:\n  - catalog/vpc\n  - catalog/db\nvars:\n  stage: b\n",
            "import:\n  - catalog/vpc\nvars:\n  stage: b\ncomponents:\n  terraform:\n    vpc:\n      vars:\n        stage: a\n",
            "import:\n  - catalog/db\nvars:\n  stage: b\ncomponents:\n  terraform:\n    vpc:\n      metadata:\n        inherits:\n          - moved\n",
            "import:\n  - catalog/vpc\nvars:\n  stage: b\ncomponents:\n  terraform:\n    db:\n      vars:\n        text: 'it''s\n          long: no'\n",
            "import:\n  - catalog/vpc\nvars: &all\n  stage: b\ncomponents:\n  terraform:\n    db:\n      vars: *all\n",
            "vars:\n  stage: b\ncomponents:\n  terraform:\n    db:\n      vars:\n   broken: [\n",
        ],
    ),
    (
        "stacks/deploy/c.yaml",
        &[
            "import:\n  - path: catalog/made\n    context:\n      to: a\nvars:\n  stage: c\n",
            "import:\n  - catalog/vpc\nvars:\n  stage: a\ncomponents: # of c\n  terraform:\n# none yet\n\n    db:\n      vars:\n        own: [1, 2]\nsettings:\n  behind: 1\n",
            "import:\n  - mixins/many\n  - mixins/stage\n  - catalog/db\ncomponents:\n  terraform:\n    db:\n      vars:\n        own: 1\n",
            "vars:\n  name: c\ncomponents:\n  terraform:\n    db:\n      vars:\n        own: 1\n",
            "",
        ],
    ),
    (
        "stacks/catalog/vpc.yaml",
        &[
            "components:\n  terraform:\n    vpc:\n      vars:\n        size: 1\n",
            "import:\n  - catalog/db\ncomponents:\n  terraform:\n    vpc:\n      metadata:\n        inherits:\n          - db\n      vars:\n        zone: '{{ .vars.stage }}'\n",
        ],
    ),
    (
        "stacks/catalog/db.yaml",
        &[
            "components:\n  terraform:\n    db:\n      vars:\n        size: 2\n    moved:\n      metadata:\n        type: abstract\n",
            "components:\n  terraform:\n    db:\n      vars:\n        size: 2\n    moved:\n      metadata:\n        type: abstract\n      vars:\n        stage: a\n",
            // Only the first document counts.
            "components:\n  terraform:\n    db:\n      vars:\n        size: 2\n---\nvars:\n  stage: c\n",
            "components:\n  terraform:\n    db:\n      settings:\n        list: [{a: 1}]\n    moved:\n      overrides:\n        vars:\n          stage: a\n",
        ],
    ),
    ("stacks/mixins/stage.yaml", &["vars:\n  stage: a\n"]),
    ("stacks/mixins/many.yaml", &["import:\n  - mixins/on*\nvars:\n  stage: b\n"]),
    (
        "stacks/catalog/made.yaml",
        &[
            "vars:\n  to: '{{ .to }}'\ncomponents:\n  terraform:\n    vpc:\n      vars:\n        stage: '{{ .to }}'\n",
        ],
    ),
    ("stacks/mixins/one.yaml", &["vars:\n  shared: 1\nsettings:\n  depth:\n    a: 1\n", ""]),
];

#[test]
fn a_look_at_one_component_of_the_example_is_the_same() {
    let snapshot = examples();
    let (looks, narrow) = agree(&snapshot, 9);
    assert!(looks > 40 && narrow == looks, "{narrow} of {looks}");
}

#[test]
fn so_is_one_whatever_the_manifests_say() {
    let (mut looks, mut narrow) = (0, 0);
    for seed in 0..200 {
        let mut seeded = Seeded(seed);
        let mut files = ATMOS.to_owned();
        for (path, texts) in FILES {
            // What a file says first lets its components be left unread.
            let other = seeded.below(2) == 0;
            let text = if other { texts[seeded.below(texts.len())] } else { texts[0] };
            if !text.is_empty() {
                files += &format!("--- {path}\n{text}");
            }
        }
        let (all, less) = agree(&snapshot(&files), 1);
        looks += all;
        narrow += less;
    }
    assert!(looks > 500 && narrow * 5 > looks, "{narrow} of {looks}");
}

/// Looks at one component of `step` by itself and among all: how many there were, and of how many
/// no more than a part of the manifests was read.
fn agree(snapshot: &Snapshot, step: usize) -> (usize, usize) {
    let mut whole = Resolver::new(snapshot);
    let unlinked = Selection { unlinked: true, ..Selection::default() };
    let all = whole.resolve(&unlinked, &Answers::new()).desired;
    let (mut looks, mut narrow) = (0, 0);
    for stack in all.stacks.values() {
        let names = stack.components.keys().chain(stack.unresolved.keys()).map(|(_, name)| name);
        for name in names.step_by(step) {
            let selection = Selection {
                stacks: vec![StackPattern::exactly(stack.name.as_str())],
                components: vec![name.clone()],
                ..unlinked.clone()
            };
            let among = whole.resolve(&selection, &Answers::new());
            let mut looking = Resolver::looking(snapshot, &selection);
            let part = looking.resolve(&selection, &Answers::new());
            assert!(!part.desired.stacks.is_empty(), "{} {name}", stack.name);
            assert_eq!(seen(&part), seen(&among), "{} {name}", stack.name);
            let is_known = |found| among.desired.diagnostics.contains(found);
            assert!(part.desired.diagnostics.iter().all(is_known), "{} {name}", stack.name);
            looks += 1;
            let read = looking.narrow.as_ref().map(|part| part.parents.len());
            narrow += usize::from(read.is_some_and(|read| read < whole.parents.len()));
        }
    }
    (looks, narrow)
}

const BROKEN_ELSEWHERE: &str = "--- stacks/deploy/a.yaml
vars:
  stage: a
components:
  terraform:
    vpc: {}
--- stacks/deploy/b.yaml
vars:
  stage: b
components:
  terraform:
    vpc:
      vars:
        size: 1
        size: 2
";

#[test]
fn what_is_wrong_in_another_stack_is_found_once_that_is_asked_for() {
    let snapshot = snapshot(&format!("{ATMOS}{BROKEN_ELSEWHERE}"));
    let selection = |stack| Selection {
        stacks: vec![StackPattern::exactly(stack)],
        unlinked: true,
        ..Selection::default()
    };
    let mut resolver = Resolver::looking(&snapshot, &selection("a"));
    let mut found = |selection| {
        let desired = resolver.resolve(&selection, &Answers::new()).desired;
        (desired.diagnostics.len(), desired.stacks.keys().map(ToString::to_string).collect())
    };
    assert_eq!(found(selection("a")), (0, vec!["a".to_owned()]));
    assert_eq!(found(Selection::default()), (1, vec!["a".to_owned()]));
    assert_eq!(found(selection("a")), (1, vec!["a".to_owned()]));
}
