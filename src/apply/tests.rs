mod answers;
mod patience;
mod schedule;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::sync::Notify;

use super::schedule::PARALLEL;
use super::*;
use crate::backends::files::FilesTarget;
use crate::backends::fixture::{change, component, key, name, scope};
use crate::ids::{HolderId, RunId, StackName};
use crate::model::authority::Authority;
use crate::model::change::{Action, Change};
use crate::model::inventory::Inventory;
use crate::model::outcome::StepEnd;
use crate::model::plan::{Effect, Envelope, Hold, HoldReason, Nature, Part, Step};
use crate::model::revision::Revision;
use crate::world::{Point, Points};

const TTL: Duration = Duration::from_secs(60);

/// A real store and a real folder.
struct Bed {
    folder: TempDir,
    store: Store,
    patience: BTreeMap<ComponentId, Patience>,
    awaited: BTreeMap<ComponentId, BTreeSet<ComponentId>>,
    answers: Answers,
    kept: BTreeSet<ComponentId>,
}

impl Bed {
    async fn new() -> Self {
        let store = Store::open("sqlite::memory:", &World::real()).await.unwrap();
        Self {
            folder: TempDir::new().unwrap(),
            store,
            patience: BTreeMap::new(),
            awaited: BTreeMap::new(),
            answers: Answers::new(),
            kept: BTreeSet::new(),
        }
    }

    fn target(&self, world: &World) -> FilesTarget {
        FilesTarget::open(name(), scope("one"), self.folder.path(), world).unwrap()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }

    /// The lease, taken from whoever has it.
    async fn lease(&self) -> Lease {
        let (stack, holder) = (StackName::new("prod").unwrap(), HolderId::new("one").unwrap());
        self.store.break_lease(&scope("one"), &stack, "a test says so").await.unwrap();
        let lease = self.store.acquire(&scope("one"), &stack, &holder, TTL).await;
        lease.unwrap().expect("nobody has it")
    }

    /// Claims `steps` of the plan.
    async fn claim(&self, lease: &Lease, plan: &Plan, steps: &[usize]) -> Claim {
        let merged = Authority::Merged { digest: plan.digest(), pull: None };
        let authorities = steps.iter().map(|&at| (at, merged.clone())).collect();
        let run = RunId::new(World::real().ids.unique()).unwrap();
        let mut tx = self.store.begin().await.unwrap();
        tx.put_plan(plan).await.unwrap();
        let claim = tx.claim(lease, plan, &run, &authorities).await.unwrap();
        tx.commit().await.unwrap();
        claim
    }

    fn cx<'a>(&'a self, world: &'a World, target: &'a FilesTarget) -> ApplyContext<'a> {
        let patience = &self.patience;
        let kept = &self.kept;
        let (awaited, answers) = (&self.awaited, &self.answers);
        let (store, hear, lease_ttl) = (&self.store, &|_: &_| {}, TTL);
        ApplyContext { store, world, target, patience, awaited, answers, kept, lease_ttl, hear }
    }

    /// Applies every step in the given world.
    async fn apply_in(&self, world: &World, plan: &Plan) -> Result<Outcome, ApplyError> {
        let mut lease = self.lease().await;
        let all: Vec<_> = (0..plan.effect().steps.len()).collect();
        let claim = self.claim(&lease, plan, &all).await;
        let target = self.target(world);
        let stop = CancellationToken::new();
        apply(&self.cx(world, &target), plan, &mut lease, claim, &stop).await
    }

    async fn apply(&self, plan: &Plan) -> Outcome {
        self.apply_in(&World::real(), plan).await.unwrap()
    }

    /// Takes up the run that did not end, if there is one.
    async fn recover(&self) -> Option<Outcome> {
        let mut lease = self.lease().await;
        let open = self.store.open_run(&scope("one"), lease.stack()).await.unwrap()?;
        let world = World::real();
        let target = self.target(&world);
        let stop = CancellationToken::new();
        let outcome =
            recover(&self.cx(&world, &target), &mut lease, open, None, &stop).await.unwrap();
        assert_eq!(outcome.epoch, lease.epoch());
        Some(outcome)
    }

    async fn inventory(&self) -> Inventory {
        let owned = self.store.inventory(&scope("one"), &name()).await.unwrap();
        owned.map(|owned| (*owned).clone()).unwrap_or_default()
    }

    async fn last_outcome(&self) -> Option<Outcome> {
        let stack = StackName::new("prod").unwrap();
        self.store.outcomes(&scope("one"), &stack, 1).await.unwrap().pop()
    }

    /// What holds after every run: mark and inventory agree, nothing temporary is left, and no
    /// run is open.
    async fn settled(&self) {
        let mark = self.target(&World::real()).mark().await.unwrap();
        assert_eq!(mark.resources, self.inventory().await);
        assert_eq!(fs::read_dir(self.path(".isobar/tmp")).unwrap().count(), 0);
        let stack = StackName::new("prod").unwrap();
        assert_eq!(self.store.open_run(&scope("one"), &stack).await.unwrap(), None);
    }
}

