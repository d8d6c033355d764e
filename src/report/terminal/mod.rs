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
mod pull;

mod palette;

pub use diagnostics::{checked, diagnostics};
pub use explain::explained;
pub use outcome::{applied, approved, outcome};
pub use palette::heading;
pub use plan::{plan, stack};
pub use pull::pull;
pub use status::status;
