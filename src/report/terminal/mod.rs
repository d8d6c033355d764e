//! Reports for terminals.
//!
//! Takes: the values that every surface shows.
//! Gives: styled text, lines ending in a newline; who prints it strips the styles when the output
//! is not a terminal.
//! Never: depends on a width, a clock or a locale.
//! Start at: `plan.rs`.
//! How to add: one file per report; colours come from `palette.rs` alone.

mod plan;
mod status;
mod outcome;
mod diagnostics;
mod explain;
mod lines;

mod palette;

pub use diagnostics::diagnostics;
pub use explain::{explain, worked};
pub use lines::{approved, checked, comments, heading};
pub use outcome::outcome;
pub use palette::unpainted;
pub use plan::{plan, review, review_parts};
pub use status::{status, trouble};
