//! The rules of Go's `gopkg.in/yaml.v3`, decoding into untyped values: YAML 1.2 booleans,
//! numbers in Go's notations, dates recognised, `yes` and `on` are text.

use super::resolve::{Rules, resolve_by};
use super::{Scalar, TagMismatch};
use crate::document::{Document, NodeId};

const RULES: Rules = Rules {
    words_are_booleans: false,
    timestamps_are_text: false,
    bare_tag_is_no_tag: true,
    prefixes: &[("0b", 2), ("0o", 8)],
};

/// The meaning of `text`; `tag` in the short form of [`crate::Tag`].
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
