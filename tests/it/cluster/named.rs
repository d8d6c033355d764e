//! Every kind that a real server has: how its objects are doing is known, or why not is said here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::scene::Scene;
use crate::testbed::bed::Bed;

/// Kinds without a row, and why.
const REASONS: &[(&str, &str, &str)] =
    &[("", "ComponentStatus", "nobody can write one: the server makes it up when it is asked")];

/// What can be done with each kind that the server itself has, by group and kind.
fn served(scene: &Scene) -> BTreeMap<(String, String), BTreeSet<String>> {
    let get = |path: &str| -> Json {
        let text = scene.kubectl(["get", "--raw", path]);
        serde_json::from_str(&text).expect("what the server has")
    };
    let text = |value: &Json| value.as_str().expect("a text").to_owned();
    let mut folders = vec![(String::new(), "/api/v1".to_owned())];
    for group in get("/apis")["groups"].as_array().expect("a list") {
        for version in group["versions"].as_array().expect("a list") {
            folders
                .push((text(&group["name"]), format!("/apis/{}", text(&version["groupVersion"]))));
        }
    }
    let mut all: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (group, folder) in folders {
        for resource in get(&folder)["resources"].as_array().expect("a list") {
            // A part of an object, such as its scale, is no object.
            if !text(&resource["name"]).contains('/') {
                let verbs = resource["verbs"].as_array().expect("a list").iter().map(text);
                all.entry((group.clone(), text(&resource["kind"]))).or_default().extend(verbs);
            }
        }
    }
    all
}

#[test]
fn of_every_kind_of_a_server_it_is_known_how_its_objects_are_doing() {
    // One that nobody has defined further kinds in.
    let Some(bed) = Bed::start() else { return };
    let served = served(&Scene::on(&bed, "named"));
    assert!(served.len() > 70, "{served:#?}");
    let has_reason = |group: &str, kind: &str| {
        REASONS.iter().any(|(of, named, _)| (*of, *named) == (group, kind))
    };
    let is_question = |verbs: &BTreeSet<String>| verbs.iter().eq(["create"]);
    let unknown: Vec<_> = served
        .iter()
        .filter(|((group, kind), verbs)| {
            // What can only be created is a question, and is kept nowhere.
            !is_question(verbs) && !has_reason(group, kind) && !kube_health::is_named(group, kind)
        })
        .collect();
    assert!(unknown.is_empty(), "a row in crates/kube-health, or a reason here: {unknown:#?}");
    for (group, kind, why) in REASONS {
        let key = ((*group).to_owned(), (*kind).to_owned());
        assert!(served.contains_key(&key), "{kind} is not there any more: {why}");
        assert!(!kube_health::is_named(group, kind), "{kind} has a row: {why}");
    }
    for (group, kind) in [("", "Widget"), ("apps", "Pod"), ("example.com", "Site")] {
        assert!(!kube_health::is_named(group, kind), "{kind} is no kind of {group}");
    }
}
