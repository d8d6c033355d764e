use super::*;

fn showing(head: &str, plans: &[(&str, &str)]) -> Showing {
    let plan = |(stack, content): &(&str, &str)| ShownPlan {
        stack: StackName::new(*stack).unwrap(),
        target: TargetName::new("sandbox").unwrap(),
        digest: digest(content),
    };
    let commit = |text: &str| CommitId::new(text.repeat(40)).unwrap();
    let plans = plans.iter().map(plan).collect();
    Showing { head: commit(head), base: commit("f"), plans, earlier: None }
}

fn digest(content: &str) -> Digest {
    Digest::of_canonical(content.as_bytes())
}

fn told(showing: &Showing) -> Vec<(&str, Option<Digest>, Option<Digest>, usize)> {
    let replaced = showing.earlier.iter().flat_map(|earlier| &earlier.replaced);
    replaced.map(|r| (r.stack.as_str(), r.before, r.after, r.approvals)).collect()
}

#[test]
fn only_what_differs_is_told_with_the_approvals_it_had() {
    let first = showing("a", &[("dev", "1"), ("prod", "2"), ("qa", "3")]);
    let approvals = BTreeMap::from([(digest("1"), 1), (digest("2"), 2)]);
    let second = showing("b", &[("dev", "1"), ("ops", "5"), ("prod", "4")]);
    let second = second.after(first.clone(), &approvals);
    let expected = vec![
        ("ops", None, Some(digest("5")), 0),
        ("prod", Some(digest("2")), Some(digest("4")), 2),
        ("qa", Some(digest("3")), None, 0),
    ];
    assert_eq!(told(&second), expected);
    assert_eq!(second.earlier.as_ref().map(|earlier| &earlier.head), Some(&first.head));

    // The same plans at another head are no news, and what they replaced is still told.
    let third = showing("c", &[("dev", "1"), ("ops", "5"), ("prod", "4")]);
    let third = third.after(second.clone(), &BTreeMap::new());
    assert_eq!((told(&third), &third.earlier), (expected, &second.earlier));
}

#[test]
fn nothing_is_told_where_nothing_was_shown() {
    let first = showing("a", &[("dev", "1")]);
    assert_eq!(showing("b", &[("dev", "1")]).after(first, &BTreeMap::new()).earlier, None);
}
