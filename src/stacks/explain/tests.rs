use expect_test::{Expect, expect};

use crate::model::path::FieldPath;
use crate::stacks::tests::{ATMOS, flow, resolved};

const FILES: &str = "--- stacks/mixin.yaml
vars: {stage: dev, tags: {team: platform}, zones: [a]}
--- stacks/deploy/dev.yaml
import: [mixin]
vars: {tags: {cost: 1}, zones: !append [b]}
components:
  terraform:
    base:
      metadata: {type: abstract}
      vars: {size: 1, tags: {team: network}}
    vpc:
      metadata: {inherits: [base]}
      vars: {size: 2, name: 'vpc-{{ .vars.stage }}'}
";

fn check(path: &str, expect: &Expect) {
    let resolution = resolved(&format!("{ATMOS}{FILES}"));
    let mut components = resolution.desired.components();
    let vpc = components.find(|component| component.id.name.as_str() == "vpc").expect("resolved");
    let path = FieldPath::parse(path).expect("a path");
    let lines = super::explain(vpc, &path).into_iter().map(|explained| {
        let layer = &vpc.layers[explained.layer];
        let file = layer.imports.last().map(AsRef::as_ref).unwrap_or("-");
        let mark = if explained.wins { "wins" } else { "    " };
        format!("{mark} {:?} {file}: {}\n", layer.reach, flow(&explained.value))
    });
    expect.assert_eq(&lines.collect::<String>());
}

#[test]
fn every_layer_that_says_something_is_shown() {
    check(
        "vars.size",
        &expect![[r#"
             Base(ComponentName(base)) stacks/deploy/dev.yaml: 1
        wins Own stacks/deploy/dev.yaml: 2
    "#]],
    );
    check(
        "vars.tags",
        &expect![[r#"
             Global stacks/mixin.yaml: {team: "platform"}
        wins Global stacks/deploy/dev.yaml: {cost: 1}
        wins Base(ComponentName(base)) stacks/deploy/dev.yaml: {team: "network"}
    "#]],
    );
    check(
        "vars.tags.team",
        &expect![[r#"
             Global stacks/mixin.yaml: "platform"
        wins Base(ComponentName(base)) stacks/deploy/dev.yaml: "network"
    "#]],
    );
}

#[test]
fn an_appended_list_wins_beside_the_one_it_continues() {
    check(
        "vars.zones",
        &expect![[r#"
            wins Global stacks/mixin.yaml: ["a"]
            wins Global stacks/deploy/dev.yaml: {!append: ["b"]}
        "#]],
    );
}

#[test]
fn a_rendered_value_shows_its_template() {
    check(
        "vars.name",
        &expect![[r#"
                 Own stacks/deploy/dev.yaml: "vpc-{{ .vars.stage }}"
            wins Rendered -: "vpc-dev"
        "#]],
    );
}

#[test]
fn what_nobody_says_has_no_layers() {
    check("vars.none", &expect![[""]]);
}
