//! What was found true of each object, and whether it still is by what the watches tell.
//!
//! The server takes a field from whoever wrote it as soon as somebody else writes another value.
//! So while our entry in `metadata.managedFields` is what it was, every field we wrote has the
//! value we wrote, and nothing has to be asked. Only the order of items in a list can change
//! without a trace there: `metadata.generation` tells of that, and where a kind has none, any
//! event does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::sync::Notify;

use super::fields::fingerprint;
use super::health::Outlook;
use super::identity::metadata;
use super::owner;
use crate::ids::{ComponentId, ContentId, ResourceKey};
use crate::model::body::Body;
use crate::model::observation::Health;
use crate::world::Clock;

/// For how long what is not there is taken to be so without another look: from the plan that a
/// person is shown, or that lets a lease be taken, to the one that is applied under it. A watch
/// cannot tell, as what others make does not carry our label.
const ABSENT: Duration = Duration::from_secs(60);

/// All that is known of one target's objects.
pub(super) struct Truths {
    writer: String,
    known: Mutex<Known>,
    bell: Notify,
    /// Rings when a watch is up to date.
    followed: Notify,
}

#[derive(Default)]
struct Known {
    /// Each in a place of its own: the nodes of the map have room for twice as many.
    objects: BTreeMap<ResourceKey, Box<Object>>,
    woken: BTreeSet<ComponentId>,
    /// Those that do otherwise, and are as they were in all else.
    otherwise: BTreeSet<ComponentId>,
    /// Those that could not be looked at the last time.
    unseen: BTreeSet<ComponentId>,
    /// The folders of the API whose watches are up to date.
    followed: BTreeSet<String>,
    /// When the first object turns by itself, at the earliest.
    turns_at: Option<Timestamp>,
    /// Whether anything was learned since this was last asked.
    news: bool,
}

/// One object that somebody cares about.
struct Object {
    component: ComponentId,
    /// The folder of the API it is in.
    folder: String,
    /// What its component was made of when its manifest was last written out, and that manifest.
    made: Option<(ContentId, ContentId)>,
    /// What was wanted when it was last rehearsed, and what came of it.
    rehearsed: Option<Rehearsed>,
    /// How it was when it was last looked at; `None`: it was not there, or has changed since.
    seen: Option<State>,
    /// Whether it was what is wanted then, with every field of that ours.
    as_wanted: bool,
    /// How it was when it was last written for nothing but that.
    owned_again: Option<Lost>,
    /// How it was doing then; `None`: its status may have changed since.
    health: Option<Outlook>,
    /// The newest state that a watch has told of, and how it was doing, if that was to be seen.
    told: Option<(State, Option<Outlook>)>,
    /// If it was not there when it was last looked at: when that was, and what would be. As a text
    /// that is a fifth of what it is as a value, and all objects of a new target are here at first.
    absent: Option<(Duration, Box<[u8]>)>,
}

/// What is certain of an object without asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certain {
    /// What it holds, and is to hold.
    pub(super) content: ContentId,
    /// How it is doing, if that is certain as well.
    pub(super) health: Option<Health>,
}

/// What was certain of an object: true of it for ever, as long as it is in this state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    component: ComponentId,
    folder: String,
    rehearsed: Rehearsed,
    seen: State,
    health: Option<Outlook>,
    #[serde(default)]
    owned_again: Option<Lost>,
}

/// What was wanted of an object that was as wanted, and what of it was ours: not all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Lost {
    manifest: ContentId,
    ours: Option<ContentId>,
}

/// A manifest and what the server makes of it, by content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rehearsed {
    /// What was handed to the server.
    pub(super) manifest: ContentId,
    /// What would be ours.
    pub(super) intended: ContentId,
}

/// What has to stay the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    uid: String,
    version: u64,
    /// Moves with every change of what the object asks for. `None`: its kind has none, or we own
    /// lists of its metadata, whose order it does not tell of.
    generation: Option<i64>,
    /// Our fields.
    ours: Option<ContentId>,
}

