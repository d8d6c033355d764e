//! Shows on every pull request what merging it would do, and later what it did.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, watch};

use super::aftermath::aftermath;
use super::agent::{Agent, Repository};
use super::allowed::allowed;
use super::follow::Current;
use super::look::Look;
use super::looks::Looks;
use super::task::{Activity, Task};
use super::wanted::Wanted;
use super::{Left, ReconcileError, messages, stacks_to_keep};
use crate::forge::{Forge, ForgeError, PullRequest, PullState, Status, StatusState};
use crate::ids::{CommitId, ContentId, PullNumber, StackName};
use crate::model::authority::Approval;
use crate::model::plan::{Envelope, Plan};
use crate::model::review::{Progress, PullReview, Review, Showing, Since};
use crate::report;
use crate::report::words::Verdict;
use crate::source::{FetchError, Merge};
use crate::store::StoreError;

/// How long a closed pull request is still looked at: what it merged may wait for a freeze.
const CLOSED_DAYS: i64 = 30;

/// How often a comment tells how far a run has come: four edits a minute, of the 80 writes that a
/// forge takes.
const PROGRESS_PERIOD: Duration = Duration::from_secs(15);

/// The task that reviews one repository's pull requests.
pub struct Reviews {
    agent: Arc<Agent>,
    repository: Arc<Repository>,
    forge: Arc<dyn Forge>,
    current: Mutex<watch::Receiver<Option<Current>>>,
    stirred: Mutex<watch::Receiver<u64>>,
    merges: Mutex<BTreeMap<PullNumber, Merged>>,
    /// What was last said of each plan, but for when it was looked at.
    said: Mutex<BTreeMap<PullNumber, ContentId>>,
    /// What is merged and applied: nothing more can come of it.
    settled: Mutex<BTreeSet<PullNumber>>,
    /// Whether something that was merged is being applied.
    applies: AtomicBool,
}

/// What merging one head into one base would ask for. Resolved once.
#[derive(Clone)]
struct Merged {
    head: CommitId,
    base: CommitId,
    wanted: Result<Arc<Wanted>, Vec<String>>,
}

