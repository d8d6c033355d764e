//! The exclusive right to act on one stack, with the epoch that fences everybody before.

use std::time::Duration;

use super::db::Arg;
use super::journal::{About, Event};
use super::{Store, StoreError, Tx, args};
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

    /// How long it lasts from now, if nobody renews it.
    pub fn left(&self, clock: &dyn Clock) -> Duration {
        self.expires.saturating_sub(clock.monotonic())
    }

    /// Whether an effect that takes at most `needed` may begin now.
    pub fn check(&self, clock: &dyn Clock, needed: Duration) -> Result<(), LeaseLost> {
        match clock.monotonic() + needed < self.expires {
            true => Ok(()),
            false => Err(LeaseLost { stack: self.stack.clone(), epoch: self.epoch }),
        }
    }
}

impl Store {
    /// Takes the lease on a stack for `ttl`, if nobody holds it; `None` if somebody does.
    ///
    /// Every acquisition has a higher epoch than all before, and than every mark that the
    /// inventory was rebuilt from. The lease counts as held from before the database was asked,
    /// so it runs out here before it does there. After [`StoreError::CommitUnknown`] it may be
    /// held by nobody who knows: it runs out by itself.
    pub async fn acquire(
        &self,
        scope: &Scope,
        stack: &StackName,
        holder: &HolderId,
        ttl: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        const ACQUIRE: &str = "INSERT INTO lease (agent, repository, stack, holder, epoch, until) \
            VALUES ($1, $2, $3, $4, 1 + (SELECT COALESCE(MAX(epoch), 0) FROM target \
                WHERE agent = $1 AND repository = $2), $5) \
            ON CONFLICT (agent, repository, stack) DO UPDATE SET \
                holder = excluded.holder, until = excluded.until, \
                epoch = CASE WHEN lease.epoch < excluded.epoch \
                    THEN excluded.epoch ELSE lease.epoch + 1 END \
            WHERE lease.until <= $6 RETURNING epoch";
        let expires = self.world.clock.monotonic() + ttl;
        let mut tx = self.begin().await?;
        let now = tx.link.now(&*self.world.clock).await?;
        let until = now.saturating_add(micros(ttl));
        let args = args![&scope.agent, &scope.repository, stack, holder, until, now];
        let Some(row) = tx.link.row(ACQUIRE, args).await? else { return Ok(None) };
        let epoch = Epoch(row.get(0)?);
        let lease = Lease {
            scope: scope.clone(),
            stack: stack.clone(),
            holder: holder.clone(),
            epoch,
            expires,
        };
        tx.append(lease.about(), &Event::LeaseAcquired { holder: holder.clone() }).await?;
        tx.commit().await?;
        Ok(Some(lease))
    }

    /// Holds the lease for another `ttl` from now. [`StoreError::Fenced`] if it has run out or is
    /// somebody else's by now; then it cannot be had back.
    pub async fn renew(&self, lease: &mut Lease, ttl: Duration) -> Result<(), StoreError> {
        const RENEW: &str = "UPDATE lease SET until = $6 \
            WHERE agent = $1 AND repository = $2 AND stack = $3 AND holder = $4 AND epoch = $5 \
            AND until > $7";
        let expires = self.world.clock.monotonic() + ttl;
        let mut link = self.write().await?;
        let now = link.now(&*self.world.clock).await?;
        let mut args = lease.args();
        args.extend(args![now.saturating_add(micros(ttl)), now]);
        if link.execute(RENEW, args).await? == 0 {
            return Err(lease.fenced());
        }
        link.commit().await?;
        lease.expires = expires;
        Ok(())
    }

    /// Gives the lease back. A copy of it can write no more; one that is not held any longer is
    /// left as it is.
    pub async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        const RELEASE: &str = "UPDATE lease SET holder = NULL, until = 0 \
            WHERE agent = $1 AND repository = $2 AND stack = $3 AND holder = $4 AND epoch = $5";
        let mut tx = self.begin().await?;
        if tx.link.execute(RELEASE, lease.args()).await? > 0 {
            let event = Event::LeaseReleased { holder: lease.holder.clone() };
            tx.append(lease.about(), &event).await?;
        }
        tx.commit().await
    }

    /// Takes the lease away from whoever holds it, because a person says so, and fences all that
    /// holder's writes. `None`: nobody has ever had one.
    pub async fn break_lease(
        &self,
        scope: &Scope,
        stack: &StackName,
        reason: &str,
    ) -> Result<Option<Epoch>, StoreError> {
        const BREAK: &str = "UPDATE lease SET holder = NULL, until = 0, epoch = epoch + 1 \
            WHERE agent = $1 AND repository = $2 AND stack = $3 RETURNING epoch";
        let mut tx = self.begin().await?;
        let args = args![&scope.agent, &scope.repository, stack];
        let Some(row) = tx.link.row(BREAK, args).await? else { return Ok(None) };
        let epoch = Epoch(row.get(0)?);
        let about = About { scope, stack: Some(stack), run: None, epoch: Some(epoch) };
        tx.append(about, &Event::LeaseBroken { reason: reason.to_owned() }).await?;
        tx.commit().await?;
        Ok(Some(epoch))
    }
}

impl Tx {
    /// Refuses whoever does not hold the stack any longer. Nobody can take the lease before this
    /// transaction ends.
    pub(super) async fn fence(&mut self, lease: &Lease) -> Result<(), StoreError> {
        const FENCE: &str = "SELECT epoch FROM lease \
            WHERE agent = $1 AND repository = $2 AND stack = $3 AND holder = $4 AND epoch = $5";
        match self.link.row(FENCE, lease.args()).await? {
            Some(_) => Ok(()),
            None => Err(lease.fenced()),
        }
    }
}

impl Lease {
    pub(super) fn about(&self) -> About<'_> {
        About { scope: &self.scope, stack: Some(&self.stack), run: None, epoch: Some(self.epoch) }
    }

    pub(super) fn fenced(&self) -> StoreError {
        StoreError::Fenced { stack: self.stack.clone(), epoch: self.epoch }
    }

    /// `$1` to `$5` of every statement that only its holder may run.
    pub(super) fn args(&self) -> Vec<Arg> {
        let Scope { agent, repository } = &self.scope;
        args![agent, repository, &self.stack, &self.holder, self.epoch]
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
