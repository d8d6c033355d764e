use super::*;

#[test]
fn a_folder_goes_after_fourteen_days_and_not_before() {
    let cache = tempfile::tempdir().expect("a folder for the test");
    let used = SystemTime::UNIX_EPOCH;
    for name in ["old", "other"] {
        fs::create_dir(cache.path().join(name)).expect("a folder");
    }
    let mark = File::create(cache.path().join("old/in-use")).expect("a file");
    mark.set_modified(used).expect("a time");

    prune(cache.path(), used + UNUSED_MAX).expect("nothing to remove");
    assert!(cache.path().join("old").exists(), "14 days are allowed");

    prune(cache.path(), used + UNUSED_MAX + Duration::from_secs(1)).expect("one to remove");
    assert!(!cache.path().join("old").exists(), "14 days are over");
    assert!(cache.path().join("other").exists(), "what is not ours stays");
}
