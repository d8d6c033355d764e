//! What a source may still use up.

use crate::error::{Code, SyntaxError};
use crate::limits::Limits;
use crate::position::{Position, Span};

/// The allowance of one stream, shared by its documents. Every check fails at one above.
pub(crate) struct Budget {
    limits: Limits,
    /// Nodes of the documents that are complete.
    nodes: usize,
    aliases: usize,
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Self {
        Budget { limits: *limits, nodes: 0, aliases: 0 }
    }

    /// A document of that many nodes is complete.
    pub(crate) fn spend(&mut self, nodes: usize) {
        self.nodes += nodes;
    }

    /// `nodes` of the document at hand.
    pub(super) fn check_nodes(&self, nodes: usize, at: Position) -> Result<(), SyntaxError> {
        let limit = self.limits.nodes;
        let message = || format!("more than {limit} nodes");
        ensure(self.nodes + nodes <= limit, Code::TooManyNodes, at, message)
    }

    /// `nodes` of one document, aliases expanded.
    pub(super) fn check_expansion(&self, nodes: u64, at: Position) -> Result<(), SyntaxError> {
        let limit = self.limits.expanded_nodes;
        let message = || format!("more than {limit} nodes once aliases are expanded");
        ensure(nodes <= limit, Code::TooMuchExpansion, at, message)
    }

    /// `depth` counts collections one inside the other.
    pub(super) fn check_depth(&self, depth: usize, at: Position) -> Result<(), SyntaxError> {
        let limit = self.limits.depth;
        let message = || format!("collections nest deeper than {limit}");
        ensure(depth <= limit, Code::TooDeep, at, message)
    }

    pub(super) fn take_alias(&mut self, at: Position) -> Result<(), SyntaxError> {
        self.aliases += 1;
        let limit = self.limits.aliases;
        let message = || format!("more than {limit} aliases");
        ensure(self.aliases <= limit, Code::TooManyAliases, at, message)
    }
}

fn ensure(
    holds: bool,
    code: Code,
    at: Position,
    message: impl FnOnce() -> String,
) -> Result<(), SyntaxError> {
    match holds {
        true => Ok(()),
        false => Err(SyntaxError::new(code, Span::empty(at), message())),
    }
}
