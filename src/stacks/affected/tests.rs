//! Two small repositories, and what differs.

use expect_test::{Expect, expect};

use crate::model::question::Answers;
use crate::stacks::tests::pairs::compare;
use crate::stacks::tests::{ATMOS, snapshot};
use crate::stacks::{Selection, resolve};

const STACK: &str = "--- stacks/deploy/a.yaml
vars: {stage: a}
components:
  terraform:
    vpc: {vars: {cidr: 10.0.0.0/16}, settings: {depends_on: {1: {file: shared/list.txt}}}}
    db: {metadata: {component: rds}, hooks: {after: {run: x}}}
    base: {metadata: {type: abstract}, vars: {x: 1}}
  helm:
    web: {metadata: {component: chart}, dependencies: {folders: [shared/icons]}}
--- components/terraform/vpc/main.tf
module \"net\" {
  source = \"../../../modules/net\"
}
--- modules/net/main.tf
module \"inner\" { source = \"./inner\" }
--- modules/net/inner/main.tf
locals { a = 1 }
--- components/terraform/rds/main.tf
locals { a = 1 }
--- components/helm/chart/Chart.yaml
dependencies: [{name: lib, repository: 'file://../lib'}]
--- components/helm/lib/values.yaml
a: 1
--- shared/list.txt
one
--- shared/icons/a.svg
<svg/>
";

/// What differs between two trees, by both ways to compare them.
fn affected(base: &str, head: &str) -> String {
    let [base, head] = [base, head].map(|files| snapshot(&format!("{ATMOS}{files}")));
    let nothing = Answers::new();
    compare((&head, &nothing), (&base, &nothing), "an edit").expect("there is no ring")
}

