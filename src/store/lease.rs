//! The exclusive right to act on one stack, with the epoch that fences everybody before.

use std::time::Duration;

use crate::ids::{Epoch, HolderId, Scope, StackName};
use crate::world::Clock;

/// Held by one run of one stack. An argument of every function that writes.
///
/// It proves that the database granted it; whether it still holds is a matter of time, which
/// [`Lease::check`] answers by the monotonic clock, without a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub(super) scope: Scope,
    pub(super) stack: StackName,
    pub(super) holder: HolderId,
    pub(super) epoch: Epoch,
    pub(super) expires: Duration,
}

/// The lease has run out, or is about to: whoever holds it must stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the lease on {stack} (epoch {epoch}) has run out")]
pub struct LeaseLost {
    /// On which stack.
    pub stack: StackName,
    /// Which acquisition.
    pub epoch: Epoch,
}

impl Lease {
    /// Whose it is.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The stack it allows to act on.
    pub fn stack(&self) -> &StackName {
        &self.stack
    }

    /// The process that holds it.
    pub fn holder(&self) -> &HolderId {
        &self.holder
    }

    /// The fencing token.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether an effect that takes at most `needed` may begin now.
    pub fn check(&self, clock: &dyn Clock, needed: Duration) -> Result<(), LeaseLost> {
        match clock.monotonic() + needed < self.expires {
            true => Ok(()),
            false => Err(LeaseLost { stack: self.stack.clone(), epoch: self.epoch }),
        }
    }
}
