//! What an object costs that nobody changes, and what changes of it are seen.

use serde_json::json;

use super::applied::{Applied, NOTICE_MAX, deployment, identity, settings};
use super::place::Corner;
use crate::backends::kubernetes::connection::Call;
use crate::backends::kubernetes::identity::Identity;
use crate::backends::kubernetes::owner;
use crate::backends::{Disposition, Target};
use crate::model::body::Body;
use crate::model::observation::{Health, Seen};
use crate::model::path::FieldPath;

#[tokio::test]
async fn what_nobody_changes_costs_no_request() {
    let Some(corner) = Corner::new().await else { return };
    let objects = [deployment(&corner.namespace), settings(&corner.namespace)];
    let applied = Applied::new(&corner, &objects).await;
    applied.settled().await;
    for _ in 0..3 {
        assert_eq!(applied.cost().await, (true, 0));
    }
}

/// Ways to take a field from us that leave its value as it was: writing another one and that again,
/// and having the server forget who wrote what.
async fn disown(corner: &Corner, way: &str) {
    let path = corner.path("api/v1", "configmaps/settings");
    match way {
        "cleared" => {
            let nobody = json!({"metadata": {"managedFields": [{}]}});
            drop(corner.merge(path, "hand", nobody).await);
        }
        _ => {
            for size in ["7", "3"] {
                corner.merge(path.clone(), "hand", json!({"data": {"size": size}})).await;
            }
        }
    }
}

/// The fields that are as they are wanted and not ours, once the watch has told of it.
async fn lost(applied: &Applied) -> Vec<FieldPath> {
    let told = async {
        loop {
            if let [(_, Seen::Compared(both))] = applied.look().await.as_slice()
                && !both.lost.is_empty()
            {
                assert_eq!(both.live, both.intended);
                return both.lost.clone();
            }
            applied.woken().await;
        }
    };
    tokio::time::timeout(NOTICE_MAX, told).await.expect("it is told")
}

/// It costs nothing again, and goes from the object when nobody wants it any more: neither we, nor who wrote
/// it last.
#[tokio::test]
async fn what_others_wrote_over_and_put_back_is_ours_again() {
    for way in ["put back", "cleared"] {
        let Some(corner) = Corner::new().await else { return };
        let mut manifest = settings(&corner.namespace);
        manifest["data"]["colour"] = "green".into();
        let mut applied = Applied::new(&corner, std::slice::from_ref(&manifest)).await;
        applied.settled().await;
        let path = corner.path("api/v1", "configmaps/settings");
        let version = async || {
            let live = corner.get(path.clone()).await.unwrap();
            (live["data"].clone(), live["metadata"]["resourceVersion"].clone())
        };
        disown(&corner, way).await;
        let before = version().await;
        let lost = lost(&applied).await;
        let is = |field| lost.iter().any(|path| path.to_string() == field);
        assert!(is("data.size") && is("data.colour") == (way == "cleared"), "{way}: {lost:?}");

        applied.update(&[]).await.unwrap();
        let after = version().await;
        assert!(before.0 == after.0 && before.1 != after.1, "{way}: {before:?} {after:?}");
        applied.settled().await;
        assert_eq!(applied.cost().await, (true, 0), "{way}");

        manifest["data"].as_object_mut().unwrap().remove("size");
        applied.wants(std::slice::from_ref(&manifest));
        match way {
            // Whoever wrote it wants it as well.
            "put back" => applied.settled().await,
            _ => {
                applied.update(&["data.size"]).await.unwrap();
                assert_eq!(version().await.0, json!({"colour": "green"}), "{way}");
            }
        }
    }
}

