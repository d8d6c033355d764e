//! Which manifests are stacks, and paths that lead to none.

use expect_test::{Expect, expect};

use super::{resolved, snapshot};
use crate::model::question::Answers;
use crate::stacks::{Resolution, Resolver, Selection, resolve};

const DEV: &str = "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components: {terraform: {vpc: {}}}
--- stacks/readme.md
No manifest.
";

/// The stacks, the findings, and what leaves it open which stacks there are.
fn told(resolution: &Resolution) -> String {
    let desired = &resolution.desired;
    let found = desired.diagnostics.iter().map(|found| {
        let hint = found.hint.as_deref().unwrap_or(found.code.hint());
        let (severity, code, at) = (found.severity, found.code, &found.span);
        format!("{severity:?} {code} {at}: {}\n  {hint}\n", found.message)
    });
    let names: Vec<_> = desired.stacks.keys().map(ToString::to_string).collect();
    let open = desired.unsettled.iter().map(|why| format!("open: {why}\n"));
    assert_eq!(desired.has_all_stacks(), desired.unsettled.is_empty());
    format!(
        "stacks: {}\n{}{}",
        names.join(", "),
        found.collect::<String>(),
        open.collect::<String>()
    )
}

fn check(settings: &str, expect: &Expect) {
    let told = told(&resolved(&format!("--- atmos.yaml\n{settings}\n{DEV}")));
    expect.assert_eq(&told);
}

