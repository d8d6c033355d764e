//! What holds for every plan, tried on random worlds.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::*;
use crate::ids::{CommitId, TargetName};
use crate::model::observation::{Owner, Seen};
use crate::model::plan::Part;
use crate::pattern::StackPattern;

/// The same worlds at every run; a failure names the smallest.
fn config() -> Config {
    Config {
        rng_seed: RngSeed::Fixed(0x1505),
        failure_persistence: None,
        ..Config::with_cases(120)
    }
}

/// A small map.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        (0..4_i64).prop_map(|n| n.to_string()),
        prop_oneof![Just("1.5"), Just("\"x\""), Just("\"a\\nb\""), Just("\"\"")]
            .prop_map(str::to_owned),
    ];
    let tree = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
            map(inner),
        ]
    });
    map(tree)
}

fn map(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let key = prop_oneof![Just("a"), Just("name"), Just("x.y"), Just("$$z")];
    proptest::collection::btree_map(key, value, 0..3).prop_map(|entries| {
        let entries: Vec<_> = entries.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
        format!("{{{}}}", entries.join(","))
    })
}

/// A resource of a component: what is wanted, what is there, and what was applied.
fn resource() -> impl Strategy<Value = (Option<String>, Option<String>, Option<String>)> {
    (proptest::option::of(json()), proptest::option::of(json()), proptest::option::of(json()))
}

/// A world in which everything can be looked at, unless `trouble`.
fn worlds(trouble: bool) -> impl Strategy<Value = String> {
    let words: Vec<&str> = match trouble {
        true => vec![
            "",
            "",
            "",
            "gone",
            "disabled",
            "abstract",
            "unresolved",
            "unbuilt",
            "locked",
            "unreachable",
            "partial",
            "skipped",
            "keep-all",
            "observe",
            "ignore=a",
        ],
        false => vec!["", "", "gone", "disabled", "keep-all", "locked", "observe", "ignore=a"],
    };
    let component =
        (proptest::sample::select(words), vec(resource(), 0..4), any::<u8>(), 0..9_usize);
    let missing = if trouble { 0..4_usize } else { 1..2 };
    (vec(component, 1..6), missing).prop_map(|(components, missing)| {
        let mut text = String::from("review none\n");
        if missing == 0 {
            text.push_str("missing something\n");
        }
        for (at, (word, resources, needs, wants)) in components.iter().enumerate() {
            if *word != "gone" {
                text.push_str(&format!("component c{at} {word}\n"));
                // Perhaps what another component has.
                let other = wants % components.len().max(1);
                if *wants < components.len() && other != at {
                    text.push_str(&format!("c{at} wants c{other}-0.json {{\"a\":1}}\n"));
                }
            }
            let below = (0..at).filter(|other| needs >> other & 1 == 1);
            below.for_each(|other| text.push_str(&format!("c{at} needs c{other}\n")));
            for (number, (wants, has, was)) in resources.iter().enumerate() {
                let mut say = |verb: &str, body: &Option<String>| {
                    body.iter().for_each(|body| {
                        text.push_str(&format!("c{at} {verb} c{at}-{number}.json {body}\n"));
                    });
                };
                if *word != "gone" {
                    say("wants", wants);
                }
                say("has", has);
                if has.is_some() {
                    say("was", was);
                }
            }
        }
        text
    })
}

fn acts(plan: &Plan) -> Vec<String> {
    let changes = plan.effect().changes.iter().filter(|change| change.action != Action::Keep);
    changes.map(|change| format!("{} {}", change.action.verb(), change.resource)).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_audit_accepts_every_plan(text in worlds(true)) {
        let world = world(&text);
        prop_assert_eq!(audit(&world.plan(), &world.input()), vec![], "{}", text);
    }

    #[test]
    fn after_a_plan_there_is_nothing_to_plan(text in worlds(false)) {
        let world = world(&text);
        let plan = world.plan();
        let again = world.after(&plan).plan();
        prop_assert!(acts(&again).is_empty(), "{}\n{:?}\nthen {:?}", text, acts(&plan), acts(&again));
    }

    /// The effect is the same at another commit and minute, and under another freeze.
    #[test]
    fn the_same_effect_has_the_same_digest(text in worlds(true)) {
        let mut world = world(&text);
        let digest = world.plan().digest();
        world.revision = Revision::Commit(CommitId::new("ffffffffffff").expect("it is there"));
        world.now = at("2026-12-24T00:00:00Z");
        world.policy.freeze = vec![crate::model::policy::Freeze {
            pattern: StackPattern::new("*").expect("a glob"),
            from: at("2026-12-01T00:00:00Z"),
            until: at("2027-01-01T00:00:00Z"),
            reason: "winter".to_owned(),
        }];
        prop_assert_eq!(world.plan().digest(), digest);
    }

    /// Whichever witness is taken away from whichever delete, it does not happen.
    #[test]
    fn nothing_is_deleted_when_any_evidence_is_missing(
        text in worlds(false), which in any::<prop::sample::Index>(), witness in 0..9_u8,
    ) {
        let mut world = world(&text);
        let plan = world.plan();
        let deletes: Vec<_> =
            plan.effect().changes.iter().filter(|change| change.action == Action::Delete).collect();
        prop_assume!(!deletes.is_empty());
        let Change { component, resource, .. } = deletes[which.index(deletes.len())].clone();
        let observation = match world.observed.remove(&component) {
            Some(Observed::Complete(observation)) => observation,
            other => panic!("{other:?}"),
        };
        let mut observed = Observed::Complete(observation);
        let mark = world.mark.as_mut().expect("it is there");
        match witness {
            0 => world.evidence.missing.push("a stack".to_owned()),
            1 => world.mark = None,
            2 => drop(mark.resources.remove(&resource)),
            3 => mark.target = TargetName::new("elsewhere").expect("it is there"),
            4 => drop(world.owned.remove(&resource)),
            5 => {
                let Observed::Complete(observation) = observed else { unreachable!() };
                observed = Observed::Partial(observation);
            }
            6 => {
                let Observed::Complete(observation) = &mut observed else { unreachable!() };
                let seen = observation.resources.get_mut(&resource).expect("it is there");
                let Seen::Compared(both) = seen else { unreachable!() };
                both.owner = Owner::Nobody;
            }
            7 => {
                let key = (component.kind.clone(), component.name.clone());
                world.stack.components.remove(&key);
                world.stack.unresolved.insert(key, Vec::new());
            }
            _ => {
                let claimant = component_id("other", "c");
                world.evidence.claims.entry(resource.clone()).or_default().push(claimant);
            }
        }
        world.observed.insert(component, observed);
        let plan = world.plan();
        let goes = plan.effect().changes.iter().any(|change| {
            change.resource == resource && change.action == Action::Delete
        });
        prop_assert!(!goes, "witness {} of {}\n{}", witness, resource, text);
        prop_assert_eq!(audit(&plan, &world.input()), vec![]);
    }

    /// A held component's steps never start: every one of them finds its hold.
    #[test]
    fn holds_reach_their_steps(text in worlds(true)) {
        let plan = world(&text).plan();
        for step in &plan.effect().steps {
            let own = plan.envelope.holds.iter().filter(|hold| match &hold.part {
                Part::Component(id) => *id == step.component,
                _ => false,
            });
            prop_assert!(plan.holds_on(step).count() >= own.count());
        }
    }
}
