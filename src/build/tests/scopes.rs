//! Which objects are in a namespace.

use super::*;

const SCOPES: &str = "#- sections.yaml
manifests:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: none-said}}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: empty, namespace: ''}}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: own, namespace: other}}
  - {apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: none-said}}
  - {apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: own, namespace: other}}
  - {apiVersion: cert-manager.io/v1, kind: ClusterIssuer, metadata: {name: none-said}}
  - {apiVersion: cert-manager.io/v1, kind: ClusterIssuer, metadata: {name: own, namespace: other}}
  - {apiVersion: cert-manager.io/v1, kind: Issuer, metadata: {name: none-said}}
  - {apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Labels, metadata: {name: none-said}}
  - {apiVersion: one.example.com/v1, kind: Site, metadata: {name: none-said}}
  - {apiVersion: one.example.com/v1, kind: Site, metadata: {name: empty, namespace: ''}}
  - {apiVersion: one.example.com/v1, kind: Site, metadata: {name: null-said, namespace: }}
  - {apiVersion: two.example.com/v1, kind: Node, metadata: {name: none-said}}
settings: {kubernetes: {namespace: shop}}
";

fn keys(fixture: &Fixture) -> String {
    let built = fixture.render_as(Naming::Objects).unwrap();
    let is_said = |key: &ResourceKey, piece: &Piece| {
        let metadata = piece.body.value().get("metadata").and_then(Value::as_map).unwrap();
        let named = metadata.get("namespace").map(|namespace| namespace.as_str().unwrap());
        let parts: Vec<_> = key.as_str().split('/').collect();
        assert_eq!(named, (parts.len() == 3).then(|| parts[1]), "{key}");
        format!("{key}\n")
    };
    built.resources().iter().map(|(key, piece)| is_said(key, piece)).collect()
}

#[test]
fn an_object_is_in_a_namespace_where_its_kind_is() {
    let mut fixture = fixture("prod/kubernetes/base", SCOPES);
    expect![[r#"
        ClusterIssuer.cert-manager.io/none-said
        ClusterIssuer.cert-manager.io/other/own
        ConfigMap/other/own
        ConfigMap/shop/empty
        ConfigMap/shop/none-said
        Issuer.cert-manager.io/shop/none-said
        Labels.constraints.gatekeeper.sh/none-said
        Node.two.example.com/shop/none-said
        ServiceCIDR.networking.k8s.io/none-said
        ServiceCIDR.networking.k8s.io/own
        Site.one.example.com/empty
        Site.one.example.com/shop/none-said
        Site.one.example.com/shop/null-said
    "#]]
    .assert_eq(&keys(&fixture));
    // What another component defines is of no namespace, whatever is said.
    fixture.defined = [("one.example.com".into(), "Site".into())].into();
    let defined = keys(&fixture);
    let sites: Vec<_> = defined.lines().filter(|line| line.starts_with("Site")).collect();
    let expected = ["empty", "none-said", "null-said"];
    assert_eq!(sites, expected.map(|name| format!("Site.one.example.com/{name}")));
}
