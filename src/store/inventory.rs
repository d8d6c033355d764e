//! Who owns what in each target.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::db::Link;
use super::journal::{About, Event};
use super::{Lease, Store, StoreError, Tx, args};
use crate::ids::{Epoch, ResourceKey, Scope, StackName, TargetName};
use crate::model::inventory::{self, Inventory, Mark, Owned};

/// Entries of one target: agent, repository, target, and a list of resource, stack and entry for each,
/// as JSON, which each database opens by a function of its own.
macro_rules! put {
    ($entries:literal) => {
        concat!(
            "INSERT INTO inventory (agent, repository, target, resource, stack, owned, change) \
            SELECT $1, $2, $3, entry.value ->> 0, entry.value ->> 1, entry.value ->> 2, changes \
                FROM target, ",
            $entries,
            " AS entry WHERE agent = $1 AND repository = $2 AND target = $3 \
            ON CONFLICT (agent, repository, target, resource) DO UPDATE SET \
                stack = excluded.stack, owned = excluded.owned, change = excluded.change"
        )
    };
}

const KNOW: &str = "INSERT INTO target (agent, repository, target, epoch) VALUES ($1, $2, $3, $4) \
    ON CONFLICT DO NOTHING";

const KNOWN: &str = "SELECT changes, removal FROM target \
    WHERE agent = $1 AND repository = $2 AND target = $3";

const TARGETS: &str = "SELECT target FROM target WHERE agent = $1 AND repository = $2";

/// What was read of each target's inventory, and after which change: only what was written since is
/// read again. A look at one stack among twenty would else read all of them.
#[derive(Default)]
pub(super) struct Inventories(Mutex<BTreeMap<(Scope, TargetName), Known>>);

/// After which change it was read, and what it was.
type Known = (i64, Arc<Inventory>);

impl Inventories {
    fn get(&self, of: &(Scope, TargetName)) -> Option<Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(of).cloned()
    }

    fn put(&self, of: (Scope, TargetName), change: i64, owned: &Arc<Inventory>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(of, (change, owned.clone()));
    }
}

impl Store {
    /// Whether [`Store::inventory`] is one.
    pub async fn knows(&self, scope: &Scope, target: &TargetName) -> Result<bool, StoreError> {
        let args = args![&scope.agent, &scope.repository, target];
        Ok(self.read().await?.row(KNOWN, args).await?.is_some())
    }

    /// The stacks that own something, by target.
    pub(super) async fn owning(
        &self,
        scope: &Scope,
    ) -> Result<BTreeMap<TargetName, BTreeSet<StackName>>, StoreError> {
        // From each to the next one: twenty stacks own thousands of resources.
        const OWNING: &str = "WITH RECURSIVE owning (stack) AS (\
                SELECT MIN(stack) FROM inventory \
                    WHERE agent = $1 AND repository = $2 AND target = $3 \
                UNION ALL \
                SELECT (SELECT MIN(next.stack) FROM inventory AS next \
                    WHERE agent = $1 AND repository = $2 AND target = $3 \
                        AND next.stack > owning.stack) \
                    FROM owning WHERE owning.stack IS NOT NULL\
            ) SELECT stack FROM owning WHERE stack IS NOT NULL";
        let of = args![&scope.agent, &scope.repository];
        let (mut link, mut all) = (self.read().await?, BTreeMap::new());
        for row in link.rows(TARGETS, of).await? {
            let target: TargetName = row.id(0)?;
            let rows = link.rows(OWNING, args![&scope.agent, &scope.repository, &target]).await?;
            let stacks: Result<_, _> = rows.iter().map(|row| row.id(0)).collect();
            all.insert(target, stacks?);
        }
        Ok(all)
    }

    /// What is owned in a target. `None`: this database knows nothing of that target, which is
    /// not the same as owning nothing there; [`Tx::inventory_rebuild`] learns it from the mark.
    pub async fn inventory(
        &self,
        scope: &Scope,
        target: &TargetName,
    ) -> Result<Option<Arc<Inventory>>, StoreError> {
        const OWNED: &str = "SELECT resource, owned FROM inventory \
            WHERE agent = $1 AND repository = $2 AND target = $3 AND change > $4";
        let mut link = self.read().await?;
        let mut args = args![&scope.agent, &scope.repository, target];
        let Some(row) = link.row(KNOWN, args.clone()).await? else { return Ok(None) };
        let (change, removal): (i64, i64) = (row.get(0)?, row.get(1)?);
        let of = (scope.clone(), target.clone());
        let (since, mut owned) = match self.inventories.get(&of) {
            Some((known, owned)) if known == change => return Ok(Some(owned)),
            // What is written meanwhile is read now and once more; what goes, at the next look.
            Some((known, owned)) if known >= removal => (known, owned),
            _ => (-1, Arc::default()),
        };
        args.extend(args![since]);
        let rows = link.rows(OWNED, args).await?;
        let read = rows.iter().map(|row| Ok((row.id(0)?, row.json(1, "an inventory entry")?)));
        let mut read = read.collect::<Result<Inventory, StoreError>>()?;
        inventory::share(&mut read);
        Arc::make_mut(&mut owned).extend(read);
        self.inventories.put(of, change, &owned);
        Ok(Some(owned))
    }

