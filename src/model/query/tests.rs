use expect_test::{Expect, expect};

use super::Query;
use crate::model::value::{Node, Rules, Value};
use crate::model::yaml;

const VALUE: &str = "{a: {b: [1, 2, {c: x}], 'd e': 5}, subnets: [s1, s2], none: null, on: true, \
    users: [{name: ada, age: 36}, {name: bob, age: 7}]}";

fn check(queries: &[&str], expect: &Expect) {
    let value = yaml::parse(VALUE, Rules::Stack).expect("valid");
    let lines = queries.iter().map(|query| {
        let found = Query::parse(query).and_then(|query| query.one(&value));
        match found {
            Ok(found) => format!("{query} = {:?}\n", found.typed(Rules::Stack)),
            Err(error) => format!("{query} fails: {error}\n"),
        }
    });
    expect.assert_eq(&lines.collect::<String>());
}

#[test]
fn paths_lead_down_and_to_null_where_nothing_is() {
    check(
        &[
            ".a.b[2].c",
            ".a.b.[0]",
            ".a[\"d e\"]",
            ".a.\"d e\"",
            ".subnets[-1]",
            ".no.way",
            ".a.b[9]",
            ".subnets[0:1]",
        ],
        &expect![[r#"
            .a.b[2].c = "x"
            .a.b.[0] = 1
            .a["d e"] = 5
            .a."d e" = 5
            .subnets[-1] = "s2"
            .no.way = null
            .a.b[9] = null
            .subnets[0:1] = ["s1"]
        "#]],
    );
}

#[test]
fn alternatives_stand_in_for_nothing() {
    check(
        &[".no // \"dflt\"", ".none // .on", ".on // 1", ".no.way // .x // 3"],
        &expect![[r#"
            .no // "dflt" = "dflt"
            .none // .on = true
            .on // 1 = true
            .no.way // .x // 3 = 3
        "#]],
    );
}

#[test]
fn items_are_filtered_and_changed() {
    check(
        &[
            ".users[].name",
            ".users | map(.age + 1)",
            ".users[] | select(.age > 10) | .name",
            "[.users[] | {name, old: .age >= 30}]",
            ".subnets | join(\",\")",
            ".users | sort_by(.age) | first | .name",
            ".a | keys | length",
            ".a | has(\"b\") and (.d | not)",
            ".users | length - 1",
            ".a | to_entries | map(.key)",
        ],
        &expect![[r#"
            .users[].name = ["ada", "bob"]
            .users | map(.age + 1) = [37, 8]
            .users[] | select(.age > 10) | .name = "ada"
            [.users[] | {name, old: .age >= 30}] = [{"name": "ada", "old": true}, {"name": "bob", "old": false}]
            .subnets | join(",") = "s1,s2"
            .users | sort_by(.age) | first | .name = "bob"
            .a | keys | length = 2
            .a | has("b") and (.d | not) = true
            .users | length - 1 = 1
            .a | to_entries | map(.key) = ["b", "d e"]
        "#]],
    );
}

#[test]
fn groups_patterns_and_everything_below() {
    check(
        &[
            ".users | group_by(.age > 10) | map(length)",
            "[.users[], .users[0]] | unique_by(.name) | length",
            ".users[0] | pick([\"name\", \"none\"])",
            ".users[0] | omit([\"name\"])",
            "{a: 1, b: 2} | map_values(. + 1)",
            ".subnets[] | select(. == \"*2\")",
            ".subnets[] | select(. != \"s?\")",
            ".users | .. | select(type == \"text\")",
        ],
        &expect![[r#"
            .users | group_by(.age > 10) | map(length) = [1, 1]
            [.users[], .users[0]] | unique_by(.name) | length = 2
            .users[0] | pick(["name", "none"]) = {"name": "ada"}
            .users[0] | omit(["name"]) = {"age": 36}
            {a: 1, b: 2} | map_values(. + 1) = {"a": 2, "b": 3}
            .subnets[] | select(. == "*2") = "s2"
            .subnets[] | select(. != "s?") = null
            .users | .. | select(type == "text") = ["ada", "bob"]
        "#]],
    );
}

#[test]
fn every_function_is_found_by_its_name() {
    assert!(super::call::NAMES.is_sorted());
    for name in super::call::NAMES {
        let calls = [(*name).to_owned(), format!("{name}(.)")];
        let parsed: Vec<_> = calls.iter().map(|call| Query::parse(call)).collect();
        assert!(parsed.iter().all(Result::is_ok), "{name}: {parsed:?}");
    }
    assert!(Query::parse("to_yml").is_err());
}

#[test]
fn what_only_yq_has_is_refused_where_it_stands() {
    let said = [".a |= 1", ".a = 1", ".a as $x | $x", ".a | fist", "if .a then 1", ".a * 2"];
    let lines = said.map(|query| {
        let error = Query::parse(query).expect_err("it is refused");
        format!("{query}: {error} at {:?} ({:?})\n", error.at, error.hint)
    });
    expect![[r#"
        .a |= 1: `|=` is not part of queries here at Some(3) (None)
        .a = 1: `=` is not part of queries here at Some(3) (None)
        .a as $x | $x: `as` is not part of queries here at Some(3) (None)
        .a | fist: queries have no function `fist` here at Some(5) (Some("did you mean `first`?"))
        if .a then 1: queries have no function `if` here at Some(0) (None)
        .a * 2: `*` is not part of queries here at Some(3) (None)
    "#]]
    .assert_eq(&lines.concat());
}

#[test]
fn what_is_no_query_is_said_to_be_none() {
    check(
        &["", ".a.", ".a[", "env(HOME)", ".a | nothing", "(.a", "\"x", ".subnets.x"],
        &expect![[r#"
             fails: the query ends too early
            .a. fails: a key is missing before ``
            .a[ fails: the query ends too early
            env(HOME) fails: queries have no function `env` here
            .a | nothing fails: queries have no function `nothing` here
            (.a fails: `)` is missing
            "x fails: a quote is not closed
            .subnets.x fails: there is no `x` in a list
        "#]],
    );
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{}.{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Query::parse(&nested(31)).is_ok());
    assert!(Query::parse(&nested(32)).is_err());
}

#[test]
fn length_is_bounded() {
    let long = |steps: usize| vec!["."; steps].join(" | ");
    assert!(Query::parse(&long(256)).is_ok());
    assert!(Query::parse(&long(257)).is_err_and(|why| why.message.contains("256 steps")));
}

#[test]
fn what_is_made_is_weighed_as_if_nothing_in_it_were_shared() {
    let run = |text: &str| {
        let value = yaml::parse("{a: 1, t: xxxxxxxxxxxxxxxx}", Rules::Stack).unwrap();
        Query::parse(text).unwrap().one(&value).map_err(|why| why.message)
    };
    let twice = |what: &str, times: usize| vec![what; times].join(" | ");
    // 16 times twice as much are 131,071 lists and texts; 18 times are more than there may be.
    assert!(run(&format!(".a | {}", twice("[., .]", 16))).is_ok());
    let large = run(&format!(".a | {}", twice("[., .]", 40)));
    assert!(large.is_err_and(|why| why.contains("more than 400000 parts")));
    let deep = run(&format!(".a | {}", twice("[.]", 65)));
    assert!(deep.is_err_and(|why| why.contains("64 levels")));
    assert!(run(&format!(".a | {}", twice("[.]", 64))).is_ok());
    let maps = run(&twice("{\"x\": ., \"y\": .}", 40));
    assert!(maps.is_err_and(|why| why.contains("more than 400000 parts")));
    let text = run(&format!(".t | {}", twice(". + .", 40)));
    assert!(text.is_err_and(|why| why.contains("more than 400000 parts")));
    let joined = run(&format!("[.t] | {} | join(\"{}\")", twice(". + .", 17), "y".repeat(1000)));
    assert!(joined.is_err_and(|why| why.contains("more than 400000 parts")));
    // Little is left of it, and it is made all the same.
    let work = format!(".a | {} | {}", twice("[., .]", 17), twice("select(. == .)", 60));
    assert!(run(&work).is_err_and(|why| why.contains("makes or compares too much")));
}

#[test]
fn what_equals_nothing_is_in_no_group_and_is_not_looked_for() {
    let many = format!("[{}]", [".nan"; 20_000].join(", "));
    let value = yaml::parse(&many, Rules::Stack).unwrap();
    let found = Query::parse("unique | length").unwrap().one(&value).unwrap();
    assert_eq!(found.typed(Rules::Stack), Value::computed(Node::Int(20_000)));
}

#[test]
fn a_query_comes_to_as_many_values_as_it_may() {
    let whole = Value::text("x");
    let next = |values| {
        let (query, whole) = (&super::Expr::Whole, &whole);
        let mut run = super::Run { query, whole, seed: None, values, work: 0 };
        run.eval(query, whole)
    };
    assert_eq!(next(super::VALUES_MAX - 1), Ok(vec![Value::text("x")]));
    let refused = "this query comes to more than 1000000 values".into();
    assert_eq!(next(super::VALUES_MAX), Err(super::Stop::Fault(refused)));
}
