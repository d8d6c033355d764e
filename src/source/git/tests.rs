use std::time::Duration;

use super::*;
use crate::source::fixture::{Repo, at, latest, shown, source, source_at};

#[tokio::test]
async fn a_commit_is_fetched_and_read() {
    let repo = Repo::new();
    repo.commit("main", &[("a/b.yaml", "b"), ("c.yaml", "c")]);
    let source = source(&repo);
    let snapshot = latest(&source).await;
    assert_eq!(shown(&snapshot), "a/b.yaml: b\nc.yaml: c\n");
}

#[tokio::test]
async fn a_file_url_is_fetched_like_a_path() {
    let repo = Repo::new();
    repo.commit("main", &[("a", "1")]);
    let url = format!("file://{}", repo.path().display());
    let source = source_at(&url, &repo.folder.path().join("cache")).unwrap();
    assert_eq!(shown(&latest(&source).await), "a: 1\n");
}

#[tokio::test]
async fn a_branch_that_moves_forward_is_followed() {
    let repo = Repo::new();
    repo.commit("main", &[("a", "1")]);
    let source = source(&repo);
    latest(&source).await;
    let second = repo.commit("main", &[("a", "2")]);
    assert_eq!(source.fetch().await.unwrap(), Tip::At(at(&second)));
    assert_eq!(source.fetch().await.unwrap(), Tip::At(at(&second)));
}

#[tokio::test]
async fn a_rewritten_branch_is_told_apart_and_the_old_tree_stays() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("a", "1")]);
    let source = source(&repo);
    let old = latest(&source).await;
    let other = repo.commit_on("other", None, &[("a", "rewritten")]);
    repo.set("main", &other);
    repo.delete("other");
    let rewritten = Tip::Rewritten { from: first.clone(), to: other.clone() };
    assert_eq!(source.fetch().await.unwrap(), rewritten);
    assert_eq!(shown(&old), "a: 1\n");
    assert_eq!(shown(&source.snapshot(&at(&first)).await.unwrap()), "a: 1\n");
    assert_eq!(source.fetch().await.unwrap(), Tip::At(at(&other)));
}

#[tokio::test]
async fn going_back_is_rewriting_too() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("a", "1")]);
    let second = repo.commit("main", &[("a", "2")]);
    let source = source(&repo);
    latest(&source).await;
    repo.set("main", &first);
    assert_eq!(source.fetch().await.unwrap(), Tip::Rewritten { from: second, to: first });
}

#[tokio::test]
async fn who_stops_before_asking_again_is_told_again() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("a", "1")]);
    let before = source(&repo);
    latest(&before).await;
    before.fetch().await.unwrap();
    let other = repo.commit_on("other", None, &[("a", "2")]);
    repo.set("main", &other);
    let told = Tip::Rewritten { from: first, to: other };
    assert_eq!(before.fetch().await.unwrap(), told);
    drop(before);
    assert_eq!(source(&repo).fetch().await.unwrap(), told);
}

#[tokio::test]
async fn a_deleted_branch_and_one_that_never_was() {
    let repo = Repo::new();
    let source = source(&repo);
    assert_eq!(source.fetch().await.unwrap(), Tip::Deleted { last: None });
    let first = repo.commit("main", &[("a", "1")]);
    latest(&source).await;
    repo.delete("main");
    assert_eq!(source.fetch().await.unwrap(), Tip::Deleted { last: Some(first.clone()) });
    assert_eq!(shown(&source.snapshot(&at(&first)).await.unwrap()), "a: 1\n");
    repo.set("main", &first);
    assert_eq!(source.fetch().await.unwrap(), Tip::At(at(&first)));
}

#[tokio::test]
async fn a_deleted_branch_makes_room_for_a_folder_of_its_name() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("a", "1")]);
    repo.set("topic", &first);
    let source = source(&repo);
    latest(&source).await;
    repo.delete("topic");
    let inside = repo.commit_on("topic/one", Some(&first), &[("a", "2")]);
    latest(&source).await;
    assert_eq!(shown(&source.snapshot(&at(&inside)).await.unwrap()), "a: 2\n");
}

