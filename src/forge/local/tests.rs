use std::collections::BTreeMap;

use tempfile::TempDir;

use super::*;
use crate::forge::{PullState, StatusState};
use crate::source::write::{self, Author};

/// A forge with a repository: `main`, and `topic` with one commit more.
struct Place {
    folder: TempDir,
    forge: LocalForge,
    main: CommitId,
    topic: CommitId,
}

fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

fn commit(
    repository: &Path,
    branch: &str,
    parent: Option<&CommitId>,
    file: (&str, &str),
) -> CommitId {
    let changes = BTreeMap::from([(file.0.to_owned(), Some(file.1.as_bytes().to_vec()))]);
    let ada = actor("ada");
    let at = "2026-01-02T03:04:05Z".parse().unwrap();
    let author = Author { actor: &ada, at, message: "a change" };
    write::commit(repository, branch, parent, &changes, &author).unwrap()
}

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let repository = folder.path().join("repo.git");
        write::init(&repository).unwrap();
        let main = commit(&repository, "main", None, ("a", "1"));
        let topic = commit(&repository, "topic", Some(&main), ("a", "2"));
        let forge = folder.path().join("forge");
        let forge = LocalForge::open(forge, repository, actor("isobar"), World::real()).unwrap();
        Self { folder, forge, main, topic }
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("repo.git")
    }

    fn open(&self) -> PullNumber {
        self.forge.open_pull(&new_pull("topic")).unwrap()
    }

    async fn only(&self) -> PullRequest {
        let mut pulls = self.forge.pulls("main", Timestamp::MIN).await.unwrap();
        assert_eq!(pulls.len(), 1);
        pulls.remove(0)
    }
}

fn new_pull(head: &str) -> NewPull {
    NewPull {
        title: "Two instead of one".to_owned(),
        author: actor("ada"),
        head: head.to_owned(),
        base: "main".to_owned(),
    }
}

#[tokio::test]
async fn a_pull_request_from_opening_to_merging() {
    let place = Place::new();
    let number = place.open();
    assert_eq!(number, PullNumber(1));
    assert_eq!(
        place.only().await,
        PullRequest {
            number,
            title: "Two instead of one".to_owned(),
            author: actor("ada"),
            head: place.topic.clone(),
            base: "main".to_owned(),
            state: PullState::Open,
            approvals: Vec::new(),
        }
    );
    let approval = place.forge.approve(number, &actor("grace")).unwrap();
    assert_eq!(place.only().await.approvals, [approval]);
    let merged = place.forge.merge(number, &actor("grace")).unwrap();
    assert_eq!(place.only().await.state, PullState::Merged(merged.clone()));
    assert_eq!(write::branch_tip(&place.repository(), "main").unwrap(), Some(merged));
    assert!(place.forge.merge(number, &actor("grace")).is_err());
    assert!(place.forge.approve(number, &actor("grace")).is_err());
    assert!(place.forge.close(number).is_err());
}

#[tokio::test]
async fn a_push_moves_the_head_and_an_approval_stays_with_the_old_one() {
    let place = Place::new();
    let number = place.open();
    place.forge.approve(number, &actor("grace")).unwrap();
    let pushed = commit(&place.repository(), "topic", Some(&place.topic), ("a", "3"));
    let pull = place.only().await;
    assert_eq!(pull.head, pushed);
    assert_eq!(pull.approvals[0].head, place.topic);
    place.forge.approve(number, &actor("grace")).unwrap();
    let approvals = place.only().await.approvals;
    assert_eq!(approvals.iter().map(|approval| &approval.head).collect::<Vec<_>>(), [&pushed]);
}

#[tokio::test]
async fn a_conflict_is_named_and_leaves_the_pull_request_open() {
    let place = Place::new();
    let number = place.open();
    let base = commit(&place.repository(), "main", Some(&place.main), ("a", "3"));
    let refused = place.forge.merge(number, &actor("ada")).unwrap_err().to_string();
    assert!(refused.contains("#1 conflicts with main in a"), "{refused}");
    assert_eq!(place.only().await.state, PullState::Open);
    assert_eq!(write::branch_tip(&place.repository(), "main").unwrap(), Some(base));
}

