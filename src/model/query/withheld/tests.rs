use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::ids::ContentId;
use crate::model::query::{Query, QueryError};
use crate::model::question::Question;
use crate::model::tests::config;
use crate::model::value::{Map, Node, Rules, Value};
use crate::model::yaml;
use crate::secret::Secret;

const VALUE: &str = "{u: UNKNOWN, s: SECRET, l: [a, UNKNOWN], m: {k: UNKNOWN, t: x}, h: [b, SECRET], \
    n: 5, t: x, none: null, users: [{name: ada, age: 36}, {name: UNKNOWN, age: 7}]}";

/// The value, with `unknown` and `secret` where it names them.
fn with(unknown: &Node, secret: &Node) -> Value {
    fn put(value: &Value, unknown: &Node, secret: &Node) -> Value {
        let put = |value: &Value| put(value, unknown, secret);
        Value::computed(match &value.node {
            Node::List(items) => Node::List(items.iter().map(put).collect::<Vec<_>>().into()),
            Node::Map(map) => {
                Node::Map(map.iter().map(|(key, value)| (key.clone(), put(value))).collect())
            }
            _ if value.as_str() == Some("UNKNOWN") => unknown.clone(),
            _ if value.as_str() == Some("SECRET") => secret.clone(),
            other => other.clone(),
        })
    }
    put(&yaml::parse(VALUE, Rules::Stack).expect("valid"), unknown, secret)
}

fn unknown() -> Node {
    let question = Question { function: "ask".into(), arguments: vec!["it".into()] };
    Node::Unknown(question.into())
}

fn secret(state: &str) -> Node {
    Node::Secret(Secret::new("output key of c", ContentId::of(state)).into())
}

fn ask(query: &str, value: &Value) -> Result<Value, QueryError> {
    Query::parse(query)?.one(value)
}

fn check(queries: &[&str], expect: &Expect) {
    let value = with(&unknown(), &secret("one"));
    let lines = queries.iter().map(|query| match ask(query, &value) {
        Ok(found) => format!("{query} = {:?}\n", found.typed(Rules::Stack)),
        Err(error) => format!("{query} fails: {error}\n"),
    });
    expect.assert_eq(&lines.collect::<String>());
}

