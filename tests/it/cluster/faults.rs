//! A server, or what is before it, fails in the middle: what is asked for is there in the end, once,
//! and nothing goes that was to stay.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::proxy::{Fault, Proxy, Spoil};
use super::scene::{Scene, UNREVIEWED};
use crate::testbed::bed::{Bed, bed};

const BOTH: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: goes }, data: { size: '1' } }
- { apiVersion: v1, kind: ConfigMap, metadata: { name: stays }, data: { size: '1' } }
";

const ONE: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: stays }, data: { size: '2' } }
";

/// What may come of any request.
const FAULTS: &[Fault] = &[
    Fault::Says(409),
    Fault::Says(410),
    Fault::Says(429),
    Fault::Says(500),
    Fault::Says(502),
    Fault::Says(503),
    Fault::Says(504),
    Fault::Lost,
    Fault::Unanswered,
    Fault::Half,
];

/// What is asked in the course of a run: a method, what is in the request, and what is not.
const REQUESTS: &[(&str, &str, &str)] = &[
    ("GET", "/apis", ""),
    ("GET", "labelSelector", "watch=true"),
    ("GET", "/configmaps/", ""),
    ("PATCH", "dryRun=All", ""),
    ("PATCH", "/configmaps/stays", "dryRun=All"),
    ("PUT", "-marks/", ""),
    ("DELETE", "/configmaps/goes", ""),
];

/// Runs within which whatever has failed is over: each may end one, and the last finds nothing.
const RUNS_MAX: u32 = 12;

/// Applies until nothing is left to do.
fn settle(scene: &Scene, told: &mut String) -> bool {
    (0..RUNS_MAX).any(|_| {
        let ran = scene.run(["apply", "--local", "--yes"]);
        let _ = writeln!(told, "{}", ran.said());
        ran.status.success() && ran.stdout.contains("No effect: no stack changes")
    })
}

/// The ConfigMaps of the scene with their sizes and ids, in order.
fn there(scene: &Scene) -> Vec<String> {
    let each =
        "jsonpath={range .items[*]}{.metadata.name} {.data.size} {.metadata.uid}{'\\n'}{end}";
    let all = scene.kubectl(["get", "configmaps", "--output", each]);
    all.lines().filter(|line| !line.starts_with("kube-root-ca")).map(str::to_owned).collect()
}

