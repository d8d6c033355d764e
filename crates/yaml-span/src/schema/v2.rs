//! The rules of `go.yaml.in/yaml/v2` as Kubernetes' own tools read manifests: YAML 1.1 booleans
//! (`yes`, `on`, `y`), octal `0644`, no base 60, dates stay text.
//!
//! A `<<` that stands after an own key overwrites it there, where
//! [`crate::Document::entries_merged`] lets the own key win as everyone else does: who reads a manifest
//! takes entries as they stand, with [`crate::Document::merge_sources`] from the last to the first.

use std::borrow::Cow;

use super::resolve::{Rules, resolve_by};
use super::{Scalar, TagMismatch};
use crate::document::{Document, NodeId};

const RULES: Rules = Rules {
    words_are_booleans: true,
    timestamps_are_text: true,
    bare_tag_is_no_tag: false,
    prefixes: &[("0b", 2)],
};

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

/// What a key is called in JSON: `on` is `true`, `0x10` is `16`.
pub fn key(doc: &Document, id: NodeId) -> Cow<'_, str> {
    match scalar(doc, id) {
        Ok(Scalar::Bool(value)) => value.to_string().into(),
        Ok(Scalar::Int(value)) => value.to_string().into(),
        Ok(Scalar::Uint(value)) => value.to_string().into(),
        Ok(Scalar::Float(value)) => float_key(value).into(),
        Ok(Scalar::Str(text)) => text,
        Ok(Scalar::Null | Scalar::Timestamp(_)) | Err(_) => doc.text(id).into(),
    }
}

/// A number as a key, with the digits of single precision: from a million on, and below a
/// ten-thousandth, with an exponent of two digits at least.
fn float_key(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "that is what it is written with")]
    let value = value as f32;
    if !value.is_finite() {
        let word = if value.is_nan() { ".nan" } else { ".inf" };
        return if value < 0.0 { format!("-{word}") } else { word.to_owned() };
    }
    let written = format!("{value:e}");
    let (digits, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if value != 0.0 && !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => value.to_string(),
    }
}
