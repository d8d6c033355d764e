//! A complete tree to read from. Holding one is the proof that nothing of it is missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ids::ContentId;
use crate::model::revision::Revision;

/// A complete tree of text and binary files. Cheap to clone.
#[derive(Clone)]
pub struct Snapshot {
    revision: Revision,
    entries: Arc<BTreeMap<Arc<str>, Entry>>,
    submodules: Arc<[Arc<str>]>,
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
        let submodules = Arc::default();
        let said = Arc::default();
        Self { revision, entries: Arc::new(entries), submodules, read: Arc::new(read), said }
    }

    /// The same tree, to be read as is `said`.
    pub fn to_be_read(self, said: Arc<Said>) -> Self {
        Self { said, ..self }
    }

    /// How it is to be read.
    pub fn said(&self) -> &Arc<Said> {
        &self.said
    }

    /// Says which folders were left out.
    pub(super) fn with_submodules(self, submodules: Vec<Arc<str>>) -> Self {
        Self { submodules: submodules.into(), ..self }
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

    /// Which tree it is.
    pub fn revision(&self) -> &Revision {
        &self.revision
    }

    /// Every file, sorted by path.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Entry)> {
        self.entries.iter()
    }

    /// Folders that are repositories of their own (submodules), and links into them, sorted.
    /// Nothing of them is in the snapshot: a path below one does not exist here.
    pub fn submodules(&self) -> &[Arc<str>] {
        &self.submodules
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
