//! What comes of a command of which nothing comes, for people and for programs.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;
use tempfile::TempDir;

use super::git;
use super::process::isobar;
use crate::crash::oracle::rows;
use crate::crash::scene::Scene;

#[test]
fn who_approves_is_somebody() {
    let scene = Scene::new(None);
    scene.run(["apply"]);
    for words in [&["approve", "--all"][..], &["acknowledge"], &["pull", "comment", "1", "Why?"]] {
        let words = words.iter().map(|&word| word.to_owned());
        let ran = Scene::command([]).args(words).with("USER", "").run(scene.path());
        let said = "error: nobody says who you are: name yourself by --as\n";
        assert_eq!((ran.code(), ran.stderr.as_str()), (1, said), "{}", ran.said());
    }
    let named = Scene::command(["approve", "--all", "--as", "grace", "--json"]).with("USER", "");
    let ran = named.run(scene.path());
    assert_eq!(ran.code(), 0, "{}", ran.said());
    let json: Json = serde_json::from_str(&ran.stdout).expect("one document");
    assert_eq!(json["by"], "grace", "{json}");
}

/// A repository with a stack of two components, the first of them locked.
fn two() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let atmos = "stacks: {base_path: stacks, name_template: '{{ .vars.stage }}'}\n";
    write(folder.path(), "atmos.yaml", atmos);
    let isobar = "version: 1\nreview: {approvals: 1}\nstacks: [{match: '*', manage: propose}]\n";
    write(folder.path(), "isobar.yaml", isobar);
    for name in ["one", "two"] {
        let code = format!("components/terraform/{name}/main.tf");
        write(folder.path(), &code, "variable \"size\" {}\n");
    }
    put(folder.path(), 1, "");
    folder
}

/// The stack, with `settings` of the second component.
fn put(folder: &Path, size: u32, settings: &str) {
    let vars = format!("vars: {{size: {size}}}");
    let stack = format!(
        "vars: {{stage: dev}}\ncomponents:\n  terraform:\n    one: {{{vars}, {}}}\n    two: {{{vars}{settings}}}\n",
        "metadata: {locked: true}"
    );
    write(folder, "stacks/dev.yaml", &stack);
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

#[test]
fn what_is_only_shown_is_no_reason_to_end_as_held() {
    let folder = two();
    let run = |words: &str| {
        let words = words.split(' ').map(str::to_owned);
        isobar([]).args(words).run(folder.path())
    };
    let ends = |words: &str, code: i32| {
        let ran = run(words);
        assert_eq!(ran.code(), code, "{words}: {}", ran.said());
        ran
    };
    // Somebody has to say yes to `two`, and nobody is there.
    let ran = ends("apply --local", 1);
    assert!(ran.stderr.ends_with("approve with --yes\n"), "{}", ran.said());
    ends("status", 3);
    ends("apply --local --yes", 0);
    // `one` is not there, and nobody wants that changed.
    let ran = ends("apply --local", 0);
    assert!(ran.stdout.contains("locked"), "it is listed: {}", ran.said());
    let ran = ends("status", 0);
    assert!(ran.stdout.contains("observed"), "{}", ran.said());
    ends("plan --detailed-exitcode", 2);

    let approvals = |folder: &Path| {
        let store = format!("sqlite:{}", folder.join(".isobar/isobar.db").display());
        rows(&store, "SELECT actor FROM approval")
    };
    assert_eq!(approvals(folder.path()), [["ada"]]);
    // A yes to nothing is none.
    let observed = two();
    fs::remove_file(observed.path().join("isobar.yaml")).expect("it was there");
    let ran = isobar(["apply", "--local", "--yes"]).run(observed.path());
    assert_eq!(ran.code(), 0, "{}", ran.said());
    assert_eq!(approvals(observed.path()), Vec::<Vec<String>>::new());

    // What depends on it waits for what is not going to come.
    put(folder.path(), 2, ", settings: {depends_on: {1: {component: one}}}");
    ends("apply --local --yes", 3);
    ends("status", 3);
}

#[test]
fn a_branch_of_any_name_is_followed_without_settings() {
    for (first, followed) in [("trunk", "trunk"), ("master", "master")] {
        let folder = two();
        git(folder.path(), &["init", "--quiet", "--initial-branch", first]);
        git(folder.path(), &["add", "."]);
        git(folder.path(), &["commit", "--quiet", "--message", "First"]);
        if first == "master" {
            // Where people work for now is not what the repository is about.
            git(folder.path(), &["switch", "--quiet", "--create", "change"]);
            put(folder.path(), 2, "");
            git(folder.path(), &["commit", "--quiet", "--all", "--message", "Second"]);
        }
        let ran = isobar(["apply", "--json"]).run(folder.path());
        assert_eq!(ran.code(), 3, "{}", ran.said());
        let json: Json = serde_json::from_str(&ran.stdout).expect("one document");
        let tip = fs::read_to_string(folder.path().join(".git/refs/heads").join(followed));
        let revision = json["waiting"]["stacks"][0]["revision"].to_string();
        assert!(revision.contains(tip.expect("a branch").trim()), "{revision}");
    }
}