/// A plan of one step per change; `after` are pairs of steps, the later one first.
fn plan(changes: Vec<Change>, after: &[(usize, usize)]) -> Plan {
    let step = |at: usize, change: &Change| Step {
        component: change.component.clone(),
        changes: vec![at],
        nature: Nature::IdempotentByName,
        after: after.iter().filter(|(later, _)| *later == at).map(|(_, first)| *first).collect(),
        artifact: None,
    };
    let steps = changes.iter().enumerate().map(|(at, change)| step(at, change)).collect();
    let effect = Effect {
        scope: scope("one"),
        stack: StackName::new("prod").unwrap(),
        target: name(),
        inputs: BTreeMap::new(),
        tools: BTreeMap::new(),
        changes,
        steps,
    };
    let envelope = Envelope {
        health: BTreeMap::new(),
        kept: Vec::new(),
        revision: Revision::Folder(crate::ids::ContentId::of("tree")),
        observed_at: World::real().clock.now(),
        holds: Vec::new(),
        why: BTreeMap::new(),
    };
    Plan::seal(effect, envelope)
}

fn with_nature(plan: &Plan, nature: Nature) -> Plan {
    let mut effect = plan.effect().clone();
    effect.steps.iter_mut().for_each(|step| step.nature = nature);
    Plan::seal(effect, plan.envelope.clone())
}

fn create(path: &str) -> Change {
    change(Action::Create, path, None, Some(&json!({ "a": 1 })))
}

/// `move.yaml`, from the component `a` to `b`.
fn moved() -> Change {
    let value = json!({ "a": 1 });
    let action = Action::Move { from: component("a") };
    let change = change(action, "move.yaml", Some(&value), Some(&value));
    Change { component: component("b"), intended: None, ..change }
}

fn ends(outcome: &Outcome) -> Vec<&str> {
    outcome
        .steps
        .iter()
        .map(|step| match &step.end {
            StepEnd::Done => "done",
            StepEnd::NotStarted { .. } => "not started",
            StepEnd::Waits { .. } => "waits",
            StepEnd::Stale { .. } => "stale",
            StepEnd::Failed { .. } => "failed",
            StepEnd::Indeterminate { .. } => "indeterminate",
        })
        .collect()
}

fn why(outcome: &Outcome, at: usize) -> &str {
    match &outcome.steps[at].end {
        StepEnd::Done => "",
        StepEnd::NotStarted { why }
        | StepEnd::Waits { why }
        | StepEnd::Stale { why }
        | StepEnd::Failed { why }
        | StepEnd::Indeterminate { why } => why,
    }
}

/// A world in which something happens at a point; what it returns says whether the run stops there.
fn world_at(point: Point, happens: impl Fn(usize) -> bool + Send + Sync + 'static) -> World {
    let reached = AtomicUsize::new(0);
    let points = Points::Watched(Arc::new(move |at| {
        at == point && happens(reached.fetch_add(1, Ordering::SeqCst) + 1)
    }));
    World { points, ..World::real() }
}

