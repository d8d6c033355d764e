use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::tests::{cases, now};
use crate::{Health, judge};

/// Longest that a reason may be, as promised.
const REASON_BYTES_MAX: usize = 240;

/// Keys and words that rules know, so that random objects get past the first question.
const KEYS: &[&str] = &[
    "conditions",
    "containerStatuses",
    "deletionTimestamp",
    "finalizers",
    "generation",
    "health",
    "lastTransitionTime",
    "message",
    "metadata",
    "observedGeneration",
    "parents",
    "phase",
    "reason",
    "replicas",
    "spec",
    "state",
    "status",
    "suspend",
    "type",
    "waiting",
];
const WORDS: &[&str] = &[
    "",
    "False",
    "True",
    "Ready",
    "Failed",
    "Pending",
    "Progressing",
    "Running",
    "Unschedulable",
    "2026-01-01T00:00:59Z",
    "9999-12-30T22:00:00Z",
    "1/2",
    "ü…\u{7}\n",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(WORDS).prop_map(Value::from),
        ".{0,400}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        let key = prop::sample::select(KEYS).prop_map(str::to_owned);
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(key, inner, 0..8).prop_map(|map| json!(map)),
        ]
    })
}

/// A case with one of its values replaced.
fn broken_case() -> impl Strategy<Value = (String, String, Value)> {
    let cases: Vec<_> =
        cases().into_iter().map(|case| (case.group, case.kinds[0].clone(), case.object)).collect();
    let place = any::<prop::sample::Index>();
    (prop::sample::select(cases), place, any_json()).prop_map(
        |((group, kind, mut object), at, by)| {
            let mut pointers = Vec::new();
            collect(&object, String::new(), &mut pointers);
            if let Some(value) = object.pointer_mut(at.get(&pointers).as_str()) {
                *value = by;
            }
            (group, kind, object)
        },
    )
}

fn collect(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            collect(value, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), pointers);
        }),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| collect(value, format!("{at}/{index}"), pointers)),
        _ => {}
    }
    pointers.push(at);
}

fn check(group: &str, kind: &str, object: &Value) {
    let health = &judge(group, kind, object, now());
    if let Some(reason) = health.reason() {
        assert!(!reason.as_str().is_empty(), "a reason says something");
        assert!(reason.as_str().len() <= REASON_BYTES_MAX, "{reason}");
        assert!(!reason.as_str().contains(char::is_control), "{reason:?}");
    }
    if let Health::Progressing { until: Some(until), .. } = health {
        assert!(*until > now(), "what changes by itself changes later: {health}");
        let then = judge(group, kind, object, *until);
        assert!(matches!(then, Health::Degraded(_)), "{health}, and then {then}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_value_is_judged(group in "[a-z.]{0,12}", kind in "[A-Z][a-z]{0,8}", value in any_json()) {
        check(&group, &kind, &value);
    }

    #[test]
    fn a_broken_case_is_judged((group, kind, object) in broken_case()) {
        check(&group, &kind, &object);
    }

    #[test]
    fn deletion_always_wins((group, kind, mut object) in broken_case()) {
        if !object.is_object() {
            return Ok(());
        }
        object["metadata"] = json!({"deletionTimestamp": "2026-01-01T00:00:00Z"});
        let health = judge(&group, &kind, &object, now());
        prop_assert!(health.to_string().starts_with("progressing: it is being deleted since 2026-01-01T00:00:00Z"));
    }
}

fn of(object: &Value) -> String {
    judge("example.org", "Thing", object, now()).to_string()
}

#[test]
fn what_is_deleted_names_what_holds_it() {
    let object = json!({"metadata": {
        "deletionTimestamp": "2026-01-01T00:00:00Z",
        "finalizers": ["example.org/a", "example.org/b"],
    }});
    let expected = "progressing: it is being deleted since 2026-01-01T00:00:00Z, \
                    waits for its finalizers example.org/a, example.org/b";
    assert_eq!(of(&object), expected);
}

#[test]
fn a_pause_comes_before_a_generation_that_nobody_observes() {
    let mut object = json!({
        "metadata": {"generation": 2},
        "spec": {"suspend": true},
        "status": {"observedGeneration": 1},
    });
    assert_eq!(of(&object), "suspended: spec.suspend is true");
    object["spec"] = json!({"suspend": false});
    let expected = "progressing: generation 2 is not observed yet, the status is of 1";
    assert_eq!(of(&object), expected);
}

#[test]
fn annotations_pause_by_their_value() {
    let with = |name: &str, value: &str| {
        let metadata = json!({"annotations": {name: value}});
        of(&json!({"metadata": metadata}))
    };
    let paused = "suspended: annotation crossplane.io/paused is \"true\"";
    assert_eq!(with("crossplane.io/paused", "true"), paused);
    assert_eq!(with("crossplane.io/paused", "false"), "healthy");
    let any = "suspended: annotation cluster.x-k8s.io/paused is \"\"";
    assert_eq!(with("cluster.x-k8s.io/paused", ""), any);
}

#[test]
fn reconciling_comes_before_stalled_and_both_before_ready() {
    let object = |reconciling: &str, stalled: &str| {
        json!({"status": {"conditions": [
            {"type": "Ready", "status": "True"},
            {"type": "Stalled", "status": stalled, "reason": "Why"},
            {"type": "Reconciling", "status": reconciling},
        ]}})
    };
    assert_eq!(of(&object("True", "True")), "progressing: Reconciling is True");
    assert_eq!(of(&object("False", "True")), "degraded: Stalled is True: Why");
    assert_eq!(of(&object("False", "False")), "healthy");
}

#[test]
fn what_is_no_object_is_unknown() {
    assert_eq!(of(&json!([])), "unknown: this is not a Kubernetes object");
}
