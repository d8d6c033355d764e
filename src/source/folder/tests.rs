use super::*;
use crate::source::ReadError;
use crate::source::fixture::{Repo, gaps, latest, shown, source};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::TempDir::new().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn make_repository(folder: &Path) {
    let options = gix::create::Options::default();
    gix::create::into(folder, gix::create::Kind::WithWorktree, options).unwrap();
}

#[test]
fn a_folder_needs_no_repository() {
    let folder =
        folder(&[("a/b.yaml", "b"), ("c", "c"), (".isobar/x", "x"), ("m/.terraform/y", "y")]);
    assert_eq!(shown(&folder_snapshot(folder.path()).unwrap()), "a/b.yaml: b\nc: c\n");
}

#[test]
fn a_missing_folder_is_an_error() {
    let folder = folder(&[]);
    let failed = folder_snapshot(&folder.path().join("nowhere"));
    assert!(matches!(failed, Err(FetchError::Io { .. })), "{failed:?}");
}

#[tokio::test]
async fn the_same_content_has_the_same_entries_as_a_commit() {
    let files = [("a/b", "1"), ("c", "2\n")];
    let repo = Repo::new();
    repo.commit("main", &files);
    let committed = latest(&source(&repo)).await;
    let folder = folder(&files);
    let standing = folder_snapshot(folder.path()).unwrap();
    assert!(standing.entries().eq(committed.entries()));
}

#[test]
fn the_revision_follows_paths_and_contents_and_nothing_else() {
    let id = |files: &[(&str, &str)]| {
        let folder = folder(files);
        folder_snapshot(folder.path()).unwrap().revision().clone()
    };
    assert_eq!(id(&[("a", "1"), ("b", "2")]), id(&[("b", "2"), ("a", "1")]));
    assert_ne!(id(&[("a", "1"), ("b", "2")]), id(&[("a", "1"), ("b", "3")]));
    assert_ne!(id(&[("a", "1")]), id(&[("b", "1")]));
}

#[test]
fn what_is_kept_stays_as_it_was_listed() {
    let folder = folder(&[("a", "1"), ("b", "2")]);
    let snapshot = folder_snapshot(folder.path()).unwrap();
    std::fs::write(folder.path().join("a"), "x").unwrap();
    std::fs::remove_file(folder.path().join("b")).unwrap();
    assert_eq!(shown(&snapshot), "a: 1\nb: 2\n");
}

#[test]
fn a_large_file_edited_after_the_listing_is_torn_even_at_the_same_length() {
    let large = |letter: &str| letter.repeat(seen::KEPT_FILE_BYTES_MAX + 1);
    let (one, two) = (large("1"), large("2"));
    let folder = folder(&[("a", &one), ("b", &one), ("c", &one)]);
    let snapshot = folder_snapshot(folder.path()).unwrap();
    std::fs::write(folder.path().join("a"), two).unwrap();
    std::fs::remove_file(folder.path().join("b")).unwrap();
    for path in ["a", "b"] {
        assert!(matches!(snapshot.text(path), Err(ReadError::Torn { .. })), "{path}");
    }
    assert_eq!(snapshot.text("c").unwrap().as_deref(), Some(one.as_str()));
}

/// A time by which what is written now was left alone for long enough.
fn later() -> Timestamp {
    World::real().clock.now() + jiff::SignedDuration::from_secs(60)
}

/// Gives `path` another content of the same length, and the times it had.
fn replace_unseen(path: &Path, text: &str) {
    let before = std::fs::metadata(path).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    std::io::Write::write_all(&mut &file, text.as_bytes()).unwrap();
    file.set_modified(before.modified().unwrap()).unwrap();
}