#[tokio::test]
async fn a_merge_made_elsewhere_is_noticed() {
    let place = Place::new();
    place.open();
    let ada = actor("ada");
    let at = "2026-01-02T03:04:05Z".parse().unwrap();
    let author = Author { actor: &ada, at, message: "by hand" };
    let merging = write::merge_commit(&place.repository(), "main", &place.topic, &author).unwrap();
    let write::Merging::Done(merged) = merging else { panic!("it merges") };
    assert_eq!(place.only().await.state, PullState::Merged(merged.clone()));
    commit(&place.repository(), "main", Some(&merged), ("b", "1"));
    assert_eq!(place.only().await.state, PullState::Merged(merged));
}

#[tokio::test]
async fn a_head_branch_that_is_gone_closes_its_pull_request_for_good() {
    let place = Place::new();
    place.open();
    let refs = place.repository().join("refs/heads/topic");
    let kept = std::fs::read(&refs).unwrap();
    std::fs::remove_file(&refs).unwrap();
    let pull = place.only().await;
    assert_eq!((pull.state, pull.head), (PullState::Closed, place.topic.clone()));
    std::fs::write(&refs, kept).unwrap();
    assert_eq!(place.only().await.state, PullState::Closed);
}

#[tokio::test]
async fn closed_ones_are_told_of_only_for_a_while_and_only_for_their_base() {
    let place = Place::new();
    let number = place.open();
    place.forge.close(number).unwrap();
    assert_eq!(place.only().await.state, PullState::Closed);
    assert_eq!(place.forge.pulls("main", Timestamp::MAX).await.unwrap(), []);
    assert_eq!(place.forge.pulls("other", Timestamp::MIN).await.unwrap(), []);
    assert_eq!(place.open(), PullNumber(2));
    assert_eq!(place.forge.pulls("main", Timestamp::MAX).await.unwrap().len(), 1);
    assert_eq!(place.forge.list().unwrap().len(), 2);
}

#[test]
fn what_cannot_be_opened() {
    let place = Place::new();
    for (new, why) in [
        (new_pull("nowhere"), "no branch nowhere"),
        (new_pull("main"), "already"),
        (new_pull("-x"), "not a branch name"),
        (NewPull { base: "nowhere".to_owned(), ..new_pull("topic") }, "no branch nowhere"),
        (NewPull { title: " ".to_owned(), ..new_pull("topic") }, "one line"),
    ] {
        let refused = place.forge.open_pull(&new).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
    place.open();
    let refused = place.forge.open_pull(&new_pull("topic")).unwrap_err().to_string();
    assert!(refused.contains("#1 is about that branch"), "{refused}");
    let nobody = place.forge.approve(PullNumber(9), &actor("ada")).unwrap_err().to_string();
    assert!(nobody.contains("no pull request #9"), "{nobody}");
}

#[tokio::test]
async fn the_agent_edits_its_own_comment_and_nobody_elses() {
    let place = Place::new();
    let number = place.open();
    let marker = "<!-- isobar plan -->";
    let imitated = format!("{marker}\nnothing to see");
    let person = place.forge.comment(number, &actor("eve"), &imitated).unwrap();
    let quoted = format!("> {marker}\nmy own");
    place.forge.comment(number, &actor("isobar"), &quoted).unwrap();
    let first = place.forge.say(number, marker, "the plan").await.unwrap();
    assert_ne!(first, person);
    assert_eq!(place.forge.say(number, marker, "a newer plan").await.unwrap(), first);
    let whole = format!("{marker}\na newer plan");
    assert_eq!(place.forge.say(number, marker, &whole).await.unwrap(), first);
    let other = place.forge.say(number, "<!-- isobar outcome -->", "done").await.unwrap();
    assert_ne!(other, first);
    let view = place.forge.show(number).unwrap();
    let bodies: Vec<&str> = view.comments.iter().map(|comment| comment.body.as_str()).collect();
    assert_eq!(bodies, [&imitated, &quoted, &whole, "<!-- isobar outcome -->\ndone"]);
    assert_eq!(view.branch, "topic");
}

#[tokio::test]
async fn saying_the_same_again_writes_nothing() {
    let place = Place::new();
    let number = place.open();
    let id = place.forge.say(number, "m", "text").await.unwrap();
    let file = place.folder.path().join(format!("forge/pulls/1/comments/{id}.md"));
    let before = std::fs::metadata(&file).unwrap().modified().unwrap();
    place.forge.say(number, "m", "text").await.unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().modified().unwrap(), before);
}

