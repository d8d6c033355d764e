//! What both rule sets share: the first character decides what a text may be.

use std::borrow::Cow;

use super::{Scalar, TagMismatch, base64, number, timestamp};

/// Where the rule sets differ.
pub(super) struct Rules {
    /// `yes`, `no`, `on`, `off`, `y`, `n` and their capitalised forms.
    pub words_are_booleans: bool,
    /// A date keeps its text, but cannot be a number any more.
    pub timestamps_are_text: bool,
    /// `! 12` reads as `12`; otherwise as text.
    pub bare_tag_is_no_tag: bool,
    /// What may stand before a number with a sign, and the base of its digits.
    pub prefixes: &'static [(&'static str, u32)],
}

pub(super) fn resolve_by<'t>(
    rules: &Rules,
    text: &'t str,
    plain: bool,
    tag: Option<&str>,
) -> Result<Scalar<'t>, TagMismatch> {
    let tag = tag.filter(|tag| !(rules.bare_tag_is_no_tag && *tag == "!"));
    let mismatch = |tag: &str| TagMismatch { tag: tag.to_owned(), text: text.to_owned() };
    let dated = |found| match found {
        Scalar::Timestamp(text) if rules.timestamps_are_text => Scalar::Str(Cow::Borrowed(text)),
        found => found,
    };
    let Some(tag) = tag else {
        return Ok(match plain {
            true => dated(untagged(rules, text, true)),
            false => Scalar::Str(Cow::Borrowed(text)),
        });
    };
    match tag {
        "!!binary" => match base64::decode(text) {
            Some(bytes) => Ok(Scalar::Str(base64::text(&bytes))),
            None => Err(mismatch(tag)),
        },
        "!!bool" | "!!int" | "!!float" | "!!null" | "!!timestamp" => {
            let found = untagged(rules, text, tag == "!!timestamp");
            fit(tag, found).map(dated).ok_or_else(|| mismatch(tag))
        }
        _ => Ok(Scalar::Str(Cow::Borrowed(text))),
    }
}

/// The value if the tag allows it; whole numbers pass as floats.
fn fit<'t>(tag: &str, found: Scalar<'t>) -> Option<Scalar<'t>> {
    match (tag, found) {
        ("!!float", Scalar::Int(int)) => Some(Scalar::Float(int as f64)),
        ("!!null", found @ Scalar::Null)
        | ("!!bool", found @ Scalar::Bool(_))
        | ("!!int", found @ (Scalar::Int(_) | Scalar::Uint(_)))
        | ("!!float", found @ Scalar::Float(_))
        | ("!!timestamp", found @ Scalar::Timestamp(_)) => Some(found),
        _ => None,
    }
}

fn untagged<'t>(rules: &Rules, text: &'t str, dates: bool) -> Scalar<'t> {
    if let Some(word) = word(rules, text) {
        return word;
    }
    let found = match text.as_bytes().first() {
        Some(b'.') => number::dotted(text),
        Some(b'0'..=b'9' | b'+' | b'-') => {
            if dates && timestamp::is_timestamp(text) {
                return Scalar::Timestamp(text);
            }
            number::signed(text, rules.prefixes)
        }
        _ => None,
    };
    found.unwrap_or(Scalar::Str(Cow::Borrowed(text)))
}

fn word(rules: &Rules, text: &str) -> Option<Scalar<'static>> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if rules.words_are_booleans => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if rules.words_are_booleans => {
            Scalar::Bool(false)
        }
        _ => return None,
    })
}
