//! Terraform: it says itself what it would do, seals that in a file, and does all of it or none.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect;

use crate::build::fixture::rendered;
use crate::ids::*;
use crate::model::authority::Authority;
use crate::model::inventory::Owned;
use crate::model::observation::{Artifact, Compared, Health, Observation, Observed, Owner, Seen};
use crate::model::outcome::{Comparison, Deviation, Outcome, StepEnd, StepOutcome};
use crate::model::path::FieldPath;
use crate::model::plan::{HoldReason, Nature};
use crate::plan::audit;
use crate::plan::tests::fixture::{World, body, id, key, value, world};
use crate::report::terminal;

fn plain(styled: &str) -> String {
    anstream::adapter::strip_str(styled).to_string()
}

fn seen(live: Option<&str>, intended: Option<&str>) -> Compared {
    Compared {
        writers: BTreeMap::new(),
        live: live.map(body),
        intended: intended.map(body),
        must_replace: Vec::new(),
        sensitive: Vec::new(),
        stateful: false,
        uid: None,
        owner: if live.is_some() { Owner::This } else { Owner::Nobody },
        lost: Vec::new(),
    }
}

/// What `terraform show -json` of a saved plan says, as its backend hands it over.
fn database() -> Observation {
    let after = r#"{"engine": "15", "password": "canary-new", "endpoint": {"$unknown":
        {"function": "terraform", "arguments": ["aws_db_instance.main", "endpoint"]}}}"#;
    let before = r#"{"engine": "14", "password": "canary-old", "endpoint": "db.internal"}"#;
    let main = Compared {
        must_replace: vec![FieldPath::parse("engine").expect("it is there")],
        sensitive: vec![FieldPath::parse("password").expect("it is there")],
        stateful: true,
        ..seen(Some(before), Some(after))
    };
    let group = seen(Some(r#"{"ingress": [{"port": 5432}]}"#), Some(r#"{"ingress": []}"#));
    let parameters = seen(None, Some(r#"{"family": "postgres15"}"#));
    let old = seen(Some(r#"{"cidr": "10.0.0.0/24"}"#), None);
    let resources = [
        ("aws_db_instance.main", main),
        ("aws_security_group.db", group),
        ("aws_db_parameter_group.main", parameters),
        ("aws_subnet.old", old),
    ];
    let boxed = |(name, seen)| (key(name), Seen::Compared(Box::new(seen)));
    Observation {
        component: id("rds"),
        resources: resources.into_iter().map(boxed).collect(),
        health: Health::Healthy,
        unwell: BTreeMap::new(),
        outputs: BTreeMap::from([("endpoint".to_owned(), value(r#""db.internal""#))]),
        artifact: Some(Artifact {
            kind: "terraform-plan".to_owned(),
            content: ContentId::of("the bytes of the plan file"),
        }),
        tools: BTreeMap::from([
            ("terraform".to_owned(), "1.13.3".to_owned()),
            ("provider aws".to_owned(), "6.14.0".to_owned()),
        ]),
    }
}

/// The component is built into variables; what it owns are the resources of its state.
fn with_database() -> World {
    let mut world = world(
        r#"
        component rds
        rds wants rds/terraform.tfvars.json {"engine": "15"}
        "#,
    );
    for name in ["aws_db_instance.main", "aws_security_group.db", "aws_subnet.old"] {
        let owned = Owned {
            component: id("rds"),
            applied: None,
            uid: None,
            kept: false,
            epoch: Epoch::default(),
        };
        world.owned.insert(key(name), owned.clone().into());
        world.mark.as_mut().expect("it is there").resources.insert(key(name), owned.into());
    }
    world.observed.insert(id("rds"), Observed::Complete(database()));
    world
}

#[test]
fn a_set_of_changes_is_one_sealed_step() {
    let world = with_database();
    let plan = world.plan();
    assert_eq!(audit(&plan, &world.input()), []);
    expect![[r#"
        prod at box
          plan 418b3acfdb05 from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

          terraform/rds
            ! replace aws_db_instance.main                      data loss
                endpoint: "db.internal" -> (known after apply)
                engine: "14" -> "15"
                password: (secret changed)
            - delete aws_subnet.old                             disruptive
                cidr: "10.0.0.0/24"
            ~ update aws_security_group.db
              - ingress[0].port: 5432
            + create aws_db_parameter_group.main
                family: "postgres15"

          Held
            aws_db_instance.main: what it holds would be lost for good
              $ isobar approve prod 418b3acfdb05 --allow-delete aws_db_instance.main

          Held: 1 delete, 1 replace, 1 update, 1 create
    "#]]
    .assert_eq(&plain(&terminal::plan(&plan)));
    let effect = plan.effect();
    let [step] = &effect.steps[..] else { panic!("{:?}", effect.steps) };
    assert_eq!(step.changes, [0, 1, 2, 3]);
    assert_eq!(step.nature, Nature::IndeterminateAfterCrash);
    assert_eq!(step.artifact, database().artifact);
    assert_eq!(effect.tools["terraform"], "1.13.3");
    let unknown = |reason: &HoldReason| matches!(reason, HoldReason::Unknown { .. });
    let holds = &plan.envelope.holds;
    assert!(!holds.iter().any(|hold| unknown(&hold.reason)), "terraform settles it itself");
    assert!(!Authority::may_stand(effect, step), "a sealed set is never applied unasked");
}

/// Another plan file is another plan, even if it says the same.
#[test]
fn the_sealed_file_is_part_of_what_is_approved() {
    let mut world = with_database();
    let digest = world.plan().digest();
    let mut again = database();
    again.artifact.as_mut().expect("it is there").content = ContentId::of("other bytes");
    world.observed.insert(id("rds"), Observed::Complete(again));
    assert_ne!(world.plan().digest(), digest);
}

/// All or nothing: one delete that is not proven holds the step it is in.
#[test]
fn a_delete_that_is_not_proven_holds_the_whole_set() {
    let mut world = with_database();
    world.mark.as_mut().expect("it is there").resources.remove(&key("aws_subnet.old"));
    let plan = world.plan();
    assert_eq!(audit(&plan, &world.input()), []);
    let [step] = &plan.effect().steps[..] else { panic!() };
    let unproven = |reason: &HoldReason| matches!(reason, HoldReason::NotProvenGone { .. });
    assert!(plan.holds_on(step).any(|hold| unproven(&hold.reason)));
}

/// Taking a component out of the configuration does not destroy what its tool built.
#[test]
fn a_component_that_is_gone_is_forgotten() {
    let mut world = with_database();
    world.stack.components.clear();
    world.rendered.clear();
    world.evidence.claims.clear();
    let mut destroy = database();
    for seen in destroy.resources.values_mut() {
        let Seen::Compared(both) = seen else { panic!() };
        both.intended = None;
    }
    world.observed.insert(id("rds"), Observed::Complete(destroy));
    let plan = world.plan();
    assert_eq!(audit(&plan, &world.input()), []);
    let verbs: BTreeSet<_> = plan.effect().changes.iter().map(|c| c.action.verb()).collect();
    assert_eq!(verbs, BTreeSet::from(["forget"]));
    assert!(plan.effect().steps.iter().all(|step| step.artifact.is_none()));
}

/// What the tool is to be asked with has to be known: without it there is nothing to seal.
#[test]
fn variables_that_are_not_known_yet_hold_the_component() {
    let mut world = with_database();
    let mut pieces = world.rendered[&id("rds")].clone().expect("it is there").resources().clone();
    let piece = pieces.values_mut().next().expect("it is there");
    piece.body = body(
        r#"{"vpc": {"$unknown": {"function": "terraform.output", "arguments": ["vpc", "id"]}}}"#,
    );
    let built = rendered(id("rds"), pieces, ContentId::of("inputs"));
    world.rendered.insert(id("rds"), Ok(built));
    let plan = world.plan();
    let unknown = |reason: &HoldReason| matches!(reason, HoldReason::Unknown { .. });
    let [step] = &plan.effect().steps[..] else { panic!() };
    assert!(plan.holds_on(step).any(|hold| unknown(&hold.reason)));
}

/// The process ended while terraform ran: what is not known is said, not guessed.
#[test]
fn an_apply_that_was_cut_off_is_said_to_be_unknown() {
    let plan = with_database().plan();
    let step = |end, comparisons| StepOutcome {
        step: 0,
        component: id("rds"),
        authority: Some(Authority::Reviewed {
            digest: plan.digest(),
            by: vec![Actor::new("ada").expect("it is there")],
        }),
        end,
        comparisons,
    };
    let outcome = |step| Outcome {
        run: RunId::new("run-1").expect("it is there"),
        stack: plan.effect().stack.clone(),
        digest: plan.digest(),
        epoch: Epoch(2),
        ended_at: plan.envelope.observed_at,
        steps: vec![step],
    };
    let why = "the process ended before terraform did".to_owned();
    let cut_off = outcome(step(StepEnd::Indeterminate { why }, vec![]));
    let comparison = |predicted, deviations| Comparison {
        resource: key("aws_db_instance.main"),
        predicted,
        deviations,
    };
    let deviation = Deviation {
        path: FieldPath::parse("engine").expect("it is there"),
        predicted: Some(value(r#""15""#)),
        actual: Some(value(r#""15.4""#)),
        sensitive: false,
    };
    let done = outcome(step(StepEnd::Done, vec![comparison(3, vec![deviation])]));
    let said = plain(&terminal::outcome(&cut_off)) + &plain(&terminal::outcome(&done));
    let stored = serde_json::to_string(&done).expect("it is there");
    assert_eq!(serde_json::from_str::<Outcome>(&stored).expect("it is there"), done);
    expect![[r#"
        prod: not known how it ended, 0 of 1 step done
          run run-1, plan DIGEST, ended 2026-11-20 09:30:00 UTC
          terraform/rds: not known whether it happened: the process ended before terraform did
        prod: applied, and 1 field of 3 came out otherwise
          run run-1, plan DIGEST, ended 2026-11-20 09:30:00 UTC
          terraform/rds: aws_db_instance.main
            engine: predicted "15", is "15.4"
    "#]]
    .assert_eq(&said.replace(&plan.digest().short(), "DIGEST"));
}
