//! The state of a live Kubernetes object, with a reason that a person can act on.
//!
//! Takes: group, kind, the object (metadata, [`reads`] of its spec, status) and the time.
//! Gives: one [`Health`]. An object that is absent is the caller's to name.
//! Never: asks a clock or a server, waits for a status that a kind never gets, or calls healthy
//! what says of itself that it is not.
//! Start at: [`judge`]; what is known of each kind stands in the rows of `table`.
//! How to add: a row in the file of its operator under `table`, and cases of at least three
//! states in `cases/`.
//!
//! ```
//! use kube_health::{Health, judge};
//!
//! let set = serde_json::json!({
//!     "metadata": {"generation": 1},
//!     "spec": {"replicas": 3},
//!     "status": {"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3,
//!                "availableReplicas": 2, "readyReplicas": 2},
//! });
//! let health = judge("apps", "Deployment", &set, jiff::Timestamp::UNIX_EPOCH);
//! assert_eq!(health.to_string(), "progressing: 2 of 3 replicas are available");
//! assert!(matches!(health, Health::Progressing { .. }));
//! ```

mod builtin;
mod conditions;
mod generic;
mod health;
mod object;
mod operators;
mod order;
mod phases;
mod table;

pub use health::{Health, Reason};
pub use order::{judge, judge_any};
pub use table::{is_named, is_told_by_metadata, reads};

#[cfg(test)]
mod tests;
