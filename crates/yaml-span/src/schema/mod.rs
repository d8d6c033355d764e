//! What a scalar means to the program that will read it.
//!
//! Takes: a scalar's text, whether it is plain, and its tag.
//! Gives: a [`Scalar`], or the [`TagMismatch`] of a tag that does not fit its text.
//! Never: guesses: each rule set repeats one program, byte for byte, and is compared with the
//! answers that program gave (`tests/scalars.json`).
//! Start at: [`v3::scalar`] for Atmos-like readers, [`v2::scalar`] for Kubernetes-like ones.
//! How to add: a module with `resolve` and `scalar`, a column in `tests/go/scalars.go`.

mod base64;
mod number;
mod resolve;
mod timestamp;
pub mod v2;
pub mod v3;

use std::borrow::Cow;
use std::fmt;

/// A typed scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'t> {
    /// Nothing, `~` or `null`.
    Null,
    /// True or false, in the words that the rules know.
    Bool(bool),
    /// Any whole number that fits.
    Int(i64),
    /// A whole number above `i64::MAX`.
    Uint(u64),
    /// Also whole numbers too large for `u64`, infinities and NaN.
    Float(f64),
    /// A text.
    Str(Cow<'t, str>),
    /// A date or a time, as written; the reader decides whether it stays text.
    Timestamp(&'t str),
}

/// A tag such as `!!int` over a text it does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagMismatch {
    /// The tag: `!!int`.
    pub tag: String,
    /// The text it stands before.
    pub text: String,
}

impl fmt::Display for TagMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no {}", self.text, self.tag)
    }
}

impl std::error::Error for TagMismatch {}
