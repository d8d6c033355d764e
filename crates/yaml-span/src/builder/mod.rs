//! Turns the events of one document into its arena.
//!
//! Takes: the parser's events in order, the stream's [`Budget`].
//! Gives: a [`Document`], whole also where the source broke off.
//! Never: holds more than the open collections beside the arena.
//! Start at: [`Builder::accept`].
//! How to add: an event is an arm of `accept`; a limit is a check of [`Budget`].

mod budget;
mod leaves;

use std::collections::BTreeMap;
use std::sync::Arc;

use granit_parser::{Event, Marker, StructureStyle};

use crate::arena::{Arena, Node, Shape};
use crate::document::{Document, NodeId, Style};
use crate::error::{Code, Errors, SyntaxError};
use crate::notation::indicator;
use crate::position::{Position, Span};

pub(crate) use budget::Budget;

/// The document under construction.
pub(crate) struct Builder<'s> {
    source: &'s str,
    arena: Arena,
    frames: Vec<Frame>,
    /// Children of the open frames, the innermost frame's last.
    pending: Vec<NodeId>,
    anchors: BTreeMap<usize, Anchor>,
    /// The end of the last token seen.
    reached: Position,
    /// Known once the root is complete.
    expanded_len: u64,
}

/// A collection that is still open.
struct Frame {
    node: NodeId,
    first_pending: usize,
    anchor: usize,
    extent: Extent,
}

struct Anchor {
    node: NodeId,
    /// Known once the node is complete.
    extent: Option<Extent>,
}

/// The size of a subtree with aliases expanded: nodes, and collections one inside the other.
#[derive(Clone, Copy)]
struct Extent {
    nodes: u64,
    height: usize,
}

const LEAF: Extent = Extent { nodes: 1, height: 0 };

impl<'s> Builder<'s> {
    pub(crate) fn new(source: &'s str, reached: Position) -> Self {
        Builder {
            source,
            arena: Arena::default(),
            frames: Vec::new(),
            pending: Vec::new(),
            anchors: BTreeMap::new(),
            reached,
            expanded_len: 0,
        }
    }

    /// Makes room for that many nodes.
    pub(crate) fn reserve(&mut self, nodes: usize) {
        self.arena.nodes.reserve(nodes);
        self.arena.children.reserve(nodes);
    }

