//! Scalars and small documents drawn by chance, the same each time.

use std::fmt::Write as _;

use fastrand::Rng;

use super::both::Case;
use super::corpus;

/// What scalars are put together from: what looks like a number, a date, a word or a sign of YAML.
const PARTS: &[&str] = &[
    "0",
    "1",
    "7",
    "8",
    "9",
    "12",
    "60",
    "99",
    "_",
    ".",
    "e",
    "E",
    "+",
    "-",
    ":",
    "x",
    "b",
    "o",
    "0x",
    "0b",
    "0o",
    "00",
    "inf",
    "nan",
    "y",
    "yes",
    "No",
    "on",
    "OFF",
    "true",
    "False",
    "~",
    "null",
    "t",
    "T",
    "Z",
    " ",
    " #",
    "2001-",
    "-12",
    "<<",
    "=",
    "!!str ",
    "!!int ",
    "!!float ",
    "!!bool ",
    "&a ",
    "a",
    "F",
    "é",
    "/",
    "%",
    "@",
    "|",
    ">",
    "*",
    "'",
    "\"",
    ", ",
    "18446744073709551615",
    "9223372036854775808",
    "1e308",
    "4.9e-324",
];

/// Scalars by themselves, whole or as a part of something.
const WORDS: &[&str] = &[
    "yes",
    "off",
    "0644",
    "0o17",
    "1.50",
    "1e3",
    "~",
    "null",
    "text",
    "two words",
    "'it''s'",
    "\"a\\tb\\u00e9\"",
    "''",
    "-1",
    "0x1F",
    "1_000",
    "2001-01-01",
    "12:30",
    "a:b",
    "a#b",
    "!!str 1",
    "9223372036854775808",
    "http://x/y",
    "100m",
    "$(A)",
    "''' '",
    "\"\\\\\"",
    "\"two\\\n    lines\"",
];

const KEYS: &[&str] =
    &["a", "b", "c", "d", "e", "f", "on", "'yes'", "1", "\"g\"", "0x10", "1.5", "two words", "~x"];

fn one_of<'t>(chance: &mut Rng, all: &[&'t str]) -> &'t str {
    all[chance.usize(..all.len())]
}

/// Objects with a scalar that is put together: as a value, and each third one as a key.
pub(super) fn scalars(chance: &mut Rng, count: usize) -> Vec<Case> {
    let scalar = |at| {
        let parts = 1 + chance.usize(..4);
        let text: String = (0..parts).map(|_| one_of(chance, PARTS)).collect();
        match at % 3 {
            0 => case(&text, corpus::data(&format!("{text}: 1"))),
            _ => case(&text, corpus::value(&text)),
        }
    };
    (0..count).map(scalar).collect()
}

/// Objects with nested data, in every style.
pub(super) fn documents(chance: &mut Rng, count: usize) -> Vec<Case> {
    let document = |_| {
        let mut text = String::new();
        let mut anchors = 0;
        block(chance, &mut text, 0, 3, &mut anchors);
        case(&text, corpus::data(text.trim_end_matches('\n')))
    };
    (0..count).map(document).collect()
}

fn case(about: &str, text: String) -> Case {
    Case { about: format!("drawn {about:?}"), bytes: text.into_bytes(), ends: "yaml", alone: false }
}

/// A mapping or a list in block style; the cursor stands at the beginning of a line.
fn block(chance: &mut Rng, out: &mut String, indent: usize, depth: usize, anchors: &mut usize) {
    let blanks = " ".repeat(indent);
    let is_list = chance.usize(..4) == 0;
    let first = chance.usize(..KEYS.len());
    for at in 0..=chance.usize(..4) {
        if chance.usize(..8) == 0 {
            let _ = writeln!(out, "{blanks}# a comment: with - signs");
        }
        match is_list {
            true => out.push_str(&format!("{blanks}-")),
            false => out.push_str(&format!("{blanks}{}:", KEYS[(first + at) % KEYS.len()])),
        }
        // An own key wins or loses by where it stands.
        if !is_list && *anchors > 0 && chance.usize(..6) == 0 {
            let name = chance.usize(..*anchors);
            let _ = writeln!(out, " {{ a: own, <<: *a{name}, b: own }}");
            continue;
        }
        value(chance, out, indent, depth, anchors);
    }
}

fn value(chance: &mut Rng, out: &mut String, indent: usize, depth: usize, anchors: &mut usize) {
    match chance.usize(..if depth == 0 { 5 } else { 9 }) {
        0 | 1 => {
            let _ = writeln!(out, " {}", one_of(chance, WORDS));
        }
        2 => literal(chance, out, indent),
        3 => {
            let _ = writeln!(out, " {}", flow(chance, depth.min(2)));
        }
        4 if *anchors > 0 => {
            let _ = writeln!(out, " *a{}", chance.usize(..*anchors));
        }
        4 => out.push('\n'),
        5 => {
            let inside =
                format!("{{ a: 1, on: {}, {}: x }}", flow(chance, 1), one_of(chance, &["b", "z"]));
            let _ = writeln!(out, " &a{anchors} {inside}");
            *anchors += 1;
        }
        _ => {
            out.push_str(one_of(chance, &[" # why\n", "\n"]));
            let further = 1 + chance.usize(..3);
            block(chance, out, indent + further, depth - 1, anchors);
        }
    }
}

/// A text over several lines, with every sign that may stand behind `|` and `>`.
fn literal(chance: &mut Rng, out: &mut String, indent: usize) {
    let further = 1 + chance.usize(..4);
    let sign = one_of(chance, &["|", ">"]);
    let chomp = one_of(chance, &["", "-", "+"]);
    let is_told = chance.usize(..3) == 0;
    let digit = if is_told { further.to_string() } else { String::new() };
    let comment = one_of(chance, &["", " # a comment"]);
    let _ = writeln!(out, " {sign}{digit}{chomp}{comment}");
    for at in 0..chance.usize(..5) {
        let more = if at == 0 && !is_told { 0 } else { chance.usize(..3) };
        let line = one_of(chance, &["", "text", "a: b", "# no comment", "- c", "x \t y", "end  "]);
        let blanks = if line.is_empty() { 0 } else { indent + further + more };
        let _ = writeln!(out, "{}{line}", " ".repeat(blanks));
    }
}

fn flow(chance: &mut Rng, depth: usize) -> String {
    let scalar = |chance: &mut Rng| loop {
        let word = one_of(chance, WORDS);
        if !word.contains(['\n', '#']) {
            return word.to_owned();
        }
    };
    let count = chance.usize(..4);
    let comma = one_of(chance, &[", ", ",", " , "]);
    match chance.usize(..if depth == 0 { 1 } else { 3 }) {
        0 => scalar(chance),
        1 => {
            let items: Vec<_> = (0..count).map(|_| flow(chance, depth - 1)).collect();
            format!("[{}]", items.join(comma))
        }
        _ => {
            let first = chance.usize(..KEYS.len());
            let entry = |at: usize| {
                format!("{}: {}", KEYS[(first + at) % KEYS.len()], flow(chance, depth - 1))
            };
            let entries: Vec<_> = (0..count).map(entry).collect();
            format!("{{{} }}", entries.join(comma))
        }
    }
}
