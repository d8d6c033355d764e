//! Each rule, broken once: a rule that nothing breaks may not be looking.

use super::files::File;
use super::{check, shape};

const HEADER: &str = "\
//! What it is for.
//!
//! Takes: a.
//! Gives: b.
//! Never: c.
//! Start at: d.
//! How to add: e.
";

/// A small repository that breaks no rule, with `path` holding `text`.
fn repository(path: &str, text: &str) -> Vec<File> {
    let mut files = vec![
        File::new("src/lib.rs", "pub mod ids;\npub mod world;\npub mod plan;\npub mod apply;\n"),
        File::new("src/ids.rs", "//! Names.\n"),
        File::new("src/world.rs", "use crate::ids::RunId;\n"),
        File::new("src/plan/mod.rs", format!("{HEADER}mod order;\nmod tests;\n")),
        File::new("src/plan/order.rs", "use crate::store::Lease;\nuse super::Plan;\n"),
        File::new("src/plan/tests.rs", "use crate::apply::run;\nuse std::fs;\n"),
        File::new("src/apply/mod.rs", format!("{HEADER}use crate::plan::{{self, Plan as P}};\n")),
        File::new("tests/it/main.rs", "mod stories;\n"),
        File::new("tests/it/stories.rs", "const ALL: &[&str] = &[\"drift-seen\"];\n"),
        File::new("tests/scenarios/drift-seen.txt", "# Drift is seen.\n"),
    ];
    files.retain(|file| file.path != path);
    files.push(File::new(path, text));
    files
}

/// What is found when `path` holds `text`: exactly one line and one sentence.
#[track_caller]
fn assert_found(path: &str, text: &str, line: usize, what: &str) {
    let findings = check(&repository(path, text));
    let [found] = findings.as_slice() else { panic!("one finding expected: {findings:?}") };
    assert_eq!((found.path.as_str(), found.line), (path, line), "{found}");
    assert!(found.what.contains(what), "{found}");
}

#[track_caller]
fn assert_clean(path: &str, text: &str) {
    assert_eq!(check(&repository(path, text)), []);
}

#[test]
fn a_tidy_repository_is_tidy() {
    assert_clean("README.md", "# Isobar\n");
}

#[test]
fn a_stage_that_imports_another() {
    let path = "src/plan/order.rs";
    assert_found(
        path,
        "//! Order.\nuse crate::stacks::load;\n",
        2,
        "`plan` may not import `crate::stacks::load`",
    );
    assert_found(
        path,
        "fn f() {\n    crate::store::journal::write();\n}\n",
        2,
        "`crate::store::journal",
    );
    assert_found(
        path,
        "use crate::{\n    ids::RunId,\n    forge::Forge,\n};\n",
        1,
        "`crate::forge::Forge`",
    );
    assert_found(path, "use crate::source::*;\n", 1, "`crate::source::*`");
    assert_found(path, "use crate::store::{Lease, open as o};\n", 1, "`crate::store::open`");
}

#[test]
fn a_pure_stage_that_imports_the_world() {
    assert_found("src/plan/order.rs", "use crate::world::Clock;\n", 1, "`crate::world::Clock`");
}

#[test]
fn a_lower_module_that_imports_a_higher_one() {
    assert_found("src/ids.rs", "use crate::world::Ids;\n", 1, "`ids` may not import");
    assert_found("src/world.rs", "use crate::store::Lease;\n", 1, "`world` may not import");
    assert_found("src/plan/order.rs", "use crate::apply::run;\n", 1, "`plan` may not import");
}

#[test]
fn a_way_around_the_table() {
    assert_found(
        "src/plan/order.rs",
        "use super::super::world::Clock;\n",
        1,
        "reaches the crate root",
    );
    assert_found("src/ids.rs", "use super::world::Clock;\n", 1, "reaches the crate root");
}

#[test]
fn comments_and_strings_import_nothing() {
    let text = "//! See [`crate::stacks`].\n/* crate::forge */\nconst A: &str = \"crate::forge\";\n\
                const B: &str = r#\"a \"quoted\" crate::forge\"#;\nconst C: (char, char) = ('\"', '\\'');\n";
    assert_clean("src/plan/order.rs", text);
    let text = format!("{text}use crate::forge::Forge;\n");
    assert_found("src/plan/order.rs", &text, 6, "`crate::forge::Forge`");
}

#[test]
fn a_pure_module_with_an_effect() {
    let path = "src/plan/order.rs";
    assert_found(path, "use std::fs;\n", 1, "`std::fs`");
    assert_found(path, "use std::{fmt, env::var};\n", 1, "`std::env::var`");
    assert_found(path, "\nasync fn f() {}\n", 2, "`async`");
    assert_found(path, "fn f() { tokio::spawn(g); }\n", 1, "`tokio::spawn`");
    assert_found(path, "fn f() -> std::time::Instant;\n", 1, "`std::time::Instant`");
}

