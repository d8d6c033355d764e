//! Nobody writes whose lease is over: by our own clock before a request is sent, and by the server's
//! word where the policy is installed.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::applied::{Applied, NOTICE_MAX, settings};
use super::place::Corner;
use super::step::{change, path};
use crate::backends::fixture::{name, scope};
use crate::backends::kubernetes::KubernetesTarget;
use crate::backends::kubernetes::connection::{Call, Failure};
use crate::backends::kubernetes::turns::Turn;
use crate::backends::{StepError, Target};
use crate::ids::{Epoch, HolderId, StackName};
use crate::keyring::Keyring;
use crate::model::change::Action;
use crate::settings::{AgentSettings, KubernetesSettings};
use crate::store::{Lease, Store};
use crate::world::World;

/// What is shipped, the policy included.
const INSTALLED: &str = include_str!("../../../../deployments/kustomize/isobar.yaml");

async fn lease(ttl: Duration, epoch: i64) -> Lease {
    let store = Store::open("sqlite::memory:", &World::real()).await.unwrap();
    let (stack, holder) = (StackName::new("prod").unwrap(), HolderId::new("one").unwrap());
    loop {
        let lease = store.acquire(&scope("one"), &stack, &holder, ttl).await.unwrap().unwrap();
        if lease.epoch() == Epoch(epoch) {
            return lease;
        }
        store.release(lease).await.unwrap();
    }
}

/// A cluster that takes every request and answers none, and the server's end.
async fn silent(folder: &std::path::Path) -> (KubernetesTarget, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut server = JoinSet::new();
    server.spawn(async move {
        let mut lines = Vec::new();
        while let Ok((line, _)) = listener.accept().await {
            lines.push(line);
        }
    });
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
        "clusters": [{"name": "c", "cluster": {"server": format!("http://127.0.0.1:{port}")}}],
        "users": [{"name": "c", "user": {}}],
    });
    let file = folder.join("kubeconfig");
    std::fs::write(&file, kubeconfig.to_string()).unwrap();
    let settings = KubernetesSettings { kubeconfig: Some(file), ..Default::default() };
    let world = World::real();
    let keyring = Arc::new(Keyring::new(&AgentSettings::default(), None, world.clone()));
    let keyring = (keyring, Arc::default());
    (KubernetesTarget::open(name(), scope("one"), settings, folder, keyring, &world), server)
}

#[tokio::test]
async fn a_request_gets_no_more_time_than_the_lease_has_left() {
    let folder = tempfile::tempdir().unwrap();
    let (target, _server) = silent(folder.path()).await;
    // Half a second for the request, and a quarter to spare.
    let short = lease(Duration::from_millis(740), 1).await;
    assert!(matches!(target.time_left(&short), Err(Failure::Late(_))));
    for (ttl, least, most) in [(5.0, 3.0, 4.75), (20.0, 18.0, 19.75), (600.0, 30.0, 30.0)] {
        let lease = lease(Duration::from_secs_f64(ttl), 1).await;
        let time = target.time_left(&lease).unwrap().as_secs_f64();
        assert!((least..=most).contains(&time), "{ttl}: {time}");
    }
    assert_eq!(target.requests(), 0);
}

/// The lease is asked for when a request's turn comes, and not when it was queued.
#[tokio::test]
async fn a_request_that_waited_until_its_lease_was_too_short_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (target, _server) = silent(folder.path()).await;
    let target = Arc::new(target);
    let (time, lease) = (Duration::from_millis(1_500), lease(Duration::from_secs(2), 1).await);
    let get = || Call::get("/api/v1/namespaces/shop/configmaps/web".to_owned());
    let mut under_way = JoinSet::new();
    for _ in 0..32 {
        let (target, call) = (target.clone(), get());
        let send = async move { target.connection.send(call, Turn::default(), || Ok(time)).await };
        under_way.spawn(async move { assert!(matches!(send.await, Err(Failure::Lost(_)))) });
    }
    while target.requests() < 32 {
        tokio::task::yield_now().await;
    }
    assert!(target.time_left(&lease).is_ok(), "it is long enough now");
    let call = get().under(&lease);
    let late = target.connection.send(call, Turn::default(), || target.time_left(&lease)).await;
    assert!(matches!(late, Err(Failure::Late(_))), "{:?}", late.map(|answer| answer.status));
    assert_eq!(target.requests(), 32, "it was not sent");
    under_way.join_all().await;
}

