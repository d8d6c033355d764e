//! What components and stacks have to keep: JSON Schemas, Rego and CEL rules, and who broke them.
//!
//! Takes: a [`Snapshot`] with its rules, and the [`Desired`] it resolved to.
//! Gives: for every component the rules it breaks, each at the line whose value breaks it.
//! Never: the network, a file outside the snapshot, a rule that reads clock or chance; a rule
//! that cannot be read taken for one that is kept.
//! Start at: [`Rulebook::judge`], then `declared.rs`, which says what applies to whom.
//! How to add: a language is a file like `cel.rs`, a line in [`Language`] and one in `compile`.

mod declared;
mod folder;
mod input;
mod json_schema;
mod rego;
mod cel;
mod judge;
mod shape;

use std::sync::Arc;
use std::time::Duration;

pub(super) use declared::KEYS;
pub use declared::{Asked, UnknownRule};
pub use judge::{Rulebook, Verdicts};
pub use shape::{manifest_schema, manifests};

use crate::diagnostic::Span;
use crate::model::policy::Level;

/// How a rule is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// A JSON Schema, draft 2020-12 unless it says another.
    JsonSchema,
    /// Rego: the texts in `errors` of the package `atmos`.
    Rego,
    /// One CEL expression.
    Cel,
}

/// A rule and what it holds for.
#[derive(Debug, Clone)]
struct Rule {
    name: Arc<str>,
    language: Language,
    /// From the repository's root.
    file: Arc<str>,
    /// Further Rego files it imports.
    modules: Vec<Arc<str>>,
    description: Option<Arc<str>>,
    level: Level,
    timeout: Duration,
    /// Where it is asked for; the head of its file if its place alone does.
    at: Span,
}

/// One way in which a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Violation {
    /// From the root of what was judged, each step as it is in JSON.
    path: Vec<String>,
    message: String,
    hint: Option<String>,
}

/// Largest rule that is read, in bytes. A long hand-written one has 30 KiB.
const RULE_BYTES_MAX: usize = 1 << 20;

/// How long one rule may think about one component: thousands of times what a large one takes.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(20);

impl Language {
    /// Every word of `schema_type`, the preferred one of each language first.
    const WORDS: &[(&str, Self)] = &[
        ("jsonschema", Self::JsonSchema),
        ("opa", Self::Rego),
        ("cel", Self::Cel),
        ("rego", Self::Rego),
    ];

    /// Reads a `schema_type`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, language)| *language)
    }

    /// What a file is written in, by its extension.
    fn of(file: &str) -> Option<Self> {
        match file.rsplit_once('.')?.1 {
            "json" | "yaml" | "yml" => Some(Self::JsonSchema),
            "rego" => Some(Self::Rego),
            "cel" => Some(Self::Cel),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
