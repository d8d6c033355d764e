use std::fmt::Write as _;

use expect_test::{Expect, expect};
use yaml_span::{Limits, parse_first};

use super::*;
use crate::ids::{ComponentName, KindName, StackName, TargetName};
use crate::model::desired::{Layer, Listing, Reach, Stack};
use crate::model::errand::Undone;
use crate::model::files::File;
use crate::model::policy::Reconcile;
use crate::model::question::Question;
use crate::model::value::{Node, Rules, Value};
use crate::model::yaml;
use crate::secret::Secret;

/// A repository of one component. `sections.yaml` holds its resolved sections, every other file
/// is as it stands in the repository. A file begins with a line `#- path`.
struct Fixture {
    desired: Desired,
    snapshot: Snapshot,
    id: ComponentId,
    /// What programs brought.
    done: Done,
}

fn fixture(id: &str, files: &str) -> Fixture {
    let mut parts = id.splitn(3, '/');
    let mut part = || parts.next().unwrap();
    let id = ComponentId {
        stack: StackName::new(part()).unwrap(),
        kind: KindName::new(part()).unwrap(),
        name: ComponentName::new(part()).unwrap(),
    };
    let files: Vec<(String, Vec<u8>)> = files
        .split("#- ")
        .skip(1)
        .map(|file| file.split_once('\n').unwrap())
        .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
        .collect();
    let text = files.iter().find(|(path, _)| path == "sections.yaml").map(|(_, text)| text.clone());
    let text = String::from_utf8(text.unwrap_or_default()).unwrap();
    let document = Arc::new(parse_first(text.as_str(), &Limits::DEFAULT).document);
    let sections = yaml::read(&document, document.root(), 0);
    let mut known = Files::default();
    known.add(File::new("sections.yaml".into(), document));
    let code = sections.get("metadata").and_then(|m| m.get("component")?.as_str());
    let component = Component {
        id: id.clone(),
        at: known.span(sections.origin).unwrap(),
        presence: Presence::Active,
        locked: false,
        code: code.unwrap_or(id.name.as_str()).into(),
        inheritance: Vec::new(),
        layers: vec![Layer {
            section: "vars".into(),
            reach: Reach::Own,
            turn: 0,
            imports: Arc::new([]),
            value: sections.clone(),
        }],
        sections,
        dependencies: Vec::new(),
        questions: Vec::new(),
        reconcile: Reconcile::default(),
        manifest: "sections.yaml".into(),
        workspace: "prod-01".into(),
        listing: Listing::default(),
    };
    let stack = Stack {
        name: id.stack.clone(),
        manifests: Vec::new(),
        target: None,
        components: [((id.kind.clone(), id.name.clone()), component)].into(),
        unresolved: BTreeMap::new(),
    };
    let desired = Desired {
        stacks: [(id.stack.clone(), stack.into())].into(),
        files: Arc::new(known),
        ..Desired::default()
    };
    Fixture { desired, snapshot: Snapshot::in_memory(files), id, done: Done::new() }
}

impl Fixture {
    fn render(&self) -> Result<Rendered, Vec<Diagnostic>> {
        self.render_as(Naming::Paths)
    }

    fn render_as(&self, naming: Naming) -> Result<Rendered, Vec<Diagnostic>> {
        let component = self.desired.component(&self.id).unwrap();
        render(component, &self.desired, &self.snapshot, naming, &self.done)
    }

    fn component(&mut self) -> &mut Component {
        let key = (self.id.kind.clone(), self.id.name.clone());
        let stack = self.desired.stacks.get_mut(&self.id.stack).unwrap();
        Arc::make_mut(stack).components.get_mut(&key).unwrap()
    }
}