impl State {
    /// Of a whole object, or of its metadata alone.
    fn read(object: &Json, writer: &str) -> Option<Self> {
        let ours = owner::written(object, writer);
        let generation = object.get("metadata")?.get("generation").and_then(Json::as_i64);
        Some(Self {
            uid: metadata(object, "uid")?.to_owned(),
            version: version(object)?,
            generation: generation.filter(|_| !ours.is_some_and(has_lists)),
            ours: ours.map(fingerprint),
        })
    }

    /// Whether all that was true of `self` but its status is true of what came after it.
    fn holds_in(&self, later: &Self) -> bool {
        self.generation.is_some() && Self { version: later.version, ..self.clone() } == *later
    }
}

/// Which state of an object it is: the newest has the highest.
fn version(object: &Json) -> Option<u64> {
    metadata(object, "resourceVersion")?.parse().ok()
}

/// Whether lists of the metadata are among these fields.
fn has_lists(ours: &Json) -> bool {
    let metadata = ours.get("f:metadata");
    ["f:finalizers", "f:ownerReferences"]
        .iter()
        .any(|list| metadata.is_some_and(|m| m.get(list).is_some()))
}

impl Truths {
    pub(super) fn new(writer: String) -> Self {
        let (bell, followed) = (Notify::new(), Notify::new());
        Self { writer, known: Mutex::default(), bell, followed }
    }

    /// Remembers that `component` cares about the object, which is in `folder` of the API.
    pub(super) fn care(&self, key: &ResourceKey, component: &ComponentId, folder: String) {
        let mut known = self.lock();
        let object = Object {
            component: component.clone(),
            folder,
            made: None,
            rehearsed: None,
            seen: None,
            as_wanted: false,
            owned_again: None,
            health: None,
            told: None,
            absent: None,
        };
        match known.objects.get_mut(key) {
            Some(old) if (&old.component, &old.folder) == (component, &object.folder) => {}
            Some(old) => **old = object,
            None => drop(known.objects.insert(key.clone(), object.into())),
        }
    }

    /// Whether anything was learned since this was last asked.
    pub(super) fn has_news(&self) -> bool {
        std::mem::take(&mut self.lock().news)
    }

    /// What is certain, for another process to begin with.
    pub(super) fn keep(&self) -> Vec<(ResourceKey, Kept)> {
        let known = self.lock();
        let certain = known.objects.iter().filter(|(_, object)| object.as_wanted);
        let kept = certain.filter_map(|(key, object)| {
            let object = &**object;
            let kept = Kept {
                component: object.component.clone(),
                folder: object.folder.clone(),
                rehearsed: object.rehearsed?,
                seen: object.seen.clone()?,
                health: object.health.clone(),
                owned_again: object.owned_again,
            };
            Some((key.clone(), kept))
        });
        kept.collect()
    }

    /// Begins with what another process has kept. It counts once a watch has told of what is there.
    pub(super) fn restore(&self, kept: Vec<(ResourceKey, Kept)>) {
        let mut known = self.lock();
        for (key, kept) in kept {
            let Kept { component, folder, rehearsed, seen, health, owned_again } = kept;
            let (rehearsed, seen) = (Some(rehearsed), Some(seen));
            let (made, as_wanted, told, absent) = (None, true, None, None);
            known.turns_at = earliest(known.turns_at, health.as_ref());
            let object = Object {
                component,
                folder,
                made,
                rehearsed,
                seen,
                as_wanted,
                owned_again,
                health,
                told,
                absent,
            };
            known.objects.entry(key).or_insert_with(|| object.into());
        }
    }

    /// Returns once the watches of all these folders are up to date.
    pub(super) async fn until_followed(&self, folders: &BTreeSet<String>) {
        loop {
            let more = self.followed.notified();
            tokio::pin!(more);
            more.as_mut().enable();
            if folders.is_subset(&self.lock().followed) {
                return;
            }
            more.await;
        }
    }

    /// Remembers which manifest was made of `inputs`.
    pub(super) fn made(&self, key: &ResourceKey, inputs: ContentId, manifest: ContentId) {
        if let Some(object) = self.lock().objects.get_mut(key) {
            object.made = Some((inputs, manifest));
        }
    }

