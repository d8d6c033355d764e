//! The files a resolution read: what an [`Origin`] points into.

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
pub struct Files(Vec<File>);

impl Files {
    /// Adds a file and gives its number.
    pub fn add(&mut self, file: File) -> u32 {
        self.0.push(file);
        u32::try_from(self.0.len() - 1).expect("a snapshot holds fewer than 2^32 files")
    }

    /// The file with this number.
    pub fn get(&self, file: u32) -> Option<&File> {
        self.0.get(file as usize)
    }

    /// Every text of the file at `path`: the file itself, and what it was rendered to.
    pub fn at<'f>(&'f self, path: &'f str) -> impl Iterator<Item = &'f File> {
        self.0.iter().filter(move |file| file.path.as_ref() == path)
    }

    /// The place an author wrote a value; `None` for a value nobody wrote.
    pub fn span(&self, origin: Origin) -> Option<Span> {
        let file = self.get(origin.file)?;
        Some(Span::new(&file.path, file.document.span(NodeId(origin.node))))
    }
}