#[test]
fn a_folder_without_manifests_is_no_empty_wish() {
    check(
        "stacks: {base_path: stack}",
        &expect![[r#"
        stacks: 
        Error stack-none atmos.yaml:1:21: there is no manifest in the folder `stack`
          did you mean `stacks`?
        open: the stacks that `atmos.yaml:1` is about
    "#]],
    );
    check(
        "stacks: {base_path: nothing/like/it}",
        &expect![[r#"
        stacks: 
        Error stack-none atmos.yaml:1:21: there is no manifest in the folder `nothing/like/it`
          mend the path; until then nothing counts as gone
        open: the stacks that `atmos.yaml:1` is about
    "#]],
    );
    check(
        "base_path: deeper",
        &expect![[r#"
        stacks: 
        Error stack-none atmos.yaml:1:12: there is no manifest in the folder `deeper/stacks`
          mend the path; until then nothing counts as gone
        open: the stacks that `atmos.yaml:1` is about
    "#]],
    );
}

#[test]
fn what_cannot_be_read_hides_no_stack() {
    let resolved = |gap| {
        let tree = snapshot(&format!("--- atmos.yaml\nstacks: {{base_path: stacks}}\n{DEV}"));
        resolve(&tree.and_gap(gap), &Selection::default(), &Answers::new())
    };
    let told = |gap| told(&resolved(gap));
    expect![[r#"
        stacks: deploy/dev
        Error file-unreadable stacks/deploy/eu:1:1: stacks/deploy/eu cannot be read: the link leads out of the tree
          manifests may be in it: put them into this repository, or take it out
        open: the stacks that `stacks/deploy/eu:1` is about
    "#]]
    .assert_eq(&told("stacks/deploy/eu"));
    let one = resolved("stacks/deploy/eu.yaml").desired;
    let found: Vec<_> = one.diagnostics.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(found, ["stacks/deploy/eu.yaml cannot be read: the link leads out of the tree"]);
    assert!(!one.has_all_stacks());
    expect![[r#"
        stacks: 
        Error file-unreadable stacks:1:1: stacks cannot be read: the link leads out of the tree
          manifests may be in it: put them into this repository, or take it out
        Error file-unreadable stacks/deploy/dev.yaml:1:1: stacks cannot be read: the link leads out of the tree
          let it lead to a file of this repository, or take it out
        open: the stacks that `stacks:1` is about
    "#]]
    .assert_eq(&told("stacks"));
    // What no manifest is read from is nobody's trouble.
    assert!(!told("components/terraform/vpc/old").contains("Error"));
}

#[test]
fn patterns_that_leave_nothing_are_an_error() {
    check(
        "stacks: {base_path: stacks, included_paths: ['live/**/*']}",
        &expect![[r#"
        stacks: 
        Error stack-none atmos.yaml:1:46: no manifest in `stacks` fits `live/**/*`
          mend the path; until then nothing counts as gone
        open: the stacks that `atmos.yaml:1` is about
    "#]],
    );
    check(
        "stacks: {base_path: stacks, excluded_paths: ['x/*', '**/*']}",
        &expect![[r#"
        stacks: 
        Error stack-none atmos.yaml:1:46: every manifest that is included is excluded again
          mend the path; until then nothing counts as gone
        open: the stacks that `atmos.yaml:1` is about
    "#]],
    );
}

#[test]
fn a_pattern_among_others_that_names_nothing_is_odd() {
    let odd = "stacks: {base_path: stacks, included_paths: ['deploy/**/*', 'live/**/*']}";
    check(
        odd,
        &expect![[r#"
        stacks: deploy/dev
        Warning stack-none atmos.yaml:1:61: no manifest fits `live/**/*`
          mend the pattern, or take it out; until then nothing counts as gone
        open: the stacks that `atmos.yaml:1` is about
    "#]],
    );
    // What is excluded is there.
    let well =
        "stacks: {base_path: stacks, included_paths: ['deploy/*'], excluded_paths: ['no/*']}";
    check(
        well,
        &expect![[r#"
        stacks: deploy/dev
    "#]],
    );
    let all =
        "stacks: {base_path: stacks, included_paths: ['deploy/dev.yaml', '**/*', 'deploy/*']}";
    check(
        all,
        &expect![[r#"
        stacks: deploy/dev
    "#]],
    );
}

#[test]
fn settings_that_cannot_be_read_lead_nowhere() {
    check(
        "stacks: {base_path: ../stacks}",
        &expect![[r#"
        stacks: 
        Error settings-invalid atmos.yaml:1:21: this must be a folder inside the repository
          the reference of the settings has every key and what it may be
        open: `atmos.yaml` without a mistake
    "#]],
    );
    check(
        "stacks: {base_path: [",
        &expect![[r#"
        stacks: 
        Error yaml-syntax atmos.yaml:1:21: unclosed bracket '['
          close the list with `]`, or quote the value if `[` is meant as text
        open: `atmos.yaml` without a mistake
    "#]],
    );
}

#[test]
fn calls_do_not_decide_how_a_tree_is_read() {
    let settings = "\
base_path: !repo-root
stacks:
  base_path: !env STACKS_DIR stacks
  included_paths: [!exec 'echo deploy/*']
  name_template: !literal '{{ .vars.stage }}'
components:
  terraform: {base_path: !env CODE, command: !env TOFU, apply_auto_approve: !env YES}
templates: {settings: {enabled: !!bool true, gomplate: {datasources: {a: {url: !env WHERE}}}}}
logs: {level: !env LEVEL}
env: {HOME: !env HOME}";
    check(
        settings,
        &expect![[r#"
        stacks: 
        Error function-refused atmos.yaml:3:19: `!env` is not called here: it decides how the tree is read
          write what it comes to
        Error function-refused atmos.yaml:4:26: `!exec` is not called here: it decides how the tree is read
          write what it comes to
        Error function-refused atmos.yaml:7:31: `!env` is not called here: it decides how the tree is read
          write what it comes to
        Error function-refused atmos.yaml:8:85: `!env` is not called here: it decides how the tree is read
          write what it comes to
        open: `atmos.yaml` without a mistake
    "#]],
    );
}

/// What leads nowhere is looked at again with every snapshot in which files come or go.
#[test]
fn a_path_may_lead_somewhere_later() {
    let settings =
        "--- atmos.yaml\nstacks: {base_path: stacks, included_paths: ['deploy/*', 'live/*']}\n";
    let before = format!("{settings}{DEV}");
    let after = format!(
        "{before}--- stacks/live/prod.yaml\nvars: {{}}\ncomponents: {{helm: {{web: {{}}}}}}\n"
    );
    let mut resolver = Resolver::new(&snapshot(&before));
    for (files, open) in [(&before, true), (&after, false), (&before, true)] {
        resolver.advance(&snapshot(files));
        let advanced = resolver.resolve(&Selection::default(), &Answers::new());
        assert_eq!(advanced.desired.has_all_stacks(), !open);
        assert_eq!(told(&advanced), told(&resolved(files)));
    }
}
