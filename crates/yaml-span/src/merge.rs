//! Merge keys: `<<: *base` and `<<: [*first, *second]`.

use std::collections::BTreeSet;

use crate::document::{Document, NodeId};

/// An entry of a mapping once its merge keys are resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergedEntry {
    /// The node of its key.
    pub key: NodeId,
    /// The node of its value.
    pub value: NodeId,
    /// How it came in; `None` for an entry the mapping itself has.
    pub via: Option<Via>,
}

/// The way of a merged entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via {
    /// The `<<` key of the mapping that was asked for.
    pub merge_key: NodeId,
    /// The mapping the entry is written in.
    pub mapping: NodeId,
}

impl Document {
    /// The entries of a mapping with its merge keys resolved; of any other node nothing.
    ///
    /// A mapping's own entry wins over a merged one, and of several merged mappings the first
    /// that has the key. Entries keep the author's order; merged ones stand where `<<` stood.
    /// A `<<` over anything but mappings, an error reported by the parse, brings nothing.
    pub fn entries_merged(&self, id: NodeId) -> Vec<MergedEntry> {
        let own = self.entries(id).map(|(key, value)| MergedEntry { key, value, via: None });
        if !self.has_merge_key(id) {
            return own.collect();
        }
        let mut taken: BTreeSet<&str> = own
            .clone()
            .filter(|entry| !self.is_merge_key(entry.key))
            .map(|entry| self.text(entry.key))
            .collect();
        let mut merged = Vec::with_capacity(own.len());
        for entry in own {
            if !self.is_merge_key(entry.key) {
                merged.push(entry);
                continue;
            }
            for mapping in self.merge_sources(entry.value) {
                for inner in self.entries_merged(mapping) {
                    if taken.insert(self.text(inner.key)) {
                        let mapping = inner.via.map_or(mapping, |via| via.mapping);
                        let merge_key = entry.key;
                        let via = Some(Via { merge_key, mapping });
                        merged.push(MergedEntry { via, ..inner });
                    }
                }
            }
        }
        merged
    }

    /// A plain `<<`, or one tagged `!!merge`; a quoted one is an ordinary key.
    pub fn is_merge_key(&self, id: NodeId) -> bool {
        if self.text(id) != "<<" {
            return false;
        }
        match self.tag(id).map(|tag| tag.text) {
            None | Some("!") => self.is_plain(id),
            Some(tag) => tag == "!!merge",
        }
    }

    /// The mappings a merge key's value names, aliases followed, the winner first.
    pub fn merge_sources(&self, value: NodeId) -> Vec<NodeId> {
        let named = match self.is_sequence(value) {
            true => self.items(value),
            false => std::slice::from_ref(&value),
        };
        let targets = named.iter().map(|id| self.target(*id));
        targets.filter(|id| self.is_mapping(*id)).collect()
    }
}

#[cfg(test)]
mod tests;
