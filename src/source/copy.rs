//! Fetching from a repository on this machine: objects are copied from store to store.
//!
//! No `git` runs, so neither its configuration nor a hook can play a part. An object is written
//! only after everything it refers to, so one that is here is here with all that belongs to it,
//! whenever the copying stopped.

use std::sync::atomic::{AtomicBool, Ordering};

use gix::ObjectId;
use gix::objs::{CommitRefIter, Kind, TreeRefIter, Write as _};

use super::FetchError;

/// Copies the commit `tip` and all it refers to, except for what is already there.
pub(super) fn copy(
    from: &gix::Repository,
    to: &gix::Repository,
    tip: ObjectId,
    stop: &AtomicBool,
) -> Result<(), FetchError> {
    let incomplete = |what: String| FetchError::Incomplete {
        revision: tip.to_hex_with_len(8).to_string(),
        what,
    };
    let mut seen = gix::hashtable::HashSet::default();
    let mut open = vec![Step::Read(tip)];
    while let Some(step) = open.pop() {
        if stop.load(Ordering::Relaxed) {
            return Err(FetchError::Cancelled);
        }
        match step {
            Step::Read(id) => {
                if !seen.insert(id) || to.has_object(id) {
                    continue;
                }
                let object = match from.try_find_object(id) {
                    Ok(Some(object)) => object.detach(),
                    Ok(None) if from.is_shallow().unwrap_or(false) => {
                        let what =
                            "the clone is shallow; `git fetch --unshallow` in it completes it";
                        return Err(incomplete(what.to_owned()));
                    }
                    Ok(None) => return Err(incomplete(format!("the object {id} is missing"))),
                    Err(cause) => {
                        return Err(incomplete(format!("the object {id} cannot be read: {cause}")));
                    }
                };
                let below = refers_to(object.kind, &object.data, id)
                    .map_err(|cause| incomplete(format!("the object {id} is broken: {cause}")))?;
                open.push(Step::Write(id, object.kind, object.data));
                open.extend(below.into_iter().map(Step::Read));
            }
            Step::Write(id, kind, data) => {
                let written = to
                    .objects
                    .write_buf(kind, &data)
                    .map_err(|cause| incomplete(format!("the object {id}: {cause}")))?;
                if written != id {
                    return Err(incomplete(format!("the object {id} has another content")));
                }
            }
        }
    }
    Ok(())
}

enum Step {
    Read(ObjectId),
    Write(ObjectId, Kind, Vec<u8>),
}

/// The objects that an object needs. A submodule's commit is in another repository.
fn refers_to(kind: Kind, data: &[u8], id: ObjectId) -> Result<Vec<ObjectId>, String> {
    match kind {
        Kind::Blob => Ok(Vec::new()),
        Kind::Tree => TreeRefIter::from_bytes(data, id.kind())
            .filter(|entry| entry.as_ref().map_or(true, |entry| !entry.mode.is_commit()))
            .map(|entry| entry.map(|entry| entry.oid.to_owned()))
            .collect::<Result<_, _>>()
            .map_err(|cause| cause.to_string()),
        Kind::Commit => {
            let mut commit = CommitRefIter::from_bytes(data, id.kind());
            let tree = commit.tree_id().map_err(|cause| cause.to_string())?;
            Ok(commit.parent_ids().chain([tree]).collect())
        }
        Kind::Tag => gix::objs::TagRefIter::from_bytes(data, id.kind())
            .target_id()
            .map(|target| vec![target])
            .map_err(|cause| cause.to_string()),
    }
}

#[cfg(test)]
mod tests;
