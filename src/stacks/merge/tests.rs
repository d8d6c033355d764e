use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::{Lists, merge, prune, settle};
use crate::stacks::load::Library;
use crate::stacks::tests::flow;

/// Merges the maps in `table`, one per line, under every strategy.
fn check(table: &str, expect: &Expect) {
    let snapshot = crate::source::Snapshot::in_memory([]);
    let mut library = Library::new(&snapshot, "");
    let maps: Vec<_> = table
        .lines()
        .map(|line| library.parse(&"test.yaml".into(), line.into()))
        .inspect(|source| assert!(source.faults.is_empty(), "{:?}", source.faults))
        .map(|source| source.value)
        .collect();
    let mut out = String::new();
    for name in ["replace", "append", "merge", "merge by name"] {
        let lists = Lists::parse(name).expect("a strategy");
        let all = maps.iter().cloned().reduce(|low, high| merge(&low, &high, lists));
        let all = all.expect("a table has lines");
        let _ = writeln!(out, "{name}: {}", flow(&prune(&settle(&all))));
    }
    expect.assert_eq(&out);
}

#[test]
fn maps_merge_key_by_key_and_keep_the_lower_order() {
    check(
        "{a: 1, b: {c: 2, d: 3}}\n{e: 4, b: {d: 5, f: 6}, a: 7}",
        &expect![[r#"
            replace: {a: 7, b: {c: 2, d: 5, f: 6}, e: 4}
            append: {a: 7, b: {c: 2, d: 5, f: 6}, e: 4}
            merge: {a: 7, b: {c: 2, d: 5, f: 6}, e: 4}
            merge by name: {a: 7, b: {c: 2, d: 5, f: 6}, e: 4}
        "#]],
    );
}

#[test]
fn lists_follow_the_strategy() {
    check(
        "{l: [1, {x: 1}, 3]}\n{l: [9, {y: 2}]}",
        &expect![[r#"
            replace: {l: [9, {y: 2}]}
            append: {l: [1, {x: 1}, 3, 9, {y: 2}]}
            merge: {l: [1, {x: 1, y: 2}, 3]}
            merge by name: {l: [9, {y: 2}]}
        "#]],
    );
}

#[test]
fn items_with_the_same_key_are_merged_where_that_is_wanted() {
    check(
        "{l: [{name: a, x: 1, in: [{name: i, p: 1}]}, {name: b}]}\n{l: [{name: c}, {name: a, y: 2, in: [{name: i, q: 2}]}]}",
        &expect![[r#"
            replace: {l: [{name: "c"}, {name: "a", y: 2, in: [{name: "i", q: 2}]}]}
            append: {l: [{name: "a", x: 1, in: [{name: "i", p: 1}]}, {name: "b"}, {name: "c"}, {name: "a", y: 2, in: [{name: "i", q: 2}]}]}
            merge: {l: [{name: "c", x: 1, in: [{name: "i", p: 1}]}, {name: "a", y: 2, in: [{name: "i", q: 2}]}]}
            merge by name: {l: [{name: "a", x: 1, in: [{name: "i", p: 1, q: 2}], y: 2}, {name: "b"}, {name: "c"}]}
        "#]],
    );
    // A text is no number, and each comes once.
    check(
        "{l: [{name: 1, x: 1}]}\n{l: [{name: '1', y: 1}, {name: 1, y: 2}]}",
        &expect![[r#"
        replace: {l: [{name: "1", y: 1}, {name: 1, y: 2}]}
        append: {l: [{name: 1, x: 1}, {name: "1", y: 1}, {name: 1, y: 2}]}
        merge: {l: [{name: "1", x: 1, y: 1}, {name: 1, y: 2}]}
        merge by name: {l: [{name: 1, x: 1, y: 2}, {name: "1", y: 1}]}
    "#]],
    );
}

#[test]
fn lists_without_the_key_take_the_place() {
    check(
        "{l: [{name: a, x: 1}]}\n{l: [{id: a}]}",
        &expect![[r#"
        replace: {l: [{id: "a"}]}
        append: {l: [{name: "a", x: 1}, {id: "a"}]}
        merge: {l: [{name: "a", x: 1, id: "a"}]}
        merge by name: {l: [{id: "a"}]}
    "#]],
    );
    check(
        "{l: [{name: a, x: 1}]}\n{l: [{name: a}, {name: a}]}",
        &expect![[r#"
        replace: {l: [{name: "a"}, {name: "a"}]}
        append: {l: [{name: "a", x: 1}, {name: "a"}, {name: "a"}]}
        merge: {l: [{name: "a", x: 1}, {name: "a"}]}
        merge by name: {l: [{name: "a"}, {name: "a"}]}
    "#]],
    );
    check(
        "{l: [{name: a, x: 1}]}\n{l: []}",
        &expect![[r#"
        replace: {l: []}
        append: {l: [{name: "a", x: 1}]}
        merge: {l: [{name: "a", x: 1}]}
        merge by name: {l: []}
    "#]],
    );
    check(
        "{l: [1, 2]}\n{l: [3]}",
        &expect![[r#"
        replace: {l: [3]}
        append: {l: [1, 2, 3]}
        merge: {l: [1, 2]}
        merge by name: {l: [3]}
    "#]],
    );
    check(
        "{l: [{name: a, x: 1}]}\n{l: !append [{name: a, y: 1}]}",
        &expect![[r#"
        replace: {l: [{name: "a", x: 1}, {name: "a", y: 1}]}
        append: {l: [{name: "a", x: 1}, {name: "a", y: 1}]}
        merge: {l: [{name: "a", x: 1}, {name: "a", y: 1}]}
        merge by name: {l: [{name: "a", x: 1}, {name: "a", y: 1}]}
    "#]],
    );
}

#[test]
fn what_goes_beyond_the_lower_list_is_kept_when_lists_are_merged() {
    check(
        "{l: [{x: 1}]}\n{l: [{y: 2}, {z: 3}]}",
        &expect![[r#"
            replace: {l: [{y: 2}, {z: 3}]}
            append: {l: [{x: 1}, {y: 2}, {z: 3}]}
            merge: {l: [{x: 1, y: 2}, {z: 3}]}
            merge by name: {l: [{y: 2}, {z: 3}]}
        "#]],
    );
}

#[test]
fn another_type_takes_the_place() {
    check(
        "{a: [1], b: {c: 1}, d: 2, e: {f: 1}}\n{a: {b: 1}, b: [2], d: {e: 3}, e: text}",
        &expect![[r#"
            replace: {a: {b: 1}, b: [2], d: {e: 3}, e: "text"}
            append: {a: {b: 1}, b: [2], d: {e: 3}, e: "text"}
            merge: {a: {b: 1}, b: [2], d: {e: 3}, e: "text"}
            merge by name: {a: {b: 1}, b: [2], d: {e: 3}, e: "text"}
        "#]],
    );
}

#[test]
fn null_is_a_value_and_empty_collections_differ() {
    check(
        "{a: 1, b: {c: 1}, d: [1], e: {f: 1}, g: [1]}\n{a: null, b: null, d: null, e: {}, g: []}",
        &expect![[r#"
            replace: {a: null, b: null, d: null, e: {f: 1}, g: []}
            append: {a: null, b: null, d: null, e: {f: 1}, g: [1]}
            merge: {a: null, b: null, d: null, e: {f: 1}, g: [1]}
            merge by name: {a: null, b: null, d: null, e: {f: 1}, g: []}
        "#]],
    );
}

#[test]
fn append_continues_a_list_under_every_strategy() {
    check(
        "{l: [1]}\n{l: !append [2]}\n{l: !append [3]}",
        &expect![[r#"
            replace: {l: [1, 2, 3]}
            append: {l: [1, 2, 3]}
            merge: {l: [1, 2, 3]}
            merge by name: {l: [1, 2, 3]}
        "#]],
    );
}

#[test]
fn append_over_no_list_is_the_new_list() {
    check(
        "{a: text, b: null, c: [1]}\n{a: !append [2], b: !append [2], c: !append [], d: !append [2]}",
        &expect![[r#"
            replace: {a: [2], b: [2], c: [1], d: [2]}
            append: {a: [2], b: [2], c: [1], d: [2]}
            merge: {a: [2], b: [2], c: [1], d: [2]}
            merge by name: {a: [2], b: [2], c: [1], d: [2]}
        "#]],
    );
}

#[test]
fn a_list_over_an_appended_one_follows_the_strategy() {
    check(
        "{l: [1]}\n{l: !append [2]}\n{l: [3]}",
        &expect![[r#"
            replace: {l: [3]}
            append: {l: [1, 2, 3]}
            merge: {l: [1, 2]}
            merge by name: {l: [3]}
        "#]],
    );
}

#[test]
fn append_on_a_scalar_means_nothing() {
    check(
        "{l: [1]}\n{l: !append text}",
        &expect![[r#"
            replace: {l: "text"}
            append: {l: "text"}
            merge: {l: "text"}
            merge by name: {l: "text"}
        "#]],
    );
}

#[test]
fn unset_takes_keys_and_items_away_until_they_are_set_again() {
    check(
        "{a: 1, b: 2, c: {d: 3}}\n{a: !unset , b: !unset , l: [!unset , 9]}\n{b: 4}",
        &expect![[r#"
            replace: {b: 4, c: {d: 3}, l: [9]}
            append: {b: 4, c: {d: 3}, l: [9]}
            merge: {b: 4, c: {d: 3}, l: [9]}
            merge by name: {b: 4, c: {d: 3}, l: [9]}
        "#]],
    );
}
