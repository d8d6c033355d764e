//! The target that is a folder.
