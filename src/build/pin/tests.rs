use super::*;
use crate::model::body::plain;
use crate::model::value::Rules;
use crate::model::yaml;

#[track_caller]
fn check(wanted: &str, live: &str, path: &str, expected: &str) {
    let read = |text: &str| yaml::parse(text, Rules::Kubernetes).unwrap();
    let pinned = pinned(&read(wanted), &read(live), &FieldPath::parse(path).unwrap());
    assert_eq!(plain(&pinned).unwrap(), plain(&read(expected)).unwrap());
}

#[test]
fn what_is_there_takes_the_place_of_what_was_made_up() {
    check("{ a: { b: 1, c: 2 } }", "{ a: { b: 7, d: 8 } }", "a.b", "{ a: { b: 7, c: 2 } }");
    check(
        "{ a: [{ b: 1 }, { b: 2 }] }",
        "{ a: [{ b: 7 }, { b: 8 }] }",
        "a[1].b",
        "{ a: [{ b: 1 }, { b: 8 }] }",
    );
    check("{ a: 1 }", "{ b: 7 }", "a", "{ a: 1 }");
    check("{ a: [1] }", "{ a: [1, 2] }", "a[1]", "{ a: [1] }");
}

#[test]
fn the_texts_of_a_secret_are_kept_in_another_field() {
    check(
        "{ stringData: { password: new, user: shop }, data: { other: eA== } }",
        "{ data: { password: b2xk } }",
        "stringData.password",
        "{ stringData: { user: shop }, data: { other: eA==, password: b2xk } }",
    );
    check(
        "{ stringData: { password: new } }",
        "{}",
        "stringData.password",
        "{ stringData: { password: new } }",
    );
}
