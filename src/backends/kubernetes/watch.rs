//! One watch per kind of what carries our label: of the metadata alone, where that tells how an
//! object is doing, and of the whole object where its status does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kube::core::WatchEvent;
use serde_json::Value as Json;
use tokio::task::JoinSet;

use super::connection::{Call, Connection, Failure};
use super::identity::{Identity, metadata};
use super::kinds::Kind;
use super::list::list;
use super::rules::{HealthRules, Rule, is_same};
use super::truth::Truths;
use super::{health, owner};
use crate::ids::{ComponentId, ResourceKey};

/// The content type of a list of metadata.
pub(super) const LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const WATCH: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// The content type of whole objects, alone or in a list.
pub(super) const WHOLE: &str = "application/json";

/// How long the server keeps one watch up, and how long we wait for that. One that ends much sooner
/// was cut.
const WATCH_SECONDS: &str = "290";
const WATCH_TIME: Duration = Duration::from_secs(300);
const WATCH_TIME_MIN: Duration = Duration::from_secs(280);

/// Watches one after the other until all there is is listed anew, an hour later: nobody tells of an
/// event that something in between has swallowed.
const WATCHES_MAX: u32 = 12;

/// The first pause after a watch has failed, and the longest: what is not watched is asked for.
const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Servers write down to the second when an object was written.
const WRITTEN_GRAIN: Duration = Duration::from_secs(1);

/// How long after somebody was woken how others are doing is gathered: a Deployment that is applied says
/// so three times within that, each time it has its stack looked at, and a look costs 15 ms.
const GATHER: Duration = Duration::from_millis(300);

/// Follows the kinds of all objects that somebody has looked at, once somebody waits for them.
pub(super) struct Watches {
    follower: Follower,
    running: Mutex<Running>,
    /// When somebody was last woken.
    woken_at: Mutex<Duration>,
}

#[derive(Default)]
struct Running {
    /// Whether somebody waits.
    wanted: bool,
    /// By folder of the API, each with one object of it.
    kinds: BTreeMap<String, (Kind, Identity)>,
    /// The folders that are not followed yet.
    waiting: Vec<String>,
    tasks: JoinSet<()>,
}

/// What a watch works with.
#[derive(Clone)]
struct Follower {
    connection: Arc<Connection>,
    truths: Arc<Truths>,
    rules: Arc<HealthRules>,
    label: String,
}

/// A kind, and how its objects are judged while they are told of.
struct Followed<'k> {
    kind: &'k Kind,
    /// One object of it.
    of: &'k Identity,
    /// Its folder of the API.
    folder: &'k str,
    rule: Option<Arc<Rule>>,
}

impl Followed<'_> {
    /// Whether whole objects are told of. A rule may ask for anything that is in them.
    fn is_whole(&self) -> bool {
        self.rule.is_some() || !self.of.is_told_by_metadata()
    }
}

impl Watches {
    pub(super) fn new(
        connection: Arc<Connection>,
        truths: Arc<Truths>,
        rules: Arc<HealthRules>,
        label: String,
    ) -> Self {
        let follower = Follower { connection, truths, rules, label };
        Self { follower, running: Mutex::default(), woken_at: Mutex::default() }
    }

    /// Follows the kind of an object from now on, if somebody waits, or else once somebody does.
    pub(super) fn follow(&self, kind: &Kind, identity: &Identity) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = kind.folder(None);
        if running.kinds.insert(folder.clone(), (kind.clone(), identity.clone())).is_none() {
            running.waiting.push(folder);
        }
        running.start(&self.follower);
    }

    /// The kinds of all objects that somebody has looked at, each with one of them.
    pub(super) fn kinds(&self) -> Vec<(Kind, Identity)> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.kinds.values().cloned().collect()
    }

    /// Follows from now on, whoever waits.
    pub(super) fn begin(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.wanted = true;
        running.start(&self.follower);
    }

    /// The components whose objects may have changed, once there are any.
    pub(super) async fn wake(&self) -> BTreeSet<ComponentId> {
        self.begin();
        let Follower { connection, truths, .. } = &self.follower;
        let since = connection.now().saturating_sub(*self.woken_at());
        let patience = connection.world().clock.sleep(GATHER.saturating_sub(since));
        let woken = truths.woken(patience, &*connection.world().clock).await;
        *self.woken_at() = connection.now();
        woken
    }

    fn woken_at(&self) -> MutexGuard<'_, Duration> {
        self.woken_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    fn start(&mut self, follower: &Follower) {
        if !self.wanted {
            return;
        }
        for folder in self.waiting.drain(..) {
            let Some((kind, of)) = self.kinds.get(&folder).cloned() else { continue };
            let follower = follower.clone();
            self.tasks.spawn(async move { follower.forever(&kind, &of).await });
        }
    }
}

