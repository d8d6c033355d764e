//! A server, or what is before it, fails in the middle: what is asked for is there in the end, once,
//! and nothing goes that was to stay.

use std::fmt::Write as _;
use std::time::Duration;

use super::proxy::{Fault, Proxy, Spoil};
use super::scene::{Scene, UNREVIEWED};
use crate::testbed::bed::bed;

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

/// What is asked for the first time, in a cluster that nothing was in.
const FIRST: &[(&str, &str, &str)] = &[
    ("POST", "/api/v1/namespaces?", ""),
    ("POST", "-marks/configmaps", ""),
    ("PATCH", "/configmaps/", "dryRun=All"),
];

/// Every fault, once at every request by which something is made that was not there: the namespace for
/// marks, the mark, the objects. Where the answer is lost, what was asked for may be there.
#[test]
fn whatever_fails_once_while_it_is_made_is_there_once_and_owned() {
    let Some(bed) = bed() else { return };
    let proxy = Proxy::before(&bed.folder().join("admin.kubeconfig"));
    let mut wrong = Vec::new();
    for (at, &fault) in FAULTS.iter().enumerate() {
        let Some(scene) = Scene::behind(&format!("made-{at}"), &proxy) else { return };
        let once = |&(method, with, without)| Spoil { method, with, without, fault, times: 1 };
        let once: Vec<_> = FIRST.iter().map(once).collect();
        proxy.spoil(&once);
        let mut told = String::new();
        scene.wants(BOTH);
        let settled = settle(&scene, &mut told);
        let (met, found) = (proxy.spoilt(), there(&scene));
        let marks = format!("--namespace=made-{at}-marks");
        let each = r"jsonpath={range .items[*]}{.data}{'\n'}{end}";
        let marks = scene.kubectl(["get", "configmaps", &marks, "--output", each]);
        let named = |name: &str| marks.matches(&format!("ConfigMap/made-{at}/{name}")).count();
        let is_whole = found.len() == 2 && [named("goes"), named("stays")] == [1, 1];
        // It is ours, so that it can go.
        scene.wants(ONE);
        let settled = settled && settle(&scene, &mut told);
        let left = there(&scene);
        let is_right = left.len() == 1 && left[0].starts_with("stays 2 ");
        proxy.spoil(&[]);
        if !settled || !is_whole || !is_right || met != u32::try_from(once.len()).expect("some") {
            wrong.push(format!("{fault:?}, met {met} times: {found:?} {left:?} {marks}\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A list that is older than what was told before hides nothing either: the watch behind it goes on
/// from where that is. In the first one there was nothing, and in that of the agent that comes next all
/// was as it is to be.
#[test]
fn a_list_of_what_was_true_once_hides_nothing() {
    let Some(bed) = bed() else { return };
    let proxies = [(); 2].map(|()| Proxy::before(&bed.folder().join("admin.kubeconfig")));
    let Some(scene) = Scene::behind("oldlist", &proxies[0]) else { return };
    scene.write("isobar.yaml", UNREVIEWED);
    scene.wants(BOTH);
    scene.commit();
    let mut before = Vec::new();
    for proxy in &proxies {
        scene.write("proxy.kubeconfig", &proxy.kubeconfig());
        let mut serving = scene.serve();
        if before.is_empty() {
            serving.expect("prod: applied");
            before = there(&scene);
        }
        for size in ["7", "8", "9"] {
            // The event about it breaks the watch, and the list that comes next is the first there was.
            let lost = ("EVENT", "\"name\":\"stays\"", "", Fault::Lost);
            let list = ("GET", "/api/v1/configmaps?", "watch=true", Fault::Stale);
            let spoil =
                |(method, with, without, fault)| Spoil { method, with, without, fault, times: 1 };
            proxy.spoil(&[lost, list].map(spoil));
            let patch = format!(r#"{{"data": {{"size": "{size}"}}}}"#);
            scene.kubectl(["patch", "configmap/stays", "--type=merge", "--patch", &patch]);
            let is_back = (0..ASKED_MAX).any(|_| there(&scene) == before && proxy.spoilt() == 2);
            assert!(is_back, "{size}, met {}: {:?}", proxy.spoilt(), there(&scene));
        }
        serving.signal("TERM");
        let ended = serving.end();
        assert_eq!(ended.code(), 0, "{}", ended.said());
    }
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
    // Nor is a list of marks in which ours was not there yet: what goes by it is what is to go.
    let before = there(&scene);
    scene.wants(ONE);
    let [method, with, without] = ["GET", "-marks/configmaps?", ""];
    proxy.spoil(&[Spoil { method, with, without, fault: Fault::Stale, times: 2 }]);
    assert!(settle(&scene, &mut told), "{told}");
    assert_eq!(there(&scene), [before[1].replacen(" 1 ", " 2 ", 1)], "{told}");
    assert_eq!(proxy.spoilt(), 2, "{told}");
}

/// What becomes of the events of a watch: one that goes about what is not as it is to be, and one
/// about something else after it.
///
/// One that is swallowed without a trace is made up for by the next one about the same object. Where none
/// comes, the list does that each watch begins with, within the hour.
const EVENTS: &[[Option<Fault>; 2]] = &[
    [Some(Fault::Dropped), None],
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

/// How often a server that answers is asked whether it is there, each time for some 50 ms.
const ASKED_FOR_NOTHING: u32 = 20;

/// How often it is looked whether something is so by now, each time for some 50 ms.
const ASKED_MAX: u32 = 1_000;

/// A server that says how long it wants to be left alone is.
#[test]
fn a_busy_server_is_asked_again_and_not_sooner_than_it_says() {
    let Some(bed) = bed() else { return };
    let proxy = Proxy::before(&bed.folder().join("admin.kubeconfig"));
    let Some(scene) = Scene::behind("busy", &proxy) else { return };
    scene.wants(ONE);
    let busy =
        |method, with, without| Spoil { method, with, without, fault: Fault::Busy(3), times: 2 };
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
    // Whatever is asked about the same comes when the server wants it at the earliest.
    let asked = proxy.asked();
    let mut left_alone = 0;
    for about in ["/configmaps/stays", "GET /apis?"] {
        let asked: Vec<_> = asked.iter().filter(|it| it.what.contains(about)).collect();
        for two in asked.windows(2).filter(|two| two[0].fault.is_some()) {
            let answered = two[0].answered.expect("it is answered");
            assert!(two[1].at >= answered + Duration::from_secs(3), "{asked:#?}");
            left_alone += 1;
        }
    }
    assert_eq!(left_alone, proxy.spoilt());
}

/// A server that fails every time is asked so often and no more; then people are told.
#[test]
fn what_fails_each_time_is_tried_so_often_and_no_more() {
    let Some(bed) = bed() else { return };
    let proxy = Proxy::before(&bed.folder().join("admin.kubeconfig"));
    let Some(scene) = Scene::behind("bounded", &proxy) else { return };
    scene.wants(ONE);
    let (method, with) = ("PATCH", "/configmaps/stays");
    for (fault, without, tried) in [
        // Written: it certainly did not happen, and is tried as often as the settings say.
        (Fault::Says(503), "dryRun=All", 3),
        (Fault::Says(429), "dryRun=All", 3),
        // Nobody knows whether it happened: that is looked at, and not tried again.
        (Fault::Says(500), "dryRun=All", 1),
        (Fault::Lost, "dryRun=All", 1),
        // Looked at.
        (Fault::Says(429), "", 3),
        (Fault::Says(503), "", 1),
    ] {
        proxy.spoil(&[Spoil { method, with, without, fault, times: u32::MAX }]);
        let ran = scene.run(["apply", "--local", "--yes"]);
        assert_eq!(ran.status.code(), Some(3), "{fault:?} {without}: {}", ran.said());
        // After a run it is looked at once more.
        let looks = if without.is_empty() { 2 } else { 1 };
        let met = proxy.spoilt();
        assert!(met >= tried && met <= tried * looks, "{fault:?} {without}, {met}: {}", ran.said());
        assert_eq!(there(&scene), Vec::<String>::new(), "{fault:?}");
    }
    proxy.spoil(&[]);
    assert!(settle(&scene, &mut String::new()));
}

/// What a target answers at a time, as `connection.rs` has it.
const IN_FLIGHT_MAX: u32 = 32;

/// However much there is to ask, and however slow the server is.
#[test]
fn no_more_is_asked_at_a_time_than_a_server_is_good_for() {
    let Some(bed) = bed() else { return };
    let all = 3 * IN_FLIGHT_MAX;
    let object =
        |at| format!("- {{ apiVersion: v1, kind: ConfigMap, metadata: {{ name: c{at} }} }}\n");
    let components: Vec<_> = (0..6)
        .map(|part| {
            let objects = (0..all).filter(|at| at % 6 == part).map(object);
            (format!("part{part}"), objects.collect::<String>())
        })
        .collect();
    let components: Vec<_> =
        components.iter().map(|(name, all)| (name.as_str(), "", all.as_str())).collect();
    for (namespace, without) in [("budget-looks", ""), ("budget-writes", "dryRun=All")] {
        let proxy = Proxy::before(&bed.folder().join("admin.kubeconfig"));
        let Some(scene) = Scene::behind(namespace, &proxy) else { return };
        scene.wants_all(&components);
        let (method, with) = ("PATCH", "/configmaps/c");
        proxy.spoil(&[Spoil { method, with, without, fault: Fault::Held, times: u32::MAX }]);
        let running = scene.begin(["apply", "--local", "--yes"]);
        proxy.until_spoilt(IN_FLIGHT_MAX);
        // As long as none is answered, no other comes.
        (0..ASKED_FOR_NOTHING).for_each(|_| assert!(scene.can(["get", "--raw", "/readyz"])));
        assert_eq!(proxy.spoilt(), IN_FLIGHT_MAX, "{namespace}");
        proxy.go_on();
        let ended = running.end();
        assert!(ended.status.success(), "{namespace}: {}", ended.said());
        assert_eq!(proxy.most_under_way(), IN_FLIGHT_MAX as usize, "{namespace}");
        assert_eq!(there(&scene).len(), all as usize, "{namespace}");
    }
}