/// Runs until the point is reached for the `nth` time, and drops everything there. `None` if it
/// is; else what came of the run, which never came so far.
async fn crash(bed: &Bed, plan: &Plan, point: Point, nth: usize) -> Option<Outcome> {
    let there = Arc::new(Notify::new());
    let bell = there.clone();
    let world = world_at(point, move |reached| {
        let stops = reached == nth;
        if stops {
            bell.notify_one();
        }
        stops
    });
    tokio::select! {
        biased;
        () = there.notified() => None,
        outcome = bed.apply_in(&world, plan) => Some(outcome.unwrap()),
    }
}

#[tokio::test]
async fn a_plan_is_applied_as_predicted() {
    let bed = Bed::new().await;
    let outcome = bed.apply(&plan(vec![create("a.yaml"), create("b.yaml")], &[(1, 0)])).await;
    assert_eq!(ends(&outcome), ["done", "done"]);
    assert_eq!(outcome.fields_as_predicted(), (2, 2));
    assert_eq!(bed.text("a.yaml").as_deref(), Some("a: 1\n"));
    let content = create("a.yaml").intended.unwrap().content_id();
    let owned = &bed.inventory().await[&key("a.yaml")];
    assert_eq!((owned.applied, owned.epoch), (Some(content), outcome.epoch));
    assert_eq!(bed.last_outcome().await, Some(outcome));
    bed.settled().await;
}

#[tokio::test]
async fn ownership_follows_what_was_done() {
    let bed = Bed::new().await;
    let value = json!({ "a": 1 });
    let paths = ["delete.yaml", "forget.yaml", "move.yaml", "update.yaml"];
    bed.apply(&plan(paths.map(create).to_vec(), &[])).await;
    bed.write("adopt.yaml", "a: 1\n");
    let changes = vec![
        change(Action::Adopt, "adopt.yaml", Some(&value), Some(&value)),
        change(Action::Delete, "delete.yaml", Some(&value), None),
        Change { intended: None, ..change(Action::Forget, "forget.yaml", None, None) },
        moved(),
        change(Action::Update, "update.yaml", Some(&value), Some(&json!({ "a": 2 }))),
    ];
    let outcome = bed.apply(&plan(changes, &[])).await;
    assert!(outcome.is_done(), "{outcome:?}");
    let owned: Vec<_> = bed
        .inventory()
        .await
        .into_iter()
        .map(|(key, owned)| format!("{key} {} {}", owned.component.name, owned.applied.is_some()))
        .collect();
    assert_eq!(owned, ["adopt.yaml a true", "move.yaml b true", "update.yaml a true"]);
    assert_eq!(bed.text("delete.yaml"), None);
    assert!(bed.text("forget.yaml").is_some());
    assert_eq!(bed.text("update.yaml").as_deref(), Some("a: 2\n"));
    bed.settled().await;
}

#[tokio::test]
async fn what_comes_after_a_stale_step_does_not_begin() {
    let bed = Bed::new().await;
    bed.write("a.yaml", "a: 7\n");
    let changes = ["a.yaml", "b.yaml", "c.yaml"].map(create).to_vec();
    let outcome = bed.apply(&plan(changes, &[(1, 0)])).await;
    assert_eq!(ends(&outcome), ["stale", "not started", "done"]);
    assert_eq!(why(&outcome, 0), "a.yaml is there by now");
    assert_eq!(why(&outcome, 1), "it comes after `a.yaml`, which is stale");
    assert_eq!(bed.inventory().await.keys().collect::<Vec<_>>(), [&key("c.yaml")]);
    assert_eq!(bed.text("a.yaml").as_deref(), Some("a: 7\n"));
    bed.settled().await;
}

#[tokio::test]
async fn a_step_that_fails_takes_back_only_what_was_not_owned_before() {
    let bed = Bed::new().await;
    let value = json!({ "a": 1 });
    bed.apply(&plan(vec![create("a.yaml")], &[])).await;
    let before = bed.inventory().await;
    bed.write("a.yaml", "a: 7\n");
    let changes = vec![
        change(Action::Update, "a.yaml", Some(&value), Some(&json!({ "a": 2 }))),
        create(".isobar/b.yaml"),
    ];
    let outcome = bed.apply(&plan(changes, &[])).await;
    assert_eq!(ends(&outcome), ["stale", "failed"]);
    assert_eq!(bed.inventory().await, before);
    bed.settled().await;
}

