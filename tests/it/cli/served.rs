//! `isobar serve`: a commit is applied once it is approved, a hand's edit is put back, a signal
//! ends it in order.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::net::TcpListener;
use std::path::Path;

use serde_json::Value as Json;

use super::process::Running;
use crate::crash::oracle::violations;
use crate::crash::scene::{FIRST, SECOND, STACKS, Scene};

#[test]
fn it_applies_what_is_approved_and_keeps_it_so() {
    let scene = Scene::new(None);
    scene.approve();
    // Whatever counts here counts without waiting for an interval.
    let rarely = ("ISOBAR_REPOSITORIES__CONFIG__INTERVAL", "1h");
    let mut serving = Scene::command(["serve"]).with(rarely.0, rarely.1).start(scene.path());
    serving.expect("serving 1 repository");
    expect_applied(&mut serving);

    // While it serves, what reads beside it works; whether it has planned again by now or not.
    let status = scene.run(["status"]);
    assert!(matches!(status.code(), 0 | 3), "{}", status.said());
    assert!(STACKS.iter().all(|stack| status.stdout.contains(stack)), "{}", status.said());

    scene.commit("main", Some("main"), SECOND);
    serving.expect("follow tester/config main: ");
    // It plans as soon as it has fetched: what is approved is what it has planned by then.
    let mut approved = String::new();
    while !STACKS.iter().all(|stack| approved.contains(&format!("{stack} v1:"))) {
        let ran = scene.run(["approve", "--all"]);
        assert_eq!(ran.code(), 0, "{}", ran.said());
        approved += &ran.stdout;
    }
    expect_applied(&mut serving);

    let file = scene.target("west").join("west/kubernetes/app/ConfigMap.shop.app.yaml");
    let held = fs::read_to_string(&file).expect("a file");
    fs::write(&file, held.replace("size: '3'", "size: '99'")).expect("written");
    serving.expect("west: applied");

    serving.signal("TERM");
    let ended = serving.end();
    assert_eq!(ended.code(), 0, "{}", ended.said());
    assert_eq!(fs::read_to_string(&file).expect("a file"), held);
    let found: Vec<_> = violations(&scene, SECOND);
    assert!(found.iter().all(|what| what.contains("started nothing")), "{found:?}");
}

#[test]
fn a_stack_that_hangs_holds_up_no_other() {
    let scene = Scene::new(None);
    scene.approve();
    let mut serving = Scene::command(["serve"])
        .with("ISOBAR_REPOSITORIES__CONFIG__INTERVAL", "1h")
        .with("ISOBAR_PAUSE_AT", "effect.half")
        .start(scene.path());
    serving.expect("paused at effect.half");
    // One of the three never goes on. The others are told of as soon as each is done.
    let done = [serving.expect(": applied"), serving.expect(": applied")];
    let applied = |stack: &&str| done.iter().any(|line| line.contains(&format!(" {stack}: ")));
    let stack = STACKS.into_iter().find(applied).expect("a stack is done");
    put_back(&scene, stack, &mut serving);
    serving.kill();
}

#[test]
fn a_cluster_that_does_not_answer_holds_up_no_other_target() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let scene = Scene::new(None);
    scene.approve();
    let place = silent.local_addr().expect("an address");
    scene.add_cluster("silent", &format!("http://{place}"));
    let mut serving = Scene::command(["serve"])
        .with("ISOBAR_REPOSITORIES__CONFIG__INTERVAL", "1h")
        .start(scene.path());
    // At first everybody waits for it, a little; then only its own stack does.
    silent.accept().expect("the agent asks");
    let (asked, _) = silent.accept().expect("the agent asks");
    expect_applied(&mut serving);
    put_back(&scene, "west", &mut serving);
    // All that while, that one has waited for an answer.
    asked.set_nonblocking(true).expect("a socket");
    let mut said = [0; 1 << 16];
    assert!((&asked).read(&mut said).expect("a request") > 0);
    let more = (&asked).read(&mut said).map_err(|error| error.kind());
    assert!(matches!(more, Err(ErrorKind::WouldBlock)), "{more:?}");
    serving.kill();
}

