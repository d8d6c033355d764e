//! What scripts say to Atmos, said to Isobar: options and variables about how a tree is read, and which
//! commands of a tree are run for who looks at it.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::git;
use super::process::isobar;
use super::session::Session;

/// Settings that are not at the root, over a tree that is not there either.
const FILES: &[(&str, &str)] = &[
    (
        "conf/atmos.yaml",
        "base_path: infra\nstacks: {base_path: stacks, name_template: '{{ .vars.stage }}'}\n",
    ),
    ("conf/more.yaml", "stacks: {excluded_paths: ['prod*']}\n"),
    ("infra/stacks/dev.yaml", STACK),
    ("infra/stacks/prod.yaml", "vars: {stage: prod}\ncomponents: {terraform: {vpc: {}}}\n"),
    ("other/stacks/dev.yaml", "vars: {stage: else}\ncomponents: {terraform: {vpc: {}}}\n"),
    ("other/deploy/test.yaml", "vars: {stage: test}\ncomponents: {terraform: {vpc: {}}}\n"),
    ("infra/strict.json", "{\"required\": [\"locals\"]}\n"),
];

const STACK: &str = "vars: {stage: dev}
components:
  terraform:
    vpc/defaults: {metadata: {type: abstract}}
    vpc: {metadata: {inherits: [vpc/defaults], locked: true}}
    db: {metadata: {enabled: false}}
";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    files.iter().for_each(|(path, text)| write(folder.path(), path, text));
    folder
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

#[test]
fn a_script_says_how_a_tree_is_read() {
    let folder = folder(FILES);
    let mut session = Session::in_folder(folder.path());
    for line in [
        "list stacks",
        "list stacks --config-path conf",
        "list stacks --config conf/atmos.yaml,conf/more.yaml",
        "--base-path other list stacks --config conf/atmos.yaml",
        "list stacks --config conf/atmos.yaml --base-path ../out",
        "list stacks --config-path none",
        "plan --config-path conf",
        "describe config --config-path conf --base-path other",
        "list components --config-path conf --type abstract",
        "list components --config-path conf --type all --format csv",
        "list components --config-path conf --enabled=false",
        "list components --config-path conf --type real --locked",
        "list components --config-path conf --type some",
        "validate component vpc -s dev --config-path conf --timeout 5",
        "validate stacks --config-path conf",
        "validate stacks --config-path conf --schemas-atmos-manifest strict.json",
        "describe affected --config-path conf --include-spacelift-admin-stacks",
        "describe component vpc -s dev --config-path conf --provenance",
        "describe component vpc -s dev --config-path conf --provenance=false --query .vars.stage",
        "list components --config-path conf --abstract=false",
        "describe stacks --config-path conf --include-empty-stacks=false --sections none",
    ] {
        session.run(line);
    }
    session.is("moved");
}

#[test]
fn so_do_its_variables() {
    let folder = folder(FILES);
    let stacks = |variables: &[(&str, &str)], line: &str| {
        let mut command = isobar([]).args(line.split(' ').map(str::to_owned));
        for (name, value) in variables {
            command = command.with(name, value);
        }
        let ran = command.run(folder.path());
        (ran.code(), ran.stdout)
    };
    let whole = |path: &str| folder.path().join(path).display().to_string();
    let (conf, other) = (whole("conf"), whole("other"));
    let conf = ("ATMOS_CLI_CONFIG_PATH", conf.as_str());
    let is = |code: i32, text: &str| (code, text.to_owned());
    assert_eq!(stacks(&[conf], "list stacks"), is(0, "dev\nprod\n"));
    let base = ("ATMOS_BASE_PATH", other.as_str());
    assert_eq!(stacks(&[conf, base], "list stacks"), is(0, "else\n"));
    assert_eq!(stacks(&[conf, base], "list stacks --base-path infra"), is(0, "dev\nprod\n"));
    let deploy = ("ATMOS_STACKS_BASE_PATH", "deploy");
    assert_eq!(stacks(&[conf, base, deploy], "list stacks"), is(0, "test\n"));
    let without = ("ATMOS_STACKS_EXCLUDED_PATHS", "dev*, none");
    assert_eq!(stacks(&[conf, without], "list stacks"), is(0, "prod\n"));
    let named = ("ATMOS_STACKS_NAME_TEMPLATE", "{{ .vars.stage }}-x");
    assert_eq!(stacks(&[conf, named], "list stacks"), is(0, "dev-x\nprod-x\n"));
    assert_eq!(stacks(&[("ATMOS_BASE_PATH", "/")], "list stacks").0, 1);
    // What is planned and applied is read as an agent reads it.
    write(folder.path(), "atmos.yaml", "stacks: {base_path: infra/stacks}\n");
    let own = stacks(&[], "check --json");
    assert!(own.1.contains("stacks/dev.yaml"), "{}", own.1);
    assert_eq!(stacks(&[conf, base], "check --json"), own);
}

