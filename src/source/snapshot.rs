//! A complete tree to read from. Holding one is the proof that nothing of it is missing.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use crate::ids::ContentId;
use crate::model::revision::Revision;

/// A complete tree of text and binary files. Cheap to clone.
#[derive(Clone)]
pub struct Snapshot {
    revision: Revision,
    entries: Arc<BTreeMap<Arc<str>, Entry>>,
    gaps: Arc<Gaps>,
    read: Arc<Read>,
    said: Arc<Said>,
}

/// What a person says about how a tree is to be read, over what it says itself. An agent says
/// nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Files of settings, or folders that have one, in the place of the one at the root; the later
    /// over the earlier.
    pub settings: Vec<Arc<str>>,
    /// Settings over all others, as YAML.
    pub over: Option<Arc<str>>,
}

/// What a tree names and nobody can read there, and why: a submodule, a link that leads nowhere.
pub(super) type Gaps = BTreeMap<Arc<str>, Arc<str>>;

/// Gives the content of an entry, or says what happened to it.
type Read = dyn Fn(&str, &Entry) -> Result<Arc<[u8]>, String> + Send + Sync;

/// One file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Length in bytes.
    pub bytes: u64,
    /// Names the content: a Git object id, or a hash. Equal ids mean equal content.
    pub id: Arc<str>,
}

/// A file of a snapshot cannot be given as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It has changed since the snapshot was taken, or the store lost it: the snapshot is torn
    /// and must not be used any longer.
    #[error("{path} is not what the snapshot promised: {what}")]
    Torn {
        /// Which file.
        path: String,
        /// What happened to it.
        what: String,
    },
    /// The tree names it, or a folder it is in, but says nothing of what is there.
    #[error("{path} cannot be read: {why}")]
    Gap {
        /// The file, or the folder it is in.
        path: String,
        /// Why not.
        why: Arc<str>,
    },
    /// It is larger than what a caller asks to read.
    #[error("{path} has {bytes} bytes, more than {bytes_max}")]
    TooLarge {
        /// Which file.
        path: String,
        /// Its length.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// It is not UTF-8.
    #[error("{path} is not a text")]
    NotText {
        /// Which file.
        path: String,
    },
}

/// Largest file that is read as a text: 5 MiB, hundreds of times a large manifest.
pub const TEXT_BYTES_MAX: u64 = 5 << 20;

impl Snapshot {
    /// Only this module's siblings know that a tree is complete.
    pub(super) fn new(
        revision: Revision,
        entries: BTreeMap<Arc<str>, Entry>,
        read: impl Fn(&str, &Entry) -> Result<Arc<[u8]>, String> + Send + Sync + 'static,
    ) -> Self {
        let (gaps, said) = Default::default();
        Self { revision, entries: Arc::new(entries), gaps, read: Arc::new(read), said }
    }

    /// The same tree, to be read as is `said`.
    pub fn to_be_read(self, said: Arc<Said>) -> Self {
        Self { said, ..self }
    }

    /// How it is to be read.
    pub fn said(&self) -> &Arc<Said> {
        &self.said
    }

    /// Says which entries nobody can read.
    pub(super) fn with_gaps(self, gaps: Gaps) -> Self {
        Self { gaps: Arc::new(gaps), ..self }
    }

    /// A tree that exists only in memory: test fixtures and simulations. It counts as a folder.
    pub fn in_memory(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let contents: BTreeMap<Arc<str>, Arc<[u8]>> =
            files.into_iter().map(|(path, bytes)| (path.into(), bytes.into())).collect();
        let mut all = Vec::new();
        let mut entries = BTreeMap::new();
        for (path, bytes) in &contents {
            let id: Arc<str> = ContentId::of(bytes).to_string().into();
            all.extend_from_slice(format!("{path}\0{id}\0").as_bytes());
            entries.insert(path.clone(), Entry { bytes: bytes.len() as u64, id });
        }
        Self::new(Revision::Folder(ContentId::of(all)), entries, move |path, _| {
            contents.get(path).cloned().ok_or_else(|| "no such file".to_owned())
        })
    }

