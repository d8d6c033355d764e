//! Where what is certain is written, and where it is not.

use std::fs;

use super::put;

#[test]
fn an_emptied_cache_is_filled_again_and_one_that_is_gone_stays_gone() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    fs::create_dir(&cache).unwrap();
    let file = cache.join("clusters").join("a.json");
    for text in ["1", "2"] {
        put(&file, text.as_bytes(), "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    fs::remove_dir_all(&cache).unwrap();
    put(&file, b"3", "new").unwrap_err();
    assert!(!cache.exists(), "it is made anew");
}
