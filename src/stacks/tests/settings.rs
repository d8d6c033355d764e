//! `atmos.yaml` and what it imports.

use expect_test::expect;

use super::{check, resolved, snapshot};
use crate::diagnostic::Code;
use crate::model::question::Answers;
use crate::stacks::{Resolver, Selection, settings};

const DEV: &str = "--- stacks/deploy/dev.yaml
vars: {stage: dev}
components: {terraform: {vpc: {}}}
";

/// The settings of `files` as YAML in one line, and what is wrong with them.
fn merged(files: &str) -> String {
    let written = settings(&snapshot(files));
    let found = written.found.iter().map(|found| {
        format!("\n{:?} {} {}: {}", found.severity, found.code, found.span, found.message)
    });
    format!("{}{}", super::flow(&written.value), found.collect::<String>())
}

#[test]
fn a_file_wins_over_what_it_imports_and_later_imports_over_earlier_ones() {
    let files = "--- atmos.yaml
import: [config/b.yaml, config/a]
settings: {who: atmos, list: [0]}
--- atmos.d/z.yaml
settings: {d: 1, b: d, list: [d, d]}
--- .atmos.d/deep/z.yml
settings: {d: 2}
--- config/b.yaml
import: [config/below]
settings: {b: b, a: b, who: b}
--- config/below.yml
settings: {b: below, below: 1}
--- config/a.yaml
settings: {a: a}
--- config/a.yml
settings: {a: the second choice}
";
    expect![[r#"{settings: {d: 2, b: "b", list: [0], below: 1, a: "a", who: "atmos"}, import: ["config/b.yaml", "config/a"]}"#]].assert_eq(&merged(files));
}

#[test]
fn a_folder_and_a_glob_are_their_files_the_deeper_ones_later() {
    let files = "--- atmos.yaml
base_path: ./config
import: [all, 'more/*.yaml', ./one]
--- config/all/z.yaml
order: z
--- config/all/a/b.yaml
order: b
--- config/all/readme.md
order: no settings
--- config/more/m.yaml
more: m
--- config/more/deep/m.yaml
more: deeper than the glob
--- config/one.yaml
one: 1
";
    expect![[r#"{order: "b", more: "m", one: 1, base_path: "./config", import: ["all", "more/*.yaml", "./one"]}"#]].assert_eq(&merged(files));
}

#[test]
fn what_cannot_be_imported_is_said_at_its_place() {
    let files = "--- atmos.yaml
import:
  - config/none
  - ../outside.yaml
  - https://git.example.com/atmos.yaml
  - {path: config/a}
  - config/a
--- config/a.yaml
import: [config/b]
--- config/b.yaml
import: [config/a]
b: 1
";
    expect![[r#"
        {import: ["config/none", "../outside.yaml", "https://git.example.com/atmos.yaml", {path: "config/a"}, "config/a"], b: 1}
        Error import-form atmos.yaml:5:5: an import is a path
        Warning import-not-found atmos.yaml:2:5: `config/none` names no file
        Error import-not-found atmos.yaml:3:5: `../outside.yaml` leads out of the repository
        Error import-remote atmos.yaml:4:5: `https://git.example.com/atmos.yaml` is not in this repository, and settings have to be
        Error import-cycle config/b.yaml:1:10: files import each other: config/a.yaml -> config/b.yaml -> config/a.yaml"#]].assert_eq(&merged(files));
}

#[test]
fn settings_are_imported_ten_levels_deep_and_no_deeper() {
    let chain = |levels: usize| {
        let link = |at: usize| {
            let import =
                if at < levels { format!("import: [c/{}]\n", at + 1) } else { String::new() };
            format!("--- c/{at}.yaml\n{import}n{at}: 1\n")
        };
        let links: String = (1..=levels).map(link).collect();
        merged(&format!("--- atmos.yaml\nimport: [c/1]\n{links}"))
    };
    assert!(chain(10).contains("n10: 1") && !chain(10).contains("import-depth"));
    assert!(chain(11).contains("import-depth") && !chain(11).contains("n11: 1"));
}

#[test]
fn a_tree_is_read_as_imported_settings_say() {
    check(
        &format!(
            "--- atmos.yaml\nimport: [config/*.yaml]\nstacks: {{base_path: stacks}}\n\
             --- config/names.yaml\nstacks: {{included_paths: ['deploy/**'], base_path: elsewhere, \
             name_template: 'x-{{{{ .vars.stage }}}}'}}\n{DEV}"
        ),
        &expect![[r#"
            x-dev -> default
              terraform/vpc
                vars: {stage: "dev"}
        "#]],
    );
}

/// A file that comes to a folder of settings changes how everything is read.
#[test]
fn new_settings_are_seen_when_they_come() {
    let atmos = "--- atmos.yaml
import: [config/*.yaml]
stacks: {base_path: stacks, included_paths: ['deploy/**'], name_template: 'a-{{ .vars.stage }}'}
";
    let before = format!("{atmos}{DEV}");
    let after = format!("{before}--- config/x.yaml\nsettings: {{list_merge_strategy: odd}}\n");
    let mut resolver = Resolver::new(&snapshot(&before));
    resolver.resolve(&Selection::default(), &Answers::new());
    resolver.advance(&snapshot(&after));
    let advanced = resolver.resolve(&Selection::default(), &Answers::new());
    assert_eq!(super::shown(&advanced), super::shown(&resolved(&after)));
    assert!(super::shown(&advanced).contains("config/x.yaml:1:"), "{}", super::shown(&advanced));
}

#[test]
fn what_cannot_be_read_hides_no_settings() {
    let told = |gap: &str| -> String {
        let atmos = "--- atmos.yaml\nimport: ['config/*.yaml']\n";
        let found = settings(&snapshot(&format!("{atmos}{DEV}")).and_gap(gap)).found;
        let unread = found.iter().filter(|one| one.code == Code::FileUnreadable);
        unread.map(|one| format!("{} {}\n", one.span, one.message)).collect()
    };
    for gap in ["atmos.d", "atmos.d/team", ".atmos.d", "config", "config/team"] {
        let why = "cannot be read, and settings may be in it: the link leads out of the tree";
        assert_eq!(told(gap), format!("{gap}:1:1 {gap} {why}\n"));
    }
    for gap in ["atmos.dd", "configs", "components/web"] {
        assert_eq!(told(gap), "", "{gap}");
    }
}

/// Keys that only Atmos reads are nothing to us, and a misspelt one decides what a tree is.
#[test]
fn a_key_that_is_nearly_one_is_told() {
    let files = format!(
        "--- atmos.yaml
stakcs: {{}}
stacks: {{base_path: stacks, included_pathz: ['deploy/*'], name_templat: '{{{{ .vars.stage }}}}'}}
templates: {{settings: {{enable: true, env: {{A: b}}}}}}
commands: []
logs: {{level: Info}}
{DEV}"
    );
    let found = resolved(&files).desired.diagnostics;
    let said: Vec<_> = found
        .iter()
        .map(|found| format!("{} {}: {:?}", found.span, found.message, found.hint))
        .collect();
    expect![[r#"
        atmos.yaml:2:29 `included_pathz` means nothing in `stacks`: Some("did you mean `included_paths`?")
        atmos.yaml:2:59 `name_templat` means nothing in `stacks`: Some("did you mean `name_template`?")
        atmos.yaml:3:24 `enable` means nothing in `templates.settings`: Some("did you mean `enabled`?")"#]].assert_eq(&said.join("\n"));
}
