//! The servers of a cluster end as in a crash, and are there again some seconds later.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::scene::{Scene, UNREVIEWED};
use crate::testbed::bed::Bed;

const BOTH: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: goes }, data: { size: '1' } }
- { apiVersion: v1, kind: ConfigMap, metadata: { name: stays }, data: { size: '1' } }
";

/// Objects that take longer to make, and to delete, than to end a server, and after how many of them
/// that is.
const MANY: usize = 1_500;
const BEGUN: usize = 50;

/// How often a server that starts is asked whether it is there, each time for some 50 ms.
const ASKED_MAX: u32 = 1_000;

/// As many may go at once as there are.
const GUARD: &str = "guard: { deletes_max: 100000, deletes_percent_max: 100 }\n";

/// The ConfigMaps of the scene with their sizes and ids, in order.
fn there(scene: &Scene) -> Vec<String> {
    let each =
        "jsonpath={range .items[*]}{.metadata.name} {.data.size} {.metadata.uid}{'\\n'}{end}";
    let all = scene.kubectl(["get", "configmaps", "--output", each]);
    all.lines().filter(|line| !line.starts_with("kube-root-ca")).map(str::to_owned).collect()
}

fn is_ready(scene: &Scene, bed: &Bed) {
    let is_ready = (0..ASKED_MAX).any(|_| scene.can(["get", "--raw", "/readyz"]));
    assert!(is_ready, "it does not come back; its logs are in {}", bed.folder().display());
}

/// Looks until it is so.
fn until(scene: &Scene, is_so: impl Fn(&[String]) -> bool) -> Vec<String> {
    let found = (0..ASKED_MAX).map(|_| there(scene)).find(|found| is_so(found));
    found.unwrap_or_else(|| panic!("it does not get there: {} are there", there(scene).len()))
}

/// How many requests of a verb the server has said yes to, by its own record: no more are while it is
/// away.
fn done(scene: &Scene, verb: &str, code: u32) -> usize {
    let asked = scene.requests("/namespaces/restart/configmaps/a");
    let is_done = |asked: &&serde_json::Value| {
        asked["verb"] == verb
            && asked["responseStatus"]["code"] == code
            && !asked["requestURI"].as_str().unwrap_or_default().contains("dryRun")
    };
    asked.iter().filter(is_done).count()
}

fn objects(letter: &str) -> String {
    let object = |at| {
        format!(
            "- {{ apiVersion: v1, kind: ConfigMap, metadata: {{ name: {letter}{at} }}, \
             data: {{ size: '{at}' }} }}\n"
        )
    };
    (0..MANY).map(object).collect()
}

fn of<'a>(found: &'a [String], letter: &'a str) -> impl Iterator<Item = &'a String> {
    found.iter().filter(move |line| line.starts_with(letter))
}

/// Both servers end with requests under way and more to come: once while objects are made, and once
/// while others are deleted. Nobody tells the agent to go on.
#[test]
fn a_cluster_that_restarts_in_the_middle_gets_everything() {
    let Some(bed) = Bed::start() else { return };
    let scene = Scene::on(&bed, "restart");
    scene.write("isobar.yaml", &format!("{UNREVIEWED}{GUARD}"));
    scene.wants_all(&[("kept", "", BOTH), ("many", "", &objects("a"))]);
    scene.commit();
    let serving = scene.serve();
    until(&scene, |found| of(found, "a").count() >= BEGUN);
    let mut servers = ["etcd", "kube-apiserver"].map(|name| Server::restarted(bed.folder(), name));
    let made = done(&scene, "patch", 201);
    assert!((BEGUN..MANY).contains(&made), "{made} were made before the servers ended");
    is_ready(&scene, &bed);
    let whole = until(&scene, |found| found.len() == MANY + 2);
    let sized = |line: &&String| {
        let mut words = line.split(' ');
        let (name, size) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        name.strip_prefix('a') == Some(size)
    };
    assert_eq!(of(&whole, "a").filter(sized).count(), MANY, "{whole:?}");

    scene.wants_all(&[("kept", "", BOTH)]);
    scene.commit();
    until(&scene, |found| of(found, "a").count() <= MANY - BEGUN);
    for server in &mut servers {
        server.again();
    }
    let gone = done(&scene, "delete", 200);
    assert!((BEGUN..MANY).contains(&gone), "{gone} were deleted before the servers ended");
    is_ready(&scene, &bed);
    let found = until(&scene, |found| of(found, "a").next().is_none());
    // What was to stay is what it was.
    let kept = |found: &[String]| -> Vec<String> {
        found.iter().filter(|line| !line.starts_with('a')).cloned().collect()
    };
    assert_eq!(kept(&found), kept(&whole));
    serving.signal("TERM");
    let ended = serving.end();
    assert_eq!(ended.code(), 0, "{}", ended.said());
}

/// The database forgets what was before, and the server with it: whoever watched cannot go on from
/// where they were.
#[test]
fn a_cluster_that_forgets_its_history_is_looked_at_anew() {
    let Some(bed) = Bed::start() else { return };
    let scene = Scene::on(&bed, "compacted");
    scene.write("isobar.yaml", UNREVIEWED);
    scene.wants(BOTH);
    scene.commit();
    let mut serving = scene.serve();
    serving.expect("prod: applied");
    let before = there(&scene);
    let edit = r#"{"data": {"size": "7", "hand": "7"}}"#;
    let version = scene.kubectl([
        "patch",
        "configmap/stays",
        "--type=merge",
        "--patch",
        edit,
        "--output=jsonpath={.metadata.resourceVersion}",
    ]);
    compact(bed.folder(), &version);
    let _server = Server::restarted(bed.folder(), "kube-apiserver");
    let is_ready = (0..ASKED_MAX).any(|_| scene.can(["get", "--raw", "/readyz"]));
    assert!(is_ready, "it does not come back; its logs are in {}", bed.folder().display());
    for size in ["8", "9"] {
        scene.kubectl([
            "patch",
            "configmap/stays",
            "--type=merge",
            "--patch",
            &edit.replace('7', size),
        ]);
        let is_back = (0..ASKED_MAX).any(|_| there(&scene) == before);
        assert!(is_back, "{:?}", there(&scene));
    }
    serving.signal("TERM");
    assert_eq!(serving.end().code(), 0);
}

