mod conformance;
mod marks;
mod watch;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, SystemTime};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::walk::Walk;
use super::*;
use crate::backends::Disposition;
use crate::backends::fixture::{body, change, component, key, name, scope};
use crate::build::{Piece, fixture::rendered};
use crate::ids::{ContentId, Epoch, HolderId, StackName};
use crate::model::body::{Body, Format};
use crate::model::change::{Action, Change};
use crate::model::inventory::Owned;
use crate::model::observation::{Compared, Health, Owner, Seen};
use crate::model::plan::{Nature, Step};
use crate::model::question::Question;
use crate::model::value::{Node, Value};
use crate::store::Store;
use crate::world::{Point, Points};

struct Bed {
    folder: TempDir,
    store: Store,
    world: World,
    target: FilesTarget,
    lease: Lease,
}

async fn acquire(store: &Store, scope: &Scope) -> Lease {
    let (stack, holder) = (StackName::new("prod").unwrap(), HolderId::new("one").unwrap());
    let lease = store.acquire(scope, &stack, &holder, Duration::from_secs(60)).await;
    lease.unwrap().expect("nobody else holds it")
}

impl Bed {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let world = World::real();
        let store = Store::open("sqlite::memory:", &world).await.unwrap();
        let target = FilesTarget::open(name(), scope("one"), folder.path(), &world).unwrap();
        let lease = acquire(&store, &scope("one")).await;
        Self { folder, store, world, target, lease }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    async fn own(&self, path: &str, id: &ComponentId) {
        self.target.write_mark(&self.lease, &entries(path, id)).await.unwrap();
    }

    async fn apply(&self, change: Change) -> Result<After, StepError> {
        apply(&self.target, &self.lease, change).await
    }

    /// What is seen of `path` for `a`, which wants it to hold `wanted`.
    async fn see(&self, path: &str, wanted: Option<&Json>) -> Seen {
        match observe(&self.target, path, wanted).await {
            Observed::Complete(observation) | Observed::Partial(observation) => {
                observation.resources[&key(path)].clone()
            }
            Observed::Unreachable { reason } => panic!("{reason}"),
        }
    }
}

fn owned(id: &ComponentId) -> Owned {
    Owned { component: id.clone(), applied: None, uid: None, kept: false, epoch: Epoch(1) }
}

fn entries(path: &str, id: &ComponentId) -> MarkEntries {
    [(key(path), Some(owned(id)))].into()
}

async fn observe(target: &FilesTarget, path: &str, wanted: Option<&Json>) -> Observed {
    let id = component("a");
    let piece = |json: &Json| Piece::plain(body(json));
    let pieces: BTreeMap<_, _> = wanted.map(|json| (key(path), piece(json))).into_iter().collect();
    let rendered = rendered(id.clone(), pieces, ContentId::of("inputs"));
    let inventory = [(key(path), owned(&id).into())].into();
    target.observe(&id, Some(&rendered), &inventory).await
}

async fn apply(target: &FilesTarget, lease: &Lease, change: Change) -> Result<After, StepError> {
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
    Ok(target.apply(lease, &effect, &step).await?.remove(0))
}

fn compared(seen: Seen) -> Compared {
    match seen {
        Seen::Compared(both) => *both,
        other => panic!("{other:?}"),
    }
}

