//! The same effect has the same digest, any other has another; and a plan that was altered is
//! refused.

use proptest::prelude::*;

use super::{config, values};
use crate::ids::*;
use crate::model::body::{Body, Format};
use crate::model::change::{Action, Cause, Change, FieldChange, Precondition, Risk};
use crate::model::observation::Artifact;
use crate::model::path::FieldPath;
use crate::model::plan::*;
use crate::model::revision::Revision;
use crate::model::value::{Origin, Value};

fn id(name: &str) -> ComponentId {
    ComponentId {
        stack: StackName::new("prod").expect("it is there"),
        kind: KindName::new("terraform").expect("it is there"),
        name: ComponentName::new(name).expect("it is there"),
    }
}

fn path(text: &str) -> FieldPath {
    FieldPath::parse(text).expect("it is there")
}

/// One update and one move in two steps.
fn effect(before: Value, after: Value) -> Effect {
    let content = ContentId::of("content");
    let update = Change {
        component: id("vpc"),
        resource: ResourceKey::new("vpc.json").expect("it is there"),
        action: Action::Update,
        risk: Risk::Reversible,
        cause: Cause::Wish,
        fields: vec![FieldChange {
            writer: None,
            made_up: false,
            path: path("a.b"),
            before: Some(before),
            after: Some(after.clone()),
            sensitive: false,
            origin: None,
        }],
        intended: Some(Body::new(Format::Json, after)),
        precondition: Precondition {
            uid: Some("uid".to_owned()),
            fields: [(path("a.b"), Some(content))].into(),
            exists: true,
        },
    };
    let moved = Change {
        resource: ResourceKey::new("moved.json").expect("it is there"),
        action: Action::Move { from: id("old") },
        fields: vec![],
        intended: None,
        ..update.clone()
    };
    let step = |at| Step {
        component: id("vpc"),
        changes: vec![at],
        nature: Nature::IdempotentByName,
        after: (0..at).collect(),
        artifact: Some(Artifact { kind: "terraform-plan".to_owned(), content }),
    };
    Effect {
        scope: Scope {
            agent: AgentName::new("home").expect("it is there"),
            repository: RepositoryName::new("config").expect("it is there"),
        },
        stack: StackName::new("prod").expect("it is there"),
        target: TargetName::new("box").expect("it is there"),
        inputs: [(id("vpc"), content)].into(),
        tools: [("terraform".to_owned(), "1.9.8".to_owned())].into(),
        changes: vec![update, moved],
        steps: vec![step(0), step(1)],
    }
}

fn small() -> Effect {
    effect(Value::text("1"), Value::text("2"))
}

fn envelope() -> Envelope {
    Envelope {
        health: Default::default(),
        kept: Vec::new(),
        revision: Revision::Commit(CommitId::new("4f2a91c07d1e").expect("it is there")),
        observed_at: "2026-11-20T09:30:00Z".parse().expect("it is there"),
        holds: vec![Hold { part: Part::Component(id("vpc")), reason: HoldReason::Locked }],
        why: [(id("vpc"), Why::Held)].into(),
    }
}

type Mutation = fn(&mut Effect);

