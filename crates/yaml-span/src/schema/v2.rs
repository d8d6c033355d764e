//! The rules of `go.yaml.in/yaml/v2` as Kubernetes' own tools read manifests: YAML 1.1 booleans
//! (`yes`, `on`, `y`), octal `0644`, no base 60, dates stay text.
//!
//! One thing it does is not repeated here: a `<<` that stands after an own key overwrites it
//! there, where [`crate::Document::entries_merged`] lets the own key win as everyone else does.

use super::resolve::{Rules, resolve_by};
use super::{Scalar, TagMismatch};
use crate::document::{Document, NodeId};

const RULES: Rules =
    Rules { words_are_booleans: true, timestamps_are_text: true, bare_tag_is_no_tag: false };

/// The meaning of `text`; `tag` in the short form of [`crate::Tag`]. Never a timestamp.
pub fn resolve<'t>(
    text: &'t str,
    plain: bool,
    tag: Option<&str>,
) -> Result<Scalar<'t>, TagMismatch> {
    resolve_by(&RULES, text, plain, tag)
}

/// The meaning of a scalar node; of a collection an empty text.
pub fn scalar(doc: &Document, id: NodeId) -> Result<Scalar<'_>, TagMismatch> {
    let tag = doc.tag(id).map(|tag| tag.text);
    resolve(doc.text(id), doc.is_plain(id), tag)
}