    /// The manifest that is made of `inputs`, by content, if that is known.
    pub(super) fn made_of(&self, key: &ResourceKey, inputs: ContentId) -> Option<ContentId> {
        let (of, manifest) = self.lock().objects.get(key)?.made?;
        (of == inputs).then_some(manifest)
    }

    /// What is certain of the object now, if it is what `manifest` asks for.
    pub(super) fn certain(
        &self,
        key: &ResourceKey,
        manifest: ContentId,
        now: Timestamp,
    ) -> Option<Certain> {
        let known = self.lock();
        let object = known.objects.get(key)?;
        let rehearsed = object.rehearsed.filter(|rehearsed| rehearsed.manifest == manifest)?;
        let is_followed = known.followed.contains(&object.folder);
        let health = object.health.as_ref().map(|health| health.at(now).clone());
        let certain = Certain { content: rehearsed.intended, health };
        (is_followed && object.as_wanted).then_some(certain)
    }

    /// The server's own id of the object, if it is there as far as is known.
    pub(super) fn uid(&self, key: &ResourceKey) -> Option<String> {
        let known = self.lock();
        let object = known.objects.get(key)?;
        let told = object.told.as_ref().map(|(state, _)| state);
        told.or(object.seen.as_ref()).map(|state| state.uid.clone())
    }

    /// Whether the object is still in the version it was last looked at in: a watch has told of that
    /// and of none since. What does not carry our label no watch tells of.
    pub(super) fn is_still(&self, key: &ResourceKey, version: &str) -> bool {
        let known = self.lock();
        let Some(object) = known.objects.get(key) else { return false };
        let is = |state: Option<&State>| state.is_some_and(|it| it.version.to_string() == version);
        let told = object.told.as_ref().map(|(told, _)| told);
        known.followed.contains(&object.folder) && is(object.seen.as_ref()) && is(told)
    }

    /// What would be of an object that was not there a moment ago, if it is what `manifest` asks
    /// for. Whoever then makes it is told by the server if somebody else was faster.
    pub(super) fn absent(
        &self,
        key: &ResourceKey,
        manifest: ContentId,
        now: Duration,
    ) -> Option<Body> {
        let intended = {
            let known = self.lock();
            let object = known.objects.get(key)?;
            let (since, intended) = object.absent.as_ref()?;
            let same = object.rehearsed.is_some_and(|rehearsed| rehearsed.manifest == manifest);
            (same && now < *since + ABSENT).then(|| intended.clone())?
        };
        serde_json::from_slice(&intended).ok()
    }

    /// Remembers that the object is not there now, and what would be.
    pub(super) fn miss(&self, key: &ResourceKey, now: Duration, intended: &Body) {
        let Ok(intended) = serde_json::to_vec(intended) else { return };
        if let Some(object) = self.lock().objects.get_mut(key) {
            object.absent = Some((now, intended.into_boxed_slice()));
        }
    }

    /// Remembers what the server makes of a manifest.
    pub(super) fn rehearse(&self, key: &ResourceKey, rehearsed: Rehearsed) {
        if let Some(object) = self.learn().objects.get_mut(key) {
            object.rehearsed = Some(rehearsed);
        }
    }

    /// Remembers how the object is, and what of it is ours if that is all that is wanted.
    pub(super) fn look(&self, key: &ResourceKey, object: Option<&Json>, ours: Option<ContentId>) {
        let state = object.and_then(|object| State::read(object, &self.writer));
        let mut known = self.learn();
        let Some(object) = known.objects.get_mut(key) else { return };
        let wanted = object.rehearsed.map(|rehearsed| rehearsed.intended);
        object.as_wanted = state.is_some() && ours.is_some() && ours == wanted;
        // A watch may have told already of what came after the answer.
        let told = object.told.clone();
        let version = state.as_ref().map(|state| state.version);
        let later = told.filter(|(told, _)| version.is_some_and(|version| version < told.version));
        (object.seen, object.absent) = (state, None);
        if let Some((later, health)) = later {
            self.follow_up(known, key, Some(later), health);
        }
    }

