//! Mistakes that only a finished tree shows: keys that are twice there, null or no scalars,
//! and merges of something that is no mapping.

use crate::arena::{BROKEN, MERGES, Shape};
use crate::document::{Document, NodeId};
use crate::error::{Code, Errors, SyntaxError};

/// Reports the keys of every mapping and marks the mappings that merge others.
pub(crate) fn keys(doc: &mut Document, errors: &mut Errors) {
    let mut by_text = Vec::new();
    for id in doc.ids() {
        if doc.node(id).shape != Shape::Mapping {
            continue;
        }
        by_text.clear();
        by_text.extend(doc.entries(id).map(|(key, _)| key));
        by_text.retain(|key| is_usable(doc, *key, errors));
        report_duplicates(doc, &mut by_text, errors);
        let mut merges = false;
        for (key, value) in doc.entries(id) {
            if doc.is_merge_key(key) {
                merges = true;
                check_merge(doc, value, errors);
            }
        }
        if merges {
            doc.arena.nodes[id.index()].flags |= MERGES;
        }
    }
}

/// Tells whether a key is a scalar other than null, and reports it if not.
fn is_usable(doc: &Document, key: NodeId, errors: &mut Errors) -> bool {
    if doc.node(key).flags & BROKEN != 0 {
        return false;
    }
    let (code, message, hint) = if !doc.is_scalar(key) {
        (
            Code::ComplexKey,
            "a key is a sequence or a mapping",
            "keys must be scalars; quote the text if it was meant as one",
        )
    } else if is_null(doc, key) {
        (Code::NullKey, "a key is null", "quote it if the word itself was meant")
    } else {
        return true;
    };
    errors.push(SyntaxError::new(code, doc.span(key), message).hint(hint));
    false
}

/// As many keys as are held against each other: sorting so few costs more.
const FEW: usize = 16;

/// Whether no two of a few keys are equal; of many it is not found out.
fn are_few_and_different(doc: &Document, keys: &[NodeId]) -> bool {
    let mut texts = [""; FEW];
    keys.len() <= FEW
        && keys.iter().enumerate().all(|(at, key)| {
            let text = doc.text(*key);
            texts[at] = text;
            !texts[..at].contains(&text)
        })
}

/// Reports keys that are there again, each beside the first of them.
fn report_duplicates(doc: &Document, keys: &mut [NodeId], errors: &mut Errors) {
    if are_few_and_different(doc, keys) {
        return;
    }
    keys.sort_unstable_by(|a, b| doc.text(*a).cmp(doc.text(*b)).then(a.cmp(b)));
    for equal in keys.chunk_by(|a, b| doc.text(*a) == doc.text(*b)) {
        for key in &equal[1..] {
            let message = format!("the key `{}` is already in this mapping", doc.text(*key));
            let error = SyntaxError::new(Code::DuplicateKey, doc.span(*key), message);
            errors.push(error.related(doc.span(equal[0]), "first here"));
        }
    }
}

fn check_merge(doc: &Document, value: NodeId, errors: &mut Errors) {
    if doc.is_mapping(value) || doc.node(value).flags & BROKEN != 0 {
        return;
    }
    let wrong: Vec<NodeId> = if doc.is_sequence(value) {
        let items = doc.items(value).iter().copied();
        items.filter(|item| !doc.is_mapping(*item) && doc.node(*item).flags & BROKEN == 0).collect()
    } else {
        vec![value]
    };
    for node in wrong {
        let message = "`<<` takes a mapping or a sequence of mappings";
        let error = SyntaxError::new(Code::BadMerge, doc.span(node), message);
        errors.push(error.hint("quote the key to use `<<` as an ordinary name"));
    }
}

fn is_null(doc: &Document, key: NodeId) -> bool {
    let null_text = matches!(doc.text(key), "" | "~" | "null" | "Null" | "NULL");
    match doc.tag(key).map(|tag| tag.text) {
        None | Some("!") => doc.is_plain(key) && null_text,
        Some("!!null") => null_text,
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests;
