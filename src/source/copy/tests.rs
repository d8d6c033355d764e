use super::*;
use crate::source::fixture::Repo;

fn id(commit: &crate::ids::CommitId) -> ObjectId {
    ObjectId::from_hex(commit.as_str().as_bytes()).unwrap()
}

#[test]
fn a_stopped_copy_has_no_commit_without_its_files() {
    let (from, to) = (Repo::new(), Repo::new());
    let tip = id(&from.commit("main", &[("a", "1"), ("b/c", "2")]));
    let stop = AtomicBool::new(true);
    let stopped = copy(&from.git(), &to.git(), tip, &stop);
    assert!(matches!(stopped, Err(FetchError::Cancelled)));
    assert!(!to.git().has_object(tip));
    stop.store(false, Ordering::Relaxed);
    copy(&from.git(), &to.git(), tip, &stop).unwrap();
    for object in [tip, from.blob("1"), from.blob("2")] {
        assert!(to.git().has_object(object));
    }
}

#[test]
fn history_comes_along() {
    let (from, to) = (Repo::new(), Repo::new());
    let first = id(&from.commit("main", &[("a", "1")]));
    let tip = id(&from.commit("main", &[("a", "2")]));
    copy(&from.git(), &to.git(), tip, &AtomicBool::new(false)).unwrap();
    assert_eq!(to.git().merge_base(tip, first).unwrap().unwrap(), first);
}
