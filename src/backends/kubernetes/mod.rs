//! The target that is a Kubernetes cluster, 1.30 or later.
//!
//! Takes: a cluster that several agents, people and controllers write to.
//! Gives: what of each object is ours, live and as the server itself says it would be (a dry run
//! of server-side apply); after a step what it has become.
//! Never: merges by itself; takes a field that was not shown; deletes what does not carry our
//! label, or another object of the same name; takes an answer of somebody else for the API's.
//! Start at: [`KubernetesTarget`], then `look.rs` for one object and `step.rs` for one change.
//! How to add: what a server can refuse goes into `failure.rs`, with its disposition.

mod coming;
mod connection;
mod events;
mod failure;
mod fence;
mod fields;
mod health;
mod identity;
mod kinds;
mod list;
mod look;
mod mark;
mod memory;
mod observe;
mod owner;
mod replace;
mod rules;
mod sights;
mod step;
mod takeover;
mod transport;
mod truth;
mod turns;
mod veil;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::sync::OnceCell;

use self::coming::Coming;
use self::connection::{Connection, Failure};
use self::events::{Queue, Speaker, Teller};
use self::identity::Identity;
use self::kinds::{Kind, Kinds};
use self::look::Eyes;
use self::mark::Marks;
use self::memory::Memory;
pub use self::rules::HealthRules;
use self::sights::Sights;
use self::truth::Truths;
use self::turns::Turn;
use self::watch::Watches;
use super::{ASKED_MAX, After, Asked, MarkEntries, StepError, Target};
use crate::build::Rendered;
use crate::ids::{ComponentId, Scope, TargetName};
use crate::keyring::Keyring;
use crate::model::health_rule::HealthRule;
use crate::model::inventory::{Inventory, Mark};
use crate::model::notice::Notice;
use crate::model::observation::Observed;
use crate::model::plan::{Effect, Step};
use crate::settings::KubernetesSettings;
use crate::store::Lease;
use crate::world::World;

/// How long the lists may take that what was kept is held against: 100,000 objects take some three
/// seconds. Of a kind whose list takes longer, every object is looked at.
const RECALL_TIME: Duration = Duration::from_secs(10);

/// How often what is certain is kept while it changes: a crash loses so much of it, and has the
/// objects looked at that changed meanwhile. Of 4,000 objects it takes 20 ms each time.
const KEEP_PERIOD: Duration = Duration::from_secs(10);

/// A cluster as a target, for one agent and repository.
pub struct KubernetesTarget {
    name: TargetName,
    scope: Scope,
    /// The name our fields are written under.
    writer: String,
    connection: Arc<Connection>,
    kinds: Arc<Kinds>,
    marks: Marks,
    truths: Arc<Truths>,
    sights: Sights,
    watches: Watches,
    memory: Memory,
    /// Who tells people in the cluster what happens; `None`: nobody does.
    teller: Option<Teller>,
    keyring: Arc<Keyring>,
    rules: Arc<HealthRules>,
    /// Whether what another process has kept was looked through.
    recalled: OnceCell<()>,
    keep_at: Mutex<Duration>,
}

impl KubernetesTarget {
    /// The cluster of `settings` as the target `name`. Nothing is asked of it yet. What is certain of
    /// it is kept in the folder `cache`. What is encrypted is opened by `keyring`; how objects are doing
    /// is said by `rules` for the kinds that these are of.
    pub fn open(
        name: TargetName,
        scope: Scope,
        settings: KubernetesSettings,
        cache: &Path,
        (keyring, rules): (Arc<Keyring>, Arc<HealthRules>),
        world: &World,
    ) -> Self {
        let namespace = settings.marks().to_owned();
        let (writer, label) = (owner::writer(&scope), owner::label(&scope));
        let is_told = settings.events;
        let connection = Arc::new(Connection::new(name.clone(), settings, world.clone()));
        let truths = Arc::new(Truths::new(writer.clone()));
        let kinds = Arc::new(Kinds::new());
        let speaker = Speaker {
            scope: scope.clone(),
            target: name.clone(),
            namespace: namespace.clone(),
            writer: writer.clone(),
            connection: connection.clone(),
            kinds: kinds.clone(),
            truths: truths.clone(),
            queue: Queue::default(),
        };
        let file = format!("{}.json", owner::hashed(&format!("{scope}/{name}")));
        Self {
            memory: Memory::new(cache.join("clusters").join(file)),
            keyring,
            recalled: OnceCell::new(),
            keep_at: Mutex::default(),
            marks: Marks::new(scope.clone(), name.clone(), namespace),
            watches: Watches::new(connection.clone(), truths.clone(), rules.clone(), label),
            rules,
            kinds,
            teller: is_told.then(|| Teller::new(speaker)),
            sights: Sights::default(),
            writer,
            connection,
            truths,
            name,
            scope,
        }
    }

    /// How many requests have been sent since it was opened, watches aside: an object that did not
    /// change costs none.
    pub fn requests(&self) -> u64 {
        self.connection.requests()
    }