/// What the server does not keep of a manifest, or what is not applied, is never ours and never missed.
#[tokio::test]
async fn what_manifests_say_and_nobody_keeps_is_not_missed() {
    let Some(corner) = Corner::new().await else { return };
    let mut web = deployment(&corner.namespace);
    let repeated = json!({"kubectl.kubernetes.io/last-applied-configuration": "{}"});
    web["metadata"]["annotations"] = repeated;
    web["metadata"]["creationTimestamp"] = json!(null);
    web["spec"]["template"]["metadata"]["creationTimestamp"] = json!(null);
    web["spec"]["strategy"] = json!({});
    let pod = &mut web["spec"]["template"]["spec"];
    pod["containers"][0]["resources"] = json!({});
    pod["containers"][0]["env"] = json!([]);
    pod["securityContext"] = json!({});
    pod["nodeSelector"] = json!(null);
    pod["volumes"] = json!([{"name": "room", "emptyDir": {}}]);
    web["status"] = json!({});
    let mut applied = Applied::new(&corner, std::slice::from_ref(&web)).await;
    applied.settled().await;
    assert_eq!(applied.cost().await, (true, 0));
    // Its controller writes its status, and the server what is in our empty maps; then we apply again.
    for number in 1..=2 {
        web["spec"]["minReadySeconds"] = number.into();
        applied.wants(std::slice::from_ref(&web));
        applied.update(&["spec.minReadySeconds"]).await.unwrap();
        applied.settled().await;
    }
}

/// While nobody takes it back, and nothing more happens, nobody has to ask.
#[tokio::test]
async fn what_is_no_longer_ours_is_looked_at_once() {
    let Some(corner) = Corner::new().await else { return };
    let applied = Applied::new(&corner, &[settings(&corner.namespace)]).await;
    applied.settled().await;
    disown(&corner, "cleared").await;
    applied.woken().await;
    assert_eq!(applied.cost().await, (false, 2));
    assert_eq!(applied.cost().await, (false, 0));
}

/// Whoever takes it from us each time has it: it is written once, and costs nothing but a look at what happens
/// to it. That counts for another process as well, and no longer once something else is wanted.
#[tokio::test]
async fn what_is_taken_from_us_again_and_again_is_owned_again_once() {
    let Some(corner) = Corner::new().await else { return };
    let mut manifest = settings(&corner.namespace);
    let mut applied = Applied::new(&corner, std::slice::from_ref(&manifest)).await;
    applied.settled().await;
    let path = corner.path("api/v1", "configmaps/settings");
    disown(&corner, "cleared").await;
    lost(&applied).await;
    applied.update(&[]).await.unwrap();
    applied.settled().await;
    disown(&corner, "cleared").await;
    for number in 0..3 {
        // Nothing of that is in our entry, and any of it could be about what is lost.
        let note = json!({"metadata": {"labels": {"number": number.to_string()}}});
        corner.merge(path.clone(), "hand", note).await;
        applied.woken().await;
        assert_eq!(applied.cost().await, (true, 2));
        assert_eq!(applied.cost().await, (true, 0));
    }
    // What is not ours changes without a trace in our entry.
    corner.merge(path, "hand", json!({"data": {"size": "7"}})).await;
    applied.woken().await;
    assert!(!applied.cost().await.0);
    applied.update(&["data.size"]).await.unwrap();
    applied.settled().await;
    disown(&corner, "cleared").await;
    lost(&applied).await;
    applied.update(&[]).await.unwrap();
    manifest["data"]["more"] = "x".into();
    applied.wants(std::slice::from_ref(&manifest));
    applied.update(&["data.more"]).await.unwrap();
    applied.settled().await;
    disown(&corner, "cleared").await;
    lost(&applied).await;
}

/// What another writes in between, on what was to be only owned, stays.
#[tokio::test]
async fn who_only_owns_it_again_takes_no_value_from_others() {
    let Some(corner) = Corner::new().await else { return };
    let applied = Applied::new(&corner, &[settings(&corner.namespace)]).await;
    applied.settled().await;
    disown(&corner, "put back").await;
    lost(&applied).await;
    let own = applied.planned(&[]).await;
    let path = corner.path("api/v1", "configmaps/settings");
    corner.merge(path.clone(), "hand", json!({"data": {"size": "8"}})).await;
    let error = applied.apply(own).await.expect_err("it is refused");
    assert_eq!(error.disposition, Disposition::Stale, "{error}");
    assert_eq!(corner.get(path).await.unwrap()["data"], json!({"size": "8"}));
}

