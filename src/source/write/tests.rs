use super::*;
use crate::source::fixture::{Repo, actor, author};

fn one(path: &str, text: &str) -> BTreeMap<String, Option<Vec<u8>>> {
    BTreeMap::from([(path.to_owned(), Some(text.as_bytes().to_vec()))])
}

#[test]
fn a_branch_moves_only_from_where_its_writer_believes_it_to_be() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("a", "1")]);
    let second = repo.commit("main", &[("a", "2")]);
    let ada = actor("ada");
    for parent in [Some(&first), None] {
        let late = commit(&repo.path(), "main", parent, &one("a", "3"), &author(&ada));
        assert!(matches!(late, Err(WriteError::Moved { .. })), "{late:?}");
    }
    assert_eq!(branch_tip(&repo.path(), "main").unwrap(), Some(second));
}

#[test]
fn paths_that_no_tree_may_have_are_not_written() {
    let repo = Repo::new();
    let ada = actor("ada");
    for path in [".git/config", "../a", "a//b", "/a", "", "."] {
        let refused = commit(&repo.path(), "main", None, &one(path, "1"), &author(&ada));
        assert!(refused.is_err(), "{path:?}");
    }
    assert_eq!(branch_tip(&repo.path(), "main").unwrap(), None);
}

#[test]
fn a_merge_commit_has_both_parents_and_is_found_again() {
    let repo = Repo::new();
    let ada = actor("ada");
    let first = repo.commit("main", &[("a", "1")]);
    let head = repo.commit_on("topic", Some(&first), &[("b", "2")]);
    let base = repo.commit("main", &[("c", "3")]);
    let Merging::Done(merged) = merge_commit(&repo.path(), "main", &head, &author(&ada)).unwrap()
    else {
        panic!("it merges");
    };
    let git = repo.git();
    let commit = tree::commit(&git, &merged).unwrap();
    let parents: Vec<String> = commit.parent_ids().map(|id| id.to_string()).collect();
    assert_eq!(parents, [base.as_str(), head.as_str()]);
    assert_eq!(branch_tip(&repo.path(), "main").unwrap(), Some(merged.clone()));
    repo.commit("main", &[("d", "4")]);
    let again = merge_commit(&repo.path(), "main", &head, &author(&ada)).unwrap();
    assert_eq!(again, Merging::Already(merged.clone()));
    assert_eq!(contained_since(&repo.path(), "main", &head).unwrap(), Some(merged));
}

#[test]
fn a_conflict_moves_nothing() {
    let repo = Repo::new();
    let ada = actor("ada");
    let first = repo.commit("main", &[("a", "1")]);
    let head = repo.commit_on("topic", Some(&first), &[("a", "2")]);
    let base = repo.commit("main", &[("a", "3")]);
    let merging = merge_commit(&repo.path(), "main", &head, &author(&ada)).unwrap();
    assert_eq!(merging, Merging::Conflict(vec!["a".to_owned()]));
    assert_eq!(branch_tip(&repo.path(), "main").unwrap(), Some(base));
}

#[test]
fn the_branch_of_a_work_tree_is_left_alone() {
    let folder = tempfile::TempDir::new().unwrap();
    let options = gix::create::Options::default();
    gix::create::into(folder.path(), gix::create::Kind::WithWorktree, options).unwrap();
    let ada = actor("ada");
    let refused = commit(folder.path(), "main", None, &one("a", "1"), &author(&ada));
    assert!(matches!(refused, Err(WriteError::CheckedOut { .. })), "{refused:?}");
    commit(folder.path(), "topic", None, &one("a", "1"), &author(&ada)).unwrap();
}

#[test]
fn a_name_cannot_break_the_commit() {
    let repo = Repo::new();
    let eve = actor("eve <eve@evil> x");
    let made = commit(&repo.path(), "main", None, &one("a", "1"), &author(&eve)).unwrap();
    let git = repo.git();
    let written = tree::commit(&git, &made).unwrap();
    assert_eq!(written.author().unwrap().name, "eve eve@evil x");
}
