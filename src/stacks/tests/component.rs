//! How a component is put together: bases, overrides, dependencies, backends.

use expect_test::expect;

use super::{ATMOS, check_stacks, snapshot};
use crate::model::question::{Answer, Answers, Question};
use crate::stacks::{Resolver, Selection};

#[test]
fn values_come_from_the_top_the_kind_the_bases_and_the_component() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev, a: global, b: global, c: global, d: global}
terraform:
  vars: {b: kind, c: kind, d: kind}
components:
  terraform:
    base:
      metadata: {type: abstract}
      vars: {c: base, d: base}
    vpc:
      metadata: {inherits: [base]}
      vars: {d: own}
  helm:
    app: {}
",
        &expect![[r#"
            dev -> default
              helm/app
                vars: {stage: "dev", a: "global", b: "global", c: "global", d: "global"}
              terraform/base (abstract)
                metadata: {type: "abstract"}
                vars: {stage: "dev", a: "global", b: "kind", c: "base", d: "base"}
              terraform/vpc
                metadata: {inherits: ["base"]}
                vars: {stage: "dev", a: "global", b: "kind", c: "base", d: "own"}
        "#]],
    );
}

#[test]
fn a_base_common_to_two_others_undoes_what_the_first_changed() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components:
  terraform:
    root: {metadata: {type: abstract}, vars: {a: root, b: root}}
    left: {metadata: {type: abstract, inherits: [root]}, vars: {a: left}}
    right: {metadata: {type: abstract, inherits: [root]}, vars: {b: right}}
    vpc: {metadata: {inherits: [left, right]}}
",
        &expect![[r#"
            dev -> default
              terraform/left (abstract)
                metadata: {type: "abstract", inherits: ["root"]}
                vars: {stage: "dev", a: "left", b: "root"}
              terraform/right (abstract)
                metadata: {type: "abstract", inherits: ["root"]}
                vars: {stage: "dev", a: "root", b: "right"}
              terraform/root (abstract)
                metadata: {type: "abstract"}
                vars: {stage: "dev", a: "root", b: "root"}
              terraform/vpc
                metadata: {inherits: ["left", "right"]}
                vars: {stage: "dev", a: "root", b: "right"}
        "#]],
    );
}

#[test]
fn metadata_is_inherited_but_for_the_type_and_the_bases() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
metadata: {labels: {team: a}}
components:
  terraform:
    base:
      metadata: {type: abstract, component: shared, locked: true, tags: [x], labels: {tier: b}}
    vpc: {metadata: {inherits: [base], enabled: false, tags: [y]}}
",
        &expect![[r#"
            dev
              terraform/base (abstract)
                metadata: {labels: {team: "a", tier: "b"}, type: "abstract", component: "shared", locked: true, tags: ["x"]}
                vars: {stage: "dev"}
              terraform/vpc (disabled)
                metadata: {labels: {team: "a", tier: "b"}, component: "shared", locked: true, tags: ["y"], inherits: ["base"], enabled: false}
                vars: {stage: "dev"}
        "#]],
    );
}