#[test]
fn what_has_not_changed_is_not_read_again() {
    let folder = folder(&[("a", "1"), ("b", "2")]);
    let mut looked = Folder::new(folder.path());
    let first = looked.snapshot(later()).unwrap();
    // Only a program that can set the clock could go unseen: it would have to undo `changed`.
    std::fs::write(folder.path().join("a"), "9").unwrap();
    let second = looked.snapshot(later()).unwrap();
    assert_eq!(shown(&first), "a: 1\nb: 2\n");
    assert_eq!(shown(&second), "a: 9\nb: 2\n");
    assert!(Arc::ptr_eq(&first.entry("b").unwrap().id, &second.entry("b").unwrap().id));
    std::fs::remove_file(folder.path().join("b")).unwrap();
    assert_eq!(shown(&looked.snapshot(later()).unwrap()), "a: 9\n");
}

#[test]
fn an_edit_that_keeps_size_and_time_is_seen() {
    let folder = folder(&[("a", "1")]);
    let mut looked = Folder::new(folder.path());
    looked.snapshot(later()).unwrap();
    replace_unseen(&folder.path().join("a"), "2");
    assert_eq!(shown(&looked.snapshot(later()).unwrap()), "a: 2\n");
}

#[test]
fn what_was_just_written_is_read_again() {
    let folder = folder(&[("a", "1")]);
    let mut looked = Folder::new(folder.path());
    let now = World::real().clock.now();
    let first = looked.snapshot(now).unwrap();
    let second = looked.snapshot(now).unwrap();
    assert!(!Arc::ptr_eq(&first.entry("a").unwrap().id, &second.entry("a").unwrap().id));
}

#[test]
fn links_stay_inside_the_folder() {
    use std::os::unix::fs::symlink;
    let folder = folder(&[("d/a", "1")]);
    symlink("d", folder.path().join("e")).unwrap();
    symlink("../e/a", folder.path().join("d/f")).unwrap();
    let snapshot = folder_snapshot(folder.path()).unwrap();
    assert_eq!(shown(&snapshot), "d/a: 1\nd/f: 1\ne/a: 1\ne/f: 1\n");
    symlink(folder.path().join("d"), folder.path().join("g")).unwrap();
    let snapshot = folder_snapshot(folder.path()).unwrap();
    assert_eq!(gaps(&snapshot), ["g"]);
    for path in ["g", "g/a"] {
        let read = snapshot.text(path);
        assert!(matches!(&read, Err(ReadError::Gap { path, .. }) if path == "g"), "{read:?}");
    }
    for (folder, gaps) in [("g", 1), ("g/x/y", 1), ("d", 0), ("gg", 0)] {
        assert_eq!(snapshot.gaps(folder).count(), gaps, "{folder}");
    }
}

#[test]
fn what_the_repository_ignores_is_left_out_unless_it_is_tracked() {
    let folder = folder(&[
        (".gitignore", "*.log\n/build/\n"),
        ("a.log", "x"),
        ("build/x", "x"),
        ("infra/.gitignore", "!keep.log\nlocal/\n"),
        ("infra/keep.log", "1"),
        ("infra/drop.log", "x"),
        ("infra/local/x", "x"),
        ("infra/build/y", "2"),
        ("infra/nested/.git/HEAD", "x"),
        ("infra/nested/x", "x"),
    ]);
    let all = "infra/.gitignore: !keep.log\nlocal/\n\ninfra/build/y: 2\ninfra/keep.log: 1\n";
    let root = ".gitignore: *.log\n/build/\n\n";
    assert_eq!(folder_snapshot(folder.path()).unwrap().entries().len(), 9);
    make_repository(folder.path());
    let snapshot = folder_snapshot(folder.path()).unwrap();
    assert_eq!(shown(&snapshot), format!("{root}{all}"));
    assert_eq!(gaps(&snapshot), ["infra/nested"]);
    let inner = folder_snapshot(&folder.path().join("infra")).unwrap();
    assert_eq!(shown(&inner), all.replace("infra/", ""));
    track(folder.path(), &["a.log", "infra/local/x"]);
    let snapshot = folder_snapshot(folder.path()).unwrap();
    assert_eq!(shown(&snapshot), format!("{root}a.log: x\n{all}infra/local/x: x\n"));
}