#[tokio::test]
async fn what_others_scale_is_looked_at_and_left() {
    let Some(corner) = Corner::new().await else { return };
    let applied = Applied::new(&corner, &[deployment(&corner.namespace)]).await;
    applied.settled().await;
    let path = corner.path("apis/apps/v1", "deployments/web");
    corner.merge(path.clone(), "hand", json!({"spec": {"replicas": 2}})).await;
    applied.woken().await;
    applied.settled().await;
    let web = corner.get(path).await.unwrap();
    assert_eq!(web["spec"]["replicas"], 2);
}

#[tokio::test]
async fn a_change_of_what_is_ours_is_seen_with_who_made_it() {
    let Some(corner) = Corner::new().await else { return };
    let applied = Applied::new(&corner, &[settings(&corner.namespace)]).await;
    applied.settled().await;
    let path = corner.path("api/v1", "configmaps/settings");
    corner.merge(path, "hand", json!({"data": {"size": "7", "more": "x"}})).await;
    applied.woken().await;
    let seen = applied.look().await;
    let [(_, Seen::Compared(both))] = seen.as_slice() else { panic!("{seen:?}") };
    let size = FieldPath::root().key("data").key("size");
    assert_eq!(both.writers.get(&size).map(String::as_str), Some("hand"));
    let live = both.live.as_ref().unwrap();
    assert_eq!(size.find(live.value()).and_then(|size| size.as_str()), Some("7"));
    assert!(live.value().get("data").unwrap().get("more").is_none(), "that is not ours");
}

/// As long as nothing more happens to it; without our label nobody would tell.
#[tokio::test]
async fn drift_is_looked_at_once() {
    let Some(corner) = Corner::new().await else { return };
    let applied = Applied::new(&corner, &[settings(&corner.namespace)]).await;
    applied.settled().await;
    let path = corner.path("api/v1", "configmaps/settings");
    for size in ["7", "8"] {
        corner.merge(path.clone(), "hand", json!({"data": {"size": size}})).await;
        applied.woken().await;
        // What would be of it, and what is there.
        assert_eq!(applied.cost().await, (false, 2));
        assert_eq!(applied.cost().await, (false, 0));
    }
    corner.merge(path, "hand", json!({"metadata": {"labels": {"isobar.dev/owner": null}}})).await;
    applied.woken().await;
    for _ in 0..2 {
        assert_eq!(applied.cost().await, (false, 2));
    }
}

/// It is read while it is rehearsed, whatever happens to it meanwhile.
#[tokio::test]
async fn what_was_there_is_seen_as_it_is_by_now() {
    let Some(corner) = Corner::new().await else { return };
    let manifest = settings(&corner.namespace);
    let applied = Applied::new(&corner, std::slice::from_ref(&manifest)).await;
    applied.settled().await;
    let path = corner.path("api/v1", "configmaps/settings");
    let identity = Identity::parse(&identity(&manifest)).unwrap();
    let size = |body: &Option<Body>| {
        let data = body.as_ref().and_then(|body| body.value().get("data"));
        data.and_then(|data| data.get("size")?.as_str().map(str::to_owned))
    };
    let edits = async {
        for size in 0..40 {
            let edit = json!({"data": {"size": size.to_string()}});
            corner.merge(path.clone(), "hand", edit).await;
        }
    };
    let looks = async {
        let mut last = 0;
        for _ in 0..40 {
            let sight = applied.target.eyes().look_again(&identity, &manifest).await.unwrap();
            let version = sight.metadata("resourceVersion").unwrap().parse::<u64>().unwrap();
            assert!(last <= version, "{version} comes after {last}");
            assert!(size(&sight.live).is_some());
            assert_eq!(size(&sight.intended).as_deref(), Some("3"));
            last = version;
        }
    };
    tokio::join!(edits, looks);
    corner.send(Call::delete(path.clone(), json!({}))).await.unwrap();
    let gone = applied.target.eyes().look_again(&identity, &manifest).await.unwrap();
    assert!(gone.object.is_none() && gone.live.is_none());
    assert_eq!(size(&gone.intended).as_deref(), Some("3"));
    // Somebody else's of the same name is not ours, and is seen whole.
    let other = json!({"metadata": {"name": "settings"}, "data": {"size": "7"}});
    corner.send(Call::post(corner.path("api/v1", "configmaps"), other)).await.unwrap();
    let other = applied.target.eyes().look_again(&identity, &manifest).await.unwrap();
    assert_eq!(size(&other.live).as_deref(), Some("7"));
    assert!(!other.is_ours && owner::label_of(other.object.as_ref().unwrap()).is_none());
}

