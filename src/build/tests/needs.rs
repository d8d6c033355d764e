use super::*;
use crate::model::need::Need;

const MANIFESTS: &str = "#- sections.yaml
manifests:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      template:
        spec:
          serviceAccountName: web
          priorityClassName: high
          runtimeClassName: apart
          imagePullSecrets: [{name: registry}]
          containers:
            - env: [{name: A, valueFrom: {secretKeyRef: {name: key, key: a}}}]
              envFrom: [{configMapRef: {name: settings}}]
          volumes: [{persistentVolumeClaim: {claimName: disk}}, {secret: {secretName: tls}},
            {projected: {sources: [{secret: {name: part}}, {configMap: {name: other}}]}}]
  - apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: db}
    spec: {volumeClaimTemplates: [{spec: {storageClassName: fast}}]}
  - {apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web}, spec: {ingressClassName: outer}}
  - apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata: {name: web}
    roleRef: {kind: ClusterRole, name: view}
    subjects: [{kind: ServiceAccount, name: web}, {kind: User, name: ada}]
  - apiVersion: admissionregistration.k8s.io/v1
    kind: ValidatingWebhookConfiguration
    metadata: {name: check}
    webhooks: [{clientConfig: {service: {namespace: shop, name: web}}}]
  - {apiVersion: example.com/v1, kind: Site, metadata: {name: a}}
  - {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: d}, spec: {storageClassName: fast}}
  - {apiVersion: v1, kind: ServiceAccount, metadata: {name: web}}
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: a, annotations: {isobar.dev/service-account: shop/web}}
  - apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: sites.example.com}
    spec: {group: example.com, scope: Cluster, names: {kind: Site}}
settings: {kubernetes: {namespace: shop}}
";

#[test]
fn an_object_needs_what_it_names() {
    let built = fixture("prod/kubernetes/base", MANIFESTS).render_as(Naming::Objects).unwrap();
    let mut lines = String::new();
    for (key, piece) in built.resources() {
        writeln!(lines, "{key}").unwrap();
        for need in &piece.needs {
            match need {
                Need::Resource(key) => writeln!(lines, "  {key}").unwrap(),
                need => writeln!(lines, "  {need:?}").unwrap(),
            }
        }
        piece.gives.iter().for_each(|given| writeln!(lines, "  gives {given:?}").unwrap());
    }
    expect![[r#"
        ConfigMap/shop/a
          Namespace/shop
          Behalf("ServiceAccount/shop/web")
        CustomResourceDefinition.apiextensions.k8s.io/sites.example.com
          gives Definition("Site.example.com")
        Deployment.apps/shop/web
          ConfigMap/shop/other
          ConfigMap/shop/settings
          Namespace/shop
          PersistentVolumeClaim/shop/disk
          PriorityClass.scheduling.k8s.io/high
          RuntimeClass.node.k8s.io/apart
          Secret/shop/key
          Secret/shop/part
          Secret/shop/registry
          Secret/shop/tls
          ServiceAccount/shop/web
          Rights("ServiceAccount/shop/web")
          gives Workloads("shop")
        Ingress.networking.k8s.io/shop/web
          IngressClass.networking.k8s.io/outer
          Namespace/shop
        PersistentVolumeClaim/shop/d
          Namespace/shop
          StorageClass.storage.k8s.io/fast
        RoleBinding.rbac.authorization.k8s.io/shop/web
          ClusterRole.rbac.authorization.k8s.io/view
          Namespace/shop
          ServiceAccount/shop/web
          gives Rights("ServiceAccount/shop/web")
          gives Behalf("ServiceAccount/shop/web")
        ServiceAccount/shop/web
          Namespace/shop
          gives Behalf("ServiceAccount/shop/web")
        Site.example.com/a
          Definition("Site.example.com")
        StatefulSet.apps/shop/db
          Namespace/shop
          StorageClass.storage.k8s.io/fast
        ValidatingWebhookConfiguration.admissionregistration.k8s.io/check
          Service/shop/web
          Workloads("shop")
    "#]]
    .assert_eq(&lines);
    let paths = fixture("prod/kubernetes/base", MANIFESTS).render().unwrap();
    let has_none = |piece: &Piece| piece.needs.is_empty() && piece.gives.is_empty();
    assert!(paths.resources().values().all(|piece| has_none(piece)), "files have no order");
}