#[tokio::test]
async fn a_missing_object_is_incomplete_and_never_a_smaller_tree() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("a", "1"), ("b", "2")]);
    let cached = source(&repo);
    latest(&cached).await;
    remove_object(&cached.inner.cache.folder().join("objects"), repo.blob("2"));
    let failed = cached.snapshot(&at(&first)).await.unwrap_err();
    assert!(matches!(failed, FetchError::Incomplete { .. }), "{failed:?}");

    let elsewhere = repo.folder.path().join("elsewhere");
    remove_object(&repo.path().join("objects"), repo.blob("2"));
    let fresh = source_at(&repo.path().display().to_string(), &elsewhere).unwrap();
    let failed = fresh.fetch().await.unwrap_err();
    assert!(matches!(failed, FetchError::Incomplete { .. }), "{failed:?}");
}

#[tokio::test]
async fn a_shallow_clone_says_how_it_becomes_whole() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("a", "1")]);
    let second = repo.commit("main", &[("a", "2")]);
    std::fs::write(repo.path().join("shallow"), format!("{second}\n")).unwrap();
    let first = ObjectId::from_hex(first.as_str().as_bytes()).unwrap();
    remove_object(&repo.path().join("objects"), first);
    let failed = source(&repo).fetch().await.unwrap_err();
    assert!(failed.to_string().contains("git fetch --unshallow"), "{failed}");
}

#[tokio::test]
async fn an_object_that_is_cut_off_is_incomplete() {
    let repo = Repo::new();
    repo.commit("main", &[("a", &"long enough to be cut ".repeat(40))]);
    let blob = repo.blob(&"long enough to be cut ".repeat(40));
    let file = object_file(&repo.path().join("objects"), blob);
    let whole = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let failed = source(&repo).fetch().await.unwrap_err();
    assert!(matches!(failed, FetchError::Incomplete { .. }), "{failed:?}");
}

#[tokio::test]
async fn a_broken_side_branch_does_not_keep_the_tracked_one_away() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("a", "1")]);
    repo.commit_on("broken", Some(&first), &[("b", "gone")]);
    remove_object(&repo.path().join("objects"), repo.blob("gone"));
    assert_eq!(shown(&latest(&source(&repo)).await), "a: 1\n");
}

#[tokio::test]
async fn a_broken_ref_is_nobodys_business_unless_it_is_the_tracked_one() {
    let repo = Repo::new();
    repo.commit("main", &[("a", "1")]);
    let heads = repo.path().join("refs/heads");
    std::fs::write(heads.join("garbage"), "garbage").unwrap();
    std::fs::write(heads.join("gone"), "0123456789012345678901234567890123456789\n").unwrap();
    let source = source(&repo);
    assert_eq!(shown(&latest(&source).await), "a: 1\n");
    for broken in ["garbage", "0123456789012345678901234567890123456789\n", ""] {
        std::fs::write(heads.join("main"), broken).unwrap();
        let failed = source.fetch().await;
        assert!(matches!(failed, Err(FetchError::Incomplete { .. })), "{broken:?}: {failed:?}");
    }
}

#[tokio::test]
async fn a_snapshot_pins_its_commit_for_as_long_as_it_lives() {
    let repo = Repo::new();
    repo.commit("main", &[("a", "1")]);
    let source = source(&repo);
    let snapshot = latest(&source).await;
    let pins = |source: &GitSource| {
        let repository = source.inner.cache.repository();
        super::super::cache::refs_below(&repository, "refs/isobar/pins/").unwrap().len()
    };
    source.fetch().await.unwrap();
    assert_eq!(pins(&source), 1);
    drop(snapshot);
    source.fetch().await.unwrap();
    assert_eq!(pins(&source), 0);
}

#[tokio::test]
async fn only_the_configured_folder_is_in_the_snapshot() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("infra/a", "1"), ("other/b", "2")]);
    let settings = |folder: &str| GitSettings {
        url: repo.path().display().to_string(),
        branch: "main".to_owned(),
        folder: folder.to_owned(),
        cache_folder: repo.folder.path().join("cache"),
        period: Duration::from_secs(3600),
        credential: None,
        authorities: None,
    };
    let inside = GitSource::open(settings("infra/"), World::real()).unwrap();
    assert_eq!(shown(&latest(&inside).await), "a: 1\n");
    let nowhere = GitSource::open(settings("infra/a"), World::real()).unwrap();
    nowhere.fetch().await.unwrap();
    let failed = nowhere.snapshot(&at(&first)).await.unwrap_err();
    assert!(matches!(failed, FetchError::Refused { .. }), "{failed:?}");
}

