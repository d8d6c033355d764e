//! An agent with the rights that `isobar install --print` gives it, and with no others.

use super::scene::Scene;

const AGENT: &str = "
agent: tester
repositories: { config: { url: . } }
targets:
  bed:
    kubernetes: { namespace: installed-marks, service_accounts: [installed/deployer], fencing: true }
";

/// Every kind of which there is one here, one that is defined here, and one that is made by a service
/// account alone.
pub(super) const STACK: &str = "
vars: { stage: prod }
settings: { reconcile: { target: bed }, kubernetes: { namespace: installed } }
components:
  kubernetes:
    shop:
      manifests:
      - { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }
      - { apiVersion: v1, kind: Secret, metadata: { name: one }, stringData: { a: b } }
      - { apiVersion: v1, kind: ServiceAccount, metadata: { name: one } }
      - apiVersion: v1
        kind: Service
        metadata: { name: one }
        spec: { selector: { app: one }, ports: [{ port: 80 }] }
      - apiVersion: apps/v1
        kind: Deployment
        metadata: { name: one }
        spec:
          replicas: 1
          selector: { matchLabels: { app: one } }
          template:
            metadata: { labels: { app: one } }
            spec: { serviceAccountName: one, containers: [{ name: one, image: 'one:1' }] }
      - apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: { name: one }
        spec: { podSelector: {} }
    sites:
      settings: { depends_on: { 1: { component: shop } } }
      manifests:
      - apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: { name: sites.installed.example.com }
        spec:
          group: installed.example.com
          scope: Namespaced
          names: { kind: Site, plural: sites, singular: site }
          versions:
          - name: v1
            served: true
            storage: true
            schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { size: { type: integer } } } } } }
      - { apiVersion: installed.example.com/v1, kind: Site, metadata: { name: one }, spec: { size: 3 } }
    alike:
      settings: { kubernetes: { service_account: deployer } }
      manifests:
      - { apiVersion: batch/v1, kind: CronJob, metadata: { name: one }, spec: { schedule: '0 0 * * *', jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: one, image: 'one:1' }] } } } } } }
";

/// What the service account may do.
pub(super) const DEPLOYER: &str = "
apiVersion: v1
kind: List
items:
- { apiVersion: v1, kind: ServiceAccount, metadata: { name: deployer } }
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: { name: deployer }
  rules: [{ apiGroups: [batch], resources: [cronjobs], verbs: [create, patch, delete, get] }]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata: { name: deployer }
  roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer }
  subjects: [{ kind: ServiceAccount, name: deployer, namespace: installed }]
";

const SPACE: &str = "--namespace=installed-agent";

#[test]
fn an_installed_agent_may_do_what_it_does_and_nothing_else() {
    let Some(scene) = Scene::new("installed") else { return };
    scene.create(DEPLOYER);
    scene.write("stacks/deploy/prod.yaml", STACK);
    scene.write("cluster.yaml", AGENT);
    scene.change("agent.yaml", |text| {
        text.replace("service_accounts:", "fencing: true\n      service_accounts:")
    });
    let printed = scene.run(["install", "--print", SPACE, "--settings=cluster.yaml"]);
    assert!(printed.status.success(), "{}", printed.said());
    // Nothing listens, and nobody is let in, where the settings do not say so.
    assert!(printed.stdout.contains("ingress: []") && !printed.stdout.contains("prometheus.io"));
    scene.install(&printed.stdout);
    // Its pods are what the strictest standard lets in.
    scene.kubectl([
        "wait",
        "--for=create",
        "pods",
        "--selector=app.kubernetes.io/name=isobar",
        "--timeout=120s",
        SPACE,
    ]);

    scene.becomes("installed-agent", "isobar");
    let apply = || {
        let ran = scene.run(["apply", "--local", "--yes"]);
        assert!(ran.status.success(), "{}", ran.said());
    };
    apply();
    let colour = ["patch", "configmap/one", "--type=merge", "--patch", r#"{"data":{"a":"c"}}"#];
    scene.kubectl(colour);
    apply();
    scene.change("stacks/deploy/prod.yaml", |text| text.replace("replicas: 1", "replicas: 2"));
    apply();
    // Each kind is changed, and some are taken away.
    scene.change("stacks/deploy/prod.yaml", |text| {
        text.replace("name: one }, data", "name: two }, data")
    });
    scene.change("stacks/deploy/prod.yaml", |text| text.replace("0 0 * * *", "1 0 * * *"));
    apply();
    assert_eq!(scene.kubectl(["get", "configmap/one", "--ignore-not-found", "--output=name"]), "");
    scene.isobar(["plan"]);
    let requests = scene.requests_of("installed-agent", "isobar");
    let refused: Vec<_> =
        requests.iter().filter(|request| request["responseStatus"]["code"] == 403).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(requests.len() > 30, "its requests are counted");

    // What was not there when it was installed is forbidden, and held.
    let more = "      - { apiVersion: v1, kind: LimitRange, metadata: { name: one }, spec: { limits: [] } }\n";
    scene.change("stacks/deploy/prod.yaml", |text| {
        text.replace("    sites:\n", &format!("{more}    sites:\n"))
    });
    assert!(scene.holds(["plan"]).contains("forbidden"));
}
