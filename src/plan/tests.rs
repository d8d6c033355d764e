use expect_test::{Expect, expect};

use self::fixture::*;
use super::*;
use crate::model::authority::{Approval, Authority};
use crate::model::change::Action;
use crate::pattern::StackPattern;
use crate::report::terminal;

mod allowed;
pub(crate) mod fixture;
mod laws;
mod moved;
mod planted;
mod steps;

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

/// Whether a program has made it up anew, or says something else in it now: it stays, and people are told.
#[test]
fn what_stays_as_it_was_made_up_is_told_with_what_changes() {
    check(
        r#"
        component shop
        shop wants shop.json {"conf": "user=shop", "size": 2}
        shop has   shop.json {"conf": "user=shop", "size": 1}
        shop makes-up shop.json conf
        shop wants sum.json {"of": {"conf": "x"}}
        shop has   sum.json {"of": {"conf": "x"}}
        shop makes-up sum.json of.conf
        shop wants left.json {"apiVersion": "v1", "kind": "A", "metadata": {"annotations": {"isobar.dev/reconcile": "false"}}, "key": 1}
        shop has   left.json {"apiVersion": "v1", "kind": "A", "metadata": {"annotations": {"isobar.dev/reconcile": "false"}}, "key": 1}
        shop makes-up left.json key
        shop wants new.json {"key": "y"}
        shop makes-up new.json key
        component still
        still wants still.json {"key": "z"}
        still has   still.json {"key": "z"}
        still makes-up still.json key
        "#,
        &expect![[r#"
            prod at box
              plan c999df8af0fa from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/shop
                ~ update shop.json
                    size: 1 -> 2
                + create new.json
                    key: (secret added)                             made up once, and kept

              Kept as it is there, made up by the chart
                shop.json conf
                sum.json of.conf

              Ready: 1 update, 1 create; 1 component unchanged
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
                  > mend what cannot be read; if it is meant to go, delete it by hand

              Held: 1 keep
        "#]],
    );
}

#[test]
fn a_component_that_renders_nothing_loses_nothing() {
    check(
        r#"
        component vpc
        vpc has a.json {"days": 90}
        vpc has b.json {"days": 90}
        "#,
        &expect![[r#"
            prod at box
              plan 69bf70c1b969 from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/vpc
                . keep a.json
                . keep b.json

              Held
                a.json: it is not proven to be gone; missing: anything that its component renders (if all of it is meant to go, take the component out of the stack)
                  > mend what cannot be read; if it is meant to go, delete it by hand
                b.json: it is not proven to be gone; missing: anything that its component renders (if all of it is meant to go, take the component out of the stack)
                  > mend what cannot be read; if it is meant to go, delete it by hand

              Held: 2 keep
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
                  $ isobar plan prod --rev 4f2a91c0
                terraform/vpc: it cannot be built (build-failed)
                  $ isobar plan prod --rev 4f2a91c0

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
    assert_eq!(*intended.value(), value(r#"{"spec": {"replicas": 9, "image": "b"}}"#));
}

#[test]
fn what_is_not_decided_yet_holds_its_component() {
    check(
        r#"
        component app undecided
        app wants app.json {"subnet": "b"}
        "#,
        &expect![[r#"
            prod at box
              plan 1cc41e7e3b34 from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

              terraform/app
                + create app.json
                    subnet: "b"

              Held
                terraform/app: it waits to know terraform.output vpc on

              Held: 1 create
        "#]],
    );
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
