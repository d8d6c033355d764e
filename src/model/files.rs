//! The files a resolution read: what an [`Origin`] points into.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{DerefMut, Range};
use std::sync::{Arc, Mutex, PoisonError};

use gotmpl::Trace;
use yaml_span::{Document, Limits, NodeId, Style, parse_first};

use super::value::Origin;
use crate::diagnostic::{Position, Span};

/// One parsed file of a snapshot.
#[derive(Debug, Clone)]
pub struct File {
    /// Path from the repository's root, with `/`.
    pub path: Arc<str>,
    text: Arc<Text>,
    template: Option<Arc<TemplateText>>,
    /// What values were made of that the file's templates wrote, by node.
    made_of: Option<Arc<MadeOf>>,
}

/// A text, and the document that it is read as.
#[derive(Debug)]
struct Text {
    source: Arc<str>,
    /// `None` once it was let go: it is read again when somebody asks.
    document: Mutex<Option<Arc<Document>>>,
}

/// A file that is no YAML before it is rendered.
#[derive(Debug)]
pub struct TemplateText {
    /// What its author wrote.
    pub text: Arc<str>,
    /// What of it the rendered text comes of.
    pub trace: Trace,
}

/// By the node of a document that a template is at: where the values are written that it reads.
pub type MadeOf = BTreeMap<u32, Vec<Origin>>;

/// How many places a value is followed to that it was made of: hand-made ones stay below ten, and
/// templates of templates may read the same value over and over.
const PLACES_MAX: usize = 100;

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
        let (document, node) = (file.document(), NodeId(origin.node));
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
        let above = document.source().split_inclusive('\n').take(line - 1);
        let start = above.map(str::len).sum::<usize>() + at;
        Some(file.span_of(start..start + width))
    }

    /// Adds what the templates of the file with this number made values of.
    pub fn learn(&mut self, file: u32, made_of: MadeOf) {
        if !made_of.is_empty()
            && let Some(Some(file)) = self.files.get_mut(file as usize)
        {
            file.made_of = Some(made_of.into());
        }
    }

    /// The places that a value was made of by the templates of a file while it was read, and those
    /// that they were made of: the nearest first.
    pub fn made_of(&self, origin: Origin) -> Vec<Origin> {
        let mut all = Vec::new();
        let mut open = vec![origin];
        while let Some(next) = open.pop() {
            let table = self.get(next.file).and_then(|file| file.made_of.as_ref());
            let new = table.and_then(|table| table.get(&next.node)).into_iter().flatten();
            let new: Vec<_> =
                new.copied().filter(|at| *at != origin && !all.contains(at)).collect();
            if all.len() + new.len() > PLACES_MAX {
                break;
            }
            all.extend(&new);
            open.extend(new.into_iter().rev());
        }
        all
    }

    /// The place whose change changes the value: where it is written, or, if a template made it of
    /// one other value alone, where that is.
    pub fn root(&self, origin: Origin) -> Option<Span> {
        let mut root = origin;
        for _ in 0..PLACES_MAX {
            let table = self.get(root.file).and_then(|file| file.made_of.as_ref());
            match table.and_then(|table| table.get(&root.node)).map(Vec::as_slice) {
                Some([one]) => root = *one,
                _ => break,
            }
        }
        self.span(root).or_else(|| self.span(origin))
    }

    /// Whether a value was written with the tag `text`, in its short form.
    pub fn has_tag(&self, origin: Origin, text: &str) -> bool {
        let document = self.get(origin.file).map(File::document);
        let tag = document.as_ref().and_then(|document| document.tag(NodeId(origin.node)));
        tag.is_some_and(|tag| tag.text == text)
    }

    /// The place an author wrote a value; `None` for a value nobody wrote.
    pub fn span(&self, origin: Origin) -> Option<Span> {
        let file = self.get(origin.file)?;
        Some(file.place(file.document().span(NodeId(origin.node))))
    }

    /// Lets go of all documents, which are several times as large as their texts: places are asked
    /// for while something is told, and what goes on for months tells something now and then.
    pub fn rest(&self) {
        self.files.iter().flatten().for_each(|file| *file.text.slot() = None);
    }
}

impl Text {
    fn slot(&self) -> impl DerefMut<Target = Option<Arc<Document>>> {
        self.document.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File {
    /// A file that is `document`, read with [`Limits::DEFAULT`]: the first of its text.
    pub fn new(path: Arc<str>, document: Arc<Document>) -> Self {
        let source = document.source().clone();
        let text = Text { source, document: Mutex::new(Some(document)) };
        Self { path, text: Arc::new(text), template: None, made_of: None }
    }

    /// One whose document is what `template` was rendered to.
    pub fn rendered(path: Arc<str>, document: Arc<Document>, template: TemplateText) -> Self {
        Self { template: Some(Arc::new(template)), ..Self::new(path, document) }
    }

    /// The same file, of which nobody knows what its values were made of.
    pub fn unlearned(self) -> Self {
        Self { made_of: None, ..self }
    }

    /// The parsed text: that of the file, or what it was rendered to.
    pub fn document(&self) -> Arc<Document> {
        let mut slot = self.text.slot();
        let read = || Arc::new(parse_first(self.text.source.clone(), &Limits::DEFAULT).document);
        slot.get_or_insert_with(read).clone()
    }

    /// The text that [`File::document`] is of.
    pub fn text(&self) -> &Arc<str> {
        &self.text.source
    }

    /// The file's own text, if the document is of what it was rendered to.
    pub fn template(&self) -> Option<&TemplateText> {
        self.template.as_deref()
    }

    /// A place of the document, where the author wrote it. What an action printed is at the action.
    pub fn place(&self, span: yaml_span::Span) -> Span {
        match &self.template {
            None => Span::new(&self.path, span),
            Some(_) => self.span_of(span.bytes()),
        }
    }

    /// The same by the bytes of the document's text.
    fn span_of(&self, bytes: Range<usize>) -> Span {
        let (text, bytes) = match &self.template {
            None => (self.text(), bytes),
            Some(template) => (&template.text, template.trace.source(bytes)),
        };
        let [start, end] = [bytes.start, bytes.end].map(|byte| Position::of(text, byte));
        Span { file: self.path.clone(), start, end }
    }
}

#[cfg(test)]
mod tests;
