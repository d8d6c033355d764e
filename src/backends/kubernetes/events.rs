//! What is told in the cluster itself: an Event on the object that it is about.
//!
//! Events are for people. Nobody waits for one, none is tried again, and whoever may not write them
//! applies all the same. The same thing again is no new Event: the first one counts how often.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::connection::{Call, Connection, Failure};
use super::identity::Identity;
use super::kinds::{Found, Kinds, escaped};
use super::mark::file_name;
use super::truth::Truths;
use super::turns::Turn;
use crate::ids::{Scope, TargetName};
use crate::model::notice::{About, Notice, Reason};
use crate::model::revision::Revision;

/// Who says so.
const CONTROLLER: &str = "isobar.dev/agent";

/// The annotations with the whole revision, and with the component.
const REVISION: &str = "isobar.dev/revision";
const COMPONENT: &str = "isobar.dev/component";

/// Longest note that the API takes.
const NOTE_BYTES_MAX: usize = 1_024;

/// What waits to be told: two runs that tell all they may. What comes beyond that is dropped.
const WAITING_MAX: usize = 256;

/// What was told and may come again, some 500 bytes each.
const TOLD_MAX: usize = 1_000;

/// How long after it was last said something is the same again: a server keeps an Event for an hour.
const SAME_TIME: Duration = Duration::from_secs(50 * 60);

/// How long one Event may take, while one seat of all is not there for what is applied.
const TIME: Duration = Duration::from_secs(5);

/// How long nothing is told in a cluster that has forbidden it.
const FORBIDDEN_TIME: Duration = Duration::from_secs(600);

/// Longest name of an object that an Event's is made of; what makes it one of its own is 36.
const NAME_BYTES_MAX: usize = 200;

/// Tells of things in one cluster, one after the other.
pub(super) struct Teller {
    speaker: Arc<Speaker>,
    /// Who speaks, from the first word on.
    task: Mutex<JoinSet<()>>,
}

/// What a teller works with.
pub(super) struct Speaker {
    pub(super) scope: Scope,
    pub(super) target: TargetName,
    /// Where the marks are.
    pub(super) namespace: String,
    /// Who writes, as objects have it.
    pub(super) writer: String,
    pub(super) connection: Arc<Connection>,
    pub(super) kinds: Arc<Kinds>,
    pub(super) truths: Arc<Truths>,
    pub(super) queue: Queue,
}

/// What waits to be told.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<VecDeque<Notice>>,
    bell: Notify,
    /// How many are not told yet, the one that is being told included.
    open: watch::Sender<usize>,
}

/// An Event that is there.
struct Told {
    path: String,
    count: u32,
    last: Duration,
}

/// What makes it the same.
type Word = (About, Reason, String);

/// What was told.
#[derive(Default)]
struct Known(BTreeMap<Word, Told>);

impl Known {
    /// Remembers what was told just now. Where there is no room, what was said longest ago is forgotten,
    /// and would be told as new.
    fn add(&mut self, word: Word, told: Told) {
        if self.0.len() >= TOLD_MAX
            && let Some((oldest, _)) = self.0.iter().min_by_key(|(_, told)| told.last)
        {
            let oldest = oldest.clone();
            self.0.remove(&oldest);
        }
        self.0.insert(word, told);
    }
}

impl Teller {
    pub(super) fn new(speaker: Speaker) -> Self {
        Self { speaker: Arc::new(speaker), task: Mutex::default() }
    }

    /// Takes note of what is to be told. What there is no room for is dropped, and counted.
    pub(super) fn tell(&self, notices: Vec<Notice>) {
        let queue = &self.speaker.queue;
        let dropped = {
            let mut waiting = queue.lock();
            let room = WAITING_MAX.saturating_sub(waiting.len());
            let dropped = notices.len().saturating_sub(room);
            waiting.extend(notices.into_iter().take(room));
            queue.open.send_replace(waiting.len());
            dropped
        };
        self.speaker.count("dropped", dropped as u64);
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.is_empty() {
            let speaker = self.speaker.clone();
            task.spawn(async move { speaker.forever().await });
        }
        queue.bell.notify_one();
    }