#[tokio::test]
async fn only_what_is_allowed_and_not_held_begins() {
    let bed = Bed::new().await;
    let mut made = plan(["a.yaml", "b.yaml", "c.yaml"].map(create).to_vec(), &[(2, 0)]);
    let hold =
        |path: &str, reason| Hold { part: Part::Resource(component("a"), key(path)), reason };
    made.envelope.holds = vec![
        hold("b.yaml", HoldReason::Locked),
        hold(
            "c.yaml",
            HoldReason::NotReviewed { approvals_needed: 1, approvals: 0, because: None },
        ),
    ];
    let mut lease = bed.lease().await;
    let claim = bed.claim(&lease, &made, &[1, 2]).await;
    let (world, stop) = (World::real(), CancellationToken::new());
    let target = bed.target(&world);
    let outcome = apply(&bed.cx(&world, &target), &made, &mut lease, claim, &stop).await.unwrap();
    assert_eq!(ends(&outcome), ["not started"; 3]);
    let reasons: Vec<_> = (0..3).map(|at| why(&outcome, at)).collect();
    let waits = "it comes after `a.yaml`, which did not begin";
    assert_eq!(reasons, ["nothing allows it", "it is held", waits]);
    assert_eq!(bed.inventory().await, Inventory::new());
    bed.settled().await;
}

#[tokio::test]
async fn once_stopped_no_step_begins_and_those_under_way_end() {
    let bed = Bed::new().await;
    let stop = CancellationToken::new();
    let stopper = stop.clone();
    let world = world_at(Point::EffectHalf, move |_| {
        stopper.cancel();
        false
    });
    let paths: Vec<_> = (0..2 * PARALLEL).map(|at| format!("{at:02}.yaml")).collect();
    let made = plan(paths.iter().map(|path| create(path)).collect(), &[]);
    let mut lease = bed.lease().await;
    let claim = bed.claim(&lease, &made, &(0..paths.len()).collect::<Vec<_>>()).await;
    let target = bed.target(&world);
    let stopped = apply(&bed.cx(&world, &target), &made, &mut lease, claim, &stop).await;
    let Err(ApplyError::Stopped { done, steps }) = stopped else { panic!("{stopped:?}") };
    let there = || paths.iter().filter(|path| bed.text(path).is_some()).count();
    assert_eq!((done, steps), (there(), paths.len()));
    assert!((1..=PARALLEL).contains(&done), "{done}");

    // What it was allowed it still is, and what it has done is not done again.
    let mut lease = bed.lease().await;
    let open = bed.store.open_run(&scope("one"), lease.stack()).await.unwrap();
    let (world, stop) = (World::real(), CancellationToken::new());
    let target = bed.target(&world);
    let cx = bed.cx(&world, &target);
    let outcome = recover(&cx, &mut lease, open.expect("it is open"), None, &stop).await.unwrap();
    assert!(outcome.is_done(), "{outcome:?}");
    // Not once more for each of its steps.
    assert!(target.files_read() <= paths.len() as u64, "{} were read", target.files_read());
    assert_eq!((there(), bed.inventory().await.len()), (paths.len(), paths.len()));
    bed.settled().await;
}

#[tokio::test]
async fn a_lease_that_is_lost_ends_the_run_at_once() {
    let bed = Bed::new().await;
    let there = Arc::new(Notify::new());
    let bell = there.clone();
    let world = world_at(Point::EffectBefore, move |_| {
        bell.notify_one();
        true
    });
    let made = plan(vec![create("a.yaml")], &[]);
    let mut lease = bed.lease().await;
    let claim = bed.claim(&lease, &made, &[0]).await;
    let (target, stop) = (bed.target(&world), CancellationToken::new());
    let cx = ApplyContext { lease_ttl: Duration::from_millis(600), ..bed.cx(&world, &target) };
    let mut applied = std::pin::pin!(apply(&cx, &made, &mut lease, claim, &stop));
    tokio::select! {
        ended = &mut applied => panic!("nobody has taken its lease yet: {ended:?}"),
        () = there.notified() => {}
    }
    bed.lease().await;
    let ended = applied.await;
    assert!(matches!(ended, Err(ApplyError::Store(StoreError::Fenced { .. }))), "{ended:?}");
    assert_eq!(bed.text("a.yaml"), None);
    assert!(bed.recover().await.unwrap().is_done());
    bed.settled().await;
}

