//! Rules in every language, asked about small stacks.

use expect_test::{Expect, expect};

use super::{Asked, Rulebook, UnknownRule};
use crate::diagnostic::Diagnostic;
use crate::model::desired::Desired;
use crate::model::question::Answers;
use crate::source::Snapshot;
use crate::stacks::tests::snapshot;
use crate::stacks::{Selection, policy, resolve};

const SETTINGS: &str = "--- atmos.yaml\nstacks: {base_path: stacks, name_template: '{{ .vars.stage }}'}\n\
    schemas: {jsonschema: {base_path: schemas}, opa: {base_path: schemas}, cel: {base_path: schemas}}\n";

fn files(text: &str) -> (Snapshot, Desired, Rulebook) {
    let snapshot = snapshot(&format!("{SETTINGS}{text}"));
    let desired = resolve(&snapshot, &Selection::all(), &Answers::new()).desired;
    let rules = Rulebook::read(&snapshot, &policy(&snapshot).0);
    (snapshot, desired, rules)
}

fn told(found: &[Diagnostic]) -> String {
    let one = |d: &Diagnostic| {
        let hint = d.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{} {:?} {}: {}{hint}\n", d.span, d.severity, d.code, d.message)
    };
    found.iter().map(one).collect()
}

/// Everything that all rules say, and who is held back.
fn judged(text: &str, expected: &Expect) {
    let (_, desired, rules) = files(text);
    let verdicts = rules.judge(&desired);
    let broken = verdicts.broken.keys().map(|id| format!("held: {id}\n"));
    expected.assert_eq(&(told(&verdicts.diagnostics) + &broken.collect::<String>()));
}

#[test]
fn what_cannot_be_read_hides_no_rule() {
    let stack = "--- stacks/dev.yaml\nvars: {stage: dev}\n--- isobar.yaml\nversion: 1\nschemas: {base_path: rules}\n";
    let told = |gap| {
        let snapshot = snapshot(&format!("{SETTINGS}{stack}")).and_gap(gap);
        let desired = resolve(&snapshot, &Selection::all(), &Answers::new()).desired;
        told(&Rulebook::read(&snapshot, &policy(&snapshot).0).judge(&desired).diagnostics)
    };
    for gap in ["rules", "rules/stack-schemas", "rules/frameworks/soc2"] {
        let why = "cannot be read, and rules may be in it: the link leads out of the tree";
        assert_eq!(told(gap), format!("{gap}:1:1 Error file-unreadable: {gap} {why}\n"));
    }
    assert_eq!(told("rules-of-others"), "");
}

