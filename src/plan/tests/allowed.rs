use super::*;
use crate::model::change::Risk;

/// Which steps may start, and what else is held.
fn allowed(text: &str, approvals: &[(&str, &str)], shown: bool) -> String {
    let world = world(text);
    let plan = world.plan();
    let digest = plan.digest();
    let approval = |(by, at): &(&str, &str)| Approval {
        digest,
        by: crate::ids::Actor::new(by).unwrap(),
        at: fixture::at(at),
        until: fixture::at("2027-01-01T00:00:00Z"),
        pull: None,
        overrides: BTreeSet::new(),
    };
    let approvals: Vec<_> = approvals.iter().map(approval).collect();
    let pull = crate::ids::PullNumber(7);
    let shown = shown.then_some((digest, pull)).into_iter().collect();
    let (plan, authorities) = review(
        plan,
        &ReviewInput {
            policy: &world.policy,
            stack: &world.stack,
            approvals: &approvals,
            authors: &BTreeSet::from([crate::ids::Actor::new("author").unwrap()]),
            shown: &shown,
            earlier: None,
            rewritten_from: None,
            now: world.now,
        },
    );
    let mut said = String::new();
    for (at, authority) in &authorities {
        let change = &plan.effect().changes[plan.effect().steps[*at].changes[0]];
        let why = match authority {
            Authority::Reviewed { by, .. } => format!("reviewed by {by:?}"),
            Authority::Merged { pull, .. } => format!("merged {pull:?}"),
            Authority::Standing { .. } => "standing".to_owned(),
        };
        said.push_str(&format!("{} {}: {why}\n", change.action.verb(), change.resource));
    }
    for hold in &plan.envelope.holds {
        said.push_str(&format!(
            "held {}: {}\n",
            crate::report::words::part(&hold.part),
            crate::report::words::reason(&hold.reason)
        ));
    }
    said
}

const DRIFT_AND_WISH: &str = r#"
    component vpc
    vpc wants a.json {"a": 1}
    vpc has   a.json {"a": 2}
    vpc was   a.json {"a": 1}
    vpc wants b.json {"a": 2}
    vpc has   b.json {"a": 1}
    component iam
    iam wants c.json {"a": 1}
"#;

