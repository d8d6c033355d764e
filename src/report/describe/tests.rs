use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use expect_test::{Expect, expect};
use serde::Serialize;

use super::{
    Filter, Shown, Stacks, Table, View, affected_rows, by_stack, component, component_rows,
    dependents, side_by_side, to_yaml, values,
};
use crate::ids::{ComponentId, ComponentName, ContentId, KindName, StackName};
use crate::model::affected::{Affected, Cause};
use crate::model::desired::{
    Component, Dependency, Desired, Layer, Layout, Listing, Presence, Reach, Stack,
};
use crate::model::policy::Reconcile;
use crate::model::query::Query;
use crate::model::question::Question;
use crate::model::value::{Map, Node, Origin, Rules, Value};
use crate::model::yaml;
use crate::secret::Secret;

/// A component of the stack `dev` with these sections.
fn of_kind(kind: &str, name: &str, sections: &str) -> Component {
    let sections = yaml::parse(sections, Rules::Stack).expect("YAML");
    let manifest: Arc<str> = "stacks/deploy/dev.yaml".into();
    let layers = sections.as_map().into_iter().flat_map(Map::iter).map(|(section, value)| Layer {
        section: section.clone(),
        reach: Reach::Own,
        turn: 0,
        imports: [manifest.clone(), "stacks/catalog/vpc.yaml.tmpl".into()].into(),
        value: value.clone(),
    });
    Component {
        id: ComponentId {
            stack: StackName::new("dev").expect("a name"),
            kind: KindName::new(kind).expect("a name"),
            name: ComponentName::new(name).expect("a name"),
        },
        at: crate::diagnostic::Span::file(manifest.clone()),
        presence: Presence::Active,
        locked: false,
        code: name.into(),
        inheritance: Vec::new(),
        layers: layers.collect(),
        sections,
        dependencies: Vec::new(),
        questions: Vec::new(),
        undecided: Vec::new(),
        reconcile: Reconcile::default(),
        listing: Listing {
            workspace: "listed".into(),
            imports: ["stacks/catalog/vpc.yaml.tmpl".into()].into(),
            ..Listing::default()
        },
        manifest,
        workspace: "dev".into(),
    }
}

fn desired(components: Vec<Component>) -> Desired {
    let name = StackName::new("dev").expect("a name");
    let stack = Stack {
        name: name.clone(),
        manifests: vec!["stacks/deploy/dev.yaml".into()],
        target: None,
        components: components
            .into_iter()
            .map(|one| ((one.id.kind.clone(), one.id.name.clone()), one))
            .collect(),
        unresolved: BTreeMap::new(),
    };
    let terraform = KindName::new("terraform").expect("a name");
    Desired {
        stacks: BTreeMap::from([(name, stack.into())]),
        layout: Layout(BTreeMap::from([(terraform, "components/terraform".into())])),
        manifests: "stacks".into(),
        ..Desired::default()
    }
}

fn check(answer: &impl Serialize, expect: &Expect) {
    expect.assert_eq(&to_yaml(answer).expect("YAML"));
}

