//! What is remembered: SQLite by default, PostgreSQL when several processes share the work.
//!
//! Takes: plans, approvals, intents, outcomes, messages; a [`Lease`] with every write about a run.
//! Gives: them back; a [`Lease`] or a one-shot claim, each to one holder only.
//! Never: decides; forgets an intent without an outcome; a write under an older epoch.
//! Start at: `lease.rs`, then `journal.rs`.
//! How to add: a migration for both databases, one file with the functions, SQL as constants.

mod lease;

pub use lease::{Lease, LeaseLost};