impl Follower {
    async fn forever(&self, kind: &Kind, of: &Identity) {
        let folder = kind.folder(None);
        let mut pause = PAUSE_MIN;
        let mut judged_by = self.rule(of);
        loop {
            let followed = Followed { kind, of, folder: &folder, rule: self.rule(of) };
            if let Ok(version) = self.list(&followed).await {
                pause = PAUSE_MIN;
                self.connection.listed(kind);
                if !is_same(judged_by.as_ref(), followed.rule.as_ref()) {
                    self.truths.doubt(&folder);
                    judged_by.clone_from(&followed.rule);
                }
                tokio::select! {
                    () = self.watch(&followed, version) => {}
                    () = self.rules.changed(of, followed.rule.as_ref()) => {}
                }
            }
            self.truths.lose(&folder);
            let world = self.connection.world();
            world.clock.sleep(pause.mul_f64(0.5 + world.ids.jitter() / 2.0)).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    fn rule(&self, of: &Identity) -> Option<Arc<Rule>> {
        self.rules.now().of(of).cloned()
    }

    /// Tells of all there is. Gives the version that a watch goes on from.
    async fn list(&self, followed: &Followed<'_>) -> Result<String, Failure> {
        let mut keys = BTreeSet::new();
        let form = if followed.is_whole() { WHOLE } else { LIST };
        let tell = |item: &Json| {
            if let Some(key) = key(followed.of, item) {
                self.tell(followed, &key, Some(item));
                keys.insert(key);
            }
        };
        let call = self.call(followed.folder).accept(form);
        let version = list(&self.connection, &call, tell).await?;
        self.truths.follow(followed.folder, &keys);
        Ok(version)
    }

    /// Tells how an object is, and how it is doing if that is to be seen; `None`: it is gone.
    fn tell(&self, followed: &Followed<'_>, key: &ResourceKey, item: Option<&Json>) {
        let now = self.connection.world().clock.now();
        let whole = item.filter(|_| followed.is_whole());
        let (rule, of) = (followed.rule.as_ref(), followed.of);
        let health = whole.map(|item| health::judge(rule, of, Some(item), now));
        self.truths.tell(key, item, health);
    }

    /// Tells of everything that happens, for as long as the server tells without a gap.
    async fn watch(&self, followed: &Followed<'_>, mut version: String) {
        let Followed { kind, of, folder, .. } = followed;
        let form = if followed.is_whole() { WHOLE } else { WATCH };
        let mut newest = self.connection.world().clock.now() - WRITTEN_GRAIN;
        for _ in 0..WATCHES_MAX {
            let began = self.connection.now();
            let call = self
                .call(folder)
                .accept(form)
                .query("watch", "true")
                .query("allowWatchBookmarks", "true")
                .query("timeoutSeconds", WATCH_SECONDS)
                .query("resourceVersion", version.as_str());
            let Ok(mut events) = self.connection.watch(call).await else { return };
            let end = self.connection.world().clock.sleep(WATCH_TIME);
            tokio::pin!(end);
            loop {
                let event = tokio::select! {
                    event = events.next() => event,
                    () = &mut end => return,
                };
                if let Some(Ok(event)) = &event {
                    self.connection.heard(kind, event);
                }
                match event {
                    Some(Ok(WatchEvent::Added(item) | WatchEvent::Modified(item))) => {
                        version = metadata(&item, "resourceVersion").unwrap_or_default().to_owned();
                        key(of, &item).iter().for_each(|key| self.tell(followed, key, Some(&item)));
                        // Who takes something away leaves no time: what is there is of another write.
                        let written = owner::written_at(&item).filter(|at| *at >= newest);
                        if let Some(written) = written {
                            self.connection.told_of(kind, written);
                            newest = written;
                        }
                    }
                    Some(Ok(WatchEvent::Deleted(item))) => {
                        version = metadata(&item, "resourceVersion").unwrap_or_default().to_owned();
                        key(of, &item).iter().for_each(|key| self.tell(followed, key, None));
                    }
                    Some(Ok(WatchEvent::Bookmark(mark))) => {
                        version = mark.metadata.resource_version
                    }
                    // The version is too old, or the answer makes no sense: there may be a gap.
                    Some(Ok(WatchEvent::Error(_)) | Err(_)) => return,
                    None if self.connection.now() < began + WATCH_TIME_MIN => return,
                    None => break,
                }
            }
        }
    }

    fn call(&self, folder: &str) -> Call {
        let selector = format!("{}={}", owner::LABEL, self.label);
        Call::get(folder.to_owned()).query("labelSelector", selector)
    }
}

/// What an object of the kind of `of` is called.
fn key(of: &Identity, item: &Json) -> Option<ResourceKey> {
    let identity = Identity {
        namespace: metadata(item, "namespace").map(str::to_owned),
        name: metadata(item, "name")?.to_owned(),
        ..of.clone()
    };
    ResourceKey::new(identity.to_string()).ok()
}