#[tokio::test]
async fn a_comment_has_a_longest_length() {
    let place = Place::new();
    let number = place.open();
    let of = |characters: usize| "ü".repeat(characters);
    let longest = COMMENT_CHARACTERS_MAX;
    assert!(place.forge.comment(number, &actor("ada"), &of(longest)).is_ok());
    assert!(place.forge.comment(number, &actor("ada"), &of(longest + 1)).is_err());
    assert!(place.forge.say(number, "m", &of(longest - 2)).await.is_ok());
    assert!(place.forge.say(number, "m", &of(longest - 1)).await.is_err());
    assert_eq!(place.forge.show(number).unwrap().comments.len(), 2);
}

#[tokio::test]
async fn statuses_are_kept_by_commit_and_context() {
    let place = Place::new();
    let number = place.open();
    let status = |context: &str, state, length: usize| Status {
        context: context.to_owned(),
        state,
        description: "x".repeat(length),
    };
    for wanted in [
        status("isobar/plan", StatusState::Pending, 1),
        status("isobar/plan", StatusState::Success, 140),
        status("../../evil", StatusState::Error, 0),
    ] {
        place.forge.set_status(&place.topic, &wanted).await.unwrap();
    }
    let long = status("isobar/plan", StatusState::Success, 141);
    assert!(place.forge.set_status(&place.topic, &long).await.is_err());
    let shown = place.forge.show(number).unwrap().statuses;
    let shown: Vec<_> = shown.iter().map(|one| (one.context.as_str(), one.state)).collect();
    assert_eq!(shown, [("../../evil", StatusState::Error), ("isobar/plan", StatusState::Success)]);
    assert!(!place.folder.path().join("forge/evil.json").exists());
}

#[test]
fn writers_at_the_same_time_get_numbers_and_comments_of_their_own() {
    let place = Place::new();
    for n in 0..8 {
        commit(&place.repository(), &format!("b{n}"), Some(&place.main), ("a", &n.to_string()));
    }
    std::thread::scope(|scope| {
        for n in 0..8 {
            let forge = place.forge.clone();
            scope.spawn(move || {
                let number = forge.open_pull(&new_pull(&format!("b{n}"))).unwrap();
                forge.comment(number, &actor("ada"), "mine").unwrap();
                forge.comment(number, &actor("ada"), "mine too").unwrap();
            });
        }
    });
    let pulls = place.forge.list().unwrap();
    assert_eq!(
        pulls.iter().map(|pull| pull.number.0).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6, 7, 8]
    );
    for pull in pulls {
        assert_eq!(place.forge.show(pull.number).unwrap().comments.len(), 2);
    }
}

#[tokio::test]
async fn a_half_opened_pull_request_does_not_exist() {
    let place = Place::new();
    std::fs::create_dir(place.folder.path().join("forge/pulls/5")).unwrap();
    assert_eq!(place.forge.list().unwrap(), []);
    assert!(place.forge.comment(PullNumber(5), &actor("ada"), "x").is_err());
    assert_eq!(place.open(), PullNumber(6));
}

#[tokio::test]
async fn approvals_and_pushes_wake_and_reading_does_not() {
    let place = Place::new();
    let number = place.open();
    let (folder, world) = (place.folder.path().join("forge"), World::real());
    let watched = LocalForge::open(folder, place.repository(), actor("isobar"), world).unwrap();
    let wakes = |most: u64| {
        let watched = watched.clone();
        tokio::time::timeout(Duration::from_millis(most), async move { watched.wake().await })
    };
    watched.pulls("main", Timestamp::MIN).await.unwrap();
    assert!(wakes(100).await.is_err());
    place.forge.approve(number, &actor("grace")).unwrap();
    wakes(60_000).await.unwrap();
    while wakes(100).await.is_ok() {}
    commit(&place.repository(), "topic", Some(&place.topic), ("a", "3"));
    wakes(60_000).await.unwrap();
}

#[test]
fn files_stay_readable_for_people() {
    let place = Place::new();
    let number = place.open();
    place.forge.approve(number, &actor("grace/../x")).unwrap();
    let read = |path: &str| {
        std::fs::read_to_string(place.folder.path().join("forge/pulls/1").join(path)).unwrap()
    };
    let (topic, pull) = (&place.topic, read("pull.yaml"));
    let expected = format!(
        "number: 1\ntitle: Two instead of one\nauthor: ada\nhead: topic\nbase: main\n\
         state: open\ncommit: {topic}\n"
    );
    assert_eq!(pull.replace(['\'', '"'], ""), expected);
    assert!(read("approvals/grace%2F..%2Fx.yaml").starts_with("by: grace/../x\n"));
}
