//! Kinds of Kubernetes itself that take more than a row.
//!
//! Takes: an object of the kind that the function is named after.
//! Gives: its state.
//! Never: looks at deletion, pause, generation, Reconciling or Stalled: `order` has done so.
//! Start at: [`workloads`].
//! How to add: a function here, `code(...)` with all it reads of the spec in
//! `table/kubernetes.rs`.

pub(crate) mod workloads;
pub(crate) mod pods;
pub(crate) mod cluster;
