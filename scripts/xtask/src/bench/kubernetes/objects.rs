//! What is applied: of each component a ServiceAccount, a Service, an Ingress, and a Deployment
//! that runs nothing.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::emptied;

/// A component: its name, what it comes after, its objects.
pub(super) struct Component {
    pub(super) name: String,
    pub(super) after: Option<String>,
    pub(super) objects: Vec<Value>,
}

/// `count` of them in `namespace`.
pub(super) fn components(namespace: &str, count: usize) -> Vec<Component> {
    let one = |number: usize| {
        let name = name(number);
        Component { objects: objects(namespace, &name), after: None, name }
    };
    (0..count).map(one).collect()
}

/// `count` of one ConfigMap each, every one after the one before it.
pub(super) fn chain(namespace: &str, count: usize) -> Vec<Component> {
    let one = |number: usize| Component {
        name: name(number),
        after: number.checked_sub(1).map(name),
        objects: vec![json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name(number), "namespace": namespace}, "data": {"a": "b"},
        })],
    };
    (0..count).map(one).collect()
}

fn name(number: usize) -> String {
    format!("web-{number:04}")
}

fn objects(namespace: &str, name: &str) -> Vec<Value> {
    let metadata = json!({"name": name, "namespace": namespace, "labels": {"tier": "web"}});
    let labels = json!({"app": name});
    let backend = json!({"service": {"name": name, "port": {"number": 80}}});
    let path = json!({"path": "/", "pathType": "Prefix", "backend": backend});
    let container = json!({
        "name": "web", "image": "registry.example.com/web:1",
        "ports": [{"containerPort": 8080}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
        "env": [{"name": "LEVEL", "value": "debug"}],
    });
    vec![
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata,
            "spec": {"clusterIP": "None", "selector": labels,
                     "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
        }),
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata,
            "spec": {"rules": [{"host": format!("{name}.example.com"), "http": {"paths": [path]}}]},
        }),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
            "spec": {"replicas": 0, "selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels},
                                  "spec": {"serviceAccountName": name, "containers": [container]}}},
        }),
    ]
}

/// One file per object, as the loop reads it.
pub(super) fn as_requests(folder: &Path, namespace: &str, count: usize) -> Result<()> {
    emptied(folder)?;
    let all = components(namespace, count);
    for (number, object) in all.iter().flat_map(|one| &one.objects).enumerate() {
        let kind = object["kind"].as_str().context("an object has a kind")?;
        let name = object["metadata"]["name"].as_str().context("an object has a name")?;
        let root = match object["apiVersion"].as_str() {
            Some("v1") | None => "/api/v1".to_owned(),
            Some(version) => format!("/apis/{version}"),
        };
        let plural = match kind {
            "Ingress" => "ingresses".to_owned(),
            kind => format!("{}s", kind.to_lowercase()),
        };
        let path = format!("{root}/namespaces/{namespace}/{plural}/{name}");
        fs::write(folder.join(format!("{number:05}")), format!("{path}\n{object}"))?;
    }
    Ok(())
}

/// The same for a change of one field in the metadata of Deployments.
pub(super) fn as_edits(
    folder: &Path,
    namespace: &str,
    part: &str,
    field: &str,
    count: usize,
) -> Result<()> {
    emptied(folder)?;
    for number in 0..count {
        let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/{}", name(number));
        let edit = json!({"metadata": {part: {field: "edited"}}});
        fs::write(folder.join(format!("{number:05}")), format!("{path}\n{edit}"))?;
    }
    Ok(())
}