    /// Remembers how an object was that is now written for nothing but to be ours; `None`: it is written for
    /// more than that.
    pub(super) fn own_again(&self, key: &ResourceKey, before: Option<&Json>) {
        let mut known = self.learn();
        let Some(object) = known.objects.get_mut(key) else { return };
        object.owned_again = before.zip(object.rehearsed).map(|(before, rehearsed)| {
            let ours = owner::written(before, &self.writer).map(fingerprint);
            Lost { manifest: rehearsed.manifest, ours }
        });
    }

    /// Whether the object is again as it was when it was last written for nothing but to be ours: once
    /// more would not last either.
    pub(super) fn stays_lost(&self, key: &ResourceKey, manifest: ContentId, now: &Json) -> bool {
        let ours = owner::written(now, &self.writer).map(fingerprint);
        let known = self.lock();
        let object = known.objects.get(key);
        object.is_some_and(|object| object.owned_again == Some(Lost { manifest, ours }))
    }

    /// What is not ours of the object changes without a trace: any event has it looked at.
    pub(super) fn distrust(&self, key: &ResourceKey) {
        if let Some(seen) = self.learn().objects.get_mut(key).and_then(|it| it.seen.as_mut()) {
            seen.generation = None;
        }
    }

    /// Remembers how the object is doing, by a version of it that was read.
    pub(super) fn judge(&self, key: &ResourceKey, object: Option<&Json>, health: &Outlook) {
        let version = object.and_then(version);
        let mut known = self.learn();
        let Some(object) = known.objects.get_mut(key) else { return };
        object.health = match &object.told {
            Some((told, health)) if version.is_none_or(|version| version < told.version) => {
                health.clone()
            }
            _ => version.map(|_| health.clone()),
        };
        let first = earliest(None, object.health.as_ref());
        self.turn_by(known, first);
    }

    /// A watch tells how an object is; `None`: it is gone, or no longer carries our label. `health`
    /// is how it is doing, if that was to be seen.
    pub(super) fn tell(&self, key: &ResourceKey, object: Option<&Json>, health: Option<Outlook>) {
        let later = object.and_then(|object| State::read(object, &self.writer));
        let mut known = self.learn();
        let Some(object) = known.objects.get_mut(key) else { return };
        object.absent = None;
        if let Some(later) = &later
            && object.told.as_ref().is_none_or(|(told, _)| told.version < later.version)
        {
            object.told = Some((later.clone(), health.clone()));
        }
        self.follow_up(known, key, later, health);
    }

    /// What comes of it that the object is so by now.
    fn follow_up(
        &self,
        mut known: MutexGuard<'_, Known>,
        key: &ResourceKey,
        later: Option<State>,
        health: Option<Outlook>,
    ) {
        let Some(object) = known.objects.get_mut(key) else { return };
        match (&object.seen, later) {
            // Nobody has seen it as it is: whoever cares looks anyway.
            (None, _) => {}
            // What it tells may be older than the answer to a request of ours.
            (Some(seen), Some(later)) if later.version < seen.version => {}
            (Some(seen), Some(later)) if seen.version == later.version => {}
            // All that is ours is as it was. What may have changed is how it is doing.
            (Some(seen), Some(later)) if seen.holds_in(&later) => {
                let now = |health: &Option<Outlook>| health.as_ref().map(|it| it.now.clone());
                let is_news = health.is_none() || now(&object.health) != now(&health);
                let first = earliest(None, health.as_ref());
                (object.seen, object.health) = (Some(later), health);
                if is_news {
                    let component = object.component.clone();
                    known.otherwise.insert(component);
                    self.bell.notify_one();
                }
                self.turn_by(known, first);
            }
            (Some(_), _) => self.wake(known, key),
        }
    }

