//! Whose entry becomes ours, and when none does.

use expect_test::expect;

use super::*;

fn entry(name: &str, operation: &str, fields: &Json) -> Json {
    json!({"manager": name, "operation": operation, "apiVersion": "v1", "fieldsV1": fields})
}

fn object(entries: &[Json]) -> Json {
    json!({"metadata": {"resourceVersion": "7", "managedFields": entries}})
}

#[test]
fn what_kubectl_applied_becomes_ours() {
    let theirs = entry("hand", "Update", &json!({"f:data": {"f:c": {}}}));
    let kubectl = entry(CLIENTS[0], "Update", &json!({"f:data": {".": {}, "f:a": {}}}));
    let before = entry(CLIENTS[1], "Update", &json!({"f:data": {"f:b": {}}}));
    let object = object(&[theirs, kubectl, before]);
    let taken = fields(&object, "us").unwrap();
    let values = json!({"data": {"a": 1, "b": 2, "c": 3}});
    assert_eq!(taken.of(&values), Some(json!({"data": {"a": 1, "b": 2}})));
    expect![[r#"[{"op":"add","path":"/metadata/managedFields","value":[{"manager":"hand","operation":"Update","apiVersion":"v1","fieldsV1":{"f:data":{"f:c":{}}}},{"manager":"us","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:a":{},"f:b":{}}}}]},{"op":"replace","path":"/metadata/resourceVersion","value":"7"}]"#]].assert_eq(&patch(&object, "us").unwrap().to_string());
}

#[test]
fn nothing_is_taken_over_twice_or_from_anybody_else() {
    let wanted = json!({"f:data": {"f:a": {}}});
    let kubectl = entry(CLIENTS[0], "Update", &wanted);
    let mut status = kubectl.clone();
    status["subresource"] = "status".into();
    for entries in [
        vec![kubectl, entry("us", "Apply", &wanted)],
        vec![entry("kubectl-edit", "Update", &wanted)],
        vec![entry(CLIENTS[0], "Apply", &wanted)],
        vec![status],
        vec![],
    ] {
        assert!(patch(&object(&entries), "us").is_none(), "{entries:?}");
    }
}

#[test]
fn entries_of_another_version_stay() {
    let wanted = json!({"f:data": {"f:a": {}}});
    let mut other = entry(CLIENTS[1], "Update", &wanted);
    other["apiVersion"] = "v1beta1".into();
    let object = object(&[entry(CLIENTS[0], "Update", &wanted), other.clone()]);
    let patch = patch(&object, "us").unwrap();
    assert!(patch[0]["value"].as_array().unwrap().contains(&other));
}

#[test]
fn entries_of_a_version_that_is_gone_are_written_down_for_the_one_that_is_there() {
    let of = |name: &str, version: &str, field: &str| {
        let mut entry = entry(name, "Update", &json!({"f:data": {format!("f:{field}"): {}}}));
        entry["apiVersion"] = version.into();
        entry
    };
    let all = [of("a", "v1alpha1", "x"), of("b", "v1beta1", "y"), of("a", "v1", "z")];
    let served = ["v1", "v1beta1"].map(str::to_owned);
    let patch = migration(&object(&all), "v1", &served).unwrap();
    let mut merged = of("a", "v1", "x");
    merged["fieldsV1"]["f:data"]["f:z"] = json!({});
    assert_eq!(patch[0]["value"], json!([merged, all[1]]));
    assert_eq!(patch[1]["value"], "7");
    // All of them are served; or what is served is not known.
    assert!(migration(&object(&all[1..]), "v1", &served).is_none());
    assert!(migration(&object(&all), "v1", &[]).is_none());
}
