use super::*;

#[test]
fn a_time_is_read() {
    let read = |text| time(text).map(|time| time.as_micros());
    assert_eq!(read("1970-01-01T00:00:00.000000Z"), Some(0));
    assert_eq!(read("2000-02-29T12:00:00.500000Z"), Some(951_825_600_500_000));
    assert_eq!(read("2026-11-20T09:30:00.123456Z"), Some(1_795_167_000_123_456));
    assert_eq!(read("yesterday"), None);
}

#[test]
fn a_status_tells_when_a_deployment_does_well() {
    let line = |status: serde_json::Value| {
        let object = serde_json::json!({"metadata": {"generation": 1}, "spec": {"replicas": 0}, "status": status});
        serde_json::json!({
            "verb": "update", "user": {"username": "controllers"}, "requestURI": "/x",
            "stageTimestamp": "2026-11-20T09:30:00.000000Z", "requestObject": object,
            "responseStatus": {"code": 200},
            "objectRef": {"resource": "deployments", "subresource": "status", "namespace": "n", "name": "web"},
        })
    };
    let conditions = serde_json::json!([
        {"type": "Available", "status": "True"},
        {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
    ]);
    let well = serde_json::json!({"observedGeneration": 1, "conditions": conditions});
    assert!(request(&line(well.clone())).unwrap().does_well);
    // A controller that knew an older version writes again when its turn comes: much later.
    let mut refused = line(well);
    refused["responseStatus"]["code"] = 409.into();
    assert!(!request(&refused).unwrap().does_well);
    assert!(!request(&line(serde_json::json!({}))).unwrap().does_well);
    let mut other = line(serde_json::json!({}));
    other["objectRef"]["subresource"] = serde_json::Value::Null;
    assert!(request(&other).is_none(), "what controllers write else does not count");
}

#[test]
fn what_is_refused_is_no_write() {
    let line = |code: u16, query: &str| {
        serde_json::json!({
            "verb": "patch", "user": {"username": "isobar"}, "requestURI": format!("/x?{query}"),
            "stageTimestamp": "2026-11-20T09:30:00.000000Z", "responseStatus": {"code": code},
            "objectRef": {"resource": "deployments", "namespace": "n", "name": "web"},
        })
    };
    let is = |code, query| {
        let request = request(&line(code, query)).unwrap();
        (request.is_rehearsal(), request.is_write())
    };
    assert_eq!(is(201, "force=true"), (false, true));
    assert_eq!(is(200, "dryRun=All"), (true, false));
    assert_eq!(is(409, "force=true"), (false, false));
    assert_eq!(is(422, "dryRun=All"), (false, false));
}