#[test]
fn an_approved_digest_starts_everything() {
    let today = "2026-11-20T09:00:00Z";
    expect![[r#"
        create c.json: reviewed by [Actor(ada)]
        update a.json: reviewed by [Actor(ada)]
        update b.json: reviewed by [Actor(ada)]
    "#]]
    .assert_eq(&allowed(DRIFT_AND_WISH, &[("ada", today)], false));
    // Neither the author's, nor one that is too old, nor one of tomorrow counts.
    let daily = format!("review 1\n{DRIFT_AND_WISH}");
    let none = allowed(&daily, &[], false);
    for approval in
        [("author", today), ("ada", "2026-11-19T09:30:00Z"), ("ada", "2026-11-20T09:30:01Z")]
    {
        assert_eq!(allowed(&daily, &[approval], false), none);
    }
    // Two of the same person are one.
    let twice = format!("review 2\n{DRIFT_AND_WISH}");
    assert!(!allowed(&twice, &[("ada", today), ("ada", today)], false).contains("reviewed"));
}

#[test]
fn drift_is_corrected_without_being_asked_and_nothing_else_is() {
    expect![[r#"
        update a.json: standing
        held terraform/iam: it has 0 of 1 approval
        held b.json: it has 0 of 1 approval
    "#]]
    .assert_eq(&allowed(DRIFT_AND_WISH, &[], false));
    let propose = format!("manage propose\n{DRIFT_AND_WISH}");
    expect![[r#"
        held all of it: it has 0 of 1 approval
    "#]]
    .assert_eq(&allowed(&propose, &[], false));
}

/// What others wrote over and put back is only taken back: nobody sees a difference. What was never ours
/// is a wish like any other.
#[test]
fn what_is_no_longer_ours_is_taken_back_and_nothing_more() {
    let text = r#"
        component vpc
        vpc wants a.json {"a": 1}
        vpc has   a.json {"a": 1}
        vpc lost  a.json a
        vpc wants b.json {"a": 2}
        vpc has   b.json {"a": 2}
        vpc was   b.json {"a": 1}
        vpc lost  b.json a
    "#;
    let plan = world(text).plan();
    for change in &plan.effect().changes {
        assert!(change.fields.is_empty() && change.risk == Risk::Reversible, "{change:?}");
    }
    expect![[r#"
        update a.json: standing
        held b.json: it has 0 of 1 approval
    "#]]
    .assert_eq(&allowed(text, &[], false));
    expect![[r#"
        held all of it: it has 0 of 1 approval
    "#]]
    .assert_eq(&allowed(&format!("manage propose\n{text}"), &[], false));
}

#[test]
fn a_merge_starts_what_was_shown_where_no_approval_is_asked_for() {
    let merged = format!("review 0\nmanage propose\n{DRIFT_AND_WISH}");
    expect![[r#"
        create c.json: merged Some(PullNumber(7))
        update a.json: merged Some(PullNumber(7))
        update b.json: merged Some(PullNumber(7))
    "#]]
    .assert_eq(&allowed(&merged, &[], true));
    expect![[r#"
        held all of it: nobody has merged or approved this plan
    "#]]
    .assert_eq(&allowed(&merged, &[], false));
    // What nobody can merge, such as a first start, is approved.
    let today = "2026-11-20T09:00:00Z";
    let approved = allowed(&merged, &[("ada", today)], false);
    assert_eq!(approved.matches("reviewed").count(), 3, "{approved}");
    let unreviewed = format!("review none\nmanage propose\n{DRIFT_AND_WISH}");
    expect![[r#"
        create c.json: merged None
        update a.json: merged None
        update b.json: merged None
    "#]]
    .assert_eq(&allowed(&unreviewed, &[], false));
}

#[test]
fn a_plan_of_what_a_pull_request_would_bring_starts_nothing() {
    let mut world = world(&format!("review none\n{DRIFT_AND_WISH}"));
    let commit = crate::ids::CommitId::new("4f2a91c07d1e").unwrap();
    world.revision =
        Revision::Merge { pull: crate::ids::PullNumber(7), head: commit.clone(), base: commit };
    let input = ReviewInput {
        policy: &world.policy,
        stack: &world.stack,
        approvals: &[],
        authors: &BTreeSet::new(),
        shown: &BTreeMap::new(),
        earlier: None,
        rewritten_from: None,
        now: world.now,
    };
    let (plan, authorities) = review(world.plan(), &input);
    assert!(authorities.is_empty());
    assert!(plan.effect().steps.iter().all(|step| plan.holds_on(step).count() > 0));
}

#[test]
fn a_freeze_holds_the_whole_plan_from_its_first_moment_to_its_last() {
    let mut world = world(DRIFT_AND_WISH);
    world.policy.freeze = vec![crate::model::policy::Freeze {
        pattern: StackPattern::new("pro*").expect("a glob"),
        from: at("2026-11-20T09:30:00Z"),
        until: at("2026-11-20T09:30:01Z"),
        reason: "holiday".to_owned(),
    }];
    let frozen = |world: &World| {
        world.plan().envelope.holds.iter().any(|hold| hold.part == crate::model::plan::Part::Plan)
    };
    assert!(frozen(&world));
    world.now = at("2026-11-20T09:30:01Z");
    assert!(!frozen(&world));
    world.now = at("2026-11-20T09:29:59Z");
    assert!(!frozen(&world));
}

/// What nobody touches is taken as it stands; only what is not there yet is waited for.
#[test]
fn what_depends_on_something_locked_goes_ahead_unless_it_is_not_there() {
    check(
        r#"
        component old locked
        old wants old.json {"a": 1}
        old has old.json {"a": 2}
        old has gone.json stateful {"a": 2}
        component new locked
        new wants new.json {"a": 1}
        component app
        app needs old
        app wants app.json {"a": 1}
        component web
        web needs new
        web wants web.json {"a": 1}
        "#,
        &expect![[r#"
            prod at box
              plan 1451f39ddd5b from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/old
                - delete gone.json                                  data loss
                    a: 2
                ~ update old.json
                    a: 2 -> 1

              terraform/app
                + create app.json
                    a: 1

              terraform/new
                + create new.json
                    a: 1

              terraform/web
                + create web.json
                    a: 1

              Held
                terraform/new: it is locked (`metadata.locked`)
                  > remove `metadata.locked`
                terraform/old: it is locked (`metadata.locked`)
                  > remove `metadata.locked`
                terraform/web: it depends on terraform/new, which is held

              Held: 2 create (1 delete, 1 update, 1 create not acted on)
        "#]],
    );
}

/// What is only observed asks nobody for an approval.
#[test]
fn observed_and_locked_components_are_not_reviewed() {
    let text = r#"
        component vpc locked
        vpc wants vpc.json {"a": 1}
        component iam observe
        iam wants iam.json {"a": 1}
        component app
        app wants app.json {"a": 1}
    "#;
    expect![[r#"
        held all of it: it has 0 of 1 approval
        held terraform/iam: it is only observed: `settings.reconcile.manage: observe`
        held terraform/vpc: it is locked (`metadata.locked`)
    "#]]
    .assert_eq(&allowed(text, &[], false));
    let observed = format!("manage observe\n{text}");
    expect![[r#"
        held all of it: it is only observed: `manage: observe` for `*` in `isobar.yaml`
    "#]]
    .assert_eq(&allowed(&observed, &[], false));
}

#[test]
fn a_stack_without_a_rule_is_only_observed() {
    let mut world = world(DRIFT_AND_WISH);
    world.policy.stacks.clear();
    let plan = world.plan();
    assert!(plan.effect().steps.iter().all(|step| plan.holds_on(step).count() > 0));
    assert!(plan.effect().changes.iter().all(|change| change.action != Action::Keep));
}

/// A name in an approval that holds lets one resource go; a name in one that does not, nothing.
#[test]
fn what_is_named_in_an_approval_may_go() {
    let world = world(
        r#"
        component app
        app needs vpc
        app wants app.json {"a": 1}
        component vpc
        vpc wants vpc.json {"a": 1}
        vpc has   vpc.json {"a": 1}
        vpc has   a.json stateful {"a": 1}
        vpc has   b.json stateful {"a": 1}
        vpc has   c.json stateful {"a": 1}
        vpc has   d.json stateful {"a": 1}
        "#,
    );
    let held = |by: &str, named: &[&str]| {
        let plan = world.plan();
        let named = named.iter().map(|name| key(name)).collect();
        let approval = Approval::of(plan.digest(), crate::ids::Actor::new(by).unwrap(), world.now);
        let approvals = [Approval { overrides: named, ..approval }];
        let input = ReviewInput {
            policy: &world.policy,
            stack: &world.stack,
            approvals: &approvals,
            authors: &BTreeSet::from([crate::ids::Actor::new("author").unwrap()]),
            shown: &BTreeMap::new(),
            earlier: None,
            rewritten_from: None,
            now: world.now,
        };
        let holds = review(plan, &input).0.envelope.holds;
        let said = |hold: &Hold| {
            let (part, reason) = (&hold.part, &hold.reason);
            format!(
                "{}: {}\n",
                crate::report::words::part(part),
                crate::report::words::reason(reason)
            )
        };
        holds.iter().map(said).collect::<String>()
    };
    expect![[r#"
        all of it: 4 resources would go, and the guard lets 3 go at once
        terraform/app: it depends on terraform/vpc, which is held
        a.json: what it holds would be lost for good
        b.json: what it holds would be lost for good
        c.json: what it holds would be lost for good
        d.json: what it holds would be lost for good
    "#]]
    .assert_eq(&held("ada", &[]));
    expect![[r#"
        terraform/app: it depends on terraform/vpc, which is held
        b.json: what it holds would be lost for good
        c.json: what it holds would be lost for good
        d.json: what it holds would be lost for good
    "#]]
    .assert_eq(&held("ada", &["a.json"]));
    assert_eq!(held("ada", &["a.json", "b.json", "c.json", "d.json"]), "");
    let all = held("author", &["a.json", "b.json", "c.json", "d.json"]);
    assert_eq!(all.matches("lost for good").count(), 4, "{all}");
}

#[test]
fn a_yes_to_an_earlier_plan_counts_only_if_it_covers_this_one() {
    let world = world("component vpc\nvpc wants a.json {\"a\": 1}");
    let earlier = |beyond: Option<&str>| Earlier {
        digest: crate::ids::Digest::of_canonical(b"earlier"),
        approvals: vec![Approval::of(
            crate::ids::Digest::of_canonical(b"earlier"),
            crate::ids::Actor::new("ada").unwrap(),
            world.now,
        )],
        pull: None,
        beyond: beyond.map(str::to_owned),
    };
    let review_with = |earlier: &Earlier| {
        let input = ReviewInput {
            policy: &world.policy,
            stack: &world.stack,
            approvals: &[],
            authors: &BTreeSet::new(),
            shown: &BTreeMap::new(),
            earlier: Some(earlier),
            rewritten_from: None,
            now: world.now,
        };
        review(world.plan(), &input)
    };
    let (plan, authorities) = review_with(&earlier(None));
    let digest = crate::ids::Digest::of_canonical(b"earlier");
    assert!(
        matches!(&authorities[&0], Authority::Reviewed { digest: said, .. } if *said == digest)
    );
    assert_eq!(plan.envelope.holds, []);
    let (plan, authorities) = review_with(&earlier(Some("a.json would hold something else")));
    assert!(authorities.is_empty());
    let reason = crate::report::words::reason(&plan.envelope.holds[0].reason);
    assert!(reason.ends_with("does not cover it: a.json would hold something else"), "{reason}");
}
