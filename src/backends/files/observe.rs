//! What is there for one component, beside what it wants.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::FILE_BYTES_MAX;
use super::folder::{self, Folder, Look, Stamp};
use super::mark::Marks;
use super::walk::Walk;
use crate::backends::Asked;
use crate::build::{Piece, Pieces, Rendered};
use crate::ids::{ComponentId, ContentId, ResourceKey};
use crate::model::body::{Body, Format};
use crate::model::observation::{Compared, Health, Observation, Observed, Owner, Seen};
use crate::world::World;

/// What a component wants and owns.
pub(super) struct Wanted {
    pub(super) component: ComponentId,
    rendered: Arc<Pieces>,
    pub(super) owned: BTreeSet<ResourceKey>,
}

impl Wanted {
    pub(super) fn new(asked: &Asked<'_>) -> Self {
        let ours = asked.owned.iter().filter(|(_, owned)| owned.component == *asked.component);
        Self {
            component: asked.component.clone(),
            rendered: asked.rendered.map(Rendered::shared).unwrap_or_default(),
            owned: ours.map(|(key, _)| key.clone()).collect(),
        }
    }
}

/// Looks at every file that is wanted or owned.
pub(super) fn observe(folder: &Folder, marks: &Marks, wanted: &Wanted, cache: &Cache) -> Observed {
    let keys: BTreeSet<&ResourceKey> = wanted.rendered.keys().chain(&wanted.owned).collect();
    let mut walk = Walk::new(folder);
    let resources = keys
        .into_iter()
        .map(|key| {
            let owner = marks.owner(key, &wanted.component);
            let piece = wanted.rendered.get(key).map(AsRef::as_ref);
            (key.clone(), see(&mut walk, key, piece, owner, cache))
        })
        .collect();
    observed(wanted, resources)
}

/// The same for a folder that is not there and in which nothing is owned.
pub(super) fn nothing_there(wanted: &Wanted) -> Observed {
    let each = wanted.rendered.iter();
    let absent =
        each.map(|(key, piece)| (key.clone(), compared(None, Some(&**piece), Owner::Nobody)));
    observed(wanted, absent.collect())
}

fn observed(wanted: &Wanted, resources: BTreeMap<ResourceKey, Seen>) -> Observed {
    let partial = resources.values().any(|seen| matches!(seen, Seen::Unreadable { .. }));
    let is_missing = |seen: &Seen| match seen {
        Seen::Compared(both) => both.live.is_none(),
        Seen::Absent => true,
        Seen::Same { .. }
        | Seen::Unreadable { .. }
        | Seen::Refused { .. }
        | Seen::Ambiguous { .. } => false,
    };
    let gone = resources.iter().filter(|(_, seen)| is_missing(seen));
    let unwell: BTreeMap<_, _> = gone.map(|(key, _)| (key.clone(), Health::Missing)).collect();
    let missing = !resources.is_empty() && unwell.len() == resources.len();
    let observation = Observation {
        component: wanted.component.clone(),
        health: if missing { Health::Missing } else { Health::Healthy },
        resources,
        unwell,
        outputs: BTreeMap::new(),
        artifact: None,
        tools: BTreeMap::new(),
    };
    match partial {
        true => Observed::Partial(observation),
        false => Observed::Complete(observation),
    }
}