    /// Begins with what was certain when another process was last here: one list per kind.
    async fn recall(&self) {
        let recall = async || {
            let page = self.memory.read(&self.connection).await?;
            let folders = page.kinds.iter().map(|(kind, _)| kind.folder(None)).collect();
            self.truths.restore(page.objects);
            self.doubt(&page.kinds, &page.rules);
            page.kinds.iter().for_each(|(kind, of)| self.watches.follow(kind, of));
            if !page.kinds.is_empty() {
                self.watches.begin();
                tokio::select! {
                    () = self.truths.until_followed(&folders) => {}
                    () = self.connection.world().clock.sleep(RECALL_TIME) => {}
                }
            }
            Ok::<(), Failure>(())
        };
        // Whoever looks is told why the cluster does not answer, and the next look tries again.
        let _ = self.recalled.get_or_try_init(recall).await;
    }

    /// Forgets how objects are doing of which it was told by another rule than there is now.
    fn doubt(&self, kinds: &[(Kind, Identity)], told_by: &[HealthRule]) {
        let rules = self.rules.now();
        for (kind, of) in kinds {
            let is_for = |rule: &&HealthRule| rule.is_for(&of.group, &of.kind);
            if rules.said().find(is_for) != told_by.iter().find(is_for) {
                self.truths.doubt(&kind.folder(None));
            }
        }
    }

    /// Keeps what is certain, if it is time to. Gives when it is next.
    fn keep_in_time(&self) -> Duration {
        let now = self.connection.now();
        let mut at = self.keep_at.lock().unwrap_or_else(PoisonError::into_inner);
        if *at <= now {
            self.keep();
            *at = now + KEEP_PERIOD;
        }
        *at - now
    }

    fn keep(&self) {
        if !self.truths.has_news() {
            return;
        }
        let unique = self.connection.world().ids.unique();
        let rules = self.rules.now().said().cloned().collect();
        self.memory.write(self.watches.kinds(), rules, self.truths.keep(), &unique);
    }

    async fn look_at_one(&self, asked: &Asked<'_>, coming: &Coming<'_>) -> Observed {
        let Asked { component, rendered, owned } = asked;
        self.keyring.learn(rendered.iter().flat_map(|rendered| rendered.ciphers()));
        self.recall().await;
        let observed = match self.marks.known(&self.connection).await {
            Ok(marks) => self.look_at_all(&marks, component, *rendered, owned, coming).await,
            Err(error) => Observed::Unreachable { reason: error.reason },
        };
        self.truths.could_see(component, !observed.is_blind());
        observed
    }

    fn eyes(&self) -> Eyes<'_> {
        Eyes { connection: &self.connection, kinds: &self.kinds, writer: &self.writer }
    }
}

#[async_trait]
impl Target for KubernetesTarget {
    fn name(&self) -> &TargetName {
        &self.name
    }

    async fn mark(&self) -> Result<Arc<Mark>, StepError> {
        Ok(self.marks.read(&self.connection).await?.mark().clone())
    }

    async fn observe(
        &self,
        component: &ComponentId,
        rendered: Option<&Rendered>,
        owned: &Inventory,
    ) -> Observed {
        let owned = owned.clone();
        let mut seen = self.observe_all(vec![Asked { component, rendered, owned }]).await;
        seen.remove(component).expect("what is asked about is told of")
    }

    async fn observe_all(&self, asked: Vec<Asked<'_>>) -> BTreeMap<ComponentId, Observed> {
        let coming = Coming::of(&asked.iter().filter_map(|one| one.rendered));
        let mut looks = Vec::with_capacity(asked.len());
        for one in asked {
            let coming = &coming;
            looks.push(async move {
                let seen = self.look_at_one(&one, coming).await;
                (one.component.clone(), seen)
            });
        }
        stream::iter(looks).buffer_unordered(ASKED_MAX).collect().await
    }

    async fn write_mark(&self, lease: &Lease, entries: &MarkEntries) -> Result<(), StepError> {
        self.marks.write(&self.connection, lease, entries, || self.time_left(lease)).await
    }

    async fn apply(
        &self,
        lease: &Lease,
        effect: &Effect,
        step: &Step,
    ) -> Result<Vec<After>, StepError> {
        let mut after = Vec::with_capacity(step.changes.len());
        let turn = Turn::run(lease.stack(), effect.steps.len());
        for &at in &step.changes {
            let made = self.change(lease, &turn, effect, &effect.changes[at]).await;
            after.push(made.map_err(|error| error.behind(after.len(), step.changes.len()))?);
        }
        Ok(after)
    }

    fn tell(&self, notices: Vec<Notice>) {
        if let Some(teller) = self.teller.as_ref().filter(|_| !notices.is_empty()) {
            teller.tell(notices);
        }
    }

    async fn told(&self) {
        if let Some(teller) = &self.teller {
            teller.told().await;
        }
    }

    async fn wake(&self) -> BTreeSet<ComponentId> {
        loop {
            let pause = self.keep_in_time();
            tokio::select! {
                woken = self.watches.wake() => return woken,
                () = self.connection.world().clock.sleep(pause) => {}
            }
        }
    }
}

impl Drop for KubernetesTarget {
    fn drop(&mut self) {
        self.keep();
    }
}

#[cfg(test)]
mod tests;
