use crate::{Code, Limits, SyntaxError, parse_first};

fn errors(source: &str) -> Vec<SyntaxError> {
    parse_first(source, &Limits::DEFAULT).errors
}

fn codes(source: &str) -> Vec<Code> {
    errors(source).iter().map(|error| error.code).collect()
}

#[test]
fn a_duplicate_key_points_at_the_first_one() {
    let found = errors("a: 1\nb: 2\n'a': 3\na: 4\n");
    assert_eq!(found.len(), 2);
    for (error, line) in found.iter().zip([3, 4]) {
        assert_eq!(error.code, Code::DuplicateKey);
        assert_eq!(error.span.start.line, line);
        let first = error.related.as_ref().expect("the first key");
        assert_eq!(first.span.start.line, 1);
    }
}

#[test]
fn keys_are_equal_by_text() {
    assert_eq!(codes("1: a\n'1': b\n"), [Code::DuplicateKey]);
    assert_eq!(codes("<<: {}\n<<: {}\n"), [Code::DuplicateKey]);
    assert_eq!(codes("16: a\n0x10: b\n"), []);
    assert_eq!(codes("- &k a\n- {a: 1, *k : 2}\n"), [Code::DuplicateKey]);
    assert_eq!(codes("a: {k: 1}\nb: {k: 1}\n"), []);
}

#[test]
fn null_keys_are_errors_and_quoted_ones_are_not() {
    for source in ["~: x", "null: x", ": x", "? \n: x", "!!null '': x", "NULL: x"] {
        assert_eq!(codes(source), [Code::NullKey], "{source}");
    }
    for source in ["'~': x", "'': x", "!!str : x", "nULL: x"] {
        assert_eq!(codes(source), [], "{source}");
    }
}

#[test]
fn keys_that_are_collections_are_errors_also_by_alias() {
    assert_eq!(codes("? {a: b}\n: x\n"), [Code::ComplexKey]);
    assert_eq!(codes("- &l [x]\n- *l : y\n"), [Code::ComplexKey]);
    assert_eq!(codes("- &s x\n- *s : y\n"), []);
}

#[test]
fn a_merge_takes_mappings_only() {
    assert_eq!(codes("<<: {a: 1}\n"), []);
    assert_eq!(codes("<<: [{a: 1}, {b: 2}]\n"), []);
    assert_eq!(codes("<<: [{a: 1}, b]\n"), [Code::BadMerge]);
    assert_eq!(codes("<<: [[{a: 1}]]\n"), [Code::BadMerge]);
    assert_eq!(codes("<<: x\n"), [Code::BadMerge]);
    assert_eq!(codes("<<:\n"), [Code::BadMerge]);
    assert_eq!(codes("'<<': x\n"), []);
    assert_eq!(codes("- &a x\n- <<: *a\n"), [Code::BadMerge]);
}

#[test]
fn one_mistake_is_reported_once() {
    assert_eq!(codes("a: &a\n  <<: *a\n"), [Code::SelfReference]);
    assert_eq!(codes("a: {*b : c}\n"), [Code::UnknownAlias]);
    assert_eq!(codes("<<: [*b]\n"), [Code::UnknownAlias]);
}
