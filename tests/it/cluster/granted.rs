//! `isobar serve` with the rights that `isobar install --print` gives it: they are enough, and none is
//! there for nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::events::until;
use super::installed::{DEPLOYER, STACK};
use super::scene::{Scene, UNREVIEWED};

const AGENT: &str = "
agent: installed
repositories: { config: { url: . } }
targets:
  bed:
    kubernetes: { namespace: installed-marks, service_accounts: [installed/deployer], fencing: true }
";

/// How often is looked whether the server knows of a policy by now: it does within seconds.
const LOOKS_MAX: usize = 300;

/// Rights that leave no trace of their own in the server's record: they are used where a request says
/// that it is somebody else's.
const ACTS_AS: &str = "impersonate";

/// An installed agent in the namespace `<name>-agent`, its repository, and the text that installed it.
pub(super) fn installed(name: &str) -> Option<(Scene, String)> {
    let scene = Scene::new(name)?;
    let named = |text: &str| text.replace("installed", name);
    scene.write("isobar.yaml", UNREVIEWED);
    scene.create(&named(DEPLOYER));
    scene.write("stacks/deploy/prod.yaml", &named(STACK));
    scene.write("cluster.yaml", &named(AGENT));
    // A name of its own: an epoch is held against the marks of every agent of the name.
    scene.change("agent.yaml", |text| {
        let text = text.replace("agent: tester", &format!("agent: {name}"));
        text.replace("service_accounts:", "fencing: true\n      service_accounts:")
    });
    let space = format!("--namespace={name}-agent");
    let printed = scene.run(["install", "--print", &space, "--settings=cluster.yaml"]);
    assert!(printed.status.success(), "{}", printed.said());
    scene.install(&printed.stdout);
    scene.becomes(&format!("{name}-agent"), "isobar");
    scene.commit();
    Some((scene, printed.stdout))
}

/// Waits until the server says that it is so.
fn awaits(scene: &Scene, what: &str, object: &str) {
    scene.kubectl(["wait", &format!("--for={what}"), object, "--timeout=300s"]);
}

fn edit(scene: &Scene, object: &str, kind: &str, patch: &str) {
    scene.kubectl(["patch", object, &format!("--type={kind}"), "--patch", patch]);
}

fn commit(scene: &Scene, from: &str, to: &str) {
    scene.change("stacks/deploy/prod.yaml", |text| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    scene.commit();
}

/// Which verb was used on which resource, by group, resource and verb; and that others were acted as.
fn used(requests: &[Json]) -> BTreeSet<(String, String, String)> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let mut all = BTreeSet::new();
    for request in requests {
        let of = &request["objectRef"];
        // Whoever patches what is not there yet has to have the right to create it.
        let verb = match request["responseStatus"]["code"].as_u64() {
            Some(201) => "create".to_owned(),
            _ => text(&request["verb"]),
        };
        all.insert((text(&of["apiGroup"]), text(&of["resource"]), verb));
        let user = &request["impersonatedUser"];
        if !user["username"].is_null() {
            all.insert((String::new(), "serviceaccounts".to_owned(), ACTS_AS.to_owned()));
        }
        for extra in user["extra"].as_object().into_iter().flatten().map(|(name, _)| name) {
            let group = "authentication.k8s.io".to_owned();
            all.insert((group, format!("userextras/{extra}"), ACTS_AS.to_owned()));
        }
    }
    all
}

