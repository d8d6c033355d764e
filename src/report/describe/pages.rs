//! Many stacks, written stack by stack on all cores.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use super::json;
use super::shown::to_yaml;
use super::stacks::Stacks;

/// How stacks are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON object, in the form people read.
    Json,
    /// One YAML map.
    Yaml,
}

/// Texts of JSON that were written, whose memory the next ones take.
#[derive(Debug)]
pub struct Pages {
    form: Form,
    spare: Mutex<Vec<Vec<u8>>>,
}

/// Pages on their way out: one map of all stacks.
#[derive(Debug)]
pub struct Bound<'p, W> {
    pages: &'p Pages,
    to: W,
    has_begun: bool,
}

impl Pages {
    /// Pages of this form.
    pub fn new(form: Form) -> Self {
        Self { form, spare: Mutex::default() }
    }

    /// What is shown of `stacks`, as a part of a map of more of them.
    pub fn page(&self, stacks: &Stacks<'_>) -> io::Result<Vec<u8>> {
        match self.form {
            Form::Json => {
                let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
                json::page(stacks, spare.unwrap_or_default())
            }
            Form::Yaml if stacks.shown().next().is_none() => Ok(Vec::new()),
            Form::Yaml => Ok(to_yaml(stacks)?.into_bytes()),
        }
    }

    /// Begins to write pages to `to`.
    pub fn bound<W: Write>(&self, to: W) -> Bound<'_, W> {
        Bound { pages: self, to, has_begun: false }
    }
}

impl<W: Write> Bound<'_, W> {
    /// Writes the next page.
    pub fn put(&mut self, mut page: Vec<u8>) -> io::Result<()> {
        if let Some(first) = page.first_mut().filter(|_| !self.has_begun) {
            // What separates a page from the one before is what the object begins with.
            if self.pages.form == Form::Json {
                *first = b'{';
            }
            self.has_begun = true;
        }
        self.to.write_all(&page)?;
        if self.pages.form == Form::Json {
            page.clear();
            self.pages.spare.lock().unwrap_or_else(PoisonError::into_inner).push(page);
        }
        Ok(())
    }

    /// Ends the map, with a line break.
    pub fn end(mut self) -> io::Result<()> {
        let end: &[u8] = match (self.pages.form, self.has_begun) {
            (_, false) => b"{}\n",
            (Form::Json, true) => b"\n}\n",
            (Form::Yaml, true) => b"",
        };
        self.to.write_all(end)?;
        self.to.flush()
    }
}
