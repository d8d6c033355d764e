//! Calls that meet the values of other layers, and what templates read back and ask.

use expect_test::expect;

use super::{ATMOS, check_stacks, shown, snapshot};
use crate::model::question::{Answer, Answers, Question};
use crate::model::value::Value;
use crate::stacks::{Evaluation, Selection, fold, resolve};

const MET: &str = "--- stacks/deploy/dev.yaml
vars: {stage: dev, over: {g: 1}, under: !template '{\"g\": \"{{ .vars.stage }}\"}', none: !template 'x'}
components:
  terraform:
    base:
      metadata: {type: abstract}
      vars: {twice: {b: 1}, broken: {b: 1}}
    vpc:
      metadata: {inherits: [base]}
      vars:
        over: !template '{\"c\": 2}'
        under: {c: 2}
        none: null
        twice: !template '{\"c\": 2}'
        broken: !template 'text'
        seen: '{{ .vars.over }}'
";

#[test]
fn maps_that_calls_give_are_merged_with_those_they_meet() {
    check_stacks(
        MET,
        &expect![[r#"
            dev -> default
              terraform/base (abstract)
                metadata: {type: "abstract"}
                vars: {stage: "dev", over: {g: 1}, under: {g: "dev"}, none: "x", twice: {b: 1}, broken: {b: 1}}
              terraform/vpc
                metadata: {inherits: ["base"]}
                vars: {stage: "dev", over: {g: 1, c: 2}, under: {g: "dev", c: 2}, none: "x", twice: {b: 1, c: 2}, broken: "text", seen: {c: 2}}
        "#]],
    );
}

#[test]
fn what_takes_a_key_away_leaves_nothing_that_a_call_could_meet() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev, again: {a: 1}, gone: [1], called: !template '{\"a\": 1}', plain: {a: 1}}
components:
  terraform:
    base:
      metadata: {type: abstract}
      vars: {again: !unset , gone: !template '[2]', called: !unset , plain: !unset }
    vpc:
      metadata: {inherits: [base]}
      settings: {list_merge_strategy: append}
      vars: {again: !template '{\"b\": 2}', gone: !unset , called: {b: 2}, plain: {b: 2}}
    heir:
      metadata: {inherits: [base]}
",
        &expect![[r#"
            dev -> default
              terraform/base (abstract)
                metadata: {type: "abstract"}
                vars: {stage: "dev", gone: [2]}
              terraform/heir
                metadata: {inherits: ["base"]}
                vars: {stage: "dev", gone: [2]}
              terraform/vpc
                metadata: {inherits: ["base"]}
                settings: {list_merge_strategy: "append"}
                vars: {stage: "dev", again: {b: 2}, called: {b: 2}, plain: {b: 2}}
        "#]],
    );
}

#[test]
fn what_is_evaluated_can_be_chosen() {
    let snapshot = snapshot(&format!("{ATMOS}{MET}"));
    let vars = |evaluation: Evaluation| {
        let selection = Selection { evaluation, ..Selection::default() };
        let desired = resolve(&snapshot, &selection, &Answers::new()).desired;
        let vpc = desired.components().find(|c| c.id.name.as_str() == "vpc").expect("resolved");
        assert_eq!(fold(&vpc.layers, crate::stacks::Lists::Replace), vpc.sections);
        super::flow(vpc.section("vars").expect("it has some"))
    };
    expect![[r#"{stage: "dev", over: "!template {\"c\": 2}", under: {c: 2}, none: "!template x", twice: "!template {\"c\": 2}", broken: "!template text", seen: "!template {\"c\": 2}"}"#]]
        .assert_eq(&vars(Evaluation { functions: false, ..Evaluation::default() }));
    expect![[r#"{stage: "dev", over: {g: 1, c: 2}, under: {g: "{{ .vars.stage }}", c: 2}, none: "x", twice: {b: 1, c: 2}, broken: "text", seen: "{{ .vars.over }}"}"#]]
        .assert_eq(&vars(Evaluation { templates: false, ..Evaluation::default() }));
}

#[test]
fn a_call_that_gives_nothing_needs_all_it_reads() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components:
  terraform:
    prints: {vars: {x: '{{ toJson .vars.absent }}'}}
    fails: {vars: {x: !template '{{ toJson .vars.absent }}'}}
",
        &expect![[r#"
            dev -> default
              terraform/prints
                vars: {stage: "dev", x: "null"}
              terraform/fails is unresolved
            Error template-missing-key stacks/deploy/dev.yaml:5:49: `.vars.absent`: map has no entry for key "absent"
        "#]],
    );
}

#[test]
fn a_template_asks_and_waits() {
    let files = format!(
        "{ATMOS}--- stacks/deploy/dev.yaml
vars: {{stage: dev}}
components: {{terraform: {{vpc: {{vars: {{home: '{{{{ env \"HOME\" }}}}/x', id: '{{{{ (atmos.Component \"net\" .stack).outputs.id }}}}', by: {{'{{{{ env \"HOME\" }}}}': 1}}}}}}}}}}
"
    );
    let snapshot = snapshot(&files);
    let mut answers = Answers::new();
    expect![[r#"
        dev -> default
          terraform/vpc
            vars: {stage: "dev", home: unknown(env HOME), id: unknown(atmos.Component net dev), by: unknown(env HOME)}
        asks atmos.Component net dev
        asks env HOME
    "#]]
    .assert_eq(&shown(&resolve(&snapshot, &Selection::all(), &answers)));
    let mut answer = |function: &str, arguments: &[&str], value: &str| {
        let arguments = arguments.iter().map(|&argument| argument.into()).collect();
        let question = Question { function: function.into(), arguments };
        let value = crate::model::yaml::parse(value, crate::model::value::Rules::Stack);
        let value = value.unwrap_or(Value::computed(crate::model::value::Node::Null));
        answers.insert(question, Answer::Value(value));
    };
    answer("env", &["HOME"], "/h");
    answer("atmos.Component", &["net", "dev"], "{outputs: {id: v-1}}");
    expect![[r#"
        dev -> default
          terraform/vpc
            vars: {stage: "dev", home: "/h/x", id: "v-1", by: {/h: 1}}
    "#]]
    .assert_eq(&shown(&resolve(&snapshot, &Selection::all(), &answers)));
}

#[test]
fn what_a_file_with_locals_imports_takes_its_sections() {
    check_stacks(
        "--- stacks/mixin.yaml
vars: {lost: 1, stage: other}
env: {KEPT: 'yes'}
--- stacks/deploy/dev.yaml
import: [mixin]
locals: {a: 1}
vars: {stage: dev, b: '{{ .locals.a }}'}
components: {terraform: {vpc: {}}}
",
        &expect![[r#"
            dev -> default
              terraform/vpc
                env: {KEPT: "yes"}
                vars: {stage: "dev", b: 1}
        "#]],
    );
}

/// As recorded of Atmos 1.226.1 (`tests/conformance`, 193 for the first and 102 for the second): what
/// a file is called does not decide how it is rendered, but whether it is YAML before.
#[test]
fn a_template_that_can_be_parsed_keeps_types_and_another_is_text() {
    check_stacks(
        "--- stacks/parsed.yaml.tmpl
components: {terraform: {'svc-{{ .name }}': {vars: {port: '{{ .port }}', text: 'p{{ .port }}', size: '{{ .size }}'}}}}
--- stacks/text.yaml.tmpl
components:
  terraform:
    web-{{ .name }}:
      vars: {port: '{{ .port }}', other: 1, size: '{{ .size }}'}
      {{ if true }}metadata: {enabled: true}{{ end }}
--- stacks/deploy/dev.yaml
import:
  - {path: parsed, context: {name: a, port: 0x50, size: 2.5}}
  - {path: text, context: {name: a, port: 0x50, size: 2.5}}
vars: {stage: dev}
",
        &expect![[r#"
            dev -> default
              terraform/svc-a
                vars: {stage: "dev", port: 80, text: "p80", size: 2.5}
              terraform/web-a
                metadata: {enabled: true}
                vars: {stage: "dev", port: "80", other: 1, size: "2.5"}
        "#]],
    );
}
