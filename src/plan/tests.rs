use expect_test::{Expect, expect};

use self::fixture::*;
use super::*;
use crate::model::authority::{Approval, Authority};
use crate::model::change::Action;
use crate::pattern::StackPattern;
use crate::report::terminal;

pub(crate) mod fixture;
mod laws;
mod planted;

fn check(text: &str, expect: &Expect) {
    let world = world(text);
    let plan = world.plan();
    assert_eq!(audit(&plan, &world.input()), [], "the audit agrees");
    expect.assert_eq(&anstream::adapter::strip_str(&terminal::plan(&plan)).to_string());
}

#[test]
fn what_is_wanted_and_not_there_is_created() {
    check(
        r#"
        component vpc
        vpc wants vpc.json {"cidr": "10.0.0.0/16", "tags": {"team": "net"}, "zones": ["a", "b"]}
        "#,
        &expect![[r#"
            prod at box
              plan 61dabc9dc77d from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/vpc
                + create vpc.json
                    cidr: "10.0.0.0/16"
                    tags.team: "net"
                    zones: ["a", "b"]

              Ready: 1 create
        "#]],
    );
}

#[test]
fn fields_that_differ_are_updated_and_others_left_alone() {
    check(
        r#"
        component vpc
        vpc wants vpc.json {"cidr": "10.0.0.0/16", "days": 90}
        vpc has   vpc.json {"cidr": "10.0.0.0/16", "days": 14, "extra": null}
        component iam
        iam wants iam.json {"role": "x"}
        iam has   iam.json {"role": "x"}
        "#,
        &expect![[r#"
            prod at box
              plan 6dc2700dc41f from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/vpc
                ~ update vpc.json
                    days: 14 -> 90
                  - extra: null

              Ready: 1 update; 1 component unchanged
        "#]],
    );
}

#[test]
fn what_left_the_last_applied_state_is_drift() {
    check(
        r#"
        component vpc
        vpc wants vpc.json {"days": 90}
        vpc has   vpc.json {"days": 14}
        vpc was   vpc.json {"days": 90}
        "#,
        &expect![[r#"
            prod at box
              plan fbf5331d7b38 from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/vpc
                ~ update vpc.json                                   drift
                    days: 14 -> 90

              Ready: 1 update
        "#]],
    );
}

#[test]
fn what_is_gone_from_a_resolved_revision_is_deleted() {
    check(
        r#"
        component vpc
        vpc wants vpc.json {"days": 90}
        vpc has   vpc.json {"days": 90}
        vpc has   old.json {"days": 90}
        old has   x.json stateful {"rows": 7}
        "#,
        &expect![[r#"
            prod at box
              plan 16d6094257e6 from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/old
                - delete x.json                                     data loss
                    rows: 7

              terraform/vpc
                - delete old.json                                   disruptive
                    days: 90

              Held
                x.json: what it holds would be lost for good
                  $ isobar approve prod 16d6094257e6 --allow-delete x.json

              Held: 2 delete
        "#]],
    );
}

#[test]
fn disabled_or_abstract_components_are_forgotten_and_not_deleted() {
    check(
        r#"
        component vpc disabled
        vpc wants vpc.json {"days": 90}
        vpc has   vpc.json {"days": 90}
        component base abstract
        base has  base.json {"days": 90}
        component kept keep-all
        kept has  kept.json {"days": 90}
        "#,
        &expect![[r#"
            prod at box
              plan d09bd44b967c from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/base
                . forget base.json

              terraform/kept
                . forget kept.json

              terraform/vpc
                . forget vpc.json

              Ready: 3 forget
        "#]],
    );
}

#[test]
fn without_all_evidence_it_is_kept() {
    check(
        r#"
        missing `other/terraform/rds` resolved
        vpc has vpc.json {"days": 90}
        "#,
        &expect![[r#"
            prod at box
              plan 1073fa0cf44c from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/vpc
                . keep vpc.json

              Held
                vpc.json: it is not proven to be gone; missing: `other/terraform/rds` resolved
                  > complete what is missing

              Held: 1 keep
        "#]],
    );
}

#[test]
fn what_cannot_be_built_or_seen_is_left_alone_and_what_needs_it_waits() {
    check(
        r#"
        component vpc unresolved
        vpc has vpc.json {"a": 1}
        component rds unbuilt
        rds has rds.json {"a": 1}
        component iam unreachable
        iam has iam.json {"a": 1}
        component app
        app needs iam
        app wants app.json {"a": 1}
        "#,
        &expect![[r#"
            prod at box
              plan cf18d3ba4354 from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/app
                + create app.json
                    a: 1

              Held
                terraform/app: it depends on terraform/iam, which is held
                terraform/iam: it cannot be looked at: no answer
                  > make the target answer; it is looked at again
                terraform/rds: it cannot be built (build-failed)
                  $ isobar check
                terraform/vpc: it cannot be built (build-failed)
                  $ isobar check

              Invalid: 1 create
        "#]],
    );
}

#[test]
fn what_is_there_and_nobodys_is_adopted() {
    check(
        r#"
        component vpc
        vpc wants vpc.json {"a": 1}
        vpc wants same.json {"a": 1}
        there vpc.json {"a": 2}
        there same.json {"a": 1}
        "#,
        &expect![[r#"
            prod at box
              plan 598dfea04f55 from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/vpc
                > adopt vpc.json                                    disruptive
                    a: 2 -> 1
                > adopt same.json

              Ready: 2 adopt
        "#]],
    );
}

#[test]
fn what_another_component_wants_is_not_taken_and_not_deleted() {
    check(
        r#"
        claim rds shared.json
        claim rds moved.json
        component vpc
        vpc wants shared.json {"a": 1}
        vpc has   moved.json {"a": 1}
        "#,
        &expect![[r#"
            prod at box
              plan 272fc24c1241 from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              Held
                shared.json: other/terraform/rds wants it too
                  > let only one of them want it

              Held: no changes
        "#]],
    );
}

#[test]
fn more_deletes_than_the_guard_lets_go_hold_everything() {
    check(
        r#"
        vpc has a.json {"a": 1}
        vpc has b.json {"a": 1}
        vpc has c.json {"a": 1}
        vpc has d.json {"a": 1}
        "#,
        &expect![[r#"
            prod at box
              plan fb532a63f420 from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/vpc
                - delete a.json                                     disruptive
                    a: 1
                - delete b.json                                     disruptive
                    a: 1
                - delete c.json                                     disruptive
                    a: 1
                - delete d.json                                     disruptive
                    a: 1

              Held
                all of it: 4 resources would go, and the guard lets 3 go at once
                  $ isobar approve prod fb532a63f420 --allow-delete a.json

              Held: 4 delete
        "#]],
    );
}

#[test]
fn ignored_fields_are_nobodys_business() {
    check(
        r#"
        component vpc ignore=spec.replicas
        vpc wants vpc.json {"spec": {"replicas": 3, "image": "b"}}
        vpc has   vpc.json {"spec": {"replicas": 9, "image": "a"}}
        "#,
        &expect![[r#"
            prod at box
              plan 649ac5ed676b from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/vpc
                ~ update vpc.json
                    spec.image: "a" -> "b"

              Ready: 1 update
        "#]],
    );
    let world = world(
        r#"
        component vpc ignore=spec.replicas
        vpc wants vpc.json {"spec": {"replicas": 3, "image": "b"}}
        vpc has   vpc.json {"spec": {"replicas": 9, "image": "a"}}
        "#,
    );
    let intended = world.plan().effect().changes[0].intended.clone().unwrap();
    assert_eq!(intended.value, value(r#"{"spec": {"replicas": 9, "image": "b"}}"#));
}

#[test]
fn values_that_are_not_known_yet_hold_their_component() {
    check(
        r#"
        component app
        app wants app.json {"subnet": {"$unknown": {"function": "terraform.output", "arguments": ["vpc", "subnet"]}}}
        app has   app.json {"subnet": "a"}
        "#,
        &expect![[r#"
            prod at box
              plan 6e3977ab0d86 from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/app
                ~ update app.json
                    subnet: "a" -> (known after apply)

              Held
                terraform/app: it waits to know terraform.output vpc subnet

              Held: 1 update
        "#]],
    );
}

#[test]
fn secrets_are_never_shown() {
    check(
        r#"
        component app
        app wants app.json secret password {"password": "hunter2", "user": "app", "key": {"$secret": {"handle": "vault:key", "state": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}}}
        app has   app.json {"password": "hunter1", "user": "app", "key": "old"}
        "#,
        &expect![[r#"
            prod at box
              plan e9f622548153 from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/app
                ~ update app.json
                    key: (secret changed)
                    password: (secret changed)

              Ready: 1 update
        "#]],
    );
}

/// What is needed comes first, what goes comes last and in the opposite order.
#[test]
fn steps_follow_dependencies() {
    let world = world(
        r#"
        component app
        app needs rds
        app wants app.json {"a": 1}
        app has old-app.json {"a": 1}
        component rds
        rds needs vpc
        component vpc
        vpc wants vpc.json {"a": 1}
        vpc has old-vpc.json {"a": 1}
        gone has gone.json {"a": 1}
        "#,
    );
    expect![[r#"
        0 create vpc.json after []
        1 create app.json after [0]
        2 delete old-app.json after [1]
        3 delete gone.json after [0, 1]
        4 delete old-vpc.json after [0, 1, 2]
    "#]]
    .assert_eq(&steps(&world));
}

/// Unless that one is about to change, or nobody has to wait for it. What was there once is put
/// back, and what goes goes.
#[test]
fn what_depends_on_something_that_does_not_do_well_waits() {
    check(
        r#"
        component db broken
        db wants db.json {"size": 1}
        db has   db.json {"size": 1}
        component app
        app needs db
        app wants app.json {"a": 2}
        app has   app.json {"a": 1}
        component web
        web needs app
        web wants web.json {"a": 1}
        component put-back
        put-back needs db
        put-back wants back.json {"a": 1}
        put-back has   back.json {"a": 2}
        put-back was   back.json {"a": 1}
        component less
        less needs db
        less has less.json {"a": 1}
        component new slow
        new wants new.json {"a": 1}
        component after-new
        after-new needs new
        after-new wants x.json {"a": 1}
        component lone slow no-wait
        lone wants lone.json {"a": 1}
        lone has   lone.json {"a": 1}
        component after-lone
        after-lone needs lone
        after-lone wants y.json {"a": 1}
        "#,
        &expect![[r#"
            prod at box
              plan 94fe42b22fa8 from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/less
                - delete less.json                                  disruptive
                    a: 1

              terraform/app
                ~ update app.json
                    a: 1 -> 2

              terraform/put-back
                ~ update back.json                                  drift
                    a: 2 -> 1

              terraform/after-lone
                + create y.json
                    a: 1

              terraform/after-new
                + create x.json
                    a: 1

              terraform/new
                + create new.json
                    a: 1

              terraform/web
                + create web.json
                    a: 1

              Not well
                terraform/db: degraded: it fell over
                terraform/lone: progressing: 1 of 2 is there
                terraform/new: progressing: 1 of 2 is there

              Held
                terraform/app: it waits for terraform/db to do well, which is degraded: it fell over
                  > make it do well; it is looked at again
                terraform/web: it depends on terraform/app, which is held
                terraform/web: it waits for terraform/db to do well, which is degraded: it fell over
                  > make it do well; it is looked at again

              Held: 1 delete, 2 update, 4 create; 2 components unchanged
        "#]],
    );
}

/// A resource comes behind what it needs, of whatever component; what a person has ordered stays.
#[test]
fn steps_follow_what_resources_need() {
    let world = world(
        r#"
        component app
        app wants a.json {"a": 1}
        app wants b.json {"a": 1}
        app wants space.json {"a": 1}
        app behind a.json b.json
        app behind a.json there.json
        app behind b.json space.json
        app behind b.json late.json
        component base
        base needs app
        base wants late.json {"a": 1}
        component other
        other wants o.json {"a": 1}
        other behind o.json o.json
        other behind o.json space.json
        "#,
    );
    expect![[r#"
        0 create space.json after []
        1 create b.json after [0]
        2 create a.json after [1]
        3 create o.json after [0]
        4 create late.json after [0, 1, 2]
    "#]]
    .assert_eq(&steps(&world));
}

/// Every step with what it waits for. The audit agrees.
fn steps(world: &World) -> String {
    let plan = world.plan();
    assert_eq!(audit(&plan, &world.input()), []);
    let effect = plan.effect();
    let line = |(at, step): (usize, &crate::model::plan::Step)| {
        let change = &effect.changes[step.changes[0]];
        format!("{at} {} {} after {:?}\n", change.action.verb(), change.resource, step.after)
    };
    effect.steps.iter().enumerate().map(line).collect()
}

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

const MOVED: &str = r#"
    component vpc
    vpc wants a.json {"a": 1}
    vpc has   a.json {"a": 1}
    component iam locked
    iam has   b.json {"a": 1}
    component dns disabled
    dns has   c.json {"a": 1}
    component web keep-all
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
