//! Workflows as `describe workflows` shows them.

use std::collections::BTreeMap;

use super::rows;
use super::shown::Shown;
use crate::model::value::Value;

/// How much of the workflows is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workflows {
    /// Each with its file.
    List,
    /// Their names, by file.
    Map,
    /// The files as they are written.
    All,
}

/// The workflows of `files`.
pub fn workflows(files: &Value, much: Workflows) -> Shown<'_> {
    match much {
        Workflows::List => {
            let rows = rows::workflows(files).map(|(file, name, _)| {
                Shown::map([("file", Shown::text(file)), ("workflow", Shown::text(name))])
            });
            Shown::List(rows.collect())
        }
        Workflows::Map => {
            let mut by_file: BTreeMap<&str, Vec<Shown<'_>>> = BTreeMap::new();
            for (file, name, _) in rows::workflows(files) {
                by_file.entry(file).or_default().push(Shown::text(name));
            }
            Shown::map(by_file.into_iter().map(|(file, names)| (file, Shown::List(names))))
        }
        Workflows::All => Shown::Value(files),
    }
}