#[test]
fn a_commit_of_the_repository_around_a_folder() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("infra/a", "1"), ("b", "x")]);
    repo.commit("main", &[("infra/a", "2")]);
    let work = repo.folder.path().join("work");
    std::fs::create_dir_all(work.join("infra")).unwrap();
    std::fs::rename(repo.path(), work.join(".git")).unwrap();
    for (revision, expected) in
        [("main", "a: 2\n"), ("main~1", "a: 1\n"), (first.as_str(), "a: 1\n")]
    {
        let snapshot = commit_snapshot(&work.join("infra"), revision).unwrap();
        assert_eq!(shown(&snapshot), expected, "{revision}");
    }
    assert!(commit_snapshot(&work, "nowhere").is_err());
    assert!(commit_snapshot(Path::new("/"), "main").is_err());
}

#[tokio::test]
async fn a_folder_as_a_source() {
    let folder = folder(&[("a", "1")]);
    let source = FolderSource::new(folder.path(), Duration::from_secs(3600), World::real());
    let Tip::At(first) = source.fetch().await.unwrap() else { panic!("a folder is always at") };
    assert_eq!(shown(&source.snapshot(&first).await.unwrap()), "a: 1\n");
    std::fs::write(folder.path().join("a"), "2").unwrap();
    tokio::time::timeout(Duration::from_secs(60), source.wake()).await.unwrap();
    let Tip::At(second) = source.fetch().await.unwrap() else { panic!("a folder is always at") };
    assert_ne!(first, second);
    assert!(matches!(source.snapshot(&first).await, Err(FetchError::Incomplete { .. })));
}

/// What `git add --force` does to the index.
fn track(folder: &Path, paths: &[&str]) {
    let repository = tree::isolated().open(folder).unwrap().to_thread_local();
    let mut index = gix::index::File::from_state(
        gix::index::State::new(repository.object_hash()),
        repository.index_path(),
    );
    for path in paths {
        let id = repository.object_hash().null();
        index.dangerously_push_entry(
            Default::default(),
            id,
            gix::index::entry::Flags::empty(),
            gix::index::entry::Mode::FILE,
            path.as_bytes().into(),
        );
    }
    index.sort_entries();
    index.write(gix::index::write::Options::default()).unwrap();
}

#[test]
fn only_folders_in_which_something_came_or_went_are_read_again() {
    let below = folder(&[("a/x", "1"), ("a/y", "2"), ("b/deep/z", "3"), ("c/w", "4")]);
    let root = below.path();
    let mut folder = Folder::new(root);
    folder.snapshot(later()).unwrap();
    let before = folder.seen.clone();
    std::fs::write(root.join("a/y"), "edited in its place").unwrap();
    std::fs::write(root.join("b/deep/new"), "5").unwrap();
    std::fs::remove_file(root.join("c/w")).unwrap();
    make_repository(&root.join("c"));

    let snapshot = folder.snapshot(later()).unwrap();
    let all = "a/x: 1\na/y: edited in its place\nb/deep/new: 5\nb/deep/z: 3\n";
    assert_eq!(shown(&snapshot), all);
    assert_eq!(gaps(&snapshot), ["c"]);
    let read_again = |path: &str| !folder.seen.same_items(&before, path);
    let of: Vec<_> = ["", "a", "b", "b/deep", "c"].map(read_again).into();
    assert_eq!(of, [false, false, false, true, true]);
}

#[test]
fn a_folder_written_to_a_moment_ago_is_read_again() {
    let below = folder(&[("a/x", "1")]);
    let mut folder = Folder::new(below.path());
    let now = World::real().clock.now();
    folder.snapshot(now).unwrap();
    let before = folder.seen.clone();
    folder.snapshot(now).unwrap();
    assert!(!folder.seen.same_items(&before, "a"), "a write within the same tick would not show");
}
