//! What a value weighs: its parts, counted as if nothing in it were shared.

use super::{Node, Value};

/// Bytes of text that weigh as much as one value.
pub const TEXT_PART: usize = 16;

impl Value {
    /// Takes what this value weighs off `left`, as long as there is anything; whether there was
    /// enough, and it has no more than `depth` levels. What is too heavy is not looked at to its end.
    pub fn fits(&self, depth: u32, left: &mut u64) -> bool {
        let text = match &self.node {
            Node::Raw(raw) => raw.text.len(),
            Node::Str(text) => text.len(),
            _ => 0,
        };
        let Some(rest) = left.checked_sub(1 + (text / TEXT_PART) as u64) else {
            *left = 0;
            return false;
        };
        *left = rest;
        let mut inside = |item: &Self| depth > 0 && item.fits(depth - 1, left);
        match &self.node {
            Node::List(items) => items.iter().all(&mut inside),
            Node::Map(map) => map.iter().all(|(_, item)| inside(item)),
            _ => true,
        }
    }
}
