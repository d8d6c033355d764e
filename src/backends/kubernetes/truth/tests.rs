//! What a watch tells, and what of it matters.

use std::collections::BTreeSet;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use serde_json::{Value as Json, json};
use tokio::sync::watch;

use super::*;
use crate::backends::fixture::{component, key};
use crate::backends::kubernetes::health;
use crate::backends::kubernetes::identity::Identity;

const FOLDER: &str = "/api/v1/configmaps";

/// A clock that tests move.
#[derive(Default)]
struct Moved(watch::Sender<Duration>);

impl Moved {
    fn pass(&self, seconds: u64) {
        self.0.send_modify(|passed| *passed += Duration::from_secs(seconds));
    }
}

#[async_trait]
impl Clock for Moved {
    fn now(&self) -> Timestamp {
        START.parse::<Timestamp>().unwrap() + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        *self.0.borrow()
    }

    async fn sleep(&self, duration: Duration) {
        let deadline = self.monotonic() + duration;
        self.0.subscribe().wait_for(|passed| *passed >= deadline).await.unwrap();
    }
}

const START: &str = "2026-01-01T00:00:00Z";

/// An object at a version, with our fields, somebody else's, and its generation if it has one.
fn object(version: u64, ours: &str, others: &str, generation: Option<i64>) -> Json {
    let fields = |name: &str| json!({"f:data": {format!("f:{name}"): {}}});
    let mut object = json!({"metadata": {
        "uid": "u",
        "resourceVersion": version.to_string(),
        "managedFields": [
            {"manager": "isobar-one", "operation": "Apply", "fieldsV1": fields(ours)},
            {"manager": "hand", "operation": "Update", "fieldsV1": fields(others)},
            {"manager": "kubelet", "operation": "Update", "subresource": "status",
             "fieldsV1": fields(&version.to_string())},
        ],
    }});
    if let Some(generation) = generation {
        object["metadata"]["generation"] = generation.into();
    }
    object
}

/// One object that was found to be as wanted at version 5, and is followed.
fn known(generation: Option<i64>) -> Truths {
    let truths = Truths::new("isobar-one".to_owned());
    truths.care(&key("x"), &component("a"), FOLDER.to_owned());
    let [manifest, intended] = ["manifest", "intended"].map(ContentId::of);
    truths.rehearse(&key("x"), Rehearsed { manifest, intended });
    truths.look(&key("x"), Some(&object(5, "ours", "theirs", generation)), Some(intended));
    truths.follow(FOLDER, &[key("x")].into());
    truths
}

fn certain(truths: &Truths) -> Option<Certain> {
    truths.certain(&key("x"), ContentId::of("manifest"), Moved::default().now())
}

fn is_certain(truths: &Truths) -> bool {
    certain(truths).is_some_and(|certain| certain.content == ContentId::of("intended"))
}

fn is_woken(truths: &Truths) -> bool {
    is_woken_by(truths, &Moved::default())
}

fn is_woken_by(truths: &Truths, clock: &Moved) -> bool {
    let woken = truths.woken(std::future::ready(()), clock).now_or_never();
    woken == Some([component("a")].into())
}

/// Whether the object is certain still, and whether its component is woken, after `told`.
fn after(generation: Option<i64>, told: Option<&Json>) -> (bool, bool) {
    let truths = known(generation);
    truths.tell(&key("x"), told, None);
    (is_certain(&truths), is_woken(&truths))
}

#[test]
fn a_status_changes_how_it_is_doing_and_nothing_else() {
    let truths = known(Some(1));
    let health = |truths: &Truths| certain(truths).unwrap().health;
    truths.judge(&key("x"), Some(&object(5, "ours", "theirs", Some(1))), &Health::Healthy.into());
    assert_eq!(health(&truths), Some(Health::Healthy));
    truths.tell(&key("x"), Some(&object(6, "ours", "theirs", Some(1))), None);
    assert_eq!((health(&truths), is_woken(&truths)), (None, true));
    // An answer from before that is no news.
    truths.judge(&key("x"), Some(&object(5, "ours", "theirs", Some(1))), &Health::Healthy.into());
    assert_eq!(health(&truths), None);
    let waits = Health::Progressing("2 of 3".to_owned());
    truths.judge(&key("x"), Some(&object(6, "ours", "theirs", Some(1))), &waits.clone().into());
    assert_eq!(health(&truths), Some(waits));
}

