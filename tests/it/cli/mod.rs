//! The built binary, as people and scripts see it.
//!
//! What it prints is kept in `tests/golden/cli`, each file a session: the command lines behind `$`,
//! standard output as it is, standard error behind `! `, and the exit code. `UPDATE_EXPECT=1`
//! writes them anew.

mod allowed;
mod exits;
mod failed;
mod moved;
pub(crate) mod process;
pub(crate) mod scraped;
mod served;
pub(crate) mod session;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::crash::scene::{SECOND, Scene};
use process::isobar;
use session::Session;

/// The repository of the tutorial, in a folder of its own.
pub(crate) fn example() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let repository = folder.path().join("config");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples-repo"), &repository);
    (folder, repository)
}

/// A folder with all that is in it but what Isobar keeps there.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true if entry.file_name() == ".isobar" => {}
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).expect("a copy")),
        }
    }
}

/// Every command, as its help is asked for.
const COMMANDS: &[&str] = &[
    "",
    "init",
    "check",
    "validate",
    "validate stacks",
    "validate component",
    "plan",
    "approve",
    "acknowledge",
    "apply",
    "status",
    "explain",
    "list",
    "list stacks",
    "list components",
    "list instances",
    "list metadata",
    "list affected",
    "list dependencies",
    "list sources",
    "list values",
    "list vars",
    "list settings",
    "list workflows",
    "list vendor",
    "describe",
    "describe affected",
    "describe stacks",
    "describe component",
    "describe dependents",
    "describe config",
    "describe locals",
    "describe workflows",
    "lock",
    "pull",
    "pull open",
    "pull list",
    "pull show",
    "pull comment",
    "pull approve",
    "pull merge",
    "pull close",
    "serve",
    "doctor",
    "demo",
    "install",
    "schema",
];

#[test]
fn every_command_has_help() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut session = Session::in_folder(folder.path());
    for command in COMMANDS {
        session.run(&format!("{command} --help"));
    }
    session.is("help");
}

#[test]
fn no_command_is_missing_here() {
    let folder = tempfile::tempdir().expect("a folder");
    let known = |name: &str| COMMANDS.contains(&name);
    for above in ["", "validate", "list", "describe", "pull"] {
        let words: Vec<&str> = above.split(' ').filter(|word| !word.is_empty()).collect();
        let help = match words.as_slice() {
            [] => isobar(["--help"]),
            [above, ..] => isobar([above, "--help"]),
        };
        let help = help.run(folder.path()).stdout;
        let listed = help.split("Commands:\n").nth(1).expect("a list").split("\n\n").next();
        for line in listed.unwrap_or_default().lines() {
            let Some(name) = line.strip_prefix("  ").and_then(|line| line.split(' ').next()) else {
                continue;
            };
            let command = format!("{above} {name}");
            assert!(matches!(name, "" | "help") || known(command.trim()), "`{command}`");
        }
    }
}

#[test]
fn an_atmos_repository_becomes_one_of_isobar() {
    let (_keep, repository) = example();
    fs::remove_file(repository.join("isobar.yaml")).expect("it was there");
    let mut session = Session::in_folder(&repository);
    session.run("init --json");
    fs::remove_file(repository.join("isobar.yaml")).expect("it was written");
    session.run("init");
    session.run("init");
    session.run("check");
    session.run("plan core-networking-us-west-2-transit-hub");
    session.run("apply core-networking-us-west-2-transit-hub --local");
    session.run("apply core-networking-us-west-2-transit-hub --local --yes");
    session.run("status core-networking-us-west-2-transit-hub");
    session.run("init -C stacks");
    session.is("init");
    assert!(!repository.join(".isobar/targets").exists(), "on observe nothing is written");
}

#[test]
fn a_repository_is_read_in_every_way() {
    let (_keep, repository) = example();
    let mut session = Session::in_folder(&repository);
    for line in [
        "check",
        "check --json",
        "list stacks",
        "list components --stack fnx-production-us-east-1-prod-dr",
        "describe component storefront --stack fnx-production-us-west-2-prod-01 --kind helm",
        "describe component storefront -s fnx-production-us-west-2-prod-01 --kind helm -f json",
        "explain fnx-production-us-west-2-prod-01/helm/storefront values.podLabels.cost-center",
        "explain fnx-production-us-west-2-prod-01/helm/storefront values.image.tag --json",
    ] {
        session.run(line);
    }
    session.is("read");
}

/// Repository files, each behind `--- path`.
const WRITTEN: &str = include_str!("written.txt");

