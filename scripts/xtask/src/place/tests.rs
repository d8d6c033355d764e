use super::*;

/// A cache of folders, each last used so many seconds after the beginning of time.
fn cache(used: &[(&str, u64)]) -> tempfile::TempDir {
    let cache = tempfile::tempdir().expect("a folder for the test");
    for (name, seconds) in used {
        fs::create_dir(cache.path().join(name)).expect("a folder");
        let mark = File::create(cache.path().join(name).join("in-use")).expect("a mark");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(*seconds);
        mark.set_modified(time).expect("a time");
    }
    cache
}

fn names(cache: &tempfile::TempDir) -> Vec<String> {
    let entries = fs::read_dir(cache.path()).expect("the folder of the test").flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_folder_goes_after_fourteen_days_and_not_before() {
    let cache = cache(&[("old", 0)]);
    fs::create_dir(cache.path().join("unmarked")).expect("a folder");
    let last = SystemTime::UNIX_EPOCH + UNUSED_MAX;

    prune(cache.path(), last).expect("nothing to remove");
    assert_eq!(names(&cache), ["old", "unmarked"]);

    prune(cache.path(), last + Duration::from_secs(1)).expect("one to remove");
    assert_eq!(names(&cache), ["unmarked"], "what is not ours stays");
}

#[test]
fn the_three_last_used_stay() {
    let cache = cache(&[("a", 4), ("b", 1), ("c", 3), ("d", 2)]);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(5);

    let in_use = File::open(cache.path().join("b/in-use")).expect("a mark");
    in_use.lock().expect("nobody else has it");
    prune(cache.path(), now).expect("none that is free");
    assert_eq!(names(&cache), ["a", "b", "c", "d"], "what is in use stays");

    drop(in_use);
    prune(cache.path(), now).expect("one to remove");
    assert_eq!(names(&cache), ["a", "c", "d"]);
}