#[tokio::test]
async fn the_order_of_a_list_is_looked_at() {
    let Some(corner) = Corner::new().await else { return };
    let mut two = deployment(&corner.namespace);
    let other = json!({"name": "other", "image": "other:1"});
    two["spec"]["template"]["spec"]["containers"].as_array_mut().unwrap().push(other);
    let applied = Applied::new(&corner, &[two]).await;
    applied.settled().await;
    let path = corner.path("apis/apps/v1", "deployments/web");
    let live = corner.get(path.clone()).await.unwrap();
    let mut containers = live["spec"]["template"]["spec"]["containers"].clone();
    containers.as_array_mut().unwrap().reverse();
    let turned = json!({"spec": {"template": {"spec": {"containers": containers}}}});
    corner.merge(path, "hand", turned).await;
    // Its controller writes its status meanwhile, and that wakes as well.
    let noticed = async {
        while applied.cost().await.0 {
            applied.woken().await
        }
    };
    tokio::time::timeout(NOTICE_MAX, noticed).await.expect("the order is what the manifest says");
}

#[tokio::test]
async fn a_rollout_is_followed_until_it_has_ended() {
    let Some(corner) = Corner::new().await else { return };
    let mut slow = deployment(&corner.namespace);
    // Its pods are ready at once, and it is looked at before it does well all the same.
    slow["spec"]["minReadySeconds"] = json!(3);
    let applied = Applied::new(&corner, &[slow]).await;
    let mut seen = vec![applied.health().await];
    let ended = async {
        while *seen.last().unwrap() != Health::Healthy {
            applied.woken().await;
            seen.push(applied.health().await);
        }
    };
    tokio::time::timeout(NOTICE_MAX, ended).await.expect("it becomes healthy");
    let begins = matches!(&seen[0], Health::Progressing(why) if why.contains("Deployment.apps/"));
    assert!(begins, "{seen:?}");
    applied.settled().await;
}

#[tokio::test]
async fn a_label_that_is_taken_off_is_noticed() {
    let Some(corner) = Corner::new().await else { return };
    let applied = Applied::new(&corner, &[settings(&corner.namespace)]).await;
    applied.settled().await;
    let path = corner.path("api/v1", "configmaps/settings");
    corner.merge(path, "hand", json!({"metadata": {"labels": {"isobar.dev/owner": null}}})).await;
    applied.woken().await;
    assert!(!applied.cost().await.0, "it is nobody's");
}

#[tokio::test]
async fn a_cluster_that_is_away_is_asked_once_in_a_while() {
    let Some(corner) = Corner::new().await else { return };
    let objects = [deployment(&corner.namespace), settings(&corner.namespace)];
    let applied = Applied::new(&corner, &objects).await;
    corner.cut().await;
    // Connections that were open before may each fail once.
    let is_away = async || match applied.target.mark().await {
        Ok(_) => false,
        Err(error) => error.reason.contains("cannot be reached"),
    };
    while !is_away().await {}
    let before = applied.target.requests();
    for _ in 0..10 {
        assert!(applied.target.mark().await.is_err());
    }
    assert_eq!(applied.target.requests(), before);
}

/// One list per kind tells that all is as it was: beside that, the server is asked for its version
/// and for the marks.
#[tokio::test]
async fn what_was_certain_is_so_in_the_next_process() {
    let Some(corner) = Corner::new().await else { return };
    let mut idle = deployment(&corner.namespace);
    idle["spec"]["replicas"] = 0.into();
    let mut applied = Applied::new(&corner, &[idle, settings(&corner.namespace)]).await;
    while applied.health().await != Health::Healthy {
        applied.woken().await;
    }
    applied.settled().await;
    applied.target = corner.target("one");
    assert_eq!(applied.cost().await, (true, 4));
    assert_eq!(applied.cost().await, (true, 0));
}