#[test]
fn a_schema_points_at_the_line_that_breaks_it() {
    judged(
        r#"--- schemas/vpc.json
{"required": ["vars"], "properties": {"vars": {
  "required": ["cidr", "zones"], "additionalProperties": false,
  "properties": {"cidr": {"type": "string", "pattern": "^10[.]"}, "zones": {"maxItems": 1}, "nat": {"enum": ["none", "single"]}}}}}
--- stacks/catalog.yaml
components:
  terraform:
    vpc/base:
      metadata: {type: abstract}
      settings: {validation: {shape: {schema_type: jsonschema, schema_path: vpc.json, description: what a vpc needs}}}
      vars:
        cidr: 192.168.0.0/16
--- stacks/dev.yaml
import: [catalog]
vars: {stage: dev}
components:
  terraform:
    vpc:
      metadata: {inherits: [vpc/base]}
      vars:
        natt: single
        nat: singel
        zones: [a, b]
"#,
        &expect![[r#"
            stacks/catalog.yaml:7:15 Error rule-broken: `vars.cidr` breaks the rule `shape`: "192.168.0.0/16" does not match "^10[.]" (what a vpc needs (`schemas/vpc.json`))
            stacks/dev.yaml:9:14 Error rule-broken: `vars.nat` breaks the rule `shape`: "singel" is none of "none", "single" (did you mean `single`?)
            stacks/dev.yaml:10:16 Error rule-broken: `vars.zones` breaks the rule `shape`: ["a","b"] has more than 1 item (what a vpc needs (`schemas/vpc.json`))
            stacks/dev.yaml:2:15 Error rule-broken: `vars.stage` breaks the rule `shape`: this key means nothing here (what a vpc needs (`schemas/vpc.json`))
            stacks/dev.yaml:8:15 Error rule-broken: `vars.natt` breaks the rule `shape`: this key means nothing here (did you mean `nat`?)
            held: dev/terraform/vpc
        "#]],
    );
}

#[test]
fn a_schema_refers_to_files_of_the_repository_only() {
    judged(
        r##"--- schemas/parts.json
{"$defs": {"name": {"type": "string", "maxLength": 3}}}
--- schemas/near.yaml
properties: { vars: { properties: { name: { $ref: "parts.json#/$defs/name" } } } }
--- schemas/far.json
{"$ref": "https://schemas.example/vpc.json"}
--- stacks/dev.yaml
vars: {stage: dev, name: long}
components:
  terraform:
    near: {settings: {validation: {n: {schema_type: jsonschema, schema_path: near.yaml}}}}
    far: {settings: {validation: {f: {schema_type: jsonschema, schema_path: far.json}}}}
"##,
        &expect![[r#"
            schemas/far.json:1:1 Error rule-invalid: this is no valid JSON Schema: Resource 'https://schemas.example/vpc.json' is not present in a registry and retrieving it failed: `https://schemas.example/vpc.json` is not in this repository
            stacks/dev.yaml:1:26 Error rule-broken: `vars.name` breaks the rule `n`: "long" is longer than 3 characters (the rule is in `schemas/near.yaml`)
            held: dev/terraform/far
            held: dev/terraform/near
        "#]],
    );
}

#[test]
fn rego_says_what_is_wrong_and_where() {
    judged(
        r#"--- schemas/modules/limits.rego
package atmos.limits
size_max := 3
--- schemas/old.rego
package atmos
import future.keywords.in
import data.atmos.limits.size_max
errors[message] {
  count(input.vars.zones) > size_max
  message := sprintf("%s has more than %d zones", [input.atmos_component, size_max])
}
--- schemas/new.rego
package atmos
errors contains {"message": "use a private range", "path": "vars.cidr", "hint": "take one of 10/8"} if {
  not startswith(input.vars.cidr, "10.")
}
--- stacks/dev.yaml
vars: {stage: dev}
components:
  terraform:
    vpc:
      settings:
        validation:
          old: {schema_type: opa, schema_path: old.rego, module_paths: [modules]}
          new: {schema_type: rego, schema_path: new.rego, level: warn}
          off: {schema_type: opa, schema_path: none.rego, disabled: true}
      vars:
        zones: [a, b, c, d]
        cidr: 192.168.0.0/16
"#,
        &expect![[r#"
            stacks/dev.yaml:4:5 Error rule-broken: `vpc` breaks the rule `old`: vpc has more than 3 zones (the rule is in `schemas/old.rego`)
            stacks/dev.yaml:12:15 Warning rule-broken: `vars.cidr` breaks the rule `new`: use a private range (take one of 10/8)
            held: dev/terraform/vpc
        "#]],
    );
}

#[test]
fn a_rule_without_chance_and_without_end() {
    judged(
        r#"--- schemas/dice.rego
package atmos
errors contains "unlucky" if rand.intn("x", 6) == 5
--- schemas/other.rego
package elsewhere
errors contains "x" if true
--- schemas/syntax.rego
package atmos
errors contains "x" if {
  input.vars.a ==
}
--- schemas/fails.rego
package atmos
errors := input.vars.stage
--- schemas/loops.cel
[1,2,3,4,5,6,7,8].all(a, settings.validation.all(b, settings.validation.all(c, settings.validation.all(d,
settings.validation.all(e, settings.validation.all(f, settings.validation.all(g, settings.validation.all(h,
settings.validation.all(i, settings.validation.all(j, settings.validation.all(k, settings.validation.all(l, true))))))))))))
--- stacks/dev.yaml
vars: {stage: dev}
components:
  terraform:
    vpc:
      settings:
        validation:
          dice: {schema_type: opa, schema_path: dice.rego}
          other: {schema_type: opa, schema_path: other.rego}
          syntax: {schema_type: opa, schema_path: syntax.rego}
          fails: {schema_type: opa, schema_path: fails.rego}
          loops: {schema_type: cel, schema_path: loops.cel}
"#,
        &expect![[r#"
            schemas/dice.rego:2:30 Error rule-invalid: `rand.intn` would give another answer each time
            schemas/other.rego:1:1 Error rule-invalid: no module is of the package `atmos`, so nothing says what is wrong (begin it with `package atmos`)
            schemas/syntax.rego:4:1 Error rule-invalid: this is no Rego: expecting expression
            stacks/dev.yaml:10:50 Error rule-failed: the rule `fails` fails: `errors` is neither an array nor a set (the rule is in `schemas/fails.rego`)
            stacks/dev.yaml:11:50 Error rule-failed: the rule `loops` fails: its loops could take more than 10000000 turns for this component (the rule is in `schemas/loops.cel`)
            held: dev/terraform/vpc
        "#]],
    );
}

#[test]
fn cel_says_no_or_what_is_wrong() {
    judged(
        r#"--- schemas/no.cel
// Every zone is one of the region's.
vars.zones.all(zone, zone.startsWith(vars.region))
--- schemas/why.cel
vars.zones.filter(zone, !zone.matches("^[a-z]+1$")).map(zone, zone + " is no zone")
--- schemas/fine.cel
has(env.PATH) ? "no PATH please" : ""
--- schemas/syntax.cel
vars.zones ==
--- schemas/type.cel
size(vars.zones)
--- schemas/missing.cel
vars.nothing == 1
--- stacks/dev.yaml
vars: {stage: dev, region: eu}
components:
  terraform:
    vpc:
      settings:
        validation:
          no: {schema_type: cel, schema_path: no.cel, description: zones belong to the region}
          why: {schema_type: cel, schema_path: why.cel}
          fine: {schema_type: cel, schema_path: fine.cel}
          syntax: {schema_type: cel, schema_path: syntax.cel}
          type: {schema_type: cel, schema_path: type.cel}
          missing: {schema_type: cel, schema_path: missing.cel}
      vars: {zones: [eu1, us2]}
"#,
        &expect![[r#"
            stacks/dev.yaml:4:5 Error rule-broken: `vpc` breaks the rule `no`: zones belong to the region (the rule is in `schemas/no.cel`)
            stacks/dev.yaml:4:5 Error rule-broken: `vpc` breaks the rule `why`: us2 is no zone (the rule is in `schemas/why.cel`)
            schemas/syntax.cel:1:13 Error rule-invalid: this is no CEL: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}
            stacks/dev.yaml:11:49 Error rule-failed: the rule `type` fails: its result is of type int; it has to be true, false, a text or a list of texts (the rule is in `schemas/type.cel`)
            stacks/dev.yaml:12:52 Error rule-failed: the rule `missing` fails: No such key: nothing (the rule is in `schemas/missing.cel`)
            held: dev/terraform/vpc
        "#]],
    );
}

#[test]
fn a_declaration_is_read_with_every_mistake() {
    judged(
        r#"--- schemas/vpc.json
{}
--- stacks/dev.yaml
vars: {stage: dev}
components:
  terraform:
    vpc:
      settings:
        validation:
          a: {schema_type: jsonshema, schema_path: vpc.json}
          b: {schema_type: jsonschema}
          c: {schema_type: jsonschema, schema_path: vcp.json}
          d: {schema_type: jsonschema, schema_path: vpc.json, level: error}
          e: vpc.json
          f: {schema_type: opa, schema_path: vpc.json, module_paths: [none]}
"#,
        &expect![[r#"
            stacks/dev.yaml:7:28 Error rule-form: `settings.validation.a`: `schema_type` is one of jsonschema, opa, cel, rego (did you mean `jsonschema`?)
            stacks/dev.yaml:8:14 Error rule-form: `settings.validation.b`: `schema_path` is missing (name the rule's file: `schema_path: vpc.json`)
            stacks/dev.yaml:9:53 Error rule-missing: there is no rule `vcp.json` in `schemas` (did you mean `vpc.json`?)
            stacks/dev.yaml:10:70 Error rule-form: `settings.validation.d`: `level` is one of allow, warn, deny
            stacks/dev.yaml:11:14 Error rule-form: `settings.validation.e`: a rule is a map
            stacks/dev.yaml:12:71 Error rule-missing: there is no Rego module `none` in `schemas`
            held: dev/terraform/vpc
        "#]],
    );
}

#[test]
fn rules_apply_by_where_they_lie() {
    judged(
        r#"--- stacks/_globals/schemas/component-schemas/vpc.cel
has(vars.size)
--- stacks/_globals/schemas/component-schemas/helm/vpc.json
{"required": ["chart"]}
--- stacks/_globals/schemas/stack-schemas/names.rego
package atmos
errors contains {"message": "is not shared", "path": ["components", "terraform", name, "vars", "team"]} if {
  some name
  input.components.terraform[name].vars.team == "all"
}
errors contains "has no vpc" if not input.components.terraform.vpc
--- stacks/_globals/schemas/stack-schemas/broken.json
{"type": 7}
--- stacks/_globals/schemas/frameworks/soc2.cel
has(vars.encrypted) && vars.encrypted
--- stacks/dev.yaml
vars: {stage: dev}
components:
  terraform:
    vpc: {vars: {team: all}}
    blue: {metadata: {component: vpc}}
    off: {metadata: {enabled: false, component: vpc}}
  helm:
    vpc: {vars: {size: 1}}
--- stacks/prod.yaml
vars: {stage: prod, size: 1}
components: {terraform: {db: {}}}
"#,
        &expect![[r#"
            stacks/_globals/schemas/stack-schemas/broken.json:1:10 Error rule-invalid: this is no valid JSON Schema: 7 is not valid under any of the schemas listed in the 'anyOf' keyword
            stacks/dev.yaml:8:5 Error rule-broken: `vpc` breaks the rule `helm/vpc`: `chart` is missing (the rule is in `stacks/_globals/schemas/component-schemas/helm/vpc.json`)
            stacks/dev.yaml:5:5 Error rule-broken: `blue` breaks the rule `vpc`: it does not hold (the rule is in `stacks/_globals/schemas/component-schemas/vpc.cel`)
            stacks/dev.yaml:4:5 Error rule-broken: `vpc` breaks the rule `vpc`: it does not hold (the rule is in `stacks/_globals/schemas/component-schemas/vpc.cel`)
            stacks/_globals/schemas/stack-schemas/broken.json:1:10 Error rule-invalid: this is no valid JSON Schema: 7 is not valid under any of the schemas listed in the 'anyOf' keyword
            stacks/_globals/schemas/stack-schemas/broken.json:1:10 Error rule-invalid: this is no valid JSON Schema: 7 is not valid under any of the schemas listed in the 'anyOf' keyword
            stacks/_globals/schemas/stack-schemas/broken.json:1:10 Error rule-invalid: this is no valid JSON Schema: 7 is not valid under any of the schemas listed in the 'anyOf' keyword
            stacks/dev.yaml:4:24 Error rule-broken: `vars.team` of `vpc` breaks the rule `names`: is not shared (the rule is in `stacks/_globals/schemas/stack-schemas/names.rego`)
            stacks/_globals/schemas/stack-schemas/broken.json:1:10 Error rule-invalid: this is no valid JSON Schema: 7 is not valid under any of the schemas listed in the 'anyOf' keyword
            stacks/prod.yaml:1:1 Error rule-broken: the stack breaks the rule `names`: has no vpc (the rule is in `stacks/_globals/schemas/stack-schemas/names.rego`)
            held: dev/helm/vpc
            held: dev/terraform/blue
            held: dev/terraform/vpc
            held: prod/terraform/db
        "#]],
    );
}

#[test]
fn a_framework_is_asked_by_name() {
    let (_, desired, rules) = files(
        r#"--- stacks/_globals/schemas/frameworks/soc2.cel
has(vars.encrypted) && vars.encrypted
--- stacks/_globals/schemas/frameworks/hipaa/vpc.cel
has(vars.flow_logs)
--- stacks/_globals/schemas/frameworks/off.cel
true
--- schemas/off.cel
false
--- stacks/dev.yaml
vars: {stage: dev}
components:
  terraform:
    vpc:
      settings: {validation: {off: {schema_type: cel, schema_path: off.cel, disabled: true}}}
"#,
    );
    let vpc = desired.components().next().expect("a component").clone();
    let ask = |name: &str| rules.ask(&vpc, &desired.files, &Asked::Named(name.to_owned()));
    expect![[r#"
        stacks/dev.yaml:4:5 Error rule-broken: `vpc` breaks the rule `soc2`: it does not hold (the rule is in `stacks/_globals/schemas/frameworks/soc2.cel`)
        stacks/dev.yaml:4:5 Error rule-broken: `vpc` breaks the rule `hipaa/vpc`: it does not hold (the rule is in `stacks/_globals/schemas/frameworks/hipaa/vpc.cel`)
        stacks/dev.yaml:4:5 Error rule-broken: `vpc` breaks the rule `off`: it does not hold (the rule is in `schemas/off.cel`)
    "#]].assert_eq(
        &["soc2", "hipaa", "off"].map(|name| told(&ask(name).expect("a rule").diagnostics)).concat(),
    );
    let error = ask("pci").expect_err("no such rule");
    assert_eq!(error.known, ["hipaa", "off", "soc2"]);
    assert!(matches!(error, UnknownRule { .. }));
    let given = |path: &str, language| Asked::Given {
        path: path.to_owned(),
        language,
        modules: Vec::new(),
    };
    let found = rules.ask(&vpc, &desired.files, &given("off.cel", None));
    let told_given = told(&found.expect("asked").diagnostics);
    // Without a language there is no folder to begin at but the root.
    assert!(told_given.contains("breaks the rule `off.cel`"), "{told_given}");
}

#[test]
fn what_is_not_known_yet_breaks_nothing() {
    judged(
        r#"--- schemas/vpc.json
{"properties": {"vars": {"properties": {"port": {"type": "integer"}, "size": {"type": "integer"}}}}}
--- stacks/dev.yaml
vars: {stage: dev}
components:
  terraform:
    db: {}
    vpc:
      settings: {validation: {shape: {schema_type: jsonschema, schema_path: vpc.json}}}
      vars: {port: !terraform.output db port, size: big}
"#,
        &expect![[r#"
            stacks/dev.yaml:7:53 Error rule-broken: `vars.size` breaks the rule `shape`: "big" is not of type "integer" (the rule is in `schemas/vpc.json`)
            held: dev/terraform/vpc
        "#]],
    );
}

#[test]
fn a_list_that_continues_another_has_the_shape_of_a_list() {
    let (snapshot, _, _) = files(
        r#"--- stacks/catalog.yaml
vars: {stage: dev}
metadata: {tags: [a]}
components:
  terraform:
    base: {metadata: {type: abstract, tags: [b]}}
--- stacks/dev.yaml
import: [catalog]
metadata: {tags: !append [c]}
terraform: {settings: {validation: {x: {schema_type: cel, schema_path: x, module_paths: !append [m]}}}}
components:
  terraform:
    vpc:
      metadata: {inherits: !append [base], tags: !append [d, e], labels: !unset }
      dependencies: {components: !append [{component: net}]}
      env: !unset
      vars: {deep: [{inner: !append [1]}]}
    net: {metadata: {tags: !append [1]}}
"#,
    );
    let found = super::manifests(&snapshot, &policy(&snapshot).0, &[]);
    expect![[r#"
        stacks/dev.yaml:11:37 Warning manifest-shape: `components.terraform.net.metadata.tags[0]`: 1 is not of type "string"
    "#]].assert_eq(&told(&found));
}

#[test]
fn a_rule_has_a_mebibyte() {
    let found = |bytes: usize| {
        let rule = format!("true // {}", "x".repeat(bytes - "true // ".len()));
        let text = format!(
            "--- schemas/all.cel\n{rule}--- stacks/dev.yaml\nvars: {{stage: dev}}\nsettings: \
             {{validation: {{all: {{schema_type: cel, schema_path: all.cel}}}}}}\n\
             components: {{terraform: {{vpc: {{}}}}}}\n"
        );
        let (_, desired, rules) = files(&text);
        rules.judge(&desired).diagnostics.iter().map(|found| found.code).collect::<Vec<_>>()
    };
    assert_eq!(found(1 << 20), []);
    assert_eq!(found((1 << 20) + 1), [crate::diagnostic::Code::FileTooLarge]);
}

#[test]
fn loops_take_as_many_turns_as_they_may() {
    // Seven loops over ten items are the bound, and over eleven beyond it.
    let files = |items: usize| {
        let list: Vec<_> = (0..items).map(|item| item.to_string()).collect();
        let name = |at: u8| char::from(b'a' + at);
        let loops: String = (0..7).map(|at| format!("vars.list.exists({}, ", name(at))).collect();
        format!(
            "--- schemas/loops.cel
{loops}true{}
--- stacks/dev.yaml
vars: {{stage: dev}}
components:
  terraform:
    vpc:
      vars: {{list: [{}]}}
      settings: {{validation: {{loops: {{schema_type: cel, schema_path: loops.cel}}}}}}
",
            ")".repeat(7),
            list.join(", ")
        )
    };
    judged(&files(10), &expect![]);
    judged(
        &files(11),
        &expect![[r#"
        stacks/dev.yaml:6:70 Error rule-failed: the rule `loops` fails: its loops could take more than 10000000 turns for this component (the rule is in `schemas/loops.cel`)
        held: dev/terraform/vpc
    "#]],
    );
}

/// Two parts of each value are not known: what breaks its schema whatever they are is told, and
/// nothing else.
#[test]
fn no_schema_is_broken_by_what_is_not_known_yet() {
    judged(
        r##"--- schemas/open.json
{"properties": {"vars": {"$ref": "#/$defs/vars"}}, "$defs": {"vars": {
  "properties": {
    "unique": {"uniqueItems": true}, "some": {"contains": {"const": "a"}},
    "any": {"anyOf": [{"pattern": "^10[.]"}, {"pattern": "^172[.]"}]},
    "one": {"oneOf": [{"type": "string"}, {"properties": {"x": {"pattern": "^1"}}, "type": "object"}]},
    "not": {"not": {"properties": {"x": {"minLength": 3}}}},
    "same": {"const": {"x": "a"}}, "listed": {"enum": [["a"], ["b"]]},
    "nested": {"items": {"if": {"properties": {"x": {"const": "a"}}}, "then": {"required": ["b"]}, "else": {"required": ["c"]}}},
    "text": {"type": "string"}, "few": {"maxItems": 1}},
  "unevaluatedProperties": true}}}
--- isobar.yaml
version: 1
schemas: {base_path: rules}
--- rules/stack-schemas/open.json
{"properties": {"components": {"properties": {"terraform": {"properties": {"c": {"properties": {"vars": {
  "properties": {"any": {"pattern": "^10[.]"}, "unique": {"uniqueItems": true}, "few": {"maxItems": 1}}}}}}}}}}}
--- stacks/dev.yaml
vars: {stage: dev}
components:
  terraform:
    n: {}
    c:
      settings: {validation: {o: {schema_type: jsonschema, schema_path: open.json}}}
      vars:
        unique: [!terraform.state n a, !terraform.state n b]
        some: [!terraform.state n a]
        any: !terraform.state n a
        one: {x: !terraform.state n a}
        not: {x: !terraform.state n a}
        same: {x: !terraform.state n a}
        listed: [!terraform.state n a]
        nested: [{x: !terraform.state n a}, {x: z}]
        text: [!terraform.state n a]
        few: [!terraform.state n a, b]
    d:
      settings: {validation: {o: {schema_type: jsonschema, schema_path: open.json}}}
      vars:
        unique: [a, a]
        some: [b]
        any: [!terraform.state n a]
        one: [!terraform.state n a]
        nested: [{x: a, y: !terraform.state n a}]
"##,
        &expect![[r#"
            stacks/dev.yaml:15:45 Error rule-broken: `vars.nested[1]` breaks the rule `o`: `c` is missing (the rule is in `schemas/open.json`)
            stacks/dev.yaml:16:15 Error rule-broken: `vars.text` breaks the rule `o`: ["(computed)"] is not of type "string" (the rule is in `schemas/open.json`)
            stacks/dev.yaml:17:14 Error rule-broken: `vars.few` breaks the rule `o`: ["(computed)","b"] has more than 1 item (the rule is in `schemas/open.json`)
            stacks/dev.yaml:21:17 Error rule-broken: `vars.unique` breaks the rule `o`: ["a","a"] has non-unique elements (the rule is in `schemas/open.json`)
            stacks/dev.yaml:22:15 Error rule-broken: `vars.some` breaks the rule `o`: None of ["b"] are valid under the given schema (the rule is in `schemas/open.json`)
            stacks/dev.yaml:24:14 Error rule-broken: `vars.one` breaks the rule `o`: ["(computed)"] has none of the forms that may stand here (the rule is in `schemas/open.json`)
            stacks/dev.yaml:17:14 Error rule-broken: `vars.few` of `c` breaks the rule `open`: ["(computed)","b"] has more than 1 item (the rule is in `rules/stack-schemas/open.json`)
            held: dev/terraform/c
            held: dev/terraform/d
        "#]],
    );
}

/// What Rego and CEL say of a component that waits for an answer is no mistake of its author, unless it
/// is about a value that is known; it is not applied either way.
#[test]
fn expressions_decide_nothing_over_what_is_not_known_yet() {
    judged(
        r##"--- schemas/net.cel
vars.cidr.startsWith("10.")
--- schemas/size.cel
vars.size <= 5
--- schemas/net.rego
package atmos
import rego.v1
errors contains {"message": "is too large", "path": "vars.size"} if input.vars.size > 5
errors contains {"message": "is no net", "path": "vars.cidr"} if not startswith(input.vars.cidr, "10.")
errors contains {"message": "is missing", "path": "vars.owner"} if not input.vars.owner
errors contains "no net of ours" if not startswith(input.vars.cidr, "10.")
--- schemas/lists.rego
package atmos
import rego.v1
errors contains {"message": "is empty of a", "path": "vars.list"} if not "a" in input.vars.list
--- stacks/dev.yaml
vars: {stage: dev}
settings:
  validation:
    net: {schema_type: opa, schema_path: net.rego}
components:
  terraform:
    known:
      vars: {size: 6, cidr: 10.1.0.0/16, owner: us}
    open:
      vars: {size: 6, cidr: !terraform.output known cidr, list: [!terraform.output known a]}
      settings:
        validation:
          cidr: {schema_type: cel, schema_path: net.cel}
          size: {schema_type: cel, schema_path: size.cel}
          lists: {schema_type: opa, schema_path: lists.rego}
    number:
      vars: {size: !terraform.output known size, cidr: 10.1.0.0/16, owner: us}
      settings: {validation: {size: {schema_type: cel, schema_path: size.cel}}}
"##,
        &expect![[r#"
            stacks/dev.yaml:8:20 Error rule-broken: `vars.size` breaks the rule `net`: is too large (the rule is in `schemas/net.rego`)
            stacks/dev.yaml:18:69 Warning rule-failed: as far as is known yet, the rule `size` fails: found no matching overload for '_<=_' applied to '(string, int)' (it is asked again when `terraform.output known dev size` has an answer)
            stacks/dev.yaml:9:5 Warning rule-broken: as far as is known yet, `open` breaks the rule `net`: no net of ours (it is asked again when `terraform.output known dev a` has an answer)
            stacks/dev.yaml:10:13 Error rule-broken: `vars.owner` breaks the rule `net`: is missing (the rule is in `schemas/net.rego`)
            stacks/dev.yaml:10:20 Error rule-broken: `vars.size` breaks the rule `net`: is too large (the rule is in `schemas/net.rego`)
            stacks/dev.yaml:9:5 Warning rule-broken: as far as is known yet, `open` breaks the rule `cidr`: it does not hold (it is asked again when `terraform.output known dev a` has an answer)
            stacks/dev.yaml:9:5 Warning rule-broken: as far as is known yet, `open` breaks the rule `size`: it does not hold (it is asked again when `terraform.output known dev a` has an answer)
            stacks/dev.yaml:10:65 Warning rule-broken: as far as is known yet, `vars.list` breaks the rule `lists`: is empty of a (it is asked again when `terraform.output known dev a` has an answer)
            held: dev/terraform/known
            held: dev/terraform/number
            held: dev/terraform/open
        "#]],
    );
}
