use super::*;
use crate::stacks::path;
use crate::stacks::tests::snapshot;

impl Library {
    /// As if everything that may be looked at was.
    pub(in crate::stacks) fn look_at_no_more(&mut self) {
        self.looks = LOOKS_MAX;
    }
}

/// Files have room for a hundred thousand patterns, and trees for as many files.
#[test]
fn paths_are_held_against_names_only_so_often() {
    let snapshot = snapshot("--- a/1.yaml\n--- a/2.yaml\n--- b/3.yaml\n");
    let mut library = Library::new(&snapshot, "");
    let glob = path::glob("a/*").unwrap();
    library.looks = LOOKS_MAX - 2;
    assert_eq!(library.fitting("a", &glob).unwrap().len(), 2);
    library.looks = LOOKS_MAX - 1;
    assert_eq!(library.fitting("a", &glob), None);
    library.looks = LOOKS_MAX - 3 * CLOSE_LOOKS;
    assert_eq!(library.closest_file("a/1.yam").as_deref(), Some("a/1.yaml"));
    assert_eq!(library.closest_file("a/1.yam"), None);
    library.forget_looks();
    assert_eq!(library.closest_manifest("a/1", "").as_deref(), Some("a/1"));
}
