use super::*;

const MOVED: &str = r#"
    component vpc
    vpc wants a.json {"a": 1}
    vpc has   a.json {"a": 1}
    component iam locked
    iam wants i.json {"a": 1}
    iam has   b.json {"a": 1}
    component dns disabled
    dns has   c.json {"a": 1}
    component web keep-all
    web wants w.json {"a": 1}
    web has   d.json {"a": 1}
"#;

/// What becomes of a stack's resources in the target that it has left.
fn left(world: &World, is_there: bool) -> String {
    let to = TargetName::new("elsewhere").unwrap();
    let input = PlanInput { moving: Some(Moving { to: &to, is_there }), ..world.input() };
    let plan = plan(&input);
    assert_eq!(audit(&plan, &input), []);
    assert!(plan.effect().inputs.is_empty(), "nothing of it is made here");
    let mut said = String::new();
    for change in &plan.effect().changes {
        said.push_str(&format!("{} {}\n", change.action.verb(), change.resource));
    }
    for hold in &plan.envelope.holds {
        let reason = crate::report::words::reason(&hold.reason);
        said.push_str(&format!("held {}: {reason}\n", crate::report::words::part(&hold.part)));
    }
    said
}

#[test]
fn what_a_stack_leaves_behind_goes_when_the_stack_is_there() {
    let mut world = world(MOVED);
    // Nothing of the stack claims anything here any more.
    world.evidence.claims.clear();
    for observed in world.observed.values_mut() {
        let Observed::Complete(observation) = observed else { continue };
        for seen in observation.resources.values_mut() {
            let crate::model::observation::Seen::Compared(both) = seen else { continue };
            both.intended = None;
        }
    }
    expect![[r#"
        forget c.json
        delete b.json
        delete a.json
        forget d.json
        held terraform/iam: it is locked (`metadata.locked`)
    "#]]
    .assert_eq(&left(&world, true));
    assert!(
        left(&world, false).contains("it stays until the stack is as it should be at elsewhere")
    );
    world.evidence.missing.push("the stack of `x.yaml`".to_owned());
    assert!(!left(&world, true).contains("delete"));
}

#[test]
fn what_was_to_outlive_its_component_is_forgotten() {
    let gone = |text: &str| {
        let plan = world(text).plan();
        let changes = plan.effect().changes.iter();
        changes.map(|c| format!("{} {}", c.action.verb(), c.resource)).collect::<Vec<_>>()
    };
    assert_eq!(gone("old has b.json {}"), ["delete b.json"]);
    assert_eq!(gone("old kept\nold has b.json {}"), ["forget b.json"]);
    // The mark alone is enough: a database that was lost may have been older.
    let mut marked = world("old has b.json {}");
    marked
        .mark
        .as_mut()
        .unwrap()
        .resources
        .values_mut()
        .for_each(|owned| std::sync::Arc::make_mut(owned).kept = true);
    assert_eq!(marked.plan().effect().changes[0].action, Action::Forget);
}
