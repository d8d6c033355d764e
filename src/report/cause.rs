//! Where changes come from, and how far each place reaches: one line of a file may change fields
//! in many stacks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::words::{several, visible};
use crate::ids::{ComponentId, StackName};
use crate::model::change::{Action, Cause as Reason};
use crate::model::review::Review;

/// Most places that are listed: what is behind them is in the plans.
pub const CAUSES_MAX: usize = 5;

/// One place and what it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The file.
    pub file: Arc<str>,
    /// The line in it.
    pub line: u32,
    /// The fields it changes, as the resources call them.
    pub fields: BTreeSet<String>,
    /// The components they are in.
    pub components: BTreeSet<ComponentId>,
}

/// The places that change something that is there already, those that reach farthest first. What
/// is created says by itself where it comes from.
pub fn all(review: &Review) -> Vec<Cause> {
    let changes = review.plans.iter().flat_map(|plan| &plan.effect().changes);
    let changes = changes.filter(|change| {
        change.cause == Reason::Wish
            && matches!(change.action, Action::Update | Action::Replace | Action::Adopt)
    });
    let mut causes: BTreeMap<(Arc<str>, u32), Cause> = BTreeMap::new();
    for change in changes {
        for field in &change.fields {
            let Some(at) = &field.origin else { continue };
            let (file, line) = (at.file.clone(), at.start.line);
            let cause = causes.entry((file.clone(), line)).or_insert_with(|| Cause {
                file,
                line,
                fields: BTreeSet::new(),
                components: BTreeSet::new(),
            });
            cause.fields.insert(field.path.to_string());
            cause.components.insert(change.component.clone());
        }
    }
    let mut causes: Vec<_> = causes.into_values().collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.components.len()));
    causes.truncate(CAUSES_MAX);
    causes
}

impl Cause {
    /// "`stacks/a.yaml:12` changes `days` in 5 components of 3 stacks", with `code` around what
    /// users wrote.
    pub fn sentence(&self, code: impl Fn(&str) -> String) -> String {
        let place = code(&visible(&format!("{}:{}", self.file, self.line)));
        let what = match self.fields.first() {
            Some(field) if self.fields.len() == 1 && !field.is_empty() => code(&visible(field)),
            _ => several(self.fields.len(), "field"),
        };
        let stacks: BTreeSet<&StackName> = self.components.iter().map(|id| &id.stack).collect();
        let components = several(self.components.len(), "component");
        format!("{place} changes {what} in {components} of {}", several(stacks.len(), "stack"))
    }
}
