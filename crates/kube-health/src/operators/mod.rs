//! Kinds of operators that take more than a row.
//!
//! Takes: an object of the kind that the function is named after.
//! Gives: its state.
//! Never: looks at deletion, pause, generation, Reconciling or Stalled: `order` has done so.
//! Start at: [`gateway`].
//! How to add: a function in the file of its field, `code(...)` with all it reads of the spec
//! in the row.

pub(crate) mod gateway;
pub(crate) mod delivery;
pub(crate) mod policies;
pub(crate) mod storage;
pub(crate) mod runtime;