/// What is asked about them.
const SAID: &[&str] = &[
    "describe config --query .stacks",
    "describe config -f yaml -q .workflows.base_path",
    "describe locals -s dev",
    "describe locals -s deploy/dev --query .terraform.locals --format json",
    "describe locals vpc -s dev",
    "describe locals vpd -s dev",
    "describe locals -s dew",
    "describe workflows",
    "describe workflows -o map -f json",
    "describe workflows -o all -q .[\"net.yaml\"].workflows.up.steps[0].command",
    "describe stacks -q .dev.components.terraform.vpc.vars",
    "describe stacks -q .[].components.terraform|keys",
    "describe component vpc -s dev --query .vars.tags.team -f json",
    "describe component vpc -s dev --query .vars.tags|.team|=1",
    "describe component vpc -s dev --query .vars|lenght",
    "describe component vpc -s dev --query .vars.cidr.x",
    "describe dependents vpc -s dev --query .[].component",
    "describe dependants vpc -s dev -f yaml -q .[0].stack",
    "list instances",
    "list instances --stack p* --format json",
    "list metadata",
    "list metadata --format csv",
    "list values vpc --query .vars.tags",
    "list vars vpc",
    "list vars vpc --max-columns 1",
    "list vars vpc --stack dev --format yaml",
    "list settings vpc --format json",
    "list vars vcp",
    "list vars vpc/defaults --abstract --format tsv",
    "list stacks --format csv",
    "list components --format table",
    "list components -s prod -f csv",
    "list components -s p*",
    "list components -s q*",
    "list stacks -c vpc",
    "list stacks --component vcp",
    "list instances --stack prod --format matrix",
    "list instances --output-file out.txt",
    "--logs-level=Off --no-color list stacks --pager=false --logs-file /dev/stderr --redirect-stderr /dev/stdout",
    "list vars vpc -s none",
    "list workflows -f json",
    "list workflows",
    "list workflows --file net.yaml --format csv --delimiter ;",
    "list workflows --file json",
    "list vendor --format yaml",
    "list vendor -s v* --format csv",
    "list vendor --tags public,none --format csv",
    "list components --tags net,none",
    "list components --labels team=net,tier:one --format csv",
    "list components --labels team=net,tier=two",
    "list components --labels team",
    "list stacks --tags core",
    "list stacks -c app --labels team=net",
    "list components -t all --format csv",
    "list instances --process-templates=false --process-functions=false --skip exec --format csv",
    "list metadata --process-templates=false --columns Component,Description --format csv",
    "list values vpc --vars --stack prod --format json",
    "list stacks --provenance",
    "list stacks --provenance=false --process-functions=false --skip exec",
    "list components --include-dependencies",
    "list instances --include-dependents=2",
    "--mask=false --interactive=false --force-tty --heatmap list stacks",
    "list dependencies",
    "list deps vpc --stack prod",
    "list dependencies app -d forward",
    "list dependencies --format json --direction reverse --stack dev",
    "list dependencies vcp",
    "list sources",
    "list sources web --stack dev --format csv",
    "list sources none",
    "list instances --columns stack,component --sort Component:desc,Stack:asc",
    "list instances --filter Stack=p* --columns Component --format csv",
    "list metadata --filter Locked=true --columns Component,Locked --format json",
    "list components --sort Stacks:desc",
    "list stacks --sort Stack:desc --format csv",
    "list stacks --columns Name",
    "list stacks --sort Stack:up",
    "list instances --filter p*",
];

#[test]
fn what_files_say_is_listed_and_described() {
    let folder = tempfile::tempdir().expect("a folder");
    for file in WRITTEN.split("--- ").skip(1) {
        let (path, text) = file.split_once('\n').expect("a path and a text");
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    let mut session = Session::in_folder(folder.path());
    for line in SAID {
        session.run(line);
    }
    session.is("written");
    session.run("describe locals -s dev --file out.yaml");
    let out = fs::read_to_string(folder.path().join("out.yaml")).expect("a file");
    assert!(out.starts_with("locals:\n"), "{out}");
}

/// What is not there is told by its name, whatever else is wrong; and what is wrong shows in how
/// every list ends.
#[test]
fn a_mistake_elsewhere_hides_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write("atmos.yml", "stacks: {base_path: stacks}\n");
    write("stacks/good.yaml", "components: {helm: {web: {values: {a: 1}}}}\n");
    write("stacks/bad.yaml", "import: [nothing]\ncomponents: {helm: {web: {}}}\n");
    let mut session = Session::in_folder(folder.path());
    for line in [
        "describe component wbe -s good",
        "describe component web -s goood",
        "describe component web -s good -q .values",
        "list stacks",
        "list components",
        "list components --json",
    ] {
        session.run(line);
    }
    session.is("elsewhere");
}

#[test]
fn a_component_of_any_kind_is_described_by_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let stack = "components: {helmfile: {web: {vars: {a: 1}}}}\n";
    fs::write(folder.path().join("atmos.yaml"), "stacks: {base_path: stacks}\n").expect("a file");
    fs::create_dir(folder.path().join("stacks")).expect("a folder");
    fs::write(folder.path().join("stacks/dev.yaml"), stack).expect("a file");
    let ran = isobar(["describe", "component", "web", "-s", "dev", "-q", ".vars.a"]);
    let ran = ran.run(folder.path());
    assert_eq!((ran.code(), ran.stdout.as_str()), (0, "1\n"), "{}", ran.said());
}

#[test]
fn schemas_are_printed_as_they_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for (of, file) in [("agent", "agent"), ("repository", "isobar"), ("reconcile", "reconcile")] {
        let printed = isobar(["schema", of]).run(folder.path());
        assert_eq!(printed.code(), 0, "{}", printed.said());
        let kept = fs::read_to_string(kept.join(format!("{file}.schema.json"))).expect("a file");
        assert_eq!(printed.stdout, kept, "{of}");
    }
}