fn see(
    walk: &mut Walk<'_>,
    key: &ResourceKey,
    piece: Option<&Piece>,
    owner: Owner,
    cache: &Cache,
) -> Seen {
    let unreadable =
        |reason: &dyn std::fmt::Display| Seen::Unreadable { reason: format!("{key}: {reason}") };
    if !folder::is_allowed(key.as_str()) {
        return unreadable(&"it is not a path inside the target's folder");
    }
    let stamp = match walk.look(key.as_str()) {
        Ok(Look::File(stamp)) => stamp,
        Ok(Look::Absent) if piece.is_none() => return Seen::Absent,
        Ok(Look::Absent) => return compared(None, piece, owner),
        Ok(Look::Odd(what)) => return unreadable(&what),
        Err(error) => return unreadable(&error),
    };
    let format = piece.map_or_else(|| format_of(key), |piece| piece.body.format);
    let intended = piece.map(|piece| piece.body.content_id());
    if owner == Owner::This
        && let Some(fingerprint) = cache.get(key, stamp, format)
        && intended == Some(fingerprint)
    {
        return Seen::Same { fingerprint };
    }
    match walk.read(key.as_str(), FILE_BYTES_MAX) {
        Ok(Some((stamp, bytes))) => {
            let ours = piece.filter(|_| owner == Owner::This);
            let as_written = |piece: &Piece| piece.body.encode().is_ok_and(|it| it == bytes);
            // Bytes that are what we would write need not be read for what they mean.
            if let (Some(fingerprint), true) = (intended, ours.is_some_and(as_written)) {
                cache.put(key, stamp, format, fingerprint);
                return Seen::Same { fingerprint };
            }
            let live = Body::decode(format, &bytes);
            let fingerprint = live.content_id();
            cache.put(key, stamp, format, fingerprint);
            match owner == Owner::This && intended == Some(fingerprint) {
                true => Seen::Same { fingerprint },
                false => compared(Some(live), piece, owner),
            }
        }
        Ok(None) => unreadable(&"it changed while it was looked at"),
        Err(error) => unreadable(&error),
    }
}

fn compared(live: Option<Body>, piece: Option<&Piece>, owner: Owner) -> Seen {
    Seen::Compared(Box::new(Compared {
        writers: BTreeMap::new(),
        live,
        intended: piece.map(|piece| piece.body.clone()),
        must_replace: Vec::new(),
        sensitive: piece.map(|piece| piece.sensitive.clone()).unwrap_or_default(),
        stateful: piece.is_some_and(|piece| piece.stateful),
        uid: None,
        owner,
        lost: Vec::new(),
    }))
}

/// How a file that nobody wants any more was written down.
pub(super) fn format_of(key: &ResourceKey) -> Format {
    match key.as_str().rsplit_once('.').map(|(_, extension)| extension) {
        Some("json") => Format::Json,
        Some("yaml" | "yml") => Format::Yaml,
        _ => Format::Text,
    }
}

/// What files held when they were last read.
pub(super) struct Cache {
    world: World,
    entries: Mutex<BTreeMap<ResourceKey, (Stamp, Format, ContentId)>>,
    files_read: AtomicU64,
}

/// Files remembered: 100,000 of some 250 bytes are 25 MB. Then it starts anew.
const ENTRIES_MAX: usize = 100_000;

/// A file that was changed less than this before it was read may change again without a new
/// stamp: file systems count in up to two seconds.
const SETTLED_NS: i128 = 2_000_000_000;

impl Cache {
    pub(super) fn new(world: World) -> Self {
        Self { world, entries: Mutex::default(), files_read: AtomicU64::new(0) }
    }

    pub(super) fn files_read(&self) -> u64 {
        self.files_read.load(Ordering::Relaxed)
    }

    fn get(&self, key: &ResourceKey, stamp: Stamp, format: Format) -> Option<ContentId> {
        let entries = self.entries.lock().ok()?;
        let (known, as_format, content) = entries.get(key)?;
        (*known == stamp && *as_format == format).then_some(*content)
    }

    fn put(&self, key: &ResourceKey, stamp: Stamp, format: Format, content: ContentId) {
        self.files_read.fetch_add(1, Ordering::Relaxed);
        let Ok(mut entries) = self.entries.lock() else { return };
        if self.world.clock.now().as_nanosecond() - stamp.modified_ns < SETTLED_NS {
            entries.remove(key);
            return;
        }
        if entries.len() >= ENTRIES_MAX {
            entries.clear();
        }
        entries.insert(key.clone(), (stamp, format, content));
    }
}
