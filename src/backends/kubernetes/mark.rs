//! Who owns which object: one ConfigMap per agent, repository and stack, all in one namespace.
//!
//! A stack's ConfigMap is written under that stack's lease alone, and only over the version that
//! was read. Where two of them name one object, as a crash in the middle of handing it over
//! leaves it, the one written later is right.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::connection::{Call, Connection, Failure};
use super::identity::{items, metadata};
use super::kinds::escaped;
use super::owner;
use super::turns::Turn;
use super::watch::{LIST, WHOLE};
use crate::backends::{MarkEntries, StepError};
use crate::ids::{ComponentId, Epoch, ResourceKey, Scope, StackName, TargetName};
use crate::model::inventory::{self, Inventory, Mark, Owned};
use crate::model::observation::Owner;
use crate::store::Lease;

/// The label of every mark, with the owner's label as its value.
const LABEL: &str = "isobar.dev/mark";

/// The annotations with the stack, and with the epoch that has written last: an admission policy reads
/// that one.
const STACK: &str = "isobar.dev/stack";
const EPOCH: &str = "isobar.dev/epoch";

/// The key in a ConfigMap that holds the mark.
const KEY: &str = "mark.json";

/// Largest mark of one stack: a ConfigMap has at most 1 MiB with its names. An entry has some 200
/// bytes, so this is room for 4,500 objects.
const MARK_BYTES_MAX: usize = 900 << 10;

/// ConfigMaps read at a time, and at most: 500 are 450 MB at the very worst, and 1 MB usually.
const PAGE: &str = "100";
const MARKS_MAX: usize = 2_000;

/// How often a mark is read anew when somebody has written it meanwhile. Only its stack's holder
/// and whoever takes an object over from it do.
const WRITE_TRIES: u32 = 8;

/// How often the marks are read anew when one is written meanwhile: 20 stacks that begin together
/// write theirs within a second.
const READ_TRIES: u32 = 8;

/// For how long what was read counts as what is there when a mark is written: from the plan under a
/// lease to the first write of its run. The write names the version that was read, in any case.
const RECENT: Duration = Duration::from_secs(1);

/// Reads and writes the marks of a cluster.
pub(super) struct Marks {
    scope: Scope,
    target: TargetName,
    namespace: String,
    /// When they were last read or written, and as what.
    last: Mutex<Option<(Duration, Arc<All>)>>,
    /// Every mark that was read, by name, with the version it was read at: only others are read.
    seen: Mutex<BTreeMap<String, (String, Arc<Written>)>>,
}

/// All marks, as they were when last read.
#[derive(Debug)]
pub(super) struct All {
    scope: Scope,
    target: TargetName,
    /// By name.
    versions: BTreeMap<String, String>,
    /// What all of ours say together, once somebody has asked.
    mark: OnceLock<Arc<Mark>>,
    /// Ours, by stack.
    ours: BTreeMap<StackName, Sheet>,
    /// Others'.
    others: Vec<Arc<Written>>,
}

/// One stack's mark, and the version it was read at.
#[derive(Debug, Clone)]
struct Sheet {
    written: Arc<Written>,
    /// `None`: it is not there yet.
    version: Option<String>,
}

/// What a ConfigMap holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Written {
    /// The version of the form.
    version: u32,
    scope: Scope,
    target: TargetName,
    stack: StackName,
    /// The highest epoch that has written here.
    epoch: Epoch,
    /// The epoch from which on the mark was kept.
    since: Epoch,
    resources: Inventory,
}

impl Marks {
    pub(super) fn new(scope: Scope, target: TargetName, namespace: String) -> Self {
        Self { scope, target, namespace, last: Mutex::default(), seen: Mutex::default() }
    }

    /// All marks, read now. One that is broken is refused, whoever's it is: it could name any
    /// object.
    pub(super) async fn read(&self, connection: &Connection) -> Result<Arc<All>, StepError> {
        let read = self.list(connection).await;
        *self.lock() = read.as_ref().ok().map(|all| (connection.now(), all.clone()));
        read
    }

    /// The same as they were when last read, if nothing was wrong with them then.
    pub(super) async fn known(&self, connection: &Connection) -> Result<Arc<All>, StepError> {
        let last = self.lock().clone();
        match last {
            Some((_, all)) => Ok(all),
            None => self.read(connection).await,
        }
    }

    /// The same if that was a moment ago, or else as they are now.
    async fn recent(&self, connection: &Connection) -> Result<Arc<All>, StepError> {
        let last = self.lock().clone();
        match last {
            Some((at, all)) if connection.now() < at + RECENT => Ok(all),
            _ => self.read(connection).await,
        }
    }

