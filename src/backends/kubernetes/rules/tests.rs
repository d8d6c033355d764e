//! Objects, and what a rule says of them.

use expect_test::{Expect, expect};
use serde_json::json;

use super::*;
use crate::backends::fixture::key;

/// A rule, in YAML, as `isobar.yaml` has it, for Depots.
fn learned(rule: &str) -> HealthRules {
    let text = format!("group: example.com\nkind: Depot\n{rule}");
    let rules = HealthRules::default();
    rules.learn(&[crate::schema::read("isobar.yaml", &text).unwrap()]);
    rules
}

fn depot() -> Identity {
    Identity::parse(&key("Depot.example.com/shop/one")).unwrap()
}

fn said(rules: &HealthRules, object: &Json) -> Health {
    let (known, identity) = (rules.now(), depot());
    judge(known.of(&identity), &identity, object, Timestamp::UNIX_EPOCH)
}

/// What `rule` says of each object: one a line, in YAML.
fn check(rule: &str, objects: &str, expected: &Expect) {
    let rules = learned(rule);
    let each = objects.trim().lines().map(|line| {
        let object: Json = serde_json::from_str(line).unwrap();
        format!("{line}\n= {}\n", said(&rules, &object))
    });
    expected.assert_eq(&each.collect::<String>());
}

