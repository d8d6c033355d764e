//! Scalars, aliases and tags.

use granit_parser::{ScalarStyle, Tag};

use super::{Builder, LEAF, position};
use crate::arena::{BROKEN, DECODED, Node, Shape, TAGGED, TagEntry};
use crate::builder::Budget;
use crate::document::{NodeId, Style};
use crate::error::{Code, Errors, SyntaxError};
use crate::notation::{indicator, trimmed_end, without_added_break};
use crate::position::{Position, Span};

impl Builder<'_> {
    /// A scalar as the parser reports it: of a block scalar the content without its header, of
    /// one that was left out an empty span.
    pub(super) fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tagged: bool,
        span: Span,
    ) -> NodeId {
        let Span { start, end } = span;
        let style = node_style(style);
        let quoted = matches!(style, Style::SingleQuoted | Style::DoubleQuoted);
        let block = matches!(style, Style::Literal | Style::Folded);
        let text = match style {
            Style::Plain if start == end && !tagged => "",
            _ if block && end.byte as usize == self.source.len() => {
                without_added_break(self.source, text)
            }
            _ => text,
        };
        let quotes = u32::from(quoted && end.byte - start.byte >= 2);
        let inner = (start.byte + quotes, end.byte - quotes);
        let (low, high, decoded) = self.arena.keep(self.source, inner, text);
        let flags = if decoded { DECODED } else { 0 };
        let (from, to) = if block { self.block_extent(span) } else { (start, end.byte) };
        self.arena.push(Node { flags, low, high, ..Node::new(Shape::Scalar, style, from, to) })
    }

    /// A plain scalar without text.
    pub(super) fn nothing(&mut self) -> NodeId {
        let at = Span::empty(self.reached);
        self.scalar("", ScalarStyle::Plain, false, at)
    }

    pub(super) fn alias(
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
            let begin = Span::empty(self.arena.start(target));
            let error = SyntaxError::new(Code::SelfReference, span, "an alias inside its anchor");
            errors.push(error.related(begin, "the anchored node begins here"));
            return self.broken_alias(span, budget);
        };
        let node = Node::new(Shape::Alias, Style::Plain, span.start, span.end.byte);
        let id = self.arena.push(Node { low: target.0, ..node });
        budget.take_alias(span.start)?;
        budget.check_depth(self.frames.len() + extent.height, span.start)?;
        self.close(id, extent, budget)
    }

    /// A null in place of an alias that leads nowhere, so that the tree stays whole.
    pub(super) fn broken_alias(
        &mut self,
        span: Span,
        budget: &mut Budget,
    ) -> Result<(), SyntaxError> {
        let node = Node::new(Shape::Scalar, Style::Plain, span.start, span.end.byte);
        let id = self.arena.push(Node { flags: BROKEN, ..node });
        budget.take_alias(span.start)?;
        self.close(id, LEAF, budget)
    }

    pub(super) fn tag(&mut self, node: NodeId, tag: Option<&Tag>, span: &granit_parser::Span) {
        let (Some(tag), Some(at)) = (tag, span.tag_span()) else {
            return;
        };
        let (start, end) = (position(&at.start), position(&at.end).byte);
        let full = format!("{}{}", tag.handle(), tag.suffix());
        let short = match full.strip_prefix("tag:yaml.org,2002:") {
            Some(rest) => format!("!!{rest}"),
            None => full,
        };
        let (low, high, decoded) = self.arena.keep(self.source, (start.byte, end), &short);
        self.arena.nodes[node.index()].flags |= TAGGED;
        self.arena.tags.push(TagEntry { node, start, end, low, high, decoded });
    }

    /// From the `|` or `>` to the last visible character.
    fn block_extent(&self, content: Span) -> (Position, u32) {
        let end = content.end.byte;
        let header = indicator(self.source, self.reached.byte, end, b"|>");
        let from = match header {
            Some(byte) => self.reached.advanced(self.source, byte),
            None => content.start,
        };
        (from, trimmed_end(self.source, from.byte, end))
    }
}

fn node_style(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}