#[test]
fn a_list_shows_the_empty_sections_of_a_kind() {
    let desired = desired(vec![
        of_kind("terraform", "vpc", "vars: {b: 1, a: '2'}"),
        of_kind("packer", "image", "hooks: {x: {}}"),
        of_kind("own", "thing", "vars: {}"),
    ]);
    let filter = Filter::default();
    check(
        &Stacks { desired: &desired, filter: &filter, evaluated: true },
        &expect![[r#"
        dev:
          components:
            packer:
              image:
                atmos_component: image
                atmos_manifest: deploy/dev
                atmos_stack: dev
                atmos_stack_file: deploy/dev
                auth: {}
                command: packer
                component: image
                component_info:
                  component_type: packer
                env: {}
                inheritance: []
                metadata: {}
                overrides: {}
                provision: {}
                settings: {}
                source: {}
                stack: dev
                vars: {}
            terraform:
              vpc:
                atmos_component: vpc
                atmos_manifest: deploy/dev
                atmos_stack: dev
                atmos_stack_file: deploy/dev
                auth: {}
                backend: {}
                backend_type: ''
                command: terraform
                component: vpc
                component_info:
                  component_path: components/terraform/vpc
                  component_type: terraform
                env: {}
                generate: {}
                hooks: {}
                inheritance: []
                metadata: {}
                overrides: {}
                providers: {}
                provision: {}
                remote_state_backend: {}
                remote_state_backend_type: ''
                required_providers: {}
                required_version: ''
                settings: {}
                source: {}
                stack: dev
                vars:
                  a: '2'
                  b: 1
                workspace: listed
    "#]],
    );
}

#[test]
fn of_a_list_only_what_is_wanted_is_shown() {
    let desired = desired(vec![
        of_kind("terraform", "vpc", "vars: {a: 1}"),
        of_kind("packer", "image", "vars: {a: 2}"),
    ]);
    let mut filter = Filter { kinds: vec!["packer".into()], ..Filter::default() };
    filter.sections = vec!["vars".into()];
    check(
        &Stacks { desired: &desired, filter: &filter, evaluated: true },
        &expect![[r#"
        dev:
          components:
            packer:
              image:
                vars:
                  a: 2
    "#]],
    );
    filter.kinds = vec!["helm".into()];
    check(
        &Stacks { desired: &desired, filter: &filter, evaluated: true },
        &expect![[r#"
        {}
    "#]],
    );
    filter.empty = true;
    check(
        &Stacks { desired: &desired, filter: &filter, evaluated: true },
        &expect![[r#"
        dev:
          components: {}
    "#]],
    );
}

#[test]
fn one_component_is_shown_short_or_in_full() {
    let desired = desired(vec![of_kind("terraform", "vpc", "{vars: {a: 1}, retry: {n: 1}}")]);
    let vpc = desired.components().next().expect("it is there");
    check(
        &component(&desired, vpc, View::Short),
        &expect![[r#"
        backend: {}
        component: vpc
        env: {}
        hooks: {}
        imports:
        - catalog/vpc.yaml
        metadata: {}
        overrides: {}
        providers: {}
        settings: {}
        vars:
          a: 1
    "#]],
    );
    check(
        &component(&desired, vpc, View::Full(Path::new("/repository"))),
        &expect![[r#"
        atmos_component: vpc
        atmos_manifest: deploy/dev
        atmos_stack: dev
        atmos_stack_file: deploy/dev
        auth: {}
        backend: {}
        backend_type: ''
        command: terraform
        component: vpc
        component_info:
          component_path: /repository/components/terraform/vpc
          component_type: terraform
        component_type: terraform
        deps:
        - catalog/vpc.yaml
        - deploy/dev
        deps_all:
        - catalog/vpc.yaml
        - deploy/dev
        env: {}
        generate: {}
        hooks: {}
        imports:
        - catalog/vpc.yaml
        inheritance: []
        metadata: {}
        overrides: {}
        providers: {}
        provision: {}
        remote_state_backend: {}
        remote_state_backend_type: ''
        required_providers: {}
        required_version: ''
        retry:
          'n': 1
        settings: {}
        source: {}
        stack: dev
        tf_cli_vars: {}
        vars:
          a: 1
        workspace: dev
    "#]],
    );
}

#[test]
fn every_file_that_sets_a_value_is_a_dep_and_of_several_the_last() {
    let mut vpc = of_kind("terraform", "vpc", "vars: {a: 1, b: 1}");
    let (last, from) =
        (vpc.layers[0].clone(), |path: &str| ["stacks/deploy/dev.yaml".into(), path.into()]);
    let layer = |text: &str, path: &str, reach| Layer {
        reach,
        imports: from(path).into(),
        value: yaml::parse(text, Rules::Stack).expect("YAML"),
        ..last.clone()
    };
    vpc.layers = vec![
        layer("{a: 0, b: 0}", "stacks/mixins/first.yaml", Reach::Global),
        layer("{a: 1}", "stacks/mixins/twice.yaml", Reach::Global),
        layer("{b: 1}", "stacks/mixins/own.yaml", Reach::Own),
        layer("{b: 2}", "stacks/mixins/override.yaml", Reach::Override),
    ];
    let desired = desired(vec![vpc]);
    let vpc = desired.components().next().expect("it is there");
    let Shown::Map(all) = component(&desired, vpc, View::Full(Path::new("/"))) else {
        panic!("a map")
    };
    let lists = ["deps", "deps_all"].map(|name| serde_json::to_string(&all[name]).expect("JSON"));
    expect![[r#"
        ["deploy/dev","mixins/own","mixins/twice"]
        ["deploy/dev","mixins/first","mixins/own","mixins/twice"]"#]]
    .assert_eq(&lists.join("\n"));
}

#[test]
fn a_component_depends_as_often_as_it_says_so() {
    let vars = "{stage: dev, tenant: a}";
    let say =
        |name: &str, says: &str| of_kind("terraform", name, &format!("{{vars: {vars}, {says}}}"));
    let desired = desired(vec![
        say("vpc", "settings: {}"),
        say("new", "dependencies: {components: [{name: vpc}, {component: vpc, stack: dev}]}"),
        say("old", "settings: {depends_on: {1: {component: vpc, stage: dev}}}"),
        say("elsewhere", "settings: {depends_on: {1: {component: vpc, stage: prod}}}"),
        say(
            "both",
            "settings: {depends_on: {1: {component: vpc}}}, dependencies: {components: []}",
        ),
    ]);
    let vpc = desired.components().find(|one| one.id.name.as_str() == "vpc").expect("it is there");
    let Shown::List(found) = dependents(&desired, vpc) else { panic!("a list") };
    let names = found.iter().map(|one| serde_json::to_value(one).expect("JSON"));
    let names: Vec<_> =
        names.map(|one| one["component"].as_str().unwrap_or("").to_owned()).collect();
    assert_eq!(names, ["new", "new", "old"]);
}

#[test]
fn rows_count_the_stacks_of_each_component() {
    let desired = desired(vec![of_kind("terraform", "vpc", "vars: {}")]);
    check(
        &component_rows(desired.components()).shown(),
        &expect![[r#"
        - Component: vpc
          Stacks: '1'
          Type: terraform
    "#]],
    );
}

#[test]
fn a_number_that_json_has_no_word_for_is_an_error() {
    let value = Value::computed(Node::Float(f64::INFINITY));
    let error = serde_json::to_string(&Shown::Value(&value)).expect_err("no JSON");
    expect![["`inf` is a number that JSON has no word for"]].assert_eq(&error.to_string());
}

#[test]
fn cells_are_picked_sorted_and_left_by_the_names_of_their_columns() {
    let rows = [["a", "9"], ["b", "10"], ["c", "9"], ["d", ""]];
    let rows = rows.iter().map(|cells| cells.iter().map(ToString::to_string).collect()).collect();
    let table = Table { rows, ..Table::new(&["Name", "Count"]) };
    let after = |change: &dyn Fn(&mut Table)| {
        let mut table = table.clone();
        change(&mut table);
        table.delimited(",")
    };
    assert_eq!(after(&|t| t.sort("count", false).unwrap()), "Name,Count\na,9\nc,9\nb,10\nd,\n");
    assert_eq!(after(&|t| t.sort("Count", true).unwrap()), "Name,Count\nd,\nb,10\na,9\nc,9\n");
    let picked = after(&|t| t.pick(&["count".to_owned(), " Name".to_owned()]).unwrap());
    assert_eq!(picked, "Count,Name\n9,a\n10,b\n9,c\n,d\n");
    assert_eq!(after(&|t| t.retain("Name", |cell| cell > "b").unwrap()), "Name,Count\nc,9\nd,\n");
    let odd = table.clone().sort("Nam", false).unwrap_err();
    assert_eq!(odd.to_string(), "there is no column `Nam`; there are Name, Count");
}

#[test]
fn rows_of_what_differs_end_with_what_depends_on_it_once() {
    let mut all: Vec<_> = ["a", "b", "c", "d"].map(|name| of_kind("terraform", name, "{}")).into();
    for (one, on) in [(1, 0), (2, 0), (2, 1)] {
        let (on, origin) = (all[on].id.clone(), Origin::NONE);
        all[one].dependencies.push(Dependency { on, origin });
    }
    all[0].locked = true;
    let desired = desired(all);
    let first = desired.components().next().expect("a component");
    let causes = vec![Cause::File("a.txt".to_owned()), Cause::Code];
    let affected = [Affected { component: first, causes }];
    let rows = |dependents| affected_rows(&affected, &desired, dependents).delimited(",");
    let head = "Status,Component,Stack,Type,Affected,File\nlocked,a,dev,terraform,file,a.txt\n";
    assert_eq!(rows(false), head);
    let dependent = |name: &str| format!("enabled,{name},dev,terraform,dependent,\n");
    assert_eq!(rows(true), format!("{head}{}{}", dependent("b"), dependent("c")));
}

#[test]
fn as_many_dependents_are_shown_as_may_be() {
    use super::{DEPENDENTS_MAX, Direction, Include, affected, dependency_tree};
    for more in [0, 1] {
        let base = of_kind("terraform", "base", "vars: {}");
        let on = || Dependency { on: base.id.clone(), origin: Origin::NONE };
        let dependent = |at: usize| Component {
            dependencies: vec![on()],
            ..of_kind("terraform", &format!("c{at}"), "vars: {}")
        };
        let dependents = (0..DEPENDENTS_MAX + more).map(dependent);
        let desired = desired([base.clone()].into_iter().chain(dependents).collect());
        let base = desired.component(&base.id).expect("it is there");
        let changed = [Affected { component: base, causes: vec![Cause::Code] }];
        let include = Include { dependents: true, settings: false };
        assert_eq!(affected(&changed, &desired, include).is_ok(), more == 0);
        let tree = dependency_tree(&desired, &[base], Direction::Reverse);
        assert_eq!(tree.is_ok(), more == 0);
    }
}

#[test]
fn texts_that_a_reader_would_take_for_something_else_are_quoted() {
    let texts = [
        "1_000",
        "1__0",
        "0xFF_FF",
        "010",
        "1e3",
        "yes",
        "off",
        "n",
        "~",
        "2024-01-02",
        "=",
        "<<",
        "12:30",
        "1.2.3",
        "a:b",
        "(computed)",
        "{{ .a }}",
    ];
    let map = Shown::map(texts.map(|text| (text, Shown::text(text))));
    check(
        &map,
        &expect![[r#"
        (computed): (computed)
        '010': '010'
        '0xFF_FF': '0xFF_FF'
        1.2.3: 1.2.3
        '12:30': '12:30'
        '1_000': '1_000'
        '1__0': '1__0'
        '1e3': '1e3'
        '2024-01-02': '2024-01-02'
        '<<': '<<'
        '=': '='
        a:b: a:b
        'n': 'n'
        'off': 'off'
        'yes': 'yes'
        '{{ .a }}': '{{ .a }}'
        '~': '~'
    "#]],
    );
}

/// What is not known, or may not be shown, has a word of its own; a query does not count its letters.
#[test]
fn queries_look_at_values_and_not_at_words_for_them() {
    let mut one = of_kind("terraform", "vpc", "vars: {$ref: x}");
    let open = Question { function: "env".into(), arguments: vec!["HOME".into()] };
    let secret = Secret::new("the key", ContentId::of("1"));
    let vars = [
        (Arc::from("open"), Value::computed(Node::Unknown(open.into()))),
        (Arc::from("secret"), Value::computed(Node::Secret(secret.into()))),
        (Arc::from("maps"), yaml::parse("{$ref: x}", Rules::Stack).expect("YAML")),
    ];
    let vars = Value::computed(Node::Map(vars.into_iter().collect()));
    one.sections = Value::computed(Node::Map([(Arc::from("vars"), vars)].into_iter().collect()));
    let desired = desired(vec![one]);
    let shown = |query: &str| {
        let query = Query::parse(query).expect("a query");
        let found = values(&desired, desired.components(), Some(&query)).expect("values");
        let cells = side_by_side(&found).rows.concat().join(" ");
        format!("{cells} = {}", serde_json::to_string(&by_stack(&found)).expect("JSON"))
    };
    assert_eq!(shown(".vars.open"), r#"value (computed) = {"dev":"(computed)"}"#);
    assert_eq!(shown(".vars.open | length"), r#"value (computed) = {"dev":"(computed)"}"#);
    assert_eq!(shown(".vars.secret | length"), r#"value (secret) = {"dev":"(secret)"}"#);
    assert_eq!(
        shown("[.vars.open, .vars.maps]"),
        r#"value ["(computed)",{"$ref":"x"}] = {"dev":["(computed)",{"$ref":"x"}]}"#
    );
}
