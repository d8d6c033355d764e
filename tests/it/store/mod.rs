//! What the store promises, on both databases.

mod approval;
mod claim;
mod journal;
mod lease;
mod messages;
mod open;
mod plan;
mod rest;
mod retain;
mod showing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use isobar::ids::{ComponentId, HolderId, RunId, Scope, StackName};
use isobar::metrics::Metrics;
use isobar::model::authority::Authority;
use isobar::model::body::{Body, Format};
use isobar::model::change::{Action, Cause, Change, Precondition, Risk};
use isobar::model::outcome::{Outcome, StepEnd, StepOutcome};
use isobar::model::plan::{Effect, Envelope, Nature, Plan, Step};
use isobar::model::revision::Revision;
use isobar::model::value::Value;
use isobar::store::{Claim, Lease, Store};
use isobar::world::{Clock, Points, RandomIds, Work, World};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::postgres;

pub(crate) const TTL: Duration = Duration::from_secs(60);

/// One of the two databases, empty.
pub(crate) struct Bed {
    pub(crate) url: String,
    pub(crate) clock: Arc<TestClock>,
    _folder: tempfile::TempDir,
}

/// Both databases: each test runs on one after the other.
pub(crate) async fn beds() -> Vec<Bed> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = format!("sqlite:{}", folder.path().join("isobar.db").display());
    let mut beds = vec![Bed::new(file, folder)];
    if let Some(url) = postgres::database().await {
        beds.push(Bed::new(url, tempfile::tempdir().expect("a folder")));
    }
    beds
}

impl Bed {
    fn new(url: String, folder: tempfile::TempDir) -> Self {
        Self { url, clock: Arc::default(), _folder: folder }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    pub(crate) fn world(&self) -> World {
        World {
            clock: self.clock.clone(),
            ids: Arc::new(RandomIds),
            points: Points::Off,
            work: Work::default(),
            metrics: Metrics::default(),
        }
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url, &self.world()).await.unwrap_or_else(|error| {
            panic!("{}: {error:?}", self.url);
        })
    }

    /// Runs statements behind the store's back.
    pub(crate) async fn raw(&self, sql: &'static str) -> Result<(), sqlx::Error> {
        use sqlx::Connection as _;
        if self.is_sqlite() {
            let mut connection = sqlx::SqliteConnection::connect(&self.url).await?;
            sqlx::raw_sql(sql).execute(&mut connection).await?;
            connection.close().await
        } else {
            let mut connection = sqlx::PgConnection::connect(&self.url).await?;
            sqlx::raw_sql(sql).execute(&mut connection).await?;
            connection.close().await
        }
    }

    /// Takes the triggers away that keep the journal as it is.
    pub(crate) async fn unprotect(&self) {
        let sql = match self.is_sqlite() {
            true => "DROP TRIGGER journal_update; DROP TRIGGER journal_delete;",
            false => {
                "DROP TRIGGER journal_update ON journal; DROP TRIGGER journal_delete ON journal;"
            }
        };
        self.raw(sql).await.expect("the triggers are there");
    }
}

/// A clock that tests move. It begins at the real time, as the other clock is the database's.
pub(crate) struct TestClock {
    start: Timestamp,
    passed: watch::Sender<Duration>,
}

impl Default for TestClock {
    #[expect(clippy::disallowed_methods, reason = "PostgreSQL reads the same one")]
    fn default() -> Self {
        Self { start: Timestamp::now(), passed: watch::Sender::default() }
    }
}

impl TestClock {
    pub(crate) fn pass(&self, duration: Duration) {
        self.passed.send_modify(|passed| *passed += duration);
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.start + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        *self.passed.borrow()
    }

    async fn sleep(&self, duration: Duration) {
        let deadline = self.monotonic() + duration;
        let mut passed = self.passed.subscribe();
        // The clock outlives whoever sleeps by it.
        let _ = passed.wait_for(|passed| *passed >= deadline).await;
    }
}

pub(crate) fn scope() -> Scope {
    serde_json::from_str(r#"{"agent": "here", "repository": "infra"}"#).expect("a scope")
}

pub(crate) fn stack() -> StackName {
    StackName::new("fnx-prod").expect("a name")
}

pub(crate) fn holder(name: &str) -> HolderId {
    HolderId::new(name).expect("a name")
}

pub(crate) fn run(name: &str) -> RunId {
    RunId::new(name).expect("a name")
}

pub(crate) fn component() -> ComponentId {
    serde_json::from_str(r#"{"stack": "fnx-prod", "kind": "kubernetes", "name": "eks/cluster"}"#)
        .expect("a component")
}

/// A plan of two updates that correct a drift, one step each, with `text` as the new content.
pub(crate) fn plan(text: &str) -> Plan {
    let revision = Revision::Commit("0123abcd".to_owned().try_into().expect("a commit"));
    let change = |resource: &str| Change {
        component: component(),
        resource: resource.to_owned().try_into().expect("a key"),
        action: Action::Update,
        risk: Risk::Reversible,
        cause: Cause::Drift,
        fields: Vec::new(),
        intended: Some(Body::new(Format::Text, Value::text(text))),
        precondition: Precondition { exists: true, ..Precondition::default() },
    };
    let step = |at: usize| Step {
        component: component(),
        changes: vec![at],
        nature: Nature::IdempotentByName,
        after: Vec::new(),
        artifact: None,
    };
    let content = isobar::ids::ContentId::of(text);
    let effect = Effect {
        scope: scope(),
        stack: stack(),
        target: "cluster".to_owned().try_into().expect("a name"),
        inputs: [(component(), content)].into(),
        tools: BTreeMap::new(),
        changes: vec![change("a"), change("b")],
        steps: vec![step(0), step(1)],
    };
    let why = [(component(), isobar::model::plan::Why::Changed)].into();
    let observed_at = Timestamp::UNIX_EPOCH;
    Plan::seal(
        effect,
        Envelope {
            revision,
            observed_at,
            holds: Vec::new(),
            why,
            health: BTreeMap::new(),
            kept: Vec::new(),
        },
    )
}

/// A standing authority for both steps: what needs nobody's yes.
pub(crate) fn standing() -> BTreeMap<usize, Authority> {
    let authority = Authority::Standing { component: component() };
    [(0, authority.clone()), (1, authority)].into()
}

pub(crate) fn done(step: usize) -> StepOutcome {
    StepOutcome {
        step,
        component: component(),
        authority: standing().remove(&step),
        end: StepEnd::Done,
        comparisons: Vec::new(),
    }
}

pub(crate) fn outcome(lease: &Lease, claim: &Claim) -> Outcome {
    Outcome {
        run: claim.run().clone(),
        stack: lease.stack().clone(),
        digest: claim.digest(),
        epoch: lease.epoch(),
        ended_at: Timestamp::UNIX_EPOCH,
        steps: vec![done(0), done(1)],
    }
}

pub(crate) async fn lease(store: &Store, name: &str) -> Lease {
    store
        .acquire(&scope(), &stack(), &holder(name), TTL)
        .await
        .expect("a store that works")
        .expect("a lease that is free")
}

/// Stores the plan and claims all of it under standing authorities.
pub(crate) async fn claimed(store: &Store, lease: &Lease, name: &str) -> Claim {
    let mut tx = store.begin().await.expect("a transaction");
    let plan = plan("x");
    tx.put_plan(&plan).await.expect("a plan");
    let claim = tx.claim(lease, &plan, &run(name), &standing()).await.expect("a claim");
    tx.commit().await.expect("a commit");
    claim
}
