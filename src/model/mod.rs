//! The nouns that cross a stage of the pipeline, one file each.
//!
//! Takes: names, ids, secrets, spans.
//! Gives: plain values that every stage may hold, compare and store.
//! Never: async, clock, environment, randomness, I/O; a decision that belongs to a stage.
//! Start at: `desired.rs` (what should be), `observation.rs` (what is), `plan.rs` (what to do),
//! `outcome.rs` (what happened).
//! How to add: a type lives here only if two stages need it; otherwise it stays in its stage.

pub mod value;
pub mod path;
pub mod query;
pub mod question;
pub mod remote;
pub mod chart;
pub mod files;
pub mod canonical;
pub mod yaml;
pub mod body;
mod pairs;
pub mod cipher;
pub mod go_value;

pub mod revision;
pub mod expression;
pub mod health_rule;
pub mod policy;
pub mod desired;
pub mod errand;
pub mod need;
pub mod upkeep;
pub mod why_not;
pub mod affected;
pub mod inventory;
pub mod observation;
pub mod change;
pub mod plan;
pub mod successor;
pub mod authority;
pub mod review;
pub mod outcome;
pub mod notice;
pub mod status;
#[cfg(test)]
mod tests;
