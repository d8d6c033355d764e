//! Template engines that threads take turns with: what one has parsed, the next need not.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use super::template::Templates;

/// Engines that nobody uses now: at most as many as there ever were threads at once.
#[derive(Default)]
pub(super) struct Engines(Mutex<Vec<Templates>>);

/// An engine that comes back when this is dropped.
pub(super) struct Lent<'e> {
    from: &'e Engines,
    own: Option<Templates>,
}

impl Engines {
    /// One that knows no answers: a spare one, or one like `templates`.
    pub(super) fn lend(&self, templates: &Templates) -> Lent<'_> {
        let spare = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let own = spare.unwrap_or_else(|| templates.fresh());
        own.forget_answers();
        Lent { from: self, own: Some(own) }
    }
}

impl Deref for Lent<'_> {
    type Target = Templates;

    fn deref(&self) -> &Templates {
        self.own.as_ref().expect("it goes back only when it is dropped")
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut Templates {
        self.own.as_mut().expect("it goes back only when it is dropped")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.from.0.lock().unwrap_or_else(PoisonError::into_inner).extend(self.own.take());
    }
}