#[test]
fn how_it_is_doing_is_gathered_until_something_changes() {
    let truths = known(Some(1));
    let clock = Moved::default();
    let early = || truths.woken(std::future::pending(), &clock).now_or_never();
    let waits = Some(Health::Progressing("2 of 3".to_owned()).into());
    truths.tell(&key("x"), Some(&object(6, "ours", "theirs", Some(1))), waits);
    assert_eq!(early(), None);
    truths.tell(
        &key("x"),
        Some(&object(7, "less", "theirs", Some(1))),
        Some(Health::Healthy.into()),
    );
    assert_eq!(early(), Some([component("a")].into()));
    assert!(!is_woken(&truths), "it was told with that");
}

#[test]
fn a_watch_that_tells_how_it_is_doing_saves_the_look() {
    let truths = known(Some(1));
    let health = |truths: &Truths| certain(truths).unwrap().health;
    let tell = |version, health: &Health| {
        let told = object(version, "ours", "theirs", Some(1));
        truths.tell(&key("x"), Some(&told), Some(health.clone().into()));
    };
    let waits = Health::Progressing("2 of 3".to_owned());
    tell(6, &waits);
    assert_eq!((health(&truths), is_woken(&truths)), (Some(waits.clone()), true));
    // The answer to a request from before that is no news, neither is the same once more.
    truths.judge(&key("x"), Some(&object(5, "ours", "theirs", Some(1))), &Health::Healthy.into());
    assert_eq!(health(&truths), Some(waits.clone()));
    tell(7, &waits);
    assert_eq!((health(&truths), is_woken(&truths)), (Some(waits), false));
    tell(8, &Health::Healthy);
    assert_eq!((health(&truths), is_woken(&truths)), (Some(Health::Healthy), true));
    // What a watch told before an older answer came counts, and not that answer.
    let intended = Some(ContentId::of("intended"));
    truths.look(&key("x"), Some(&object(6, "ours", "theirs", Some(1))), intended);
    let early = Health::Progressing("it has no status yet".to_owned());
    truths.judge(&key("x"), Some(&object(6, "ours", "theirs", Some(1))), &early.into());
    assert_eq!(health(&truths), Some(Health::Healthy));
}

#[test]
fn what_takes_a_field_of_ours_is_looked_at() {
    assert_eq!(after(Some(1), Some(&object(6, "fewer", "theirs", Some(1)))), (false, true));
}

#[test]
fn what_others_write_beside_us_is_looked_at_if_it_could_be_the_order_of_a_list() {
    assert_eq!(after(Some(1), Some(&object(6, "ours", "more", Some(1)))), (true, true));
    assert_eq!(after(Some(1), Some(&object(6, "ours", "theirs", Some(2)))), (false, true));
    let lists = |version| {
        let mut object = object(version, "ours", "theirs", Some(1));
        let fields = json!({"f:metadata": {"f:finalizers": {"v:\"a\"": {}, "v:\"b\"": {}}}});
        object["metadata"]["managedFields"][0]["fieldsV1"] = fields;
        object
    };
    let truths = known(Some(1));
    truths.look(&key("x"), Some(&lists(5)), Some(ContentId::of("intended")));
    assert!(is_certain(&truths));
    truths.tell(&key("x"), Some(&lists(6)), None);
    assert_eq!((is_certain(&truths), is_woken(&truths)), (false, true));
}

#[test]
fn any_change_of_a_kind_without_generation_is_looked_at() {
    assert_eq!(after(None, Some(&object(6, "ours", "theirs", None))), (false, true));
    assert_eq!(after(None, Some(&object(5, "ours", "theirs", None))), (true, false));
}

#[test]
fn another_object_of_the_name_is_looked_at() {
    let mut other = object(6, "ours", "theirs", Some(1));
    other["metadata"]["uid"] = "v".into();
    assert_eq!(after(Some(1), Some(&other)), (false, true));
}

#[test]
fn what_is_gone_or_lost_its_label_is_looked_at() {
    assert_eq!(after(Some(1), None), (false, true));
    let truths = known(Some(1));
    truths.follow(FOLDER, &BTreeSet::new());
    assert_eq!((is_certain(&truths), is_woken(&truths)), (false, true));
}

#[test]
fn news_older_than_what_was_seen_are_none() {
    assert_eq!(after(None, Some(&object(4, "fewer", "more", None))), (true, false));
}

#[test]
fn what_was_told_before_an_older_answer_came_is_not_forgotten() {
    let truths = known(None);
    truths.tell(&key("x"), Some(&object(7, "fewer", "theirs", None)), None);
    assert!(is_woken(&truths));
    // The answer to a request that was sent before.
    let intended = ContentId::of("intended");
    truths.look(&key("x"), Some(&object(6, "ours", "theirs", None)), Some(intended));
    assert_eq!((is_certain(&truths), is_woken(&truths)), (false, true));
}