#[tokio::test]
async fn a_merge_is_a_snapshot_and_leaves_nothing_behind() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("a", "1"), ("b", "1\n2\n3\n4\n5\n")]);
    let head = repo.commit_on("topic", Some(&first), &[("b", "1\n2\n3\n4\nfive\n")]);
    let base = repo.commit("main", &[("b", "one\n2\n3\n4\n5\n"), ("c", "3")]);
    let source = source(&repo);
    source.fetch().await.unwrap();
    let objects = source.inner.cache.folder().join("objects");
    let before = count_files(&objects);
    let Merge::Clean(merged) = source.merge(PullNumber(7), &head, &base).await.unwrap() else {
        panic!("it merges");
    };
    assert_eq!(shown(&merged), "a: 1\nb: one\n2\n3\n4\nfive\n\nc: 3\n");
    assert_eq!(merged.revision(), &Revision::Merge { pull: PullNumber(7), head, base });
    assert_eq!(count_files(&objects), before);
}

#[tokio::test]
async fn a_head_that_came_after_the_fetch_is_brought_for_the_merge() {
    let repo = Repo::new();
    let base = repo.commit("main", &[("a", "1")]);
    let source = source(&repo);
    source.fetch().await.unwrap();
    let head = repo.commit_on("topic", Some(&base), &[("a", "2")]);
    let merge = source.merge(PullNumber(1), &head, &base).await.unwrap();
    assert!(matches!(merge, Merge::Clean(merged) if shown(&merged) == "a: 2\n"));
    let nowhere = CommitId::new("0123456789012345678901234567890123456789").unwrap();
    let failed = source.merge(PullNumber(1), &nowhere, &base).await.unwrap_err();
    assert!(matches!(failed, FetchError::Incomplete { .. }), "{failed:?}");
}

#[tokio::test]
async fn a_local_commit_wakes_at_once_and_fetching_does_not() {
    let repo = Repo::new();
    repo.commit("main", &[("a", "1")]);
    let source = source(&repo);
    latest(&source).await;
    let wakes = |most: u64| tokio::time::timeout(Duration::from_millis(most), source.wake());
    assert!(wakes(100).await.is_err());
    repo.commit("main", &[("a", "2")]);
    wakes(60_000).await.unwrap();
}

#[tokio::test]
async fn a_fetch_that_nobody_waits_for_leaves_a_copy_that_works() {
    let repo = Repo::new();
    for n in 0..10 {
        repo.commit("main", &[("a", &n.to_string())]);
    }
    let source = source(&repo);
    for polls in 1..10 {
        let mut fetch = Box::pin(source.fetch());
        for _ in 0..polls {
            assert!(futures_util::poll!(&mut fetch).is_pending() || polls > 1);
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(shown(&latest(&source).await), "a: 9\n");
}

#[tokio::test]
async fn two_sources_of_one_copy_take_turns() {
    let repo = Repo::new();
    repo.commit("main", &[("a", "1")]);
    let (one, two) = (source(&repo), source(&repo));
    let (first, second) = tokio::join!(one.fetch(), two.fetch());
    assert_eq!(first.unwrap(), second.unwrap());
}

#[tokio::test]
async fn a_fetch_that_takes_too_long_is_given_up() {
    let repo = Repo::new();
    repo.commit("main", &[("a", "1")]);
    let mut source = source(&repo);
    source.world.clock = Arc::new(Hasty(source.world.clock.clone()));
    let _held = source.inner.cache.try_lock().unwrap();
    let failed = source.fetch().await.unwrap_err();
    let cause = std::error::Error::source(&failed).unwrap().to_string();
    assert_eq!(cause, "it took more than 600 seconds");
}

/// A clock on which every wait is over after a moment, longer ones after more of them.
struct Hasty(Arc<dyn crate::world::Clock>);

#[async_trait]
impl crate::world::Clock for Hasty {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    async fn sleep(&self, duration: Duration) {
        for _ in 0..duration.as_secs() + 1 {
            tokio::task::yield_now().await;
        }
    }
}

fn count_files(folder: &std::path::Path) -> usize {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { count_files(&path) } else { 1 })
        .sum()
}

fn object_file(objects: &std::path::Path, id: ObjectId) -> PathBuf {
    let hex = id.to_string();
    objects.join(&hex[..2]).join(&hex[2..])
}

fn remove_object(objects: &std::path::Path, id: ObjectId) {
    std::fs::remove_file(object_file(objects, id)).unwrap();
}
