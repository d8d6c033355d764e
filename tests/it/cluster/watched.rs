//! What is watched, and in which form: each kind once, whatever names objects of it.

use std::collections::BTreeMap;

use super::proxy::Proxy;
use super::scene::{Scene, UNREVIEWED};
use crate::testbed::bed::bed;

const ONE: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }
- { apiVersion: v1, kind: Secret, metadata: { name: one }, stringData: { a: b } }
- { apiVersion: v1, kind: ServiceAccount, metadata: { name: one } }
- apiVersion: apps/v1
  kind: Deployment
  metadata: { name: one }
  spec:
    replicas: 0
    selector: { matchLabels: { app: one } }
    template: { metadata: { labels: { app: one } }, spec: { containers: [{ name: one, image: 'one:1' }] } }
";

const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// By the path of a kind: the forms of the watches of it.
fn watched(proxy: &Proxy) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for (asked, form) in proxy.watches() {
        let (path, query) = asked.split_once('?').expect("a query");
        assert!(query.contains("labelSelector=isobar.dev%2Fowner%3Dtester.config"), "{asked}");
        assert!(query.contains("resourceVersion="), "it goes on where a list has ended: {asked}");
        all.entry(path.to_owned()).or_default().push(form);
    }
    all
}

#[test]
fn each_kind_is_watched_once_and_by_its_metadata_where_that_tells_how_it_does() {
    let Some(bed) = bed() else { return };
    let proxy = Proxy::before(&bed.folder().join("admin.kubeconfig"));
    let Some(scene) = Scene::behind("watched", &proxy) else { return };
    scene.write("isobar.yaml", UNREVIEWED);
    scene.wants_all(&[("first", "", ONE)]);
    scene.commit();
    let serving = scene.serve();
    scene.kubectl(["wait", "--for=create", "deployment/one", "--timeout=60s"]);
    let second = ONE.replace("name: one", "name: two");
    scene.wants_all(&[("first", "", ONE), ("second", "", &second)]);
    scene.wants_in("other", &[("third", "", &ONE.replace("name: one", "name: three"))]);
    scene.commit();
    for name in ["deployment/two", "deployment/three"] {
        scene.kubectl(["wait", "--for=create", name, "--timeout=60s"]);
    }
    // What the watches tell is put right: all of them are heard.
    for object in ["configmap/two", "serviceaccount/three", "secret/one"] {
        scene.kubectl(["delete", object]);
        scene.kubectl(["wait", "--for=create", object, "--timeout=60s"]);
    }
    serving.signal("TERM");
    assert_eq!(serving.end().code(), 0);
    let watched = watched(&proxy);
    let metadata = ["configmaps", "secrets", "serviceaccounts"]
        .map(|kind| (format!("GET /api/v1/{kind}"), vec![METADATA.to_owned()]));
    let whole = ("GET /apis/apps/v1/deployments".to_owned(), vec!["application/json".to_owned()]);
    assert_eq!(watched, metadata.into_iter().chain([whole]).collect());
}
