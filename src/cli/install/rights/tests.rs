use super::*;

#[test]
fn kinds_are_called_as_the_api_calls_them() {
    let each = [
        ("Deployment", "deployments"),
        ("Ingress", "ingresses"),
        ("NetworkPolicy", "networkpolicies"),
        ("Endpoints", "endpoints"),
        ("StorageClass", "storageclasses"),
        ("CSIDriver", "csidrivers"),
        ("Gateway", "gateways"),
    ];
    for (kind, name) in each {
        assert_eq!(plural(kind), name);
    }
}

#[test]
fn what_is_no_kind_is_a_mistake() {
    for odd in ["deployments", "", "Deployment,apps", "*"] {
        assert!(Rights::to(&[odd.to_owned()]).is_err(), "{odd}");
    }
}

#[test]
fn rules_name_each_group_once_and_give_nothing_unasked() {
    let kinds = ["Deployment.apps", "StatefulSet.apps", "Role.rbac.authorization.k8s.io"];
    let rights = Rights::to(&kinds.map(str::to_owned)).unwrap();
    let rules = rights.rules(false);
    assert_eq!(rules.len(), 2);
    assert_eq!(rules[0]["resources"], json!(["deployments", "statefulsets"]));
    assert!(!rules.iter().any(|rule| rule.to_string().contains("escalate")));
    assert!(rights.rules(true).iter().any(|rule| rule.to_string().contains("escalate")));
}

#[test]
fn accounts_are_named_one_by_one_unless_all_of_a_namespace_are_meant() {
    let mut rights = Rights::default();
    rights.may_act_as(&["shop/deployer", "shop/other", "dev/*"].map(str::to_owned).into());
    let all: Vec<_> = rights.impersonation().collect();
    assert_eq!(all[0].0, "dev");
    assert_eq!(all[0].1.get("resourceNames"), None);
    assert_eq!(all[1].1["resourceNames"], json!(["deployer", "other"]));
}
