//! The laws that every target keeps, whatever is behind it. A backend's tests say `conforms!(..)`
//! of a [`Place`], and add what is its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::fixture::{component, name, scope};
use super::{After, Disposition, MarkEntries, StepError, Target};
use crate::build::{Piece, fixture::rendered};
use crate::ids::{ComponentId, ContentId, Epoch, HolderId, ResourceKey, StackName};
use crate::model::body::Body;
use crate::model::canonical;
use crate::model::change::{Action, Cause, Change, FieldChange, Precondition, Risk};
use crate::model::inventory::{Inventory, Owned};
use crate::model::observation::{Observation, Observed, Owner, Seen};
use crate::model::path::FieldPath;
use crate::model::plan::{Effect, Nature, Step};
use crate::model::value::Value;
use crate::store::{Lease, Store};
use crate::world::World;

/// How long a law waits for a target to notice a change: only a target that never does takes it.
const NOTICE_MAX: Duration = Duration::from_secs(60);

/// Somewhere to put a target, with hands to reach in.
pub(crate) trait Place: Sized {
    /// An empty one.
    async fn new() -> Self;

    /// The target, as the agent `agent` opens it.
    async fn target(&self, agent: &str) -> Arc<dyn Target>;

    /// The key of one of several resources.
    fn key(&self, which: &str) -> ResourceKey;

    /// What such a resource holds; other numbers differ in `field` alone.
    fn body(&self, which: &str, size: i64) -> Body;

    /// Where the number stands in the body.
    fn field(&self) -> FieldPath;

    /// Puts a resource there by hand, or takes it away.
    async fn put(&self, key: &ResourceKey, body: Option<&Body>);

    /// Makes the mark of an agent one that nobody can read.
    async fn tear_mark(&self, agent: &str);

    /// Makes the whole place one that cannot be looked at.
    async fn hide(&self);
}

/// All laws as tests of a place.
macro_rules! conforms {
    ($place:ty: $($law:ident)+) => {$(
        #[tokio::test]
        async fn $law() {
            crate::backends::conformance::$law::<$place>().await;
        }
    )+};
    ($place:ty) => {
        crate::backends::conformance::conforms! { $place:
            an_empty_place_is_empty
            looking_changes_nothing
            only_what_is_wanted_or_owned_is_told
            a_mark_comes_before_an_effect
            what_is_applied_is_there
            doing_it_again_changes_nothing
            what_has_moved_is_stale
            a_mark_reads_back
            a_lower_epoch_is_refused
            a_lease_that_ends_writes_nothing
            two_agents_have_a_mark_each
            a_mark_that_cannot_be_read_is_not_empty
            what_cannot_be_seen_is_not_gone
            a_change_by_hand_wakes
        }
    };
}
pub(crate) use conforms;

/// A place, a target in it, and a lease to write with.
struct Bed<P> {
    place: P,
    store: Store,
    target: Arc<dyn Target>,
    lease: Lease,
}

impl<P: Place> Bed<P> {
    async fn new() -> Self {
        let place = P::new().await;
        let store = Store::open("sqlite::memory:", &World::real()).await.unwrap();
        let lease = lease(&store, "one", "prod", Duration::from_secs(600)).await;
        Self { target: place.target("one").await, place, store, lease }
    }

    /// Puts resources into the mark.
    async fn own(&self, which: &[&str]) {
        let entries = which.iter().map(|which| (self.place.key(which), Some(owned())));
        self.target.write_mark(&self.lease, &entries.collect()).await.unwrap();
    }

    async fn see(&self, which: &str, wanted: Option<i64>) -> Seen {
        let observed = self.observe(which, wanted).await;
        observation(observed).resources.remove(&self.place.key(which)).expect("it is told")
    }

    async fn observe(&self, which: &str, wanted: Option<i64>) -> Observed {
        let (id, key) = (component("a"), self.place.key(which));
        let piece = |size| Piece {
            body: self.place.body(which, size),
            sensitive: Vec::new(),
            stateful: false,
        };
        let pieces: BTreeMap<_, _> =
            wanted.map(|size| (key.clone(), piece(size))).into_iter().collect();
        let built = rendered(id.clone(), pieces, ContentId::of("inputs"));
        let built = wanted.map(|_| &built);
        self.target.observe(&id, built, &Inventory::from([(key, owned())])).await
    }

    async fn put(&self, which: &str, size: Option<i64>) {
        let body = size.map(|size| self.place.body(which, size));
        self.place.put(&self.place.key(which), body.as_ref()).await;
    }

