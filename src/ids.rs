//! Every name and id has its own type, and this file is the only place a string becomes one.
//!
//! A name is written by a person (a stack, a component, a target); an id is made by Isobar or by
//! Git (a run, a digest, a commit). All of them are cheap to clone and ordered as text.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Longest name: what the strictest store of ours takes as a key (a Kubernetes object name is 253).
pub const NAME_BYTES_MAX: usize = 253;

/// Why a text is not a name or an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("a {what} may not be empty")]
    Empty {
        /// What the text was meant to be.
        what: &'static str,
    },
    /// The text is longer than [`NAME_BYTES_MAX`] bytes.
    #[error("a {what} has at most {NAME_BYTES_MAX} bytes, this one has {bytes}")]
    Long {
        /// What the text was meant to be.
        what: &'static str,
        /// How long it is.
        bytes: usize,
    },
    /// The text holds a character that has no place in it.
    #[error("{found:?} may not stand in a {what}")]
    Character {
        /// What the text was meant to be.
        what: &'static str,
        /// The first such character.
        found: char,
    },
    /// The text does not have the form of the id.
    #[error("{text:?} is not a {what}")]
    Form {
        /// What the text was meant to be.
        what: &'static str,
        /// The text.
        text: String,
    },
}

macro_rules! text_types {
    ($($(#[$doc:meta])* $name:ident, $what:literal, $allowed:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            #[doc = concat!("Takes `text` as a ", $what, ", or says why it is none.")]
            pub fn new(text: impl AsRef<str>) -> Result<Self, IdError> {
                check($what, text.as_ref(), $allowed).map(Self)
            }

            /// The text as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.as_ref().to_owned()
            }
        }
    )+};
}

text_types! {
    /// Who acts: one running installation of Isobar. Stands at the head of every mark and row.
    AgentName, "agent name", label;
    /// A config repository, as the agent's settings call it.
    RepositoryName, "repository name", label;
    /// A place resources live in, as the agent's settings call it.
    TargetName, "target name", label;
    /// One environment instance: the unit of plan, digest, lease, run, claim, approval, outcome.
    StackName, "stack name", printable;
    /// How a component's resources are built: `terraform`, `kubernetes`, `helm`, ...
    KindName, "component kind", printable;
    /// A component's name inside its stack and kind. Several levels (`eks/cluster`) are usual.
    ComponentName, "component name", printable;
    /// One object a component owns, named as its target names it; unique in that target.
    ResourceKey, "resource key", printable;
    /// A person or a program, as the forge or the command line names it.
    Actor, "user name", printable;
    /// One attempt to make a stack true. Time-ordered.
    RunId, "run id", label;
    /// Who holds a lease: one process of one agent.
    HolderId, "holder id", label;
    /// A commit, in lower-case hexadecimal.
    CommitId, "commit id", hexadecimal;
}

/// What everything Isobar remembers, marks or says is filed under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The installation that acts.
    pub agent: AgentName,
    /// The repository it acts for.
    pub repository: RepositoryName,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.agent, self.repository)
    }
}

/// A component, everywhere: `stack/kind/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ComponentId {
    /// The stack it is part of.
    pub stack: StackName,
    /// How it is built.
    pub kind: KindName,
    /// Its name there.
    pub name: ComponentName,
}

impl fmt::Display for ComponentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.stack, self.kind, self.name)
    }
}

/// The fencing token: grows with every acquisition of a lease, never shrinks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct Epoch(pub i64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A pull request's number at its forge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PullNumber(pub u64);

impl fmt::Display for PullNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// SHA-256 of some bytes: equal ids mean equal content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentId([u8; 32]);

impl ContentId {
    /// The id of `bytes`.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(bytes.as_ref()).into())
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let form = || IdError::Form { what: "content id", text: text.to_owned() };
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| form())?;
        Ok(Self(bytes))
    }

    /// The 32 bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 64];
        hex::encode_to_slice(self.0, &mut digits).expect("two digits a byte");
        f.write_str(std::str::from_utf8(&digits).expect("digits are ASCII"))
    }
}

impl fmt::Debug for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentId({self})")
    }
}

impl TryFrom<String> for ContentId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<ContentId> for String {
    fn from(id: ContentId) -> String {
        id.to_string()
    }
}

/// What people approve and what is applied: `v1:` and the SHA-256 of a plan's canonical effect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(ContentId);

impl Digest {
    /// The digest of an effect in its canonical encoding, version 1.
    pub fn of_canonical(bytes: &[u8]) -> Self {
        Self(ContentId::of(bytes))
    }

    /// Reads `v1:` and 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let form = || IdError::Form { what: "plan digest", text: text.to_owned() };
        let hex = text.strip_prefix("v1:").ok_or_else(form)?;
        ContentId::parse(hex).map(Self).map_err(|_| form())
    }

    /// The first 12 hexadecimal digits: enough for a person to tell digests apart.
    pub fn short(&self) -> String {
        hex::encode(&self.0.as_bytes()[..6])
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1:{}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl TryFrom<String> for Digest {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

fn check(what: &'static str, text: &str, allowed: fn(char) -> bool) -> Result<Arc<str>, IdError> {
    if text.is_empty() {
        return Err(IdError::Empty { what });
    }
    if text.len() > NAME_BYTES_MAX {
        return Err(IdError::Long { what, bytes: text.len() });
    }
    match text.chars().find(|&c| !allowed(c)) {
        Some(found) => Err(IdError::Character { what, found }),
        None => Ok(text.into()),
    }
}

fn label(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn hexadecimal(c: char) -> bool {
    matches!(c, '0'..='9' | 'a'..='f')
}

/// Anything a person can read: the dialect lets names be nearly any text.
fn printable(c: char) -> bool {
    !c.is_control()
}

#[cfg(test)]
mod tests;