#[tokio::test]
async fn what_changed_while_nobody_was_there_is_seen() {
    let Some(corner) = Corner::new().await else { return };
    let mut applied = Applied::new(&corner, &[settings(&corner.namespace)]).await;
    applied.settled().await;
    // Keeps what is certain, which is wrong by the time somebody reads it.
    applied.target = corner.target("nobody");
    let path = corner.path("api/v1", "configmaps/settings");
    corner.merge(path, "hand", json!({"data": {"size": "7"}})).await;
    applied.target = corner.target("one");
    let seen = applied.look().await;
    assert!(matches!(seen.as_slice(), [(_, Seen::Compared(_))]), "{seen:?}");
}

/// A kind of which nothing is left has an empty list, and that is an answer.
#[tokio::test]
async fn what_went_while_nobody_was_there_is_seen_at_once() {
    let Some(corner) = Corner::new().await else { return };
    let mut applied = Applied::new(&corner, &[settings(&corner.namespace)]).await;
    applied.settled().await;
    applied.target = corner.target("nobody");
    let path = corner.path("api/v1", "configmaps/settings");
    corner.send(Call::delete(path, json!({}))).await.unwrap();
    applied.target = corner.target("one");
    // The version, the list, the marks, two lists of kinds, and what would be of the object.
    assert_eq!(applied.cost().await, (false, 6));
}

/// The protocol of a port is a key of its list, so it is applied though no manifest says it.
#[tokio::test]
async fn what_the_server_adds_to_a_manifest_is_certain_as_well() {
    let Some(corner) = Corner::new().await else { return };
    let mut web = deployment(&corner.namespace);
    let container = &mut web["spec"]["template"]["spec"]["containers"][0];
    container["ports"] = json!([{"containerPort": 80}]);
    let mut applied = Applied::new(&corner, &[web]).await;
    applied.settled().await;
    applied.target = corner.target("nobody");
    corner.rewrite_kept("");
    applied.target = corner.target("one");
    applied.settled().await;
}

/// A file that is not ours, or of another form, is none.
#[tokio::test]
async fn what_is_kept_and_broken_is_forgotten() {
    let Some(corner) = Corner::new().await else { return };
    let mut applied = Applied::new(&corner, &[settings(&corner.namespace)]).await;
    applied.settled().await;
    applied.target = corner.target("nobody");
    for text in ["", "{}", "[1, 2", r#"{"version": 2, "server": "", "kinds": [], "objects": []}"#] {
        corner.rewrite_kept(text);
        applied.target = corner.target("one");
        let (same, requests) = applied.cost().await;
        assert!(same && requests > 4, "{requests} for {text}");
        applied.target = corner.target("nobody");
    }
}

/// A watch whose line is cut tells nothing; one that is there again begins with all there is.
#[tokio::test]
async fn what_happens_while_no_watch_tells_is_seen_once_one_does() {
    let Some(corner) = Corner::new().await else { return };
    let applied = Applied::new(&corner, &[settings(&corner.namespace)]).await;
    applied.settled().await;
    let path = corner.path("api/v1", "configmaps/settings");
    for (size, is_there) in [("7", true), ("8", false)] {
        corner.cut().await;
        match is_there {
            true => {
                let drift = json!({"data": {"size": size}});
                drop(corner.merge(path.clone(), "hand", drift).await);
            }
            false => drop(corner.send(Call::delete(path.clone(), json!({}))).await.unwrap()),
        }
        corner.mend().await;
        applied.woken().await;
        let seen = async {
            loop {
                let Some((_, Seen::Compared(both))) = applied.look().await.pop() else { continue };
                return both.live.is_some();
            }
        };
        let seen = tokio::time::timeout(NOTICE_MAX, seen).await.expect("it can be reached");
        assert_eq!(seen, is_there);
    }
}
