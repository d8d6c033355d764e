//! Kinds of mistakes beyond the one that each code's page shows: what is said about each, word for
//! word. A case is a folder of repository files in `tests/golden/kinds/`, laid over those in
//! `tests/golden/errors/base/`; what is said about it is in its `said.txt`.
//!
//! `UPDATE_EXPECT=1 cargo test --test it kinds` renews them.

use std::collections::BTreeSet;
use std::fs;

use expect_test::expect_file;
use isobar::diagnostic::Code;
use isobar::reconcile::{Reach, wanted};
use isobar::report::terminal;
use isobar::source::Snapshot;
use isobar::stacks::{Resolver, Selection};

use crate::errors::{cases, files, root};

/// What every kind of mistake has: a place in a file, a code, and what to do.
#[test]
fn every_kind_of_mistake_is_told_in_full() {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(root().join("tests/golden/kinds")).expect("a folder") {
        let folder = entry.expect("an entry").path();
        let mut all = files(&cases().join("base"));
        all.extend(files(&folder));
        all.remove("said.txt");
        let snapshot = Snapshot::in_memory(all);
        let found = wanted(
            || Resolver::new(&snapshot),
            &snapshot,
            &Selection::default(),
            &Reach::Agent,
            &BTreeSet::new(),
        )
        .checked();
        assert!(!found.is_empty(), "{} is no mistake", folder.display());
        for mistake in &found {
            let text = snapshot.text(&mistake.span.file).ok().flatten();
            let line = mistake.span.start.line as usize;
            let lines = text.map_or(0, |text| text.lines().count());
            assert!(line <= lines, "{} is no place", mistake.span);
            assert!(!mistake.advice().is_empty(), "nothing is said to do about {mistake:?}");
        }
        let text = terminal::diagnostics(&found, |file| snapshot.text(file).ok().flatten());
        let text = anstream::adapter::strip_str(&text).to_string();
        expect_file![folder.join("said.txt")].assert_eq(&text);
        names.insert(folder);
    }
    assert!(names.len() + Code::ALL.len() >= 60, "some kinds of mistakes are not shown any more");
}
