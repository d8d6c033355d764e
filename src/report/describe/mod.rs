//! Resolved components as Atmos describes them, for scripts that were written for it.
//!
//! Takes: what a snapshot asks for, and which part of it is wanted.
//! Gives: values to be written as JSON or YAML, maps sorted by key.
//! Never: a secret; all stacks as one tree of JSON in memory: what is described may be large. JSON is
//! written as it is looked at, YAML from the tree of one stack at a time.
//! Start at: [`Stacks`] and [`component`], then `section.rs`, the table of what each kind shows.
//! How to add: a section is a row in `section.rs`, a view a file.

mod shown;
mod section;
mod component;
mod worked;
mod stacks;
mod json;
mod pages;
mod dependents;
mod affected;
mod dependencies;
mod table;
mod rows;
mod values;
mod workflows;

pub use affected::{DEPENDENTS_MAX, Include, TooMany, affected, affected_rows};
pub use component::{View, component};
pub use dependencies::{Direction, dependencies, dependency_tree};
pub use dependents::dependents;
pub use pages::{Bound, Form, Pages};
pub use rows::{
    component_rows, instance_rows, matrix, metadata_rows, source_rows, stack_rows, vendor_rows,
    workflow_rows,
};
pub use shown::{Shown, to_yaml};
pub use stacks::{Filter, Stacks};
pub use table::{NoColumn, Table};
pub use values::{by_stack, side_by_side, values};
pub use worked::{Worked, worked};
pub use workflows::{Workflows, workflows};

#[cfg(test)]
mod tests;
