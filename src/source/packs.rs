//! Keeps the copy's packs few: every fetch over a network adds one.
//!
//! Packs are combined, and nothing is left out: what no branch leads to any more may be what a
//! snapshot in use reads, here or in another process. The old packs go only when the new one is
//! whole and durable, so whoever reads finds each object in one of the two at any moment.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufReader, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use gix::ObjectId;
use gix::hash::Kind;
use gix::parallel::InOrderIter;
use gix::progress::Discard;
use gix_pack::data::output::count::PackLocation;
use gix_pack::data::output::entry::iter_from_counts::Options;
use gix_pack::data::output::{Count, bytes::FromEntriesIter, entry::iter_from_counts};

/// Most packs that stay: every lookup may have to look into each. With a push a minute they are
/// combined once in an hour.
pub const PACKS_MAX: usize = 50;

/// Most bytes that stay in packs which are not the largest, before they are combined however few
/// they are: 256 MiB, as much as a snapshot may hold.
const LATER_BYTES_MAX: u64 = 256 << 20;

/// Objects that are read before they are written, at a time.
const OBJECTS_AT_ONCE: usize = 100;

/// What a combined pack is written to before it is one. A crash may leave it; the next combining
/// writes over it.
const TEMPORARY: &str = "isobar-combining.tmp";

/// How many packs there may be, and how large.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    packs_max: usize,
    later_bytes_max: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { packs_max: PACKS_MAX, later_bytes_max: LATER_BYTES_MAX }
    }
}

/// Packs were not combined. They stay as they were.
#[derive(Debug, thiserror::Error)]
pub(super) enum CombineError {
    #[error("a pack cannot be read or written")]
    Io(#[from] std::io::Error),
    #[error("a pack cannot be combined with others")]
    Pack(#[source] gix::Error),
    #[error("the combined pack has {found} objects instead of {wanted}")]
    Missing { found: usize, wanted: usize },
}

/// One pack: its index, and how large the two are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pack {
    index: PathBuf,
    bytes: u64,
}

/// Combines packs of the repository in `folder`, if there are more than `bounds` allows; gives how
/// many became one. Nobody else may write to the folder meanwhile; anybody may read.
pub(super) fn combine(
    folder: &Path,
    bounds: Bounds,
    stop: &AtomicBool,
) -> Result<usize, CombineError> {
    let objects = folder.join("objects");
    let chosen = choose(packs(&objects.join("pack"))?, bounds);
    if chosen.is_empty() {
        return Ok(0);
    }
    let mut ids = BTreeSet::new();
    for pack in &chosen {
        let index = gix_pack::index::File::at(&pack.index, Kind::Sha1);
        ids.extend(index.map_err(CombineError::Pack)?.iter().map(|entry| entry.oid));
    }
    let wanted = ids.len();
    let made = write(&objects, ids, stop)?;
    let index = gix_pack::index::File::at(&made, Kind::Sha1).map_err(CombineError::Pack)?;
    let found = index.num_objects() as usize;
    if found != wanted {
        return Err(CombineError::Missing { found, wanted });
    }
    for path in [made.with_extension("pack"), made.clone()] {
        File::open(path)?.sync_all()?;
    }
    for pack in chosen.iter().filter(|pack| pack.index != made) {
        // Whoever finds no index looks for new packs; an index without a pack would be an error.
        for extension in ["idx", "pack", "keep", "rev"] {
            match fs::remove_file(pack.index.with_extension(extension)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error.into());
                }
                _ => {}
            }
        }
    }
    Ok(chosen.len())
}

/// Those that become one: all, or all but the largest where that has more than the others
/// together. So most of a large repository is not written again with each combining.
fn choose(mut packs: Vec<Pack>, bounds: Bounds) -> Vec<Pack> {
    packs.sort_by(|a, b| (b.bytes, &a.index).cmp(&(a.bytes, &b.index)));
    let later: u64 = packs.iter().skip(1).map(|pack| pack.bytes).sum();
    if packs.len() <= bounds.packs_max && later <= bounds.later_bytes_max {
        return Vec::new();
    }
    let is_alone = packs.first().is_some_and(|largest| largest.bytes > later);
    let chosen = packs.split_off(usize::from(is_alone));
    if chosen.len() < 2 { Vec::new() } else { chosen }
}

fn packs(folder: &Path) -> Result<Vec<Pack>, std::io::Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let index = entry?.path();
        if index.extension().is_some_and(|extension| extension == "idx") {
            let bytes = fs::metadata(index.with_extension("pack"))?.len();
            found.push(Pack { bytes: bytes + fs::metadata(&index)?.len(), index });
        }
    }
    Ok(found)
}

/// One pack of all `ids`; gives where its index is.
fn write(
    objects: &Path,
    ids: BTreeSet<ObjectId>,
    stop: &AtomicBool,
) -> Result<PathBuf, CombineError> {
    let mut store = gix::odb::at(objects.to_owned(), Kind::Sha1)?;
    store.prevent_pack_unload();
    let count = |id| Count { id, entry_pack_location: PackLocation::NotLookedUp };
    let counts: Vec<_> = ids.into_iter().map(count).collect();
    let total = counts.len() as u32;
    let options = Options { chunk_size: OBJECTS_AT_ONCE, ..Options::default() };
    let version = options.version;
    let entries = iter_from_counts(counts, store, Box::new(Discard), options);
    let entries = InOrderIter::from(entries.map_err(CombineError::Pack)?);
    let folder = objects.join("pack");
    let temporary = folder.join(TEMPORARY);
    let mut file =
        File::options().create(true).truncate(true).read(true).write(true).open(&temporary)?;
    for written in FromEntriesIter::new(entries, &mut file, total, version, Kind::Sha1) {
        written.map_err(CombineError::Pack)?;
    }
    file.flush()?;
    file.rewind()?;
    let made = gix_pack::Bundle::write_to_directory(
        &mut BufReader::new(file),
        Some(&folder),
        &mut Discard,
        stop,
        None::<gix::odb::Handle>,
        Kind::Sha1,
        Default::default(),
    );
    fs::remove_file(&temporary)?;
    let made = made.map_err(CombineError::Pack)?;
    if let Some(keep) = made.keep_path {
        fs::remove_file(keep)?;
    }
    made.index_path.ok_or_else(|| std::io::Error::other("the combined pack has no name").into())
}

#[cfg(test)]
mod tests;