#[test]
fn overrides_reach_what_a_file_declares_and_imports_and_what_comes_later() {
    check_stacks(
        "--- stacks/before.yaml
components: {terraform: {before: {vars: {x: own}}}}
--- stacks/middle.yaml
import: [inside]
overrides: {vars: {x: middle}}
terraform: {overrides: {vars: {kind: middle}}}
components: {terraform: {middle: {vars: {x: own}}}}
--- stacks/inside.yaml
overrides: {vars: {x: inside, y: inside}}
components: {terraform: {inside: {vars: {x: own}}}}
--- stacks/after.yaml
components: {terraform: {after: {vars: {x: own}}}, packer: {image: {vars: {x: own}}}}
--- stacks/deploy/dev.yaml
import: [before, middle, after]
vars: {stage: dev}
components: {terraform: {vpc: {vars: {x: own}}}}
",
        &expect![[r#"
            dev -> default
              packer/image
                vars: {stage: "dev", x: "own"}
              terraform/after
                overrides: {vars: {x: "middle", y: "inside", kind: "middle"}}
                vars: {stage: "dev", x: "middle", y: "inside", kind: "middle"}
              terraform/before
                vars: {stage: "dev", x: "own"}
              terraform/inside
                overrides: {vars: {x: "middle", y: "inside", kind: "middle"}}
                vars: {stage: "dev", x: "middle", y: "inside", kind: "middle"}
              terraform/middle
                overrides: {vars: {x: "middle", y: "inside", kind: "middle"}}
                vars: {stage: "dev", x: "middle", y: "inside", kind: "middle"}
              terraform/vpc
                overrides: {vars: {x: "middle", y: "inside", kind: "middle"}}
                vars: {stage: "dev", x: "middle", y: "inside", kind: "middle"}
        "#]],
    );
}

#[test]
fn append_is_used_up_among_bases() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev, l: [g]}
terraform: {vars: {l: !append [t]}}
components:
  terraform:
    base: {metadata: {type: abstract}, vars: {l: !append [b]}}
    vpc: {metadata: {inherits: [base]}, vars: {l: !append [c]}}
    alone: {vars: {l: !append [c]}}
",
        &expect![[r#"
            dev -> default
              terraform/alone
                vars: {stage: "dev", l: ["g", "t", "c"]}
              terraform/base (abstract)
                metadata: {type: "abstract"}
                vars: {stage: "dev", l: ["g", "t", "b"]}
              terraform/vpc
                metadata: {inherits: ["base"]}
                vars: {stage: "dev", l: ["b", "c"]}
        "#]],
    );
}

#[test]
fn a_component_chooses_how_its_lists_are_merged() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev, l: [g]}
terraform: {vars: {l: [t]}}
components:
  terraform:
    base: {metadata: {type: abstract}, vars: {l: [b]}}
    vpc:
      metadata: {inherits: [base]}
      settings: {list_merge_strategy: append}
      vars: {l: [c]}
    wrong: {settings: {list_merge_strategy: apend}}
    heir: {metadata: {inherits: [wrong]}}
    other: {vars: {l: [o]}}
",
        &expect![[r#"
            dev -> default
              terraform/base (abstract)
                metadata: {type: "abstract"}
                vars: {stage: "dev", l: ["b"]}
              terraform/other
                vars: {stage: "dev", l: ["o"]}
              terraform/vpc
                metadata: {inherits: ["base"]}
                settings: {list_merge_strategy: "append"}
                vars: {stage: "dev", l: ["t", "b", "c"]}
              terraform/heir is unresolved
              terraform/wrong is unresolved
            Error settings-invalid stacks/deploy/dev.yaml:10:45: lists can be merged by `replace`, `append`, `merge`, or `merge by KEY`
              hint: did you mean `append`?
        "#]],
    );
}

#[test]
fn the_nearest_choice_of_a_strategy_holds() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev, l: [{a: 1}]}
settings: {list_merge_strategy: append}
components:
  terraform:
    vpc: {vars: {l: [{b: 2}]}}
    keyed: {settings: {list_merge_strategy: merge by a}, vars: {l: [{a: 1, b: 2}, {a: 2}]}}
    own: {settings: {list_merge_strategy: replace}, vars: {l: [{b: 2}]}}
    base: {metadata: {type: abstract}, settings: {list_merge_strategy: merge}}
    heir: {metadata: {inherits: [base]}, vars: {l: [{b: 2}]}}