#[test]
fn the_first_that_is_true_says_how_it_is_doing() {
    check(
        "
suspended: has(spec.closed) && spec.closed
progressing: status.stage == 'Filling'
degraded: status.stage in ['Broken', 'Filling']
healthy: status.stage == 'Open' && self.status.stock >= self.spec.stock
reason: \"'stage ' + status.stage + (has(status.note) ? ': ' + status.note : '')\"
",
        r#"
{"spec": {"closed": true}, "status": {"stage": "Broken"}}
{"spec": {"stock": 3}, "status": {"stage": "Filling", "stock": 1}}
{"spec": {"stock": 3}, "status": {"stage": "Broken", "note": "the roof\nleaks"}}
{"spec": {"stock": 3}, "status": {"stage": "Open", "stock": 2}}
{"spec": {"stock": 3}, "status": {"stage": "Open", "stock": 3}}
"#,
        &expect![[r#"
            {"spec": {"closed": true}, "status": {"stage": "Broken"}}
            = suspended: stage Broken
            {"spec": {"stock": 3}, "status": {"stage": "Filling", "stock": 1}}
            = progressing: stage Filling
            {"spec": {"stock": 3}, "status": {"stage": "Broken", "note": "the roof\nleaks"}}
            = degraded: stage Broken: the roof leaks
            {"spec": {"stock": 3}, "status": {"stage": "Open", "stock": 2}}
            = progressing: stage Open
            {"spec": {"stock": 3}, "status": {"stage": "Open", "stock": 3}}
            = healthy
        "#]],
    );
}

#[test]
fn what_holds_for_every_object_is_said_before() {
    check(
        "healthy: 'true'",
        r#"
{"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
{"spec": {"suspend": true}}
{"metadata": {"generation": 2}, "status": {"observedGeneration": 1}}
{"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "Failed"}]}}
{"status": {"conditions": [{"type": "Stalled", "status": "True"}]}}
"#,
        &expect![[r#"
            {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
            = progressing: it is being deleted since 2026-01-01T00:00:00Z
            {"spec": {"suspend": true}}
            = suspended: spec.suspend is true
            {"metadata": {"generation": 2}, "status": {"observedGeneration": 1}}
            = progressing: generation 2 is not observed yet, the status is of 1
            {"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "Failed"}]}}
            = healthy
            {"status": {"conditions": [{"type": "Stalled", "status": "True"}]}}
            = healthy
        "#]],
    );
}

#[test]
fn what_fails_is_unknown_and_before_there_is_a_status_on_its_way() {
    let object = r#"{"status": {"stage": "Open"}}"#;
    let objects = format!("{object}\n{{\"status\": {{}}}}\n{{}}");
    check(
        "healthy: status.nothing == 1",
        &objects,
        &expect![[r#"
        {"status": {"stage": "Open"}}
        = unknown: `healthy` of the rule for its kind fails: No such key: nothing
        {"status": {}}
        = progressing: it has no status yet, and `healthy` of the rule for its kind fails: No such key: nothing
        {}
        = progressing: it has no status yet, and `healthy` of the rule for its kind fails: No such key: nothing
    "#]],
    );
    check(
        "healthy: status.stage",
        object,
        &expect![[r#"
        {"status": {"stage": "Open"}}
        = unknown: `healthy` of the rule for its kind fails: it gives string; it has to be true or false
    "#]],
    );
    check(
        "healthy: status.stage.nosuch()",
        object,
        &expect![[r#"
        {"status": {"stage": "Open"}}
        = unknown: `healthy` of the rule for its kind fails: Undeclared reference to 'nosuch'
    "#]],
    );
}

/// A state that is known stays so: whoever waits for it to be degraded is told.
#[test]
fn a_reason_that_fails_changes_no_state() {
    let object = r#"{"status": {"stage": "Broken"}}"#;
    let rule = |reason: &str| format!("degraded: 'true'\nhealthy: 'true'\nreason: {reason}");
    check(
        &rule("status.note"),
        object,
        &expect![[r#"
        {"status": {"stage": "Broken"}}
        = degraded: `degraded` of the rule for its kind is true, and its `reason` fails: No such key: note
    "#]],
    );
    check(
        &rule("status.stage.size()"),
        object,
        &expect![[r#"
        {"status": {"stage": "Broken"}}
        = degraded: `degraded` of the rule for its kind is true, and its `reason` gives int, and no text
    "#]],
    );
    check(
        &rule("\"' '\""),
        object,
        &expect![[r#"
        {"status": {"stage": "Broken"}}
        = degraded: `degraded` of the rule for its kind is true
    "#]],
    );
    check(
        "healthy: 'false'",
        object,
        &expect![[r#"
        {"status": {"stage": "Broken"}}
        = progressing: `healthy` of the rule for its kind is not true
    "#]],
    );
}

#[test]
fn what_may_not_be_seen_is_hidden_from_expressions() {
    let rules = learned("degraded: 'true'\nhealthy: 'true'\nreason: string(self)");
    let text = |path: &str| Json::from(format!("canary of {path}"));
    let object = json!({
        "metadata": {
            "managedFields": [{"manager": text("managedFields")}],
            "annotations": {
                "isobar.dev/secret": "[\"spec.password\", \"spec.users\"]",
                owner::REPEATED: text("kubectl"),
            },
        },
        "spec": {"password": text("password"), "users": [{"name": text("users")}], "size": 3},
    });
    let seen = seen(&object);
    assert!(!seen.to_string().contains("canary"), "{seen}");
    assert_eq!(seen["spec"], json!({"password": HIDDEN, "users": HIDDEN, "size": 3}));
    assert!(!said(&rules, &object).to_string().contains("canary"));
}

/// Ten thousand items in a loop in a loop are more than is looked at.
#[test]
fn loops_have_a_bound() {
    let rules = learned("healthy: spec.all.all(a, spec.all.all(b, a == b))");
    let object = |count: usize| json!({"spec": {"all": vec![1; count]}, "status": {"a": 1}});
    assert_eq!(said(&rules, &object(100)), Health::Healthy);
    expect!["unknown: `healthy` of the rule for its kind fails: its loops could take more than 10000000 turns for this object"].assert_eq(&said(&rules, &object(3_200)).to_string());
}

#[tokio::test]
async fn whoever_follows_a_kind_hears_of_another_rule_for_it_and_of_no_other() {
    let rules = learned("healthy: 'true'");
    let rule = |rules: &HealthRules| rules.now().of(&depot()).cloned();
    let first = rule(&rules);
    let other_kind: HealthRule =
        crate::schema::read("isobar.yaml", "{kind: Pod, healthy: 'true'}").unwrap();
    let own = first.as_ref().unwrap().said.clone();
    rules.learn(&[other_kind.clone(), own.clone()]);
    let depot = depot();
    let changed = rules.changed(&depot, first.as_ref());
    assert!(futures_util::FutureExt::now_or_never(changed).is_none(), "it is the same rule");
    rules.learn(&[HealthRule { healthy: "false".to_owned(), ..own }]);
    rules.changed(&depot, first.as_ref()).await;
    let second = rule(&rules);
    rules.learn(&[other_kind]);
    rules.changed(&depot, second.as_ref()).await;
    assert!(rule(&rules).is_none());
}