#[test]
fn a_folder_is_planned_and_applied() {
    let (_keep, repository) = example();
    let mut session = Session::in_folder(&repository);
    for line in [
        "status",
        "plan core-networking-us-west-2-transit-hub",
        "plan core-networking-us-west-2-transit-hub --detailed-exitcode --json",
        "apply core-networking-us-west-2-transit-hub --local",
        "apply core-networking-us-west-2-transit-hub --local --yes",
        "plan core-networking-us-west-2-transit-hub --detailed-exitcode",
        "status",
        "plan core-networking-us-west-2-transit-hubb",
        "apply nothing-like-it-* --local --yes",
    ] {
        session.run(line);
    }
    session.is("apply_local");
}

#[test]
fn a_commit_is_reviewed_merged_and_applied() {
    let scene = Scene::new(None);
    let mut session = Session::in_folder(scene.path());
    session.with("ISOBAR_SETTINGS", "agent.yaml");
    session.run("apply east");
    session.run("approve --all");
    session.run("approve --all --json");
    session.run("apply");
    session.run("apply");
    session.run("status");
    scene.commit("change", Some("main"), SECOND);
    for line in [
        "pull list",
        "pull open change --title Grow",
        "pull open change --title Grow",
        "pull open nowhere --title Grow",
        "pull list",
        "pull list --json",
        "pull comment 1 Why? --as grace",
        "pull show 1",
        "pull show 1 --json",
        "pull approve 1",
        "pull approve 1 --as grace",
        "pull merge 1",
        "pull merge 1",
        "pull show 7",
        "apply",
        "approve east 1234",
        "approve east 12345678",
        "approve --all",
        "apply",
        "status --json",
    ] {
        session.run(line);
    }
    session.is("review");
}

/// A change of one variable, of a module two steps away, and of a component that goes.
#[test]
fn a_folder_is_compared_with_a_commit() {
    const STACKS: &str = "vars: {stage: a, tenant: t}
components:
  terraform:
    vpc: {vars: {cidr: 10.0.0.0/16}}
    db: {metadata: {tags: [data], labels: {team: t}}, settings: {depends_on: {1: {component: vpc}}}}
    old: {vars: {a: 1}}
";
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    let atmos = "stacks: {base_path: stacks, included_paths: ['*'], \
                 name_template: '{{ .vars.stage }}'}\n";
    write("atmos.yaml", atmos);
    write("stacks/a.yaml", STACKS);
    write("components/terraform/db/main.tf", "module \"m\" {\n  source = \"../../../m\"\n}\n");
    write("m/main.tf", "locals {}\n");
    git(folder.path(), &["init", "--quiet", "--initial-branch", "main"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "--quiet", "--message", "First"]);
    let mut session = Session::in_folder(folder.path());
    session.run("describe affected --ref main");
    session.run("describe affected");
    session.run("describe affected --sha 1111111");
    session.run("describe affected --ref mian");
    session.run("describe affected --repo-path nowhere");
    let changed =
        STACKS.replace("10.0.0.0/16", "10.1.0.0/16").replace("    old: {vars: {a: 1}}\n", "");
    write("stacks/a.yaml", &changed);
    write("m/main.tf", "locals { a = 1 }\n");
    session.run("describe affected --ref main");
    session.run("describe affected --ref refs/heads/main --include-dependents --format yaml");
    session.run("describe affected --ref main --stack b");
    session.run("describe affected --base main --format=matrix --verbose --clone-target-ref=false");
    for _ in 0..2 {
        session.run("describe affected --base main -f matrix --output-file .git/matrix.txt");
    }
    session.run("describe affected --base main --output-file .git/matrix.txt");
    session.run("check --rev main");
    session.run("list components --rev main");
    session.run("describe component old -s a --rev main -q .vars");
    session.run("explain a/terraform/vpc vars.cidr --rev main");
    session.run("list --rev main stacks");
    session.run("list stacks --rev mian");
    session.run("describe affected --base main --rev main");
    let matrix = fs::read_to_string(folder.path().join(".git/matrix.txt")).expect("a file");
    let lines: Vec<_> = matrix.lines().collect();
    assert!(matches!(&lines[..], [a, b] if a == b && a.starts_with("matrix={")), "{matrix}");
    session.run("list affected --ref main");
    session.run("list affected --ref main --include-dependents --format csv --sort Affected:desc");
    session.run("list affected --ref main --stack b --columns Component,Affected");
    session.run("list affected --ref main --tags data,none --format csv");
    session.run("describe affected --ref main --labels team=u");
    session.run("describe affected --head main --ref main --include-settings=true");
    session.is("affected");
}

#[expect(clippy::disallowed_methods, reason = "what people do with their repository")]
fn git(folder: &Path, arguments: &[&str]) {
    let mut git = std::process::Command::new("git");
    git.current_dir(folder).args(["-c", "user.name=ada", "-c", "user.email=ada@example.com"]);
    assert!(git.args(arguments).status().expect("git is there").success());
}
