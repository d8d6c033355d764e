//! Upper, lower and title case of whole texts, and compound words.

use super::{Outcome, add, convert};
use crate::Failure;
use crate::functions::{Call, Functions, Type};
use crate::strconv::is_letter_or_digit;

pub(super) fn register(m: &mut Functions) {
    let mut with = |name: &str, change: fn(&str) -> Result<String, Failure>| {
        add(m, &[name], &[Type::Any], move |c: &mut Call<'_>| -> Outcome {
            Ok(change(&convert::text(&c.value(0), c.meter)?)?.into())
        });
    };
    with("ToUpper", |text| Ok(text.to_uppercase()));
    with("ToLower", |text| Ok(text.to_lowercase()));
    with("Title", |text| Ok(title(text, false)));
    with("SnakeCase", |text| separated(text, "_"));
    with("KebabCase", |text| separated(text, "-"));
    with("CamelCase", |text| {
        let text = text.trim();
        let first = first_byte(text)?;
        let cased = title(text, true);
        let kept = cased.replacen(&cased[..1], &first.to_string(), 1);
        Ok(kept.chars().filter(|c| is_letter_or_number(*c)).collect())
    });
    with("Slug", slug);
}

/// The words' first letters in upper case, the others in lower case if `lowers`.
fn title(text: &str, lowers: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let chars: Vec<char> = text.chars().collect();
    let mut in_word = false;
    for (i, c) in chars.iter().enumerate() {
        let joins = |c: &char| matches!(c, '\'' | '.' | ':' | '\u{b7}' | '\u{2019}');
        let is_word = |c: char| is_letter_or_digit(c) || c == '_';
        let letters_around = i > 0
            && chars[i - 1].is_alphabetic()
            && chars.get(i + 1).is_some_and(|next| next.is_alphabetic());
        if !is_word(*c) {
            in_word = in_word && joins(c) && letters_around;
            out.push(*c);
        } else if in_word && lowers {
            out.extend(c.to_lowercase());
        } else if in_word || !c.is_alphabetic() {
            in_word = in_word || c.is_alphabetic();
            out.push(*c);
        } else {
            let mut upper = c.to_uppercase();
            out.extend(upper.next());
            out.extend(upper.flat_map(char::to_lowercase));
            in_word = true;
        }
    }
    out
}

fn is_letter_or_number(c: char) -> bool {
    is_letter_or_digit(c) || c.is_numeric()
}

/// The first byte, which has to be a character: the others are put together by bytes.
fn first_byte(text: &str) -> Result<char, Failure> {
    match text.chars().next() {
        None => Err("runtime error: index out of range [0] with length 0".into()),
        Some(c) if !c.is_ascii() => Err("cutting bytes 0 to 1 would split a character".into()),
        Some(c) => Ok(c),
    }
}

/// In lower case but for the first letter, with `separator` for all that is no letter or number.
fn separated(text: &str, separator: &str) -> Result<String, Failure> {
    let text = text.trim();
    let first = first_byte(text)?;
    let lower = text.to_lowercase();
    let lower = lower.replacen(&lower[..1], &first.to_string(), 1);
    let words = lower.split(|c| !is_letter_or_number(c)).filter(|word| !word.is_empty());
    Ok(words.collect::<Vec<_>>().join(separator))
}

/// For addresses: lower case, digits and dashes.
fn slug(text: &str) -> Result<String, Failure> {
    if !text.is_ascii() {
        return Err("a slug of letters beyond ASCII would need tables of their sounds".into());
    }
    let words = text.trim().replace('&', "and").replace('@', "at").replace(['\'', '"'], "");
    let mut out = String::with_capacity(words.len());
    for c in words.to_ascii_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' | '_' => out.push(c),
            _ if out.ends_with('-') => {}
            _ => out.push('-'),
        }
    }
    Ok(out.trim_matches(['-', '_']).to_owned())
}