/// Every fault, once at every request of a story in which one object is updated and another goes.
#[test]
fn whatever_fails_once_is_done_in_the_end_and_nothing_else() {
    let Some(bed) = bed() else { return };
    let proxy = Proxy::before(&bed.folder().join("admin.kubeconfig"));
    let Some(scene) = Scene::behind("faults", &proxy) else { return };
    let mut wrong = Vec::new();
    for &fault in FAULTS {
        let mut told = String::new();
        scene.wants(BOTH);
        assert!(settle(&scene, &mut told), "{told}");
        let before = there(&scene);
        let [_, stays] = before.as_slice() else { panic!("{before:?}") };
        scene.wants(ONE);
        let once = |&(method, with, without)| Spoil { method, with, without, fault, times: 1 };
        let once: Vec<_> = REQUESTS.iter().map(once).collect();
        proxy.spoil(&once);
        told.clear();
        let settled = settle(&scene, &mut told);
        let met = proxy.spoilt();
        proxy.spoil(&[]);
        // The same object as before, with what it is to hold by now.
        let (wanted, found) = (vec![stays.replacen(" 1 ", " 2 ", 1)], there(&scene));
        if !settled || found != wanted || met != u32::try_from(once.len()).expect("some") {
            wrong.push(format!("{fault:?}, met {met} times: {found:?}\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A read may say what was true once. By that there would be no drift, and nothing to put back.
#[test]
fn what_was_true_once_is_not_taken_for_what_is() {
    let Some(bed) = bed() else { return };
    let proxy = Proxy::before(&bed.folder().join("admin.kubeconfig"));
    let Some(scene) = Scene::behind("stale", &proxy) else { return };
    let mut told = String::new();
    scene.wants(BOTH);
    assert!(settle(&scene, &mut told), "{told}");
    for size in ["7", "8"] {
        let patch = format!(r#"{{"data": {{"size": "{size}", "hand": "{size}"}}}}"#);
        scene.kubectl(["patch", "configmap/stays", "--type=merge", "--patch", &patch]);
        let [method, with, without] = ["GET", "/configmaps/stays", ""];
        proxy.spoil(&[Spoil { method, with, without, fault: Fault::Stale, times: 2 }]);
        assert!(settle(&scene, &mut told), "{told}");
        let data = scene.kubectl(["get", "configmap/stays", "--output=jsonpath={.data}"]);
        assert_eq!(data, format!(r#"{{"hand":"{size}","size":"1"}}"#), "{told}");
        scene.wants(BOTH);
    }
}

/// What becomes of the events of a watch: one that goes about what is not as it is to be, and one
/// about something else after it.
const EVENTS: &[[Option<Fault>; 2]] = &[
    [Some(Fault::Dropped), Some(Fault::Lost)],
    [Some(Fault::Dropped), Some(Fault::Says(410))],
    [Some(Fault::Late), None],
    [Some(Fault::Twice), None],
    [Some(Fault::Half), None],
    [Some(Fault::Lost), None],
    [Some(Fault::Says(410)), None],
];

/// Events that are lost, late, doubled or broken off hide nothing, and make nothing be done twice.
#[test]
fn whatever_becomes_of_events_what_is_ours_is_put_back_and_nothing_else() {
    let Some(bed) = bed() else { return };
    let proxy = Proxy::before(&bed.folder().join("admin.kubeconfig"));
    let Some(scene) = Scene::behind("events", &proxy) else { return };
    scene.write("isobar.yaml", UNREVIEWED);
    scene.wants(BOTH);
    scene.commit();
    let mut serving = scene.serve();
    serving.expect("prod: applied");
    let before = there(&scene);
    for (round, faults) in EVENTS.iter().enumerate() {
        let about = ["\"name\":\"stays\"", "\"name\":\"goes\""];
        let spoilt = about.into_iter().zip(faults).filter_map(|(with, fault)| {
            let fault = (*fault)?;
            Some(Spoil { method: "EVENT", with, without: "", fault, times: 1 })
        });
        let spoilt: Vec<_> = spoilt.collect();
        proxy.spoil(&spoilt);
        let edit = |name: &str, field: &str| {
            let patch = format!(r#"{{"data": {{"{field}": "{round}-{field}"}}}}"#);
            let name = format!("configmap/{name}");
            scene.kubectl(["patch", &name, "--type=merge", "--patch", &patch]);
        };
        edit("stays", "size");
        edit("stays", "hand");
        edit("goes", "hand");
        let is_back = (0..ASKED_MAX).any(|_| there(&scene) == before);
        assert!(is_back, "{faults:?}: {:?}", there(&scene));
        let hand = scene.kubectl(["get", "configmap/stays", "--output=jsonpath={.data.hand}"]);
        assert_eq!(hand, format!("{round}-hand"), "{faults:?}");
        assert_eq!(proxy.spoilt(), u32::try_from(spoilt.len()).expect("some"), "{faults:?}");
    }
    serving.signal("TERM");
    let ended = serving.end();
    assert_eq!(ended.code(), 0, "{}", ended.said());
    let failed = ended.stdout.lines().chain(ended.stderr.lines()).any(|it| it.contains("failed"));
    assert!(!failed, "{}", ended.said());
}

/// A server that says how long it wants to be left alone is.
#[test]
fn a_busy_server_is_asked_again_and_not_sooner_than_it_says() {
    let Some(bed) = bed() else { return };
    let proxy = Proxy::before(&bed.folder().join("admin.kubeconfig"));
    let Some(scene) = Scene::behind("busy", &proxy) else { return };
    scene.wants(ONE);
    let busy =
        |method, with, without| Spoil { method, with, without, fault: Fault::Says(429), times: 2 };
    proxy.spoil(&[
        busy("GET", "/apis", ""),
        busy("PATCH", "dryRun=All", ""),
        busy("PATCH", "/configmaps/stays", "dryRun=All"),
    ]);
    let ran = scene.run(["apply", "--local", "--yes"]);
    // One run has to do: each request is made three times at most.
    assert!(ran.status.success(), "{}", ran.said());
    assert_eq!(proxy.spoilt(), 6, "{}", ran.said());
    assert_eq!(there(&scene).len(), 1);
}

/// Objects that take longer to make than to end a server, and after which of them that is.
const MANY: usize = 600;
const BEGUN: &str = "effect.before:50";

/// How often a server that starts is asked whether it is there, each time for some 50 ms.
const ASKED_MAX: u32 = 1_000;

/// Both servers end as in a crash, with requests under way and more to come, and are there again
/// some seconds later.
#[test]
fn a_cluster_that_restarts_in_the_middle_gets_everything() {
    let Some(bed) = Bed::start() else { return };
    let scene = Scene::on(&bed, "restart");
    let object = |at| {
        format!(
            "- {{ apiVersion: v1, kind: ConfigMap, metadata: {{ name: c{at} }}, \
             data: {{ size: '{at}' }} }}\n"
        )
    };
    scene.wants(&(0..MANY).map(object).collect::<String>());
    let mut running = scene.start(["apply", "--local", "--yes"], BEGUN);
    running.expect("paused at effect.before");
    let _servers = ["etcd", "kube-apiserver"].map(|name| Server::restarted(bed.folder(), name));
    let is_ready = (0..ASKED_MAX).any(|_| scene.can(["get", "--raw", "/readyz"]));
    assert!(is_ready, "it does not come back; its logs are in {}", bed.folder().display());
    let made = there(&scene).len();
    // The one that stands there goes on, and then all is told to end.
    running.signal("INT");
    let mut told = running.end().said();
    assert!(settle(&scene, &mut told), "{told}");
    let found = there(&scene);
    assert_eq!(found.len(), MANY, "{made} were made when it was there again\n{told}");
    let sized = |line: &String| {
        let mut words = line.split(' ');
        let (name, size) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        name.strip_prefix('c') == Some(size)
    };
    assert!(found.iter().all(sized), "{found:?}");
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

/// A server of a bed that this test has started again.
struct Server(Child);

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
        let log = fs::File::create(bed.join(format!("{name}-again.log"))).expect("a log");
        let mut again = Command::new(&line[0]);
        again.args(&line[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Self(again.spawn().expect("it starts"))
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
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
