//! A Git repository behind HTTP: a real server, and one that answers wrongly.
//!
//! The server is on this machine, where plain HTTP is allowed; Git's own `http-backend` speaks the
//! protocol. What is behind TLS is in `git_https.rs`.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

pub(crate) mod server;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use isobar::ids::{Actor, CommitId, PullNumber};
use isobar::settings::Credential;
use isobar::source::write::{self, Author};
use isobar::source::{FetchError, GitSettings, GitSource, Merge, PACKS_MAX, Snapshot, Source, Tip};
use isobar::world::World;
use tempfile::TempDir;

use server::{Answer, Server};

/// A repository, its server, and a source that tracks `main` there.
struct Place {
    folder: TempDir,
    server: Server,
    source: GitSource,
}

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        write::init(&folder.path().join("config.git")).unwrap();
        let server = Server::start(folder.path());
        let source = open(&folder, &server.url("config.git"), None);
        Self { folder, server, source }
    }

    fn commit(&self, branch: &str, parent: Option<&CommitId>, text: &str) -> CommitId {
        let changes = BTreeMap::from([("a".to_owned(), Some(text.as_bytes().to_vec()))]);
        let ada = Actor::new("ada").unwrap();
        let at = "2026-01-02T03:04:05Z".parse().unwrap();
        let author = Author { actor: &ada, at, message: "a change" };
        write::commit(&self.repository(), branch, parent, &changes, &author).unwrap()
    }

    fn repository(&self) -> std::path::PathBuf {
        self.folder.path().join("config.git")
    }

    /// Makes a ref be a commit, as a push with force would.
    fn push(&self, name: &str, commit: &CommitId) {
        let file = self.repository().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, format!("{commit}\n")).unwrap();
    }

    async fn latest(&self) -> Snapshot {
        match self.source.fetch().await.unwrap() {
            Tip::At(revision) => self.source.snapshot(&revision).await.unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

fn open(folder: &TempDir, url: &str, credential: Option<Credential>) -> GitSource {
    let settings = GitSettings {
        url: url.to_owned(),
        branch: "main".to_owned(),
        folder: String::new(),
        cache_folder: folder.path().join("cache"),
        period: Duration::from_secs(3600),
        credential,
        authorities: None,
    };
    GitSource::open(settings, World::real()).unwrap()
}

fn text(snapshot: &Snapshot) -> String {
    snapshot.text("a").unwrap().unwrap().to_string()
}

#[tokio::test]
async fn clone_forward_rewritten_deleted() {
    let place = Place::new();
    assert_eq!(place.source.fetch().await.unwrap(), Tip::Deleted { last: None });
    let first = place.commit("main", None, "1");
    let old = place.latest().await;
    assert_eq!(text(&old), "1");
    let second = place.commit("main", Some(&first), "2");
    assert_eq!(text(&place.latest().await), "2");
    let other = place.commit("other", None, "3");
    place.push("refs/heads/main", &other);
    let rewritten = Tip::Rewritten { from: second.clone(), to: other.clone() };
    assert_eq!(place.source.fetch().await.unwrap(), rewritten);
    assert_eq!(text(&old), "1");
    std::fs::remove_file(place.repository().join("refs/heads/main")).unwrap();
    assert_eq!(place.source.fetch().await.unwrap(), Tip::Deleted { last: Some(other) });
}

#[tokio::test]
async fn the_head_of_a_fork_is_brought_for_its_merge() {
    let place = Place::new();
    let base = place.commit("main", None, "1");
    place.latest().await;
    let head = place.commit("fork", Some(&base), "2");
    std::fs::remove_file(place.repository().join("refs/heads/fork")).unwrap();
    place.push("refs/pull/7/head", &head);
    let merge = place.source.merge(PullNumber(7), &head, &base).await.unwrap();
    assert!(matches!(merge, Merge::Clean(merged) if text(&merged) == "2"));
    let failed = place.source.merge(PullNumber(8), &unknown(), &base).await.unwrap_err();
    assert!(matches!(failed, FetchError::Incomplete { .. }), "{failed:?}");
}

/// Each fetch brings a pack; one more than there may be, and they become one. What was listed from
/// the old ones, and is on no branch any more, is read from the new one.
#[tokio::test]
async fn packs_are_combined_below_the_snapshots_that_read_them() {
    let place = Place::new();
    let mut snapshots = Vec::new();
    for at in 0..PACKS_MAX {
        // No two have a common history: each tip is the only way to its objects.
        let tip = place.commit(&format!("side-{at}"), None, &at.to_string());
        place.push("refs/heads/main", &tip);
        place.source.fetch().await.unwrap();
        let commit = isobar::model::revision::Revision::Commit(tip);
        snapshots.push(place.source.snapshot(&commit).await.unwrap());
    }
    assert_eq!(packs(&place).len(), PACKS_MAX, "as many as there may be");
    // Another process that has looked into the old packs before they go.
    let url = place.server.url("config.git");
    let other = open(&place.folder, &url, None);
    let last = other.snapshot(snapshots[PACKS_MAX - 1].revision()).await.unwrap();
    for at in 0..PACKS_MAX {
        std::fs::remove_file(place.repository().join(format!("refs/heads/side-{at}"))).unwrap();
    }
    let tip = place.commit("main", tip(&place.repository()).as_ref(), "the last straw");
    assert_eq!(text(&place.latest().await), "the last straw");
    assert_eq!(packs(&place).len(), 1, "one more");
    for (at, snapshot) in snapshots.iter().enumerate() {
        assert_eq!(text(snapshot), at.to_string());
        // Also for whoever begins with it only now.
        let again = place.source.snapshot(snapshot.revision()).await.unwrap();
        assert_eq!(text(&again), at.to_string());
    }
    assert_eq!(text(&last), (PACKS_MAX - 1).to_string());
    place.commit("main", Some(&tip), "and on");
    assert_eq!(text(&place.latest().await), "and on");
    assert_eq!(packs(&place).len(), 2);
}

/// The packs of the copy, and nothing that combining has left behind.
fn packs(place: &Place) -> Vec<std::path::PathBuf> {
    let mut caches = std::fs::read_dir(place.folder.path().join("cache")).unwrap();
    let folder = caches.find_map(|entry| {
        let folder = entry.unwrap().path().join("objects/pack");
        folder.is_dir().then_some(folder)
    });
    let files = std::fs::read_dir(folder.unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let (packs, others): (Vec<_>, Vec<_>) =
        files.partition(|file| file.extension().is_some_and(|extension| extension == "pack"));
    let is_index = |file: &std::path::PathBuf| file.extension().is_some_and(|e| e == "idx");
    assert!(others.len() == packs.len() && others.iter().all(is_index), "{others:?}");
    packs
}

#[tokio::test]
async fn a_wrong_answer_is_an_error_and_the_next_right_one_is_used() {
    let place = Place::new();
    let first = place.commit("main", None, "1");
    place.latest().await;
    let html = "<html>down for maintenance</html>";
    let announced = "application/x-git-upload-pack-advertisement";
    let answered = "application/x-git-upload-pack-result";
    for (answer, at) in [
        (Answer::Status(500), "/info/refs"),
        (Answer::Status(404), "/info/refs"),
        (Answer::Status(401), "/info/refs"),
        (Answer::Body("text/html", html), "/info/refs"),
        (Answer::Body(announced, html), "/info/refs"),
        (Answer::Body(announced, ""), "/info/refs"),
        (Answer::Body(announced, "0000"), "/info/refs"),
        (Answer::Body(announced, "ffff"), "/info/refs"),
        (Answer::Cut(20), "/info/refs"),
        (Answer::Close, "/info/refs"),
        (Answer::Redirect("http://127.0.0.1:1/config.git/info/refs"), "/info/refs"),
        (Answer::Redirect("ftp://127.0.0.1/config.git/info/refs"), "/info/refs"),
        (Answer::Status(503), "/git-upload-pack"),
        (Answer::Body("text/html", html), "/git-upload-pack"),
        (Answer::Body(answered, ""), "/git-upload-pack"),
        (Answer::Body(answered, html), "/git-upload-pack"),
        (Answer::Cut(40), "/git-upload-pack"),
        (Answer::Cut(120), "/git-upload-pack"),
        (Answer::Close, "/git-upload-pack"),
    ] {
        place.commit("main", tip(&place.repository()).as_ref(), &format!("{at} {answer:?}"));
        place.server.answer(at, Some(answer));
        let failed = place.source.fetch().await;
        let is_typed =
            matches!(failed, Err(FetchError::Unreachable { .. } | FetchError::Incomplete { .. }));
        assert!(is_typed, "{answer:?} at {at}: {failed:?}");
        place.server.answer(at, None);
        assert_eq!(text(&place.latest().await), format!("{at} {answer:?}"));
    }
    let history = place.source.snapshot(&isobar::model::revision::Revision::Commit(first)).await;
    assert_eq!(text(&history.unwrap()), "1");
}

#[tokio::test]
async fn a_credential_follows_no_redirect_to_another_place() {
    let place = Place::new();
    place.commit("main", None, "1");
    let elsewhere = Server::start(place.folder.path());
    elsewhere.answer("/info/refs", Some(Answer::Status(401)));
    let target = format!("{}/info/refs?service=git-upload-pack", elsewhere.url("config.git"));
    place.server.answer("/info/refs", Some(Answer::Redirect(target.leak())));
    let token = place.folder.path().join("token");
    std::fs::write(&token, "canary").unwrap();
    let url = place.server.url("config.git");
    let source = open(&place.folder, &url, Some(Credential::File(token)));
    let failed = source.fetch().await.unwrap_err();
    let mut chain = format!("{failed} {failed:?}");
    let mut cause = std::error::Error::source(&failed);
    while let Some(below) = cause {
        chain = format!("{chain}: {below}");
        cause = below.source();
    }
    assert!(chain.contains("belongs to"), "{chain}");
    assert!(!chain.contains("canary"), "{chain}");
    assert!(!elsewhere.requests().is_empty());
    for request in elsewhere.requests().into_iter().chain(place.server.requests()) {
        assert!(!request.to_ascii_lowercase().contains("authorization"), "{request}");
    }
}

fn tip(repository: &Path) -> Option<CommitId> {
    write::branch_tip(repository, "main").unwrap()
}

fn unknown() -> CommitId {
    CommitId::new("0123456789012345678901234567890123456789").unwrap()
}
