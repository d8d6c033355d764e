//! A resolver that goes on from snapshot to snapshot says what one says that starts there.

use std::fmt::Write as _;

use super::{flow, shown};
use crate::model::desired::{Component, Desired, Presence};
use crate::model::question::{Answer, Answers, Question};
use crate::model::value::{Node, Value};
use crate::pattern::StackPattern;
use crate::source::Snapshot;
use crate::stacks::{Resolution, Resolver, Selection};

/// Files of a repository, each with everything it may say; an empty text: it is not there.
pub(super) const FILES: &[(&str, &[&str])] = &[
    (
        "atmos.yaml",
        &[
            "stacks: {base_path: stacks, included_paths: ['deploy/**/*'], name_template: '{{ .vars.stage }}'}\ntemplates: {settings: {enabled: true, sprig: {enabled: true}}}\n",
            "stacks: {base_path: stacks, included_paths: ['deploy/**/*'], name_template: 'x-{{ .vars.stage }}'}\nenv: {LOW: 1}\n",
            "stacks: {base_path: stacks, name_pattern: '{stage}'}\nsettings: {list_merge_strategy: append}\n",
        ],
    ),
    (
        "stacks/deploy/a.yaml",
        &[
            "import: [catalog/*, mixins/one]\nvars: {stage: a}\n",
            "import: [catalog/vpc, {path: catalog/net, context: {size: 3}}]\nvars: {stage: a, own: '{{ .vars.shared }}'}\nterraform: {overrides: {vars: {over: a}}}\n",
            "import: [mixins/one, catalog/vpc]\nlocals: {l: here}\nvars: {stage: a, l: '{{ .locals.l }}'}\n",
            "import: [catalog/missing]\nvars: {stage: a}\n",
            "vars: {stage: a\n",
            "",
        ],
    ),
    (
        "stacks/deploy/b.yaml",
        &[
            "import: [mixins/one, catalog/vpc, catalog/rendered]\nvars: {stage: b}\ncomponents: {terraform: {db: {vars: {x: 1}, settings: {depends_on: {1: {component: vpc, stage: a}}}}, called: {vars: {y: !env Y}}, asked: {vars: {y: '{{ env \"Y\" }}'}, settings: {depends_on: {1: {component: called}}}}}}\n",
            "import: [catalog/vpc]\nvars: {stage: b}\ncomponents: {terraform: {vpc: {vars: {stage: a}}}}\n",
            "import: [catalog/vpc]\nvars: {stage: b}\ncomponents: {terraform: {db: {component: code, vars: {y: !env Y}}}}\n",
            "",
        ],
    ),
    (
        "stacks/deploy/c.yaml",
        &[
            "",
            "import: [catalog/vpc]\nvars: {stage: a}\ncomponents: {terraform: {other: {settings: {depends_on: {1: {component: vpc}}}}}}\n",
            "vars: {stage: c}\ncomponents: {terraform: {vpc: {settings: {depends_on: {1: {component: db, stack: b}}}}}}\n",
        ],
    ),
    (
        "stacks/catalog/vpc.yaml",
        &[
            "components: {terraform: {vpc: {metadata: {inherits: [base]}, vars: {list: [1, 2]}}, base: {metadata: {type: abstract}, vars: {b: 1, t: '{{ .vars.stage }}'}}}}\n",
            "components: {terraform: {vpc: {metadata: {inherits: [bse]}}}}\n",
            "import: [catalog/net]\ncomponents: {terraform: {vpc: {vars: {table: !include table.yaml .a}}}}\n",
            "",
        ],
    ),
    (
        "stacks/catalog/net.yaml",
        &[
            "vars: {shared: 1}\n",
            "vars: {shared: 2, size: '{{ .size }}'}\nvarz: {}\n",
            "import: [catalog/vpc]\n",
            "",
        ],
    ),
    (
        "stacks/catalog/rendered.yaml.tmpl",
        &[
            "",
            "{{ if true }}\nvars: {rendered: {{ add 1 2 }}}\n{{ end }}",
            "vars: {rendered: '{{ nothing }}'}\n",
        ],
    ),
    (
        "stacks/mixins/one.yaml",
        &[
            "settings: {depth: {a: 1, b: 2}}\n",
            "settings: {list_merge_strategy: append}\nvars: {list: [0]}\n",
            "settings: {list_merge_strategy: apend}\n",
            "- 1\n",
            "",
        ],
    ),
    ("table.yaml", &["a: {b: 1}\n", "a: 2\n", ""]),
    ("components/terraform/code/main.tf", &["", "x\n"]),
    ("README.md", &["", "x\n", "y\n"]),
    (
        "isobar.yaml",
        &["", "version: 1\n", "version: 1\nstrictness: {unknown_keys: deny}\n", "- 1\n"],
    ),
];

