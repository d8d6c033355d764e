//! What holds for every repository, shown on the example.

use super::{examples, shown, snapshot};
use crate::model::question::Answers;
use crate::pattern::StackPattern;
use crate::source::Snapshot;
use crate::stacks::{Lists, Selection, fold, resolve};

#[test]
fn the_example_resolves_without_a_finding() {
    let desired = resolve(&examples(), &Selection::all(), &Answers::new()).desired;
    let found: Vec<_> =
        desired.diagnostics.iter().map(|d| format!("{} {}", d.span, d.message)).collect();
    assert_eq!(found, Vec::<String>::new());
    assert!(desired.is_complete());
    assert_eq!(desired.stacks.len(), 20);
    assert!(desired.stacks.values().all(|stack| stack.target.is_some()));
}

#[test]
fn folding_the_layers_gives_the_sections() {
    let desired = resolve(&examples(), &Selection::all(), &Answers::new()).desired;
    assert!(desired.components().count() > 200);
    for component in desired.components() {
        let folded = fold(&component.layers, Lists::Replace);
        assert_eq!(folded, component.sections, "{}", component.id);
    }
}

#[test]
fn the_order_of_files_does_not_matter() {
    let forward = examples();
    let mut files: Vec<_> = forward
        .entries()
        .map(|(path, _)| {
            let bytes = forward.bytes(path, u64::MAX).expect("complete").expect("there");
            (path.to_string(), bytes.to_vec())
        })
        .collect();
    files.reverse();
    let backward = Snapshot::in_memory(files);
    let of = |snapshot| shown(&resolve(snapshot, &Selection::all(), &Answers::new()));
    assert_eq!(of(&forward), of(&backward));
}

#[test]
fn a_selected_component_is_what_it_is_among_all() {
    let snapshot = examples();
    let all = resolve(&snapshot, &Selection::all(), &Answers::new()).desired;
    for component in all.components().step_by(7) {
        let selection = Selection {
            stacks: vec![StackPattern::exactly(component.id.stack.as_str())],
            components: vec![component.id.name.clone()],
            ..Selection::default()
        };
        let one = resolve(&snapshot, &selection, &Answers::new()).desired;
        let found = one.component(&component.id).expect("selected");
        assert_eq!(found.sections, component.sections);
        assert_eq!(found.dependencies, component.dependencies);
    }
}

#[test]
fn nothing_is_taken_from_outside_the_repository() {
    let files = snapshot("--- atmos.yaml\nbase_path: ../elsewhere\nstacks: {base_path: stacks}\n");
    let desired = resolve(&files, &Selection::all(), &Answers::new()).desired;
    assert_eq!(desired.diagnostics.len(), 1);
}
