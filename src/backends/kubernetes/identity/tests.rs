//! Keys of objects.

use serde_json::json;

use super::*;
use crate::backends::fixture::key;

#[test]
fn a_key_reads_back() {
    for text in [
        "Namespace/shop",
        "Deployment.apps/shop/web",
        "Site.example.com/a",
        "ClusterRole.rbac.authorization.k8s.io/system:node",
    ] {
        assert_eq!(Identity::parse(&key(text)).unwrap().to_string(), text);
    }
}

#[test]
fn what_names_no_object_is_refused() {
    for text in ["web", "/web", "ConfigMap/", "ConfigMap//web", "a/b/c/d", ".apps/web"] {
        assert!(Identity::parse(&key(text)).is_err(), "{text}");
    }
}

#[test]
fn a_secret_is_one_of_the_oldest_group_alone() {
    let is_secret = |text: &str| Identity::parse(&key(text)).unwrap().is_secret();
    assert!(is_secret("Secret/shop/key"));
    assert!(!is_secret("Secret.example.com/shop/key"));
}

#[test]
fn the_version_is_what_stands_behind_the_group() {
    assert_eq!(version(&json!({"apiVersion": "apps/v1"})), Some("v1"));
    assert_eq!(version(&json!({"apiVersion": "v1"})), Some("v1"));
    assert_eq!(version(&json!({})), None);
}

#[test]
fn an_empty_page_is_a_list() {
    assert_eq!(items(&json!({"items": [1]})), Some(&[json!(1)][..]));
    assert_eq!(items(&json!({"items": null})), Some(&[][..]));
    assert_eq!(items(&json!({"kind": "Status"})), None);
    assert_eq!(items(&json!({"items": "none"})), None);
}
