//! The Kubernetes test bed itself: that what other tests rest on is there, and goes away.

#[path = "../testbed/bed.rs"]
pub(crate) mod bed;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use isobar::settings::variable;

/// One program of the bed, for a test that needs no more; `None` if it is not there.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let file = bed::programs().join(name);
    if !file.exists() {
        bed::skip();
    }
    file.exists().then_some(file)
}

const WEB: &str = r#"{
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "web:1"}]}
        }
    }
}"#;

#[test]
fn a_deployment_becomes_available() {
    let Some(bed) = bed::bed() else { return };
    let manifest = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(manifest.path(), WEB).expect("written");
    let file = manifest.path().to_str().expect("a plain path");
    let admin = bed.folder().join("admin.kubeconfig");
    kubectl(&admin, &["apply", "--filename", file]);
    let available = ["wait", "--for=condition=Available", "deployment/web", "--timeout=60s"];
    assert_eq!(kubectl(&admin, &available), "deployment.apps/web condition met\n");
    let replicas = ["get", "deployment/web", "--output=jsonpath={.status.readyReplicas}"];
    assert_eq!(kubectl(&admin, &replicas), "3");
}

#[test]
fn beds_stand_side_by_side_and_leave_nothing_behind() {
    if bed::bed().is_none() {
        return;
    }
    let [one, other] = ["one", "other"].map(|name| format!("{name}-{}", std::process::id()));
    let [one, other] = [Standing(one), Standing(other)];
    let first = one.testbed("up");
    assert_eq!(one.testbed("up"), first, "a bed that stands is left as it is");
    assert_ne!(other.testbed("up"), first);
    for bed in [&one, &other] {
        assert_eq!(
            kubectl(&bed.folder().join("admin.kubeconfig"), &["get", "--raw=/readyz"]),
            "ok"
        );
        // etcd, the API server, the controller manager, the scheduler and kwok.
        assert!(bed.processes() >= 5);
    }
    one.testbed("down");
    assert_eq!((one.left(), one.processes()), ([false, false], 0));
    assert_eq!(kubectl(&other.folder().join("admin.kubeconfig"), &["get", "--raw=/readyz"]), "ok");
    other.testbed("down");
    other.testbed("down");
    assert_eq!((other.left(), other.processes()), ([false, false], 0));
}

/// A bed with a name, which goes with the test however that ends.
struct Standing(String);

impl Standing {
    fn testbed(&self, verb: &str) -> String {
        text(script().args([verb, &self.0]).output().expect("a script"))
    }

    fn folder(&self) -> PathBuf {
        let beds = bed::programs();
        beds.parent().expect("it is in the cache").join("beds").join(&self.0)
    }

    /// Its folder, and what it has in memory.
    fn places(&self) -> [PathBuf; 2] {
        let memory = self.folder().to_string_lossy().replace('/', "-");
        [self.folder(), Path::new("/dev/shm").join(format!("isobar-bed{memory}"))]
    }

    /// Whether these are there still.
    fn left(&self) -> [bool; 2] {
        self.places().map(|path| path.exists())
    }

    /// How many processes were started with a file of them.
    fn processes(&self) -> usize {
        let places = self.places().map(|place| place.display().to_string());
        let all = std::fs::read_dir("/proc").expect("Linux").flatten();
        let started = all.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
        let started = started.map(|words| String::from_utf8_lossy(&words).into_owned());
        started.filter(|words| places.iter().any(|place| words.contains(place))).count()
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        drop(script().args(["down", &self.0]).output());
    }
}

fn kubectl(kubeconfig: &Path, arguments: &[&str]) -> String {
    #[expect(clippy::disallowed_methods, reason = "a peer of the tests, not a child of Isobar")]
    let mut kubectl = Command::new(bed::programs().join("kubectl"));
    text(kubectl.arg("--kubeconfig").arg(kubeconfig).args(arguments).output().expect("kubectl"))
}

#[expect(clippy::disallowed_methods, reason = "a peer of the tests, not a child of Isobar")]
fn script() -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/testbed"))
}

fn text(output: Output) -> String {
    let [told, wrong] = [output.stdout, output.stderr].map(String::from_utf8);
    assert!(output.status.success(), "{told:?} {wrong:?}");
    told.expect("a text")
}
