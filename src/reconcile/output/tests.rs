use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::*;
use crate::model::value::Rules;
use crate::source::Snapshot;

const ATMOS: &str = "stacks: {base_path: stacks, name_template: '{{ .vars.stage }}'}
components: {terraform: {base_path: components/terraform}}
templates: {settings: {enabled: true}}
";

/// Resolves one manifest and shows the variables of `reader`, and what is wrong.
fn check(person: &Person, manifest: &str, expect: &Expect) {
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
    expect.assert_eq(&out);
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
            function-failed `!terraform.output` failed: dev/terraform/a does not resolve: `!terraform.output` failed: dev/terraform/b does not resolve: `!terraform.output` failed: outputs need each other: `!terraform.output a dev id` -> `!terraform.output b dev id` -> `!terraform.output a dev id`
        "#]],
    );
}

#[test]
fn a_local_state_file_is_read_and_its_secrets_stay_secret() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("components/terraform/net/terraform.tfstate.d/dev");
    std::fs::create_dir_all(&place).unwrap();
    let state = r#"{"version": 4, "serial": 3, "lineage": "x", "outputs": {
        "id": {"value": "v-1", "type": "string"},
        "key": {"value": "hunter2", "type": "string", "sensitive": true}}}"#;
    std::fs::write(place.join("terraform.tfstate"), state).unwrap();
    let person = Person { folder: folder.path().to_owned(), ..Person::default() };
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
