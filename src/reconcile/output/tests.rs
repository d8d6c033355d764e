use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;
use crate::model::value::Rules;
use crate::source::Snapshot;

const ATMOS: &str = "stacks: {base_path: stacks, name_template: '{{ .vars.stage }}'}
components: {terraform: {base_path: components/terraform}}
templates: {settings: {enabled: true, sprig: {enabled: true}, gomplate: {enabled: true}}}
";

/// Resolves one manifest and shows the variables of `reader`, and what is wrong.
fn check(person: &Person, manifest: &str, expect: &Expect) {
    expect.assert_eq(&found(person, manifest));
}

fn found(person: &Person, manifest: &str) -> String {
    let files = [("atmos.yaml", ATMOS), ("stacks/dev.yaml", manifest)];
    let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
    let snapshot = Snapshot::in_memory(files);
    let selection = Selection {
        components: vec![ComponentName::new("reader").unwrap()],
        ..Selection::default()
    };
    let reach = Reach::Person(person.clone());
    let mut resolver = Resolver::new(&snapshot);
    let desired = crate::reconcile::resolved(&mut resolver, &selection, &reach).desired;
    let mut out = String::new();
    for component in desired.components() {
        let vars = component.section("vars").unwrap().typed(Rules::Stack);
        let _ = writeln!(out, "{vars:?}");
    }
    for found in &desired.diagnostics {
        let _ = writeln!(out, "{} {}", found.code, found.message);
    }
    out
}

