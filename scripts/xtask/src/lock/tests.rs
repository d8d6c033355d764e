use super::*;

#[test]
fn the_cap_holds_at_the_cap_and_not_one_above() {
    let lock = |packages: usize| "[[package]]\nname = \"a\"\n".repeat(packages);
    assert_eq!(count(&lock(PACKAGES_MAX)).ok(), Some(PACKAGES_MAX));
    assert!(count(&lock(PACKAGES_MAX + 1)).is_err());
}

#[test]
fn a_lock_file_without_packages_is_none() {
    assert!(count("version = 4\n").is_err());
}
