//! Every way to end, with its exit code, and an interruption.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use super::example;
use super::process::isobar;
use crate::crash::oracle::violations;
use crate::crash::scene::{FIRST, Scene};

#[test]
fn a_name_that_is_close_is_offered() {
    let (_keep, repository) = example();
    let known = "fnx-production-us-west-2-prod-01";
    let ran = isobar(["list", "components", "--stack", "fnx-production-us-west-2-prod-1"]);
    let ran = ran.run(&repository);
    assert_eq!(ran.code(), 1, "{}", ran.said());
    assert!(ran.stderr.contains(&format!("did you mean `{known}`?")), "{}", ran.said());

    let ran = isobar(["explain", &format!("{known}/helm/storfront")]).run(&repository);
    assert_eq!(ran.code(), 1, "{}", ran.said());
    assert!(ran.stderr.contains("storefront`?"), "{}", ran.said());

    // Nothing but its kind is left out, though another one is spelled more alike.
    let ran = isobar(["explain", &format!("{known}/vpc")]).run(&repository);
    assert_eq!(ran.code(), 1, "{}", ran.said());
    assert!(
        ran.stderr.contains(&format!("did you mean `{known}/terraform/vpc`?")),
        "{}",
        ran.said()
    );

    let ran = isobar(["aply"]).run(&repository);
    assert_eq!(ran.code(), 1, "{}", ran.said());
    assert!(ran.stderr.contains("'apply'"), "{}", ran.said());
}

#[test]
fn what_is_wrong_elsewhere_is_no_part_of_an_explanation() {
    let (_keep, repository) = example();
    let broken = "stacks/deployments/acme/development/us-east-2/dev-01/_stack.yaml";
    let at = repository.join(broken);
    let text = std::fs::read_to_string(&at).expect("a manifest");
    std::fs::write(&at, text.replace("environment: dev-01", "environment: !nothing dev-01"))
        .expect("a mistake");
    let explain = |component| isobar(["explain", component, "vars.region"]).run(&repository);

    let ran = explain("fnx-production-us-west-2-prod-01/terraform/eks");
    assert_eq!((ran.code(), ran.stderr.as_str()), (0, ""), "{}", ran.said());
    let ran = explain("acme-development-us-east-2-dev-01/terraform/eks");
    assert_eq!(ran.code(), 1, "{}", ran.said());
    assert!(ran.stderr.contains(broken), "{}", ran.said());
}

#[test]
fn a_filter_of_the_log_that_is_none_is_a_mistake() {
    let (_keep, repository) = example();
    let ran = isobar(["list", "stacks", "--log", "isobar=debug=info"]).run(&repository);
    assert_eq!(ran.code(), 1, "{}", ran.said());
    assert!(ran.stderr.contains("'--log <FILTER>'"), "{}", ran.said());
    let ran = isobar(["list", "stacks", "--log", "off,globset=debug"]).run(&repository);
    assert_eq!(ran.code(), 0, "{}", ran.said());
    assert!(ran.stderr.contains("DEBUG globset"), "{}", ran.said());
}

/// What goes on gives memory back soon; the allocator itself tells how it was told to be.
#[test]
#[cfg(target_os = "linux")]
fn what_goes_on_is_frugal_and_nothing_else_is() {
    let scene = Scene::new(None);
    let heaps = |args, said| {
        // A store that is away ends either of them.
        let ran = Scene::command([args]).with("ISOBAR_STORE", "postgres://nobody@127.0.0.1:1/none");
        let ran = ran.with("MALLOC_CONF", said).run(scene.path());
        assert_eq!(ran.code(), 75, "{}", ran.said());
        assert!(ran.stderr.contains("-- Set conf value: confirm_conf:true"), "{}", ran.said());
        let told = |line: &str| line.split_once("-- Set conf value: narenas:")?.1.parse().ok();
        ran.stderr.lines().filter_map(told).collect::<Vec<u32>>()
    };
    assert_eq!(heaps("serve", "confirm_conf:true"), [1]);
    // It begins twice. What somebody says comes last, and holds.
    assert_eq!(heaps("serve", "confirm_conf:true,narenas:2"), [2, 1, 2]);
    assert!(heaps("status", "confirm_conf:true").is_empty());
}

#[test]
fn a_database_that_is_away_is_a_matter_of_trying_again() {
    let scene = Scene::new(None);
    let away =
        ("postgres://nobody@127.0.0.1:1/none", 75, "error: ", "127.0.0.1:1: Connection refused");
    let none = ("mysql://x", 1, "error[settings-invalid]: `store` ", "neither `sqlite:`");
    for (url, code, said, why) in [away, none] {
        for args in [["apply"], ["serve"], ["status"]] {
            let ran = Scene::command(args).with("ISOBAR_STORE", url).run(scene.path());
            assert_eq!(ran.code(), code, "{url}: {}", ran.said());
            assert!(ran.stderr.starts_with(said) && ran.stderr.contains(why), "{}", ran.said());
            let is_placed = ran.stderr.contains("--> ISOBAR_STORE:1:1");
            assert_eq!(is_placed, code == 1, "{}", ran.said());
        }
    }
}