/// What differs once `edits` are made: each replaces the first text by the second, everywhere.
fn check(edits: &[(&str, &str)], expect: &Expect) {
    let after = edits.iter().fold(STACK.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    expect.assert_eq(&affected(STACK, &after));
}

#[test]
fn nothing_differs() {
    check(&[], &expect![[""]]);
    // Neither order, nor comments, nor how a value is written.
    check(&[("vars: {stage: a}", "vars: {stage: 'a'} # the same")], &expect![[""]]);
}

#[test]
fn sections_are_told_in_the_order_of_atmos() {
    check(
        &[("vpc: {vars: {cidr: 10.0.0.0/16},", "vpc: {vars: {cidr: 1}, metadata: {name: n},")],
        &expect![[r#"
            a/terraform/vpc: [Section("metadata"), Section("vars")]
        "#]],
    );
}

#[test]
fn sections_that_only_one_side_has() {
    check(
        &[(", hooks: {after: {run: x}}", "")],
        &expect![[r#"
        a/terraform/db: [Section("hooks")]
    "#]],
    );
    check(
        &[("hooks: {after: {run: x}}", "env: {A: b}")],
        &expect![[r#"
        a/terraform/db: [Section("env"), Section("hooks")]
    "#]],
    );
}

#[test]
fn code_and_what_it_uses_to_any_depth() {
    check(
        &[(
            "--- modules/net/inner/main.tf\nlocals",
            "--- modules/net/inner/main.tf\n# new\nlocals",
        )],
        &expect![[r#"
            a/terraform/vpc: [Module("modules/net"), Module("modules/net/inner")]
        "#]],
    );
    check(
        &[(
            "--- components/terraform/rds/main.tf\n",
            "--- components/terraform/rds/main.tf\n# new\n",
        )],
        &expect![[r#"
            a/terraform/db: [Code]
        "#]],
    );
    check(
        &[("values.yaml\na: 1", "values.yaml\na: 2")],
        &expect![[r#"
        a/helm/web: [Module("components/helm/lib")]
    "#]],
    );
}

#[test]
fn files_and_folders_that_a_component_names() {
    check(
        &[("list.txt\none", "list.txt\ntwo"), ("<svg/>", "<svg />")],
        &expect![[r#"
        a/helm/web: [Folder("shared/icons")]
        a/terraform/vpc: [File("shared/list.txt")]
    "#]],
    );
}

#[test]
fn what_is_gone_and_what_is_new() {
    let db = "    db: {metadata: {component: rds}, hooks: {after: {run: x}}}\n";
    check(
        &[(db, "")],
        &expect![[r#"
        a/terraform/db: [Deleted]
    "#]],
    );
    check(
        &[("stage: a}", "stage: b}")],
        &expect![[r#"
        a/helm/web: [DeletedStack]
        a/terraform/db: [DeletedStack]
        a/terraform/vpc: [DeletedStack]
        b/helm/web: [Section("metadata"), Section("vars"), Section("dependencies")]
        b/terraform/db: [Section("metadata"), Section("vars"), Section("hooks")]
        b/terraform/vpc: [Section("vars"), Section("settings")]
    "#]],
    );
}

/// A stack that cannot be read asks for nothing, and that is not the same as asking for less.
#[test]
fn a_broken_stack_deletes_nothing() {
    check(&[("cidr: 10.0.0.0/16", "cidr: [")], &expect![[""]]);
    check(&[("settings: {depends_on", "settings: {x: '{{', depends_on")], &expect![[""]]);
}

#[test]
fn modules_in_a_ring_end() {
    check(
        &[(
            "locals { a = 1 }\n--- components/terraform/rds",
            "module \"up\" { source = \"..\" }\n--- components/terraform/rds",
        )],
        &expect![[r#"
            a/terraform/vpc: [Module("modules/net"), Module("modules/net/inner")]
        "#]],
    );
}

/// A chain of modules is followed to its thousandth folder.
#[test]
fn code_is_a_thousand_folders() {
    let used = |modules: usize| {
        let link = |at: usize| {
            format!("--- m/{at}/main.tf\nmodule \"next\" {{\n  source = \"../{}\"\n}}\n", at + 1)
        };
        let links: String = (1..modules).map(link).collect();
        let last = format!("--- m/{modules}/main.tf\nlocals {{ a = 1 }}\n");
        let first = "--- components/terraform/vpc/main.tf\nmodule \"m\" {\n  source = \"../../../m/1\"\n}\n";
        let stack =
            "--- stacks/deploy/a.yaml\nvars: {stage: a}\ncomponents: {terraform: {vpc: {}}}\n";
        let snapshot = snapshot(&format!("{ATMOS}{stack}{first}{links}{last}"));
        let resolution = resolve(&snapshot, &Selection::default(), &Answers::new());
        let desired = &resolution.desired;
        let component = desired.components().next().expect("a component");
        super::code::Code::of(&snapshot).uses(component, desired).len()
    };
    assert_eq!((used(998), used(999), used(1_000)), (999, 1_000, 1_000));
}

/// Components whose code is elsewhere, or partly.
const ELSEWHERE: &str = "--- stacks/deploy/a.yaml
vars: {stage: a}
components:
  helm:
    own: {metadata: {component: web}}
    named: {metadata: {component: web}, chart: ../lib}
    remote: {metadata: {component: none}, chart: lib, repository: 'https://charts.example.com'}
  kubernetes:
    paths: {metadata: {component: k}, paths: [../shared/a.yaml, '../globbed/*.yaml']}
    folder: {metadata: {component: k}, paths: [../shared-k]}
    kustomized: {metadata: {component: kustomized}}
--- components/helm/web/Chart.yaml
name: web
--- components/helm/web/charts/sub/Chart.yaml
dependencies: [{name: deep, repository: 'file://../../../deep'}]
--- components/helm/deep/Chart.yaml
dependencies: [{name: web, repository: 'file://../web'}]
--- components/helm/deep/values.yaml
deep: 1
--- components/helm/lib/Chart.yaml
name: lib
--- components/kubernetes/shared/a.yaml
shared: 1
--- components/kubernetes/shared/b.yaml
beside: 1
--- components/kubernetes/globbed/c.yaml
globbed: 1
--- components/kubernetes/shared-k/kustomization.yaml
resources: [../shared/b.yaml]
--- components/kubernetes/kustomized/kustomization.yaml
resources: [../base, 'https://example.com/x.yaml']
patches: [{path: ../patches/p.yaml, target: {kind: X}}]
patchesStrategicMerge:
  - |
    kind: X
    a: ../shared/a.yaml
configMapGenerator: [{name: c, files: [conf=../conf/c.conf]}]
--- components/kubernetes/base/kustomization.yaml
resources: [../kustomized, d.yaml]
--- components/kubernetes/base/d.yaml
base: 1
--- components/kubernetes/patches/p.yaml
patch: 1
--- components/kubernetes/patches/q.yaml
other: 1
--- components/kubernetes/conf/c.conf
conf: 1
";

#[test]
fn charts_and_manifests_outside_of_the_folder_of_the_component() {
    let edited = |from: &str, to: &str, expect: &Expect| {
        assert!(ELSEWHERE.contains(from), "{from}");
        expect.assert_eq(&affected(ELSEWHERE, &ELSEWHERE.replace(from, to)));
    };
    edited(
        "name: lib\n",
        "name: lib2\n",
        &expect![[r#"
        a/helm/named: [Module("components/helm/lib")]
    "#]],
    );
    edited(
        "deep: 1",
        "deep: 2",
        &expect![[r#"
        a/helm/named: [Module("components/helm/deep")]
        a/helm/own: [Module("components/helm/deep")]
    "#]],
    );
    edited(
        "shared: 1",
        "shared: 2",
        &expect![[r#"
        a/kubernetes/paths: [Module("components/kubernetes/shared/a.yaml")]
    "#]],
    );
    edited(
        "beside: 1",
        "beside: 2",
        &expect![[r#"
        a/kubernetes/folder: [Module("components/kubernetes/shared/b.yaml")]
    "#]],
    );
    edited(
        "globbed: 1",
        "globbed: 2",
        &expect![[r#"
        a/kubernetes/paths: [Module("components/kubernetes/globbed")]
    "#]],
    );
    edited(
        "base: 1",
        "base: 2",
        &expect![[r#"
        a/kubernetes/kustomized: [Module("components/kubernetes/base"), Module("components/kubernetes/base/d.yaml")]
    "#]],
    );
    edited(
        "patch: 1",
        "patch: 2",
        &expect![[r#"
        a/kubernetes/kustomized: [Module("components/kubernetes/patches/p.yaml")]
    "#]],
    );
    edited("other: 1", "other: 2", &expect![]);
    edited(
        "conf: 1",
        "conf: 2",
        &expect![[r#"
        a/kubernetes/kustomized: [Module("components/kubernetes/conf/c.conf")]
    "#]],
    );
}