/// One of two clusters dies: the other is kept as if it were alone, and the dead one gets what it has missed.
#[test]
fn of_two_clusters_one_may_be_away_and_the_other_does_not_notice() {
    let (Some(bed), Some(east)) = (Bed::start(), Scene::new("east")) else { return };
    let west = Scene::on(&bed, "west");
    east.write("isobar.yaml", UNREVIEWED);
    let kubeconfig = bed.folder().join("admin.kubeconfig").display().to_string();
    east.change("agent.yaml", |text| {
        // Nobody but the cluster itself says that it is back.
        let text = text.replace("{ url: . }", "{ url: ., interval: 1h }");
        format!(
            "{text}  west: {{ kubernetes: {{ kubeconfig: {kubeconfig}, namespace: marks }} }}\n"
        )
    });
    let wants = |size: &str| {
        let objects = BOTH.replace("'1'", &format!("'{size}'"));
        east.wants(&objects);
        east.wants_in("other", &[("shop", "", &objects)]);
        east.change("stacks/deploy/other.yaml", |text| {
            text.replace("target: bed", "target: west")
                .replace("namespace: east", "namespace: west")
        });
        east.commit();
    };
    let have = |scene: &Scene, size: &str| {
        let sized = |line: &String| line.split(' ').nth(1) == Some(size);
        until(scene, |found| found.len() == 2 && found.iter().all(sized))
    };
    wants("1");
    let serving = east.serve();
    let (mine, theirs) = (have(&east, "1"), have(&west, "1"));
    let mut server = Server::restarted(bed.folder(), "kube-apiserver");
    server.end();
    let edit = ["patch", "configmap/stays", "--type=merge", "--patch", r#"{"data":{"size":"7"}}"#];
    east.kubectl(edit);
    assert_eq!(have(&east, "1"), mine, "the same objects, put back");
    wants("2");
    have(&east, "2");
    server.again();
    is_ready(&west, &bed);
    let ids = |found: &[String]| -> Vec<_> {
        found.iter().map(|line| line.rsplit(' ').next().map(str::to_owned)).collect()
    };
    assert_eq!(ids(&have(&west, "2")), ids(&theirs), "the same objects, changed");
    serving.signal("TERM");
    assert_eq!(serving.end().code(), 0);
}

/// A server of a bed that this test has started again.
struct Server {
    child: Child,
    line: Vec<String>,
    log: PathBuf,
}

impl Server {
    /// Kills the server `name` of a bed, and starts it as it was.
    #[expect(clippy::disallowed_methods, reason = "a peer of the tests, not a child of Isobar")]
    fn restarted(bed: &Path, name: &str) -> Self {
        let (id, line) = Self::running(bed, name);
        assert!(Command::new("kill").args(["-KILL", &id]).status().expect("kill").success());
        // Its ports are free once nothing is left of it but its name: the first of its threads is
        // gone before the others are.
        let (stat, threads) = (format!("/proc/{id}/stat"), format!("/proc/{id}/task"));
        let is_there = |stat: String| {
            !stat.contains(") Z ")
                || fs::read_dir(&threads).is_ok_and(|threads| threads.count() > 1)
        };
        while fs::read_to_string(&stat).is_ok_and(is_there) {}
        let log = bed.join(format!("{name}-again.log"));
        Self { child: Self::start(&line, &log), line, log }
    }

    fn end(&mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
    }

    /// The same once more.
    fn again(&mut self) {
        self.end();
        self.child = Self::start(&self.line, &self.log);
    }

    #[expect(clippy::disallowed_methods, reason = "a peer of the tests, not a child of Isobar")]
    fn start(line: &[String], log: &Path) -> Child {
        let log = fs::OpenOptions::new().create(true).append(true).open(log).expect("a log");
        let mut again = Command::new(&line[0]);
        again.args(&line[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        again.spawn().expect("it starts")
    }

    /// The id and the command line of the server `name` of a bed.
    fn running(bed: &Path, name: &str) -> (String, Vec<String>) {
        let keeper = fs::read_to_string(bed.join("keeper")).expect("its id");
        let children = format!("/proc/{0}/task/{0}/children", keeper.trim());
        let children = fs::read_to_string(children).expect("its servers");
        let line = |id: &str| {
            let line = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
            line.split_terminator('\0').map(str::to_owned).collect::<Vec<_>>()
        };
        let is_it = |id: &&str| line(id).first().is_some_and(|program| program.ends_with(name));
        let id = children.split_whitespace().find(is_it).expect("the server runs");
        (id.to_owned(), line(id))
    }
}

/// Has a bed's database forget all that was before now.
fn compact(bed: &Path, now: &str) {
    let (_, line) = Server::running(bed, "kube-apiserver");
    let etcd =
        line.iter().find_map(|word| word.strip_prefix("--etcd-servers=")).expect("its place");
    let client = reqwest::blocking::Client::new();
    let asked = client.post(format!("{etcd}/v3/kv/compaction"));
    let answer = asked.body(format!(r#"{{"revision": "{now}", "physical": true}}"#)).send();
    let answer = answer.expect("an answer");
    assert!(answer.status().is_success(), "{:?}", answer.text());
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