/// The policy and its binding as they are shipped, for the marks of a corner.
fn policy(corner: &Corner) -> Vec<(String, Json)> {
    let documents: Vec<Json> = INSTALLED
        .split("\n---\n")
        .map(|text| serde_yaml::from_str(text).unwrap())
        .filter(|one: &Json| one["kind"].as_str().unwrap().starts_with("ValidatingAdmission"))
        .collect();
    let own = format!("isobar-epochs-{}", corner.marks);
    let each = documents.into_iter().map(|mut object| {
        object["metadata"]["name"] = own.as_str().into();
        let folder = match object["kind"].as_str().unwrap() {
            "ValidatingAdmissionPolicy" => "validatingadmissionpolicies",
            _ => {
                object["spec"]["policyName"] = own.as_str().into();
                object["spec"]["paramRef"]["namespace"] = corner.marks.as_str().into();
                "validatingadmissionpolicybindings"
            }
        };
        (format!("/apis/admissionregistration.k8s.io/v1/{folder}"), object)
    });
    each.collect()
}

#[tokio::test]
async fn the_server_refuses_an_epoch_that_is_over() {
    let Some(corner) = Corner::new().await else { return };
    let manifest = settings(&corner.namespace);
    let old = Applied::of(corner.fenced("one"), std::slice::from_ref(&manifest)).await;
    // Somebody else goes on with the stack. Who was there before has not heard of it.
    let new = corner.fenced("one");
    let later = lease(Duration::from_secs(600), 2).await;
    let entries = [(super::applied::identity(&manifest), Some(old.entry(&manifest)))].into();
    new.write_mark(&later, &entries).await.unwrap();
    let sized = |size: u32| {
        let mut wanted = manifest.clone();
        wanted["data"]["size"] = size.to_string().into();
        wanted
    };
    let write = async |size: u32| -> Result<(), StepError> {
        let wanted = sized(size);
        let shown = &["data.size"];
        let update = change(&corner, &manifest, Action::Update, Some(&wanted), shown).await;
        old.apply(update).await.map(drop)
    };
    let size = async || {
        corner.get(path(&corner, &manifest)).await.unwrap()["data"]["size"]
            .as_str()
            .map(str::to_owned)
    };
    write(100).await.expect("nothing but the policy stands in its way");
    assert_eq!(size().await.as_deref(), Some("100"));

    for (folder, object) in policy(&corner) {
        corner.send(Call::post(folder, object)).await.unwrap();
    }
    let world = World::real();
    let start = world.clock.monotonic();
    let mut next = 101;
    let refused = loop {
        match write(next).await {
            Err(error) => break error,
            Ok(()) => next += 1,
        }
        assert!(world.clock.monotonic() < start + NOTICE_MAX, "the policy does not come to count");
        world.clock.sleep(Duration::from_millis(100)).await;
    };
    assert!(refused.reason.contains("epoch 1 is over: epoch 2 has written"), "{refused}");
    assert_ne!(size().await, Some(next.to_string()));
    let delete = change(&corner, &manifest, Action::Delete, None, &["data.size"]).await;
    let refused = old.apply(delete).await.expect_err("a deletion is a write");
    assert!(refused.reason.contains("is over"), "{refused}");

    // Whoever has the lease writes on, and so does anybody who is no agent.
    new.write_mark(&later, &entries).await.expect("its epoch is the last one");
    let hand = json!({"data": {"size": "7"}});
    corner.merge(path(&corner, &manifest), "hand", hand).await;
    assert_eq!(size().await.as_deref(), Some("7"));
    for (folder, object) in policy(&corner) {
        let name = object["metadata"]["name"].as_str().unwrap();
        corner.send(Call::delete(format!("{folder}/{name}"), json!({}))).await.unwrap();
    }
}