/// Everything there is in an effect, changed one by one.
const OTHERS: &[(&str, Mutation)] = &[
    ("agent", |e| e.scope.agent = AgentName::new("away").expect("it is there")),
    ("repository", |e| e.scope.repository = RepositoryName::new("other").expect("it is there")),
    ("stack", |e| e.stack = StackName::new("dev").expect("it is there")),
    ("target", |e| e.target = TargetName::new("bag").expect("it is there")),
    ("input", |e| {
        e.inputs.insert(id("vpc"), ContentId::of("other"));
    }),
    ("another input", |e| {
        e.inputs.insert(id("rds"), ContentId::of("content"));
    }),
    ("tool", |e| drop(e.tools.insert("terraform".to_owned(), "1.9.9".to_owned()))),
    ("component", |e| e.changes[0].component = id("rds")),
    ("resource", |e| e.changes[0].resource = ResourceKey::new("rds.json").expect("it is there")),
    ("action", |e| e.changes[0].action = Action::Replace),
    ("from", |e| e.changes[1].action = Action::Move { from: id("older") }),
    ("path", |e| e.changes[0].fields[0].path = path("a.c")),
    ("before", |e| e.changes[0].fields[0].before = None),
    ("after", |e| e.changes[0].fields[0].after = Some(Value::text("3"))),
    ("no field", |e| e.changes[0].fields.clear()),
    ("format", |e| e.changes[0].intended.as_mut().expect("it is there").format = Format::Yaml),
    ("intended", |e| e.changes[0].intended = Some(Body::new(Format::Json, Value::text("3")))),
    ("uid", |e| e.changes[0].precondition.uid = None),
    ("live content", |e| {
        e.changes[0].precondition.fields.insert(path("a.b"), None);
    }),
    ("presence", |e| e.changes[0].precondition.exists = false),
    ("no change", |e| drop(e.changes.pop())),
    ("order of changes", |e| e.changes.swap(0, 1)),
    ("step's component", |e| e.steps[0].component = id("rds")),
    ("step's changes", |e| e.steps[0].changes.push(1)),
    ("nature", |e| e.steps[0].nature = Nature::IndeterminateAfterCrash),
    ("order of steps", |e| e.steps[1].after.clear()),
    ("artifact", |e| e.steps[0].artifact = None),
    ("artifact's content", |e| {
        e.steps[0].artifact.as_mut().expect("it is there").content = ContentId::of("other");
    }),
    ("no step", |e| drop(e.steps.pop())),
];

#[test]
fn any_other_effect_has_another_digest() {
    let mut digests = std::collections::BTreeMap::from([(small().digest(), "none")]);
    for (what, mutation) in OTHERS {
        let mut effect = small();
        mutation(&mut effect);
        assert_eq!(digests.insert(effect.digest(), what), None, "{what}");
    }
}

/// What only says why, where and how bad is not approved.
#[test]
fn what_surrounds_an_effect_is_not_in_its_digest() {
    let plan = Plan::seal(small(), envelope());
    let mut elsewhere = envelope();
    elsewhere.revision = Revision::Folder(ContentId::of("folder"));
    elsewhere.observed_at = "2027-01-01T00:00:00Z".parse().expect("it is there");
    elsewhere.holds.clear();
    elsewhere.why.clear();
    assert_eq!(plan.clone().with_envelope(elsewhere).digest(), plan.digest());
    let mut same = small();
    same.changes[0].risk = Risk::DataLoss;
    same.changes[0].cause = Cause::Drift;
    same.changes[0].fields[0].sensitive = true;
    let span = crate::diagnostic::Span::file("stacks/a.yaml");
    same.changes[0].fields[0].origin = Some(span);
    same.changes[0].fields[0].after.as_mut().expect("it is there").origin =
        Origin { file: 0, node: 1 };
    assert_eq!(same.digest(), plan.digest());
}

#[test]
fn a_plan_that_was_altered_is_refused() {
    let stored = serde_json::to_value(Plan::seal(small(), envelope())).expect("it is there");
    for (at, value) in [
        ("/effect/target", "bag"),
        ("/effect/changes/0/action", "delete"),
        ("/effect/changes/0/fields/0/after", "3"),
        ("/effect/steps/0/nature", "indeterminate-after-crash"),
        ("/digest", "v1:0000000000000000000000000000000000000000000000000000000000000000"),
    ] {
        let mut altered = stored.clone();
        *altered.pointer_mut(at).expect(at) = value.into();
        let error = serde_json::from_value::<Plan>(altered).unwrap_err().to_string();
        assert!(error.contains("and its content is"), "{at}: {error}");
    }
    let mut elsewhere = stored;
    *elsewhere.pointer_mut("/envelope/observed_at").expect("it is there") =
        "2027-01-01T00:00:00Z".into();
    assert!(serde_json::from_value::<Plan>(elsewhere).is_ok(), "the envelope is not approved");
}

proptest! {
    #![proptest_config(config())]

    /// Stored as text and read again it is the same plan, whatever values it holds: otherwise an
    /// approved plan could not be applied after a restart.
    #[test]
    fn a_plan_is_read_back_as_stored(before in values(), after in values()) {
        let plan = Plan::seal(effect(before, after), envelope());
        let text = serde_json::to_string(&plan).expect("it is there");
        let read: Plan = serde_json::from_str(&text).expect("it is there");
        prop_assert_eq!(read.digest(), plan.digest());
        prop_assert_eq!(serde_json::to_string(&read).expect("it is there"), text);
        prop_assert_eq!(read.effect().canonical(), plan.effect().canonical());
    }
}
