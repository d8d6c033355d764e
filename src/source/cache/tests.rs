use super::*;

#[test]
fn one_writer_at_a_time() {
    let caches = tempfile::TempDir::new().unwrap();
    let one = Cache::open(caches.path(), "u", "one".to_owned()).unwrap();
    let two = Cache::open(caches.path(), "u", "two".to_owned()).unwrap();
    let other = Cache::open(caches.path(), "v", "three".to_owned()).unwrap();
    let held = one.try_lock().unwrap();
    assert!(held.is_some());
    assert!(two.try_lock().unwrap().is_none());
    assert!(other.try_lock().unwrap().is_some());
    drop(held);
    assert!(two.try_lock().unwrap().is_some());
}

#[test]
fn a_folder_that_is_no_repository_is_named() {
    let caches = tempfile::TempDir::new().unwrap();
    let cache = Cache::open(caches.path(), "u", "one".to_owned()).unwrap();
    let folder = cache.folder().to_owned();
    std::fs::remove_file(folder.join("HEAD")).unwrap();
    let failed = Cache::open(caches.path(), "u", "two".to_owned()).err().unwrap().to_string();
    assert!(failed.contains(&folder.display().to_string()), "{failed}");
}
