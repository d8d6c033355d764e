//! Secrets are types that cannot be printed.
//!
//! [`Secret`] is a handle that may travel through merge, plan, digest and report: it knows where
//! the clear text can be had and a hash that changes when the secret does, never the text.
//! [`Clear`] is the text itself, and lives only where something is observed or applied.

use std::sync::Arc;

use crate::ids::ContentId;

/// A value that exists and may not be shown.
///
/// Two handles are equal when they name the same secret in the same state: a rotated secret is
/// a changed value. The hash is over the ciphertext, or an HMAC under the installation's key;
/// never over the clear text alone, which could be guessed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    handle: Arc<str>,
    state: ContentId,
}

impl Secret {
    /// Names the secret that `handle` leads to, in the state that `state` stands for.
    pub fn new(handle: impl Into<Arc<str>>, state: ContentId) -> Self {
        Self { handle: handle.into(), state }
    }

    /// Where the clear text can be had; says nothing about the text.
    pub fn handle(&self) -> &str {
        &self.handle
    }

    /// Changes when the secret changes. For digests only: reports show no hash.
    pub fn state(&self) -> ContentId {
        self.state
    }
}

/// The clear text of a credential. No `Debug`, `Display` or `Serialize`; overwritten when dropped.
pub struct Clear(Vec<u8>);

impl Clear {
    /// Takes ownership of the text.
    pub fn new(text: impl Into<Vec<u8>>) -> Self {
        Self(text.into())
    }

    /// The text, for the one call that needs it.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The text, where it has to be UTF-8 (tokens, passwords).
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl Drop for Clear {
    fn drop(&mut self) {
        self.0.fill(0);
        // The fill is a dead store to the optimiser unless something may still look at it.
        std::hint::black_box(&self.0);
    }
}
