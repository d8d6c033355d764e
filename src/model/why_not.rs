//! Why a file, or a value, is not what a component has at a path.

use std::sync::Arc;

use super::desired::Explained;
use super::value::Value;
use crate::ids::{ComponentId, StackName};

/// One answer. Those about what is said name it with its place.
#[derive(Debug, Clone, PartialEq)]
pub enum WhyNot {
    /// It is what the component has.
    Wins(Explained),
    /// It is said, and what says something above it takes its place.
    Lost {
        /// What is said.
        said: Explained,
        /// The layer that has the value now; none if the value is taken away.
        to: Option<Explained>,
    },
    /// The file reaches the component, and says nothing there.
    Silent(Arc<str>),
    /// The file is there, and neither the stack's manifest nor what it imports imports it.
    NotImported {
        /// The file.
        file: Arc<str>,
        /// The stacks that do.
        by: Vec<StackName>,
    },
    /// There is no such file.
    NoFile {
        /// As it was asked for.
        file: String,
        /// The one that was probably meant.
        closest: Option<Arc<str>>,
    },
    /// Nothing that reaches the component says such a value there.
    NotSaid {
        /// The value as it was asked for.
        value: Value,
        /// Components of other stacks, or of other names, that have it there.
        elsewhere: Vec<ComponentId>,
    },
}
