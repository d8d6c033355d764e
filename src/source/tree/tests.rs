use gix::objs::tree::EntryKind::{Blob, Commit, Link, Tree};

use super::*;
use crate::source::fixture::{Repo, at, gaps, latest, shown, source};
use crate::source::{ReadError, Source as _};

/// The snapshot of a commit with this tree, or why there is none.
async fn read(repo: &Repo, tree: ObjectId) -> Result<Snapshot, FetchError> {
    let commit = repo.commit_tree(tree);
    let source = source(repo);
    source.fetch().await?;
    source.snapshot(&at(&commit)).await
}

#[tokio::test]
async fn a_submodule_cannot_be_read_and_is_there() {
    let repo = Repo::new();
    let elsewhere = ObjectId::from_hex(b"0123456789012345678901234567890123456789").unwrap();
    let tree = repo.tree(&[("a", Blob, repo.blob("1")), ("module", Commit, elsewhere)]);
    let snapshot = read(&repo, tree).await.unwrap();
    assert_eq!(shown(&snapshot), "a: 1\n");
    assert_eq!(gaps(&snapshot), ["module"]);
}

#[tokio::test]
async fn a_link_in_a_tree_is_what_it_leads_to() {
    let repo = Repo::new();
    let folder = repo.tree(&[("x", Blob, repo.blob("1")), ("y", Link, repo.blob("x"))]);
    let tree = repo.tree(&[("a", Tree, folder), ("b", Link, repo.blob("a"))]);
    let snapshot = read(&repo, tree).await.unwrap();
    assert_eq!(shown(&snapshot), "a/x: 1\na/y: 1\nb/x: 1\nb/y: 1\n");
    for out in ["/etc/passwd", "../../etc/passwd"] {
        let snapshot = read(&repo, repo.tree(&[("a", Link, repo.blob(out))])).await.unwrap();
        assert!(matches!(snapshot.text("a"), Err(ReadError::Gap { .. })), "{out}");
    }
}

#[tokio::test]
async fn trees_that_no_client_would_write_are_refused() {
    let repo = Repo::new();
    let file = repo.blob("1");
    let inner = repo.tree(&[("x", Blob, file)]);
    for tree in [
        repo.tree(&[(".git", Tree, inner)]),
        repo.tree(&[("..", Tree, inner)]),
        repo.tree(&[(".GIT", Blob, file)]),
        repo.tree(&[("a", Blob, file), ("a", Blob, file)]),
        repo.tree(&[("a", Link, repo.blob(&"x".repeat(5000)))]),
    ] {
        let refused = read(&repo, tree).await;
        assert!(matches!(refused, Err(FetchError::Refused { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_file_and_a_folder_of_one_name_do_not_both_exist() {
    let repo = Repo::new();
    let inner = repo.tree(&[("x", Blob, repo.blob("1"))]);
    let tree = repo.tree(&[("a", Blob, repo.blob("2")), ("a", Tree, inner)]);
    let refused = read(&repo, tree).await;
    assert!(matches!(refused, Err(FetchError::Refused { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_file_where_a_tree_should_be_is_incomplete() {
    let repo = Repo::new();
    let tree = repo.tree(&[("a", Tree, repo.blob("not a tree"))]);
    let broken = read(&repo, tree).await;
    assert!(matches!(broken, Err(FetchError::Incomplete { .. })), "{broken:?}");
    let folder = repo.tree(&[("x", Blob, repo.blob("1"))]);
    let broken = read(&repo, repo.tree(&[("a", Blob, folder)])).await;
    assert!(matches!(broken, Err(FetchError::Incomplete { .. })), "{broken:?}");
}

#[test]
fn a_tree_of_trees_of_the_same_tree_ends_at_the_bound() {
    let repo = Repo::new();
    let mut tree = repo.tree(&[("x", Blob, repo.blob("1"))]);
    for _ in 0..10 {
        let names = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        tree = repo.tree(&names.map(|name| (name, Tree, tree)));
    }
    let revision = at(&repo.commit_tree(tree));
    let bounds = Bounds { files_max: 1000, ..Bounds::default() };
    let large = list(&mut repo.git(), &revision, tree, "", bounds).err().unwrap();
    assert!(matches!(large, FetchError::TooLarge { limit: 1000, .. }), "{large:?}");
}

#[tokio::test]
async fn a_folder_too_deep_is_too_large() {
    let repo = Repo::new();
    let mut tree = repo.tree(&[("x", Blob, repo.blob("1"))]);
    for _ in 0..63 {
        tree = repo.tree(&[("d", Tree, tree)]);
    }
    assert_eq!(read(&repo, tree).await.unwrap().entries().len(), 1);
    let large = read(&repo, repo.tree(&[("d", Tree, tree)])).await.unwrap_err();
    assert!(matches!(large, FetchError::TooLarge { limit: 64, .. }), "{large:?}");
}

#[tokio::test]
async fn a_file_is_read_only_as_far_as_asked() {
    let repo = Repo::new();
    repo.commit("main", &[("a", "12345")]);
    let snapshot = latest(&source(&repo)).await;
    assert_eq!(snapshot.bytes("a", 5).unwrap().as_deref(), Some(&b"12345"[..]));
    assert!(matches!(snapshot.bytes("a", 4), Err(ReadError::TooLarge { bytes: 5, .. })));
    assert_eq!(snapshot.bytes("b", 5), Ok(None));
}

#[tokio::test]
async fn replaced_objects_are_not_looked_at() {
    let repo = Repo::new();
    let commit = repo.commit("main", &[("a", "1")]);
    let (old, new) = (repo.blob("1"), repo.blob("2"));
    let name = format!("refs/replace/{old}");
    let any = gix::refs::transaction::PreviousValue::Any;
    repo.git().reference(name, new, any, "").unwrap();
    let source = source(&repo);
    source.fetch().await.unwrap();
    assert_eq!(shown(&source.snapshot(&at(&commit)).await.unwrap()), "a: 1\n");
}

#[tokio::test]
async fn a_link_has_as_many_bytes_as_operating_systems_take() {
    let repo = Repo::new();
    let link = |bytes: usize| {
        let first = if bytes.is_multiple_of(2) { ".//" } else { "" };
        let target = format!("{first}{}x", "./".repeat((bytes - first.len()) / 2));
        assert_eq!(target.len(), bytes);
        repo.tree(&[("l", Link, repo.blob(&target)), ("x", Blob, repo.blob("1"))])
    };
    assert_eq!(read(&repo, link(4096)).await.unwrap().entries().len(), 2);
    let refused = read(&repo, link(4097)).await.unwrap_err();
    assert!(refused.to_string().contains("too long a path"), "{refused}");
}
