//! Go's `text/template` (Go 1.26) with the deterministic functions of Sprig (3.3) and Gomplate
//! (4.3).
//!
//! ```
//! use gotmpl::{Functions, Limits, Map, MissingKey, Options, Template, Value};
//!
//! let functions = Functions::sprig();
//! let options = Options { functions: &functions, ..Options::default() };
//! let template = Template::parse("greeting", "Hello, {{ .name | upper }}!", &options)?;
//! let name = Map::from_iter([("name", Value::from("ada"))]);
//! let text = template.render(&name.into(), &Limits::default(), MissingKey::Default)?;
//! assert_eq!(text, "Hello, ADA!");
//! # Ok::<(), gotmpl::Error>(())
//! ```
//!
//! Takes: a template, a [`Value`], [`Functions`] and [`Limits`].
//! Gives: the text Go would give, byte for byte, or an [`Error`] where Go gives one.
//! Never: reads the environment, a clock, a random source, a file or a network; runs on
//! without bound; changes the data it is given.
//! Start at: [`Template`]; inside, `parse.rs` and `exec.rs`.
//! How to add: a function is a row in `sprig/` or `gomplate/`; an embedder's own, or one that is
//! refused until somebody answers for it, comes by [`Functions::add`] and
//! [`Functions::add_method`]. Then a line in `tests/corpus`.
//!
//! Apart from Go on purpose: text is UTF-8 always, and what would cut or spell it otherwise is
//! an error; map keys are text; there are no complex numbers, functions as values or pointers;
//! `keys` and `values` come sorted; `slice` takes positions from data too; a map cannot be put
//! into itself and lists never change; the local time zone is UTC; blocks and parentheses nest at
//! most 100 deep. What else differs is a line that starts with `!` in `tests/corpus`.

use std::collections::{BTreeMap, BTreeSet};

mod ast;
mod builtins;
mod error;
mod exec;
mod float;
mod functions;
mod gomplate;
mod json;
mod lex;
mod limits;
mod parse;
mod print;
mod references;
mod sprig;
mod strconv;
mod time;
mod traced;
mod value;
pub mod versions;

pub use error::{Error, ErrorKind, Failure};
pub use functions::{Call, Function, Functions, Type};
pub use limits::{Limits, Meter};
pub use references::{FieldPath, References};
pub use traced::{Piece, Rendered, Trace};
pub use value::{Element, List, Map, Object, Value};

/// What `.key` gives when a map has no such key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingKey {
    /// Nothing, which prints `<no value>`.
    #[default]
    Default,
    /// The zero of the map's element type, for maps of anything a nil.
    Zero,
    /// An error.
    Error,
}

/// How to read a template.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Left and right; an empty one means `{{` or `}}`.
    pub delimiters: (&'a str, &'a str),
    /// The functions templates may name.
    pub functions: &'a Functions,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { delimiters: ("", ""), functions: Functions::builtins() }
    }
}

/// A parsed template with all it defines. It may be rendered any number of times, in parallel.
pub struct Template {
    name: String,
    text: String,
    trees: parse::Trees,
    functions: Functions,
    mutates: bool,
}

impl Template {
    /// Parses `text`; `name` is for errors and for `{{template "name"}}`.
    ///
    /// # Errors
    /// Of kind `Lex`, `Parse`, or `Limit` if it nests too deeply. As in Go, only the first.
    pub fn parse(name: &str, text: &str, options: &Options<'_>) -> Result<Self, Error> {
        let (left, right) = options.delimiters;
        let left = if left.is_empty() { "{{" } else { left };
        let right = if right.is_empty() { "}}" } else { right };
        let trees = parse::parse(name, text, (left, right), options.functions)?;
        let mut template = Self {
            name: name.to_owned(),
            text: text.to_owned(),
            trees,
            functions: options.functions.clone(),
            mutates: false,
        };
        let calls = template.references().functions;
        let mutates = |name: &String| template.functions.get(name).is_some_and(|f| f.mutates);
        template.mutates = calls.iter().any(mutates);
        Ok(template)
    }

    /// Runs the template on `root`, which stays as it is.
    ///
    /// # Errors
    /// Of kind `Exec`, `MissingKey`, `Limit` or `Refused`.
    pub fn render(
        &self,
        root: &Value,
        limits: &Limits,
        missing_key: MissingKey,
    ) -> Result<String, Error> {
        exec::render(self, self.own(root), limits, missing_key)
    }

    /// The same with what of the template each part of the text comes from.
    ///
    /// # Errors
    /// As [`Template::render`].
    pub fn render_traced(
        &self,
        root: &Value,
        limits: &Limits,
        missing_key: MissingKey,
    ) -> Result<Rendered, Error> {
        exec::render_traced(self, self.own(root), limits, missing_key)
    }

    /// What each action reads, by the byte of the template that it begins at. One that reads
    /// nothing but an element of what a `range` is over reads all that the range is over.
    pub fn references_by_action(&self) -> BTreeMap<usize, BTreeSet<FieldPath>> {
        references::by_action(self)
    }

    /// The value of a template that is one action and nothing else, such as `{{ .vars.count }}`,
    /// with its type; `None` for any other template.
    ///
    /// # Errors
    /// As [`Template::render`].
    pub fn evaluate(
        &self,
        root: &Value,
        limits: &Limits,
        missing_key: MissingKey,
    ) -> Result<Option<Value>, Error> {
        let Some(pipe) = references::sole_action(self) else { return Ok(None) };
        exec::evaluate(self, pipe, self.own(root), limits, missing_key).map(Some)
    }

    /// What the template reads and calls.
    pub fn references(&self) -> References {
        references::collect(self)
    }

    /// The path of a template that is exactly one field reference, `{{ .a.b }}`.
    pub fn sole_field(&self) -> Option<FieldPath> {
        references::sole_field(self)
    }

    fn own(&self, root: &Value) -> Value {
        if self.mutates { root.detached() } else { root.clone() }
    }
}

/// Where each token of `text` starts, and its text.
#[cfg(fuzzing)]
pub fn tokens<'t>(text: &'t str, left: &'t str, right: &'t str) -> Vec<(usize, &'t str)> {
    lex::lex(text, left, right).into_iter().map(|token| (token.offset, token.text)).collect()
}

#[cfg(test)]
mod tests;
