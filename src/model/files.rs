//! The files a resolution read: what an [`Origin`] points into.

use std::collections::BTreeSet;
use std::sync::Arc;

use yaml_span::{Document, NodeId};

use super::value::Origin;
use crate::diagnostic::Span;
use crate::ids::ContentId;

/// One parsed file of a snapshot.
#[derive(Debug, Clone)]
pub struct File {
    /// Path from the repository's root, with `/`.
    pub path: Arc<str>,
    /// What it says, by content.
    pub content: ContentId,
    /// The parsed text. A file that is a template is parsed after rendering: then positions are
    /// those of the rendered text.
    pub document: Arc<Document>,
}

/// All files of one resolution, numbered.
#[derive(Debug, Clone, Default)]
pub struct Files {
    files: Vec<Option<File>>,
    /// Numbers that [`Files::retain`] made free.
    free: Vec<u32>,
}

impl Files {
    /// Adds a file and gives its number.
    pub fn add(&mut self, file: File) -> u32 {
        if let Some(number) = self.free.pop() {
            self.files[number as usize] = Some(file);
            return number;
        }
        self.files.push(Some(file));
        u32::try_from(self.files.len() - 1).expect("a snapshot holds fewer than 2^32 files")
    }

    /// Forgets the files that `live` does not hold. Their numbers are given again: nothing that
    /// points into them may be used with these files any longer.
    pub fn retain(&mut self, live: &BTreeSet<u32>) {
        self.free.clear();
        for (number, file) in (0..).zip(&mut self.files) {
            if !live.contains(&number) {
                *file = None;
                self.free.push(number);
            }
        }
    }

    /// The file with this number.
    pub fn get(&self, file: u32) -> Option<&File> {
        self.files.get(file as usize)?.as_ref()
    }

    /// The place an author wrote a value; `None` for a value nobody wrote.
    pub fn span(&self, origin: Origin) -> Option<Span> {
        let file = self.get(origin.file)?;
        Some(Span::new(&file.path, file.document.span(NodeId(origin.node))))
    }
}
