//! How much one component may hold, as it is merged and as it is rendered and called.

use std::sync::Arc;

use super::component::{Merged, Sections};
use super::finish::{Bench, Finisher};
use crate::diagnostic::{Code, Diagnostic};

/// How much the sections of one component may hold together, in values and 16 bytes of text: two and
/// a half times what one file may come to with all its aliases, and some hundred times the largest
/// component known. It is some 100 MB of JSON at most.
pub(super) const PARTS_MAX: u64 = 1_000_000;

impl Finisher<'_> {
    /// Says so, and lets go of the sections, if a component holds more than it may.
    pub(super) fn weigh(&self, bench: &mut Bench<'_>, merged: &mut Merged) {
        let Some(heaviest) = beyond(&merged.sections).cloned() else { return };
        bench.faults.push(self.too_large(bench, merged, &heaviest));
        merged.sections = Sections::default();
    }

    /// The fault of a component that is too large, most of all for its section `name`.
    pub(super) fn too_large(&self, bench: &Bench<'_>, merged: &Merged, name: &str) -> Diagnostic {
        let message = format!(
            "this component holds more than {PARTS_MAX} values and pieces of text, most of them in \
             `{name}`"
        );
        let span = match merged.get(name) {
            Some(value) => self.span(bench.parent, &bench.sources.key, value),
            None => bench.parent.span(&bench.sources.key),
        };
        Diagnostic::error(Code::ComponentTooLarge, span, message)
    }
}

/// The heaviest section of those that hold too much together, if they do.
fn beyond(sections: &Sections) -> Option<&Arc<str>> {
    let (mut left, mut heaviest) = (PARTS_MAX, None);
    for (name, section) in sections.iter() {
        let before = left;
        let fits = section.value.fits(u32::MAX, &mut left);
        if heaviest.is_none_or(|(most, _)| before - left > most) {
            heaviest = Some((before - left, name));
        }
        if !fits {
            return heaviest.map(|(_, name)| name);
        }
    }
    None
}
