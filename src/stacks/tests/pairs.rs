//! Two trees stack by stack come to what they come to as a whole.

use std::collections::BTreeMap;

use super::advance::{FILES, Seeded, answers, seen_of, snapshot};
use crate::diagnostic::Code;
use crate::model::desired::Desired;
use crate::model::question::Answers;
use crate::source::Snapshot;
use crate::stacks::tests::{self, ATMOS};
use crate::stacks::{Comparison, Paired, Pairs, Resolution, Resolver, Selection, pairs};

/// What a tree asks for, stack by stack.
fn parts(desired: &Desired) -> Vec<String> {
    let stacks = desired.stacks.iter().map(|(name, stack)| {
        let stacks = BTreeMap::from([(name.clone(), stack.clone())]);
        seen_of(&Desired { stacks, ..desired.clone() })
    });
    stacks.collect()
}

fn differences(comparison: &Comparison, base: &Desired, head: &Desired) -> String {
    let found = comparison.affected(base, head);
    found.iter().map(|one| format!("{}: {:?}\n", one.component.id, one.causes)).collect()
}

/// Whether components of several stacks need each other in a ring.
fn has_ring(resolution: &Resolution) -> bool {
    resolution.desired.diagnostics.iter().any(|found| found.code == Code::DependencyCycle)
}

/// Compares both ways; gives what differs, or nothing if only a whole tells.
pub(in crate::stacks) fn compare(
    head: (&Snapshot, &Answers),
    base: (&Snapshot, &Answers),
    case: &str,
) -> Option<String> {
    let selection = Selection::default();
    let whole =
        |(tree, answers): (&Snapshot, &Answers)| Resolver::new(tree).resolve(&selection, answers);
    let (after, before) = (whole(head), whole(base));
    let comparison = Comparison::of(base.0, head.0);
    let mut first = Resolver::new(head.0);
    let mut second = first.beside(base.0);
    let mut paired = Paired::default();
    let make = |[head, base]: [&Desired; 2]| {
        (differences(&comparison, base, head), parts(head), parts(base))
    };
    let trees = [(&mut first, head.1), (&mut second, base.1)];
    let found = match pairs(trees, &selection, false, &mut paired, &make) {
        Pairs::All(found) => found,
        Pairs::Asked(asked) => panic!("{case}: nobody waits for {asked:?}"),
        Pairs::Ring => {
            assert!(has_ring(&after) || has_ring(&before), "{case}: there is no ring");
            return None;
        }
    };
    assert!(!has_ring(&after) && !has_ring(&before), "{case}: there is a ring");
    let (mut lines, mut heads, mut bases) = (String::new(), Vec::new(), Vec::new());
    for (text, head, base) in paired.made {
        lines += &text;
        heads.extend(head);
        bases.extend(base);
    }
    assert_eq!(heads, parts(&after.desired), "{case}");
    assert_eq!(bases, parts(&before.desired), "{case}");
    assert_eq!(lines, differences(&comparison, &before.desired, &after.desired), "{case}");
    for (found, whole) in found.iter().zip([&after, &before]) {
        assert_eq!(found.diagnostics, whole.desired.diagnostics, "{case}");
        assert_eq!(found.tree, whole.tree, "{case}");
    }
    Some(lines)
}

#[test]
fn stack_by_stack_is_the_same_as_all_at_once() {
    let mut different = 0;
    for seed in 0..300 {
        let mut seeded = Seeded(seed);
        let mut chosen = vec![0; FILES.len()];
        for _ in 0..seeded.below(4) {
            let file = seeded.below(FILES.len());
            chosen[file] = seeded.below(FILES[file].1.len());
        }
        let base = snapshot(&chosen);
        for _ in 0..=seeded.below(3) {
            let file = seeded.below(FILES.len());
            chosen[file] = seeded.below(FILES[file].1.len());
        }
        let head = snapshot(&chosen);
        let (known, others) = (answers(&mut seeded), answers(&mut seeded));
        let case = format!("seed {seed}, files {chosen:?}");
        let lines = compare((&head, &known), (&base, &others), &case);
        different += usize::from(lines.is_some_and(|lines| !lines.is_empty()));
    }
    assert!(different > 50, "{different} of 300 differ");
}

/// What becomes of components that need each other is known to those alone who have all stacks.
#[test]
fn a_ring_through_stacks_is_seen_as_a_whole() {
    let stack = |name: &str, on: &str| {
        format!(
            "--- stacks/deploy/{name}.yaml\nvars: {{stage: {name}}}\ncomponents: {{terraform: {{vpc: \
             {{settings: {{depends_on: {{1: {{component: vpc, stage: {on}}}}}}}}}}}}}\n"
        )
    };
    let end = "--- stacks/deploy/d.yaml\nvars: {stage: d}\ncomponents: {terraform: {vpc: {}}}\n";
    let tree = |last: &str| {
        let stacks = [stack("a", "b"), stack("b", "c"), stack("c", last)].concat();
        tests::snapshot(&format!("{ATMOS}{stacks}{end}"))
    };
    let (straight, round) = (tree("d"), tree("a"));
    let nothing = Answers::new();
    let compare = |head, base| compare((head, &nothing), (base, &nothing), "a ring");
    assert_eq!(compare(&straight, &straight).as_deref(), Some(""));
    assert_eq!(compare(&straight, &round), None);
    assert_eq!(compare(&round, &straight), None);
}
