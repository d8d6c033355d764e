//! Values into text: for terminals, for comments, for programs.
//!
//! Takes: plans, reviews, outcomes, diagnostics, explanations.
//! Gives: text, the same bytes for the same value at every time and place.
//! Never: a secret, its length or its hash; text of a user's that could be taken for ours;
//! a decision; a colour where none was asked for (styles are stripped by who prints).
//! Start at: `words.rs`, the one vocabulary; then `terminal/mod.rs` and `markdown/mod.rs`.
//! How to add: a surface is one file or folder that takes its words from `words` and its fields
//! from `field`.

pub mod words;
pub mod field;
pub mod cause;

pub mod terminal;
pub mod markdown;
pub mod json;
pub mod notices;
pub mod describe;

#[cfg(test)]
mod tests;
