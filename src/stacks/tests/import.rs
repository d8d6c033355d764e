//! What a stack is made of, and in which order.

use expect_test::expect;

use super::check_stacks;

#[test]
fn later_imports_win_and_the_file_itself_wins_last() {
    check_stacks(
        "--- stacks/a.yaml
vars: {x: a, y: a, z: a}
--- stacks/b.yaml
vars: {y: b, z: b}
--- stacks/deploy/dev.yaml
import: [a, b]
vars: {stage: dev, z: own}
components: {terraform: {vpc: {}}}
",
        &expect![[r#"
            dev -> default
              terraform/vpc
                vars: {x: "a", y: "b", z: "own", stage: "dev"}
        "#]],
    );
}

#[test]
fn a_path_is_relative_to_the_stacks_or_with_a_dot_to_the_file() {
    check_stacks(
        "--- stacks/orgs/acme/_defaults.yaml
import: [./net/base, ../shared]
--- stacks/orgs/acme/net/base.yml
vars: {base: 1}
--- stacks/orgs/shared.yaml
vars: {shared: 1}
--- stacks/deploy/dev.yaml
import: [orgs/acme/_defaults]
vars: {stage: dev}
components: {terraform: {vpc: {}}}
",
        &expect![[r#"
            dev -> default
              terraform/vpc
                vars: {base: 1, shared: 1, stage: "dev"}
        "#]],
    );
}

#[test]
fn a_glob_takes_its_matches_in_the_order_of_their_names() {
    check_stacks(
        "--- stacks/mixins/b.yaml
vars: {last: b, list: !append [b]}
--- stacks/mixins/a.yaml
vars: {last: a, list: [a]}
--- stacks/mixins/c.yaml.tmpl
vars: {last: not a manifest of this glob}
--- stacks/mixins/deep/d.yaml
vars: {last: d}
--- stacks/deploy/dev.yaml
import: [mixins/*]
vars: {stage: dev}
components: {terraform: {vpc: {}}}
--- stacks/deploy/prod.yaml
import: ['mixins/**/*']
vars: {stage: prod}
components: {terraform: {vpc: {}}}
",
        &expect![[r#"
            dev -> default
              terraform/vpc
                vars: {last: "b", list: ["a", "b"], stage: "dev"}
            prod -> default
              terraform/vpc
                vars: {last: "d", list: ["a", "b"], stage: "prod"}
        "#]],
    );
}

#[test]
fn a_template_is_rendered_with_its_context_while_it_is_imported() {
    check_stacks(
        "--- stacks/service.yaml.tmpl
components:
  helm:
    {{ .name }}:
      vars:
        port: {{ .port }}
        late: '{{ \"{{ .vars.stage }}\" }}'
{{- range .paths }}
        path{{ . }}: true
{{- end }}
--- stacks/deploy/dev.yaml
import:
  - path: service
    context: {name: shop, port: 80, paths: [a, b]}
  - path: service
    context: {name: cart, port: 81, paths: []}
vars: {stage: dev}
",
        &expect![[r#"
            dev -> default
              helm/cart
                vars: {stage: "dev", port: 81, late: "dev"}
              helm/shop
                vars: {stage: "dev", port: 80, late: "dev", patha: true, pathb: true}
        "#]],
    );
}

#[test]
fn a_text_with_a_context_keeps_the_type_of_its_only_reference() {
    check_stacks(
        "--- stacks/sized.yaml
components:
  terraform:
    vpc:
      vars: {count: '{{ .count }}', text: 'n{{ .count }}', list: '{{ .list }}'}
--- stacks/deploy/dev.yaml
import:
  - path: sized
    context: {count: 3, list: [1, 2]}
vars: {stage: dev}
",
        &expect![[r#"
            dev -> default
              terraform/vpc
                vars: {stage: "dev", count: 3, text: "n3", list: [1, 2]}
        "#]],
    );
}

#[test]
fn a_path_may_be_a_template_over_what_was_imported_before() {
    check_stacks(
        "--- stacks/region.yaml
vars: {region: us-east-1}
--- stacks/us-east-1.yaml
vars: {zone: us-east-1a}
--- stacks/deploy/dev.yaml
import: [region, '{{ .vars.region }}', {path: 'nowhere', skip_if_missing: true}]
vars: {stage: dev}
components: {terraform: {vpc: {}}}
",
        &expect![[r#"
            dev -> default
              terraform/vpc
                vars: {region: "us-east-1", zone: "us-east-1a", stage: "dev"}
        "#]],
    );
}

#[test]
fn a_ring_of_stacks_is_one_finding() {
    check_stacks(
        "--- stacks/deploy/b.yaml
import: [deploy/c]
vars: {stage: b}
--- stacks/deploy/c.yaml
import: [mixin, deploy/a]
vars: {stage: c}
--- stacks/deploy/a.yaml
vars: {stage: a}
import:
  - deploy/b
--- stacks/deploy/d.yaml
import: [deploy/b]
vars: {stage: d}
--- stacks/mixin.yaml
vars: {x: 1}
",
        &expect![[r#"
            nameless stacks/deploy/a.yaml
            nameless stacks/deploy/b.yaml
            nameless stacks/deploy/c.yaml
            nameless stacks/deploy/d.yaml
            Error import-cycle stacks/deploy/c.yaml:1:17: files import each other: stacks/deploy/a.yaml -> stacks/deploy/b.yaml -> stacks/deploy/c.yaml -> stacks/deploy/a.yaml
              hint: remove one of these imports
        "#]],
    );
}

#[test]
fn files_that_import_each_other_are_shown_as_a_ring() {
    check_stacks(
        "--- stacks/a.yaml
import: [b]
--- stacks/b.yaml
import: [a]
--- stacks/deploy/dev.yaml
import: [a]
vars: {stage: dev}
components: {terraform: {vpc: {}}}
",
        &expect![[r#"
            dev
              terraform/vpc is unresolved
            Error import-cycle stacks/b.yaml:1:10: files import each other: stacks/a.yaml -> stacks/b.yaml -> stacks/a.yaml
              hint: remove one of these imports
        "#]],
    );
}

#[test]
fn nesting_ends_at_the_limit() {
    let chain = |length: usize| {
        let files = (0..length).map(|at| format!("--- stacks/n{at}.yaml\nimport: [n{}]\n", at + 1));
        let files: String = files.collect();
        let last = format!("--- stacks/n{length}.yaml\nvars: {{deep: true}}\n");
        let stack = "--- stacks/deploy/dev.yaml\nimport: [n0]\nvars: {stage: dev}\ncomponents: {terraform: {vpc: {}}}\n";
        let resolution = super::resolved(&format!("{}{files}{last}{stack}", super::ATMOS));
        resolution.desired.diagnostics.len()
    };
    // The stack, n0 ... n62: 64 files deep.
    assert_eq!(chain(62), 0);
    assert_eq!(chain(63), 1);
}

#[test]
fn a_template_in_a_context_is_rendered_where_a_plain_file_refers_to_it() {
    check_stacks(
        "--- stacks/sized.yaml
components:
  terraform:
    vpc: {vars: {name: '{{ .name }}', all: '{{ .all }}', text: 'n-{{ .name }}'}}
--- stacks/deploy/dev.yaml
import:
  - {path: sized, context: {size: 7, name: 's{{ .size }}', all: [{x: '{{ .size }}'}]}}
vars: {stage: dev}
--- stacks/deploy/prod.yaml
import: [{path: sized, context: {name: '{{ .vars.stage }}', all: 1}}]
vars: {stage: prod}
",
        &expect![[r#"
            dev -> default
              terraform/vpc
                vars: {stage: "dev", name: "s7", all: [{x: "7"}], text: "n-s<no value>"}
            prod
              terraform/vpc is unresolved
            Error template-missing-key stacks/deploy/prod.yaml:1:40: `.vars.stage`: map has no entry for key "vars"
            Warning template-missing-key stacks/sized.yaml:3:64: a key of this template is not there, so it prints `<no value>`
        "#]],
    );
}

#[test]
fn a_template_in_a_context_is_at_fault_where_it_is_written() {
    check_stacks(
        "--- stacks/mixin.yaml
components:
  terraform:
    vpc: {vars: {s: '{{ .s }}', all: '{{ .all }}'}}
--- stacks/deploy/dev.yaml
import:
  - path: mixin
    context:
      s: 'long prefix {{ .absent }}'
      all:
        - fine
        - x: '{{ .s.x }}'
vars: {stage: dev}
",
        &expect![[r#"
            dev
              terraform/vpc is unresolved
            Error template-missing-key stacks/deploy/dev.yaml:4:10: `.absent`: map has no entry for key "absent"
            Error template-failed stacks/deploy/dev.yaml:7:14: `.s.x`: can't evaluate field x in type interface {}
        "#]],
    );
}
