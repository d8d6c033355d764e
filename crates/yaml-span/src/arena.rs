//! How nodes lie in memory.

use crate::document::{NodeId, Style};
use crate::position::Position;

/// 28 bytes, whatever the node is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub shape: Shape,
    pub style: Style,
    pub flags: u8,
    /// First byte of the node in the source.
    pub start: u32,
    /// First byte after it.
    pub end: u32,
    pub line: u32,
    pub column: u32,
    /// Scalar: range of the text. Collection: range in `Arena::children`. Alias: the target.
    pub low: u32,
    pub high: u32,
}

impl Node {
    /// Without text or children yet.
    pub(crate) fn new(shape: Shape, style: Style, start: Position, end: u32) -> Self {
        let Position { line, column, byte } = start;
        Node { shape, style, flags: 0, start: byte, end, line, column, low: 0, high: 0 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Scalar,
    Sequence,
    Mapping,
    Alias,
}

/// The text is a range of `Arena::decoded`, not of the source.
pub(crate) const DECODED: u8 = 1;
/// There is an entry in `Arena::tags`.
pub(crate) const TAGGED: u8 = 2;
/// A mapping with a `<<` key.
pub(crate) const MERGES: u8 = 4;
/// Put in place of an alias that was reported as an error.
pub(crate) const BROKEN: u8 = 8;

/// A tag as the author wrote it and as it reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TagEntry {
    pub node: NodeId,
    pub start: Position,
    pub end: u32,
    /// Range of the short form, in the source or in `Arena::decoded`.
    pub low: u32,
    pub high: u32,
    pub decoded: bool,
}

/// The nodes of one document, parents before children, in the order of the source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arena {
    pub nodes: Vec<Node>,
    /// Children of every collection, contiguous; of a mapping key and value in turn.
    pub children: Vec<NodeId>,
    /// Texts that are no slice of the source, end to end.
    pub decoded: String,
    /// Ascending by node.
    pub tags: Vec<TagEntry>,
}

impl Arena {
    pub(crate) fn push(&mut self, node: Node) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(node);
        id
    }

    pub(crate) fn start(&self, id: NodeId) -> Position {
        let Node { line, column, start, .. } = self.nodes[id.index()];
        Position { line, column, byte: start }
    }

    /// Keeps `text` and tells its range and whether it lies in `decoded`.
    /// `slice` is the part of the source that may hold the same text.
    pub(crate) fn keep(&mut self, source: &str, slice: (u32, u32), text: &str) -> (u32, u32, bool) {
        if &source[slice.0 as usize..slice.1 as usize] == text {
            return (slice.0, slice.1, false);
        }
        let low = self.decoded.len() as u32;
        self.decoded.push_str(text);
        (low, self.decoded.len() as u32, true)
    }

    pub(crate) fn shrink(&mut self) {
        self.nodes.shrink_to_fit();
        self.children.shrink_to_fit();
        self.decoded.shrink_to_fit();
        self.tags.shrink_to_fit();
    }
}

const _: () = assert!(size_of::<Node>() == 28);
