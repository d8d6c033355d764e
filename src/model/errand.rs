//! What a program of somebody else has to do before a component can be built.
//!
//! Building asks, and never starts a program itself: an [`Errand`] says all that goes into it, so
//! that equal errands bring the same and none has to be run twice. Its caller has it done and builds
//! again with what it brought ([`Done`]).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Code;
use crate::ids::ContentId;

/// One run of a program over files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Errand {
    /// Which program.
    pub program: Program,
    /// Its arguments; paths in them are from its folder.
    pub arguments: Vec<Arc<str>>,
    /// All that is in its folder, by path.
    pub files: BTreeMap<Arc<str>, Supply>,
    /// Which of several equal runs it is: a program that makes something up brings something else
    /// each time.
    pub turn: u32,
}

/// A program of somebody else.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Program {
    /// Builds kustomizations.
    Kustomize,
    /// Renders charts.
    Helm,
    /// Decrypts, for whoever asks a target.
    Sops,
}

/// One file of an errand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Supply {
    /// A file of the repository.
    File {
        /// Its path there.
        path: Arc<str>,
        /// What it holds, by content.
        id: Arc<str>,
    },
    /// What the component says itself.
    Text(Arc<str>),
    /// The archive of a chart at another place.
    Archive {
        /// Where it is, as the lock has it. It is what it is, wherever it lies.
        #[serde(skip)]
        url: Arc<str>,
        /// What it holds.
        sha256: ContentId,
    },
}

/// What errands brought, by [`Errand::id`]: what the program wrote, or why there is nothing.
pub type Done = BTreeMap<ContentId, Result<Arc<str>, Undone>>;

/// Why an errand brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// What it is called.
    pub code: Code,
    /// For people.
    pub why: Arc<str>,
    /// Whether it may bring something the next time, with everything as it is.
    pub passing: bool,
}

impl Errand {
    /// Names the errand by all that goes into it.
    pub fn id(&self) -> ContentId {
        ContentId::of(serde_json::to_vec(self).expect("names and texts have a form in JSON"))
    }
}

impl Program {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Kustomize, Self::Helm, Self::Sops];

    /// What it is called, by people and as a file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kustomize => "kustomize",
            Self::Helm => "helm",
            Self::Sops => "sops",
        }
    }

    /// What needs it.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Kustomize => "folders with a kustomization",
            Self::Helm => "components of kind `helm` in a cluster",
            Self::Sops => "encrypted manifests and values",
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