/// Every rendered file, or every diagnostic.
fn report(result: &Result<Rendered, Vec<Diagnostic>>) -> String {
    let mut out = String::new();
    match result {
        Ok(rendered) => {
            for (key, piece) in rendered.resources() {
                let stateful = if piece.stateful { " (stateful)" } else { "" };
                writeln!(out, "== {key}{stateful}").unwrap();
                for path in &piece.sensitive {
                    writeln!(out, "   sensitive: {path}").unwrap();
                }
                match piece.body.encode() {
                    Ok(bytes) => out.push_str(std::str::from_utf8(&bytes).unwrap()),
                    Err(error) => writeln!(out, "{error}").unwrap(),
                }
            }
        }
        Err(found) => {
            for found in found {
                writeln!(out, "{}: {}: {}", found.span, found.code, found.message).unwrap();
                for (span, note) in &found.related {
                    writeln!(out, "  {span}: {note}").unwrap();
                }
                if let Some(hint) = &found.hint {
                    writeln!(out, "  hint: {hint}").unwrap();
                }
            }
        }
    }
    out
}

fn check(id: &str, files: &str, expect: &Expect) {
    expect.assert_eq(&report(&fixture(id, files).render()));
}

const VPC: &str = r#"#- sections.yaml
vars:
  cidr: 10.0.0.0/16
  zones: [a, b]
  enabled: yes
  count: 0x10
backend_type: s3
backend:
  bucket: state
  encrypt: true
providers:
  aws:
    region: us-west-2
#- components/terraform/vpc/main.tf
module "label" {
  source = "../../modules/label"
}
#- components/modules/label/main.tf
module "name" { source = "../name" }
#- components/modules/name/main.tf
# nothing
"#;

