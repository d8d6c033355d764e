//! The files a resolution read: what an [`Origin`] points into.

use std::collections::BTreeSet;
use std::sync::Arc;

use yaml_span::{Document, NodeId, Style};

use super::value::Origin;
use crate::diagnostic::{Position, Span};
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

    /// Every text of the file at `path`: the file itself, and what it was rendered to.
    pub fn at<'f>(&'f self, path: &'f str) -> impl Iterator<Item = &'f File> {
        self.files.iter().flatten().filter(move |file| file.path.as_ref() == path)
    }

    /// From byte `offset` of the text of a scalar to the end of the template action there, where the
    /// file has the text as it is: on one line without escapes, or as a literal block.
    pub fn inside(&self, origin: Origin, offset: usize) -> Option<Span> {
        let file = self.get(origin.file)?;
        let (document, node) = (&file.document, NodeId(origin.node));
        let (text, span) = (document.text(node), document.span(node));
        let (head, tail) = (text.get(..offset)?, text.get(offset..)?);
        let line_start = head.rfind('\n').map_or(0, |end| end + 1);
        let (below, before) = (head.matches('\n').count(), head.get(line_start..)?);
        let said = text.get(line_start..)?.lines().next().unwrap_or_default();
        let block = document.style(node) == Style::Literal;
        let line = span.start.line as usize + if block { below + 1 } else { below };
        let written = document.source().lines().nth(line.checked_sub(1)?)?;
        let from = if block { 0 } else { span.start.column as usize - 1 };
        let from: usize = written.chars().take(from).map(char::len_utf8).sum();
        let at = from + written.get(from..)?.find(said)? + before.len();
        let rest = tail.lines().next().unwrap_or_default();
        let width = rest.find("}}").map_or(rest.len(), |end| rest[..end].trim_end().len());
        let position = |byte: usize| -> Option<Position> {
            let column = written.get(..byte)?.chars().count() + 1;
            Some(Position { line: u32::try_from(line).ok()?, column: u32::try_from(column).ok()? })
        };
        Some(Span { file: file.path.clone(), start: position(at)?, end: position(at + width)? })
    }

    /// The place an author wrote a value; `None` for a value nobody wrote.
    pub fn span(&self, origin: Origin) -> Option<Span> {
        let file = self.get(origin.file)?;
        Some(Span::new(&file.path, file.document.span(NodeId(origin.node))))
    }
}