#[test]
fn a_module_without_a_row() {
    assert_found(
        "src/lib.rs",
        "mod ids;\nmod world;\nmod plan;\nmod apply;\nmod extra;\n",
        5,
        "`extra`",
    );
}

#[test]
fn a_module_below_one_that_may_import_it() {
    assert_found(
        "src/lib.rs",
        "mod ids;\nmod world;\nmod apply;\nmod plan;\n",
        4,
        "`plan` stands below `apply`",
    );
}

#[test]
fn a_file_of_601_lines() {
    assert_clean("src/plan/order.rs", &"\n".repeat(600));
    assert_found("src/plan/order.rs", &"\n".repeat(601), 601, "601 lines");
    assert_found("src/plan/tests.rs", &"\n".repeat(601), 601, "601 lines");
}

#[test]
fn a_header_that_leaves_something_out() {
    for part in ["Takes:", "Gives:", "Never:", "Start at:", "How to add:"] {
        assert_found("src/apply/mod.rs", &HEADER.replace(part, ""), 1, part);
    }
    let long = |lines| format!("{HEADER}{}", "//! More.\n".repeat(lines - HEADER.lines().count()));
    assert_clean("src/apply/mod.rs", &long(20));
    assert_found("src/apply/mod.rs", &long(21), 1, "21 lines");
}

#[test]
fn a_name_that_says_nothing() {
    let path = "src/plan/order.rs";
    assert_found(path, "\nstruct PlanManager;\n", 2, "`manager`");
    assert_found(path, "pub(super) fn read_data() {}\n", 1, "`data`");
    assert_found(path, "mod inner_utils {}\n", 1, "`utils`");
    assert_clean(path, "struct Metadata;\nfn scored() {}\n// fn handler() {}\n");
    assert_clean("src/plan/tests.rs", "fn data_survives() {}\n");
    assert_found("tests/compile-fail/helpers.rs", "", 1, "`helpers`");
}

#[test]
fn work_that_is_left_over() {
    for word in super::words::UNFINISHED {
        assert_found("src/plan/order.rs", &format!("// {word}: later\n"), 1, word);
        assert_found("docs/style.md", &format!("\n{word} later\n"), 2, word);
    }
    assert_found("src/plan/order.rs", "fn f() {\n    todo!()\n}\n", 2, "`todo!`");
    assert_found("src/plan/order.rs", "fn f() { unimplemented!() }\n", 1, "`unimplemented!`");
}

#[test]
fn a_test_that_does_not_run_or_waits() {
    let path = "src/plan/tests.rs";
    assert_found(path, "#[test]\n#[ignore = \"slow\"]\nfn f() {}\n", 2, "ignored");
    assert_found(path, "fn f() {\n    std::thread::sleep(d);\n}\n", 2, "`std::thread::sleep`");
    assert_found(path, "use tokio::time::{pause, sleep};\n", 1, "`tokio::time::sleep`");
    assert_clean(path, "fn f() { clock.sleep(d); }\n");
}

#[test]
fn what_is_true_on_one_machine_only() {
    let home = format!("see /{}/me/notes\n", "home");
    assert_found("docs/style.md", &home, 1, "one machine");
    assert_found("scripts/check", &home, 1, "one machine");
    let host = format!("url = \"https://{}.crates.io\"\n", "index");
    assert_found("deny.toml", &host, 1, "registry");
    assert_clean("tests/golden/page.html", &home);
}

#[test]
fn a_file_that_nothing_leads_to() {
    assert_found("src/plan/lost.rs", "", 1, "`mod lost;`");
    assert_found("src/lost/mod.rs", HEADER, 1, "`mod lost;`");
    assert_found("tests/it/lost.rs", "", 1, "`mod lost;`");
    assert_found("scripts/xtask/src/lost.rs", "", 1, "`mod lost;`");
    assert_found("src/plan/order/tests.rs", "", 1, "`mod tests;`");
    assert_found("tests/scenarios/drift.txt", "# Drift.\n", 1, "scenario `drift`");
}

#[test]
fn an_error_without_a_page_and_a_page_without_an_error() {
    let files = repository("docs/errors/import-cycle.md", "# import-cycle\n");
    assert_eq!(shape::error_pages(&files, &["import-cycle"]), []);
    let found: Vec<_> =
        shape::error_pages(&files, &["yaml-key"]).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "docs/errors/yaml-key.md:1: this page is missing",
            "docs/errors/import-cycle.md:1: no error has this code",
        ]
    );
}
