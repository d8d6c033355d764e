//! What Atmos refuses to describe, and what it describes although nobody imports it.

use expect_test::{Expect, expect};

use super::{ATMOS, snapshot};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::question::Answers;
use crate::stacks::{Selection, resolve};

fn check(files: &str, expect: &Expect) {
    let selection = Selection { strict: true, unlinked: true, ..Selection::default() };
    let resolution = resolve(&snapshot(files), &selection, &Answers::new());
    let lines = resolution.tree.iter().map(|found| {
        let (span, message) = (&found.span, &found.message);
        format!("{}:{}:{} {message}\n", span.file, span.start.line, span.start.column)
    });
    expect.assert_eq(&lines.collect::<String>());
}

#[test]
fn keys_that_a_kind_does_not_know_are_refused() {
    check(
        &format!(
            "{ATMOS}--- stacks/deploy/dev.yaml
vars: {{stage: dev}}
own: 1
terraform: {{auth: {{}}, vars: {{}}}}
components:
  terraform:
    vpc:
      depends: []
      metadata: {{terraform_workspace_template: x, custom: {{any: 1}}}}
  kubernetes:
    apps: {{command: kubectl}}
  script:
    job: {{anything: 1}}
"
        ),
        &expect![[r#"
            stacks/deploy/dev.yaml:3:13 `auth` means nothing under `terraform`
            stacks/deploy/dev.yaml:7:7 `depends` means nothing in a terraform component
            stacks/deploy/dev.yaml:8:18 `terraform_workspace_template` means nothing in `metadata`
            stacks/deploy/dev.yaml:10:12 `command` means nothing in a kubernetes component
        "#]],
    );
}

#[test]
fn what_is_said_of_a_place_is_not_said_twice() {
    let files = format!(
        "{ATMOS}--- stacks/deploy/dev.yaml
vars: {{stage: dev}}
components: {{terraform: {{vpc: {{metdata: {{}}}}}}}}
--- stacks/deploy/prod.yaml
import: {{}}
"
    );
    let selection = Selection { strict: true, unlinked: true, ..Selection::default() };
    let found = resolve(&snapshot(&files), &selection, &Answers::new()).desired.diagnostics;
    let said: Vec<_> = found.iter().map(|f| (&*f.span.file, f.span.start.line, f.code)).collect();
    let (dev, prod) = ("stacks/deploy/dev.yaml", "stacks/deploy/prod.yaml");
    assert_eq!(said, [(dev, 2, Code::UnknownKey), (prod, 1, Code::ImportForm)]);
    assert!(found.iter().all(Diagnostic::is_error), "what is refused is no warning: {found:?}");
}

#[test]
fn values_of_another_shape_are_refused() {
    check(
        &format!(
            "{ATMOS}--- stacks/deploy/dev.yaml
vars: {{stage: dev}}
components:
  terraform:
    base: {{metadata: {{type: odd, enabled: 'yes'}}}}
    vpc:
      metadata: {{inherits: [base, base], labels: {{a: 1, b: !env B}}, tags: [1]}}
      settings: {{depends_on: {{1: vpc}}}}
"
        ),
        &expect![[r#"
            stacks/deploy/dev.yaml:4:29 `metadata.type` is `abstract` or `real`
            stacks/deploy/dev.yaml:4:43 `metadata.enabled` is true or false
            stacks/deploy/dev.yaml:7:34 an item of `settings.depends_on` must be a map
            stacks/deploy/dev.yaml:6:35 this base is named twice
            stacks/deploy/dev.yaml:6:54 a label must be a text
            stacks/deploy/dev.yaml:6:76 an item of `metadata.tags` must be a text
        "#]],
    );
}

#[test]
fn files_that_nobody_imports_are_looked_at() {
    let atmos = ATMOS.replace("stacks:\n", "stacks:\n  excluded_paths: ['**/_*']\n");
    check(
        &format!(
            "{atmos}--- stacks/deploy/dev.yaml
vars: {{stage: dev}}
components: {{terraform: {{vpc: {{}}}}}}
--- stacks/empty.yaml
--- stacks/comment.yaml
# nothing
--- stacks/_left.yaml
- a list
--- stacks/list.yaml
- a list
--- stacks/import.yaml
import:
"
        ),
        &expect![[r#"
            stacks/comment.yaml:1:1 a manifest must be a map
            stacks/import.yaml:1:7 `import` must be a list
            stacks/list.yaml:1:1 a manifest must be a map
        "#]],
    );
}

#[test]
fn a_repository_without_a_rule_for_names_is_refused() {
    check(
        "--- atmos.yaml
stacks: {base_path: stacks, included_paths: ['deploy/**/*']}
--- stacks/deploy/dev.yaml
components: {terraform: {vpc: {}}}
",
        &expect![[r#"
            atmos.yaml:1:1 nothing says how stacks are named
        "#]],
    );
}
