//! Upper and lower case, and the ways to spell compound words.

use super::{Outcome, add};
use crate::functions::{Call, Functions, Type};
use crate::strconv::is_letter_or_digit;

mod words;

pub(super) fn register(f: &mut Functions) {
    let mut add_text = |name: &str, change: fn(&str) -> String| {
        add(f, &[name], &[Type::Str], move |c: &mut Call<'_>| -> Outcome {
            Ok(change(&c.str(0)?).into())
        });
    };
    add_text("upper", |text| text.chars().map(upper).collect());
    add_text("lower", |text| text.chars().map(lower).collect());
    add_text("title", title);
    add_text("untitle", untitle);
    add_text("swapcase", swapcase);
    add_text("initials", initials);
    add_text("nospace", nospace);
    add_text("snakecase", |text| words::separated(text, '_'));
    add_text("kebabcase", |text| words::separated(text, '-'));
    add_text("camelcase", words::pascal);
}

/// The upper case if it is one character, as Go's character-wise mapping has it.
pub(super) fn upper(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(upper), None) => upper,
        _ => c,
    }
}

pub(super) fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn title(text: &str) -> String {
    let mut after_separator = true;
    text.chars()
        .map(|c| {
            let mapped = if after_separator { upper(c) } else { c };
            after_separator = if c.is_ascii() {
                !c.is_ascii_alphanumeric() && c != '_'
            } else {
                !is_letter_or_digit(c) && c.is_whitespace()
            };
            mapped
        })
        .collect()
}

/// The first character of each word in lower case.
fn untitle(text: &str) -> String {
    let mut starts = true;
    text.chars()
        .map(|c| {
            if c.is_whitespace() {
                starts = true;
                c
            } else if std::mem::take(&mut starts) {
                lower(c)
            } else {
                c
            }
        })
        .collect()
}

fn swapcase(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_uppercase() {
                lower(c)
            } else if c.is_lowercase() {
                upper(c)
            } else {
                c
            }
        })
        .collect()
}

/// The first byte of each word, bytes taken for characters.
fn initials(text: &str) -> String {
    let mut starts = true;
    let mut out = String::new();
    for c in text.bytes().map(char::from) {
        if c.is_whitespace() {
            starts = true;
        } else if std::mem::take(&mut starts) {
            out.push(c);
        }
    }
    out
}

/// Without blanks. If there are any, bytes are taken for characters.
fn nospace(text: &str) -> String {
    if text.bytes().all(|b| !char::from(b).is_whitespace()) {
        return text.to_owned();
    }
    text.bytes().map(char::from).filter(|c| !c.is_whitespace()).collect()
}