    /// Adds what one event brings. `Err` is a limit: the parse must end.
    pub(crate) fn accept(
        &mut self,
        event: Event<'_>,
        at: granit_parser::Span,
        budget: &mut Budget,
        errors: &mut Errors,
    ) -> Result<(), SyntaxError> {
        let span = Span { start: position(&at.start), end: position(&at.end) };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let id = self.scalar(&text, style, tag.is_some(), span);
                self.tag(id, tag.as_deref(), &at);
                self.declare(anchor, id, Some(LEAF));
                self.close(id, LEAF, budget)?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                let id = self.open(Shape::Sequence, style, anchor, span);
                self.tag(id, tag.as_deref(), &at);
                budget.check_depth(self.frames.len(), span.start)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                let id = self.open(Shape::Mapping, style, anchor, span);
                self.tag(id, tag.as_deref(), &at);
                budget.check_depth(self.frames.len(), span.start)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let bracket = (span.end > span.start).then_some(span.end.byte);
                if let Some((id, extent)) = self.end_collection(bracket) {
                    self.close(id, extent, budget)?;
                }
            }
            Event::Alias(anchor) => self.alias(anchor, span, budget, errors)?,
            Event::UnresolvedAlias(name) => {
                let message = format!("the anchor `{name}` is not defined before this alias");
                errors.push(SyntaxError::new(Code::UnknownAlias, span, message));
                self.broken_alias(span, budget)?;
            }
            _ => {}
        }
        self.reached = span.end;
        Ok(())
    }

    /// The document as far as it came; open collections end with their last child.
    pub(crate) fn finish(mut self, source: &Arc<str>) -> Document {
        while let Some(frame) = self.frames.last() {
            let is_mapping = self.arena.nodes[frame.node.index()].shape == Shape::Mapping;
            if is_mapping && (self.pending.len() - frame.first_pending) % 2 == 1 {
                let value = self.nothing();
                self.attach(value, LEAF);
            }
            if let Some((id, extent)) = self.end_collection(None) {
                self.attach(id, extent);
            }
        }
        if self.arena.nodes.is_empty() {
            let root = self.nothing();
            self.attach(root, LEAF);
        }
        self.arena.shrink();
        let source = Arc::clone(source);
        Document { source, arena: self.arena, expanded_len: self.expanded_len }
    }

    pub(crate) fn node_count(&self) -> usize {
        self.arena.nodes.len()
    }

    /// Opens a block collection; what is added from now on is in it.
    pub(crate) fn enter(&mut self, shape: Shape, start: Position) {
        let node = self.arena.push(Node::new(shape, Style::Block, start, start.byte));
        let first_pending = self.pending.len();
        self.frames.push(Frame { node, first_pending, anchor: 0, extent: LEAF });
    }

    /// Closes the innermost collection.
    pub(crate) fn leave(&mut self) {
        if let Some((id, extent)) = self.end_collection(None) {
            self.attach(id, extent);
        }
    }

    /// Adds `{}` or `[]`.
    pub(crate) fn empty(&mut self, shape: Shape, start: Position, end: u32) {
        let id = self.arena.push(Node::new(shape, Style::Flow, start, end));
        self.attach(id, Extent { nodes: 1, height: 1 });
    }

    /// Adds a scalar whose text is this range of the source.
    pub(crate) fn slice(&mut self, text: (u32, u32), style: Style, start: Position, end: u32) {
        let node = Node::new(Shape::Scalar, style, start, end);
        let id = self.arena.push(Node { low: text.0, high: text.1, ..node });
        self.attach(id, LEAF);
    }

    fn open(&mut self, shape: Shape, style: StructureStyle, anchor: usize, span: Span) -> NodeId {
        let (style, start) = match style {
            StructureStyle::Flow => (Style::Flow, span.start),
            StructureStyle::Block => (Style::Block, self.block_start(shape, span.start)),
        };
        let node = self.arena.push(Node::new(shape, style, start, span.end.byte));
        self.declare(anchor, node, None);
        let first_pending = self.pending.len();
        self.frames.push(Frame { node, first_pending, anchor, extent: LEAF });
        node
    }

    /// A sequence that is not indented below its key is reported at its first item; it begins
    /// at the dash before it.
    fn block_start(&self, shape: Shape, start: Position) -> Position {
        let parent = self.frames.last().map(|frame| self.arena.nodes[frame.node.index()].shape);
        if shape == Shape::Sequence && parent == Some(Shape::Mapping) {
            let dash = indicator(self.source, self.reached.byte, start.byte, b"-");
            return dash.map_or(start, |byte| self.reached.advanced(self.source, byte));
        }
        start
    }

    /// Closes the innermost collection, which ends with its bracket or its last child.
    fn end_collection(&mut self, bracket: Option<u32>) -> Option<(NodeId, Extent)> {
        let frame = self.frames.pop()?;
        let children = self.pending.drain(frame.first_pending..);
        let low = self.arena.children.len();
        self.arena.children.extend(children);
        let last = self.arena.children[low..].last();
        let last_end = last.map(|child| self.arena.nodes[child.index()].end);
        let node = &mut self.arena.nodes[frame.node.index()];
        node.low = low as u32;
        node.high = self.arena.children.len() as u32;
        node.end = bracket.or(last_end).unwrap_or(node.end).max(node.end);
        let extent = Extent { height: frame.extent.height + 1, ..frame.extent };
        self.declare(frame.anchor, frame.node, Some(extent));
        Some((frame.node, extent))
    }

    /// The parser numbers anchors from 1; 0 is none.
    fn declare(&mut self, anchor: usize, node: NodeId, extent: Option<Extent>) {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchor { node, extent });
        }
    }

    /// A node is complete: hands it to its parent and checks the totals.
    fn close(&mut self, id: NodeId, extent: Extent, budget: &Budget) -> Result<(), SyntaxError> {
        self.attach(id, extent);
        let total = self.frames.last().map_or(self.expanded_len, |frame| frame.extent.nodes);
        let at = self.arena.start(id);
        budget.check_expansion(total, at)?;
        budget.check_nodes(self.arena.nodes.len(), at)
    }

    fn attach(&mut self, id: NodeId, extent: Extent) {
        match self.frames.last_mut() {
            Some(frame) => {
                self.pending.push(id);
                frame.extent.nodes = frame.extent.nodes.saturating_add(extent.nodes);
                frame.extent.height = frame.extent.height.max(extent.height);
            }
            None => self.expanded_len = extent.nodes,
        }
    }
}

/// The parser counts lines from 1 and columns from 0.
pub(crate) fn position(marker: &Marker) -> Position {
    Position {
        line: marker.line() as u32,
        column: marker.col() as u32 + 1,
        byte: marker.byte_offset().unwrap_or_default() as u32,
    }
}
