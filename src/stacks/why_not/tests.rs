use expect_test::{Expect, expect};

use crate::model::path::FieldPath;
use crate::stacks::tests::{ATMOS, resolved, snapshot};

const FILES: &str = "--- stacks/mixins/region.yaml
vars: {region: eu, zones: 3}
--- stacks/mixins/quiet.yaml
settings: {note: nothing about regions}
--- stacks/mixins/other.yaml
vars: {region: us}
--- stacks/deploy/dev.yaml
import: [mixins/region, mixins/quiet]
vars: {stage: dev}
components:
  terraform:
    vpc: {vars: {region: eu2}}
    dns: {}
--- stacks/deploy/prod.yaml
import: [mixins/other]
vars: {stage: prod, cidr: 10.0.0.0/8, image: ghcr.io/acme/shop:1}
components: {terraform: {vpc: {}}}
";

fn check(path: &str, asked: &str, expected: &Expect) {
    let files = format!("{ATMOS}{FILES}");
    let desired = resolved(&files).desired;
    let vpc = desired.components().find(|c| c.id.to_string() == "dev/terraform/vpc");
    let path = FieldPath::parse(path).expect("a path");
    let found = super::why_not(&snapshot(&files), &desired, vpc.expect("resolved"), &path, asked);
    let lines = found.iter().map(|why| format!("{why:?}\n"));
    expected.assert_eq(&lines.collect::<String>());
}

#[test]
fn a_file_says_it_and_loses_or_does_not_say_it_or_does_not_reach() {
    check(
        "vars.region",
        "stacks/mixins/region.yaml",
        &expect![[r#"
        Lost { said: Explained { layer: 1, value: raw("eu"), wins: false }, to: Some(Explained { layer: 3, value: raw("eu2"), wins: true }) }
    "#]],
    );
    check(
        "vars.region",
        "mixins/quiet",
        &expect![[r#"
        Silent("stacks/mixins/quiet.yaml")
    "#]],
    );
    check(
        "vars.region",
        "mixins/other",
        &expect![[r#"
        NotImported { file: "stacks/mixins/other.yaml", by: [StackName(prod)] }
    "#]],
    );
    check(
        "vars.region",
        "mixins/othr.yaml",
        &expect![[r#"
            NoFile { file: "mixins/othr.yaml", closest: Some("mixins/other.yaml") }
        "#]],
    );
    check(
        "vars.zones",
        "mixins/region",
        &expect![[r#"
        Wins(Explained { layer: 1, value: raw("3"), wins: true })
    "#]],
    );
}

#[test]
fn a_value_is_said_and_loses_or_is_had_elsewhere() {
    check(
        "vars.region",
        "eu",
        &expect![[r#"
        Lost { said: Explained { layer: 1, value: raw("eu"), wins: false }, to: Some(Explained { layer: 3, value: raw("eu2"), wins: true }) }
    "#]],
    );
    check(
        "vars.region",
        "eu2",
        &expect![[r#"
        Wins(Explained { layer: 3, value: raw("eu2"), wins: true })
    "#]],
    );
    check(
        "vars.region",
        "us",
        &expect![[r#"
        NotSaid { value: raw("us"), elsewhere: [ComponentId { stack: StackName(prod), kind: KindName(terraform), name: ComponentName(vpc) }] }
    "#]],
    );
    check(
        "vars.zones",
        "3",
        &expect![[r#"
        Wins(Explained { layer: 1, value: raw("3"), wins: true })
    "#]],
    );
    check(
        "vars.zones",
        "mars",
        &expect![[r#"
        NotSaid { value: raw("mars"), elsewhere: [] }
    "#]],
    );
}

#[test]
fn a_value_with_slashes_is_no_file() {
    check(
        "vars.cidr",
        "10.0.0.0/8",
        &expect![[r#"
        NotSaid { value: raw("10.0.0.0/8"), elsewhere: [ComponentId { stack: StackName(prod), kind: KindName(terraform), name: ComponentName(vpc) }] }
    "#]],
    );
    check(
        "vars.image",
        "ghcr.io/acme/shop:1",
        &expect![[r#"
        NotSaid { value: raw("ghcr.io/acme/shop:1"), elsewhere: [ComponentId { stack: StackName(prod), kind: KindName(terraform), name: ComponentName(vpc) }] }
    "#]],
    );
    // A folder that is there, and not the file in it.
    check(
        "vars.region",
        "mixins/othr",
        &expect![[r#"
        NoFile { file: "mixins/othr", closest: None }
    "#]],
    );
    check(
        "vars.region",
        "stacks/mixins/othr",
        &expect![[r#"
        NoFile { file: "stacks/mixins/othr", closest: Some("stacks/mixins/other.yaml") }
    "#]],
    );
}

#[test]
fn as_many_others_are_named_as_may_be() {
    for more in [0, 1] {
        let stacks = super::ELSEWHERE_MAX + more;
        let stack = |at| {
            format!(
                "--- stacks/deploy/s{at}.yaml\nvars: {{stage: s{at}, x: there}}\ncomponents: {{terraform: {{vpc: {{}}}}}}\n"
            )
        };
        let others: String = (0..stacks).map(stack).collect();
        let files = format!("{ATMOS}{FILES}{others}");
        let desired = resolved(&files).desired;
        let vpc = desired.components().find(|c| c.id.to_string() == "dev/terraform/vpc");
        let path = FieldPath::parse("vars.x").expect("a path");
        let found = super::why_not(&snapshot(&files), &desired, vpc.expect("it"), &path, "there");
        let [super::WhyNot::NotSaid { elsewhere, .. }] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(elsewhere.len(), super::ELSEWHERE_MAX);
    }
}
