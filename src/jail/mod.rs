//! Programs of others, run with nothing but what they are given.
//!
//! Takes: a [`Tool`]: a program, its arguments and input, the paths it may read and write.
//! Gives: what it wrote to standard output; or why there is nothing ([`ToolError`]).
//! Never: a credential, a variable, a path, the network, but what the [`Tool`] names; a process that
//! outlives us, or runs longer or grows larger than its [`Limits`].
//! Start at: [`Jail::run`], the side of the agent; then `enter.rs`, the side of the child.
//! How to add: what is taken from the child is a step in `enter.rs`, and a test that misses it.
//!
//! The child is our own binary once more: it limits itself and then becomes the program, so that
//! nothing has to be done between fork and exec, and no code of ours is unsafe.

mod tool;
mod run;
mod limits;
mod paths;
mod calls;
mod enter;
mod workplace;

pub use enter::{Cell, enter, lacks};
pub use limits::Limits;
pub use run::Jail;
pub use tool::{Tool, ToolError};
pub use workplace::Workplace;