    /// All marks at one moment: whole at first, and then which versions there are, and of those the
    /// ones that were not read yet.
    async fn list(&self, connection: &Connection) -> Result<Arc<All>, StepError> {
        for _ in 0..READ_TRIES {
            let is_first = self.seen().is_empty();
            let listed = self.listed(connection, if is_first { WHOLE } else { LIST }).await?;
            if is_first {
                listed.iter().try_for_each(|item| self.learn(item))?;
            }
            let versions = listed.iter().filter_map(named);
            let versions: BTreeMap<_, _> = versions.collect();
            self.seen().retain(|name, _| versions.contains_key(name));
            let unread: Vec<_> = versions.iter().filter(|named| !self.has_seen(*named)).collect();
            let mut moved = false;
            for (name, version) in unread {
                let call = Call::get(format!("{}/{}", self.folder(), escaped(name)));
                let found = connection.find(call).await;
                let found = found.map_err(|failure| failure.into_step(None))?;
                found.iter().try_for_each(|item| self.learn(item))?;
                moved |= !self.has_seen((name, version));
            }
            if !moved {
                return Ok(self.gathered());
            }
        }
        let why = "the marks were written by somebody else each time";
        Err(StepError::retry_after(Duration::from_secs(1), why))
    }

    async fn listed(
        &self,
        connection: &Connection,
        accept: &'static str,
    ) -> Result<Vec<Json>, StepError> {
        let (mut all, mut next) = (Vec::new(), String::new());
        loop {
            let call = Call::get(self.folder()).accept(accept);
            let call = call.query("labelSelector", LABEL).query("limit", PAGE);
            let call = if next.is_empty() { call } else { call.query("continue", next) };
            let page = connection.read(call).await.map_err(|failure| failure.into_step(None))?;
            let items =
                items(&page).ok_or_else(|| StepError::refused("the list of marks is none"))?;
            all.extend_from_slice(items);
            if all.len() > MARKS_MAX {
                return Err(StepError::refused(format!("there are more than {MARKS_MAX} marks")));
            }
            next = metadata(&page, "continue").unwrap_or_default().to_owned();
            if next.is_empty() {
                return Ok(all);
            }
        }
    }

    /// Remembers a mark as it was read.
    fn learn(&self, item: &Json) -> Result<(), StepError> {
        let name = metadata(item, "name").unwrap_or_default();
        let refused = |why: &dyn std::fmt::Display| {
            StepError::refused(format!("ConfigMap/{}/{name}: {why}", self.namespace))
        };
        let text = item.get("data").and_then(|data| data.get(KEY)).and_then(Json::as_str);
        let text = text.ok_or_else(|| refused(&format!("it has no `{KEY}`")))?;
        let mut written: Written = serde_json::from_str(text)
            .map_err(|error| refused(&format!("it is not a mark: {error}")))?;
        inventory::share(&mut written.resources);
        if written.version != Mark::VERSION {
            let why = format!("it has version {}, known is {}", written.version, Mark::VERSION);
            return Err(refused(&why));
        }
        if name != file_name(&written.scope, &written.stack) {
            let whose = format!("{} for {}", written.scope, written.stack);
            return Err(refused(&format!("it says it is the mark of {whose}")));
        }
        if let Some((name, version)) = named(item) {
            self.seen().insert(name, (version, Arc::new(written)));
        }
        Ok(())
    }

    fn has_seen(&self, (name, version): (&String, &String)) -> bool {
        self.seen().get(name).is_some_and(|(seen, _)| seen == version)
    }

    /// All that was read, which is what it was when none of it has another version.
    fn gathered(&self) -> Arc<All> {
        let seen = self.seen();
        let version =
            |(name, (version, _)): (&String, &(String, _))| (name.clone(), version.clone());
        let versions: BTreeMap<_, _> = seen.iter().map(version).collect();
        if let Some((_, last)) = self.lock().as_ref().filter(|(_, last)| last.versions == versions)
        {
            return last.clone();
        }
        let (scope, target) = (self.scope.clone(), self.target.clone());
        let (mark, ours, others) = (OnceLock::new(), BTreeMap::new(), Vec::new());
        let mut all = All { scope, target, versions, mark, ours, others };
        for (version, written) in seen.values() {
            let (version, written) = (Some(version.clone()), written.clone());
            if written.scope != self.scope {
                all.others.push(written);
            } else if written.target == self.target {
                // One that was copied here from another cluster names another target: it is none.
                all.ours.insert(written.stack.clone(), Sheet { written, version });
            }
        }
        Arc::new(all)
    }

