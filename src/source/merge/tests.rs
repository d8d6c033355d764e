use super::*;
use crate::source::fixture::Repo;

/// Paths and texts of the merge, or the paths in conflict after a `!`.
fn merged(repo: &Repo, head: &CommitId, base: &CommitId) -> String {
    let git = repo.git();
    match merge(&git, head, base).unwrap() {
        Merged::Conflict(paths) => format!("! {}", paths.join(" ")),
        Merged::Tree(root) => git
            .find_tree(root)
            .unwrap()
            .traverse()
            .breadthfirst
            .files()
            .unwrap()
            .iter()
            .filter(|file| file.mode.is_blob())
            .map(|file| {
                let text = git.find_blob(file.oid).unwrap().detach().data;
                format!("{}={} ", file.filepath, String::from_utf8(text).unwrap())
            })
            .collect(),
    }
}

#[test]
fn changes_on_both_sides_come_together() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("a", "1"), ("b", "1"), ("c", "1")]);
    let head = repo.commit_on("topic", Some(&first), &[("a", "2"), ("c", "")]);
    let base = repo.commit("main", &[("b", "2")]);
    assert_eq!(merged(&repo, &head, &base), "a=2 b=2 ");
}

#[test]
fn the_same_line_on_both_sides_is_a_conflict_and_names_its_file() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("a", "1"), ("d/b", "1")]);
    let head = repo.commit_on("topic", Some(&first), &[("a", "2"), ("d/b", "2")]);
    let base = repo.commit("main", &[("d/b", "3")]);
    assert_eq!(merged(&repo, &head, &base), "! d/b");
}

#[test]
fn removed_on_one_side_and_changed_on_the_other_is_a_conflict() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("a", "1"), ("b", "1")]);
    let head = repo.commit_on("topic", Some(&first), &[("a", "")]);
    let base = repo.commit("main", &[("a", "2")]);
    assert_eq!(merged(&repo, &head, &base), "! a");
}

#[test]
fn a_change_follows_a_renamed_file() {
    let text = "one\ntwo\nthree\nfour\nfive\nsix\n";
    let repo = Repo::new();
    let first = repo.commit("main", &[("old", text)]);
    let head = repo.commit_on("topic", Some(&first), &[("old", ""), ("new", text)]);
    let base = repo.commit("main", &[("old", &text.replace("six", "seven"))]);
    assert_eq!(merged(&repo, &head, &base), format!("new={} ", text.replace("six", "seven")));
}

#[test]
fn what_is_merged_already_changes_nothing_and_a_mere_step_forward_is_the_head() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("a", "1")]);
    let second = repo.commit("main", &[("a", "2")]);
    assert_eq!(merged(&repo, &first, &second), "a=2 ");
    assert_eq!(merged(&repo, &second, &first), "a=2 ");
    assert_eq!(merged(&repo, &second, &second), "a=2 ");
}

#[test]
fn histories_that_share_nothing_are_refused() {
    let repo = Repo::new();
    let base = repo.commit("main", &[("a", "1")]);
    let head = repo.commit("other", &[("a", "2")]);
    assert!(matches!(merge(&repo.git(), &head, &base), Err(FetchError::Refused { .. })));
}