    /// The same for every target that this database knows, read in one go.
    pub async fn inventories(
        &self,
        scope: &Scope,
    ) -> Result<BTreeMap<TargetName, Arc<Inventory>>, StoreError> {
        const OWNED: &str =
            "SELECT target, resource, owned FROM inventory WHERE agent = $1 AND repository = $2";
        let args = args![&scope.agent, &scope.repository];
        let mut link = self.read().await?;
        let mut all = BTreeMap::<TargetName, Inventory>::new();
        for row in link.rows(TARGETS, args.clone()).await? {
            all.insert(row.id(0)?, Inventory::new());
        }
        for row in link.rows(OWNED, args).await? {
            let of = all.entry(row.id(0)?).or_default();
            of.insert(row.id(1)?, row.json(2, "an inventory entry")?);
        }
        Ok(all.into_iter().map(|(target, owned)| (target, Arc::new(owned))).collect())
    }
}

impl Tx {
    /// Replaces the entries of the resources named: `Some` before anything is created, `None`
    /// after a delete is confirmed. Other resources keep theirs.
    pub async fn inventory_write(
        &mut self,
        lease: &Lease,
        target: &TargetName,
        entries: &BTreeMap<ResourceKey, Option<Owned>>,
    ) -> Result<(), StoreError> {
        const DROP: &str = "DELETE FROM inventory \
            WHERE agent = $1 AND repository = $2 AND target = $3 AND resource = $4";
        const CHANGE: &str = "UPDATE target SET changes = changes + 1 \
            WHERE agent = $1 AND repository = $2 AND target = $3";
        const REMOVAL: &str = "UPDATE target SET removal = changes \
            WHERE agent = $1 AND repository = $2 AND target = $3";
        let Scope { agent, repository } = &lease.scope;
        let this = args![agent, repository, target];
        self.link()?;
        self.fence(lease).await?;
        self.link.execute(KNOW, args![agent, repository, target, Epoch::default()]).await?;
        self.link.execute(CHANGE, this.clone()).await?;
        let own = entries.iter().filter_map(|(key, owned)| Some((key, owned.as_ref()?)));
        self.own(&lease.scope, target, own).await?;
        for (resource, _) in entries.iter().filter(|(_, owned)| owned.is_none()) {
            self.link.execute(DROP, args![agent, repository, target, resource]).await?;
        }
        if entries.values().any(Option::is_none) {
            self.link.execute(REMOVAL, this).await?;
        }
        self.done(())
    }

    /// Completes entries that are there already, after the target's mark says the same: `marked`
    /// of them the mark had lost.
    pub async fn inventory_complete(
        &mut self,
        lease: &Lease,
        target: &TargetName,
        entries: &Inventory,
        marked: usize,
    ) -> Result<(), StoreError> {
        let own =
            |(key, owned): (&ResourceKey, &Arc<Owned>)| (key.clone(), Some(Owned::clone(owned)));
        self.inventory_write(lease, target, &entries.iter().map(own).collect()).await?;
        let (target, resources) = (target.clone(), entries.len());
        let event = Event::OwnershipCompleted { target, resources, marked };
        self.link()?;
        self.append(lease.about(), &event).await?;
        self.done(())
    }

    /// Learns from a target's mark what is owned there. Does nothing and gives `false` if this
    /// database knows the target already. Later leases have epochs above the mark's.
    pub async fn inventory_rebuild(
        &mut self,
        scope: &Scope,
        target: &TargetName,
        mark: &Mark,
    ) -> Result<bool, StoreError> {
        if (mark.version, &mark.scope, &mark.target) != (Mark::VERSION, scope, target) {
            return Err(StoreError::conflict(format!("the mark is not {scope}'s at {target}")));
        }
        let args = args![&scope.agent, &scope.repository, target, mark.epoch_max()];
        if self.link()?.execute(KNOW, args).await? == 0 {
            return self.done(false);
        }
        let own = mark.resources.iter().map(|(key, owned)| (key, &**owned));
        self.own(scope, target, own).await?;
        let (target, resources) = (target.clone(), mark.resources.len());
        let event = Event::InventoryRebuilt { target, resources, epoch: mark.epoch_max() };
        self.append(About::scope(scope), &event).await?;
        self.done(true)
    }

    /// All of them at once: a run of hundreds of steps holds up nobody else who writes.
    async fn own(
        &mut self,
        scope: &Scope,
        target: &TargetName,
        entries: impl Iterator<Item = (&ResourceKey, &Owned)>,
    ) -> Result<(), StoreError> {
        let row = |(resource, owned): (&ResourceKey, &Owned)| {
            let body = serde_json::to_string(owned)?;
            Ok([resource.as_str().to_owned(), owned.component.stack.as_str().to_owned(), body])
        };
        let rows: Result<Vec<_>, serde_json::Error> = entries.map(row).collect();
        let rows = rows.and_then(|rows| serde_json::to_string(&rows));
        let rows =
            rows.map_err(|error| StoreError::conflict(format!("no inventory entry: {error}")))?;
        let put = match self.link {
            Link::Sqlite(..) => put!("json_each($4)"),
            Link::Postgres(..) => put!("json_array_elements($4::json)"),
        };
        self.link.execute(put, args![&scope.agent, &scope.repository, target, rows]).await?;
        Ok(())
    }
}
