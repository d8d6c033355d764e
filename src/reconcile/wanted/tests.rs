use super::*;
use crate::reconcile::Person;
use crate::report::describe::{Filter, Form, Pages, Stacks};

const ATMOS: &str = "stacks: {base_path: stacks, name_template: '{{ .vars.stage }}'}
components: {terraform: {base_path: components/terraform}}
templates: {settings: {enabled: true}}
";

/// Forty stacks; `asks` says what a component of the one with this number asks, if anything.
fn tree(asks: impl Fn(usize) -> Option<&'static str>) -> Snapshot {
    let stack = |at: usize| {
        let asked = asks(at).unwrap_or("nothing");
        let text = format!(
            "vars: {{stage: s{at:02}}}\ncomponents:\n  terraform:\n    net: {{remote_state_backend_type: static, \
             remote_state_backend: {{static: {{id: v-{at}}}}}}}\n    reader:\n      vars:\n        \
             asked: {asked}\n        own: '{{{{ .vars.stage }}}}'\n"
        );
        (format!("stacks/s{at:02}.yaml"), text.into_bytes())
    };
    let settings = ("atmos.yaml".to_owned(), ATMOS.as_bytes().to_vec());
    Snapshot::in_memory((0..40).map(stack).chain([settings]))
}

/// All stacks at once and one after the other come to the same, in both forms; the JSON of the
/// latter with what was found.
fn same(snapshot: &Snapshot) -> (String, Vec<Diagnostic>) {
    let environment = [("TAG".to_owned(), "v7".to_owned())].into();
    let reach = Reach::Person(Person { environment, ..Person::default() });
    let selection = Selection { unlinked: true, unexplained: true, ..Selection::default() };
    let filter = Filter::default();
    let all = resolved(&mut Resolver::new(snapshot), &selection, &reach);
    let stacks = Stacks { desired: &all.desired, filter: &filter, evaluated: true };
    let whole = serde_json::to_string_pretty(&stacks).unwrap() + "\n";

    let one_by_one = |form| {
        let pages = Pages::new(form);
        let mut written = Vec::new();
        let mut bound = pages.bound(&mut written);
        let page =
            |desired: &Desired| pages.page(&Stacks { desired, filter: &filter, evaluated: true });
        let mut resolver = Resolver::new(snapshot);
        let found = resolved_each(&mut resolver, &selection, &reach, page, |page| bound.put(page));
        bound.end().unwrap();
        let found = found.unwrap();
        assert_eq!(found.diagnostics, all.desired.diagnostics);
        assert_eq!(found.tree, all.tree);
        String::from_utf8(written).unwrap()
    };
    assert_eq!(one_by_one(Form::Json), whole);
    assert_eq!(one_by_one(Form::Yaml), serde_yaml::to_string(&stacks).unwrap());
    assert_eq!(whole.matches("atmos_component\"").count(), 80);
    (whole, all.desired.diagnostics)
}

#[test]
fn no_stacks_are_an_empty_map() {
    for (form, empty) in [(Form::Json, "{}\n"), (Form::Yaml, "{}\n")] {
        let mut out = Vec::new();
        let pages = Pages::new(form);
        let (desired, filter) = (Desired::default(), Filter::default());
        let stacks = Stacks { desired: &desired, filter: &filter, evaluated: true };
        let mut bound = pages.bound(&mut out);
        bound.put(pages.page(&stacks).unwrap()).unwrap();
        bound.end().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), empty);
    }
}

#[test]
fn stacks_one_after_the_other_come_to_the_same() {
    let (text, found) = same(&tree(|_| None));
    assert!(text.starts_with("{\n  \"s00\": {") && text.ends_with("}\n"), "{text}");
    assert_eq!(found, []);
}

/// What the environment answers, and what somebody has to know later.
#[test]
fn so_do_those_that_ask() {
    let (text, found) = same(&tree(|at| match at {
        3 | 20 | 39 => Some("!env TAG"),
        22 => Some("!store a b c"),
        _ => None,
    }));
    assert_eq!(text.matches("\"asked\": \"v7\"").count(), 3);
    assert_eq!(text.matches("(computed)").count(), 1);
    assert_eq!(found, []);
}

/// Outputs are in other stacks, those that were handed on and those that come.
#[test]
fn so_do_those_that_need_each_other() {
    let (text, found) = same(&tree(|at| match at {
        25 => Some("!terraform.output net s02 id"),
        30 => Some("!terraform.output net s39 id"),
        _ => None,
    }));
    assert!(text.contains("\"asked\": \"v-2\"") && text.contains("\"asked\": \"v-39\""), "{text}");
    assert_eq!(found, []);
}

/// A mistake in one of them is found once, and the others are handed on.
#[test]
fn a_mistake_in_one_holds_up_no_other() {
    let snapshot = tree(|at| (at == 17).then_some("!include gone.yaml"));
    let selection = Selection { unlinked: true, unexplained: true, ..Selection::default() };
    let reach = Reach::Person(Person::default());
    let mut counts = Vec::new();
    let count = |desired: &Desired| Ok(desired.components().count());
    let mut resolver = Resolver::new(&snapshot);
    let found = resolved_each(&mut resolver, &selection, &reach, count, |count| {
        counts.push(count);
        Ok(())
    });
    assert_eq!(found.unwrap().diagnostics.len(), 1);
    assert_eq!((counts.len(), counts.iter().sum::<usize>()), (40, 79));
}

/// Two trees come to the same stack by stack as each for itself; `None` if only as a whole.
fn same_pairs(trees: [&Snapshot; 2]) -> Option<String> {
    let environment = [("TAG".to_owned(), "v7".to_owned())].into();
    let reach = Reach::Person(Person { environment, ..Person::default() });
    let selection = Selection { unexplained: true, ..Selection::default() };
    let shown = |desired: &Desired| {
        let all = desired.components().map(|one| format!("{} {:?}\n", one.id, one.sections));
        all.collect::<String>()
    };
    let mut one = Resolver::new(trees[0]);
    let mut other = one.beside(trees[1]);
    let both = [(&mut one, &reach), (&mut other, &reach)];
    let (made, found) = resolved_pairs(both, &selection, |both| both.map(shown))?;
    let (mut first, mut second) = (String::new(), String::new());
    for [one, other] in made {
        first += &one;
        second += &other;
    }
    let wholes = trees.map(|tree| resolved(&mut Resolver::new(tree), &selection, &reach));
    assert_eq!([&first, &second], wholes.each_ref().map(|whole| shown(&whole.desired)).each_ref());
    for (found, whole) in found.iter().zip(&wholes) {
        assert_eq!(found.diagnostics, whole.desired.diagnostics);
    }
    Some(first + &second)
}

/// What the environment answers, in one tree or in both, and what nobody knows.
#[test]
fn two_trees_ask_each_for_itself() {
    let asking = |at: usize| match at {
        3 | 39 => Some("!env TAG"),
        22 => Some("!store a b c"),
        _ => None,
    };
    let later = |at: usize| if at == 20 { Some("!env TAG") } else { asking(at) };
    let text = same_pairs([&tree(asking), &tree(later)]).expect("no stack needs another");
    assert_eq!(text.matches("\"v7\"").count(), 5);
    assert_eq!(text.matches("unknown(").count(), 2);
}

/// An output is in another stack: who forgets stacks cannot know it.
#[test]
fn outputs_of_other_stacks_need_both_trees_as_a_whole() {
    let reads = |at: usize| (at == 25).then_some("!terraform.output net s02 id");
    assert_eq!(same_pairs([&tree(reads), &tree(|_| None)]), None);
}