    /// Puts `entries` into the mark of the lease's stack, or takes them out, and takes what it
    /// has now out of our other stacks' marks. `time` says how long a request may take.
    pub(super) async fn write(
        &self,
        connection: &Connection,
        lease: &Lease,
        entries: &MarkEntries,
        time: impl Fn() -> Result<Duration, Failure>,
    ) -> Result<(), StepError> {
        let last = self.lock().clone();
        if last.is_some_and(|(_, all)| all.says(lease, entries)) {
            return Ok(());
        }
        let mut all = self.recent(connection).await?;
        for _ in 0..WRITE_TRIES {
            all.fence(&self.scope, lease)?;
            all.refuse_foreign(entries)?;
            let mut sheets = vec![self.with(&all, lease, entries)];
            sheets.extend(all.without(lease.stack(), entries));
            let mut moved = false;
            for sheet in sheets {
                match self.put(connection, lease, &sheet, &time).await {
                    Ok(()) => {}
                    Err(Failure::Refused(status)) if status.code == 409 => moved = true,
                    Err(failure) => return Err(failure.into_step(None)),
                }
            }
            if !moved {
                let all = self.gathered();
                *self.lock() = Some((connection.now(), all));
                return Ok(());
            }
            all = self.read(connection).await?;
        }
        Err(StepError::retry_after(
            Duration::from_secs(1),
            format!("the mark of {} was written by somebody else each time", lease.stack()),
        ))
    }

    fn with(&self, all: &All, lease: &Lease, entries: &MarkEntries) -> Sheet {
        let fresh = || Sheet {
            written: Arc::new(Written {
                version: Mark::VERSION,
                scope: self.scope.clone(),
                target: self.target.clone(),
                stack: lease.stack().clone(),
                epoch: lease.epoch(),
                since: lease.epoch(),
                resources: Inventory::new(),
            }),
            version: None,
        };
        let mut sheet = all.ours.get(lease.stack()).cloned().unwrap_or_else(fresh);
        let written = Arc::make_mut(&mut sheet.written);
        written.epoch = lease.epoch();
        for (key, owned) in entries {
            match owned {
                Some(owned) => drop(written.resources.insert(key.clone(), owned.clone().into())),
                None => drop(written.resources.remove(key)),
            }
        }
        sheet
    }

