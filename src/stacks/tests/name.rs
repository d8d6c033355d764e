//! Which stack a manifest is, and which manifests are stacks.

use expect_test::expect;

use super::{check, check_stacks};

#[test]
fn what_the_manifest_says_beats_the_template() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
name: my stack
vars: {stage: dev}
components: {terraform: {vpc: {}}}
--- stacks/deploy/prod.yaml
vars: {stage: prod}
components: {terraform: {vpc: {}}}
",
        &expect![[r#"
            my stack -> default
              terraform/vpc
                vars: {stage: "dev"}
            prod -> default
              terraform/vpc
                vars: {stage: "prod"}
        "#]],
    );
}

#[test]
fn a_pattern_names_variables_and_without_either_the_path_is_the_name() {
    let files = "--- stacks/deploy/dev.yaml
vars: {tenant: a-b, stage: dev}
components: {terraform: {vpc: {}}}
";
    check(
        &format!(
            "--- atmos.yaml\nstacks: {{base_path: stacks, name_pattern: '{{tenant}}-{{stage}}'}}\n{files}"
        ),
        &expect![[r#"
            a-b-dev -> default
              terraform/vpc
                vars: {tenant: "a-b", stage: "dev"}
        "#]],
    );
    check(
        &format!("--- atmos.yaml\nstacks: {{base_path: stacks}}\n{files}"),
        &expect![[r#"
            deploy/dev -> default
              terraform/vpc
                vars: {tenant: "a-b", stage: "dev"}
        "#]],
    );
}

#[test]
fn a_component_with_its_own_stage_is_in_another_stack() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components: {terraform: {vpc: {}, moved: {vars: {stage: prod}}}}
",
        &expect![[r#"
            dev -> default
              terraform/vpc
                vars: {stage: "dev"}
            prod -> default
              terraform/moved
                vars: {stage: "prod"}
        "#]],
    );
}

#[test]
fn a_stack_without_a_name_is_not_taken_for_one_that_is_gone() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {tenant: a}
components: {terraform: {vpc: {}}}
",
        &expect![[r#"
            nameless stacks/deploy/dev.yaml
            Error stack-name stacks/deploy/dev.yaml:1:1: this stack has no name: map has no entry for key "stage"
              hint: set the missing value in this manifest or in what it imports
        "#]],
    );
}

#[test]
fn several_manifests_may_make_one_stack_unless_they_disagree() {
    check_stacks(
        "--- stacks/deploy/a.yaml
vars: {stage: dev}
components: {terraform: {same: {}, vpc: {vars: {x: 1}}, only-a: {}}}
--- stacks/deploy/b.yaml
vars: {stage: dev}
components: {terraform: {same: {}, vpc: {vars: {x: 2}}, only-b: {}}}
",
        &expect![[r#"
            dev -> default
              terraform/only-a
                vars: {stage: "dev"}
              terraform/only-b
                vars: {stage: "dev"}
              terraform/same
                vars: {stage: "dev"}
              terraform/vpc is unresolved
            Error stack-duplicate stacks/deploy/b.yaml:2:36: the component `vpc` is also defined in `stacks/deploy/a.yaml`, and differently
              hint: define it in one of them, or give the stacks different names
        "#]],
    );
}

#[test]
fn excluded_files_and_files_elsewhere_are_no_stacks() {
    check(
        "--- atmos.yaml
stacks:
  base_path: stacks
  included_paths: ['deploy/**/*']
  excluded_paths: ['**/_defaults.yaml']
--- stacks/deploy/_defaults.yaml
components: {terraform: {vpc: {}}}
--- stacks/catalog/vpc.yaml
components: {terraform: {vpc: {}}}
--- stacks/deploy/a/dev.yml
components: {terraform: {vpc: {}}}
--- stacks/deploy/a/notes.txt
not a manifest
",
        &expect![[r#"
            deploy/a/dev -> default
              terraform/vpc
        "#]],
    );
}

#[test]
fn a_repository_without_atmos_yaml_says_so() {
    check(
        "--- README.md\nnothing here\n",
        &expect![[r#"
        Error settings-invalid atmos.yaml:1:1: there is no `atmos.yaml`, so nothing says where the stacks are
          hint: add `atmos.yaml` with `stacks: {base_path: stacks}` at the root
    "#]],
    );
}

#[test]
fn a_template_that_gives_nothing_leaves_the_name_to_the_path() {
    check(
        "--- atmos.yaml
stacks: {base_path: stacks, name_template: '{{ .settings.name | default \"\" }}'}
--- stacks/deploy/dev.yaml
settings: {name: ''}
components: {terraform: {vpc: {}}}
",
        &expect![[r#"
            deploy/dev -> default
              terraform/vpc
                settings: {name: ""}
        "#]],
    );
}