/// Each verb that was used on nothing it is for. Kinds that the agent has the same rights to count as one.
fn unused(printed: &str, used: &BTreeSet<(String, String, String)>) -> Vec<String> {
    let documents = printed.split("\n---\n").map(serde_yaml::from_str::<Json>);
    let documents = documents.map(|one| one.expect("an object"));
    let is_role = |one: &Json| one["kind"].as_str().is_some_and(|kind| kind.ends_with("Role"));
    let words = |value: &Json| -> Vec<String> {
        serde_json::from_value(value.clone()).expect("a list of words")
    };
    let mut rights: BTreeMap<Vec<String>, BTreeSet<(String, String)>> = BTreeMap::new();
    for role in documents.filter(is_role) {
        for rule in role["rules"].as_array().expect("a list") {
            let group = words(&rule["apiGroups"]).remove(0);
            let resources = words(&rule["resources"]).into_iter();
            let resources = resources.map(|resource| (group.clone(), resource));
            rights.entry(words(&rule["verbs"])).or_default().extend(resources);
        }
    }
    let is_used = |resources: &BTreeSet<(String, String)>, verb: &String| {
        resources
            .iter()
            .any(|(group, name)| used.contains(&(group.clone(), name.clone(), verb.clone())))
    };
    let each = rights.iter().flat_map(|(verbs, resources)| {
        let verbs = verbs.iter().filter(move |verb| !is_used(resources, verb));
        verbs.map(move |verb| format!("{verb} {resources:?}"))
    });
    each.collect()
}