#[test]
fn a_static_remote_state_gives_what_it_says() {
    check(
        &Person::default(),
        "vars: {stage: dev}
components:
  terraform:
    net:
      remote_state_backend_type: static
      remote_state_backend: {static: {id: v-1, subnets: [a, b], nested: {k: 5}}}
    reader:
      vars:
        id: !terraform.output net id
        first: !terraform.state net dev .subnets[0]
        count: !terraform.state net '.subnets | length'
        gone: !terraform.output net gone
        otherwise: !terraform.output net '.gone // \"none\"'
",
        &expect![[r#"
            {"stage": "dev", "id": "v-1", "first": "a", "count": 2, "gone": null, "otherwise": "none"}
        "#]],
    );
}

#[test]
fn outputs_are_followed_from_component_to_component() {
    check(
        &Person { environment: [("ID".to_owned(), "e-7".to_owned())].into(), ..Person::default() },
        "vars: {stage: dev}
components:
  terraform:
    a: {mocks: {id: !env ID}}
    b: {mocks: {id: !terraform.output a id, other: 1}}
    reader: {vars: {id: !terraform.output b id, later: !terraform.output a}}
",
        &expect![[r#"
            function-failed write `!terraform.output component [stack] output`
        "#]],
    );
    check(
        &Person { environment: [("ID".to_owned(), "e-7".to_owned())].into(), ..Person::default() },
        "vars: {stage: dev}
components:
  terraform:
    a: {mocks: {id: !env ID}}
    b: {mocks: {id: !terraform.output a id, other: 1}}
    c: {}
    reader: {vars: {id: !terraform.output b id, later: !terraform.output c id}}
",
        &expect![[r#"
            {"stage": "dev", "id": "e-7", "later": unknown(terraform.output c dev id)}
        "#]],
    );
}

#[test]
fn outputs_that_need_each_other_are_a_mistake() {
    check(
        &Person::default(),
        "vars: {stage: dev}
components:
  terraform:
    a: {mocks: {id: !terraform.output b id}}
    b: {mocks: {id: !terraform.output a id}}
    reader: {vars: {id: !terraform.output a id}}
",
        &expect![[r#"
            function-failed `!terraform.output` failed: dev/terraform/a does not resolve: `!terraform.output` failed: dev/terraform/b does not resolve: `!terraform.output` failed: components need each other: `terraform.output a dev id` -> `terraform.output b dev id` -> `terraform.output a dev id`
        "#]],
    );
}

/// Somebody in whose folder `net` has a local state with an output and a secret one.
fn with_state() -> (tempfile::TempDir, Person) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("components/terraform/net/terraform.tfstate.d/dev");
    std::fs::create_dir_all(&place).unwrap();
    let state = r#"{"version": 4, "serial": 3, "lineage": "x", "outputs": {
        "id": {"value": "v-1", "type": "string"},
        "key": {"value": "hunter2", "type": "string", "sensitive": true}}}"#;
    std::fs::write(place.join("terraform.tfstate"), state).unwrap();
    let person = Person { folder: folder.path().to_owned(), ..Person::default() };
    (folder, person)
}

#[test]
fn a_local_state_file_is_read_and_its_secrets_stay_secret() {
    let (_folder, person) = with_state();
    check(
        &person,
        "vars: {stage: dev}
terraform: {backend_type: local, backend: {local: {}}}
components:
  terraform:
    net: {}
    none: {}
    reader:
      vars: {id: !terraform.state net id, key: !terraform.state net key, later: !terraform.state none id}
",
        &expect![[r#"
            {"stage": "dev", "id": "v-1", "key": secret, "later": unknown(terraform.state none dev id)}
        "#]],
    );
}

#[test]
fn a_component_that_files_say_differently_gives_nothing() {
    let one = |zone: &str| {
        format!(
            "vars: {{stage: dev}}
components: {{terraform: {{net: {{vars: {{zone: {zone}}}, mocks: {{id: v-1}}}}}}}}
"
        )
    };
    let reader = "vars: {stage: dev}
components:
  terraform:
    reader: {vars: {id: !terraform.output net id}}
    other: {vars: {id: '{{ (atmos.Component \"net\" \"dev\").outputs.id }}'}}
";
    let files = [
        ("atmos.yaml", ATMOS.to_owned()),
        ("stacks/a.yaml", one("a")),
        ("stacks/b.yaml", one("b")),
        ("stacks/c.yaml", reader.to_owned()),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.into_bytes()));
    let snapshot = Snapshot::in_memory(files);
    let selection = Selection { unlinked: true, ..Selection::default() };
    let reach = Reach::Person(Person::default());
    let mut resolver = Resolver::new(&snapshot);
    let desired = crate::reconcile::resolved(&mut resolver, &selection, &reach).desired;
    let found =
        desired.diagnostics.iter().map(|found| format!("{} {}\n", found.code, found.message));
    expect![[r#"
        stack-duplicate the component `net` is also defined in `stacks/a.yaml`, and differently
        function-failed `!terraform.output` failed: dev/terraform/net does not resolve: the component `net` is also defined in `stacks/a.yaml`, and differently
        template-failed `atmos.Component`: error calling Component: dev/terraform/net does not resolve: the component `net` is also defined in `stacks/a.yaml`, and differently
    "#]].assert_eq(&found.collect::<String>());
}

#[test]
fn what_a_template_reads_of_a_component_has_its_answers() {
    check(
        &Person::default(),
        "vars: {stage: dev}
components:
  terraform:
    base: {mocks: {id: v-1}, vars: {far: '{{ (atmos.Component \"net\" .stack).vars.id }}'}}
    net: {vars: {id: !terraform.state base id, later: !terraform.state none id, known: 7}}
    none: {}
    reader:
      vars:
        id: '{{ (atmos.Component \"net\" .stack).vars.id }}'
        far: '{{ (atmos.Component \"base\" .stack).vars.far | upper }}'
        known: '{{ (atmos.Component \"net\" .stack).vars.known | quote }}'
        later: '{{ (atmos.Component \"net\" .stack).vars.later }}'
        upper: '{{ (atmos.Component \"net\" .stack).vars.later | upper }}'
        if: '{{ if (atmos.Component \"net\" .stack).vars.later }}a{{ else }}b{{ end }}'
        eq: '{{ eq (atmos.Component \"net\" .stack).vars.later \"v-1\" }}'
        or: '{{ (atmos.Component \"net\" .stack).vars.later | default \"none\" }}'
        len: '{{ len (atmos.Component \"net\" .stack).vars.later }}'
        field: '{{ (atmos.Component \"net\" .stack).vars.later.field }}'
        index: '{{ index (atmos.Component \"net\" .stack).vars.later 0 }}'
        range: '{{ range (atmos.Component \"net\" .stack).vars.later }}x{{ end }}'
        kind: '{{ kindOf (atmos.Component \"net\" .stack).vars.later }}'
        json: '{{ toJson (atmos.Component \"net\" .stack).vars }}'
        yaml: '{{ data.ToYAML (atmos.Component \"net\" .stack).vars }}'
        print: '{{ printf \"%v\" (list 1 (atmos.Component \"net\" .stack).vars) }}'
        output: '{{ (atmos.Component \"none\" .stack).outputs.id }}'
        keys: '{{ keys (atmos.Component \"net\" .stack).vars | sortAlpha | join \"-\" }}'
",
        &expect![[r#"
            {"stage": "dev", "id": "v-1", "far": "V-1", "known": "\"7\"", "later": unknown(terraform.state none dev id), "upper": unknown(terraform.state none dev id), "if": unknown(terraform.state none dev id), "eq": unknown(terraform.state none dev id), "or": unknown(terraform.state none dev id), "len": unknown(terraform.state none dev id), "field": unknown(terraform.state none dev id), "index": unknown(terraform.state none dev id), "range": unknown(terraform.state none dev id), "kind": unknown(terraform.state none dev id), "json": unknown(terraform.state none dev id), "yaml": unknown(terraform.state none dev id), "print": unknown(terraform.state none dev id), "output": unknown(terraform.output none dev .), "keys": "id-known-later-stage"}
        "#]],
    );
}

#[test]
fn a_secret_is_not_written_into_a_text() {
    let (_folder, person) = with_state();
    check(
        &person,
        "vars: {stage: dev}
terraform: {backend_type: local, backend: {local: {}}}
components:
  terraform:
    net: {}
    reader:
      vars:
        id: '{{ (atmos.Component \"net\" .stack).outputs.id }}'
        key: 'x {{ (atmos.Component \"net\" .stack).outputs.key }}'
        json: '{{ (atmos.Component \"net\" .stack).outputs | toJson }}'
        bare: '{{ atmos.Resolve \"!terraform.state net dev key\" }}'
",
        &expect![[r#"
            function-refused the output key of dev/terraform/net is a secret, which a text would show
            function-refused the output key of dev/terraform/net is a secret, which a text would show
            function-refused the output key of dev/terraform/net is a secret, which a text would show
        "#]],
    );
}

#[test]
fn components_that_read_each_other_in_templates_are_a_mistake() {
    check(
        &Person::default(),
        "vars: {stage: dev}
components:
  terraform:
    a: {vars: {id: '{{ (atmos.Component \"b\" .stack).vars.id }}'}}
    b: {vars: {id: '{{ (atmos.Component \"reader\" .stack).vars.id }}'}}
    reader: {vars: {id: '{{ (atmos.Component \"a\" .stack).vars.id }}'}}
",
        &expect![[r#"
            template-failed `atmos.Component`: error calling Component: dev/terraform/a does not resolve: `atmos.Component`: error calling Component: dev/terraform/b does not resolve: `atmos.Component`: error calling Component: dev/terraform/reader does not resolve: `atmos.Component`: error calling Component: components need each other: `atmos.Component a dev` -> `atmos.Component b dev` -> `atmos.Component reader dev` -> `atmos.Component a dev`
        "#]],
    );
}

#[test]
fn components_that_need_one_another_in_a_row_are_counted() {
    let row = |count: usize, reads: fn(usize) -> String| {
        let mut manifest = "vars: {stage: dev}\ncomponents:\n  terraform:\n    reader: ".to_owned();
        for next in 1..count {
            let _ = write!(manifest, "{}\n    c{next}: ", reads(next));
        }
        manifest + "{mocks: {id: v-1}, vars: {id: v-1}}\n"
    };
    let outputs: fn(usize) -> String = |next| {
        let asks = format!("!terraform.output c{next} id");
        format!("{{mocks: {{id: {asks}}}, vars: {{id: {asks}}}}}")
    };
    let templates: fn(usize) -> String = |next| {
        format!("{{vars: {{id: '{{{{ (atmos.Component \"c{next}\" .stack).vars.id }}}}'}}}}")
    };
    let known = expect![[r#"
        {"stage": "dev", "id": "v-1"}
    "#]];
    for reads in [outputs, templates] {
        check(&Person::default(), &row(DEPTH_MAX + 1, reads), &known);
        let found = found(&Person::default(), &row(DEPTH_MAX + 2, reads));
        assert!(found.ends_with("more than 64 components need one another in a row\n"), "{found}");
    }
}

#[test]
fn what_was_answered_in_the_meantime_is_known() {
    let environment = [("HOME".to_owned(), "h-1".to_owned())].into();
    let person = Person { environment, ..Person::default() };
    // Whichever name comes first.
    for first in ["a", "z"] {
        let manifest = format!(
            "vars: {{stage: dev}}
components:
  terraform:
    {first}: {{mocks: {{id: v-1}}}}
    b: {{mocks: {{id: !terraform.state {first} id, s: !env HOME}}}}
    reader:
      vars: {{id: !terraform.state b id, s: !terraform.state b s, t: 'x-{{{{ (atmos.Component \"b\" .stack).outputs.id }}}}'}}
"
        );
        check(
            &person,
            &manifest,
            &expect![[r#"
                {"stage": "dev", "id": "v-1", "s": "h-1", "t": "x-v-1"}
            "#]],
        );
    }
}

#[test]
fn a_component_says_of_itself_what_its_calls_give() {
    let environment = [("HOME".to_owned(), "h-1".to_owned())].into();
    let person = Person { environment, ..Person::default() };
    check(
        &person,
        "vars: {stage: dev}
env: {MET: 1}
components:
  terraform:
    none: {}
    reader:
      metadata: {tags: [!terraform.state none id, !env HOME , x], labels: {a: !env HOME }}
      env:
        CALLED: !env HOME
        MET: !env HOME
        LATER: !terraform.state none id
        TEXT: '{{ (atmos.Component \"none\" .stack).outputs.id }}'
      vars:
        called: !env CALLED
        met: !env MET
        later: !env LATER
        text: !env TEXT
        tags: !tags
        labels: !labels
        names: !labels.keys
",
        &expect![[r#"
            {"stage": "dev", "called": "h-1", "met": "h-1", "later": unknown(terraform.state none dev id), "text": unknown(terraform.output none dev .), "tags": [unknown(terraform.state none dev id), "h-1", "x"], "labels": {"a": "h-1"}, "names": ["a"]}
        "#]],
    );
}

#[test]
fn a_template_sees_all_of_another_component() {
    check(
        &Person::default(),
        "vars: {stage: dev}
components:
  terraform:
    net: {metadata: {component: code}, vars: {x: 1}}
    reader:
      vars:
        names: '{{ with atmos.Component \"net\" .stack }}{{ .workspace }} {{ .atmos_component }} {{ .component }} {{ .atmos_stack }} {{ .atmos_stack_file }}{{ end }}'
        empty: '{{ with atmos.Component \"net\" .stack }}{{ len .env }} {{ .backend }} {{ len .inheritance }}{{ end }}'
",
        &expect![[r#"
            {"stage": "dev", "names": "dev-net net code dev dev", "empty": "0 map[] 0"}
        "#]],
    );
}
