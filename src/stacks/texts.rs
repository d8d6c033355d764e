//! The texts of one file, each kept once: manifests say the same few names, kinds and values over
//! and over, and each of them by itself would take three times what the file has.

use std::sync::Arc;

use foldhash::quality::RandomState;
use indexmap::IndexMap;

use crate::model::value::Raw;

/// Longer texts hardly ever stand in a file twice, and are not worth being looked for.
const BYTES_MAX: usize = 64;

/// What was read of a file so far, by the text as it stands there. Short texts are found by a hash that
/// is made for them, with a seed of the process: nobody can write a file that it is slow for.
#[derive(Default)]
pub(super) struct Texts<'d> {
    texts: IndexMap<&'d str, Arc<str>, RandomState>,
    /// Scalars without a tag, with whether they are plain.
    scalars: IndexMap<(&'d str, bool), Arc<Raw>, RandomState>,
}

impl<'d> Texts<'d> {
    /// The text.
    pub(super) fn text(&mut self, text: &'d str) -> Arc<str> {
        match text.len() {
            0..=BYTES_MAX => self.texts.entry(text).or_insert_with(|| text.into()).clone(),
            _ => text.into(),
        }
    }

    /// The scalar with this text and no tag.
    pub(super) fn scalar(&mut self, text: &'d str, plain: bool) -> Arc<Raw> {
        if text.len() > BYTES_MAX {
            return Raw::new(text.into(), plain, None).into();
        }
        if let Some(known) = self.scalars.get(&(text, plain)) {
            return known.clone();
        }
        let raw = Arc::new(Raw::new(self.text(text), plain, None));
        self.scalars.insert((text, plain), raw.clone());
        raw
    }
}

#[cfg(test)]
mod tests;
