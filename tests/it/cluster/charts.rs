//! Charts, rendered by the real `helm`, in a real cluster.

use expect_test::expect;

use super::scene::Scene;

const CHART: &str = "{ apiVersion: v2, name: shop, version: 1.2.3 }\n";

const DEFINITION: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: shops.charts.example.com }
spec:
  group: charts.example.com
  scope: Namespaced
  names: { kind: Shop, plural: shops, singular: shop }
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties: { spec: { type: object, properties: { size: { type: integer } } } }
";

/// A password that is another one each time, and something that depends on it.
const TEMPLATE: &str = r#"
{{- $password := randAlphaNum 12 }}
apiVersion: v1
kind: Secret
metadata: { name: {{ .Release.Name }} }
stringData: { password: {{ $password | quote }}, user: {{ .Values.user | quote }} }
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  annotations: { checksum: {{ $password | sha256sum }}, helm.sh/hook: pre-install }
data: { size: {{ .Values.size | quote }}, kube: {{ .Capabilities.KubeVersion.Version | quote }} }
---
apiVersion: charts.example.com/v1
kind: Shop
metadata: { name: {{ .Release.Name }} }
spec: { size: {{ .Values.size }} }
---
apiVersion: v1
kind: Pod
metadata: { name: test, annotations: { helm.sh/hook: test } }
"#;

fn scene(namespace: &str) -> Option<Scene> {
    let scene = Scene::new(namespace)?;
    scene.write("components/helm/shop/Chart.yaml", CHART);
    // A definition is the cluster's, and so shared by all tests that would call it the same.
    let own = |text: &str| text.replace("charts.example.com", &format!("{namespace}.example.com"));
    scene.write("components/helm/shop/crds/shop.yaml", &own(DEFINITION));
    scene.write("components/helm/shop/templates/all.yaml", &own(TEMPLATE));
    Some(scene)
}

const WANTED: &str = "
values: { user: shop, size: 3 }
settings: { helm: { kube_version: '1.34.0' } }
";

