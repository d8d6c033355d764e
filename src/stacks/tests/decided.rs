//! What decides whether something is a stack, exists, and where it is.

use expect_test::expect;

use super::*;
use crate::model::question::Answer;

#[test]
fn a_manifest_whose_keys_are_misspelt_is_no_stack_that_is_gone() {
    check_stacks(
        "--- stacks/catalog/vpc.yaml
vars: {stage: prod}
components: {terraform: {vpc: {}}}
--- stacks/deploy/prod.yaml
imports: [catalog/vpc]
workflows: {}
--- stacks/deploy/test.yaml
# import: [catalog/vpc]
--- stacks/deploy/values.yaml
vars: {shared: 1}
",
        &expect![[r#"
            nameless stacks/deploy/prod.yaml
            nameless stacks/deploy/test.yaml
            Warning unknown-key stacks/deploy/prod.yaml:1:1: `imports` means nothing at the top of a manifest
              hint: did you mean `import`?
            Error stack-name stacks/deploy/prod.yaml:1:1: this manifest has no component and is no stack, for a key of it is not known
              hint: did you mean `import`?
        "#]],
    );
}

#[test]
fn a_rule_for_names_that_is_no_template_is_one_mistake() {
    let files = ATMOS.replace("{{ .vars.stage }}", "{{ .vars.stage }");
    check(
        &format!(
            "{files}--- stacks/deploy/dev.yaml
vars: {{stage: dev}}
components: {{terraform: {{vpc: {{}}}}}}
--- stacks/deploy/prod.yaml
vars: {{stage: prod}}
components: {{terraform: {{vpc: {{}}}}}}
"
        ),
        &expect![[r#"
            Error template-syntax atmos.yaml:4:18: unexpected "}" in operand
              hint: every stack is named by this: mend it
        "#]],
    );
}

#[test]
fn calls_decide_whether_a_component_exists_and_not_where_it_lies() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components:
  terraform:
    off: {metadata: {enabled: !template 'false'}}
    quoted: {metadata: {enabled: '{{ eq .vars.stage \"prod\" }}'}}
    base: {metadata: {type: !template '\"abstract\"'}}
    unclear: {metadata: {enabled: !template '7', locked: maybe}}
    placed: {metadata: {name: !env NAME , terraform_workspace: !env WORKSPACE }, backend_type: !env TYPE }
    literal: {metadata: {name: !literal 'a b'}}
--- stacks/deploy/named.yaml
name: !env STACK
components: {terraform: {vpc: {}}}
--- stacks/deploy/called.yaml
vars: {stage: !env STAGE }
components: {terraform: {vpc: {}}}
",
        &expect![[r#"
            dev -> default
              terraform/base (abstract)
                metadata: {type: "abstract"}
                vars: {stage: "dev"}
              terraform/literal
                metadata: {name: "a b"}
                vars: {stage: "dev"}
              terraform/off (disabled)
                metadata: {enabled: false}
                vars: {stage: "dev"}
              terraform/quoted (disabled)
                metadata: {enabled: "false"}
                vars: {stage: "dev"}
              terraform/unclear
                metadata: {enabled: 7, locked: "maybe"}
                vars: {stage: "dev"}
              terraform/placed is unresolved
            nameless stacks/deploy/called.yaml
            nameless stacks/deploy/named.yaml
            asks env NAME
            asks env TYPE
            asks env WORKSPACE
            Error stack-name stacks/deploy/called.yaml:1:1: this stack has no name: `!env` at `.vars.stage` is not called here
              hint: write the value: it decides which stack this is
            Warning section-type stacks/deploy/dev.yaml:7:45: `metadata.enabled` is neither true nor false, and means nothing
              hint: write `enabled: true` or `enabled: false`
            Warning section-type stacks/deploy/dev.yaml:7:58: `metadata.locked` is neither true nor false, and means nothing
              hint: write `locked: true` or `locked: false`
            Error function-refused stacks/deploy/dev.yaml:8:36: `!env` is not called here: `name` decides where state lies
              hint: write the value
            Error function-refused stacks/deploy/dev.yaml:8:69: `!env` is not called here: `terraform_workspace` decides where state lies
              hint: write the value
            Error function-refused stacks/deploy/dev.yaml:8:101: `!env` is not called here: `backend_type` decides where state lies
              hint: write the value
            Error function-refused stacks/deploy/named.yaml:1:12: a function is not called here: it decides which stack this is
              hint: write the name
        "#]],
    );
}

#[test]
fn what_waits_to_be_decided_is_told() {
    let files = format!(
        "{ATMOS}--- stacks/deploy/dev.yaml
vars: {{stage: dev}}
components:
  terraform:
    a: {{metadata: {{enabled: !terraform.output n e}}}}
    b: {{metadata: {{locked: !terraform.output n l, tags: [!terraform.output n t]}}}}
    c: {{settings: {{reconcile: {{manage: !terraform.output n m}}}}}}
    d: {{dependencies: {{components: [{{component: n, stack: !terraform.output n s}}]}}}}
    e: {{settings: {{reconcile: {{target: !terraform.output n where}}}}}}
    f: {{vars: {{x: !terraform.output n x}}}}
    n: {{}}
"
    );
    let snapshot = snapshot(&files);
    let asked = resolve(&snapshot, &Selection::default(), &Answers::new()).questions;
    let answers = asked.into_iter().map(|question| (question, Answer::Later)).collect();
    let resolution = resolve(&snapshot, &Selection::default(), &answers);
    let mut out = shown(&resolution);
    for component in resolution.desired.components() {
        let undecided: Vec<_> = component.undecided.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "{}: {}", component.id.name, undecided.join(", "));
    }
    expect![[r#"
        dev -> default
          terraform/a
            metadata: {enabled: unknown(terraform.output n dev e)}
            vars: {stage: "dev"}
          terraform/b
            metadata: {locked: unknown(terraform.output n dev l), tags: [unknown(terraform.output n dev t)]}
            vars: {stage: "dev"}
          terraform/c
            settings: {reconcile: {manage: unknown(terraform.output n dev m)}}
            vars: {stage: "dev"}
          terraform/d
            dependencies: {components: [{component: "n", stack: unknown(terraform.output n dev s)}]}
            vars: {stage: "dev"}
          terraform/f
            vars: {stage: "dev", x: unknown(terraform.output n dev x)}
          terraform/n
            vars: {stage: "dev"}
          terraform/e is unresolved
        Error settings-invalid stacks/deploy/dev.yaml:8:58: the target waits to know `!terraform.output n dev where`
          hint: write the name of the target: it decides where everything is
        a: terraform.output n dev e
        b: terraform.output n dev l
        c: terraform.output n dev m
        d: terraform.output n dev s
        f: 
        n: 
    "#]].assert_eq(&out);
}