#[test]
fn a_serving_agent_is_forbidden_nothing_and_needs_all_that_it_is_given() {
    let Some((scene, printed)) = installed("granted") else { return };
    let serving = scene.serve();
    // A definition, what is of it, and what is made on behalf of another account.
    awaits(&scene, "create", "crd/sites.granted.example.com");
    awaits(&scene, "condition=Established", "crd/sites.granted.example.com");
    awaits(&scene, "create", "sites.granted.example.com/one");
    awaits(&scene, "create", "cronjob/one");

    // Drift: of the agent's own, of a kind that is defined here, of what an account has made, of one that
    // somebody has deleted.
    edit(&scene, "configmap/one", "merge", r#"{"data":{"a":"c"}}"#);
    awaits(&scene, "jsonpath={.data.a}=b", "configmap/one");
    until(&scene, "Corrected", |event| event["regarding"]["kind"] == "ConfigMap");
    edit(&scene, "sites.granted.example.com/one", "merge", r#"{"spec":{"size":4}}"#);
    awaits(&scene, "jsonpath={.spec.size}=3", "sites.granted.example.com/one");
    edit(&scene, "cronjob/one", "merge", r#"{"spec":{"schedule":"5 0 * * *"}}"#);
    awaits(&scene, "jsonpath={.spec.schedule}=0 0 * * *", "cronjob/one");
    scene.kubectl(["delete", "service/one"]);
    awaits(&scene, "create", "service/one");

    // What no longer does well, and does again.
    let ready = "metadata: { labels: { app: one } }";
    let stuck =
        "metadata: { labels: { app: one }, annotations: { testbed.isobar.test/stay: unready } }";
    commit(&scene, ready, stuck);
    commit(&scene, "replicas: 1\n", "replicas: 1\n          progressDeadlineSeconds: 1\n");
    until(&scene, "Degraded", |event| event["regarding"]["kind"] == "Deployment");
    commit(&scene, stuck, ready);
    until(&scene, "Recovered", |event| event["regarding"]["kind"] == "Deployment");

    // What goes: the agent's own, and what an account has made.
    commit(&scene, "name: one }, data", "name: two }, data");
    awaits(&scene, "create", "configmap/two");
    awaits(&scene, "delete", "configmap/one");
    commit(
        &scene,
        "kind: CronJob, metadata: { name: one }",
        "kind: CronJob, metadata: { name: two }",
    );
    awaits(&scene, "create", "cronjob/two");
    awaits(&scene, "delete", "cronjob/one");
    serving.signal("TERM");
    assert_eq!(serving.end().code(), 0);

    // One that remembers nothing learns from the marks what is its own.
    scene.lose_database();
    scene.lose_cache();
    let serving = scene.serve();
    edit(&scene, "configmap/two", "merge", r#"{"data":{"a":"c"}}"#);
    awaits(&scene, "jsonpath={.data.a}=b", "configmap/two");
    serving.signal("TERM");
    assert_eq!(serving.end().code(), 0);

    let requests = scene.requests_of("granted-agent", "isobar");
    let refused: Vec<_> =
        requests.iter().filter(|request| request["responseStatus"]["code"] == 403).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let unused = unused(&printed, &used(&requests));
    assert!(unused.is_empty(), "{unused:#?}\n{:#?}", used(&requests));
}

#[test]
fn the_account_writes_nothing_without_the_epoch_of_a_lease() {
    let Some((scene, _)) = installed("unsaid") else { return };
    let account = "--as=system:serviceaccount:unsaid-agent:isobar";
    // It writes under leases.
    scene.isobar(["apply", "--local", "--yes"]);
    let can = |nth: usize| scene.can(["create", "configmap", &format!("odd-{nth}"), account]);
    let known = (0..LOOKS_MAX).any(|nth| !can(nth));
    assert!(known, "the server never refuses one");
    let why = "the agent writes without the epoch of a lease";
    for write in [
        ["create", "configmap", "odd", account],
        ["label", "configmap/one", "odd=yes", account],
        ["delete", "configmap/one", "--wait=false", account],
    ] {
        let said = scene.denied(write);
        assert!(said.contains(why), "{write:?}: {said}");
    }
    // What is only looked at is under no lease, and what others write is nobody's business.
    scene.kubectl(["create", "configmap", "odd", "--dry-run=server", account]);
    scene.kubectl(["create", "configmap", "odd"]);
    scene.kubectl(["delete", "configmap/odd"]);
    scene.isobar(["apply", "--local", "--yes"]);
}

/// Whatever it is, and whosever rights count: what a lease that is over asks for comes too late.
#[test]
fn what_says_an_epoch_that_is_over_is_refused() {
    let Some((scene, _)) = installed("over") else { return };
    scene.isobar(["apply", "--local", "--yes"]);
    commit(&scene, "{ a: b }", "{ a: c }");
    scene.isobar(["apply", "--local", "--yes"]);
    let marks = ["get", "configmaps", "--namespace=over-marks", "--selector=isobar.dev/mark"];
    let [get, kind, of, which] = marks;
    let read =
        |path: &str| scene.kubectl([get, kind, of, which, &format!("--output=jsonpath={path}")]);
    let name = read("{.items[*].metadata.name}");
    let newest = read(r"{.items[*].metadata.annotations.isobar\.dev/epoch}");
    let newest: u64 = newest.parse().unwrap_or_else(|_| panic!("one mark: {name}: {newest}"));
    assert!(newest > 1, "two runs have written");
    let mark = format!("--as-user-extra=isobar.dev/mark={name}");
    let said = |epoch: u64| format!("--as-user-extra=isobar.dev/epoch={epoch}");
    let agent = "--as=system:serviceaccount:over-agent:isobar";
    let deployer = "--as=system:serviceaccount:over:deployer";
    let known = (0..LOOKS_MAX).any(|nth| {
        !scene.can(["create", "configmap", &format!("odd-{nth}"), agent, &mark, &said(newest - 1)])
    });
    assert!(known, "the server never refuses one");
    let why = format!("epoch {} is over: epoch {newest} has written", newest - 1);
    for write in [
        ["create", "configmap", "odd", agent],
        ["label", "configmap/one", "odd=yes", agent],
        ["delete", "configmap/one", "--wait=false", agent],
        ["label", "cronjob/one", "odd=yes", deployer],
        ["delete", "cronjob/one", "--wait=false", deployer],
    ] {
        let [a, b, c, who] = write;
        let told = scene.denied([a, b, c, who, &mark, &said(newest - 1)]);
        assert!(told.contains(&why), "{write:?}: {told}");
    }
    for nth in [newest, newest + 1] {
        for (object, who) in [("configmap/one", agent), ("cronjob/one", deployer)] {
            let odd = format!("odd=e{nth}");
            scene.kubectl(["label", object, &odd, "--overwrite", who, &mark, &said(nth)]);
        }
    }
}