/// A database that takes connections and never answers; on a terminal somebody waits for it.
#[test]
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "a terminal is made by a program")]
fn who_waits_is_told_what_for() {
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let place = silent.local_addr().expect("it has one");
    let folder = tempfile::TempDir::new().expect("a folder");
    let line = |args: &str| format!("{} {args}", env!("CARGO_BIN_EXE_isobar"));
    for (args, what) in [
        ("status", "opening the database"),
        ("approve --all --as ada", "opening the database"),
        ("doctor", "looking at the database"),
    ] {
        let ran = Command::new("script")
            .args(["--quiet", "--return", "--command", &line(args), "/dev/null"])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("ISOBAR_STORE", format!("postgres://nobody@{place}/none"))
            .env("TERM", "xterm")
            .stdin(Stdio::null())
            .output()
            .expect("it is there");
        let said = String::from_utf8_lossy(&ran.stdout);
        assert_eq!(ran.status.code(), Some(75), "{said}");
        assert!(said.contains(what), "{said}");
        assert!(said.contains(&format!("{place}: no answer for 5 s")), "{said}");
    }
}

/// Where there is no repository, that nothing is remembered says nothing.
#[test]
fn a_folder_that_is_no_repository_has_no_status() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let ran = isobar(["status"]).run(folder.path());
    assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""), "{}", ran.said());
    assert!(ran.stderr.starts_with("error: . has no `atmos.yaml`: "), "{}", ran.said());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a reader that goes away before the end")]
fn a_reader_that_goes_away_is_no_error() {
    let (_keep, repository) = example();
    let mut child = Command::new(env!("CARGO_BIN_EXE_isobar"))
        .args(["plan"])
        .current_dir(&repository)
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it is built");
    let mut first = String::new();
    // A plan of all stacks is more than a pipe holds.
    let mut output = BufReader::with_capacity(64, child.stdout.take().expect("a pipe"));
    output.read_line(&mut first).expect("a line");
    drop(output);
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
    assert_eq!(child.wait().expect("it is ours").code(), Some(0), "{said}");
    assert_eq!(said, "", "{first}");
}

#[test]
fn ctrl_c_finishes_what_has_begun_and_begins_nothing() {
    let scene = Scene::new(None);
    scene.approve();
    let paused = Scene::command(["apply"]).with("ISOBAR_PAUSE_AT", "effect.after");
    let mut running = paused.start(scene.path());
    running.expect("paused at effect.after");
    let second = scene.run(["apply", "east"]);
    assert_eq!(second.code(), 75, "a second agent waits: {}", second.said());
    assert_eq!(second.stderr, "error: somebody else works on east\n");

    running.signal("INT");
    let ran = running.end();
    assert_eq!(ran.code(), 130, "{}", ran.said());
    assert!(ran.stderr.contains("stopping: what has begun is being finished"), "{}", ran.said());
    let begun = scene.target("east").join("east/terraform/net/east-net.terraform.tfvars.json");
    assert!(begun.exists(), "{}", ran.said());
    let told = "east: stopped after 1 of ";
    assert!(ran.stderr.contains(told), "{}", ran.said());
    assert!(!scene.target("west").exists(), "another stack was begun: {}", ran.said());

    // What the interrupted run had of approvals holds for the rest of it.
    let rerun = scene.run(["apply"]);
    assert_eq!(rerun.code(), 0, "{}", rerun.said());
    assert_eq!(violations(&scene, FIRST), Vec::<String>::new());
}

/// What did not happen is not told, and nothing is merged that nobody has seen applied.
#[test]
fn ctrl_c_ends_the_demo_where_it_is() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let scenes = ["2  Everything", "3  A pull request", "5  Someone edits"];
    for (number, (scene, next)) in scenes.into_iter().zip(["3  ", "4  ", "6  "]).enumerate() {
        let made = folder.path().join(number.to_string());
        let demo = isobar(["demo"]).args([made.display().to_string()]);
        let mut running = demo.start(folder.path());
        running.expect(scene);
        running.signal("INT");
        let ran = running.end();
        assert_eq!(ran.code(), 130, "{}", ran.said());
        assert!(!ran.stdout.contains(next), "{}", ran.said());
        let told = format!("error: stopped; {} stays as it is\n", made.display());
        assert!(ran.stderr.ends_with(&told), "{}", ran.said());
        assert!(made.join("agent.yaml").exists(), "{}", ran.said());
    }
}

/// Resolving computes, and waits for whatever a manifest calls, without ever giving way.
#[test]
#[expect(clippy::disallowed_methods, reason = "a pipe with a name is made by a program")]
fn ctrl_c_is_heard_while_a_manifest_is_resolved() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    let fifo = folder.path().join("begun");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo").success());
    write("atmos.yaml", "stacks: { base_path: stacks, name_template: '{{ .vars.stage }}' }\n");
    let call = format!("!exec \"echo begun > {}; sleep 10\"", fifo.display());
    let stack = format!(
        "vars: {{ stage: dev }}\ncomponents:\n  terraform:\n    vpc:\n      vars:\n        x: {call}\n"
    );
    write("stacks/dev.yaml", &stack);
    let mut running = isobar(["list", "instances"]).start(folder.path());
    assert_eq!(std::fs::read_to_string(&fifo).expect("the command has begun"), "begun\n");
    running.signal("INT");
    running.expect("stopping: ");
    running.signal("INT");
    assert_eq!(running.end().code(), 130);
}