#[test]
fn terraform_is_handed_variables_backend_and_providers() {
    check(
        "prod/terraform/vpc",
        VPC,
        &expect![[r#"
            == prod/terraform/vpc/backend.tf.json
            {
              "terraform": {
                "backend": {
                  "s3": {
                    "bucket": "state",
                    "encrypt": true
                  }
                }
              }
            }
            == prod/terraform/vpc/prod-vpc.terraform.tfvars.json
            {
              "cidr": "10.0.0.0/16",
              "count": 16,
              "enabled": "yes",
              "zones": [
                "a",
                "b"
              ]
            }
            == prod/terraform/vpc/providers_override.tf.json
            {
              "provider": {
                "aws": {
                  "region": "us-west-2"
                }
              }
            }
        "#]],
    );
}

#[test]
fn a_component_with_a_folder_in_its_name() {
    check(
        "prod/terraform/network/vpc",
        "#- sections.yaml\nvars: {}\n#- components/terraform/network/vpc/main.tf\n",
        &expect![[r#"
            == prod/terraform/network/vpc/prod-network-vpc.terraform.tfvars.json
            {}
        "#]],
    );
}

#[test]
fn terraform_cloud_names_the_workspace() {
    let text = "#- sections.yaml
backend_type: cloud
backend:
  organization: example
  workspaces: {name: 'app-{terraform_workspace}'}
#- components/terraform/vpc/main.tf
";
    check(
        "prod/terraform/vpc",
        text,
        &expect![[r#"
        == prod/terraform/vpc/backend.tf.json
        {
          "terraform": {
            "cloud": {
              "organization": "example",
              "workspaces": {
                "name": "app-prod-01"
              }
            }
          }
        }
        == prod/terraform/vpc/prod-vpc.terraform.tfvars.json
        {}
    "#]],
    );
}

#[test]
fn a_secret_variable_is_not_written_and_still_counts() {
    let mut fixture = fixture("prod/terraform/vpc", VPC);
    let with = |fixture: &mut Fixture, state: &str| {
        let secret = Secret::new("env:TOKEN", ContentId::of(state));
        let mut vars = fixture.component().section("vars").unwrap().as_map().unwrap().clone();
        vars.insert("token", Value::computed(Node::Secret(secret.into())));
        let mut sections = fixture.component().sections.as_map().unwrap().clone();
        sections.insert("vars", Value::computed(Node::Map(vars)));
        fixture.component().sections = Value::computed(Node::Map(sections));
        fixture.render().unwrap()
    };
    let first = with(&mut fixture, "one");
    let second = with(&mut fixture, "two");
    assert_eq!(first.resources(), second.resources());
    assert_ne!(first.inputs(), second.inputs());
    let written = report(&Ok(first));
    assert!(!written.contains("token"), "{written}");
}

fn tfvars() -> ResourceKey {
    ResourceKey::new("prod/terraform/vpc/prod-vpc.terraform.tfvars.json").unwrap()
}

#[test]
fn an_unknown_value_stays_unknown() {
    let mut fixture = fixture("prod/terraform/vpc", VPC);
    let question = Question {
        function: "terraform.output".into(),
        arguments: vec!["vpc".into(), "id".into()],
    };
    let vars = [(Arc::from("id"), Value::computed(Node::Unknown(question.clone().into())))];
    let vars = Value::computed(Node::Map(vars.into_iter().collect()));
    let mut sections = fixture.component().sections.as_map().unwrap().clone();
    sections.insert("vars", vars);
    fixture.component().sections = Value::computed(Node::Map(sections));
    let rendered = fixture.render().unwrap();
    let piece = &rendered.resources()[&tfvars()];
    let path = FieldPath::root().key("id");
    let expected = Value::computed(Node::Unknown(question.into()));
    assert_eq!(path.find(&piece.body.value), Some(&expected));
}

#[test]
fn the_inputs_change_with_a_module_that_is_called_indirectly() {
    let before = fixture("prod/terraform/vpc", VPC).render().unwrap();
    let again = fixture("prod/terraform/vpc", VPC).render().unwrap();
    assert_eq!(before.inputs(), again.inputs());
    let other = VPC.replace("# nothing", "# something");
    assert_ne!(before.inputs(), fixture("prod/terraform/vpc", &other).render().unwrap().inputs());
    let elsewhere = format!("{VPC}#- components/terraform/eks/main.tf\n");
    let elsewhere = fixture("prod/terraform/vpc", &elsewhere).render().unwrap();
    assert_eq!(before.inputs(), elsewhere.inputs());
}

#[test]
fn fields_lead_back_to_the_line_of_the_manifest() {
    let rendered = fixture("prod/terraform/vpc", VPC).render().unwrap();
    let piece = &rendered.resources()[&tfvars()];
    let zone = FieldPath::parse("zones[1]").unwrap();
    let span = rendered.span(zone.find(&piece.body.value).unwrap().origin).unwrap();
    assert_eq!(span.to_string(), "sections.yaml:3:14");
}

#[test]
fn a_missing_module_is_named_with_the_likely_one() {
    let text = "#- sections.yaml
metadata: {component: vcp}
vars: [not, a, map]
#- components/terraform/vpc/main.tf
";
    check(
        "prod/terraform/main",
        text,
        &expect![[r#"
            sections.yaml:1:23: build-failed: there is no file in `components/terraform/vcp`
              hint: did you mean `vpc`?
            sections.yaml:2:7: section-type: `vars` is not a map
              hint: write a map: `vars: {key: value}`
        "#]],
    );
}

const CHART: &str = "#- components/helm/web/Chart.yaml
name: web
#- components/helm/web/templates/deployment.yaml
kind: Deployment
";

#[test]
fn helm_is_handed_a_release_and_values() {
    let text = format!(
        "#- sections.yaml
metadata: {{component: web}}
chart: .
namespace: shop
version: '1.10'
values:
  replicas: 2
  image: {{tag: '2.14'}}
{CHART}"
    );
    check(
        "prod/helm/shop/storefront",
        &text,
        &expect![[r#"
        == prod/helm/shop/storefront/release.yaml
        chart: components/helm/web
        name: shop-storefront
        namespace: shop
        version: '1.10'
        == prod/helm/shop/storefront/values.yaml
        replicas: 2
        image:
          tag: '2.14'
    "#]],
    );
}

#[test]
fn a_chart_elsewhere_is_named_as_it_is() {
    let text = "#- sections.yaml
chart: oci://registry.example.com/charts/web
version: 2.1.0
";
    check(
        "prod/helm/web",
        text,
        &expect![[r#"
        == prod/helm/web/release.yaml
        chart: oci://registry.example.com/charts/web
        name: web
        version: 2.1.0
        == prod/helm/web/values.yaml
        {}
    "#]],
    );
}

#[test]
fn a_chart_that_is_not_there() {
    let text = format!("#- sections.yaml\nchart: charts/web\n{CHART}");
    check(
        "prod/helm/web",
        &text,
        &expect![[r#"
        sections.yaml:1:8: build-failed: there is no `Chart.yaml` in `components/helm/web/charts/web`
          hint: `chart` names a folder, from the component's own folder
    "#]],
    );
    check(
        "prod/helm/web",
        "#- sections.yaml\nchart: ../../../../x\n",
        &expect![[r#"
        sections.yaml:1:8: build-failed: `../../../../x` leads out of the repository
    "#]],
    );
}

const OBJECTS: &str = "#- sections.yaml
paths: [objects.yaml, more]
manifests:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: settings, labels: {team: web}}
    data: {on: 'yes'}
settings:
  kubernetes:
    namespace: shop
    labels: {team: platform, tier: front}
#- components/kubernetes/base/objects.yaml
# a comment before the first object
---
apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: v1
kind: Secret
metadata: {name: key, namespace: other}
stringData: {key: no}
---
# nothing here
#- components/kubernetes/base/more/list.json
{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [
  {\"apiVersion\": \"example.com/v1\", \"kind\": \"Site\", \"metadata\": {\"name\": \"a\"}}]}
#- components/kubernetes/base/more/definition.yml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: sites.example.com}
spec:
  scope: Cluster
  names: {kind: Site}
  mode: 0644
#- components/kubernetes/base/ignored.yaml
kind: Ignored
";

#[test]
fn kubernetes_objects_from_files_and_inline() {
    check(
        "prod/kubernetes/base",
        OBJECTS,
        &expect![[r#"
            == prod/kubernetes/base/ConfigMap.shop.settings.yaml
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: settings
              labels:
                team: web
                tier: front
              namespace: shop
            data:
              'on': 'yes'
            == prod/kubernetes/base/CustomResourceDefinition.sites.example.com.yaml (stateful)
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata:
              name: sites.example.com
              labels:
                team: platform
                tier: front
            spec:
              scope: Cluster
              names:
                kind: Site
              mode: 420
            == prod/kubernetes/base/Namespace.shop.yaml (stateful)
            apiVersion: v1
            kind: Namespace
            metadata:
              name: shop
              labels:
                team: platform
                tier: front
            == prod/kubernetes/base/Secret.other.key.yaml
               sensitive: data
               sensitive: stringData
            apiVersion: v1
            kind: Secret
            metadata:
              name: key
              namespace: other
              labels:
                team: platform
                tier: front
            stringData:
              key: false
            == prod/kubernetes/base/Site.a.yaml
            apiVersion: example.com/v1
            kind: Site
            metadata:
              name: a
              labels:
                team: platform
                tier: front
        "#]],
    );
}

#[test]
fn a_cluster_calls_objects_by_what_they_are() {
    let built = fixture("prod/kubernetes/base", OBJECTS).render_as(Naming::Objects).unwrap();
    let keys: String = built.resources().keys().map(|key| format!("{key}\n")).collect();
    expect![[r#"
        ConfigMap/shop/settings
        CustomResourceDefinition.apiextensions.k8s.io/sites.example.com
        Namespace/shop
        Secret/other/key
        Site.example.com/a
    "#]]
    .assert_eq(&keys);
    let refused = fixture("prod/terraform/vpc", VPC).render_as(Naming::Objects).unwrap_err();
    assert_eq!(refused[0].code, Code::KindUnsupported, "{}", refused[0].message);
}

#[test]
fn an_object_needs_what_it_names() {
    let files = "#- sections.yaml
manifests:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      template:
        spec:
          serviceAccountName: web
          priorityClassName: high
          imagePullSecrets: [{name: registry}]
          containers:
            - env: [{name: A, valueFrom: {secretKeyRef: {name: key, key: a}}}]
              envFrom: [{configMapRef: {name: settings}}]
          volumes: [{persistentVolumeClaim: {claimName: disk}}, {secret: {secretName: tls}}]
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
  - apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: sites.example.com}
    spec: {group: example.com, scope: Cluster, names: {kind: Site}}
settings: {kubernetes: {namespace: shop}}
";
    let built = fixture("prod/kubernetes/base", files).render_as(Naming::Objects).unwrap();
    let mut lines = String::new();
    for (key, piece) in built.resources() {
        writeln!(lines, "{key}").unwrap();
        piece.needs.iter().for_each(|need| writeln!(lines, "  {need}").unwrap());
    }
    expect![[r#"
        CustomResourceDefinition.apiextensions.k8s.io/sites.example.com
        Deployment.apps/shop/web
          ConfigMap/shop/settings
          Namespace/shop
          PersistentVolumeClaim/shop/disk
          PriorityClass.scheduling.k8s.io/high
          RoleBinding.rbac.authorization.k8s.io/shop/web
          Secret/shop/key
          Secret/shop/registry
          Secret/shop/tls
          ServiceAccount/shop/web
        PersistentVolumeClaim/shop/d
          Namespace/shop
          StorageClass.storage.k8s.io/fast
        RoleBinding.rbac.authorization.k8s.io/shop/web
          ClusterRole.rbac.authorization.k8s.io/view
          Namespace/shop
          ServiceAccount/shop/web
        Site.example.com/a
          CustomResourceDefinition.apiextensions.k8s.io/sites.example.com
        ValidatingWebhookConfiguration.admissionregistration.k8s.io/check
          Deployment.apps/shop/web
          Service/shop/web
    "#]]
    .assert_eq(&lines);
    let paths = fixture("prod/kubernetes/base", files).render().unwrap();
    assert!(paths.resources().values().all(|piece| piece.needs.is_empty()), "files have no order");
}

#[test]
fn every_mistake_of_a_manifest_at_once() {
    let text = "#- sections.yaml
paths: [objects.yaml, objekts.yaml, broken.yaml]
manifests:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: twice, namespace: a}}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: ../../up}}
  - text
#- components/kubernetes/base/objects.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  namespace: a
  name: twice
---
apiVersion: v1
metadata:
  name: nameless
---
apiVersion: v1
kind: Job
metadata:
  generateName: run-
#- components/kubernetes/base/broken.yaml
a: {
";
    check(
        "prod/kubernetes/base",
        text,
        &expect![[r#"
            components/kubernetes/base/broken.yaml:1:4: yaml-syntax: unclosed bracket '{'
              hint: close the map with `}`, or quote the value if `{` is meant as text
            components/kubernetes/base/objects.yaml:7:1: build-failed: the object has no kind
              hint: add `kind:`
            components/kubernetes/base/objects.yaml:14:3: build-failed: the object has no name
              hint: add `metadata.name`: a generated name cannot be found again
            sections.yaml:1:23: build-failed: there is no manifest at `objekts.yaml` in `components/kubernetes/base`
              hint: did you mean `objects.yaml`?
            sections.yaml:3:5: resource-claimed: ConfigMap `twice` is there twice
              components/kubernetes/base/objects.yaml:1:1: the first one is here
            sections.yaml:4:5: build-failed: `../../up` is not a name of an object
            sections.yaml:5:5: build-failed: this is not an object
              hint: write a map with kind and metadata
        "#]],
    );
}

#[test]
fn unknown_kinds_and_absent_components_are_refused() {
    check(
        "prod/ansible/base",
        "#- sections.yaml\nvars: {}\n",
        &expect![[r#"
        sections.yaml:1:1: kind-unsupported: no part of Isobar builds components of kind `ansible`
          hint: the kinds are terraform, helm, kubernetes
    "#]],
    );
    let mut fixture = fixture("prod/terraform/vpc", VPC);
    fixture.component().presence = Presence::Abstract;
    expect![[r#"
        sections.yaml:1:1: build-failed: prod/terraform/vpc is not there to be built
    "#]]
    .assert_eq(&report(&fixture.render()));
}

#[test]
fn names_that_would_lead_out_of_the_target_are_refused() {
    check(
        "prod/terraform/../../etc",
        "#- sections.yaml\nmetadata: {component: a}\n#- components/terraform/a/main.tf\n",
        &expect![[r#"
            sections.yaml:1:1: build-failed: `prod/terraform/../../etc/prod-..-..-etc.terraform.tfvars.json` is not a path inside a folder
        "#]],
    );
}

#[test]
fn two_components_cannot_have_the_same_file() {
    let mut one = fixture("prod/terraform/a", &VPC.replace("/vpc/", "/a/"));
    let first = one.render().unwrap();
    let mut second = fixture("prod/terraform/b", &VPC.replace("/vpc/", "/b/")).render().unwrap();
    let key = first.resources().keys().next().unwrap();
    Arc::make_mut(&mut second.resources).insert(key.clone(), first.resources()[key].clone());
    let both = [first, second].map(|one| (one.component.clone(), Ok(one))).into();
    // A stack without a target is told so elsewhere.
    assert_eq!(claims(&one.desired, &both), []);
    let stack = Arc::make_mut(one.desired.stacks.values_mut().next().unwrap());
    stack.target = Some(TargetName::new("cluster").unwrap());
    let found = claims(&one.desired, &both);
    expect![[r#"
        :1:1: resource-claimed: prod/terraform/b wants `prod/terraform/a/backend.tf.json`, which prod/terraform/a wants too
          sections.yaml:1:1: prod/terraform/a is defined here
          hint: rename one of the two, or give their stacks different targets
    "#]].assert_eq(&report(&Err(found)));
}

const KUSTOMIZED: &str = "#- sections.yaml
metadata: { component: shop }
paths: [overlays/prod]
settings: { kubernetes: { namespace: shop } }
#- components/kubernetes/shop/base/kustomization.yaml
resources: [web.yaml]
#- components/kubernetes/shop/base/web.yaml
a: b
#- components/kubernetes/shop/overlays/prod/kustomization.yaml
resources: [../../base]
namePrefix: prod-
#- components/kubernetes/shop/overlays/prod/size.env
SIZE=3
#- components/kubernetes/shop/overlays/test/kustomization.yaml
resources: [../../base]
";

/// What the one errand of a fixture is, and its number.
fn only_errand(fixture: &Fixture) -> Errand {
    let component = fixture.desired.component(&fixture.id).unwrap();
    let mut all = errands(component, &fixture.desired, &fixture.snapshot, Naming::Paths);
    let one = all.pop().unwrap();
    assert_eq!(all, []);
    one
}

#[test]
fn a_kustomization_is_an_errand_with_all_that_it_takes() {
    let mut fixture = fixture("prod/kubernetes/shop", KUSTOMIZED);
    let errand = only_errand(&fixture);
    let told = format!("{} {:?}\n", errand.program, errand.arguments);
    let files: String = errand.files.keys().map(|path| format!("{path}\n")).collect();
    expect![[r#"
        kustomize ["build", "./components/kubernetes/shop/overlays/prod"]
        components/kubernetes/shop/base/kustomization.yaml
        components/kubernetes/shop/base/web.yaml
        components/kubernetes/shop/overlays/prod/kustomization.yaml
        components/kubernetes/shop/overlays/prod/size.env
    "#]]
    .assert_eq(&(told + &files));
    expect![[r#"
        components/kubernetes/shop/overlays/prod/kustomization.yaml:1:1: build-failed: `kustomize` was not run
    "#]]
    .assert_eq(&report(&fixture.render()));
    let failed = Undone {
        code: Code::BuildFailed,
        why: "`kustomize` ended with a failure".into(),
        passing: false,
    };
    fixture.done.insert(errand.id(), Err(failed));
    expect![[r#"
        components/kubernetes/shop/overlays/prod/kustomization.yaml:1:1: build-failed: `kustomize` ended with a failure
    "#]]
    .assert_eq(&report(&fixture.render()));
    let written =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: prod-web }\ndata: { on: yes }\n";
    fixture.done.insert(errand.id(), Ok(written.into()));
    expect![[r#"
        == prod/kubernetes/shop/ConfigMap.shop.prod-web.yaml
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: prod-web
          namespace: shop
        data:
          'true': true
    "#]]
    .assert_eq(&report(&fixture.render()));
}

#[test]
fn what_does_not_go_into_a_kustomization_does_not_change_its_errand() {
    let errand = |files: &str| only_errand(&fixture("prod/kubernetes/shop", files)).id();
    let first = errand(KUSTOMIZED);
    assert_eq!(
        errand(&KUSTOMIZED.replace("overlays/test/kustomization", "overlays/test/other")),
        first
    );
    assert_ne!(errand(&KUSTOMIZED.replace("a: b", "a: c")), first);
    assert_ne!(errand(&KUSTOMIZED.replace("SIZE=3", "SIZE=4")), first);
}

#[test]
fn a_kustomization_takes_only_what_is_in_the_repository() {
    let elsewhere = KUSTOMIZED.replace(
        "resources: [../../base]\nnamePrefix: prod-",
        "resources:\n- ../../bas\n- https://example.com/base?ref=v1\n- ../../../../../..\nhelmCharts:\n- name: web",
    );
    check(
        "prod/kubernetes/shop",
        &elsewhere,
        &expect![[r#"
        components/kubernetes/shop/overlays/prod/kustomization.yaml:2:3: build-failed: there is no `../../bas` in the repository
          hint: paths are from the kustomization's folder; what is elsewhere is not fetched
        components/kubernetes/shop/overlays/prod/kustomization.yaml:3:3: build-failed: there is no `https://example.com/base?ref=v1` in the repository
          hint: paths are from the kustomization's folder; what is elsewhere is not fetched
        components/kubernetes/shop/overlays/prod/kustomization.yaml:4:3: build-failed: there is no `../../../../../..` in the repository
          hint: paths are from the kustomization's folder; what is elsewhere is not fetched
        components/kubernetes/shop/overlays/prod/kustomization.yaml:6:1: build-failed: `helmCharts` is not built
          hint: a chart is a component of kind `helm`
    "#]],
    );
}

#[test]
fn below_a_folder_with_a_kustomization_there_is_nothing_else() {
    let files = KUSTOMIZED.replace("paths: [overlays/prod]\n", "paths: [overlays/prod, base]\n");
    let fixture = fixture("prod/kubernetes/shop", &files);
    let component = fixture.desired.component(&fixture.id).unwrap();
    let all = errands(component, &fixture.desired, &fixture.snapshot, Naming::Paths);
    let folders: Vec<_> = all.iter().map(|errand| errand.arguments[1].to_string()).collect();
    expect![[r#"
        ./components/kubernetes/shop/base
        ./components/kubernetes/shop/overlays/prod"#]]
    .assert_eq(&folders.join("\n"));
}

#[test]
fn a_kustomization_is_bounded() {
    let beside = |files: Vec<(String, Vec<u8>)>| {
        let plain = KUSTOMIZED.split("#- ").skip(1).map(|file| file.split_once('\n').unwrap());
        let plain = plain.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
        let snapshot = Snapshot::in_memory(plain.chain(files));
        Fixture { snapshot, ..fixture("prod/kubernetes/shop", KUSTOMIZED) }
    };
    let at = |name: usize| format!("components/kubernetes/shop/base/{name}.txt");
    let many = |count| (0..count).map(|name| (at(name), Vec::new())).collect();
    let own = only_errand(&beside(Vec::new())).files.len();
    let most = 10_000 - own;
    assert_eq!(only_errand(&beside(many(most))).files.len(), 10_000);
    expect![[r#"
        sections.yaml:1:1: build-failed: `components/kubernetes/shop/overlays/prod` takes 10001 files with 76 bytes; the most are 10000 with 16777216
    "#]].assert_eq(&report(&beside(many(most + 1)).render()));
    let own: u64 = beside(Vec::new())
        .snapshot
        .below("components/kubernetes/shop")
        .filter(|(path, _)| !path.contains("test"))
        .map(|(_, entry)| entry.bytes)
        .sum();
    let large = |beyond| vec![(at(0), vec![b' '; (16 << 20) - own as usize + beyond])];
    only_errand(&beside(large(0)));
    expect![[r#"
        sections.yaml:1:1: build-failed: `components/kubernetes/shop/overlays/prod` takes 5 files with 16777217 bytes; the most are 10000 with 16777216
    "#]].assert_eq(&report(&beside(large(1)).render()));
}

#[test]
fn a_chart_for_a_cluster_is_rendered_twice() {
    let sections = "#- sections.yaml
metadata: { component: web }
namespace: shop
values: { size: 3 }
settings: { helm: { kube_version: '1.34.0', api_versions: [example.com/v1] } }
";
    let mut fixture = fixture("prod/helm/web/own", &format!("{sections}{CHART}"));
    let component = fixture.desired.component(&fixture.id).unwrap();
    let all = errands(component, &fixture.desired, &fixture.snapshot, Naming::Objects);
    assert_eq!(errands(component, &fixture.desired, &fixture.snapshot, Naming::Paths), []);
    let told = all.iter().map(|errand| format!("{} {}\n", errand.turn, errand.arguments.join(" ")));
    expect![[r#"
        0 template web-own ./components/helm/web --values values.yaml --include-crds --skip-tests --namespace shop --kube-version 1.34.0 --api-versions=example.com/v1
        1 template web-own ./components/helm/web --values values.yaml --include-crds --skip-tests --namespace shop --kube-version 1.34.0 --api-versions=example.com/v1
    "#]].assert_eq(&told.collect::<String>());
    let bring = |fixture: &mut Fixture, passwords: [&str; 2]| {
        for (errand, password) in all.iter().zip(passwords) {
            let text = format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{ name: key }}\n\
                 stringData: {{ password: {password}, user: shop }}\n"
            );
            fixture.done.insert(errand.id(), Ok(text.into()));
        }
    };
    bring(&mut fixture, ["one", "two"]);
    let rendered = fixture.render_as(Naming::Objects).unwrap();
    let (key, piece) = rendered.resources().iter().next().unwrap();
    let made_up: Vec<_> = piece.made_up.iter().map(ToString::to_string).collect();
    assert_eq!(
        (key.as_str(), made_up.join(" ")),
        ("Secret/shop/key", "stringData.password data.password".into())
    );
    // Made anew, with another password: it is made of the same.
    bring(&mut fixture, ["three", "four"]);
    assert_eq!(fixture.render_as(Naming::Objects).unwrap().inputs(), rendered.inputs());
    let live = yaml::parse("data: { password: b2xk, user: other }", Rules::Kubernetes).unwrap();
    let pinned = piece.pinned(&live).body.encode().unwrap();
    expect![[r#"
        apiVersion: v1
        kind: Secret
        metadata:
          name: key
          namespace: shop
        stringData:
          user: shop
        data:
          password: b2xk
    "#]]
    .assert_eq(std::str::from_utf8(&pinned).unwrap());
}

#[test]
fn what_is_encrypted_stays_so_in_a_folder_and_is_secret_in_a_cluster() {
    let files = "#- sections.yaml
settings: {kubernetes: {namespace: shop}}
#- components/kubernetes/shop/secret.yaml
apiVersion: v1
kind: Secret
metadata:
  name: key
stringData:
  password: ENC[AES256_GCM,data:YQ==,iv:aXY=,tag:dGFn,type:str]
  user: shop
sops:
  mac: ENC[AES256_GCM,data:YQ==,iv:aXY=,tag:dGFn,type:str]
";
    let fixture = fixture("prod/kubernetes/shop", files);
    let folder = report(&fixture.render());
    assert!(folder.contains("password: ENC[") || folder.contains("'ENC["), "{folder}");
    assert!(folder.contains("sops:"), "{folder}");
    let cluster = fixture.render_as(Naming::Objects).unwrap();
    assert_eq!(cluster.ciphers().len(), 1);
    let piece = cluster.resources().values().next().unwrap();
    let at = |path: &str| FieldPath::parse(path).unwrap().find(&piece.body.value).cloned();
    assert!(matches!(at("data.password").unwrap().node, Node::Secret(_)));
    assert_eq!(at("stringData.user").unwrap().as_str(), Some("shop"));
    assert_eq!((at("stringData.password"), at("sops")), (None, None));
}