/// A pull request could not be reviewed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReviewError {
    #[error("the pull request cannot be merged for a look")]
    Source(#[from] FetchError),
    #[error("it cannot be planned")]
    Plan(#[from] ReconcileError),
    #[error("the database did not do it")]
    Store(#[from] StoreError),
}

impl Reviews {
    /// Reviews against what `current` says.
    pub fn new(
        agent: Arc<Agent>,
        repository: Arc<Repository>,
        forge: Arc<dyn Forge>,
        current: watch::Receiver<Option<Current>>,
    ) -> Self {
        let (current, stirred) = (Mutex::new(current), Mutex::new(agent.stirred()));
        let (merges, said, settled) = (Mutex::default(), Mutex::default(), Mutex::default());
        let applies = AtomicBool::new(false);
        Self { agent, repository, forge, current, stirred, merges, said, settled, applies }
    }

    async fn look(&self, current: &Current) -> Result<Vec<String>, ForgeError> {
        let since = closed_since(self.agent.world.clock.now());
        let pulls = self.forge.pulls(&self.repository.branch, since).await?;
        let known = pulls.iter().map(|pull| (pull.number, pull.clone())).collect();
        self.repository.pulls.send_if_modified(|last| {
            let news = *last != known;
            *last = known;
            news
        });
        self.applies.store(false, Ordering::SeqCst);
        let mut failed = Vec::new();
        for pull in &pulls {
            let done = match &pull.state {
                PullState::Open => self.open(current, pull).await,
                PullState::Merged(merge) => self.merged(current, pull, merge).await,
                PullState::Closed => Ok(()),
            };
            // One bad pull request does not hide the others.
            let Err(error) = done else { continue };
            failed.push(format!("{}: {}", pull.number, super::chain(&error)));
            if pull.state == PullState::Open
                && let Err(error) = self.show_unplanned(pull).await
            {
                failed.push(format!("{}: {}", pull.number, super::chain(&error)));
            }
        }
        let known = |number: &PullNumber| pulls.iter().any(|pull| pull.number == *number);
        let is_open = |pull: &&PullRequest| pull.state == PullState::Open;
        let open: BTreeSet<_> = pulls.iter().filter(is_open).map(|pull| pull.number).collect();
        self.merges.lock().await.retain(|number, _| open.contains(number));
        self.said.lock().await.retain(|number, _| known(number));
        self.settled.lock().await.retain(known);
        Ok(failed)
    }

    /// Takes down who has approved what is shown, and shows what is true now.
    async fn open(&self, current: &Current, pull: &PullRequest) -> Result<(), ReviewError> {
        self.take_approvals(pull).await?;
        let Some(base) = current.wanted.snapshot.revision().commit() else { return Ok(()) };
        let merged = self.merge(pull, base).await?;
        let wanted = match merged.wanted {
            Ok(wanted) => wanted,
            Err(paths) => return self.show_conflict(pull, &paths).await,
        };
        let left = stacks_to_keep(&self.agent, &self.repository, &wanted).await?;
        let (mut plans, looks) = (Vec::new(), Looks::default());
        for stack in affected(&current.wanted, &wanted) {
            if self.repository.has(&stack) {
                plans.extend(self.plans(&looks, current, &wanted, &stack, left.get(&stack)).await?);
            }
        }
        wanted.rest();
        let known = current.wanted.diagnostics();
        let news = wanted.diagnostics().into_iter().filter(|found| !known.contains(found));
        let (number, title) = (pull.number, pull.title.clone());
        let (head, base) = (pull.head.clone(), base.clone());
        let showing =
            self.showing(number, Showing::new(head.clone(), base.clone(), &plans)).await?;
        let earlier = showing.earlier.clone();
        let about = PullReview { number, title, head, base, merged: None, earlier };
        let scope = self.repository.scope.clone();
        let review = Review::new(scope, Some(about), plans, news.collect());
        self.show(pull, &review, &showing).await
    }

    /// The same with what it replaces, and how many had approved that.
    async fn showing(&self, pull: PullNumber, showing: Showing) -> Result<Showing, StoreError> {
        let (store, scope) = (&self.agent.store, &self.repository.scope);
        let Some(before) = store.showing(scope, pull).await? else { return Ok(showing) };
        let live = store.approvals_live(scope).await?;
        let approvals = live.into_iter().map(|(digest, approvals)| (digest, approvals.len()));
        Ok(showing.after(before, &approvals.collect()))
    }

    /// Each approval of the head that is shown approves the digests that are shown; once.
    async fn take_approvals(&self, pull: &PullRequest) -> Result<(), StoreError> {
        let scope = &self.repository.scope;
        let digests = self.agent.store.shown_on(scope, pull.number, &pull.head).await?;
        let current = pull.approvals.iter().filter(|approval| approval.head == pull.head);
        for given in current.filter(|given| given.by != pull.author) {
            let said = format!("{} {} {} {}", pull.number, given.by, given.head, given.at);
            let delivery = ContentId::of(said).to_string();
            let mut tx = self.agent.store.begin().await?;
            if digests.is_empty() || !tx.receive(scope, "forge", &delivery, "approval").await? {
                continue;
            }
            for digest in &digests {
                let approval = Approval::of(*digest, given.by.clone(), given.at);
                let about = Some((pull.number, pull.head.clone()));
                let approval = Approval { pull: about, ..approval };
                tx.approve(scope, &approval).await?;
            }
            tx.commit().await?;
            self.agent.stir();
        }
        Ok(())
    }

    async fn merge(&self, pull: &PullRequest, base: &CommitId) -> Result<Merged, ReviewError> {
        let mut merges = self.merges.lock().await;
        let known = merges.get(&pull.number);
        let passing = |m: &Merged| m.wanted.as_ref().is_ok_and(|wanted| wanted.passing);
        let is_same = |m: &&Merged| m.head == pull.head && m.base == *base && !passing(m);
        if let Some(known) = known.filter(is_same) {
            return Ok(known.clone());
        }
        let wanted = match self.repository.source.merge(pull.number, &pull.head, base).await? {
            Merge::Clean(snapshot) => {
                Ok(Arc::new(self.agent.wanted(&self.repository, &snapshot).await))
            }
            Merge::Conflict(paths) => Err(paths),
        };
        let merged = Merged { head: pull.head.clone(), base: base.clone(), wanted };
        merges.insert(pull.number, merged.clone());
        Ok(merged)
    }

    /// What merging would do to one stack, by the policy of the base: where it is to live, and
    /// where it leaves something behind.
    async fn plans(
        &self,
        looks: &Looks,
        current: &Current,
        wanted: &Wanted,
        stack: &StackName,
        left: Option<&Left>,
    ) -> Result<Vec<Plan>, ReconcileError> {
        let target_in = |wanted: &Wanted| wanted.desired.stacks.get(stack)?.target.clone();
        let named = target_in(wanted);
        let mut left = left.cloned().unwrap_or_default();
        if named.is_none() {
            left.extend(target_in(&current.wanted));
        }
        let mut plans: Vec<Plan> = Vec::new();
        for name in named.into_iter().chain(left) {
            let target = self.repository.targets.open(&name, stack)?;
            let target = looks.of((&self.agent, &self.repository), &target, wanted).await?;
            let now = self.agent.world.clock.now();
            let is_there = plans.iter().all(Plan::is_settled);
            let look = Look::take(wanted, stack, target, now).await.arrived(is_there);
            let (plan, _) = allowed(&self.agent, &self.repository, current, wanted, &look).await?;
            plans.push(plan);
        }
        Ok(plans)
    }

    async fn show(
        &self,
        pull: &PullRequest,
        review: &Review,
        showing: &Showing,
    ) -> Result<(), ReviewError> {
        let scope = &self.repository.scope;
        let limits = messages::limits(self.forge.capabilities());
        let body = report::markdown::comment(review, &limits);
        let digests: Vec<_> = review.plans.iter().map(Plan::digest).collect();
        let mut tx = self.agent.store.begin().await?;
        for plan in &review.plans {
            tx.put_shown_plan(plan).await?;
        }
        tx.show(scope, pull.number, &pull.head, &digests).await?;
        tx.put_showing(scope, pull.number, showing).await?;
        // A later look at the same is no news, or every look would edit the comment.
        let timeless = ContentId::of(report::markdown::comment(&timeless(review), &limits));
        let mut said = self.said.lock().await;
        if said.get(&pull.number) == Some(&timeless) {
            return Ok(tx.commit().await?);
        }
        let mut news =
            tx.say(scope, messages::COMMENT, &messages::key(pull.number, "plan"), &body).await?;
        let status = plan_status(review);
        let key = format!("{} {}", pull.head, status.context);
        news |=
            tx.say(scope, messages::STATUS, &key, &messages::status(&pull.head, &status)).await?;
        tx.commit().await?;
        said.insert(pull.number, timeless);
        self.wake_sender(news);
        Ok(())
    }

    /// A head that cannot be planned is not what the comment is about; one that could be, is.
    async fn show_unplanned(&self, pull: &PullRequest) -> Result<(), StoreError> {
        let (store, scope) = (&self.agent.store, &self.repository.scope);
        let showing = store.showing(scope, pull.number).await?;
        if showing.is_some_and(|showing| showing.head == pull.head) {
            return Ok(());
        }
        let body = report::markdown::unplanned(scope, &pull.head);
        let mut tx = store.begin().await?;
        self.said.lock().await.remove(&pull.number);
        let key = messages::key(pull.number, "plan");
        let news = tx.say(scope, messages::COMMENT, &key, &body).await?;
        tx.commit().await?;
        self.wake_sender(news);
        Ok(())
    }

    async fn show_conflict(&self, pull: &PullRequest, paths: &[String]) -> Result<(), ReviewError> {
        let scope = &self.repository.scope;
        let body = report::markdown::conflict(scope, paths);
        let mut tx = self.agent.store.begin().await?;
        tx.show(scope, pull.number, &pull.head, &[]).await?;
        self.said.lock().await.remove(&pull.number);
        let key = messages::key(pull.number, "plan");
        let news = tx.say(scope, messages::COMMENT, &key, &body).await?;
        tx.commit().await?;
        self.wake_sender(news);
        Ok(())
    }

    /// Approvals may have come between the last look and the merge; then what became of it: the
    /// comment says how it stands, and a second one, which people are told of, how it ended.
    async fn merged(
        &self,
        current: &Current,
        pull: &PullRequest,
        merge: &CommitId,
    ) -> Result<(), ReviewError> {
        if self.settled.lock().await.contains(&pull.number) {
            return Ok(());
        }
        self.take_approvals(pull).await?;
        let (agent, repository) = (&self.agent, &self.repository);
        let Some(tip) = current.wanted.snapshot.revision().commit() else { return Ok(()) };
        let Some(after) = aftermath(agent, repository, pull, merge, tip).await? else {
            return Ok(());
        };
        let (scope, limits) = (&repository.scope, messages::limits(self.forge.capabilities()));
        let mut tx = agent.store.begin().await?;
        let body = report::markdown::comment(&after.review, &limits);
        let key = messages::key(pull.number, "plan");
        let mut news = tx.say(scope, messages::COMMENT, &key, &body).await?;
        if !after.outcomes.is_empty() {
            let body = report::markdown::outcomes(scope, &after.outcomes, &limits);
            let key = messages::key(pull.number, "outcome");
            news |= tx.say(scope, messages::COMMENT, &key, &body).await?;
        }
        tx.commit().await?;
        self.wake_sender(news);
        if after.is_settled {
            self.settled.lock().await.insert(pull.number);
        }
        let applies = |since: &Since| matches!(since.progress, Progress::Applying { .. });
        self.applies.fetch_or(after.review.since.values().any(applies), Ordering::SeqCst);
        Ok(())
    }

    /// What is news waits for whoever sends it. The same text again wakes nobody.
    fn wake_sender(&self, news: bool) {
        if news {
            self.agent.stir();
        }
    }
}

#[async_trait]
impl Task for Reviews {
    fn name(&self) -> String {
        format!("review {}", self.repository.scope)
    }

    fn period(&self) -> Duration {
        match self.applies.load(Ordering::SeqCst) {
            true => self.repository.interval.min(PROGRESS_PERIOD),
            false => self.repository.interval,
        }
    }

    async fn activate(&self) -> Activity {
        self.stirred.lock().await.borrow_and_update();
        let current = self.current.lock().await.borrow_and_update().clone();
        let Some(current) = current else { return Activity::Idle };
        match self.look(&current).await {
            Ok(failed) if failed.is_empty() => Activity::Idle,
            Ok(failed) => Activity::Failed { why: failed.join("; ") },
            Err(error) => Activity::Failed { why: super::chain(&error) },
        }
    }

    async fn woken(&self) {
        let (mut current, mut stirred) = (self.current.lock().await, self.stirred.lock().await);
        tokio::select! {
            Ok(()) = current.changed() => {}
            Ok(()) = stirred.changed() => {}
            () = self.forge.wake() => {}
        }
    }
}

/// The stacks in which merging changes what any component is made of, where it lives, or whether
/// it is there.
fn affected(base: &Wanted, head: &Wanted) -> BTreeSet<StackName> {
    let names = base.desired.stacks.keys().chain(head.desired.stacks.keys());
    let differs = |name: &&StackName| made_of(base, name) != made_of(head, name);
    names.filter(differs).cloned().collect()
}

/// What a stack is made of, by content: nothing of it moves with an unrelated commit.
fn made_of(wanted: &Wanted, stack: &StackName) -> Option<impl PartialEq + use<>> {
    let desired = wanted.desired.stacks.get(stack)?;
    let components: BTreeMap<_, _> = desired
        .components
        .values()
        .map(|component| {
            let built = wanted.rendered.get(&component.id);
            let inputs = built.and_then(|built| built.as_ref().ok()).map(|built| built.inputs());
            (component.id.clone(), (component.presence, inputs))
        })
        .collect();
    let unresolved: BTreeSet<_> = desired.unresolved.keys().cloned().collect();
    Some((desired.target.clone(), components, unresolved))
}

fn closed_since(now: Timestamp) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24 * CLOSED_DAYS)).unwrap_or(Timestamp::MIN)
}

/// The same review, whenever it was looked at.
fn timeless(review: &Review) -> Review {
    let plan = |plan: &Plan| {
        let envelope = Envelope { observed_at: Timestamp::UNIX_EPOCH, ..plan.envelope.clone() };
        plan.clone().with_envelope(envelope)
    };
    Review { plans: review.plans.iter().map(plan).collect(), ..review.clone() }
}

fn plan_status(review: &Review) -> Status {
    let state = match Verdict::of(review) {
        Verdict::NoEffect
        | Verdict::Observed
        | Verdict::Settled
        | Verdict::Applied
        | Verdict::Ready
        | Verdict::Approved => StatusState::Success,
        Verdict::Applying | Verdict::Deviated | Verdict::NeedsApproval | Verdict::Held => {
            StatusState::Pending
        }
        Verdict::Stale | Verdict::Failed | Verdict::Invalid => StatusState::Failure,
    };
    let description = report::words::headline(review);
    Status { context: "isobar/plan".to_owned(), state, description }
}
