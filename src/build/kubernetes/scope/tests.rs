use super::{BUILT_IN, ClusterKinds, KNOWN, Scope, of};

fn scope(group: &str, kind: &str) -> Scope {
    let defined = ClusterKinds::from([("example.com".into(), "Site".into())]);
    of(&group.into(), &kind.into(), &defined)
}

#[test]
fn a_kind_is_known_with_its_group() {
    assert_eq!(scope("", "Node"), Scope::Cluster);
    assert_eq!(scope("apps", "Deployment"), Scope::Namespace);
    assert_eq!(scope("example.com", "Node"), Scope::LikelyNamespace, "not that of Kubernetes");
    assert_eq!(scope("cert-manager.io", "ClusterIssuer"), Scope::LikelyCluster);
    assert_eq!(scope("cert-manager.io", "Issuer"), Scope::LikelyNamespace);
    assert_eq!(scope("constraints.gatekeeper.sh", "RequiredLabels"), Scope::LikelyCluster);
    assert_eq!(scope("example.com", "Site"), Scope::Cluster, "a definition says so");
}

#[test]
fn each_group_and_kind_is_there_once_and_in_order() {
    for table in [BUILT_IN, KNOWN] {
        assert!(table.is_sorted_by(|a, b| a.0 < b.0));
        assert!(table.iter().all(|(_, kinds)| kinds.is_sorted_by(|a, b| a < b)));
    }
}
