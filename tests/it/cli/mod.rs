//! The built binary, as people and scripts see it.

pub(crate) mod process;
