//! What a value weighs: its parts, counted as if nothing in it were shared, and its texts, those of
//! keys too.

use super::{Node, Value};

/// Bytes of text that weigh as much as one value.
pub const TEXT_PART: usize = 16;

impl Value {
    /// Takes what this value weighs off `left`, as long as there is anything; whether there was
    /// enough, and it has no more than `depth` levels. What is too heavy is not looked at to its end.
    pub fn fits(&self, depth: u32, left: &mut u64) -> bool {
        let text = match &self.node {
            Node::Raw(raw) => &*raw.text,
            Node::Str(text) => text,
            _ => "",
        };
        let inside = |item: &Self, left: &mut u64| depth > 0 && item.fits(depth - 1, left);
        take(1 + parts(text), left)
            && match &self.node {
                Node::List(items) => items.iter().all(|item| inside(item, left)),
                Node::Map(map) => {
                    map.iter().all(|(key, item)| take(parts(key), left) && inside(item, left))
                }
                _ => true,
            }
    }
}

fn parts(text: &str) -> u64 {
    (text.len() / TEXT_PART) as u64
}

/// Whether there was enough.
fn take(parts: u64, left: &mut u64) -> bool {
    let rest = left.checked_sub(parts);
    *left = rest.unwrap_or_default();
    rest.is_some()
}