    async fn put(
        &self,
        connection: &Connection,
        lease: &Lease,
        sheet: &Sheet,
        time: impl Fn() -> Result<Duration, Failure>,
    ) -> Result<(), Failure> {
        let Written { scope, stack, .. } = &*sheet.written;
        let name = file_name(scope, stack);
        let text = serde_json::to_string(&*sheet.written)
            .map_err(|error| Failure::Away(error.to_string()))?;
        if text.len() > MARK_BYTES_MAX {
            let why = format!("the mark of {stack} would have more than {MARK_BYTES_MAX} bytes");
            return Err(Failure::Refused(
                kube::core::Status::failure(&why, "TooLarge").with_code(413).boxed(),
            ));
        }
        let object = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": name,
                "namespace": self.namespace,
                "labels": {LABEL: owner::label(scope)},
                "annotations": {STACK: stack, EPOCH: sheet.written.epoch.to_string()},
            },
            "data": {KEY: text},
        });
        let call = match &sheet.version {
            Some(version) => {
                let mut object = object.clone();
                object["metadata"]["resourceVersion"] = version.as_str().into();
                Call::put(format!("{}/{}", self.folder(), escaped(&name)), object)
            }
            None => Call::post(self.folder(), object.clone()),
        };
        let answer = match connection.send(call.under(lease), Turn::default(), &time).await {
            Err(Failure::Refused(status))
                if status.reason == "NotFound" && sheet.version.is_none() =>
            {
                self.make_namespace(connection, lease, &time).await?;
                let call = Call::post(self.folder(), object).under(lease);
                connection.send(call, Turn::default(), &time).await?
            }
            other => other?,
        };
        if let Some((name, version)) = named(&answer.body) {
            self.seen().insert(name, (version, sheet.written.clone()));
        }
        Ok(())
    }

    async fn make_namespace(
        &self,
        connection: &Connection,
        lease: &Lease,
        time: impl Fn() -> Result<Duration, Failure>,
    ) -> Result<(), Failure> {
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}
        });
        let call = Call::post("/api/v1/namespaces".to_owned(), namespace);
        match connection.send(call.under(lease), Turn::default(), time).await {
            // Somebody else was faster.
            Err(Failure::Refused(status)) if status.is_already_exists() => Ok(()),
            other => other.map(drop),
        }
    }

    fn folder(&self) -> String {
        format!("/api/v1/namespaces/{}/configmaps", escaped(&self.namespace))
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<String, (String, Arc<Written>)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Duration, Arc<All>)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    /// What we own, by all our marks.
    pub(super) fn mark(&self) -> &Arc<Mark> {
        self.mark.get_or_init(|| {
            let mut mark = Mark::empty(self.scope.clone(), self.target.clone());
            let mut sheets: Vec<_> = self.ours.iter().collect();
            sheets.sort_by_key(|(_, sheet)| sheet.order());
            for (stack, sheet) in sheets {
                mark.epochs.insert(stack.clone(), sheet.written.epoch);
                mark.since.insert(stack.clone(), sheet.written.since);
                let resources = sheet.written.resources.iter();
                mark.resources.extend(resources.map(|(key, owned)| (key.clone(), owned.clone())));
            }
            Arc::new(mark)
        })
    }

    /// Whose the object is, for `component`, by the marks alone.
    pub(super) fn owner(&self, key: &ResourceKey, component: &ComponentId) -> Owner {
        match self.mark().resources.get(key).map(|owned| &owned.component) {
            Some(owner) if owner == component => Owner::This,
            Some(owner) => Owner::Other(owner.clone()),
            None => match self.foreign(key) {
                Some(scope) => Owner::Foreign(scope.to_string()),
                None => Owner::Nobody,
            },
        }
    }

    /// Refuses whoever acts for the stack under a lower epoch than somebody before.
    pub(super) fn fence(&self, scope: &Scope, lease: &Lease) -> Result<(), StepError> {
        if lease.scope() != scope {
            return Err(StepError::refused(format!("the lease is one of {}", lease.scope())));
        }
        let highest = self.ours.get(lease.stack()).map(|sheet| sheet.written.epoch);
        match highest.filter(|highest| lease.epoch() < *highest) {
            None => Ok(()),
            Some(highest) => Err(StepError::refused(format!(
                "epoch {} of {} is over: epoch {highest} has written here",
                lease.epoch(),
                lease.stack()
            ))),
        }
    }

    /// Whether all of `entries` was written under this very lease already: nobody else writes the mark
    /// of its stack meanwhile. Of two that name one object the one written later is right.
    fn says(&self, lease: &Lease, entries: &MarkEntries) -> bool {
        let Some(sheet) = self.ours.get(lease.stack()) else { return false };
        let Written { epoch, resources, .. } = &*sheet.written;
        let same = |(key, owned): (&ResourceKey, &Option<Owned>)| {
            resources.get(key).map(AsRef::as_ref) == owned.as_ref()
        };
        lease.scope() == &self.scope
            && *epoch == lease.epoch()
            && entries.iter().all(same)
            && self.without(lease.stack(), entries).is_empty()
    }

    fn foreign(&self, key: &ResourceKey) -> Option<&Scope> {
        let other = self.others.iter().find(|other| other.resources.contains_key(key));
        other.map(|other| &other.scope)
    }

    fn refuse_foreign(&self, entries: &MarkEntries) -> Result<(), StepError> {
        let claimed = entries.iter().filter(|(_, owned)| owned.is_some());
        let mut foreign = claimed.filter_map(|(key, _)| Some((key, self.foreign(key)?)));
        match foreign.next() {
            None => Ok(()),
            Some((key, scope)) => Err(StepError::stale(format!("{key} belongs to {scope}"))),
        }
    }

    /// The other stacks' marks that name what `stack` has now, without it.
    fn without(&self, stack: &StackName, entries: &MarkEntries) -> Vec<Sheet> {
        let taken: Vec<_> =
            entries.iter().filter(|(_, owned)| owned.is_some()).map(|(key, _)| key).collect();
        let others = self.ours.iter().filter(|(other, sheet)| {
            *other != stack && taken.iter().any(|key| sheet.written.resources.contains_key(*key))
        });
        let without = others.map(|(_, sheet)| {
            let mut sheet = sheet.clone();
            let written = Arc::make_mut(&mut sheet.written);
            taken.iter().for_each(|key| drop(written.resources.remove(*key)));
            sheet
        });
        without.collect()
    }
}

impl Sheet {
    /// Versions of one cluster's objects are numbers that only grow.
    fn order(&self) -> u64 {
        self.version.as_ref().and_then(|version| version.parse().ok()).unwrap_or_default()
    }
}

/// The name and the version of an object.
fn named(item: &Json) -> Option<(String, String)> {
    let text = |field| metadata(item, field).map(str::to_owned);
    Some((text("name")?, text("resourceVersion")?))
}

/// Stacks may have any name, objects may not.
pub(super) fn file_name(scope: &Scope, stack: &StackName) -> String {
    format!("isobar-{}", owner::hashed(&format!("{scope}/{stack}")))
}