#[test]
fn what_looks_at_the_unknown_is_unknown() {
    check(
        &[
            ".l | join(\",\")",
            ".m.k | length",
            ".m.k == \"v\"",
            ".m | to_json",
            ".u + \"-suffix\"",
            ".u.deep[0]",
            ".u // \"none\"",
            ".l | sort",
            ".l[] | select(. == \"a\")",
            "[.u[], 1]",
            "[.users[] | {name, old: .age > 10, long: (.name | length)}]",
        ],
        &expect![[r#"
            .l | join(",") = unknown(ask it)
            .m.k | length = unknown(ask it)
            .m.k == "v" = unknown(ask it)
            .m | to_json = unknown(ask it)
            .u + "-suffix" = unknown(ask it)
            .u.deep[0] = unknown(ask it)
            .u // "none" = unknown(ask it)
            .l | sort = unknown(ask it)
            .l[] | select(. == "a") = unknown(ask it)
            [.u[], 1] = unknown(ask it)
            [.users[] | {name, old: .age > 10, long: (.name | length)}] = [{"name": "ada", "old": true, "long": 3}, {"name": unknown(ask it), "old": false, "long": unknown(ask it)}]
        "#]],
    );
}

#[test]
fn what_does_not_look_at_the_unknown_is_known() {
    check(
        &[
            ".l[0]",
            ".l | length",
            ".l | first",
            ".l + [.n] | length",
            ".m | keys",
            ".m | has(\"k\")",
            ".m.t | upcase",
            ".u == 1 or .n == 5",
            ".u and .none",
            ".users | map(.age) | add",
            ".users | sort_by(.age) | first | .age",
            ".t.x // 1",
        ],
        &expect![[r#"
            .l[0] = "a"
            .l | length = 2
            .l | first = "a"
            .l + [.n] | length = 3
            .m | keys = ["k", "t"]
            .m | has("k") = true
            .m.t | upcase = "X"
            .u == 1 or .n == 5 = true
            .u and .none = false
            .users | map(.age) | add = 43
            .users | sort_by(.age) | first | .age = 7
            .t.x // 1 = 1
        "#]],
    );
}

#[test]
fn what_looks_at_a_secret_is_one() {
    check(
        &[
            ".s",
            ".s.pw",
            ".s | upcase",
            ".s > \"h\"",
            ".s | length",
            ". | to_json",
            ".h | join(\",\")",
            ".s // 1",
            "{\"a\": .s == \"x\", \"b\": .n}",
            ".t[{\"k\": .s}]",
            "[.h[] | select(. == \"b\")]",
        ],
        &expect![[r#"
            .s = secret
            .s.pw = secret
            .s | upcase = secret
            .s > "h" = secret
            .s | length = secret
            . | to_json = unknown(ask it)
            .h | join(",") = secret
            .s // 1 = secret
            {"a": .s == "x", "b": .n} = {"a": secret, "b": 5}
            .t[{"k": .s}] = secret
            [.h[] | select(. == "b")] = secret
        "#]],
    );
}

/// It changes with the secret, with the query and with all else that it may be made of.
#[test]
fn a_secret_that_is_made_changes_with_what_it_is_made_of() {
    let made = |query: &str, value: &Value| match ask(query, value).expect("it fits").node {
        Node::Secret(secret) => secret,
        other => panic!("{other:?} is no secret"),
    };
    let value = with(&unknown(), &secret("one"));
    let one = made(".s | length", &value);
    assert!(made(".s | length", &value) == one);
    assert_eq!(one.handle(), "query over the output key of c");
    let others = [
        made(".s", &value),
        made(".s | upcase", &value),
        made(".s | length", &with(&unknown(), &secret("two"))),
        made(".s | length", &with(&Node::Bool(true), &secret("one"))),
    ];
    for other in others {
        assert!(other.state() != one.state());
    }
    assert_eq!(made(".s.a.b | length", &value).handle(), one.handle());
}

/// Where queries look.
const PATHS: [&str; 22] = [
    ".",
    ".u",
    ".s",
    ".l",
    ".m",
    ".h",
    ".n",
    ".t",
    ".none",
    ".users",
    ".m.k",
    ".m.t",
    ".l[1]",
    ".u.x",
    ".s[0]",
    ".users[1].name",
    ".users[].name",
    ".l[]",
    ".u[]",
    ".h[]",
    ".m[]",
    "..",
];

/// Functions without arguments.
const PLAIN: [&str; 22] = [
    "length",
    "keys",
    "first",
    "last",
    "reverse",
    "sort",
    "min",
    "max",
    "unique",
    "flatten",
    "add",
    "not",
    "type",
    "to_string",
    "to_number",
    "to_json",
    "from_json",
    "upcase",
    "trim",
    "to_entries",
    "from_entries",
    "empty",
];

/// Functions with one.
const CALLED: [&str; 17] = [
    "select",
    "map",
    "has",
    "sort_by",
    "unique_by",
    "group_by",
    "map_values",
    "pick",
    "omit",
    "with_entries",
    "any",
    "all",
    "join",
    "split",
    "startswith",
    "contains",
    "ltrimstr",
];

/// Queries that fit the value more often than not.
fn queries() -> impl Strategy<Value = String> {
    let path = prop::sample::select(&PATHS[..]).prop_map(str::to_owned);
    let literal =
        prop::sample::select(vec!["1", "\"x\"", "\"a\"", "null", "true", "false", "[\"k\"]"])
            .prop_map(str::to_owned);
    let leaf = prop_oneof![4 => path.clone(), 1 => literal];
    leaf.prop_recursive(4, 24, 3, move |inner| {
        let operator =
            prop::sample::select(vec!["==", "!=", "<", ">=", "+", "-", "and", "or", ","]);
        let plain = prop::sample::select(&PLAIN[..]);
        let called = prop::sample::select(&CALLED[..]);
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(a, o, b)| format!("({a}) {o} ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) | ({b})")),
            (path.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) // ({b})")),
            (inner.clone(), plain).prop_map(|(a, name)| format!("({a}) | {name}")),
            (inner.clone(), called, inner.clone())
                .prop_map(|(a, name, b)| format!("({a}) | {name}({b})")),
            inner.clone().prop_map(|a| format!("[{a}]")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("{{\"a\": ({a}), (({b}) | type): .n}}")),
            inner.prop_map(|a| format!("(({a}) | [.])[0:1]")),
        ]
    })
}

/// What the one unknown value of a document may turn out to be.
fn answers() -> impl Strategy<Value = Node> {
    let map: Map = [("x".into(), Value::text("a"))].into_iter().collect();
    prop::sample::select(vec![
        Node::Null,
        Node::Bool(false),
        Node::Int(1),
        Node::Str("a".into()),
        Node::Str("".into()),
        Node::List(vec![Value::text("a"), Value::text("b")].into()),
        Node::List(Vec::new().into()),
        Node::Map(map),
    ])
}

/// Whether what was said before it was known is what came of it.
fn fits(before: &Value, after: &Value) -> bool {
    match (&before.node, &after.node) {
        // Of a secret, too, what decided may be something that was not known.
        (Node::Unknown(_) | Node::Secret(_), _) => true,
        (Node::List(before), Node::List(after)) => {
            before.len() == after.len() && before.iter().zip(&**after).all(|(b, a)| fits(b, a))
        }
        (Node::Map(before), Node::Map(after)) => {
            let fit =
                |(key, value): (_, &Value)| after.get(key).is_some_and(|after| fits(value, after));
            before.len() == after.len() && before.iter().map(|(k, v)| (k.as_ref(), v)).all(fit)
        }
        _ => before.typed(Rules::Stack) == after.typed(Rules::Stack),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..config() })]

    /// What is said before something is known stays true whatever it turns out to be, and what is an
    /// error before is one after.
    #[test]
    fn what_is_said_of_the_unknown_holds_whatever_it_is(query in queries(), answer in answers()) {
        let before = ask(&query, &with(&unknown(), &secret("one")));
        let after = ask(&query, &with(&answer, &secret("one")));
        match (before, after) {
            (Ok(before), Ok(after)) => {
                prop_assert!(fits(&before, &after), "{query}: {before:?}, then {after:?}");
            }
            (Err(before), Ok(after)) => {
                prop_assert!(false, "{query} failed with {before}, then {after:?}");
            }
            (_, Err(_)) => {}
        }
    }

    /// Nothing of a secret comes out, not even in what is said to be wrong: neither what stands for it
    /// nor anything that tells what it is.
    #[test]
    fn nothing_of_what_is_withheld_comes_out(query in queries()) {
        fn texts(value: &Value, found: &mut String) {
            match &value.node {
                Node::List(items) => items.iter().for_each(|item| texts(item, found)),
                Node::Map(map) => map.iter().for_each(|(key, value)| {
                    found.push_str(key);
                    texts(value, found);
                }),
                _ => found.push_str(value.as_str().unwrap_or_default()),
            }
        }
        let mut said = String::new();
        match ask(&query, &with(&unknown(), &secret("one"))) {
            Ok(found) => texts(&found, &mut said),
            Err(error) => said = error.message,
        }
        prop_assert!(!["$", "output key", "ask", "it\""].iter().any(|part| said.contains(part)), "{query}: {said}");
    }
}
