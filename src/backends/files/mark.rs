//! Who owns which file: the marks of all scopes that share a folder.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use super::failure;
use super::folder::{Folder, Look, OWN, Stamp};
use crate::backends::{MarkEntries, StepError};
use crate::ids::{ComponentId, ResourceKey, Scope, TargetName};
use crate::model::inventory::Mark;
use crate::model::observation::Owner;
use crate::store::Lease;

/// Largest mark: 64 MiB. 100,000 files of some 300 bytes each need half of it.
const MARK_BYTES_MAX: u64 = 64 << 20;

/// Marks one folder may hold: one for each pair of agent and repository.
const MARKS_MAX: usize = 256;

/// Reads the marks of a folder, again only when one of them has changed.
pub(super) struct Reader {
    scope: Scope,
    target: TargetName,
    last: Mutex<Option<Arc<Marks>>>,
}

/// The marks of all scopes that share a folder.
pub(super) struct Marks {
    /// Our own; empty if there is none.
    pub(super) ours: Mark,
    others: Vec<Mark>,
    /// The files they were read from.
    stamps: Vec<(String, Stamp)>,
}

/// A mark cannot be read, so nobody knows who owns what.
#[derive(Debug, thiserror::Error)]
#[error("{OWN}/{file}: {why}")]
pub(super) struct Refusal {
    file: String,
    why: String,
}

impl Reader {
    pub(super) fn new(scope: Scope, target: TargetName) -> Self {
        Self { scope, target, last: Mutex::default() }
    }

    /// The marks of a folder that is not there.
    pub(super) fn none(&self) -> Marks {
        let ours = Mark::empty(self.scope.clone(), self.target.clone());
        Marks { ours, others: Vec::new(), stamps: Vec::new() }
    }

    /// All marks. One that is broken is refused, whoever's it is: it could name any file.
    pub(super) fn read(&self, folder: &Folder) -> Result<Arc<Marks>, Refusal> {
        let stamps = stamps(folder)?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(marks) = last.as_ref().filter(|marks| marks.stamps == stamps) {
            return Ok(marks.clone());
        }
        let mut marks = self.none();
        for (name, _) in &stamps {
            let mark = read(folder, name)?;
            match mark.scope == self.scope {
                // A mark that was copied here with its folder names another target: it is none.
                true if mark.target == self.target => marks.ours = mark,
                true => {}
                false => marks.others.push(mark),
            }
        }
        let marks = Arc::new(Marks { stamps, ..marks });
        *last = Some(marks.clone());
        Ok(marks)
    }
}

fn stamps(folder: &Folder) -> Result<Vec<(String, Stamp)>, Refusal> {
    let names = folder.own_files().map_err(|error| refusal("", &error))?;
    let mut stamps = Vec::new();
    for name in names.into_iter().filter(|name| name.ends_with(".json")) {
        match folder.look(&format!("{OWN}/{name}")) {
            Ok(Look::File(stamp)) => stamps.push((name, stamp)),
            Ok(Look::Odd(what)) => return Err(refusal(&name, &what)),
            Ok(Look::Absent) => return Err(refusal(&name, &"it is being taken away")),
            Err(error) => return Err(refusal(&name, &error)),
        }
    }
    match stamps.len() > MARKS_MAX {
        true => Err(refusal("", &format!("there are more than {MARKS_MAX} marks"))),
        false => Ok(stamps),
    }
}

fn read(folder: &Folder, name: &str) -> Result<Mark, Refusal> {
    let read = folder.read(&format!("{OWN}/{name}"), MARK_BYTES_MAX);
    let Some((_, bytes)) = read.map_err(|error| refusal(name, &error))? else {
        return Err(refusal(name, &"it is not a plain file"));
    };
    let mark: Mark = serde_json::from_slice(&bytes)
        .map_err(|error| refusal(name, &format!("it is not a mark: {error}")))?;
    if !(Mark::VERSION_MIN..=Mark::VERSION).contains(&mark.version) {
        let why = format!("it has version {}, known is {}", mark.version, Mark::VERSION);
        return Err(refusal(name, &why));
    }
    match name == file_name(&mark.scope) {
        true => Ok(Mark { version: Mark::VERSION, ..mark }),
        false => Err(refusal(name, &format!("it says it is the mark of {}", mark.scope))),
    }
}

fn refusal(file: &str, why: &dyn fmt::Display) -> Refusal {
    Refusal { file: file.to_owned(), why: why.to_string() }
}

impl From<Refusal> for StepError {
    fn from(refusal: Refusal) -> Self {
        Self::refused(refusal.to_string())
    }
}

impl Marks {
    /// Whose the resource is, for `component`.
    pub(super) fn owner(&self, key: &ResourceKey, component: &ComponentId) -> Owner {
        match self.ours.resources.get(key) {
            Some(owned) if owned.component == *component => Owner::This,
            Some(owned) => Owner::Other(owned.component.clone()),
            None => match self.foreign(key) {
                Some(mark) => Owner::Foreign(mark.scope.to_string()),
                None => Owner::Nobody,
            },
        }
    }

    fn foreign(&self, key: &ResourceKey) -> Option<&Mark> {
        self.others.iter().find(|mark| mark.resources.contains_key(key))
    }

    /// Our mark with `entries` put in or taken out, under the epoch of `lease`.
    pub(super) fn with(&self, lease: &Lease, entries: &MarkEntries) -> Result<Mark, StepError> {
        self.fence(lease)?;
        let mut mark = self.ours.clone();
        if mark.epochs.insert(lease.stack().clone(), lease.epoch()).is_none() {
            mark.since.insert(lease.stack().clone(), lease.epoch());
        }
        for (key, owned) in entries {
            let Some(owned) = owned else {
                mark.resources.remove(key);
                continue;
            };
            if let Some(other) = self.foreign(key) {
                return Err(StepError::stale(format!("{key} belongs to {}", other.scope)));
            }
            mark.resources.insert(key.clone(), owned.clone().into());
        }
        Ok(mark)
    }

    /// Refuses whoever acts for the stack under a lower epoch than somebody before.
    pub(super) fn fence(&self, lease: &Lease) -> Result<(), StepError> {
        let highest = self.ours.epoch(lease.stack());
        if lease.scope() != &self.ours.scope {
            return Err(StepError::refused(format!("the lease is one of {}", lease.scope())));
        }
        match lease.epoch() >= highest {
            true => Ok(()),
            false => Err(StepError::refused(format!(
                "epoch {} of {} is over: epoch {highest} has written here",
                lease.epoch(),
                lease.stack()
            ))),
        }
    }
}

/// Writes our mark. Only under the exclusive lock.
pub(super) fn write(
    folder: &Folder,
    mark: &Mark,
    distrusted: &AtomicBool,
) -> Result<(), StepError> {
    let name = file_name(&mark.scope);
    let mut bytes = serde_json::to_vec_pretty(mark)
        .map_err(|error| StepError::refused(format!("the mark cannot be written: {error}")))?;
    bytes.push(b'\n');
    if bytes.len() as u64 > MARK_BYTES_MAX {
        return Err(failure::before("the mark", &std::io::ErrorKind::FileTooLarge.into()));
    }
    let staged = folder.stage(name.clone(), &bytes, 0o644, distrusted)?;
    folder.publish(&staged, &format!("{OWN}/{name}"), distrusted)
}

/// Names hold no `@`, so no two scopes share a file.
pub(super) fn file_name(scope: &Scope) -> String {
    format!("{}@{}.json", scope.agent, scope.repository)
}