/// The command of a commit that is not checked out is the text that it is.
#[test]
fn who_looks_at_another_commit_runs_nothing_of_it() {
    let settings = "stacks: {base_path: stacks, name_template: '{{ .vars.stage }}'}\n";
    let stack = |command: &str, cidr: u8| {
        format!(
            "vars: {{stage: dev}}\ncomponents:\n  terraform:\n    vpc:\n      vars:\n        \
             ran: !exec {command}\n        cidr: {cidr}\n"
        )
    };
    let first = stack("echo first >> ran.txt", 1);
    let main = ("components/terraform/vpc/main.tf", "# A module.\n");
    let folder = folder(&[("atmos.yaml", settings), ("stacks/dev.yaml", &first), main]);
    let at = folder.path();
    git(at, &["init", "--quiet", "--initial-branch", "main"]);
    git(at, &["add", "."]);
    git(at, &["commit", "--quiet", "--message", "First"]);
    write(at, "stacks/dev.yaml", &stack("echo first >> ran.txt", 2));
    git(at, &["commit", "--quiet", "--all", "--message", "Second"]);
    let run = |line: &str| {
        let ran = isobar([]).args(line.split(' ').map(str::to_owned)).run(at);
        (ran.code(), ran.stdout)
    };
    let has_run = || fs::remove_file(at.join("ran.txt")).is_ok();

    let (code, said) = run("describe component vpc -s dev --rev HEAD~1 -q .vars -f json");
    assert_eq!((code, has_run()), (0, false), "{said}");
    assert!(said.contains("\"cidr\": 1") && said.contains("(computed)"), "{said}");
    let (code, said) = run("describe affected --ref HEAD~1 -q .[].affected_all -f json");
    assert_eq!((code, has_run()), (0, false), "{said}");
    assert!(said.contains("stack.vars"), "{said}");

    // Of a plan it is what is not known.
    let (code, said) = run("plan --rev HEAD~1 --json");
    assert_eq!((code, has_run()), (0, false), "{said}");
    assert!(said.contains("\"$unknown\"") && said.contains("echo first >> ran.txt"), "{said}");

    // Nothing differs but what stands beside the command; then the command does.
    write(at, "stacks/dev.yaml", &first);
    assert_eq!(run("describe affected --ref HEAD~1"), (0, "[]\n".to_owned()));
    write(at, "stacks/dev.yaml", &stack("echo second >> ran.txt", 1));
    let (_, said) = run("describe affected --ref HEAD~1");
    assert!(said.contains("stack.vars") && !has_run(), "{said}");

    // What is checked out is run, by its name too.
    for line in ["describe component vpc -s dev", "describe component vpc -s dev --rev HEAD"] {
        let (code, said) = run(line);
        assert_eq!((code, has_run()), (0, true), "{said}");
    }
}

/// A rule without an end is left when its time is over; what other rules would say is not asked.
#[test]
fn a_rule_has_the_time_that_its_caller_gives_it() {
    let rules = "settings: {validation: {long: {schema_type: opa, schema_path: long.rego}, \
                 short: {schema_type: cel, schema_path: short.cel}}}\n";
    let stack = format!("{rules}vars: {{stage: dev}}\ncomponents: {{terraform: {{vpc: {{}}}}}}\n");
    let long = "package atmos\nn := numbers.range(1, 100000)\n\
                errors contains \"no\" if { some a in n; some b in n; a * b < 0 }\n";
    let settings = "stacks: {base_path: stacks, name_template: '{{ .vars.stage }}'}\n";
    let folder = folder(&[
        ("atmos.yaml", settings),
        ("stacks/dev.yaml", &stack),
        ("long.rego", long),
        ("short.cel", "vars.stage == 'dev'\n"),
    ]);
    let run = |line: &str| isobar([]).args(line.split(' ').map(str::to_owned)).run(folder.path());
    let late = run("validate component vpc -s dev --timeout 1");
    assert_eq!(late.code(), 1, "{}", late.said());
    assert!(late.stderr.contains("did not end within 1 s"), "{}", late.said());
    let short = run("validate component vpc -s dev --schema short --timeout 60");
    assert_eq!((short.code(), short.stdout.as_str()), (0, "dev/terraform/vpc: 1 rule asked\n"));
}
