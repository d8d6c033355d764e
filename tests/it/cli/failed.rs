//! What comes of a command of which nothing comes, for people and for programs.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;
use tempfile::TempDir;

use super::process::{Ran, isobar};
use super::{example, git};
use crate::crash::oracle::rows;
use crate::crash::scene::Scene;

/// The document that a failed command prints, and nothing else.
fn told(ran: &Ran, code: i32) -> Json {
    assert_eq!(ran.code(), code, "{}", ran.said());
    assert_ne!(ran.stderr, "", "people are told too");
    let json: Json = serde_json::from_str(&ran.stdout).expect("one document");
    assert_eq!(json["version"], 1, "{json}");
    let keys: Vec<_> = json.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["version", "error", "diagnostics"], "{json}");
    json
}

#[test]
fn a_command_that_fails_says_so_to_programs_too() {
    let (_keep, repository) = example();
    let json = |words: &str| {
        let words = words.split(' ').map(str::to_owned);
        isobar(["--json"]).args(words).run(&repository)
    };
    let stack = "core-networking-us-west-2-transit-hub";
    for words in [
        "plan core-networking-us-west-2-transit-hubb",
        "apply nothing-like-it-* --local --yes",
        "explain core-networking-us-west-2-transit-hub/terraform/dnz",
        "describe component dnz -s core-networking-us-west-2-transit-hub",
        "list components -s core-networking-us-west-2-transit-hubb",
        "check --rev nowhere",
        "plan -C stacks",
    ] {
        let ran = json(words);
        let told = told(&ran, 1);
        let error = told["error"].as_str().expect("a text");
        assert!(ran.stderr.contains(error), "{words}: {error}: {}", ran.said());
        assert_eq!(told["diagnostics"], Json::Array(Vec::new()), "{words}");
    }

    let ran = json(&format!("describe component dns -s {stack} -q .vars|lenght"));
    let query = told(&ran, 1);
    assert_eq!(query["diagnostics"][0]["span"]["file"], "--query", "{query}");
    assert_eq!(query["error"], query["diagnostics"][0]["message"], "{query}");

    fs::write(repository.join("agent.yaml"), "lease: 1s\nstoree: x\n").expect("written");
    let settings = told(&json("status --settings agent.yaml"), 1);
    assert_eq!(settings["error"], "2 findings", "{settings}");
    let [lease, key] = [0, 1].map(|at| &settings["diagnostics"][at]);
    assert_eq!(lease["code"], "settings-invalid", "{settings}");
    assert_eq!(lease["span"]["start"]["line"], 1, "{settings}");
    assert_eq!(key["code"], "unknown-key", "{settings}");
    assert_eq!(key["hint"], "did you mean `store`?", "{settings}");

    let away = isobar(["status", "--json"]).with("ISOBAR_STORE", "postgres://n@127.0.0.1:1/none");
    told(&away.run(&repository), 75);
}

#[test]
fn a_command_line_that_is_none_says_so_to_programs_too() {
    let (_keep, repository) = example();
    let mistaken = told(&isobar(["aply", "--json"]).run(&repository), 1);
    let said = "unrecognized subcommand 'aply'\n\n  tip: a similar subcommand exists: 'apply'";
    assert_eq!(mistaken["error"], said);
    let bare = told(&isobar(["--json"]).run(&repository), 1);
    assert_eq!(bare["error"], "the command line names no command");

    // Help is no failure, and a mistake without `--json` is for people alone.
    let help = isobar(["--json", "--help"]).run(&repository);
    assert_eq!((help.code(), help.stderr.as_str()), (0, ""), "{}", help.said());
    assert!(!help.stdout.starts_with('{'), "{}", help.said());
    let ran = isobar(["aply"]).run(&repository);
    assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""), "{}", ran.said());
}

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
    let folder = two();
    let ran = isobar(["apply", "--local", "--yes"]).with("USER", "").run(folder.path());
    let said = "error: nobody says who you are: name yourself by --as\n";
    assert_eq!((ran.code(), ran.stderr.as_str()), (1, said), "{}", ran.said());
    let ran = isobar(["apply", "--as", "grace"]).run(folder.path());
    let said = "error: --as says who approves, and without --local nobody does\n";
    assert_eq!((ran.code(), ran.stderr.as_str()), (1, said), "{}", ran.said());
    let named = Scene::command(["approve", "--all", "--as", "grace", "--json"]).with("USER", "");
    let ran = named.run(scene.path());
    assert_eq!(ran.code(), 0, "{}", ran.said());
    let json: Json = serde_json::from_str(&ran.stdout).expect("one document");
    assert_eq!(json["by"], "grace", "{json}");
}