    /// A watch has told of every object in `folder`: `keys` are all that there are.
    pub(super) fn follow(&self, folder: &str, keys: &BTreeSet<ResourceKey>) {
        let mut known = self.lock();
        known.followed.insert(folder.to_owned());
        let inside = known.objects.iter().filter(|(_, object)| object.folder == folder);
        let gone = inside.filter(|(key, object)| object.seen.is_some() && !keys.contains(key));
        for key in gone.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            known.wake(&key);
        }
        // Whoever lists answers again.
        let Known { unseen, woken, .. } = &mut *known;
        woken.append(unseen);
        drop(known);
        self.followed.notify_waiters();
        self.bell.notify_one();
    }

    /// Remembers whether all of `component` could be looked at. If not, it is woken with the next list.
    pub(super) fn could_see(&self, component: &ComponentId, all: bool) {
        let mut known = self.lock();
        match all {
            true => drop(known.unseen.remove(component)),
            false => drop(known.unseen.insert(component.clone())),
        }
    }

    /// How the objects in `folder` are doing is judged by another rule from now on.
    pub(super) fn doubt(&self, folder: &str) {
        let mut known = self.learn();
        let Known { objects, otherwise, .. } = &mut *known;
        for object in objects.values_mut().filter(|object| object.folder == folder) {
            object.health = None;
            if let Some((_, health)) = &mut object.told {
                *health = None;
            }
            otherwise.insert(object.component.clone());
        }
        drop(known);
        self.bell.notify_one();
    }

    /// The watch of `folder` is lost: what it would have told is not known.
    pub(super) fn lose(&self, folder: &str) {
        self.lock().followed.remove(folder);
    }

    /// The components whose objects may have changed since this was last asked, once there are
    /// any. That others only do otherwise, or have turned by themselves, is told with that, or once
    /// `patience` is over.
    pub(super) async fn woken(
        &self,
        patience: impl Future<Output = ()>,
        clock: &dyn Clock,
    ) -> BTreeSet<ComponentId> {
        let mut is_over = false;
        tokio::pin!(patience);
        loop {
            let turns_at = {
                let mut known = self.lock();
                known.turn(clock.now());
                let Known { woken, otherwise, turns_at, .. } = &mut *known;
                if !woken.is_empty() || is_over && !otherwise.is_empty() {
                    let mut all = std::mem::take(woken);
                    all.append(otherwise);
                    return all;
                }
                *turns_at
            };
            tokio::select! {
                biased;
                () = &mut patience, if !is_over => is_over = true,
                () = self.bell.notified() => {}
                () = until(turns_at, clock) => {}
            }
        }
    }

    /// Has whoever waits for something awake when an object turns.
    fn turn_by(&self, mut known: MutexGuard<'_, Known>, at: Option<Timestamp>) {
        if at.is_some_and(|at| known.turns_at.is_none_or(|first| at < first)) {
            known.turns_at = at;
            self.bell.notify_one();
        }
    }

    fn wake(&self, mut known: MutexGuard<'_, Known>, key: &ResourceKey) {
        known.wake(key);
        drop(known);
        self.bell.notify_one();
    }

    /// For who may change what is kept.
    fn learn(&self) -> MutexGuard<'_, Known> {
        let mut known = self.lock();
        known.news = true;
        known
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The object has changed: whoever cares about it has to look again.
    fn wake(&mut self, key: &ResourceKey) {
        if let Some(object) = self.objects.get_mut(key) {
            (object.seen, object.as_wanted, object.health) = (None, false, None);
            self.woken.insert(object.component.clone());
        }
    }

    /// Turns every object whose time has come. All are gone through for that, at most once a second:
    /// conditions have times of whole seconds.
    fn turn(&mut self, now: Timestamp) {
        if self.turns_at.is_none_or(|first| now < first) {
            return;
        }
        self.turns_at = None;
        for object in self.objects.values_mut() {
            if let Some((_, Some(told))) = &mut object.told {
                told.turn(now);
            }
            if object.health.as_mut().is_some_and(|health| health.turn(now)) {
                self.otherwise.insert(object.component.clone());
            }
            self.turns_at = earliest(self.turns_at, object.health.as_ref());
        }
    }
}

/// The earlier of a moment and the one at which an object turns.
fn earliest(first: Option<Timestamp>, health: Option<&Outlook>) -> Option<Timestamp> {
    first.into_iter().chain(health.and_then(Outlook::turns_at)).min()
}

/// Returns about when it is that late; at once if it is later. `None`: never.
async fn until(moment: Option<Timestamp>, clock: &dyn Clock) {
    let Some(moment) = moment else { return std::future::pending().await };
    // The wall clock may be set meanwhile: whoever waits asks it again.
    let left = moment.duration_since(clock.now());
    clock.sleep(left.try_into().unwrap_or_default()).await;
}

#[cfg(test)]
mod tests;
