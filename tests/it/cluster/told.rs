//! `scripts/demo kubernetes`: the story that people watch is true.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::testbed::bed::{programs, skip};

#[test]
fn the_demo_on_a_cluster_tells_its_story_to_the_end() {
    if !programs().join("kube-apiserver").exists() {
        return skip();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/demo");
    #[expect(clippy::disallowed_methods, reason = "it starts a bed of its own, as a person's does")]
    let mut demo = Command::new(script);
    demo.arg("kubernetes").env("ISOBAR", env!("CARGO_BIN_EXE_isobar")).stdin(Stdio::null());
    let ended = demo.output().expect("it can be started");
    let [told, wrong] = [ended.stdout, ended.stderr].map(String::from_utf8);
    let told = told.expect("a text");
    assert!(ended.status.success(), "{told}\n{wrong:?}");
    for line in [
        "== 3  Pods",
        "grace approves, ada merges.",
        "Put back after ",
        "The annotation `team: shop` stays.",
    ] {
        assert!(told.contains(line), "{line}:\n{told}");
    }
}