/// Numbers from a seed.
pub(super) struct Seeded(pub(super) u64);

impl Seeded {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }
}

#[test]
fn going_on_is_the_same_as_starting_anew() {
    let mut faulty = 0;
    for seed in 0..12 {
        let mut seeded = Seeded(seed);
        let mut chosen = vec![0; FILES.len()];
        let mut resolver = Resolver::new(&snapshot(&chosen));
        for step in 0..40 {
            for _ in 0..=seeded.below(2) {
                // What steers everything changes rarely: else nothing would ever be kept.
                let file =
                    if seeded.below(10) == 0 { 0 } else { 1 + seeded.below(FILES.len() - 1) };
                // What a file says first is right; mostly it is that.
                let other = seeded.below(5) == 0;
                chosen[file] = if other { seeded.below(FILES[file].1.len()) } else { 0 };
            }
            let snapshot = snapshot(&chosen);
            let (selection, answers) = (selection(&mut seeded), answers(&mut seeded));
            resolver.advance(&snapshot);
            // As when answers are found to what was asked first.
            if seeded.below(2) == 0 {
                resolver.resolve(&selection, &Answers::new());
            }
            let kept = resolver.resolve(&selection, &answers);
            let fresh = Resolver::new(&snapshot).resolve(&selection, &answers);
            faulty += usize::from(!fresh.desired.is_complete());
            assert_eq!(all(&kept), all(&fresh), "seed {seed}, step {step}, files {chosen:?}");
        }
    }
    assert!((50..400).contains(&faulty), "{faulty} of 480 are broken: neither none nor all");
}

pub(super) fn snapshot(chosen: &[usize]) -> Snapshot {
    let files = FILES.iter().zip(chosen).map(|((path, texts), at)| (*path, texts[*at]));
    let files = files.filter(|(_, text)| !text.is_empty());
    Snapshot::in_memory(files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())))
}

fn selection(seeded: &mut Seeded) -> Selection {
    let glob = |text| vec![StackPattern::new(text).expect("a glob")];
    let components = |name| vec![crate::ids::ComponentName::new(name).expect("a name")];
    match seeded.below(6) {
        0 => Selection { stacks: glob("a"), ..Selection::default() },
        1 => Selection { components: components("vpc"), unlinked: true, ..Selection::default() },
        2 => Selection::to_apply(),
        _ => Selection::all(),
    }
}

/// The same context at another line is another place that values were made of.
#[test]
fn what_a_value_was_made_of_moves_with_it() {
    let files = |above: &str| {
        let text = format!(
            "{}--- stacks/text.yaml
vars: {{text: '{{{{ .size }}}}'}}
--- stacks/whole.yaml.tmpl
{{{{ if true }}}}
vars: {{whole: {{{{ .size }}}}}}
{{{{ end }}}}
--- stacks/deploy/a.yaml
{above}import:
  - {{path: text, context: {{size: 3}}}}
  - {{path: whole, context: {{size: 3}}}}
vars: {{stage: a}}
components: {{terraform: {{x: {{}}}}}}
",
            crate::stacks::tests::ATMOS
        );
        crate::stacks::tests::snapshot(&text)
    };
    let mut resolver = Resolver::new(&files(""));
    for above in ["", "# one\n", "# one\n# two\n", ""] {
        resolver.advance(&files(above));
        let kept = all(&resolver.resolve(&Selection::all(), &Answers::new()));
        let fresh = Resolver::new(&files(above)).resolve(&Selection::all(), &Answers::new());
        assert_eq!(kept, all(&fresh));
        let line = 2 + above.lines().count();
        let places = [(line, 34), (line + 1, 35)];
        for (line, column) in places {
            let place = format!("[\"stacks/deploy/a.yaml:{line}:{column}\"]");
            assert!(kept.contains(&place), "{place} in {kept}");
        }
    }
}