",
        &expect![[r#"
            dev -> default
              terraform/base (abstract)
                metadata: {type: "abstract"}
                settings: {list_merge_strategy: "merge"}
                vars: {stage: "dev", l: [{a: 1}]}
              terraform/heir
                metadata: {inherits: ["base"]}
                settings: {list_merge_strategy: "merge"}
                vars: {stage: "dev", l: [{a: 1, b: 2}]}
              terraform/keyed
                settings: {list_merge_strategy: "merge by a"}
                vars: {stage: "dev", l: [{a: 1, b: 2}, {a: 2}]}
              terraform/own
                settings: {list_merge_strategy: "replace"}
                vars: {stage: "dev", l: [{b: 2}]}
              terraform/vpc
                settings: {list_merge_strategy: "append"}
                vars: {stage: "dev", l: [{a: 1}, {b: 2}]}
        "#]],
    );
}

#[test]
fn a_legacy_base_brings_its_values_and_its_folder() {
    check_stacks(
        "--- components/terraform/network/main.tf
--- stacks/deploy/dev.yaml
vars: {stage: dev}
components:
  terraform:
    base: {component: network, vars: {x: base}}
    vpc: {component: base}
    lost: {component: absent}
",
        &expect![[r#"
            dev -> default
              terraform/base
                vars: {stage: "dev", x: "base"}
              terraform/vpc
                vars: {stage: "dev", x: "base"}
              terraform/lost is unresolved
            Error inherit-missing stacks/deploy/dev.yaml:6:23: there is no terraform component or folder `absent`
              hint: import the file that declares it
        "#]],
    );
}

#[test]
fn a_backend_gets_a_key_of_its_own() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
terraform:
  backend_type: s3
  backend: {s3: {bucket: 'state-{{ .vars.stage }}'}, local: {path: x}}
components:
  terraform:
    eks/cluster: {}
    named: {metadata: {name: other}}
    azure:
      backend_type: azurerm
      backend: {azurerm: {container_name: c}}
",
        &expect![[r#"
            dev -> default
              terraform/azure
                backend: {container_name: "c", key: "azure.terraform.tfstate"}
                backend_type: "azurerm"
                remote_state_backend: {container_name: "c", key: "azure.terraform.tfstate"}
                remote_state_backend_type: "azurerm"
                vars: {stage: "dev"}
              terraform/eks/cluster
                backend: {bucket: "state-dev", workspace_key_prefix: "eks-cluster"}
                backend_type: "s3"
                remote_state_backend: {bucket: "state-dev", workspace_key_prefix: "eks-cluster"}
                remote_state_backend_type: "s3"
                vars: {stage: "dev"}
              terraform/named
                backend: {bucket: "state-dev", workspace_key_prefix: "other"}
                backend_type: "s3"
                metadata: {name: "other"}
                remote_state_backend: {bucket: "state-dev", workspace_key_prefix: "other"}
                remote_state_backend_type: "s3"
                vars: {stage: "dev"}
        "#]],
    );
}

#[test]
fn dependencies_are_found_across_kinds_and_stacks() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components:
  terraform:
    vpc: {settings: {depends_on: {1: {component: dns, stage: prod}}}}
    eks: {dependencies: {components: [{component: vpc}, {name: dns, stack: prod}]}}
  helm:
    app: {dependencies: {components: [{component: eks, kind: terraform}, {component: vpc}]}}
    lost: {dependencies: {components: [{component: ekz, kind: terraform}, {component: eks, stack: prd}]}}
--- stacks/deploy/prod.yaml
vars: {stage: prod}
components: {terraform: {dns: {}}}
",
        &expect![[r#"
            dev -> default
              helm/app
                dependencies: {components: [{component: "eks", kind: "terraform"}, {component: "vpc"}]}
                vars: {stage: "dev"}
                after dev/terraform/eks
                after dev/terraform/vpc
              terraform/eks
                dependencies: {components: [{component: "vpc"}, {name: "dns", stack: "prod"}]}
                vars: {stage: "dev"}
                after dev/terraform/vpc
                after prod/terraform/dns
              terraform/vpc
                settings: {depends_on: {1: {component: "dns", stage: "prod"}}}
                vars: {stage: "dev"}
                after prod/terraform/dns
              helm/lost is unresolved
            prod -> default
              terraform/dns
                vars: {stage: "prod"}
            Error dependency-missing stacks/deploy/dev.yaml:8:40: there is no terraform component `ekz` in the stack `dev`
              hint: did you mean `eks`?
            Error dependency-missing stacks/deploy/dev.yaml:8:75: there is no stack `prd`
              hint: did you mean `prod`?
        "#]],
    );
}

#[test]
fn components_that_depend_on_each_other_are_shown_as_a_ring() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components:
  terraform:
    a: {dependencies: {components: [{component: b}]}}
    b: {dependencies: {components: [{component: c}]}}
    c: {dependencies: {components: [{component: a}]}}
    outside: {dependencies: {components: [{component: a}]}}
",
        &expect![[r#"
            dev -> default
              terraform/outside
                dependencies: {components: [{component: "a"}]}
                vars: {stage: "dev"}
                after dev/terraform/a
              terraform/a is unresolved
              terraform/b is unresolved
              terraform/c is unresolved
            Error dependency-cycle stacks/deploy/dev.yaml:4:37: components depend on each other: dev/terraform/a -> dev/terraform/b -> dev/terraform/c -> dev/terraform/a
        "#]],
    );
}

#[test]
fn components_that_read_each_other_are_shown_as_a_ring_however_often_they_are_resolved() {
    let files = format!(
        "{ATMOS}--- stacks/deploy/dev.yaml
vars: {{stage: dev}}
components:
  terraform:
    a: {{vars: {{x: !terraform.output b id}}}}
    b: {{vars: {{y: !terraform.output a id}}, mocks: {{id: 1}}}}
    c: {{metadata: {{enabled: false}}, vars: {{z: !terraform.output c id}}}}
    d: {{vars: {{z: !terraform.output c id}}}}
"
    );
    let snapshot = snapshot(&files);
    let mut resolver = Resolver::new(&snapshot);
    let asks = |name: &str| Question {
        function: "terraform.output".into(),
        arguments: [name, "dev", "id"].map(Into::into).to_vec(),
    };
    let mut answers = Answers::new();
    for name in ["b", "a", "c"] {
        let found = resolver.resolve(&Selection::to_apply(), &answers).desired;
        let told =
            found.diagnostics.iter().map(|found| format!("{} {}\n", found.span, found.message));
        expect![[r#"
            stacks/deploy/dev.yaml:4:37 components depend on each other: dev/terraform/a -> dev/terraform/b -> dev/terraform/a
        "#]]
        .assert_eq(&told.collect::<String>());
        let left: Vec<_> = found.components().map(|one| one.id.name.as_str()).collect();
        assert_eq!(left, ["c", "d"]);
        answers.insert(asks(name), Answer::Later);
    }
    // Who only wants to see a component sees it.
    let looking = Selection { unlinked: true, ..Selection::default() };
    let seen = resolver.resolve(&looking, &answers).desired;
    assert_eq!((seen.diagnostics.len(), seen.components().count()), (0, 4));
}

#[test]
fn a_component_among_its_own_bases_adds_nothing_to_itself() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components:
  terraform:
    a: {metadata: {inherits: [b]}}
    b: {metadata: {inherits: [a]}}
    outside: {}
",
        &expect![[r#"
            dev -> default
              terraform/a
                metadata: {inherits: ["b"]}
                vars: {stage: "dev"}
              terraform/b
                metadata: {inherits: ["a"]}
                vars: {stage: "dev"}
              terraform/outside
                vars: {stage: "dev"}
            Warning inherit-cycle stacks/deploy/dev.yaml:5:31: components inherit from each other: a -> b -> a
        "#]],
    );
}

#[test]
fn bases_that_inherit_from_each_other_are_shown_as_a_ring() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components:
  terraform:
    a: {metadata: {inherits: [b]}}
    b: {metadata: {inherits: [c]}}
    c: {metadata: {inherits: [b]}}
",
        &expect![[r#"
            dev -> default
              terraform/b
                metadata: {inherits: ["c"]}
                vars: {stage: "dev"}
              terraform/c
                metadata: {inherits: ["b"]}
                vars: {stage: "dev"}
              terraform/a is unresolved
            Warning inherit-cycle stacks/deploy/dev.yaml:6:31: components inherit from each other: b -> c -> b
            Error inherit-cycle stacks/deploy/dev.yaml:6:31: components inherit from each other: b -> c -> b
        "#]],
    );
}

#[test]
fn a_base_that_is_named_twice_ends_where_it_did_first() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components:
  terraform:
    a: {vars: {x: a, l: [a]}}
    b: {vars: {x: b}}
    own: {metadata: {inherits: [a, b, a]}}
",
        &expect![[r#"
            dev -> default
              terraform/a
                vars: {stage: "dev", x: "a", l: ["a"]}
              terraform/b
                vars: {stage: "dev", x: "b"}
              terraform/own
                metadata: {inherits: ["a", "b", "a"]}
                vars: {stage: "dev", x: "a", l: ["a"]}
        "#]],
    );
}

#[test]
fn a_marked_list_continues_what_its_own_file_imports() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
import: [mixins/outer]
vars: {stage: dev}
components: {terraform: {vpc: {vars: {own: !append [d]}}}}
--- stacks/mixins/base.yaml
vars: {one: [a], two: [a], own: [a]}
--- stacks/mixins/outer.yaml
import: [mixins/base, mixins/plain, mixins/importing]
--- stacks/mixins/plain.yaml
vars: {one: !append [b]}
--- stacks/mixins/importing.yaml
import: [mixins/other]
vars: {two: !append [c]}
--- stacks/mixins/other.yaml
settings: {x: 1}
",
        &expect![[r#"
            dev -> default
              terraform/vpc
                settings: {x: 1}
                vars: {one: ["a", "b"], two: ["c"], own: ["d"], stage: "dev"}
        "#]],
    );
}

#[test]
fn the_block_reconcile_is_checked_where_it_is_written() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
settings:
  reconcile: {target: cluster, interval: 10m}
components:
  terraform:
    vpc: {settings: {reconcile: {manage: propose, ignore: [/spec/replicas]}}}
    misspelt:
      settings:
        reconcile:
          mange: propose
          prune: 'yes please'
",
        &expect![[r#"
            dev -> cluster
              terraform/vpc
                settings: {reconcile: {target: "cluster", interval: "10m", manage: "propose", ignore: ["/spec/replicas"]}}
                vars: {stage: "dev"}
              terraform/misspelt is unresolved
            Error unknown-key stacks/deploy/dev.yaml:10:18: `mange` means nothing in `settings.reconcile`
              hint: did you mean `manage`?
            Error settings-invalid stacks/deploy/dev.yaml:11:18: `settings.reconcile`: "yes please" is not of types "null", "boolean"
        "#]],
    );
}

#[test]
fn a_base_whose_folder_is_called_like_its_heir_is_no_ring() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components:
  terraform:
    a: {metadata: {type: abstract, component: pg}, vars: {a: 1}}
    b: {metadata: {type: abstract, component: pg}, vars: {b: 1}}
    pg: {metadata: {component: shared, inherits: [a, b]}}
",
        &expect![[r#"
            dev -> default
              terraform/a (abstract)
                metadata: {type: "abstract", component: "pg"}
                vars: {stage: "dev", a: 1}
              terraform/b (abstract)
                metadata: {type: "abstract", component: "pg"}
                vars: {stage: "dev", b: 1}
              terraform/pg
                metadata: {component: "shared", inherits: ["a", "b"]}
                vars: {stage: "dev", a: 1, b: 1}
        "#]],
    );
}