    /// A change of one resource from one number to another.
    fn change(&self, which: &str, before: Option<i64>, after: Option<i64>) -> Change {
        let bodies = [before, after].map(|size| size.map(|size| self.place.body(which, size)));
        let field = self.place.field();
        let at = |body: &Option<Body>| -> Option<Value> {
            body.as_ref().and_then(|body| field.find(&body.value)).cloned()
        };
        let [old, new] = [at(&bodies[0]), at(&bodies[1])];
        let hash = old.as_ref().map(canonical::content_id);
        let [_, intended] = bodies;
        Change {
            component: component("a"),
            resource: self.place.key(which),
            action: match (before, after) {
                (None, _) => Action::Create,
                (Some(_), Some(_)) => Action::Update,
                (Some(_), None) => Action::Delete,
            },
            risk: Risk::Reversible,
            cause: Cause::Wish,
            precondition: Precondition {
                uid: None,
                fields: before.map(|_| (field.clone(), hash)).into_iter().collect(),
                exists: before.is_some(),
            },
            fields: vec![FieldChange {
                path: field,
                before: old,
                after: new,
                sensitive: false,
                origin: None,
            }],
            intended,
        }
    }

    async fn apply(&self, change: Change) -> Result<After, StepError> {
        apply(&*self.target, &self.lease, change).await
    }

    /// The number that is there, whoever looks.
    async fn size(&self, which: &str) -> Option<Value> {
        match self.see(which, Some(-1)).await {
            Seen::Compared(both) => {
                both.live.map(|live| self.place.field().find(&live.value).expect("it has").clone())
            }
            other => panic!("{other:?}"),
        }
    }

    async fn refuses(&self, refused: Result<After, StepError>, disposition: Disposition) {
        let error = refused.expect_err("it is refused");
        assert_eq!(error.disposition, disposition, "{error}");
    }
}

async fn lease(store: &Store, agent: &str, stack: &str, ttl: Duration) -> Lease {
    let (stack, holder) = (StackName::new(stack).unwrap(), HolderId::new("one").unwrap());
    let lease = store.acquire(&scope(agent), &stack, &holder, ttl).await.unwrap();
    lease.expect("nobody else holds it")
}

fn owned() -> Owned {
    Owned { component: component("a"), applied: None, uid: None, kept: false, epoch: Epoch(1) }
}

fn observation(observed: Observed) -> Observation {
    match observed {
        Observed::Complete(observation) => observation,
        other => panic!("{other:?}"),
    }
}

async fn apply(target: &dyn Target, lease: &Lease, change: Change) -> Result<After, StepError> {
    let step = Step {
        component: change.component.clone(),
        changes: vec![0],
        nature: Nature::IdempotentByName,
        after: Vec::new(),
        artifact: None,
    };
    let effect = Effect {
        scope: lease.scope().clone(),
        stack: lease.stack().clone(),
        target: name(),
        inputs: BTreeMap::new(),
        tools: BTreeMap::new(),
        changes: vec![change],
        steps: vec![step.clone()],
    };
    let mut after = target.apply(lease, &effect, &step).await?;
    assert_eq!(after.len(), 1, "one for each change");
    Ok(after.remove(0))
}