#[test]
fn a_chart_is_rendered_and_applied() {
    let Some(scene) = scene("chart") else { return };
    scene.wants_chart(WANTED);
    expect![[r#"
        Needs approval: 4 create in 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          helm/shop
            + create ConfigMap/chart/shop
                apiVersion: "v1"                                components/helm/shop/Chart.yaml:1
                data.kube: "v1.34.0"                            components/helm/shop/Chart.yaml:1
                data.size: "3"                                  components/helm/shop/Chart.yaml:1
                kind: "ConfigMap"                               components/helm/shop/Chart.yaml:1
                metadata.annotations.checksum: (secret added)   components/helm/shop/Chart.yaml:1, made up once, and kept
                metadata.annotations."helm.sh/hook": "pre-install"  components/helm/shop/Chart.yaml:1
                metadata.name: "shop"                           components/helm/shop/Chart.yaml:1
                metadata.namespace: "chart"                     components/helm/shop/Chart.yaml:1
            + create CustomResourceDefinition.apiextensions.k8s.io/shops.chart.example.com
                apiVersion: "apiextensions.k8s.io/v1"           components/helm/shop/Chart.yaml:1
                kind: "CustomResourceDefinition"                components/helm/shop/Chart.yaml:1
                metadata.name: "shops.chart.example.com"        components/helm/shop/Chart.yaml:1
                spec.group: "chart.example.com"                 components/helm/shop/Chart.yaml:1
                spec.names.kind: "Shop"                         components/helm/shop/Chart.yaml:1
                spec.names.plural: "shops"                      components/helm/shop/Chart.yaml:1
                spec.names.singular: "shop"                     components/helm/shop/Chart.yaml:1
                spec.scope: "Namespaced"                        components/helm/shop/Chart.yaml:1
                spec.versions[0].name: "v1"                     components/helm/shop/Chart.yaml:1
                spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.size.type: "integer"  components/helm/shop/Chart.yaml:1
                spec.versions[0].schema.openAPIV3Schema.properties.spec.type: "object"  components/helm/shop/Chart.yaml:1
                spec.versions[0].schema.openAPIV3Schema.type: "object"  components/helm/shop/Chart.yaml:1
                spec.versions[0].served: true                   components/helm/shop/Chart.yaml:1
                spec.versions[0].storage: true                  components/helm/shop/Chart.yaml:1
            + create Secret/chart/shop
                apiVersion: "v1"                                components/helm/shop/Chart.yaml:1
                data.password: (secret added)                   components/helm/shop/Chart.yaml:1, made up once, and kept
                data.user: (secret added)                       components/helm/shop/Chart.yaml:1
                kind: "Secret"                                  components/helm/shop/Chart.yaml:1
                metadata.name: "shop"                           components/helm/shop/Chart.yaml:1
                metadata.namespace: "chart"                     components/helm/shop/Chart.yaml:1
            + create Shop.chart.example.com/chart/shop
                apiVersion: "chart.example.com/v1"              components/helm/shop/Chart.yaml:1
                kind: "Shop"                                    components/helm/shop/Chart.yaml:1
                metadata.name: "shop"                           components/helm/shop/Chart.yaml:1
                metadata.namespace: "chart"                     components/helm/shop/Chart.yaml:1
                spec.size: 3                                    components/helm/shop/Chart.yaml:1

          Held
            all of it: it has 0 of 1 approval
              $ isobar apply --local prod

          Needs approval: 4 create
    "#]].assert_eq(&scene.isobar(["plan"]));
    expect![[r#"
        prod: applied as predicted 33/33
          run (run), plan (digest), ended (time)
        No effect: no stack changes
    "#]]
    .assert_eq(&scene.isobar(["apply", "--local", "--yes"]));
    assert_eq!(scene.kubectl(["get", "shop/shop", "--output=jsonpath={.spec.size}"]), "3");
    assert_eq!(scene.programs_run(["plan"]), 0);
    expect![[r#"
        No effect: no stack changes

        Unchanged: prod
    "#]]
    .assert_eq(&scene.isobar(["plan"]));
}

/// Whatever becomes of the chart, its values and what was kept of it: a password that is there stays.
#[test]
fn what_a_chart_makes_up_is_never_made_up_again() {
    let Some(scene) = scene("password") else { return };
    let password = || scene.kubectl(["get", "secret/shop", "--output=jsonpath={.data.password}"]);
    scene.wants_chart(WANTED);
    scene.isobar(["apply", "--local", "--yes"]);
    let first = password();
    assert!(!first.is_empty());

    scene.lose_cache();
    assert_eq!(scene.programs_run(["plan"]), 2);
    expect![[r#"
        No effect: no stack changes

        Unchanged: prod
    "#]]
    .assert_eq(&scene.isobar(["plan"]));

    scene.wants_chart(&WANTED.replace("user: shop", "user: other"));
    expect![[r#"
        Needs approval: 1 update in 1 stack
          components/helm/shop/Chart.yaml:1 changes data.user in 1 component of 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          helm/shop
            ~ update Secret/password/shop
                data.user: (secret changed)                     components/helm/shop/Chart.yaml:1

          Kept as it is there, made up by the chart
            ConfigMap/password/shop metadata.annotations.checksum
            Secret/password/shop data.password

          Held
            all of it: it has 0 of 1 approval
              $ isobar apply --local prod

          Needs approval: 1 update
    "#]]
    .assert_eq(&scene.isobar(["plan"]));
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(password(), first);
    let user = ["get", "secret/shop", "--output=jsonpath={.data.user}"];
    assert_eq!(scene.kubectl(user), "b3RoZXI=");
}

/// Values that are others each time: in lists, by the clock, and inside of a text.
const SCATTERED: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
      - name: web
        image: example.com/web
        env:
        {{- with .Values.host }}
        - { name: HOST, value: {{ . | quote }} }
        {{- end }}
        - { name: PASSWORD, value: {{ randAlphaNum 12 | quote }} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: web }
data:
  at: {{ now | unixEpoch | quote }}
  conf: "password={{ randAlphaNum 12 }} user={{ .Values.user }}"
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: tidy }
spec:
  schedule: "0 0 * * *"
  suspend: true
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - name: tidy
            image: example.com/tidy
            args:
            {{- with .Values.flag }}
            - {{ . | quote }}
            {{- end }}
            - {{ randAlphaNum 12 | quote }}
"#;

#[test]
fn what_is_made_up_stays_wherever_it_stands_and_the_plan_says_so() {
    let Some(scene) = Scene::new("scattered") else { return };
    scene.write("components/helm/shop/Chart.yaml", CHART);
    scene.write("components/helm/shop/templates/all.yaml", SCATTERED);
    let values = |all: &str| format!("values: {{ {all} }}");
    scene.wants_chart(&values("user: shop"));
    scene.isobar(["apply", "--local", "--yes"]);
    let held = || {
        let env = "--output=jsonpath={..env[?(@.name==\"PASSWORD\")].value}";
        let args = "--output=jsonpath={..args}";
        let read = |object, field| scene.kubectl(["get", object, field]);
        [
            read("deployment/web", env),
            read("configmap/web", "--output=jsonpath={.data}"),
            read("cronjob/tidy", args),
        ]
    };
    let first = held();
    assert!(first.iter().all(|text| !text.is_empty()), "{first:?}");

    scene.lose_cache();
    expect![[r#"
        No effect: no stack changes

        Unchanged: prod
    "#]]
    .assert_eq(&scene.isobar(["plan"]));
    scene.wants_chart(&values("user: other, host: db"));
    let plan = scene.isobar(["plan"]);
    assert!(plan.contains("update Deployment.apps/scattered/web\n"), "{plan}");
    assert!(plan.ends_with("  Needs approval: 1 update\n"), "{plan}");
    let kept = "
  Kept as it is there, made up by the chart
    ConfigMap/scattered/web data.at
    ConfigMap/scattered/web data.conf
    CronJob.batch/scattered/tidy spec.jobTemplate.spec.template.spec.containers[0].args[0]
";
    assert!(plan.contains(kept), "{plan}");
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(held(), first);

    scene.wants_chart(&values("user: other, host: db, flag: --all"));
    expect![[r#"
        Held: no changes, and 1 stack in doubt

        prod at bed
          plan (digest) from this folder, observed (time)

          Not well
            helm/shop: suspended: CronJob.batch/scattered/tidy: spec.suspend is true

          Held
            CronJob.batch/scattered/tidy: it stays as it is, lest a password changes: `spec.jobTemplate.spec.template.spec.containers[0].args[1]` is made up, and nothing tells which item of the list that is there
              > say it in `values` as it is there, so that the chart does not make it up

          Held: no changes
    "#]].assert_eq(&scene.holds(["plan"]));
    assert_eq!(held(), first);
}

#[test]
fn what_a_chart_runs_is_refused_by_name() {
    let Some(scene) = scene("hooks") else { return };
    let hook = "
apiVersion: batch/v1
kind: Job
metadata: { name: migrate, annotations: { helm.sh/hook: 'pre-install, pre-upgrade' } }
";
    scene.write("components/helm/shop/templates/hook.yaml", hook);
    scene.wants_chart(WANTED);
    expect![[r#"
        error[build-failed]: Job migrate is a hook (pre-install, pre-upgrade), and nothing here runs it
         --> components/helm/shop/Chart.yaml:1:1
          |
        1 | { apiVersion: v2, name: shop, version: 1.2.3 }
          | ^
          |
          = help: `settings.helm.hooks: skip` leaves such hooks out

        1 error
    "#]].assert_eq(&scene.wrong(["check"]));
    scene.wants_chart(&WANTED.replace("helm: {", "helm: { hooks: skip,"));
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(scene.kubectl(["get", "jobs", "--output=name"]), "");
    // Another name each time is another object each time.
    let named = "
apiVersion: v1
kind: ConfigMap
metadata: { name: 'run-{{ randAlphaNum 5 | lower }}' }
";
    scene.write("components/helm/shop/templates/hook.yaml", named);
    expect![[r#"
        error[build-failed]: a ConfigMap has another name each time the chart is rendered
         --> components/helm/shop/Chart.yaml:1:1
          |
        1 | { apiVersion: v2, name: shop, version: 1.2.3 }
          | ^
          |
          = help: set the name in `values`, if the chart lets you

        1 error
    "#]]
    .assert_eq(&scene.wrong(["check"]));
    scene.write("components/helm/shop/templates/hook.yaml", "{{ .Values.missing.key }}");
    expect![[r#"
        error[build-failed]: `helm` ended with exit status: 1: Error: shop/templates/hook.yaml:1:10 executing "shop/templates/hook.yaml" at <.Values.missing.key>: nil pointer evaluating interface {}.key Use --debug flag to render out invalid YAML
         --> components/helm/shop/Chart.yaml:1:1
          |
        1 | { apiVersion: v2, name: shop, version: 1.2.3 }
          | ^
          |
          = help: the message is of the part that builds this kind; its page says more

        1 error
    "#]].assert_eq(&scene.wrong(["check"]));
    scene.wants_chart("chart: oci://registry.example.com/charts/shop");
    let said = scene.wrong(["check"]);
    let unlocked = "error[import-unlocked]: the chart `oci://registry.example.com/charts/shop`";
    assert!(said.contains(unlocked), "{said}");
}

const ASKING: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: { name: able }
data:
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
  new: {{ semverCompare ">=1.33-0" .Capabilities.KubeVersion.Version | quote }}
  sites: {{ .Capabilities.APIVersions.Has "example.com/v1/Site" | quote }}
"#;

#[test]
fn a_chart_asks_the_cluster_what_the_settings_say() {
    let Some(scene) = Scene::new("able") else { return };
    scene.write("components/helm/shop/Chart.yaml", CHART);
    scene.write("components/helm/shop/templates/all.yaml", ASKING);
    let data = || scene.kubectl(["get", "configmap/able", "--output=jsonpath={.data}"]);
    scene.wants_chart("settings: { helm: { kube_version: '1.32.7' } }");
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(data(), r#"{"kube":"v1.32.7","new":"false","sites":"false"}"#);
    assert_eq!(scene.programs_run(["apply", "--local", "--yes"]), 0);

    // Another answer is another chart, and the same one again starts nothing.
    let both =
        "settings: { helm: { kube_version: '1.34.0', api_versions: [example.com/v1/Site] } }";
    scene.wants_chart(both);
    assert_eq!(scene.programs_run(["apply", "--local", "--yes"]), 2);
    assert_eq!(data(), r#"{"kube":"v1.34.0","new":"true","sites":"true"}"#);
    assert_eq!(scene.programs_run(["apply", "--local", "--yes"]), 0);
    scene.wants_chart("settings: { helm: { kube_version: '1.32.7' } }");
    assert_eq!(scene.programs_run(["apply", "--local", "--yes"]), 0, "it is known already");
    assert_eq!(data(), r#"{"kube":"v1.32.7","new":"false","sites":"false"}"#);

    // A number is another version than its text, and is not taken for one.
    scene.wants_chart("settings: { helm: { kube_version: 1.30, api_versions: [1, v1] } }");
    let wrong = scene.wrong(["plan"]);
    assert!(wrong.contains("`settings.helm.kube_version` is not a text"), "{wrong}");
    assert!(wrong.contains("`settings.helm.api_versions` is not a list of texts"), "{wrong}");
    scene.wants_chart("settings: { helm: { api_versions: example.com/v1 } }");
    let wrong = scene.wrong(["plan"]);
    assert!(wrong.contains("`settings.helm.api_versions` is not a list of texts"), "{wrong}");
}
