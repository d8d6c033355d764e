mod calls;
mod errands;
mod hooks;
mod manifests;
mod needs;
mod scopes;
mod templates;
mod terraform;

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
    /// What the rest of the stack defines.
    defined: ClusterKinds,
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
        undecided: Vec::new(),
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
    let (done, defined) = (Done::new(), ClusterKinds::new());
    Fixture { desired, snapshot: Snapshot::in_memory(files), id, done, defined }
}

impl Fixture {
    fn render(&self) -> Result<Rendered, Vec<Diagnostic>> {
        self.render_as(Naming::Paths)
    }

    fn render_as(&self, naming: Naming) -> Result<Rendered, Vec<Diagnostic>> {
        let component = self.desired.component(&self.id).unwrap();
        render(component, &self.desired, &self.snapshot, naming, &self.done, &self.defined)
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
fn what_cannot_be_read_hides_no_object() {
    let told = |paths: &str, gap| {
        let files = format!("#- sections.yaml\n{paths}\n#- components/kubernetes/web/a.yaml\n");
        let fixture = fixture("prod/kubernetes/web", &files);
        let snapshot = fixture.snapshot.clone().and_gap(gap);
        report(&Fixture { snapshot, ..fixture }.render())
    };
    let (here, below) = ("components/kubernetes/web", "components/kubernetes/web/more");
    for paths in ["metadata: {}", "paths: [.]", "paths: ['*.yaml']"] {
        for gap in [here, below] {
            let told = told(paths, gap);
            let why = "cannot be read: the link leads out of the tree";
            let hint = "objects may be in it: put them there, or take it out";
            let expected = format!("{gap}:1:1: file-unreadable: {gap} {why}\n  hint: {hint}\n");
            assert_eq!(told, expected, "{paths}");
        }
        // What is an object by its name is read, and said once, too.
        let once = told(paths, "components/kubernetes/web/b.yaml");
        assert_eq!(once.matches("cannot be read").count(), 1, "{paths}: {once}");
        assert!(!told(paths, "components/kubernetes/webb").contains("cannot be read"), "{paths}");
    }
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
fn what_a_stack_writes_of_an_object_is_not_copied() {
    let files = "#- sections.yaml
manifests:
  - {apiVersion: v1, kind: Service, metadata: {name: a, namespace: shop}, spec: {ports: [{port: 80}]}}
  - {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {ports: [{port: 80}]}}
settings: {kubernetes: {namespace: shop}}
";
    let mut fixture = fixture("prod/kubernetes/base", files);
    let written = fixture.component().section("manifests").unwrap().as_list().unwrap().to_vec();
    let built = fixture.render_as(Naming::Objects).unwrap();
    let bodies: Vec<_> = built.resources().values().map(|piece| piece.body.value()).collect();
    let is_one = |a: &Value, b: &Value| a.as_map().unwrap().is(b.as_map().unwrap());
    assert!(is_one(bodies[0], &written[0]));
    assert!(!is_one(bodies[1], &written[1]), "it was given a namespace");
    assert!(is_one(bodies[1].get("spec").unwrap(), written[1].get("spec").unwrap()));
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
