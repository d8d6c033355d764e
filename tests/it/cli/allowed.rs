//! What a repository may ask of an agent: what the agent's settings say, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use isobar::ids::{Actor, CommitId};
use isobar::source::write::{self, Author};

use super::process::{Ran, isobar};

const AGENT: &str = "agent: tester
store: sqlite:isobar.db
cache: cache
targets_folder: targets
repositories:
  config: { url: config.git, forge: local, interval: 1s }
forges:
  local: { local: { path: forge } }
";

const FILES: &[(&str, &str)] = &[
    ("atmos.yaml", "stacks: { base_path: stacks, name_template: '{{ .vars.stage }}' }\n"),
    ("isobar.yaml", "version: 1\nreview: none\nstacks: [{ match: '*', manage: correct }]\n"),
    ("components/terraform/net/main.tf", "variable \"region\" {}\nvariable \"made\" {}\n"),
    (
        "stacks/dev.yaml",
        "vars: { stage: dev }
settings: { reconcile: { target: dev } }
components:
  terraform:
    net: { vars: { region: !env REGION, made: !exec echo from $REGION$TOKEN } }
",
    ),
];

/// A commit on `branch` with these files.
fn commit(folder: &Path, branch: &str, parent: Option<&CommitId>) -> CommitId {
    let git = folder.join("config.git");
    let ada = Actor::new("ada").expect("a name");
    let at = "2026-01-02T03:04:05Z".parse().expect("a time");
    let author = Author { actor: &ada, at, message: "a change" };
    let file = |(path, text): &(&str, &str)| ((*path).to_owned(), Some(text.as_bytes().to_vec()));
    let files: BTreeMap<_, _> = FILES.iter().map(file).collect();
    write::commit(&git, branch, parent, &files, &author).expect("a commit");
    write::branch_tip(&git, branch).expect("a repository").expect("a tip")
}

/// Applies what the branch says, with these variables beside those of the agent.
fn apply(folder: &Path, settings: &[(&str, &str)]) -> Ran {
    let mut command = isobar(["apply"]).with("ISOBAR_SETTINGS", "agent.yaml");
    for (name, value) in [("REGION", "eu"), ("TOKEN", "secret")].iter().chain(settings) {
        command = command.with(name, value);
    }
    command.run(folder)
}

const ENV: &str = "ISOBAR_REPOSITORIES__CONFIG__ALLOW__ENV";
const EXEC: &str = "ISOBAR_REPOSITORIES__CONFIG__ALLOW__EXEC";

#[test]
fn an_agent_answers_what_its_settings_allow() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::write(folder.join("agent.yaml"), AGENT).expect("a file");
    write::init(&folder.join("config.git")).expect("a repository");
    commit(folder, "main", None);
    let applied = folder.join("targets/dev/dev/terraform/net/dev-net.terraform.tfvars.json");

    let refused = |settings: &[(&str, &str)], what: &str| {
        let ran = apply(folder, settings);
        let said = format!("Invalid: {what} in the configuration\n");
        assert!(ran.stdout.contains(&said), "{settings:?}: {}", ran.said());
        assert!(!applied.exists(), "{settings:?}");
    };
    refused(&[], "2 errors");
    refused(&[(ENV, "[REGION]")], "1 error");
    refused(&[(ENV, "[REGION]"), (EXEC, "[echo from $REGION]")], "1 error");
    refused(&[(EXEC, "[echo from $REGION$TOKEN]")], "1 error");

    let ran = apply(folder, &[(ENV, "[REGION]"), (EXEC, "[echo from $REGION$TOKEN]")]);
    assert_eq!(ran.code(), 0, "{}", ran.said());
    let text = fs::read_to_string(&applied).expect("it is applied");
    assert!(text.contains("\"region\": \"eu\""), "{text}");
    assert!(text.contains("from eu\\n") && !text.contains("secret"), "{text}");
}
