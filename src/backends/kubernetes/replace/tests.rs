use serde_json::json;

use super::*;

#[test]
fn it_is_asked_for_by_name() {
    let asked =
        |key: &str, value: &str| is_asked(&json!({"metadata": {"annotations": {key: value}}}));
    assert!(asked("isobar.dev/replace", "true"));
    assert!(asked("kustomize.toolkit.fluxcd.io/force", "enabled"));
    assert!(asked(ARGO, "Prune=false, Replace=true,Force=true"));
    assert!(!asked(ARGO, "Replace=true"), "that writes over it, and deletes nothing");
    assert!(!asked("isobar.dev/replace", "false"));
    assert!(!is_asked(&json!({"metadata": {}})));
}

#[test]
fn it_is_tried_under_a_name_that_any_kind_may_have() {
    let long = "a".repeat(253);
    for name in ["web", "web.example.com", &long, "a-"] {
        let other = another_name(name);
        assert!(other != name && other.len() <= NAME_BYTES_MAX, "{other}");
    }
    assert_eq!(another_name(&"a".repeat(54)).len(), NAME_BYTES_MAX);
}

/// A server may name what it has instead of the field that was written.
#[test]
fn a_field_that_is_not_there_stands_for_all_of_it() {
    let refused = |names: &[&str]| {
        let causes: Vec<_> = names.iter().map(|name| json!({ "field": name })).collect();
        serde_json::from_value::<Status>(json!({ "details": { "causes": causes } })).unwrap()
    };
    let is_there = |path: &FieldPath| path.to_string() == "spec.selector";
    let path = |text| FieldPath::parse(text).unwrap();
    for (names, expected) in [
        (&["spec.selector"][..], path("spec.selector")),
        (&["spec.selector", "spec.persistentvolumesource"], path("spec.selector")),
        (&["spec.persistentvolumesource"], FieldPath::root()),
        (&[], FieldPath::root()),
    ] {
        assert_eq!(fields(&refused(names), is_there), [expected], "{names:?}");
    }
}
