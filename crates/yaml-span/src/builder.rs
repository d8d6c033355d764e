//! Turns the events of one document into its arena.

use std::collections::BTreeMap;
use std::sync::Arc;

use granit_parser::{Event, Marker, ScalarStyle, StructureStyle, Tag};

use crate::arena::{Arena, BROKEN, DECODED, Node, Shape, TAGGED, TagEntry};
use crate::document::{Document, NodeId, Style};
use crate::error::{Code, Errors, SyntaxError};
use crate::limits::Limits;
use crate::notation::{indicator, trimmed_end, without_added_break};
use crate::position::{Position, Span};

/// What is left of the stream's allowance, shared by its documents.
pub(crate) struct Budget {
    pub limits: Limits,
    pub nodes: usize,
    pub aliases: usize,
}

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
    /// Totals of the closed root.
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

    /// Adds what one event brings. `Err` is a limit: the parse must end.
    pub(crate) fn accept(
        &mut self,
        event: Event<'_>,
        span: granit_parser::Span,
        budget: &mut Budget,
        errors: &mut Errors,
    ) -> Result<(), SyntaxError> {
        let (start, end) = (position(&span.start), position(&span.end));
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let id = self.scalar(&text, scalar_style(style), tag.is_some(), start, end);
                self.tag(id, tag.as_deref(), &span);
                self.declare(anchor, id, Some(LEAF));
                self.close(id, LEAF, budget)?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                let id = self.open(Shape::Sequence, style, anchor, start, end);
                self.tag(id, tag.as_deref(), &span);
                self.check_depth(id, 0, budget)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                let id = self.open(Shape::Mapping, style, anchor, start, end);
                self.tag(id, tag.as_deref(), &span);
                self.check_depth(id, 0, budget)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let closed_at = (end > start).then_some(end);
                if let Some((id, extent)) = self.end_collection(closed_at) {
                    self.close(id, extent, budget)?;
                }
            }
            Event::Alias(anchor) => self.alias(anchor, Span { start, end }, budget, errors)?,
            Event::UnresolvedAlias(name) => {
                let message = format!("the anchor `{name}` is not defined before this alias");
                let span = Span { start, end };
                errors.push(SyntaxError::new(Code::UnknownAlias, span, message));
                self.broken_alias(span, budget)?;
            }
            _ => {}
        }
        self.reached = end;
        Ok(())
    }

    /// The document as far as it came; open collections end with their last child.
    pub(crate) fn finish(mut self, source: &Arc<str>) -> Document {
        while let Some(frame) = self.frames.last() {
            let node = frame.node;
            let half_entry = (self.pending.len() - frame.first_pending) % 2 == 1;
            if self.arena.nodes[node.0 as usize].shape == Shape::Mapping && half_entry {
                let id = self.scalar("", Style::Plain, false, self.reached, self.reached);
                self.attach(id, LEAF);
            }
            if let Some((id, extent)) = self.end_collection(None) {
                self.attach(id, extent);
            }
        }
        if self.arena.nodes.is_empty() {
            let id = self.scalar("", Style::Plain, false, self.reached, self.reached);
            self.attach(id, LEAF);
        }
        self.arena.shrink();
        Document { source: Arc::clone(source), arena: self.arena, expanded_len: self.expanded_len }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: Style,
        tagged: bool,
        start: Position,
        end: Position,
    ) -> NodeId {
        let block = matches!(style, Style::Literal | Style::Folded);
        let text = match style {
            Style::Plain if start == end && !tagged => "",
            _ if block && end.byte as usize == self.source.len() => {
                without_added_break(self.source, text)
            }
            _ => text,
        };
        let inner = match style {
            Style::SingleQuoted | Style::DoubleQuoted if end.byte - start.byte >= 2 => {
                (start.byte + 1, end.byte - 1)
            }
            _ => (start.byte, end.byte),
        };
        let (low, high, decoded) = self.arena.keep(self.source, inner, text);
        let (mut from, mut to) = (start, end.byte);
        if block {
            let header = indicator(self.source, self.reached.byte, to, b"|>");
            from = header.map_or(start, |byte| self.reached.advanced(self.source, byte));
            to = trimmed_end(self.source, from.byte, to);
        }
        self.push(Node {
            shape: Shape::Scalar,
            style,
            flags: if decoded { DECODED } else { 0 },
            start: from.byte,
            end: to,
            line: from.line,
            column: from.column,
            low,
            high,
        })
    }

    fn open(
        &mut self,
        shape: Shape,
        style: StructureStyle,
        anchor: usize,
        start: Position,
        end: Position,
    ) -> NodeId {
        let (style, from) = match style {
            StructureStyle::Flow => (Style::Flow, start),
            StructureStyle::Block => (Style::Block, self.block_start(shape, start)),
        };
        let id = self.push(Node {
            shape,
            style,
            flags: 0,
            start: from.byte,
            end: end.byte,
            line: from.line,
            column: from.column,
            low: 0,
            high: 0,
        });
        self.declare(anchor, id, None);
        self.frames.push(Frame {
            node: id,
            first_pending: self.pending.len(),
            anchor,
            extent: LEAF,
        });
        id
    }

    /// A sequence that is not indented below its key is reported at its first item; it begins
    /// at the dash before it.
    fn block_start(&self, shape: Shape, start: Position) -> Position {
        let below_key = self
            .frames
            .last()
            .is_some_and(|frame| self.arena.nodes[frame.node.0 as usize].shape == Shape::Mapping);
        if shape == Shape::Sequence && below_key {
            let dash = indicator(self.source, self.reached.byte, start.byte, b"-");
            return dash.map_or(start, |byte| self.reached.advanced(self.source, byte));
        }
        start
    }

    fn end_collection(&mut self, closed_at: Option<Position>) -> Option<(NodeId, Extent)> {
        let frame = self.frames.pop()?;
        let last_end = self
            .pending
            .last()
            .filter(|_| self.pending.len() > frame.first_pending)
            .map(|child| self.arena.nodes[child.0 as usize].end);
        let low = self.arena.children.len() as u32;
        let children = self.pending.drain(frame.first_pending..);
        self.arena.children.extend(children);
        let node = &mut self.arena.nodes[frame.node.0 as usize];
        node.low = low;
        node.high = self.arena.children.len() as u32;
        node.end =
            closed_at.map(|position| position.byte).or(last_end).unwrap_or(node.end).max(node.end);
        let extent = Extent { height: frame.extent.height + 1, ..frame.extent };
        self.declare(frame.anchor, frame.node, Some(extent));
        Some((frame.node, extent))
    }

    fn alias(
        &mut self,
        anchor: usize,
        span: Span,
        budget: &mut Budget,
        errors: &mut Errors,
    ) -> Result<(), SyntaxError> {
        let Some(anchor) = self.anchors.get(&anchor) else {
            return self.broken_alias(span, budget);
        };
        let target = anchor.node;
        let Some(extent) = anchor.extent else {
            let node = &self.arena.nodes[target.0 as usize];
            let at = Position { line: node.line, column: node.column, byte: node.start };
            errors.push(
                SyntaxError::new(Code::SelfReference, span, "an alias inside its own anchor")
                    .related(Span::empty(at), "the anchored node begins here"),
            );
            return self.broken_alias(span, budget);
        };
        let id = self.push_leaf(Shape::Alias, 0, span, target.0);
        self.check_aliases(span, budget)?;
        self.check_depth(id, extent.height, budget)?;
        self.close(id, extent, budget)
    }

    /// A null in place of an alias that leads nowhere, so that the tree stays whole.
    fn broken_alias(&mut self, span: Span, budget: &mut Budget) -> Result<(), SyntaxError> {
        let id = self.push_leaf(Shape::Scalar, BROKEN, span, span.start.byte);
        self.check_aliases(span, budget)?;
        self.close(id, LEAF, budget)
    }

    fn push_leaf(&mut self, shape: Shape, flags: u8, span: Span, low: u32) -> NodeId {
        self.push(Node {
            shape,
            style: Style::Plain,
            flags,
            start: span.start.byte,
            end: span.end.byte,
            line: span.start.line,
            column: span.start.column,
            low,
            high: low,
        })
    }

    fn push(&mut self, node: Node) -> NodeId {
        let id = NodeId(self.arena.nodes.len() as u32);
        self.arena.nodes.push(node);
        id
    }

    fn tag(&mut self, node: NodeId, tag: Option<&Tag>, span: &granit_parser::Span) {
        let (Some(tag), Some(at)) = (tag, span.tag_span()) else {
            return;
        };
        let (start, end) = (position(&at.start), position(&at.end));
        let full = format!("{}{}", tag.handle(), tag.suffix());
        let short = match full.strip_prefix("tag:yaml.org,2002:") {
            Some(rest) => format!("!!{rest}"),
            None => full,
        };
        let slice = (start.byte, end.byte);
        let (low, high, decoded) = self.arena.keep(self.source, slice, &short);
        self.arena.nodes[node.0 as usize].flags |= TAGGED;
        self.arena.tags.push(TagEntry {
            node,
            start: start.byte,
            end: end.byte,
            line: start.line,
            column: start.column,
            low,
            high,
            decoded,
        });
    }

    fn declare(&mut self, anchor: usize, node: NodeId, extent: Option<Extent>) {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchor { node, extent });
        }
    }

    /// A node is complete: hands it to its parent and counts it.
    fn close(
        &mut self,
        id: NodeId,
        extent: Extent,
        budget: &mut Budget,
    ) -> Result<(), SyntaxError> {
        self.attach(id, extent);
        let total = self.frames.last().map_or(self.expanded_len, |frame| frame.extent.nodes);
        if total > budget.limits.expanded_nodes {
            let limit = budget.limits.expanded_nodes;
            let message = format!("with its aliases expanded the document exceeds {limit} nodes");
            return Err(self.limit_error(Code::TooMuchExpansion, id, message));
        }
        self.check_nodes(id, budget)
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

    fn check_nodes(&self, id: NodeId, budget: &Budget) -> Result<(), SyntaxError> {
        let limit = budget.limits.nodes;
        if budget.nodes + self.arena.nodes.len() <= limit {
            return Ok(());
        }
        let message = format!("more than {limit} nodes");
        Err(self.limit_error(Code::TooManyNodes, id, message))
    }

    fn check_aliases(&self, span: Span, budget: &mut Budget) -> Result<(), SyntaxError> {
        budget.aliases += 1;
        let limit = budget.limits.aliases;
        if budget.aliases <= limit {
            return Ok(());
        }
        let message = format!("more than {limit} aliases");
        Err(SyntaxError::new(Code::TooManyAliases, span, message))
    }

    /// `height` counts the collections below the open ones.
    fn check_depth(&self, id: NodeId, height: usize, budget: &Budget) -> Result<(), SyntaxError> {
        let limit = budget.limits.depth;
        if self.frames.len() + height <= limit {
            return Ok(());
        }
        let message = format!("collections nest deeper than {limit}");
        Err(self.limit_error(Code::TooDeep, id, message))
    }

    fn limit_error(&self, code: Code, id: NodeId, message: String) -> SyntaxError {
        let node = &self.arena.nodes[id.0 as usize];
        let start = Position { line: node.line, column: node.column, byte: node.start };
        SyntaxError::new(code, Span::empty(start), message)
    }
}

impl Builder<'_> {
    /// Nodes taken from the stream's allowance.
    pub(crate) fn node_count(&self) -> usize {
        self.arena.nodes.len()
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

fn scalar_style(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}
