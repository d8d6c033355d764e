use super::*;
use crate::model::body::plain;
use crate::model::value::Rules;
use crate::model::yaml;

/// Pins the fields `made_up`, separated by blanks.
fn pin(wanted: &str, live: &str, made_up: &str) -> Result<Value, String> {
    let read = |text: &str| yaml::parse(text, Rules::Kubernetes).unwrap();
    let made_up: Vec<_> = made_up.split(' ').map(|path| FieldPath::parse(path).unwrap()).collect();
    pinned(&read(wanted), &read(live), &made_up).map_err(|error| error.to_string())
}

#[track_caller]
fn check(wanted: &str, live: &str, made_up: &str, expected: &str) {
    let pinned = pin(wanted, live, made_up).unwrap();
    let expected = yaml::parse(expected, Rules::Kubernetes).unwrap();
    assert_eq!(plain(&pinned).unwrap(), plain(&expected).unwrap());
}

#[track_caller]
fn is_unclear(wanted: &str, live: &str, made_up: &str) {
    let first = made_up.split(' ').next().unwrap();
    let expected =
        format!("`{first}` is made up, and nothing tells which item of the list that is there");
    assert_eq!(pin(wanted, live, made_up), Err(expected));
}

#[test]
fn what_is_there_takes_the_place_of_what_was_made_up() {
    check("{ a: { b: 1, c: 2 } }", "{ a: { b: 7, d: 8 } }", "a.b", "{ a: { b: 7, c: 2 } }");
    check(
        "{ a: [{ b: 1 }, { b: 2 }] }",
        "{ a: [{ b: 1 }, { b: 8 }] }",
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

const LIVE: &str = "env: [{ name: USER, value: shop }, { name: PASSWORD, value: old }, \
                          { name: SIZE, value: '3' }]";

#[test]
fn an_item_is_found_again_by_what_tells_it_from_others() {
    // One was put in before it.
    check(
        "env: [{ name: USER, value: shop }, { name: HOST, value: db }, \
               { name: PASSWORD, value: new }, { name: SIZE, value: '3' }]",
        LIVE,
        "env[2].value",
        "env: [{ name: USER, value: shop }, { name: HOST, value: db }, \
               { name: PASSWORD, value: old }, { name: SIZE, value: '3' }]",
    );
    // Those before it are gone.
    check(
        "env: [{ name: PASSWORD, value: new }]",
        LIVE,
        "env[0].value",
        "env: [{ name: PASSWORD, value: old }]",
    );
    // They stand in another order.
    check(
        "env: [{ name: SIZE, value: '3' }, { name: USER, value: shop }, \
               { name: PASSWORD, value: new }]",
        LIVE,
        "env[2].value",
        "env: [{ name: SIZE, value: '3' }, { name: USER, value: shop }, \
               { name: PASSWORD, value: old }]",
    );
    // It is not there, and no other is taken for it.
    check(
        "env: [{ name: USER, value: shop }, { name: TOKEN, value: new }]",
        LIVE,
        "env[1].value",
        "env: [{ name: USER, value: shop }, { name: TOKEN, value: new }]",
    );
    check(
        "env: [{ name: A, value: new }]",
        "env: []",
        "env[0].value",
        "env: [{ name: A, value: new }]",
    );
}

#[test]
fn lists_in_lists_are_followed_by_their_keys() {
    check(
        "containers: [{ name: proxy, env: [{ name: A, value: x }] }, \
                      { name: web, env: [{ name: B, value: y }, { name: A, value: new }] }]",
        "containers: [{ name: web, env: [{ name: A, value: old }], image: web }, \
                      { name: proxy, env: [{ name: A, value: z }] }]",
        "containers[1].env[1].value",
        "containers: [{ name: proxy, env: [{ name: A, value: x }] }, \
                      { name: web, env: [{ name: B, value: y }, { name: A, value: old }] }]",
    );
}

#[test]
fn two_fields_may_be_the_key_and_one_may_be_left_out() {
    check(
        "ports: [{ port: 53, made: new }, { port: 53, protocol: UDP, made: other }]",
        "ports: [{ port: 53, protocol: UDP, made: udp }, { port: 53, protocol: TCP, made: tcp }]",
        "ports[0].made ports[1].made",
        "ports: [{ port: 53, made: tcp }, { port: 53, protocol: UDP, made: udp }]",
    );
    // The same volume twice: its name tells nothing.
    check(
        "mounts: [{ name: v, mountPath: /a, sub: x }, { name: v, mountPath: /b, sub: new }]",
        "mounts: [{ name: v, mountPath: /b, sub: old }]",
        "mounts[1].sub",
        "mounts: [{ name: v, mountPath: /a, sub: x }, { name: v, mountPath: /b, sub: old }]",
    );
}

#[test]
fn an_item_without_a_key_stays_where_it_is_or_nobody_knows_which_it_is() {
    check("args: [--a, new]", "args: [--a, old]", "args[1]", "args: [--a, old]");
    check(
        "args: [{ say: a }, { say: b, with: new }]",
        "args: [{ say: a }, { say: b, with: old, more: 1 }]",
        "args[1].with",
        "args: [{ say: a }, { say: b, with: old }]",
    );
    check("args: [new]", "args: []", "args[0]", "args: [new]");
    check("args: [new]", "{}", "args[0]", "args: [new]");
    is_unclear("args: [--a, --b, new]", "args: [--a, old]", "args[2]");
    is_unclear("args: [--b, new]", "args: [--a, old]", "args[1]");
    is_unclear("args: [new]", "args: [--a, old]", "args[0]");
    // Either may be the other.
    is_unclear("args: [one, two]", "args: [three, four]", "args[1] args[0]");
    check("args: [one, two]", "args: [one, two]", "args[0] args[1]", "args: [one, two]");
    // A key that is made up tells nothing.
    is_unclear("all: [{ name: new }, { name: a }]", "all: [{ name: a }]", "all[0].name");
}
