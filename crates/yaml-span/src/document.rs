//! One parsed document and the questions it answers.

use std::sync::Arc;

use crate::arena::{Arena, DECODED, MERGES, Node, Shape, TAGGED};
use crate::position::{Position, Span};

/// One YAML document: the source it came from and its nodes.
///
/// An alias reads as its target: all questions but [`Document::kind`] and [`Document::span`]
/// are answered for the node it stands for. No alias leads to itself, and aliases included no
/// document is deeper than [`crate::Limits::depth`], so a walk may recurse.
/// A [`NodeId`] of another document gives a wrong answer or panics.
#[derive(Clone, Debug)]
pub struct Document {
    pub(crate) source: Arc<str>,
    pub(crate) arena: Arena,
    pub(crate) expanded_len: u64,
}

/// A node of one [`Document`]; ids ascend in the order of the source, parents before children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text, typed by whoever reads it.
    Scalar,
    /// A list of nodes.
    Sequence,
    /// Pairs of nodes, in the order of the source.
    Mapping,
    /// `*name`, with the node that `&name` marks; never itself an alias.
    Alias(NodeId),
}

/// How a node is written: the first five for scalars, the last two for collections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'...'`
    SingleQuoted,
    /// `"..."`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// `[...]` or `{...}`
    Flow,
    /// By indentation.
    Block,
}

/// The explicit tag of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag<'d> {
    /// Short form: `!!int` also for `!<tag:yaml.org,2002:int>`, `!local` as written, `!` alone,
    /// any other tag resolved and in full.
    pub text: &'d str,
    /// Where it is written.
    pub span: Span,
}

impl Document {
    /// The text this document was parsed from, with all its documents.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// The top node; an empty document has a plain scalar without text.
    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// Nodes as written; ids are `0..len`.
    pub fn node_count(&self) -> usize {
        self.arena.nodes.len()
    }

    /// All nodes in the order of the source.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = NodeId> + use<> {
        (0..self.arena.nodes.len() as u32).map(NodeId)
    }

    /// Nodes with every alias replaced by what it stands for; a walk that follows aliases
    /// visits that many.
    pub fn expanded_len(&self) -> u64 {
        self.expanded_len
    }

    /// What the node itself is, aliases not followed.
    pub fn kind(&self, id: NodeId) -> Kind {
        let node = self.node(id);
        match node.shape {
            Shape::Scalar => Kind::Scalar,
            Shape::Sequence => Kind::Sequence,
            Shape::Mapping => Kind::Mapping,
            Shape::Alias => Kind::Alias(NodeId(node.low)),
        }
    }

    /// The node an alias stands for; any other node is its own target.
    pub fn target(&self, id: NodeId) -> NodeId {
        match self.kind(id) {
            Kind::Alias(target) => target,
            _ => id,
        }
    }

    /// Where the node itself stands: a scalar with its quotes or from `|` to its last visible
    /// character, a flow collection with its brackets, a block collection from its first `-` or
    /// key to the end of its last child. Tags, anchors and comments around it are left out.
    pub fn span(&self, id: NodeId) -> Span {
        self.span_from(self.arena.start(id), self.node(id).end)
    }

    /// How a node is written; of an alias, how the node that it names is.
    pub fn style(&self, id: NodeId) -> Style {
        self.node(self.target(id)).style
    }

    /// The explicit tag of a node, or of the node that an alias names.
    pub fn tag(&self, id: NodeId) -> Option<Tag<'_>> {
        let id = self.target(id);
        if self.node(id).flags & TAGGED == 0 {
            return None;
        }
        let index = self.arena.tags.binary_search_by_key(&id, |tag| tag.node).ok()?;
        let tag = &self.arena.tags[index];
        Some(Tag {
            text: self.slice(tag.low, tag.high, tag.decoded),
            span: self.span_from(tag.start, tag.end),
        })
    }

    /// The text of a scalar, unquoted, unescaped and folded; of a collection nothing.
    /// A value that was left out is a plain scalar without text.
    pub fn text(&self, id: NodeId) -> &str {
        let node = self.node(self.target(id));
        match node.shape {
            Shape::Scalar => self.slice(node.low, node.high, node.flags & DECODED != 0),
            _ => "",
        }
    }

    /// The items of a sequence in order; of any other node nothing.
    pub fn items(&self, id: NodeId) -> &[NodeId] {
        self.children(id, Shape::Sequence)
    }

    /// The entries of a mapping, key and value, as the author ordered them, `<<` among them;
    /// of any other node nothing. See [`Document::entries_merged`].
    pub fn entries(
        &self,
        id: NodeId,
    ) -> impl ExactSizeIterator<Item = (NodeId, NodeId)> + Clone + '_ {
        let children = self.children(id, Shape::Mapping);
        children.chunks_exact(2).map(|pair| (pair[0], pair[1]))
    }

    /// The value of `key` in a mapping, as written: `<<` is not followed.
    pub fn get(&self, id: NodeId, key: &str) -> Option<NodeId> {
        self.entries(id)
            .find(|(candidate, _)| self.text(*candidate) == key && self.is_scalar(*candidate))
            .map(|(_, value)| value)
    }

    /// Whether it is a scalar, or an alias of one.
    pub fn is_scalar(&self, id: NodeId) -> bool {
        self.node(self.target(id)).shape == Shape::Scalar
    }

    /// Whether it is a sequence, or an alias of one.
    pub fn is_sequence(&self, id: NodeId) -> bool {
        self.node(self.target(id)).shape == Shape::Sequence
    }

    /// Whether it is a mapping, or an alias of one.
    pub fn is_mapping(&self, id: NodeId) -> bool {
        self.node(self.target(id)).shape == Shape::Mapping
    }

    /// A scalar without quotes and not a block: only such a one may be anything but text.
    pub fn is_plain(&self, id: NodeId) -> bool {
        self.is_scalar(id) && self.style(id) == Style::Plain
    }

    pub(crate) fn has_merge_key(&self, id: NodeId) -> bool {
        self.node(self.target(id)).flags & MERGES != 0
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.arena.nodes[id.0 as usize]
    }

    fn children(&self, id: NodeId, shape: Shape) -> &[NodeId] {
        let node = self.node(self.target(id));
        if node.shape != shape {
            return &[];
        }
        &self.arena.children[node.low as usize..node.high as usize]
    }

    fn slice(&self, low: u32, high: u32, decoded: bool) -> &str {
        let text: &str = if decoded { &self.arena.decoded } else { &self.source };
        &text[low as usize..high as usize]
    }

    fn span_from(&self, start: Position, end: u32) -> Span {
        Span { start, end: start.advanced(&self.source, end) }
    }
}

impl NodeId {
    /// The place of the node among [`Document::ids`], for tables beside the document.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

#[cfg(test)]
mod tests;
