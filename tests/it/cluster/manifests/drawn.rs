//! Scalars and small documents drawn by chance, the same each time.

use std::fmt::Write as _;

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

/// Numbers that follow one another as if by chance (xorshift).
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound
    }

    fn one_of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len())]
    }
}

/// Objects with a scalar that is put together: as a value, and each third one as a key.
pub(super) fn scalars(chance: &mut Chance, count: usize) -> Vec<Case> {
    let scalar = |at| {
        let parts = 1 + chance.below(4);
        let text: String = (0..parts).map(|_| chance.one_of(PARTS)).collect();
        match at % 3 {
            0 => case(&text, corpus::data(&format!("{text}: 1"))),
            _ => case(&text, corpus::value(&text)),
        }
    };
    (0..count).map(scalar).collect()
}

/// Objects with nested data, in every style.
pub(super) fn documents(chance: &mut Chance, count: usize) -> Vec<Case> {
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
fn block(chance: &mut Chance, out: &mut String, indent: usize, depth: usize, anchors: &mut usize) {
    let blanks = " ".repeat(indent);
    let is_list = chance.below(4) == 0;
    let first = chance.below(KEYS.len());
    for at in 0..=chance.below(4) {
        if chance.below(8) == 0 {
            let _ = writeln!(out, "{blanks}# a comment: with - signs");
        }
        match is_list {
            true => out.push_str(&format!("{blanks}-")),
            false => out.push_str(&format!("{blanks}{}:", KEYS[(first + at) % KEYS.len()])),
        }
        // An own key wins or loses by where it stands.
        if !is_list && *anchors > 0 && chance.below(6) == 0 {
            let name = chance.below(*anchors);
            let _ = writeln!(out, " {{ a: own, <<: *a{name}, b: own }}");
            continue;
        }
        value(chance, out, indent, depth, anchors);
    }
}

fn value(chance: &mut Chance, out: &mut String, indent: usize, depth: usize, anchors: &mut usize) {
    match chance.below(if depth == 0 { 5 } else { 9 }) {
        0 | 1 => {
            let _ = writeln!(out, " {}", chance.one_of(WORDS));
        }
        2 => literal(chance, out, indent),
        3 => {
            let _ = writeln!(out, " {}", flow(chance, depth.min(2)));
        }
        4 if *anchors > 0 => {
            let _ = writeln!(out, " *a{}", chance.below(*anchors));
        }
        4 => out.push('\n'),
        5 => {
            let inside =
                format!("{{ a: 1, on: {}, {}: x }}", flow(chance, 1), chance.one_of(&["b", "z"]));
            let _ = writeln!(out, " &a{anchors} {inside}");
            *anchors += 1;
        }
        _ => {
            out.push_str(chance.one_of(&[" # why\n", "\n"]));
            let further = 1 + chance.below(3);
            block(chance, out, indent + further, depth - 1, anchors);
        }
    }
}

/// A text over several lines, with every sign that may stand behind `|` and `>`.
fn literal(chance: &mut Chance, out: &mut String, indent: usize) {
    let further = 1 + chance.below(4);
    let sign = chance.one_of(&["|", ">"]);
    let chomp = chance.one_of(&["", "-", "+"]);
    let is_told = chance.below(3) == 0;
    let digit = if is_told { further.to_string() } else { String::new() };
    let comment = chance.one_of(&["", " # a comment"]);
    let _ = writeln!(out, " {sign}{digit}{chomp}{comment}");
    for at in 0..chance.below(5) {
        let more = if at == 0 && !is_told { 0 } else { chance.below(3) };
        let line = chance.one_of(&["", "text", "a: b", "# no comment", "- c", "x \t y", "end  "]);
        let blanks = if line.is_empty() { 0 } else { indent + further + more };
        let _ = writeln!(out, "{}{line}", " ".repeat(blanks));
    }
}

fn flow(chance: &mut Chance, depth: usize) -> String {
    let scalar = |chance: &mut Chance| loop {
        let word = chance.one_of(WORDS);
        if !word.contains(['\n', '#']) {
            return word.to_owned();
        }
    };
    let count = chance.below(4);
    let comma = chance.one_of(&[", ", ",", " , "]);
    match chance.below(if depth == 0 { 1 } else { 3 }) {
        0 => scalar(chance),
        1 => {
            let items: Vec<_> = (0..count).map(|_| flow(chance, depth - 1)).collect();
            format!("[{}]", items.join(comma))
        }
        _ => {
            let first = chance.below(KEYS.len());
            let entry = |at: usize| {
                format!("{}: {}", KEYS[(first + at) % KEYS.len()], flow(chance, depth - 1))
            };
            let entries: Vec<_> = (0..count).map(entry).collect();
            format!("{{{} }}", entries.join(comma))
        }
    }
}
