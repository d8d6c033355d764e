//! Scalars, locals, late templates and functions.

use expect_test::expect;

use super::{ATMOS, check, check_stacks, flow, shown, snapshot};
use crate::model::policy::Reconcile;
use crate::model::question::{Answer, Answers};
use crate::model::value::{Node, Value};
use crate::pattern::StackPattern;
use crate::stacks::{Evaluation, Selection, resolve};

#[test]
fn scalars_are_typed_as_yaml_v3_does() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components:
  terraform:
    vpc:
      vars: {octal: 0777, o8: 008, yes: yes, on: on, hex: 0x10, under: 1_000, exp: 1e3, null1: ~, date: 2024-01-02, 0x1F: key, true: key}
",
        &expect![[r#"
            dev -> default
              terraform/vpc
                vars: {stage: "dev", octal: 511, o8: 8.0, yes: "yes", on: "on", hex: 16, under: 1000, exp: 1000.0, null1: null, date: "2024-01-02", 31: "key", true: "key"}
        "#]],
    );
}

#[test]
fn a_delimiter_takes_plain_keys_apart() {
    check(
        "--- atmos.yaml
stacks: {base_path: stacks}
settings: {yaml: {key_delimiter: .}}
--- stacks/dev.yaml
components: {terraform: {vpc: {vars: {a.b: 1, a: {c: 2}, 'q.r': 3}}}}
",
        &expect![[r#"
            dev -> default
              terraform/vpc
                vars: {a: {c: 2, b: 1}, q.r: 3}
        "#]],
    );
}

#[test]
fn a_late_template_follows_one_reference_and_gives_a_text() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components:
  terraform:
    vpc:
      vars:
        n: 5
        text: '{{ .vars.n }}'
        hop: '{{ .vars.text }}'
        name: '{{ .atmos_component }}-{{ .atmos_stack }}'
        missing: '{{ .vars.absent }}'
        '{{ .vars.stage }}-key': 1
",
        &expect![[r#"
            dev -> default
              terraform/vpc
                vars: {stage: "dev", n: 5, text: "5", hop: "{{ .vars.n }}", name: "vpc-dev", missing: "<no value>", dev-key: 1}
            Warning template-missing-key stacks/deploy/dev.yaml:10:18: a key of this template is not there, so it prints `<no value>`
        "#]],
    );
}

#[test]
fn a_missing_key_is_told_in_calls_and_keys_too() {
    let files = "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components:
  terraform:
    vpc:
      vars:
        call: !env '{{ .vars.absent }}'
        key:
          '{{ .vars.absent }}': 1
        said: !template '<no value> {{ .vars.stage }}'
";
    check_stacks(
        files,
        &expect![[r#"
            dev -> default
              terraform/vpc
                vars: {stage: "dev", call: unknown(env <no value>), key: {<no value>: 1}, said: "<no value> dev"}
            asks env <no value>
            Warning template-missing-key stacks/deploy/dev.yaml:6:20: a key of this template is not there, so it prints `<no value>`
            Warning template-missing-key stacks/deploy/dev.yaml:8:11: a key of this template is not there, so it prints `<no value>`
        "#]],
    );
    let denied = "--- isobar.yaml\nversion: 1\nstrictness: {missing_template_keys: deny}\n";
    check_stacks(
        &format!("{denied}{files}"),
        &expect![[r#"
            dev
              terraform/vpc is unresolved
            asks env <no value>
            Error template-missing-key stacks/deploy/dev.yaml:6:20: a key of this template is not there, so it prints `<no value>`
            Error template-missing-key stacks/deploy/dev.yaml:8:11: a key of this template is not there, so it prints `<no value>`
        "#]],
    );
}

#[test]
fn rendered_keys_are_not_the_same() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components:
  terraform:
    late: {vars: {map: {'{{ .vars.stage }}': 1, dev: 2}}}
    both: {vars: {map: {'{{ .vars.stage }}': 1, '{{ .vars.stage | lower }}': 2}}}
    fine: {vars: {map: {'{{ .vars.stage }}': 1, '{{ .vars.stage }}2': 2}}}
--- stacks/deploy/prod.yaml
import: [{path: given, context: {name: dev}}]
vars: {stage: prod}
--- stacks/given.yaml
components:
  terraform:
    early: {vars: {map: {dev: 2, '{{ .name }}': 1}}}
",
        &expect![[r#"
            dev -> default
              terraform/fine
                vars: {stage: "dev", map: {dev: 1, dev2: 2}}
              terraform/both is unresolved
              terraform/late is unresolved
            prod
              terraform/early is unresolved
            Error template-failed stacks/deploy/dev.yaml:4:24: two keys of this map are `dev`
            Error template-failed stacks/deploy/dev.yaml:5:24: two keys of this map are `dev`
            Error template-failed stacks/given.yaml:3:25: two keys of this map are `dev`
        "#]],
    );
}

#[test]
fn a_template_that_fails_is_shown_where_its_author_wrote_it() {
    check_stacks(
        "--- stacks/catalog/vpc.yaml
components:
  terraform:
    vpc:
      vars:
        bad: '{{ .vars.stage.name }}'
        worse: '{{ if }}'
    fine: {}
--- stacks/deploy/dev.yaml
import: [catalog/vpc]
vars: {stage: dev}
--- stacks/deploy/prod.yaml
import: [catalog/vpc]
vars: {stage: prod}
",
        &expect![[r#"
            dev -> default
              terraform/fine
                vars: {stage: "dev"}
              terraform/vpc is unresolved
            prod -> default
              terraform/fine
                vars: {stage: "prod"}
              terraform/vpc is unresolved
            Error template-failed stacks/catalog/vpc.yaml:5:23: `.vars.stage.name`: can't evaluate field name in type interface {}
            Error template-syntax stacks/catalog/vpc.yaml:6:23: missing value for if
        "#]],
    );
}

#[test]
fn locals_are_put_in_place_within_their_file() {
    check_stacks(
        "--- stacks/catalog/rds.yaml
locals:
  engine: postgres
  family: '{{ .locals.engine }}{{ .locals.major }}'
  major: 17
components:
  terraform:
    rds: {vars: {family: '{{ .locals.family }}', major: '{{ .locals.major }}', late: '{{ .vars.stage }}'}}
--- stacks/deploy/dev.yaml
import: [catalog/rds]
vars: {stage: dev}
components: {terraform: {vpc: {vars: {other: '{{ .locals.engine }}'}}}}
",
        &expect![[r#"
            dev -> default
              terraform/rds
                vars: {stage: "dev", family: "postgres17", major: 17, late: "dev"}
              terraform/vpc
                vars: {stage: "dev", other: "<no value>"}
            Warning template-missing-key stacks/deploy/dev.yaml:3:46: a key of this template is not there, so it prints `<no value>`
        "#]],
    );
}

/// Also deep in what they hold, and where a context writes a template into the call.
#[test]
fn functions_of_locals_and_contexts_are_called_where_they_are_referred_to() {
    check_stacks(
        "--- stacks/catalog/db.yaml.tmpl
components:
  terraform:
    db: {vars: {id: '{{ .id }}', home: '{{ .home }}', kept: '{{ .kept }}'}}
--- stacks/deploy/dev.yaml
import:
  - path: catalog/db.yaml.tmpl
    context: {id: !terraform.output vpc id, home: !env 'H_{{ .name }}', name: DB, kept: !literal '!env HOME'}
locals:
  home: !env HOME
  kept: !literal '!env HOME'
  again: '{{ .locals.home }}'
  nets: {ids: [!terraform.output vpc ids, 1]}
vars: {stage: dev, from: !env FROM}
terraform: {locals: {above: '{{ .locals.home }}', from: '{{ .vars.from }}'}}
components:
  terraform:
    app: {vars: {home: '{{ .locals.home }}', above: '{{ .locals.above }}', again: '{{ .locals.again }}', nets: '{{ .locals.nets }}', kept: '{{ .locals.kept }}', text: 'at {{ .locals.home }}'}}
",
        &expect![[r#"
            dev -> default
              terraform/app
                vars: {stage: "dev", from: unknown(env FROM), home: unknown(env HOME), above: unknown(env HOME), again: unknown(env HOME), nets: {ids: [unknown(terraform.output vpc dev ids), 1]}, kept: "!env HOME", text: "at <no value>"}
              terraform/db
                vars: {stage: "dev", from: unknown(env FROM), id: unknown(terraform.output vpc dev id), home: unknown(env H_DB), kept: "!env HOME"}
            asks env FROM
            asks env HOME
            asks env H_DB
            asks terraform.output vpc dev id
            asks terraform.output vpc dev ids
            Warning template-missing-key stacks/deploy/dev.yaml:13:168: a key of this template is not there, so it prints `<no value>`
        "#]],
    );
}

#[test]
fn locals_that_need_each_other_are_shown_as_a_ring() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
locals: {a: '{{ .locals.b }}', b: '{{ .locals.a }}'}
vars: {stage: dev}
components: {terraform: {vpc: {}}}
",
        &expect![[r#"
            dev
              terraform/vpc is unresolved
            nameless stacks/deploy/dev.yaml
            Error locals-cycle stacks/deploy/dev.yaml:1:13: locals refer to each other: a -> b -> a
        "#]],
    );
}

#[test]
fn functions_become_values_or_questions() {
    check_stacks(
        "--- tables/net.yaml
ranges: [{cidr: 10.0.0.0/16}]
--- stacks/deploy/dev.yaml
vars: {stage: dev}
components:
  terraform:
    vpc:
      metadata: {tags: [b, a], labels: {x: 1}}
      env: {REGION: eu}
      vars:
        region: !env REGION
        home: !env HOME /root
        id: !terraform.output dns zone_id
        other: !terraform.state dns prod zone_id
        late: '{{ .vars.id }}'
        cidr: !include tables/net.yaml .ranges[0].cidr
        text: !include.raw tables/net.yaml
        json: !template '{\"stage\": \"{{ .vars.stage }}\"}'
        kept: !literal '!env HOME'
        tags: !tags
        gone: !unset
    off:
      metadata: {enabled: false}
      vars: {asked: !exec date}
",
        &expect![[r#"
            dev -> default
              terraform/off (disabled)
                metadata: {enabled: false}
                vars: {stage: "dev", asked: unknown(exec date)}
              terraform/vpc
                env: {REGION: "eu"}
                metadata: {tags: ["b", "a"], labels: {x: 1}}
                vars: {stage: "dev", region: "eu", home: unknown(env HOME /root), id: unknown(terraform.output dns dev zone_id), other: unknown(terraform.state dns prod zone_id), late: unknown(terraform.output dns dev zone_id), cidr: "10.0.0.0/16", text: "ranges: [{cidr: 10.0.0.0/16}]\n", json: {stage: "dev"}, kept: "!env HOME", tags: ["b", "a"]}
            asks env HOME /root
            asks terraform.output dns dev zone_id
            asks terraform.state dns prod zone_id
        "#]],
    );
}

#[test]
fn answers_take_the_place_of_questions() {
    let files = format!(
        "{}--- stacks/deploy/dev.yaml
vars: {{stage: dev}}
components:
  terraform:
    a: {{vars: {{x: !env ONE}}}}
    b: {{vars: {{x: !exec two}}}}
    c: {{vars: {{x: !terraform.output a id}}}}
    d: {{vars: {{x: !store ssm key a b c d}}}}
",
        ATMOS
    );
    let snapshot = snapshot(&files);
    let asked = resolve(&snapshot, &Selection::all(), &Answers::new()).questions;
    let given = [
        Answer::Value(Value::computed(Node::Int(1))),
        Answer::Refused("agent.yaml does not allow it".to_owned()),
        Answer::Later,
    ];
    let answers = asked.into_iter().zip(given).collect();
    expect![[r#"
        dev -> default
          terraform/a
            vars: {stage: "dev", x: 1}
          terraform/c
            vars: {stage: "dev", x: unknown(terraform.output a dev id)}
          terraform/b is unresolved
          terraform/d is unresolved
        Error function-refused stacks/deploy/dev.yaml:5:25: `!exec` is not allowed here: agent.yaml does not allow it
        Error function-failed stacks/deploy/dev.yaml:7:26: write `!store store [stack] component key`
    "#]].assert_eq(&shown(&resolve(&snapshot, &Selection::all(), &answers)));
}

#[test]
fn only_what_a_setting_can_allow_points_to_the_settings() {
    let files = format!(
        "{}--- stacks/deploy/dev.yaml
vars: {{stage: dev}}
components:
  terraform:
    a: {{vars: {{x: !exec date}}}}
    b: {{vars: {{x: !store prod b key}}}}
",
        ATMOS
    );
    let snapshot = snapshot(&files);
    let asked = resolve(&snapshot, &Selection::all(), &Answers::new()).questions;
    let answers = asked.into_iter().map(|asked| (asked, Answer::Refused("no".to_owned())));
    let found = resolve(&snapshot, &Selection::all(), &answers.collect()).desired.diagnostics;
    let hints: Vec<_> = found.iter().map(|found| found.hint.as_deref()).collect();
    assert_eq!(hints, [None, Some("write the value")], "of its own kind, or that of its code");
}

#[test]
fn a_selection_resolves_no_more_than_it_names() {
    let files = format!(
        "{}--- stacks/deploy/dev.yaml
vars: {{stage: dev}}
components: {{terraform: {{vpc: {{dependencies: {{components: [{{component: dns, stack: prod}}]}}}}, eks: {{}}}}}}
--- stacks/deploy/prod.yaml
vars: {{stage: prod}}
components: {{terraform: {{dns: {{vars: {{x: '{{{{ if }}}}'}}}}}}}}
",
        ATMOS
    );
    let selection = Selection {
        stacks: vec![StackPattern::new("d*").expect("a glob")],
        components: crate::ids::ComponentName::new("vpc").into_iter().collect(),
        ..Selection::default()
    };
    expect![[r#"
        dev -> default
          terraform/vpc
            dependencies: {components: [{component: "dns", stack: "prod"}]}
            vars: {stage: "dev"}
            after prod/terraform/dns
    "#]]
    .assert_eq(&shown(&resolve(&snapshot(&files), &selection, &Answers::new())));
}

#[test]
fn a_date_stays_what_its_author_wrote() {
    check_stacks(
        "--- stacks/deploy/dev.yaml
vars:
  stage: dev
  day: 2024-01-02
  loose: 2024-1-2
  moment: 2024-01-02T10:00:00Z
  list: [2024-01-02, {on: 2024-01-03}]
  2024-01-04: as a key
  text: 'since {{ .vars.day }}'
components: {terraform: {vpc: {}}}
",
        &expect![[r#"
            dev -> default
              terraform/vpc
                vars: {stage: "dev", day: "2024-01-02", loose: "2024-1-2", moment: "2024-01-02T10:00:00Z", list: ["2024-01-02", {on: "2024-01-03"}], 2024-01-04: "as a key", text: "since 2024-01-02"}
        "#]],
    );
}

#[test]
fn settings_that_hold_a_template_are_described_as_written() {
    let files = format!(
        "{ATMOS}--- stacks/deploy/dev.yaml
vars: {{stage: dev}}
settings:
  reconcile:
    target: '{{{{ .vars.stage }}}}'
    interval: '{{{{ .settings.every }}}}'
    retry: {{max_attempts: !env TRIES}}
    ignore: [spec.replicas, '{{{{ .vars.path }}}}']
    wait: false
components:
  terraform:
    vpc: {{}}
    eks: {{settings: {{reconcile: {{timeout: 5 apples}}}}}}
"
    );
    let evaluation = Evaluation { templates: false, functions: false, ..Evaluation::default() };
    let selection = Selection { evaluation, unlinked: true, ..Selection::default() };
    let desired = resolve(&snapshot(&files), &selection, &Answers::new()).desired;
    let vpc = desired.components().next().expect("it is described");
    expect![[r#"{reconcile: {target: "{{ .vars.stage }}", interval: "{{ .settings.every }}", retry: {max_attempts: "!env TRIES"}, ignore: ["spec.replicas", "{{ .vars.path }}"], wait: false}}"#]].assert_eq(&flow(vpc.section("settings").expect("as written")));
    assert_eq!(vpc.reconcile, Reconcile { wait: Some(false), ..Reconcile::default() });
    let told: Vec<_> = desired.diagnostics.iter().map(|found| found.span.to_string()).collect();
    assert_eq!(told, ["stacks/deploy/dev.yaml:12:43"], "{:?}", desired.diagnostics);
}
