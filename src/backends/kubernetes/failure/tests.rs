//! What may be done about each refusal, and what is told of it.

use super::*;
use crate::backends::Disposition;
use crate::backends::fixture::key;

fn refused(code: u16, message: &str) -> Failure {
    Failure::Refused(Status::failure(message, "Invalid").with_code(code).boxed())
}

#[test]
fn each_refusal_says_what_may_be_done() {
    let disposition = |failure: Failure| failure.into_step(None).disposition;
    for code in [400, 401, 403, 404, 405, 413, 415, 422] {
        assert_eq!(disposition(refused(code, "no")), Disposition::Refused, "{code}");
    }
    for code in [408, 500, 502, 504] {
        assert_eq!(disposition(refused(code, "no")), Disposition::Unknown, "{code}");
    }
    for code in [429, 503] {
        assert_eq!(disposition(refused(code, "no")), Disposition::RetryAfter(BUSY), "{code}");
    }
    assert_eq!(disposition(refused(409, "no")), Disposition::Stale);
    let webhook = refused(500, "Internal error occurred: failed calling webhook \"x\": timeout");
    assert_eq!(disposition(webhook), Disposition::RetryAfter(BUSY));
    let unknown = refused(500, "failed to create typed patch object: field not declared in schema");
    assert_eq!(disposition(unknown), Disposition::Refused);
    assert_eq!(disposition(Failure::Lost(String::new())), Disposition::Unknown);
    assert_eq!(disposition(Failure::Late(String::new())), Disposition::Refused);
    assert_eq!(disposition(Failure::Away(String::new())), Disposition::RetryAfter(AWAY));
}

#[test]
fn what_is_wrong_with_a_manifest_is_told_from_what_is_wrong_with_us() {
    for (code, message, is_about_manifest) in [
        (422, "field is immutable", true),
        (400, "strict decoding error", true),
        (500, "failed to create typed patch object: .a: field not declared in schema", true),
        (403, "admission webhook \"x\" denied the request: no", true),
        (403, "User \"ada\" cannot patch resource \"secrets\"", false),
        (500, "etcdserver: leader changed", false),
        (429, "busy", false),
        (404, "not found", false),
    ] {
        assert_eq!(refused(code, message).is_about_manifest(), is_about_manifest, "{message}");
    }
    assert!(!Failure::Away(String::new()).is_about_manifest());
}

#[test]
fn a_server_that_says_how_long_is_believed() {
    let body = r#"{"code": 429, "reason": "TooManyRequests", "message": "busy",
                   "details": {"retryAfterSeconds": 7}}"#;
    let busy = Failure::Refused(serde_json::from_str(body).unwrap()).into_step(None);
    assert_eq!(busy.disposition, Disposition::RetryAfter(Duration::from_secs(7)));
}

#[test]
fn nothing_of_a_secret_is_told() {
    let body = r#"{"code": 422, "reason": "Invalid", "message": "Invalid value: \"canary\"",
                   "details": {"causes": [{"field": "data[key]", "message": "canary"}]}}"#;
    let failure = || Failure::Refused(serde_json::from_str(body).unwrap());
    let [secret, other] = ["Secret/shop/key", "ConfigMap/shop/key"]
        .map(|name| failure().into_step(Some(&Identity::parse(&key(name)).unwrap())).reason);
    assert_eq!(secret, "Secret/shop/key: refused (Invalid): data[key]");
    let undeclared = |field: &str| {
        let message = format!(
            "failed to create typed patch object (shop/key; /v1, Kind=Secret): {field}: field not \
             declared in schema"
        );
        refused(500, &message).words(Some(&Identity::parse(&key("Secret/shop/key")).unwrap()))
    };
    assert_eq!(undeclared(".sort"), ".sort: field not declared in schema");
    assert_eq!(undeclared(".data: \"canary\""), "refused (Invalid)");
    assert_eq!(other, "ConfigMap/shop/key: Invalid value: \"canary\"");
}