#[test]
fn what_a_controller_writes_before_our_answer_comes_takes_nothing_away() {
    let truths = known(Some(1));
    truths.tell(&key("x"), Some(&object(7, "ours", "more", Some(1))), None);
    assert!(is_woken(&truths));
    let intended = ContentId::of("intended");
    truths.look(&key("x"), Some(&object(6, "ours", "theirs", Some(1))), Some(intended));
    truths.judge(&key("x"), Some(&object(6, "ours", "theirs", Some(1))), &Health::Healthy.into());
    assert_eq!(certain(&truths).map(|certain| certain.health), Some(None), "it may do otherwise");
}

#[test]
fn nothing_is_certain_that_is_not_followed_or_is_wanted_otherwise() {
    let truths = known(None);
    assert_eq!(
        truths.certain(&key("x"), ContentId::of("another manifest"), Timestamp::UNIX_EPOCH),
        None
    );
    truths.lose(FOLDER);
    assert!(!is_certain(&truths));
    truths.follow(FOLDER, &[key("x")].into());
    assert!(is_certain(&truths));
    truths.care(&key("x"), &component("b"), FOLDER.to_owned());
    assert!(!is_certain(&truths), "another component wants it");
}

#[test]
fn what_is_not_as_wanted_is_never_certain() {
    let truths = known(None);
    let other = Some(ContentId::of("something else"));
    truths.look(&key("x"), Some(&object(5, "ours", "theirs", None)), other);
    assert!(!is_certain(&truths));
    truths.look(&key("x"), Some(&object(5, "ours", "theirs", None)), None);
    assert!(!is_certain(&truths));
}

#[test]
fn what_was_not_there_is_not_looked_for_again_for_a_while() {
    let (truths, wanted) = (known(None), ContentId::of("manifest"));
    let body = crate::backends::fixture::body(&json!({ "a": 1 }));
    let start = Duration::from_secs(1);
    truths.miss(&key("x"), start, &body);
    let last = start + ABSENT - Duration::from_nanos(1);
    assert_eq!(truths.absent(&key("x"), wanted, last), Some(body));
    assert_eq!(truths.absent(&key("x"), wanted, start + ABSENT), None, "it is time to look");
    assert_eq!(truths.absent(&key("x"), ContentId::of("other"), start), None, "another wish");
    truths.tell(&key("x"), None, None);
    assert_eq!(truths.absent(&key("x"), wanted, start), None, "a watch has told something");
}

#[test]
fn a_manifest_is_known_by_what_it_was_made_of() {
    let truths = known(Some(1));
    let [inputs, others, manifest] = ["inputs", "others", "manifest"].map(ContentId::of);
    assert_eq!(truths.made_of(&key("x"), inputs), None);
    truths.made(&key("x"), inputs, manifest);
    assert_eq!(truths.made_of(&key("x"), inputs), Some(manifest));
    assert_eq!(truths.made_of(&key("x"), others), None);
    truths.care(&key("x"), &component("b"), FOLDER.to_owned());
    assert_eq!(truths.made_of(&key("x"), inputs), None, "another component has another manifest");
}

#[test]
fn it_is_still_what_was_seen_while_a_watch_tells_of_that_and_nothing_since() {
    let truths = known(Some(1));
    let is_still = |version: &str| truths.is_still(&key("x"), version);
    assert!(!is_still("5"), "no watch has told of it");
    truths.tell(&key("x"), Some(&object(5, "ours", "theirs", Some(1))), None);
    assert!(is_still("5") && !is_still("4"));
    truths.lose(FOLDER);
    assert!(!is_still("5"), "nobody would tell");
    truths.follow(FOLDER, &[key("x")].into());
    assert!(is_still("5"));
    truths.tell(&key("x"), None, None);
    assert!(!is_still("5"), "it is gone, or its label is");
}

/// How an object is doing at `clock` whose condition is False since `START`: 15 s are left to it.
fn fails(clock: &Moved) -> Outlook {
    let ready = json!({"type": "Ready", "status": "False", "reason": "SyncFailed",
                       "lastTransitionTime": START});
    let thing = Identity::parse(&key("Thing.example.com/n/x")).unwrap();
    health::judge(None, &thing, Some(&json!({"status": {"conditions": [ready]}})), clock.now())
}

fn health_at(truths: &Truths, clock: &Moved) -> Option<Health> {
    truths.certain(&key("x"), ContentId::of("manifest"), clock.now()).unwrap().health
}

fn failing() -> [Option<Health>; 2] {
    let why = "Ready is False: SyncFailed".to_owned();
    [Health::Progressing(why.clone()), Health::Degraded(why)].map(Some)
}

