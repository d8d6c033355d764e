//! Which stacks something is for.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use globset::{Glob, GlobMatcher};
use serde::{Deserialize, Serialize};

use crate::ids::StackName;

/// A glob over stack names: `core-*`, `{fnx,acme}-production-*`.
///
/// It is compiled where it is read, so one that is none is a mistake at its place and never a
/// pattern that fits nothing. Two are equal if they are written alike.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StackPattern(Form);

#[derive(Clone)]
enum Form {
    /// Nothing but letters that mean themselves, and a star at the end: most are written like this.
    Beginning(Arc<str>),
    /// Anything else.
    Glob(GlobMatcher),
}

/// What means more than itself in a glob.
const SPECIAL: [char; 6] = ['*', '?', '[', '{', '}', '\\'];

impl StackPattern {
    /// Takes `text` as a pattern, or says why it is none.
    pub fn new(text: &str) -> Result<Self, globset::Error> {
        let is_beginning = text.strip_suffix('*').is_some_and(|rest| !rest.contains(SPECIAL));
        Ok(Self(match is_beginning {
            true => Form::Beginning(text.into()),
            false => Form::Glob(Glob::new(text)?.compile_matcher()),
        }))
    }

    /// The pattern that every stack fits.
    pub fn all() -> Self {
        Self::new("*").expect("a star is a glob")
    }

    /// The pattern that only the stack of this name fits.
    pub fn exactly(name: &str) -> Self {
        Self::new(&globset::escape(name)).expect("an escaped text is a glob")
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Form::Beginning(text) => text,
            Form::Glob(matcher) => matcher.glob().glob(),
        }
    }

    /// Whether a stack fits.
    pub fn fits(&self, stack: &StackName) -> bool {
        self.fits_text(stack.as_str())
    }

    /// Whether the name of something else does: a stack's manifest, or a stack that is not known.
    pub fn fits_text(&self, name: &str) -> bool {
        match &self.0 {
            Form::Beginning(text) => name.starts_with(text.trim_end_matches('*')),
            Form::Glob(matcher) => matcher.is_match(name),
        }
    }
}

impl fmt::Display for StackPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for StackPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StackPattern({self})")
    }
}

impl PartialEq for StackPattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for StackPattern {}

impl FromStr for StackPattern {
    type Err = globset::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl TryFrom<String> for StackPattern {
    type Error = globset::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text)
    }
}

impl From<StackPattern> for String {
    fn from(pattern: StackPattern) -> Self {
        pattern.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests;