/// The points a run passes, in their order, and how often the plan of [`every_action`] does.
const CRASHES: &[(Point, usize)] = &[
    (Point::MarkExtended, 1),
    (Point::IntentBefore, 2),
    (Point::InventoryExtended, 1),
    (Point::IntentAfter, 2),
    (Point::EffectBefore, 6),
    (Point::EffectHalf, 2),
    (Point::EffectAfter, 6),
    (Point::OutcomeBefore, 2),
    (Point::OutcomeAfter, 2),
    (Point::InventoryShrunk, 1),
    (Point::MarkShrunk, 1),
];

/// A bed with files in it, and a plan with every kind of change, one of them after two others.
async fn every_action() -> (Bed, Plan) {
    let bed = Bed::new().await;
    let value = json!({ "a": 1 });
    let paths = ["delete.yaml", "forget.yaml", "move.yaml", "update.yaml"];
    bed.apply(&plan(paths.map(create).to_vec(), &[])).await;
    bed.write("adopt.yaml", "a: 1\n");
    let two: Json = json!({ "a": 2, "b": [1] });
    let changes = vec![
        change(Action::Adopt, "adopt.yaml", Some(&value), Some(&value)),
        change(Action::Delete, "delete.yaml", Some(&value), None),
        Change { intended: None, ..change(Action::Forget, "forget.yaml", None, None) },
        moved(),
        change(Action::Update, "update.yaml", Some(&value), Some(&two)),
        create("create.yaml"),
    ];
    (bed, plan(changes, &[(5, 1), (5, 4)]))
}

#[tokio::test]
async fn a_crash_anywhere_is_recovered_from_and_ends_the_same() {
    for &(point, times) in CRASHES {
        for nth in 1..=times {
            let at = format!("{} {nth}", point.as_str());
            let (bed, made) = every_action().await;
            assert_eq!(crash(&bed, &made, point, nth).await, None, "{at} is never reached");
            let outcome = bed.recover().await.expect("a run is open");
            assert!(outcome.is_done(), "{at}: {outcome:?}");
            assert_eq!(outcome.fields_as_predicted(), (4, 4), "{at}");
            assert_eq!(bed.text("create.yaml").as_deref(), Some("a: 1\n"), "{at}");
            assert_eq!(bed.text("update.yaml").as_deref(), Some("a: 2\nb:\n- 1\n"), "{at}");
            assert_eq!(bed.text("delete.yaml"), None, "{at}");
            let owned = bed.inventory().await;
            let names: Vec<_> = owned.keys().map(ToString::to_string).collect();
            assert_eq!(names, ["adopt.yaml", "create.yaml", "move.yaml", "update.yaml"], "{at}");
            assert!(owned.values().all(|owned| owned.applied.is_some()), "{at}: {owned:?}");
            bed.settled().await;
        }
    }
}

#[tokio::test]
async fn a_crash_that_came_too_late_leaves_nothing_to_recover() {
    let (bed, made) = every_action().await;
    assert_eq!(crash(&bed, &made, Point::RunFinished, 1).await, None);
    assert_eq!(bed.recover().await, None);
    bed.settled().await;
}

#[tokio::test]
async fn what_somebody_changed_after_a_crash_is_not_overwritten() {
    let (bed, made) = every_action().await;
    assert_eq!(crash(&bed, &made, Point::IntentAfter, 1).await, None);
    bed.write("update.yaml", "a: 7\n");
    let outcome = bed.recover().await.unwrap();
    assert_eq!(ends(&outcome), ["done", "done", "done", "done", "stale", "not started"]);
    assert_eq!(why(&outcome, 4), "update.yaml: `a` is neither as it was nor as planned");
    assert_eq!(bed.text("update.yaml").as_deref(), Some("a: 7\n"));
    assert!(!bed.inventory().await.contains_key(&key("create.yaml")));
    bed.settled().await;
}

