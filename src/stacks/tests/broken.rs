//! All mistakes at once, each in its place, and nothing broken that need not be.

use expect_test::expect;

use super::{check_stacks, resolved};

/// Twelve mistakes of twelve kinds.
const TWELVE: &str = "--- stacks/mixins/broken.yaml
vars: [
--- stacks/deploy/a.yaml
import: [mixins/brokn, {path: ''}]
vars: {stage: a}
components: {terraform: {vpc: {}}}
--- stacks/deploy/b.yaml
import: [mixins/broken]
vars: {stage: b}
components: {terraform: {vpc: {}}}
--- stacks/deploy/c.yaml
vars: {stage: c}
components:
  terraform:
    no-base: {metadata: {inherits: [absent]}}
    no-vars: {vars: }
    no-function: {vars: {x: '{{ nope }}'}}
    no-key: {var: {x: 1}}
    no-dependency: {dependencies: {components: [{component: fin}]}}
    no-output: {vars: {x: !terraform.output vpc}}
    fine: {}
--- stacks/deploy/d.yaml
vars: {stage: d}
components: {terraform: {vpc: {vars: {x: !evn HOME}}}}
--- stacks/deploy/e.yaml
{vars: {tenant: e}, components: {terraform: {vpc: {}}}}
";

#[test]
fn twelve_mistakes_are_twelve_findings() {
    check_stacks(
        TWELVE,
        &expect![[r#"
            a
              terraform/vpc is unresolved
            b
              terraform/vpc is unresolved
            c -> default
              terraform/fine
                vars: {stage: "c"}
              terraform/no-key
                var: {x: 1}
                vars: {stage: "c"}
              terraform/no-base is unresolved
              terraform/no-dependency is unresolved
              terraform/no-function is unresolved
              terraform/no-output is unresolved
              terraform/no-vars is unresolved
            d
              terraform/vpc is unresolved
            nameless stacks/deploy/a.yaml
            nameless stacks/deploy/e.yaml
            Error import-not-found stacks/deploy/a.yaml:1:10: `mixins/brokn` does not exist
              hint: did you mean `mixins/broken`?
            Error import-form stacks/deploy/a.yaml:1:24: an import is a path, or a map with `path`
              hint: write `- catalog/vpc` or `- path: catalog/vpc`
            Error inherit-missing stacks/deploy/c.yaml:4:37: there is no terraform component `absent` in this stack
              hint: import the file that declares it
            Error section-type stacks/deploy/c.yaml:5:19: `vars` must be a map
              hint: remove the empty `vars:`, or write `vars: {}`
            Error template-syntax stacks/deploy/c.yaml:6:33: function "nope" not defined
              hint: take it out, or call a function of Sprig or Gomplate
            Warning unknown-key stacks/deploy/c.yaml:7:14: `var` means nothing in a component
              hint: did you mean `vars`?
            Error dependency-missing stacks/deploy/c.yaml:8:49: there is no terraform component `fin` in the stack `c`
              hint: did you mean `fine`?
            Error function-failed stacks/deploy/c.yaml:9:45: write `!terraform.output component [stack] output`
            Error function-unknown stacks/deploy/d.yaml:2:42: there is no function `!evn`
              hint: did you mean `!env`?
            Error stack-name stacks/deploy/e.yaml:1:1: this stack has no name: map has no entry for key "stage"
              hint: set the missing value in this manifest or in what it imports
            Error yaml-syntax stacks/mixins/broken.yaml:1:7: unclosed bracket '['
              hint: close the list with `]`, or quote the value if `[` is meant as text
        "#]],
    );
}

#[test]
fn an_empty_section_is_a_mistake_with_a_way_out() {
    check_stacks(
        "--- stacks/deploy/a.yaml
vars: {stage: a}
components:
  helm:
--- stacks/deploy/b.yaml
vars: {stage: b}
components:
  terraform: {vpc: }
  helm: {web: {}}
",
        &expect![[r#"
            b -> default
              helm/web
                vars: {stage: "b"}
              terraform/vpc is unresolved
            nameless stacks/deploy/a.yaml
            Error section-type stacks/deploy/a.yaml:3:7: `components.helm` must be a map of components
              hint: remove the empty `helm:`, or write `helm: {}`
            Error section-type stacks/deploy/b.yaml:3:18: the component `vpc` must be a map of sections
              hint: remove the empty `vpc:`, or write `vpc: {}`
        "#]],
    );
}

#[test]
fn a_mixin_broken_once_is_reported_once() {
    let stacks: String = (0..20)
        .map(|at| {
            format!(
                "--- stacks/deploy/s{at}.yaml\nimport: [mixin]\nvars: {{stage: s{at}}}\n\
                 components: {{terraform: {{vpc: {{}}}}}}\n"
            )
        })
        .collect();
    let files = format!("{}--- stacks/mixin.yaml\nvars: [\n{stacks}", super::ATMOS);
    let desired = resolved(&files).desired;
    assert_eq!(desired.diagnostics.len(), 1);
    assert_eq!(desired.stacks.len(), 20);
    assert!(desired.stacks.values().all(|stack| stack.unresolved.len() == 1));
}

#[test]
fn a_name_that_a_broken_import_could_change_is_uncertain() {
    check_stacks(
        "--- stacks/stage.yaml
vars: {stage: dev}
--- stacks/deploy/dev.yaml
import: [stage, absent]
components: {terraform: {vpc: {}}}
--- stacks/deploy/prod.yaml
import: [absent, stage]
vars: {stage: prod}
components: {terraform: {vpc: {}}}
",
        &expect![[r#"
            dev
              terraform/vpc is unresolved
            prod
              terraform/vpc is unresolved
            nameless stacks/deploy/dev.yaml
            Error import-not-found stacks/deploy/dev.yaml:1:17: `absent` does not exist
            Error import-not-found stacks/deploy/prod.yaml:1:10: `absent` does not exist
        "#]],
    );
}

#[test]
fn a_broken_manifest_without_components_is_nameless() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
import: [catalog/absent]
vars: {stage: dev}
",
        &expect![[r#"
            nameless stacks/deploy/dev.yaml
            Error import-not-found stacks/deploy/dev.yaml:1:10: `catalog/absent` does not exist
        "#]],
    );
}

#[test]
fn keys_that_mean_nothing_are_warned_of() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
setings: {x: 1}
x-anchors: {a: 1}
overrides: {vras: {x: 1}}
components:
  terraform:
    vpc:
      metadata: {enabld: true}
      bakend_type: s3
  custom:
    thing: {anything: 1}
",
        &expect![[r#"
            dev -> default
              custom/thing
                anything: 1
                vars: {stage: "dev"}
              terraform/vpc
                bakend_type: "s3"
                metadata: {enabld: true}
                overrides: {vras: {x: 1}}
                vars: {stage: "dev"}
            Warning unknown-key stacks/deploy/dev.yaml:2:1: `setings` means nothing at the top of a manifest
              hint: did you mean `settings`?
            Warning unknown-key stacks/deploy/dev.yaml:4:13: `vras` means nothing in `overrides`
              hint: did you mean `vars`?
            Warning unknown-key stacks/deploy/dev.yaml:8:18: `enabld` means nothing in `metadata`
              hint: did you mean `enabled`?
            Warning unknown-key stacks/deploy/dev.yaml:9:7: `bakend_type` means nothing in a component
              hint: did you mean `backend_type`?
        "#]],
    );
}

#[test]
fn a_bad_value_costs_the_components_that_have_it() {
    check_stacks(
        "--- stacks/deploy/a.yaml
vars: {stage: a}
components:
  terraform:
    function: {vars: {deep: {x: !nosuch y}}}
    include: {env: {X: !include nosuch.yaml}}
    base: {metadata: {type: abstract}, vars: {list: [1, !nosuch y]}}
    heir: {metadata: {inherits: [base]}}
    fine: {vars: {x: 1}}
--- stacks/deploy/b.yaml
import: [deploy/a]
vars: {stage: b}
",
        &expect![[r#"
            a -> default
              terraform/fine
                vars: {stage: "a", x: 1}
              terraform/base is unresolved
              terraform/function is unresolved
              terraform/heir is unresolved
              terraform/include is unresolved
            b -> default
              terraform/fine
                vars: {stage: "b", x: 1}
              terraform/base is unresolved
              terraform/function is unresolved
              terraform/heir is unresolved
              terraform/include is unresolved
            Error function-unknown stacks/deploy/a.yaml:4:33: there is no function `!nosuch`
              hint: the functions are !append, !unset, !include, !include.raw, !literal, !cwd, !random, !cel, !template, !tags, !labels, !labels.keys, !labels.values, !env, !exec, !output, !terraform.output, !terraform.state, !store, !store.get, !secret, !version, !emulator, !repo-root, !git.root, !git.sha, !git.ref, !git.branch, !git.repository, !git.owner, !git.name, !git.host, !git.url, !aws.account_id, !aws.caller_identity_arn, !aws.caller_identity_user_id, !aws.region, !aws.organization_id
            Error import-not-found stacks/deploy/a.yaml:5:33: `nosuch.yaml` does not exist
            Error function-unknown stacks/deploy/a.yaml:6:57: there is no function `!nosuch`
              hint: the functions are !append, !unset, !include, !include.raw, !literal, !cwd, !random, !cel, !template, !tags, !labels, !labels.keys, !labels.values, !env, !exec, !output, !terraform.output, !terraform.state, !store, !store.get, !secret, !version, !emulator, !repo-root, !git.root, !git.sha, !git.ref, !git.branch, !git.repository, !git.owner, !git.name, !git.host, !git.url, !aws.account_id, !aws.caller_identity_arn, !aws.caller_identity_user_id, !aws.region, !aws.organization_id
        "#]],
    );
}

#[test]
fn a_base_that_cannot_be_read_costs_its_heirs() {
    check_stacks(
        "--- stacks/deploy/a.yaml
vars: {stage: a}
components: {terraform: {base: {vars: }, heir: {metadata: {inherits: [base]}}, fine: {}}}
",
        &expect![[r#"
            a -> default
              terraform/fine
                vars: {stage: "a"}
              terraform/base is unresolved
              terraform/heir is unresolved
            Error section-type stacks/deploy/a.yaml:2:37: `vars` must be a map
              hint: remove the empty `vars:`, or write `vars: {}`
        "#]],
    );
}

/// What the name of a stack, or what a component is, may depend on is of the file as a whole.
#[test]
fn a_bad_value_that_may_steer_costs_the_file() {
    check_stacks(
        "--- stacks/deploy/named.yaml
vars: {stage: named}
components: {terraform: {x: {vars: {stage: !nosuch y}}, y: {}}}
--- stacks/deploy/all.yaml
vars: {stage: all, z: !nosuch y}
components: {terraform: {x: {}}}
--- stacks/deploy/kept.yaml
vars: {stage: kept}
components: {terraform: {x: {metadata: {enabled: !nosuch y}}, y: {}}}
--- stacks/deploy/shared.yaml
vars: {stage: shared}
components: {terraform: {x: {vars: {deep: &deep {z: !nosuch y}}}, y: {vars: {deep: *deep}}}}
",
        &expect![[r#"
            all
              terraform/x is unresolved
            kept
              terraform/x is unresolved
              terraform/y is unresolved
            named -> default
              terraform/y
                vars: {stage: "named"}
            shared
              terraform/x is unresolved
              terraform/y is unresolved
            y
              terraform/x is unresolved
            nameless stacks/deploy/all.yaml
            nameless stacks/deploy/kept.yaml
            nameless stacks/deploy/named.yaml
            nameless stacks/deploy/shared.yaml
            Error function-unknown stacks/deploy/all.yaml:1:23: there is no function `!nosuch`
              hint: the functions are !append, !unset, !include, !include.raw, !literal, !cwd, !random, !cel, !template, !tags, !labels, !labels.keys, !labels.values, !env, !exec, !output, !terraform.output, !terraform.state, !store, !store.get, !secret, !version, !emulator, !repo-root, !git.root, !git.sha, !git.ref, !git.branch, !git.repository, !git.owner, !git.name, !git.host, !git.url, !aws.account_id, !aws.caller_identity_arn, !aws.caller_identity_user_id, !aws.region, !aws.organization_id
            Error function-unknown stacks/deploy/kept.yaml:2:50: there is no function `!nosuch`
              hint: the functions are !append, !unset, !include, !include.raw, !literal, !cwd, !random, !cel, !template, !tags, !labels, !labels.keys, !labels.values, !env, !exec, !output, !terraform.output, !terraform.state, !store, !store.get, !secret, !version, !emulator, !repo-root, !git.root, !git.sha, !git.ref, !git.branch, !git.repository, !git.owner, !git.name, !git.host, !git.url, !aws.account_id, !aws.caller_identity_arn, !aws.caller_identity_user_id, !aws.region, !aws.organization_id
            Error function-unknown stacks/deploy/named.yaml:2:44: there is no function `!nosuch`
              hint: the functions are !append, !unset, !include, !include.raw, !literal, !cwd, !random, !cel, !template, !tags, !labels, !labels.keys, !labels.values, !env, !exec, !output, !terraform.output, !terraform.state, !store, !store.get, !secret, !version, !emulator, !repo-root, !git.root, !git.sha, !git.ref, !git.branch, !git.repository, !git.owner, !git.name, !git.host, !git.url, !aws.account_id, !aws.caller_identity_arn, !aws.caller_identity_user_id, !aws.region, !aws.organization_id
            Error function-unknown stacks/deploy/shared.yaml:2:53: there is no function `!nosuch`
              hint: the functions are !append, !unset, !include, !include.raw, !literal, !cwd, !random, !cel, !template, !tags, !labels, !labels.keys, !labels.values, !env, !exec, !output, !terraform.output, !terraform.state, !store, !store.get, !secret, !version, !emulator, !repo-root, !git.root, !git.sha, !git.ref, !git.branch, !git.repository, !git.owner, !git.name, !git.host, !git.url, !aws.account_id, !aws.caller_identity_arn, !aws.caller_identity_user_id, !aws.region, !aws.organization_id
        "#]],
    );
}