#[tokio::test]
async fn a_failure_that_lasts_is_told_when_the_object_says_nothing_more() {
    let (truths, clock, [passes, lasts]) = (known(Some(1)), Moved::default(), failing());
    let told = object(6, "ours", "theirs", Some(1));
    truths.tell(&key("x"), Some(&told), Some(fails(&clock)));
    assert!(is_woken_by(&truths, &clock));
    clock.pass(14);
    assert_eq!((health_at(&truths, &clock), is_woken_by(&truths, &clock)), (passes, false));
    // The list that comes once an hour says the same.
    truths.tell(&key("x"), Some(&told), Some(fails(&clock)));
    let mut woken = Box::pin(truths.woken(std::future::ready(()), &clock));
    assert_eq!(woken.as_mut().now_or_never(), None);
    clock.pass(1);
    assert_eq!(health_at(&truths, &clock), lasts, "nobody has to be woken for that");
    assert_eq!(woken.await, [component("a")].into());
    assert_eq!((health_at(&truths, &clock), is_woken_by(&truths, &clock)), (lasts.clone(), false));
    // Neither is it news later, nor when an answer from before comes.
    clock.pass(3_600);
    truths.look(
        &key("x"),
        Some(&object(5, "ours", "theirs", Some(1))),
        Some(ContentId::of("intended")),
    );
    truths.judge(&key("x"), Some(&object(5, "ours", "theirs", Some(1))), &Health::Healthy.into());
    assert_eq!(health_at(&truths, &clock), lasts);
}

#[tokio::test]
async fn who_waits_is_awake_in_time_for_what_is_learned_meanwhile() {
    let (truths, clock) = (known(Some(1)), Moved::default());
    let mut woken = Box::pin(truths.woken(std::future::ready(()), &clock));
    assert_eq!(woken.as_mut().now_or_never(), None);
    // By the answer to a request.
    truths.judge(&key("x"), Some(&object(5, "ours", "theirs", Some(1))), &fails(&clock));
    assert_eq!(woken.as_mut().now_or_never(), None);
    clock.pass(15);
    assert_eq!(woken.await, [component("a")].into());
}

#[test]
fn what_recovers_in_time_never_failed() {
    let (truths, clock) = (known(Some(1)), Moved::default());
    truths.tell(&key("x"), Some(&object(6, "ours", "theirs", Some(1))), Some(fails(&clock)));
    let well = Some(Health::Healthy.into());
    truths.tell(&key("x"), Some(&object(7, "ours", "theirs", Some(1))), well);
    assert!(is_woken_by(&truths, &clock));
    clock.pass(15);
    assert_eq!(health_at(&truths, &clock), Some(Health::Healthy));
    assert!(!is_woken_by(&truths, &clock));
}

#[test]
fn a_failure_lasts_while_nobody_looks() {
    let (before, clock, [_, lasts]) = (known(Some(1)), Moved::default(), failing());
    before.judge(&key("x"), Some(&object(5, "ours", "theirs", Some(1))), &fails(&clock));
    let kept = serde_json::to_string(&before.keep()).unwrap();
    let truths = Truths::new("isobar-one".to_owned());
    truths.restore(serde_json::from_str(&kept).unwrap());
    truths.tell(&key("x"), Some(&object(5, "ours", "theirs", Some(1))), Some(fails(&clock)));
    truths.follow(FOLDER, &[key("x")].into());
    assert!(!is_woken_by(&truths, &clock), "it is as it was");
    clock.pass(15);
    assert_eq!((health_at(&truths, &clock), is_woken_by(&truths, &clock)), (lasts, true));
}

#[test]
fn what_is_judged_by_another_rule_is_asked_for_again() {
    let truths = known(Some(1));
    truths.judge(&key("x"), Some(&object(5, "ours", "theirs", Some(1))), &Health::Healthy.into());
    truths.tell(
        &key("x"),
        Some(&object(6, "ours", "theirs", Some(1))),
        Some(Health::Healthy.into()),
    );
    let health = || certain(&truths).map(|certain| certain.health);
    assert_eq!(health(), Some(Some(Health::Healthy)));
    truths.doubt("/api/v1/secrets");
    assert_eq!(health(), Some(Some(Health::Healthy)), "that is another kind");
    truths.doubt(FOLDER);
    assert_eq!(health(), Some(None), "all else is certain still");
    assert!(is_woken(&truths));
    // What was read before counts for nothing beside what a watch has told, and that is forgotten.
    truths.judge(&key("x"), Some(&object(5, "ours", "theirs", Some(1))), &Health::Healthy.into());
    assert_eq!(health(), Some(None));
}