#[tokio::test]
async fn what_cannot_be_looked_at_after_a_crash_is_indeterminate() {
    let bed = Bed::new().await;
    let made = plan(vec![create("a.yaml")], &[]);
    assert_eq!(crash(&bed, &made, Point::EffectHalf, 1).await, None);
    fs::create_dir(bed.path("a.yaml")).unwrap();
    let outcome = bed.recover().await.unwrap();
    assert_eq!(ends(&outcome), ["indeterminate"]);
    assert!(bed.inventory().await.contains_key(&key("a.yaml")), "it may be ours");
    bed.settled().await;
}

#[tokio::test]
async fn the_nature_of_a_step_says_what_a_crash_means() {
    for (nature, point, end) in [
        (Nature::ObserveBeforeRetry, Point::IntentBefore, "done"),
        (Nature::ObserveBeforeRetry, Point::EffectHalf, "done"),
        (Nature::ObserveBeforeRetry, Point::EffectAfter, "done"),
        (Nature::IndeterminateAfterCrash, Point::IntentBefore, "done"),
        (Nature::IndeterminateAfterCrash, Point::EffectHalf, "indeterminate"),
        (Nature::IndeterminateAfterCrash, Point::EffectAfter, "indeterminate"),
    ] {
        let bed = Bed::new().await;
        let made = with_nature(&plan(vec![create("a.yaml")], &[]), nature);
        assert_eq!(crash(&bed, &made, point, 1).await, None);
        let outcome = bed.recover().await.unwrap();
        assert_eq!(ends(&outcome), [end], "{nature:?} {}", point.as_str());
    }
}

/// What the plan saw of it holds until somebody looks again: what waits is left to the next plan.
#[tokio::test]
async fn what_depends_on_something_unwell_waits_and_what_it_has_goes() {
    let mut bed = Bed::new().await;
    let value = json!({ "a": 1 });
    let of_b = |change: Change| Change { component: component("b"), ..change };
    bed.apply(&plan(vec![of_b(create("old.yaml"))], &[])).await;
    bed.awaited = BTreeMap::from([(component("b"), BTreeSet::from([component("a")]))]);
    let old = of_b(change(Action::Delete, "old.yaml", Some(&value), None));
    let changes = vec![create("a.yaml"), of_b(create("b.yaml")), old];
    let made = plan(changes, &[(1, 0)]);
    let slow = crate::model::observation::Health::Progressing("1 of 2".to_owned());
    let health = BTreeMap::from([(component("a"), slow)]);
    let envelope = Envelope { health, ..made.envelope.clone() };
    let outcome = bed.apply(&made.with_envelope(envelope)).await;
    assert_eq!(ends(&outcome), ["done", "waits", "done"]);
    assert_eq!(why(&outcome, 1), "until kubernetes/a does well: progressing: 1 of 2");
    assert_eq!((bed.text("b.yaml"), bed.text("old.yaml")), (None, None));
    assert!(!bed.inventory().await.contains_key(&key("b.yaml")));
    bed.settled().await;
}

#[tokio::test]
async fn after_a_crash_what_others_wait_for_is_looked_at_again() {
    for (point, gone, ends_so) in [
        (Point::EffectAfter, false, ["done", "done"]),
        (Point::OutcomeAfter, false, ["done", "done"]),
        (Point::OutcomeAfter, true, ["done", "waits"]),
    ] {
        let at = format!("{} {gone}", point.as_str());
        let mut bed = Bed::new().await;
        bed.awaited = BTreeMap::from([(component("b"), BTreeSet::from([component("a")]))]);
        let b = Change { component: component("b"), ..create("b.yaml") };
        let made = plan(vec![create("a.yaml"), b], &[(1, 0)]);
        assert_eq!(crash(&bed, &made, point, 1).await, None, "{at}");
        if gone {
            fs::remove_file(bed.path("a.yaml")).unwrap();
        }
        let outcome = bed.recover().await.unwrap();
        assert_eq!(ends(&outcome), ends_so, "{at}");
        if gone {
            assert_eq!(why(&outcome, 1), "until kubernetes/a does well: missing");
        }
        bed.settled().await;
    }
}