    /// Returns when everything is told.
    pub(super) async fn told(&self) {
        // Whoever sends lives as long as this.
        let _ = self.speaker.queue.open.subscribe().wait_for(|open| *open == 0).await;
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Notice>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Speaker {
    fn count(&self, outcome: &str, events: u64) {
        self.connection.world().metrics.events(&self.target, outcome, events);
    }

    async fn forever(&self) {
        let (mut known, mut silent_until) = (Known::default(), None);
        loop {
            let next = self.queue.lock().pop_front();
            let Some(notice) = next else {
                self.queue.open.send_replace(0);
                self.queue.bell.notified().await;
                continue;
            };
            let now = self.connection.now();
            if silent_until.is_some_and(|until| now < until) {
                self.count("forbidden", 1);
                continue;
            }
            match self.say(&notice, &mut known).await {
                Ok(()) => {
                    silent_until = None;
                    self.count("sent", 1);
                }
                Err(Failure::Refused(status)) if is_forbidden(&status) => {
                    if silent_until.is_none() {
                        let (target, why) = (&self.target, &status.message);
                        tracing::warn!(%target, "no Events are written: {why}");
                    }
                    silent_until = Some(now + FORBIDDEN_TIME);
                    self.count("forbidden", 1);
                }
                // Its namespace goes, the cluster is away or busy: whoever applies finds that out.
                Err(_) => self.count("failed", 1),
            }
        }
    }

    async fn say(&self, notice: &Notice, known: &mut Known) -> Result<(), Failure> {
        let now = self.connection.now();
        known.0.retain(|_, told| now < told.last + SAME_TIME);
        let word = (notice.about.clone(), notice.reason, notice.note.clone());
        if let Some(told) = known.0.get_mut(&word) {
            (told.count, told.last) = (told.count.saturating_add(1), now);
            let series = json!({"series": {"count": told.count, "lastObservedTime": self.time()}});
            let form = "application/merge-patch+json";
            match self.send(Call::patch(told.path.clone(), form, series)).await {
                // It was taken away: say it anew.
                Err(failure) if failure.is_not_found() => drop(known.0.remove(&word)),
                other => return other,
            }
        }
        let Some((folder, name, event)) = self.event(notice).await? else { return Ok(()) };
        self.send(Call::post(folder.clone(), event)).await?;
        let path = format!("{folder}/{}", escaped(&name));
        known.add(word, Told { path, count: 1, last: now });
        Ok(())
    }

    async fn send(&self, call: Call) -> Result<(), Failure> {
        self.connection.send(call.aside(), Turn::last(), || Ok(TIME)).await.map(drop)
    }

    fn time(&self) -> String {
        micros(self.connection.world().clock.now())
    }

    /// The Event, with its folder and its name; `None`: the cluster does not know what it is about.
    async fn event(&self, notice: &Notice) -> Result<Option<(String, String, Json)>, Failure> {
        let Some(regarding) = self.regarding(&notice.about).await? else { return Ok(None) };
        let namespace = match regarding["namespace"].as_str() {
            Some(namespace) => namespace.to_owned(),
            // Where everybody looks for what is about the cluster itself.
            None => "default".to_owned(),
        };
        let world = self.connection.world();
        let of = regarding["name"].as_str().unwrap_or_default();
        let name = format!("{}.{}", plain(of), world.ids.unique());
        let mut annotations = json!({REVISION: whole(&notice.revision)});
        if let About::Resource(component, ..) = &notice.about {
            annotations[COMPONENT] = component.to_string().into();
        }
        let event = json!({
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
            "eventTime": self.time(),
            "reportingController": CONTROLLER,
            "reportingInstance": self.writer,
            "action": notice.reason.action(),
            "reason": notice.reason.word(),
            "regarding": regarding,
            "note": cut(&notice.note),
            "type": if notice.reason.is_warning() { "Warning" } else { "Normal" },
        });
        let folder = format!("/apis/events.k8s.io/v1/namespaces/{}/events", escaped(&namespace));
        Ok(Some((folder, name, event)))
    }

    /// The object that something is about, as the API refers to it.
    async fn regarding(&self, about: &About) -> Result<Option<Json>, Failure> {
        let (key, uid) = match about {
            About::Resource(_, key, uid) => (key, uid.clone().or_else(|| self.truths.uid(key))),
            // What stands for a stack in a cluster is its mark.
            About::Stack(stack) => {
                return Ok(Some(json!({
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "namespace": self.namespace,
                    "name": file_name(&self.scope, stack),
                })));
            }
        };
        let Ok(identity) = Identity::parse(key) else { return Ok(None) };
        let found = self.kinds.find(&self.connection, &identity, None).await?;
        let Found::Kind(kind) = found else { return Ok(None) };
        let mut regarding = json!({
            "apiVersion": kind.api_version,
            "kind": identity.kind,
            "name": identity.name,
        });
        let named = [("namespace", identity.namespace), ("uid", uid)];
        for (field, value) in named.into_iter().filter_map(|(field, v)| Some((field, v?))) {
            regarding[field] = value.into();
        }
        Ok(Some(regarding))
    }
}

/// Whether we may not write Events. In a namespace that is going, nobody may.
fn is_forbidden(status: &kube::core::Status) -> bool {
    status.code == 403 && !status.message.contains("being terminated")
}

/// The commit; where there is none, whatever people call it by.
fn whole(revision: &Revision) -> String {
    revision.commit().map_or_else(|| revision.to_string(), |commit| commit.as_str().to_owned())
}

/// A time as the API writes it where microseconds count.
fn micros(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// As much of a note as there is room for.
fn cut(note: &str) -> String {
    const MORE: &str = " ...";
    if note.len() <= NOTE_BYTES_MAX {
        return note.to_owned();
    }
    let end = note.floor_char_boundary(NOTE_BYTES_MAX - MORE.len());
    format!("{}{MORE}", &note[..end])
}

/// A name as part of an Event's: names of roles and the like may hold nearly anything.
fn plain(name: &str) -> String {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let each = name.chars().map(|letter| if fits(letter) { letter } else { '-' });
    let name: String = each.take(NAME_BYTES_MAX).collect();
    match name.trim_matches('-') {
        "" => "object".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests;