fn unreadable(seen: Seen) -> String {
    match seen {
        Seen::Unreadable { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_file_is_created_updated_and_deleted() {
    let bed = Bed::new().await;
    let path = "prod/kubernetes/a/x.yaml";
    let (one, two) = (json!({ "a": 1, "b": "yes" }), json!({ "a": 2, "b": "yes" }));
    assert_eq!(compared(bed.see(path, Some(&one)).await).live, None);
    bed.own(path, &component("a")).await;

    let after = bed.apply(change(Action::Create, path, None, Some(&one))).await.unwrap();
    assert_eq!(after.live, Some(body(&one)));
    assert_eq!(bed.text(path), "a: 1\nb: 'yes'\n");
    assert_eq!(fs::metadata(bed.path(path)).unwrap().permissions().mode() & 0o777, 0o644);
    assert!(matches!(bed.see(path, Some(&one)).await, Seen::Same { .. }));

    let both = compared(bed.see(path, Some(&two)).await);
    assert_eq!((both.live, both.owner), (Some(body(&one)), Owner::This));
    let after = bed.apply(change(Action::Update, path, Some(&one), Some(&two))).await.unwrap();
    assert_eq!(after.live, Some(body(&two)));

    let after = bed.apply(change(Action::Delete, path, Some(&two), None)).await.unwrap();
    assert_eq!(after.live, None);
    assert_eq!(bed.see(path, None).await, Seen::Absent);
    assert!(!bed.path("prod").exists(), "empty folders go with the last file");
    assert!(bed.folder.path().exists());
}

#[tokio::test]
async fn doing_a_step_again_changes_nothing() {
    let bed = Bed::new().await;
    bed.own("x.yaml", &component("a")).await;
    let value = json!({ "a": 1 });
    let create = change(Action::Create, "x.yaml", None, Some(&value));
    let first = bed.apply(create.clone()).await.unwrap();
    let written = fs::metadata(bed.path("x.yaml")).unwrap().modified().unwrap();
    assert_eq!(bed.apply(create).await.unwrap(), first);
    assert_eq!(fs::metadata(bed.path("x.yaml")).unwrap().modified().unwrap(), written);
    let delete = change(Action::Delete, "x.yaml", Some(&value), None);
    bed.apply(delete.clone()).await.unwrap();
    assert_eq!(bed.apply(delete).await.unwrap().live, None);
}

#[tokio::test]
async fn a_step_on_what_has_moved_is_stale() {
    let bed = Bed::new().await;
    bed.own("x.yaml", &component("a")).await;
    let (old, new) = (json!({ "a": 1, "b": 1 }), json!({ "a": 2, "b": 1 }));
    let update = change(Action::Update, "x.yaml", Some(&old), Some(&new));
    let stale = |result: Result<After, StepError>| {
        let error = result.unwrap_err();
        assert_eq!(error.disposition, Disposition::Stale, "{error}");
        error.reason
    };
    assert_eq!(stale(bed.apply(update.clone()).await), "x.yaml is gone");
    bed.write("x.yaml", "a: 7\nb: 1\n");
    let why = stale(bed.apply(update.clone()).await);
    assert_eq!(why, "x.yaml: `a` has changed since the plan was made");
    // Nobody has seen `b` change, and writing the file would undo it.
    bed.write("x.yaml", "a: 1\nb: 7\n");
    let why = stale(bed.apply(update).await);
    assert_eq!(why, "x.yaml: `b` has changed since the plan was made, and is not part of it");
    let why = stale(bed.apply(change(Action::Create, "x.yaml", None, Some(&new))).await);
    assert_eq!(why, "x.yaml is there by now");
    let why = stale(bed.apply(change(Action::Delete, "x.yaml", Some(&old), None)).await);
    assert_eq!(why, "x.yaml: `b` has changed since the plan was made");
    assert_eq!(bed.text("x.yaml"), "a: 1\nb: 7\n");
}

#[tokio::test]
async fn a_file_that_no_mark_names_is_not_written() {
    let bed = Bed::new().await;
    let create = change(Action::Create, "x.yaml", None, Some(&json!({ "a": 1 })));
    bed.target.write_mark(&bed.lease, &MarkEntries::new()).await.unwrap();
    let error = bed.apply(create.clone()).await.unwrap_err();
    assert_eq!(error.disposition, Disposition::Refused);
    bed.own("x.yaml", &component("b")).await;
    let error = bed.apply(create).await.unwrap_err();
    assert_eq!(error.reason, "x.yaml belongs to prod/kubernetes/b by now");
    assert!(!bed.path("x.yaml").exists());
}

#[tokio::test]
async fn a_file_of_nobody_is_adopted_through_the_mark() {
    let bed = Bed::new().await;
    bed.write("x.yaml", "# by hand\na: 1\n");
    let value = json!({ "a": 1 });
    let both = compared(bed.see("x.yaml", Some(&value)).await);
    assert_eq!((both.owner, both.live), (Owner::Nobody, both.intended));
    bed.own("x.yaml", &component("a")).await;
    bed.apply(change(Action::Adopt, "x.yaml", Some(&value), Some(&value))).await.unwrap();
    assert_eq!(bed.text("x.yaml"), "# by hand\na: 1\n", "it says what it should already");
    assert!(matches!(bed.see("x.yaml", Some(&value)).await, Seen::Same { .. }));

    bed.own("x.yaml", &component("b")).await;
    let both = compared(bed.see("x.yaml", Some(&value)).await);
    assert_eq!(both.owner, Owner::Other(component("b")));
    bed.target.write_mark(&bed.lease, &[(key("x.yaml"), None)].into()).await.unwrap();
    assert_eq!(compared(bed.see("x.yaml", Some(&value)).await).owner, Owner::Nobody);
    assert!(bed.path("x.yaml").exists());
}

#[tokio::test]
async fn two_agents_share_a_folder_and_no_file() {
    let bed = Bed::new().await;
    let other = FilesTarget::open(name(), scope("two"), bed.folder.path(), &bed.world).unwrap();
    let lease = acquire(&bed.store, &scope("two")).await;
    bed.own("x.yaml", &component("a")).await;
    other.write_mark(&lease, &entries("y.yaml", &component("a"))).await.unwrap();

    let both = compared(bed.see("y.yaml", Some(&json!({ "a": 1 }))).await);
    assert_eq!(both.owner, Owner::Foreign("two/config".to_owned()));
    let refused = bed.target.write_mark(&bed.lease, &entries("y.yaml", &component("a"))).await;
    let error = refused.unwrap_err();
    assert_eq!(error.reason, "y.yaml belongs to two/config");
    assert_eq!(error.disposition, Disposition::Stale);
    let create = change(Action::Create, "y.yaml", None, Some(&json!({ "a": 1 })));
    assert!(bed.apply(create.clone()).await.is_err());
    apply(&other, &lease, create).await.unwrap();

    assert_eq!(
        bed.target.mark().await.unwrap().resources.keys().collect::<Vec<_>>(),
        [&key("x.yaml")]
    );
    assert_eq!(other.mark().await.unwrap().resources.keys().collect::<Vec<_>>(), [&key("y.yaml")]);
}

#[tokio::test]
async fn whoever_comes_with_a_lower_epoch_is_refused() {
    let bed = Bed::new().await;
    bed.own("x.yaml", &component("a")).await;
    let before = bed.lease.clone();
    bed.store.release(bed.lease.clone()).await.unwrap();
    let after = acquire(&bed.store, &scope("one")).await;
    assert!(after.epoch() > before.epoch());
    bed.target.write_mark(&after, &MarkEntries::new()).await.unwrap();

    let late = bed.target.write_mark(&before, &entries("y.yaml", &component("a"))).await;
    assert_eq!(late.unwrap_err().disposition, Disposition::Refused);
    let create = change(Action::Create, "x.yaml", None, Some(&json!({ "a": 1 })));
    let error = apply(&bed.target, &before, create.clone()).await.unwrap_err();
    assert_eq!(error.reason, "epoch 1 of prod is over: epoch 2 has written here");
    assert!(!bed.path("x.yaml").exists());
    apply(&bed.target, &after, create).await.unwrap();
}

#[tokio::test]
async fn epochs_of_different_stacks_do_not_meet() {
    let bed = Bed::new().await;
    bed.store.release(bed.lease.clone()).await.unwrap();
    let second = acquire(&bed.store, &scope("one")).await;
    bed.target.write_mark(&second, &MarkEntries::new()).await.unwrap();
    let (stack, holder) = (StackName::new("dev").unwrap(), HolderId::new("one").unwrap());
    let dev = bed.store.acquire(&scope("one"), &stack, &holder, Duration::from_secs(60)).await;
    let dev = dev.unwrap().unwrap();
    assert!(dev.epoch() < second.epoch());
    bed.target.write_mark(&dev, &entries("x.yaml", &component("a"))).await.unwrap();
}

#[tokio::test]
async fn an_expired_lease_writes_nothing() {
    let bed = Bed::new().await;
    bed.own("x.yaml", &component("a")).await;
    let stack = StackName::new("dev").unwrap();
    let holder = HolderId::new("one").unwrap();
    let short = bed.store.acquire(&scope("one"), &stack, &holder, Duration::from_millis(1)).await;
    let short = short.unwrap().unwrap();
    assert!(bed.target.write_mark(&short, &MarkEntries::new()).await.is_err());
    let create = change(Action::Create, "x.yaml", None, Some(&json!({ "a": 1 })));
    let error = apply(&bed.target, &short, create).await.unwrap_err();
    assert_eq!(error.reason, "the lease on dev (epoch 1) has run out");
}

#[tokio::test]
async fn links_are_never_followed() {
    let bed = Bed::new().await;
    let outside = TempDir::new().unwrap();
    fs::write(outside.path().join("x.yaml"), "a: 1\n").unwrap();
    bed.own("x.yaml", &component("a")).await;
    bed.own("in/x.yaml", &component("a")).await;
    symlink(outside.path().join("x.yaml"), bed.path("x.yaml")).unwrap();
    symlink(outside.path(), bed.path("in")).unwrap();
    let (old, new) = (json!({ "a": 1 }), json!({ "a": 2 }));
    let why = unreadable(bed.see("x.yaml", Some(&old)).await);
    assert_eq!(why, "x.yaml: there is a link in its place");
    let why = unreadable(bed.see("in/x.yaml", Some(&old)).await);
    assert!(why.contains("is a file or a link") || why.contains("is a link"), "{why}");
    for path in ["x.yaml", "in/x.yaml"] {
        for change in [
            change(Action::Update, path, Some(&old), Some(&new)),
            change(Action::Create, path, None, Some(&new)),
            change(Action::Delete, path, Some(&old), None),
        ] {
            bed.apply(change).await.unwrap_err();
        }
    }
    assert_eq!(fs::read_to_string(outside.path().join("x.yaml")).unwrap(), "a: 1\n");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_link_that_is_swapped_in_between_check_and_rename_leads_nowhere() {
    let outside = TempDir::new().unwrap();
    let folder = TempDir::new().unwrap();
    let (from, to) = (outside.path().to_owned(), folder.path().to_owned());
    let points = Points::Watched(Arc::new(move |point| {
        if point == Point::EffectHalf {
            fs::remove_dir(to.join("in")).unwrap();
            symlink(&from, to.join("in")).unwrap();
        }
        false
    }));
    let world = World { points, ..World::real() };
    let store = Store::open("sqlite::memory:", &world).await.unwrap();
    let target = FilesTarget::open(name(), scope("one"), folder.path(), &world).unwrap();
    let lease = acquire(&store, &scope("one")).await;
    fs::create_dir(folder.path().join("in")).unwrap();
    target.write_mark(&lease, &entries("in/x.yaml", &component("a"))).await.unwrap();
    let create = change(Action::Create, "in/x.yaml", None, Some(&json!({ "a": 1 })));
    let error = apply(&target, &lease, create).await.unwrap_err();
    assert_eq!(error.disposition, Disposition::Stale, "{error}");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    assert_eq!(fs::read_dir(folder.path().join(".isobar/tmp")).unwrap().count(), 0);
}

#[tokio::test]
async fn what_is_no_plain_file_is_neither_there_nor_gone() {
    let bed = Bed::new().await;
    bed.own("x.yaml", &component("a")).await;
    fs::create_dir(bed.path("x.yaml")).unwrap();
    let value = json!({ "a": 1 });
    let why = unreadable(bed.see("x.yaml", Some(&value)).await);
    assert_eq!(why, "x.yaml: there is a folder in its place");
    assert!(matches!(observe(&bed.target, "x.yaml", None).await, Observed::Partial(_)));
    assert!(bed.apply(change(Action::Create, "x.yaml", None, Some(&value))).await.is_err());
    assert!(bed.apply(change(Action::Delete, "x.yaml", Some(&value), None)).await.is_err());

    let permissions = rustix::fs::Mode::from_raw_mode(0o644);
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, bed.path("pipe"), fifo, permissions, 0).unwrap();
    let why = unreadable(bed.see("pipe", Some(&value)).await);
    assert_eq!(why, "pipe: there is a special file in its place");
    fs::write(bed.path("file"), "").unwrap();
    let why = unreadable(bed.see("file/below", Some(&value)).await);
    assert_eq!(why, "file/below: a folder of its path is a file or a link");
}

#[tokio::test]
async fn paths_that_lead_elsewhere_are_refused() {
    let bed = Bed::new().await;
    for path in ["../x", "/etc/x", "a//b", "a/./b", ".isobar/lock", "."] {
        bed.own(path, &component("a")).await;
        unreadable(bed.see(path, Some(&json!({}))).await);
        let create = change(Action::Create, path, None, Some(&json!({ "a": 1 })));
        assert_eq!(bed.apply(create).await.unwrap_err().disposition, Disposition::Refused);
    }
}

#[tokio::test]
async fn a_file_may_have_5_mib_and_not_a_byte_more() {
    let bed = Bed::new().await;
    bed.own("x", &component("a")).await;
    let text = |bytes: usize| Body::new(Format::Text, Value::text("x".repeat(bytes)));
    let bytes_max = usize::try_from(FILE_BYTES_MAX).unwrap();
    let create = change(Action::Create, "x", None, None);
    let large = Change { intended: Some(text(bytes_max + 1)), ..create.clone() };
    assert_eq!(bed.apply(large).await.unwrap_err().disposition, Disposition::Refused);
    assert!(!bed.path("x").exists());
    bed.apply(Change { intended: Some(text(bytes_max)), ..create }).await.unwrap();
    compared(bed.see("x", Some(&json!({}))).await);
    fs::write(bed.path("x"), "x".repeat(bytes_max + 1)).unwrap();
    unreadable(bed.see("x", Some(&json!({}))).await);
}

#[tokio::test]
async fn what_is_not_known_or_secret_is_not_written() {
    let bed = Bed::new().await;
    bed.own("x.yaml", &component("a")).await;
    let question = Question { function: "output".into(), arguments: Vec::new() };
    let unknown = Value::computed(Node::Unknown(question.into()));
    let intended = Some(Body::new(Format::Yaml, unknown));
    let create = Change { intended, ..change(Action::Create, "x.yaml", None, None) };
    let error = bed.apply(create).await.unwrap_err();
    assert_eq!(error.reason, "x.yaml: `output` is not known yet");

    let value = json!({ "password": "x" });
    let mut create = change(Action::Create, "x.yaml", None, Some(&value));
    create.fields[0].sensitive = true;
    bed.apply(create).await.unwrap();
    let mode = || fs::metadata(bed.path("x.yaml")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    let other = json!({ "password": "x", "user": "y" });
    bed.apply(change(Action::Update, "x.yaml", Some(&value), Some(&other))).await.unwrap();
    assert_eq!(mode(), 0o600, "a file is never opened to more people");
}

#[tokio::test]
async fn a_torn_write_is_swept_and_never_counted() {
    let folder = TempDir::new().unwrap();
    let stops = Points::Watched(Arc::new(|point| point == Point::EffectHalf));
    let dying = World { points: stops, ..World::real() };
    let store = Store::open("sqlite::memory:", &dying).await.unwrap();
    let lease = acquire(&store, &scope("one")).await;
    let target = FilesTarget::open(name(), scope("one"), folder.path(), &dying).unwrap();
    target.write_mark(&lease, &entries("x.yaml", &component("a"))).await.unwrap();
    let value = json!({ "a": 1 });
    let create = || change(Action::Create, "x.yaml", None, Some(&value));
    let mut torn = Box::pin(apply(&target, &lease, create()));
    let temporary = folder.path().join(".isobar/tmp");
    let reached = async {
        while fs::read_dir(&temporary).unwrap().count() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        done = &mut torn => panic!("{done:?}"),
        () = reached => {}
    }
    let target = FilesTarget::open(name(), scope("one"), folder.path(), &World::real()).unwrap();
    let Observed::Complete(seen) = observe(&target, "x.yaml", Some(&value)).await else { panic!() };
    assert_eq!(seen.health, Health::Missing);
    // While the other write is under way its file is not ours to sweep.
    let busy = target.write_mark(&lease, &MarkEntries::new()).await.unwrap_err();
    assert!(matches!(busy.disposition, Disposition::RetryAfter(_)), "{busy}");
    drop(torn);
    target.write_mark(&lease, &MarkEntries::new()).await.unwrap();
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
    apply(&target, &lease, create()).await.unwrap();
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_not_an_empty_one() {
    let bed = Bed::new().await;
    let gone = bed.path("later");
    let target = FilesTarget::open(name(), scope("one"), &gone, &bed.world).unwrap();
    let id = component("a");
    let piece = Piece::plain(body(&json!({})));
    let wanted = rendered(id.clone(), [(key("x"), piece)].into(), ContentId::of("inputs"));
    let seen = target.observe(&id, Some(&wanted), &Inventory::new()).await;
    assert!(matches!(seen, Observed::Complete(seen) if seen.health == Health::Missing));
    let seen = target.observe(&id, Some(&wanted), &[(key("x"), owned(&id).into())].into()).await;
    assert!(matches!(seen, Observed::Unreachable { .. }));
    target.write_mark(&bed.lease, &MarkEntries::new()).await.unwrap();
    assert!(gone.is_dir());
    bed.write("file", "");
    FilesTarget::open(name(), scope("one"), bed.path("file"), &bed.world).err().unwrap();
}

#[tokio::test]
async fn an_unchanged_file_is_read_once() {
    let bed = Bed::new().await;
    let value = json!({ "a": 1 });
    bed.own("x.yaml", &component("a")).await;
    bed.apply(change(Action::Create, "x.yaml", None, Some(&value))).await.unwrap();
    let file = fs::File::options().write(true).open(bed.path("x.yaml")).unwrap();
    // Just written: it could still change without showing it.
    bed.see("x.yaml", Some(&value)).await;
    bed.see("x.yaml", Some(&value)).await;
    assert_eq!(bed.target.files_read(), 2);
    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    for _ in 0..3 {
        assert!(matches!(bed.see("x.yaml", Some(&value)).await, Seen::Same { .. }));
    }
    assert_eq!(bed.target.files_read(), 3);
    bed.write("x.yaml", "a: 2\n");
    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    compared(bed.see("x.yaml", Some(&value)).await);
    assert_eq!(bed.target.files_read(), 4);
}

#[test]
fn each_refusal_of_a_file_system_says_what_may_be_done() {
    use rustix::io::Errno;
    let disposition = |errno: Errno| failure::before("x", &errno.into()).disposition;
    for refused in [Errno::NOSPC, Errno::DQUOT, Errno::ACCESS, Errno::PERM, Errno::ROFS] {
        assert_eq!(disposition(refused), Disposition::Refused, "{refused}");
    }
    for busy in [Errno::MFILE, Errno::NFILE, Errno::BUSY, Errno::INTR] {
        assert!(matches!(disposition(busy), Disposition::RetryAfter(_)), "{busy}");
    }
    assert_eq!(disposition(Errno::IO), Disposition::Unknown);
    assert_eq!(failure::after("x", &Errno::NOSPC.into()).disposition, Disposition::Unknown);
}

#[tokio::test]
async fn a_disk_that_failed_a_flush_is_not_written_to_again() {
    let bed = Bed::new().await;
    bed.own("x.yaml", &component("a")).await;
    bed.target.distrusted.store(true, Ordering::SeqCst);
    let create = change(Action::Create, "x.yaml", None, Some(&json!({ "a": 1 })));
    assert_eq!(bed.apply(create).await.unwrap_err().disposition, Disposition::Refused);
    assert!(bed.target.write_mark(&bed.lease, &MarkEntries::new()).await.is_err());
}

#[test]
fn a_walk_finds_in_any_order_what_each_look_alone_finds() {
    let folder = TempDir::new().unwrap();
    let here = |path: &str| folder.path().join(path);
    for path in ["a/b/x", "a/b/y", "a/c/x", "a/x", "x", "ab/x"] {
        fs::create_dir_all(here(path).parent().unwrap()).unwrap();
        fs::write(here(path), path).unwrap();
    }
    symlink("a", here("link")).unwrap();
    let open = Folder::open(folder.path()).unwrap().unwrap();
    let paths = [
        "a/b/x", "a/b/y", "a/c/x", "a/x", "ab/x", "x", "a/b/none", "none/b/x", "a/b/x", "a/none/x",
        "a/b/y", "link/b/x", "a/b", "a/b/x", "x/b", "a/c/x", "a/b/x/y", "a/b/x",
    ];
    let mut walk = Walk::new(&open);
    for path in paths {
        let (together, alone) = (walk.look(path).unwrap(), open.look(path).unwrap());
        assert_eq!(format!("{together:?}"), format!("{alone:?}"), "{path}");
        let read = walk.read(path, 100).ok().flatten().map(|(_, bytes)| bytes);
        assert_eq!(read, fs::read(here(path)).ok().filter(|_| !path.starts_with("link")), "{path}");
    }
}

#[tokio::test]
async fn parallel_writers_and_deleters_of_one_folder_do_not_meet() {
    let bed = Bed::new().await;
    let value = json!({ "a": 1 });
    let paths: Vec<_> = (0..16).map(|at| format!("in/deep/{at}.yaml")).collect();
    let all = paths.iter().map(|path| (key(path), Some(owned(&component("a"))))).collect();
    bed.target.write_mark(&bed.lease, &all).await.unwrap();
    let done = AtomicUsize::new(0);
    let rounds = paths.iter().map(async |path| {
        for _ in 0..5 {
            bed.apply(change(Action::Create, path, None, Some(&value))).await.unwrap();
            bed.apply(change(Action::Delete, path, Some(&value), None)).await.unwrap();
            done.fetch_add(1, Ordering::SeqCst);
        }
    });
    futures_util::future::join_all(rounds).await;
    assert_eq!(done.into_inner(), 80);
    assert!(!Path::new(&bed.path("in")).exists());
}