/// Edits what is in a stack's target, and waits until it is as it was.
fn put_back(scene: &Scene, stack: &str, serving: &mut Running) {
    let app = format!("{stack}/kubernetes/app/ConfigMap.shop.app.yaml");
    let file = scene.target(stack).join(app);
    let held = fs::read_to_string(&file).expect("a file");
    fs::write(&file, held.replace("size: '1'", "size: '99'")).expect("written");
    serving.expect(&format!("{stack}: applied"));
    assert_eq!(fs::read_to_string(&file).expect("a file"), held);
}

#[test]
fn a_second_agent_is_told_who_holds_the_file() {
    let scene = Scene::new(None);
    let mut serving = Scene::command(["serve"]).start(scene.path());
    serving.expect("serving 1 repository");
    let refused = scene.run(["serve"]);
    assert_eq!(refused.code(), 75, "{}", refused.said());
    assert!(refused.stderr.contains("isobar.db is held by agent `tester`, process "), "{}", {
        refused.said()
    });
    // Whoever does not serve works beside it.
    assert!(matches!(scene.run(["status"]).code(), 0 | 3));
    serving.kill();
    // A lock does not outlive its process.
    let mut serving = Scene::command(["serve"]).start(scene.path());
    serving.expect("serving 1 repository");
    serving.kill();
}

#[test]
fn what_a_folder_says_is_not_applied_beside_an_agent_that_serves() {
    let scene = Scene::new(None);
    let mut serving = Scene::command(["serve"]).start(scene.path());
    serving.expect("serving 1 repository");
    let local = scene.run(["apply", "--local", "--yes"]);
    assert_eq!(local.code(), 75, "{}", local.said());
    assert!(local.stderr.contains("is held by agent `"), "{}", local.said());
    assert!(STACKS.iter().all(|stack| !scene.target(stack).exists()), "{}", local.said());
    serving.kill();
    let local = scene.run(["apply", "--local", "--yes"]);
    assert!(!local.stderr.contains("is held by"), "{}", local.said());
}

#[test]
fn a_signal_ends_it_when_it_has_nothing_to_do() {
    for signal in ["TERM", "INT"] {
        let scene = Scene::new(None);
        scene.approve();
        let mut serving = Scene::command(["serve"]).start(scene.path());
        expect_applied(&mut serving);
        serving.signal(signal);
        let ended = serving.end();
        assert_eq!(ended.code(), 0, "{signal}: {}", ended.said());
        assert_eq!(violations(&scene, FIRST), Vec::<String>::new(), "{signal}");
    }
}

/// Waits until every stack is applied.
fn expect_applied(serving: &mut Running) {
    let mut said = String::new();
    for stack in STACKS {
        let applied = format!("{stack}: applied");
        while !said.contains(&applied) {
            said += &serving.expect(": applied");
        }
    }
}

/// What the pod is asked by.
fn probes() -> Vec<Vec<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deployments/kustomize/isobar.yaml");
    let text = fs::read_to_string(file).expect("a text");
    let objects = text.split("\n---\n").map(serde_yaml::from_str::<Json>);
    let objects = objects.map(|object| object.expect("an object"));
    let mut deployments = objects.filter(|object| object["kind"] == "Deployment");
    let deployment = deployments.next().expect("it is there");
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let each = ["startupProbe", "livenessProbe", "readinessProbe"].into_iter();
    let commands = each.map(|probe| container[probe]["exec"]["command"].clone());
    commands.map(|command| serde_json::from_value(command).expect("words")).collect()
}

#[test]
fn whoever_probes_is_told_whether_an_agent_serves() {
    let probe = ["status", "--serving"];
    for command in probes() {
        assert_eq!(command, [["isobar"].as_slice(), &probe].concat(), "what is tried here");
    }
    let scene = Scene::new(None);
    let says = |code: i32, told: &str| {
        let ran = scene.run(probe);
        assert_eq!((ran.code(), ran.stdout.as_str()), (code, told), "{}", ran.said());
    };
    let (serves, serves_not) = ("An agent serves here.\n", "No agent serves here.\n");
    says(75, serves_not);
    let mut serving = Scene::command(["serve"]).start(scene.path());
    serving.expect("serving 1 repository");
    says(0, serves);
    serving.kill();
    says(75, serves_not);
    // One that ends in order.
    let mut serving = Scene::command(["serve"]).start(scene.path());
    serving.expect("serving 1 repository");
    says(0, serves);
    serving.signal("TERM");
    assert_eq!(serving.end().code(), 0);
    says(75, serves_not);
}
