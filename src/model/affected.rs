//! How a component differs between two revisions.

use std::sync::Arc;

use super::desired::Component;

/// A component that differs.
#[derive(Debug)]
pub struct Affected<'a> {
    /// As the newer revision has it; as the older one had it if it is gone.
    pub component: &'a Component,
    /// All causes, the one that Atmos finds first at the front. Never empty.
    pub causes: Vec<Cause>,
}

/// Why a component is affected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// This section has another value.
    Section(Arc<str>),
    /// A file in the folder of its code.
    Code,
    /// A file of a module, chart or base that it uses: in this folder, or this file.
    Module(String),
    /// A file that it depends on.
    File(String),
    /// A file in a folder that it depends on.
    Folder(String),
    /// It is gone; the stack has other components.
    Deleted,
    /// It is gone with its whole stack.
    DeletedStack,
}