/// What may be applied is the same, whether what may not is worked out or not.
#[test]
fn what_is_to_be_applied_is_part_of_everything() {
    let example = crate::source::folder_snapshot(std::path::Path::new("examples-repo"));
    let example = example.expect("it is there");
    let resolve = |selection| Resolver::new(&example).resolve(&selection, &Answers::new());
    let (all, part) = (resolve(Selection::all()), resolve(Selection::to_apply()));
    let active = |resolution: &Resolution| {
        let active = resolution.desired.components().filter(|c| c.presence != Presence::Abstract);
        // Nobody asks where values of what is applied come from.
        let plain = active.map(|one| Component { layers: Vec::new(), ..one.clone() });
        plain.map(|component| format!("{component:?}")).collect::<Vec<_>>()
    };
    assert!(active(&part).len() > 100);
    assert_eq!(active(&part), active(&all));
    assert_eq!(part.desired.diagnostics, all.desired.diagnostics);
    let names = |resolution: &Resolution| {
        let components = resolution.desired.components();
        components.map(|c| (c.id.clone(), c.presence)).collect::<Vec<_>>()
    };
    assert_eq!(names(&part), names(&all));
}

/// Once more is known, calls give what they would have given had it been known at once.
#[test]
fn calling_again_is_the_same_as_calling_late() {
    let example = crate::source::folder_snapshot(std::path::Path::new("examples-repo"));
    let example = example.expect("it is there");
    for selection in [Selection::to_apply(), Selection::all()] {
        let mut resolver = Resolver::new(&example);
        let questions = resolver.resolve(&selection, &Answers::new()).questions;
        assert!(questions.len() > 100);
        let mut seeded = Seeded(11);
        let answer = |seeded: &mut Seeded| match seeded.below(8) {
            0 => Answer::Later,
            1 => Answer::Failed("it broke".to_owned()),
            2 => Answer::Refused("it may not".to_owned()),
            _ => Answer::Value(Value::text("answered")),
        };
        let mut answers = Answers::new();
        // In three parts, so that some wait for longer than others.
        for part in 0..3 {
            let known = questions.iter().enumerate().filter(|(at, _)| at % 3 == part);
            answers.extend(known.map(|(_, question)| (question.clone(), answer(&mut seeded))));
            let again = resolver.resolve(&selection, &answers);
            let anew = Resolver::new(&example).resolve(&selection, &answers);
            assert!(all(&again) == all(&anew), "part {part}: it is not the same");
        }
    }
}

pub(super) fn answers(seeded: &mut Seeded) -> Answers {
    let question = Question { function: "env".into(), arguments: vec!["Y".into()] };
    match seeded.below(10) {
        0..4 => Answers::new(),
        4..9 => Answers::from([(question, Answer::Value(Value::text("answered")))]),
        _ => Answers::from([(question, Answer::Refused("no".to_owned()))]),
    }
}

/// Where everything in the value is written, and what it was made of.
fn put_places(desired: &Desired, value: &Value, text: &mut String) {
    let span = |origin| desired.files.span(origin).map(|at| at.to_string()).unwrap_or_default();
    let made_of = desired.files.made_of(value.origin).into_iter().map(span).collect::<Vec<_>>();
    let _ = write!(text, " {}{made_of:?}", span(value.origin));
    match &value.node {
        Node::List(items) => items.iter().for_each(|item| put_places(desired, item, text)),
        Node::Map(map) => map.iter().for_each(|(_, child)| put_places(desired, child, text)),
        _ => {}
    }
}

/// Everything there is to see, places included.
fn all(resolution: &Resolution) -> String {
    let mut text = shown(resolution) + &seen(resolution);
    let desired = &resolution.desired;
    for found in desired.diagnostics.iter().chain(&resolution.tree) {
        let _ = writeln!(text, "{found:?}");
    }
    let _ = writeln!(text, "{:?}", desired.nameless);
    text
}

/// Everything there is to see of stacks, places included.
pub(super) fn seen(resolution: &Resolution) -> String {
    format!("{:?}\n{}", resolution.questions, seen_of(&resolution.desired))
}

/// The same without questions.
pub(super) fn seen_of(desired: &Desired) -> String {
    let mut text = String::new();
    let span = |origin| desired.files.span(origin).map(|span| span.to_string()).unwrap_or_default();
    for stack in desired.stacks.values() {
        let _ = writeln!(text, "{} {:?} {:?}", stack.name, stack.manifests, stack.target);
        let _ = writeln!(text, "{:?}", stack.unresolved);
    }
    for one in desired.components() {
        let places: Vec<_> = one.dependencies.iter().map(|it| (&it.on, span(it.origin))).collect();
        let _ = writeln!(text, "{} {places:?} {:?}", one.id, one.questions);
        let _ = writeln!(text, "{} {:?}", flow(&one.sections), one.presence);
        for layer in &one.layers {
            let value = &layer.value;
            let _ = writeln!(
                text,
                "  {} {:?} {:?} {}",
                layer.section,
                layer.reach,
                layer.imports,
                flow(value)
            );
            put_places(desired, value, &mut text);
        }
    }
    text
}