fn run_in(folder: &Path, words: &str) -> Ran {
    isobar([]).args(words.split(' ').map(str::to_owned)).run(folder)
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
    let run = |words: &str| run_in(folder.path(), words);
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
fn a_plan_shows_what_would_become_of_a_stack_that_is_gone() {
    let folder = two();
    let run = |words: &str| run_in(folder.path(), words);
    let ran = run("apply --local --yes");
    assert_eq!(ran.code(), 0, "{}", ran.said());
    let kept = fs::read_to_string(folder.path().join("stacks/dev.yaml")).expect("a stack");
    fs::remove_file(folder.path().join("stacks/dev.yaml")).expect("it was there");
    write(folder.path(), "stacks/next.yaml", &kept.replace("stage: dev", "stage: next"));
    for (words, deletes, creates) in [("plan", true, true), ("plan dev", true, false)] {
        let ran = run(words);
        assert_eq!(ran.stdout.contains("- delete dev/"), deletes, "{words}: {}", ran.said());
        assert_eq!(ran.stdout.contains("+ create next/"), creates, "{words}: {}", ran.said());
    }
    let ran = run("plan dve");
    assert!(ran.code() == 1 && ran.stderr.contains("did you mean `dev`?"), "{}", ran.said());
}

/// What a plan of a folder is held by is cleared by the command it names.
#[test]
fn whoever_applies_a_folder_approves_it_and_what_goes() {
    let folder = two();
    let run = |words: &str| run_in(folder.path(), words);
    let stack = |names: &str| {
        let components = names.chars().map(|name| format!("    {name}: {{vars: {{size: 1}}}}\n"));
        let text = "vars: {stage: dev}\ncomponents:\n  terraform:\n".to_owned();
        write(folder.path(), "stacks/dev.yaml", &(text + &components.collect::<String>()));
    };
    for name in ["a", "b", "c", "d", "e"] {
        let code = format!("components/terraform/{name}/main.tf");
        write(folder.path(), &code, "variable \"size\" {}\n");
    }
    stack("abcde");
    let ran = run("apply --local --yes");
    assert_eq!(ran.code(), 0, "{}", ran.said());
    stack("a");
    let ran = run("apply --local --yes --json");
    assert_eq!(ran.code(), 3, "{}", ran.said());
    let json: Json = serde_json::from_str(&ran.stdout).expect("one document");
    let plan = &json["waiting"]["stacks"][0];
    let command = plan["holds"][0]["command"].as_str().expect("a command");
    let words = command.strip_prefix("isobar ").expect("ours");
    assert!(words.starts_with("apply --local dev --allow-delete "), "{command}");

    let digest = plan["digest"].as_str().expect("a digest");
    let ran = run(&format!("approve dev {digest}"));
    let said = "error: this is the plan of a folder as it stands, which whoever applies it \
                approves: `isobar apply --local dev`\n";
    assert_eq!((ran.code(), ran.stderr.as_str()), (1, said), "{}", ran.said());
    let ran = run("approve --all --json");
    let json: Json = serde_json::from_str(&ran.stdout).expect("one document");
    assert_eq!(json["approved"], serde_json::json!([]), "{json}");

    let ran = run(&format!("{words} --yes"));
    assert_eq!(ran.code(), 0, "{}", ran.said());
    assert_eq!(run("plan --detailed-exitcode").code(), 0);
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

#[test]
fn a_component_that_its_stack_keeps_away_is_told_so() {
    let folder = two();
    let explain = |id: &str| isobar(["explain", id]).run(folder.path()).stderr;
    let last = |said: &str| said.lines().last().unwrap_or_default().to_owned();
    write(folder.path(), "stacks/prod.yaml", "vars: {stage: prod}\ncomponents:\n  terraform: [\n");
    assert_eq!(
        last(&explain("prod/helm/some")),
        "error: there is no component `prod/helm/some`, unless its stack is in what cannot be \
         read: `stacks/prod.yaml`"
    );
    // Nothing is wrong with its stack.
    let said = explain("dev/terraform/on");
    assert_eq!(
        last(&said),
        "error: there is no component `dev/terraform/on`; did you mean `dev/terraform/one`?"
    );
    put(folder.path(), 1, ", metadata: {inherits: [none]}");
    assert_eq!(
        last(&explain("dev/terraform/two")),
        "error: `dev/terraform/two` cannot be resolved: what is wrong with it is above"
    );
    assert_eq!(
        last(&explain("dev/helm/some")),
        "error: there is no component `dev/helm/some`: its stack has 1 mistake, which may keep it \
         away"
    );
}
