//! Deliveries from forges: each counts once.

use super::{StoreError, Tx, args};
use crate::ids::Scope;

/// Longest delivery id or provider name: forges send 36 characters; 256 leaves room for others.
pub const DELIVERY_BYTES_MAX: usize = 256;

impl Tx {
    /// Records a delivery; gives whether it is new. A delivery only wakes: what it says is read
    /// again from the forge, so a repeated one is answered and dropped.
    pub async fn receive(
        &mut self,
        scope: &Scope,
        provider: &str,
        delivery: &str,
        kind: &str,
    ) -> Result<bool, StoreError> {
        const RECEIVE: &str = "INSERT INTO inbox \
            (agent, repository, provider, delivery, kind, at) VALUES ($1, $2, $3, $4, $5, $6) \
            ON CONFLICT DO NOTHING";
        for text in [provider, delivery, kind] {
            if text.len() > DELIVERY_BYTES_MAX {
                return Err(StoreError::TooLarge {
                    what: "a delivery",
                    bytes: text.len(),
                    bytes_max: DELIVERY_BYTES_MAX,
                });
            }
        }
        let now = self.now();
        let args = args![&scope.agent, &scope.repository, provider, delivery, kind, now];
        let fresh = self.link()?.execute(RECEIVE, args).await? > 0;
        self.done(fresh)
    }
}