pub(crate) async fn an_empty_place_is_empty<P: Place>() {
    let bed = Bed::<P>::new().await;
    let mark = bed.target.mark().await.unwrap();
    assert_eq!((mark.scope, mark.target), (scope("one"), name()));
    assert!(mark.resources.is_empty() && mark.epochs.is_empty());
    let key = bed.place.key("x");
    let piece = Piece { body: bed.place.body("x", 1), sensitive: Vec::new(), stateful: false };
    let built = rendered(component("a"), [(key.clone(), piece)].into(), ContentId::of("inputs"));
    let seen = bed.target.observe(&component("a"), Some(&built), &Inventory::new()).await;
    match &observation(seen).resources[&key] {
        Seen::Compared(both) => {
            assert_eq!((&both.live, &both.owner), (&None, &Owner::Nobody));
            assert_eq!(both.intended.as_ref(), Some(&bed.place.body("x", 1)));
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn looking_changes_nothing<P: Place>() {
    let bed = Bed::<P>::new().await;
    bed.own(&["x"]).await;
    bed.put("x", Some(1)).await;
    let mark = bed.target.mark().await.unwrap();
    let first = bed.observe("x", Some(2)).await;
    assert_eq!(bed.observe("x", Some(2)).await, first);
    assert_eq!(bed.target.mark().await.unwrap(), mark);
}

pub(crate) async fn only_what_is_wanted_or_owned_is_told<P: Place>() {
    let bed = Bed::<P>::new().await;
    bed.own(&["x", "y"]).await;
    bed.put("x", Some(1)).await;
    bed.put("y", Some(1)).await;
    bed.put("z", Some(1)).await;
    let told: BTreeSet<_> =
        observation(bed.observe("x", None).await).resources.into_keys().collect();
    assert_eq!(told, [bed.place.key("x")].into());
}

pub(crate) async fn a_mark_comes_before_an_effect<P: Place>() {
    let bed = Bed::<P>::new().await;
    bed.own(&[]).await;
    bed.refuses(bed.apply(bed.change("x", None, Some(1))).await, Disposition::Refused).await;
    assert_eq!(bed.size("x").await, None);
}

pub(crate) async fn what_is_applied_is_there<P: Place>() {
    let bed = Bed::<P>::new().await;
    bed.own(&["x"]).await;
    for (before, after) in [(None, Some(1)), (Some(1), Some(2))] {
        let told = bed.apply(bed.change("x", before, after)).await.unwrap();
        let wanted = bed.place.body("x", after.unwrap());
        assert_eq!(told.live.map(|live| live.content_id()), Some(wanted.content_id()));
        match bed.see("x", after).await {
            Seen::Same { fingerprint } => assert_eq!(fingerprint, wanted.content_id()),
            Seen::Compared(both) => {
                assert_eq!((&both.live, &both.owner), (&both.intended, &Owner::This));
            }
            other => panic!("{other:?}"),
        }
    }
    let told = bed.apply(bed.change("x", Some(2), None)).await.unwrap();
    assert_eq!(told.live, None);
    assert_eq!(bed.see("x", None).await, Seen::Absent);
}

pub(crate) async fn doing_it_again_changes_nothing<P: Place>() {
    let bed = Bed::<P>::new().await;
    bed.own(&["x"]).await;
    for (before, after) in [(None, Some(1)), (Some(1), Some(2)), (Some(2), None)] {
        let first = bed.apply(bed.change("x", before, after)).await.unwrap();
        let again = bed.apply(bed.change("x", before, after)).await.unwrap();
        assert_eq!(again, first, "{before:?} {after:?}");
    }
}

pub(crate) async fn what_has_moved_is_stale<P: Place>() {
    let bed = Bed::<P>::new().await;
    bed.own(&["x"]).await;
    let (update, delete) =
        (|| bed.change("x", Some(1), Some(2)), || bed.change("x", Some(1), None));
    bed.refuses(bed.apply(update()).await, Disposition::Stale).await;
    bed.put("x", Some(7)).await;
    for change in [bed.change("x", None, Some(2)), update(), delete()] {
        bed.refuses(bed.apply(change).await, Disposition::Stale).await;
    }
    let field = bed.place.field();
    let there = bed.place.body("x", 7);
    assert_eq!(bed.size("x").await.as_ref(), field.find(&there.value), "nothing was undone");
}

pub(crate) async fn a_mark_reads_back<P: Place>() {
    let bed = Bed::<P>::new().await;
    let content = bed.place.body("x", 1).content_id();
    let full = Owned { applied: Some(content), kept: true, ..owned() };
    let [x, y] = ["x", "y"].map(|which| bed.place.key(which));
    let entries: MarkEntries = [(x.clone(), Some(full.clone())), (y.clone(), Some(owned()))].into();
    bed.target.write_mark(&bed.lease, &entries).await.unwrap();
    bed.target.write_mark(&bed.lease, &[(y, None)].into()).await.unwrap();
    let again = bed.place.target("one").await.mark().await.unwrap();
    assert_eq!(again.resources, [(x, full)].into());
    let (stack, epoch) = (bed.lease.stack(), bed.lease.epoch());
    assert_eq!((again.epoch(stack), again.since.get(stack)), (epoch, Some(&epoch)));
}

pub(crate) async fn a_lower_epoch_is_refused<P: Place>() {
    let bed = Bed::<P>::new().await;
    bed.own(&["x"]).await;
    bed.store.release(bed.lease.clone()).await.unwrap();
    let later = lease(&bed.store, "one", "prod", Duration::from_secs(600)).await;
    bed.target.write_mark(&later, &MarkEntries::new()).await.unwrap();
    bed.refuses(bed.apply(bed.change("x", None, Some(1))).await, Disposition::Refused).await;
    let entries = [(bed.place.key("x"), None)].into();
    let error = bed.target.write_mark(&bed.lease, &entries).await.expect_err("it is refused");
    assert_eq!(error.disposition, Disposition::Refused, "{error}");
    assert_eq!(bed.size("x").await, None);
    assert_eq!(bed.target.mark().await.unwrap().resources.len(), 1);
    // Leases are taken stack by stack: the first of another one is not late.
    let other = lease(&bed.store, "one", "dev", Duration::from_secs(600)).await;
    assert!(other.epoch() < later.epoch());
    bed.target.write_mark(&other, &MarkEntries::new()).await.unwrap();
}

pub(crate) async fn a_lease_that_ends_writes_nothing<P: Place>() {
    let mut bed = Bed::<P>::new().await;
    bed.own(&["x"]).await;
    bed.store.release(bed.lease.clone()).await.unwrap();
    bed.lease = lease(&bed.store, "one", "prod", Duration::from_millis(1)).await;
    bed.refuses(bed.apply(bed.change("x", None, Some(1))).await, Disposition::Refused).await;
    let written = bed.target.write_mark(&bed.lease, &MarkEntries::new()).await;
    assert_eq!(written.expect_err("it is refused").disposition, Disposition::Refused);
    assert_eq!(bed.size("x").await, None);
}

pub(crate) async fn two_agents_have_a_mark_each<P: Place>() {
    let bed = Bed::<P>::new().await;
    let (theirs, store) = (bed.place.target("two").await, &bed.store);
    let their_lease = lease(store, "two", "prod", Duration::from_secs(600)).await;
    let x: MarkEntries = [(bed.place.key("x"), Some(owned()))].into();
    theirs.write_mark(&their_lease, &x).await.unwrap();
    bed.put("x", Some(1)).await;
    match bed.see("x", Some(2)).await {
        Seen::Compared(both) => assert!(matches!(both.owner, Owner::Foreign(_)), "{both:?}"),
        other => panic!("{other:?}"),
    }
    assert!(bed.target.write_mark(&bed.lease, &x).await.is_err(), "it is theirs");
    assert!(bed.apply(bed.change("x", Some(1), Some(2))).await.is_err(), "it is theirs");
    bed.own(&["y"]).await;
    assert_eq!(
        theirs.mark().await.unwrap().resources.into_keys().collect::<Vec<_>>(),
        [bed.place.key("x")]
    );
    assert_eq!(
        bed.target.mark().await.unwrap().resources.into_keys().collect::<Vec<_>>(),
        [bed.place.key("y")]
    );
}

pub(crate) async fn a_mark_that_cannot_be_read_is_not_empty<P: Place>() {
    let bed = Bed::<P>::new().await;
    bed.own(&["x"]).await;
    bed.apply(bed.change("x", None, Some(1))).await.unwrap();
    bed.place.tear_mark("one").await;
    assert!(bed.target.mark().await.is_err());
    let observed = bed.observe("x", None).await;
    assert!(!matches!(observed, Observed::Complete(_)), "{observed:?}");
    let written = bed.target.write_mark(&bed.lease, &MarkEntries::new()).await;
    assert!(written.is_err(), "who knows what it named");
}

pub(crate) async fn what_cannot_be_seen_is_not_gone<P: Place>() {
    let bed = Bed::<P>::new().await;
    bed.own(&["x"]).await;
    bed.apply(bed.change("x", None, Some(1))).await.unwrap();
    bed.place.hide().await;
    let observed = bed.observe("x", None).await;
    assert!(!matches!(observed, Observed::Complete(_)), "{observed:?}");
}

pub(crate) async fn a_change_by_hand_wakes<P: Place>() {
    let bed = Bed::<P>::new().await;
    bed.own(&["x"]).await;
    bed.apply(bed.change("x", None, Some(1))).await.unwrap();
    // Whoever has looked is told of what comes after.
    bed.observe("x", Some(1)).await;
    let id: ComponentId = component("a");
    let woken = async { while !bed.target.wake().await.contains(&id) {} };
    let touched = async {
        bed.put("x", Some(7)).await;
    };
    let noticed = tokio::time::timeout(NOTICE_MAX, async { tokio::join!(touched, woken) }).await;
    assert!(noticed.is_ok(), "nobody is woken");
}
