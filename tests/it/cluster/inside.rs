//! An agent in a pod: no kubeconfig names a cluster, what the kubelet lays out does.

use std::io::Write as _;
use std::process::{Command, Output};

use isobar::settings::variable;

use super::granted::installed;
use super::scene::Scene;

/// Becomes a program that finds the files of a pod where they are in one, and nobody else does.
const POD: &str = r#"
set -eu
mount -t tmpfs none /var/run
at=/var/run/secrets/kubernetes.io/serviceaccount
mkdir -p "$at"
cp pod/* "$at"
exec "$@"
"#;

/// Runs it with namespaces of its own, which this machine may forbid.
#[expect(clippy::disallowed_methods, reason = "what stands for a pod, not a child of Isobar")]
fn pod() -> Command {
    let mut pod = Command::new("unshare");
    pod.args(["--user", "--map-root-user", "--mount"]);
    pod
}

/// Whether there can be one; says so if not.
fn is_possible() -> bool {
    let possible = pod().arg("true").output().is_ok_and(|output| output.status.success());
    if !possible {
        assert!(variable("CI").is_none(), "a user has no namespaces here, and CI needs them");
        let told = "SKIPPED in a pod: 1, a user has no namespaces on this machine";
        writeln!(std::io::stderr(), "{told}").expect("standard error takes a line");
    }
    possible
}

fn isobar<const N: usize>(scene: &Scene, args: [&str; N]) -> Output {
    let server = scene.server();
    let (host, port) = server.trim_start_matches("https://").split_once(':').expect("a port");
    let mut isobar = pod();
    isobar.args(["sh", "-c", POD, "pod", env!("CARGO_BIN_EXE_isobar")]).args(args);
    isobar.current_dir(scene.folder()).env("ISOBAR_SETTINGS", "agent.yaml");
    isobar.env("KUBERNETES_SERVICE_HOST", host).env("KUBERNETES_SERVICE_PORT", port);
    isobar.output().expect("it runs")
}

#[test]
fn an_agent_in_a_pod_is_who_its_pod_is() {
    if !is_possible() {
        return;
    }
    let Some((scene, _)) = installed("inside") else { return };
    let token = scene.kubectl(["create", "token", "isobar", "--namespace=inside-agent"]);
    scene.write("pod/token", token.trim());
    scene.write("pod/namespace", "inside-agent");
    scene.write("pod/ca.crt", &scene.authority());
    scene.change("agent.yaml", |text| text.replace("kubeconfig: account.kubeconfig", ""));
    scene.remove("account.kubeconfig");

    let applied = isobar(&scene, ["apply", "--local", "--yes"]);
    assert!(applied.status.success(), "{applied:?}");
    let kinds = ["get", "deployment/one", "sites.inside.example.com/one", "--output=name"];
    let made = "deployment.apps/one\nsite.inside.example.com/one\n";
    assert_eq!(scene.kubectl(kinds), made);
    let requests = scene.requests_of("inside-agent", "isobar");
    assert!(requests.iter().any(|request| request["verb"] == "patch"), "{requests:#?}");

    // What its pod may no longer do it says of the target, and not of itself.
    scene.write("pod/token", "another");
    let refused = isobar(&scene, ["apply", "--local", "--yes"]);
    let told = String::from_utf8(refused.stdout).expect("a text");
    assert_eq!(refused.status.code(), Some(3), "{told}");
    assert!(told.contains("Unauthorized"), "{told}");
}