    /// The same with `path` as something that cannot be read.
    #[cfg(test)]
    pub(crate) fn and_gap(self, path: &str) -> Self {
        let entry = Entry { bytes: 0, id: "gap".into() };
        let entries = self.entries.iter().map(|(path, entry)| (path.clone(), entry.clone()));
        let entries = entries.chain([(path.into(), entry)]).collect();
        let gaps = self.gaps.iter().map(|(path, why)| (path.clone(), why.clone()));
        let gaps = gaps.chain([(path.into(), "the link leads out of the tree".into())]).collect();
        Self { entries: Arc::new(entries), gaps: Arc::new(gaps), ..self }
    }

    /// Which tree it is.
    pub fn revision(&self) -> &Revision {
        &self.revision
    }

    /// Every file, sorted by path.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Entry)> {
        self.entries.iter()
    }

    /// What cannot be read and is at `folder`, below it or above it, and why: a repository of its
    /// own (a submodule), a link that leads nowhere, out of the tree or round. Each is an entry as
    /// well, since it may be any file; and since it may be a folder, there may be more below
    /// `folder` than is listed.
    pub fn gaps(&self, folder: &str) -> impl Iterator<Item = (&Arc<str>, &Arc<str>)> {
        let start = if folder.is_empty() { String::new() } else { [folder, "/"].concat() };
        let above = self.gap_around(folder);
        let below = (Bound::Included(start.as_str()), Bound::Unbounded);
        let below = self.gaps.range::<str, _>(below);
        above.into_iter().chain(below.take_while(move |(path, _)| path.starts_with(&start)))
    }

    /// What cannot be read and is at `path` or above it.
    fn gap_around(&self, path: &str) -> Option<(&Arc<str>, &Arc<str>)> {
        if self.gaps.is_empty() {
            return None;
        }
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.into_iter().find_map(|end| self.gaps.get_key_value(&path[..end]))
    }

    /// The file at `path`, if there is one.
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// The path of the file at `path`, if there is one, to be held on to.
    pub fn path(&self, path: &str) -> Option<&Arc<str>> {
        self.entries.get_key_value(path).map(|(path, _)| path)
    }

    /// Every file below the folder `prefix` (without a final `/`), sorted by path.
    pub fn below(&self, prefix: &str) -> impl Iterator<Item = (&Arc<str>, &Entry)> {
        let folder = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let start: Arc<str> = folder.as_str().into();
        self.entries.range(start..).take_while(move |(path, _)| path.starts_with(&folder))
    }

    /// The content of the file at `path`; `None` if there is no such file.
    pub fn bytes(&self, path: &str, bytes_max: u64) -> Result<Option<Arc<[u8]>>, ReadError> {
        if let Some((gap, why)) = self.gap_around(path) {
            return Err(ReadError::Gap { path: gap.to_string(), why: why.clone() });
        }
        let Some(entry) = self.entries.get(path) else { return Ok(None) };
        if entry.bytes > bytes_max {
            return Err(ReadError::TooLarge {
                path: path.to_owned(),
                bytes: entry.bytes,
                bytes_max,
            });
        }
        match (self.read)(path, entry) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(what) => Err(ReadError::Torn { path: path.to_owned(), what }),
        }
    }

    /// The text of the file at `path`; `None` if there is no such file.
    pub fn text(&self, path: &str) -> Result<Option<Arc<str>>, ReadError> {
        let Some(bytes) = self.bytes(path, TEXT_BYTES_MAX)? else { return Ok(None) };
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(Some(text.into())),
            Err(_) => Err(ReadError::NotText { path: path.to_owned() }),
        }
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Snapshot({}, {} files)", self.revision, self.entries.len())
    }
}
