//! What merging two commits would give, without a work tree and without a trace in the store.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;
use gix::merge::tree::TreatAsUnresolved;
use gix::objs::Kind;

use super::listing::refused;
use super::{FetchError, tree};
use crate::ids::CommitId;

/// The tree of a merge.
pub(super) enum Merged {
    /// It is this one.
    Tree(ObjectId),
    /// A person has to decide about these paths.
    Conflict(Vec<String>),
}

/// Merges `head` into `base`. New objects go where `repository` writes: give one with object
/// memory to leave no trace.
pub(super) fn merge(
    repository: &gix::Repository,
    head: &CommitId,
    base: &CommitId,
) -> Result<Merged, FetchError> {
    let (ours, theirs) = (tree::commit(repository, base)?, tree::commit(repository, head)?);
    let failed = |cause: gix::Error| FetchError::Incomplete {
        revision: format!("{head} onto {base}"),
        what: cause.to_string(),
    };
    let tree_of = |commit: &gix::Commit<'_>| commit.tree_id().map(gix::Id::detach).map_err(failed);
    match repository.merge_base(ours.id, theirs.id).map_err(failed)?.map(gix::Id::detach) {
        None => return Err(refused(head.as_str(), &format!("it shares no history with {base}"))),
        Some(both) if both == theirs.id => return tree_of(&ours).map(Merged::Tree),
        Some(both) if both == ours.id => return tree_of(&theirs).map(Merged::Tree),
        Some(_) => {}
    }
    let options = repository.tree_merge_options().map_err(failed)?;
    let labels = gix::merge::blob::builtin_driver::text::Labels::default();
    let outcome =
        repository.merge_commits(ours.id, theirs.id, labels, options.into()).map_err(failed)?;
    let mut merged = outcome.tree_merge;
    let unresolved = TreatAsUnresolved::git();
    if merged.has_unresolved_conflicts(unresolved) {
        let paths: BTreeSet<String> = merged
            .conflicts
            .iter()
            .filter(|conflict| conflict.is_unresolved(unresolved))
            .flat_map(|conflict| [conflict.ours.location(), conflict.theirs.location()])
            .map(ToString::to_string)
            .collect();
        return Ok(Merged::Conflict(paths.into_iter().collect()));
    }
    merged.tree.write().map(gix::Id::detach).map(Merged::Tree).map_err(failed)
}

/// The files among the objects that were made in memory.
pub(super) fn made_files(
    repository: &mut gix::Repository,
) -> BTreeMap<ObjectId, std::sync::Arc<[u8]>> {
    let Some(made) = repository.objects.take_object_memory() else { return BTreeMap::new() };
    made.iter()
        .filter(|(_, (kind, _))| *kind == Kind::Blob)
        .map(|(id, (_, bytes))| (*id, bytes.as_slice().into()))
        .collect()
}

#[cfg(test)]
mod tests;
