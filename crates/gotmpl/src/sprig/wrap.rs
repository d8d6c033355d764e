//! Lines and abbreviations. Widths count bytes.

use super::{Outcome, add};
use crate::Failure;
use crate::builtins::cut;
use crate::functions::{Functions, Type};

use Type::{Int, Str};

pub(super) fn register(f: &mut Functions) {
    add(f, &["wrap"], &[Int, Str], |c| wrap(&c.str(1)?, c.int(0)?, "\n", false));
    add(f, &["wrapWith"], &[Int, Str, Str], |c| {
        let (separator, text) = (c.str(1)?, c.str(2)?);
        let lines = text.len() as u64 / c.int(0)?.max(1) as u64;
        c.meter.spend_bytes((lines as usize).saturating_mul(separator.len()))?;
        let separator = if separator.is_empty() { "\n" } else { &separator };
        wrap(&text, c.int(0)?, separator, true)
    });
    add(f, &["abbrev"], &[Int, Str], |c| {
        let (width, text) = (c.int(0)?, c.str(1)?);
        if width < 4 {
            return Ok(c.value(1));
        }
        Ok(abbreviate(&text, 0, width as usize)?.into())
    });
    add(f, &["abbrevboth"], &[Int, Int, Str], |c| {
        let (left, right, text) = (c.int(0)?, c.int(1)?, c.str(2)?);
        if right < 4 || left > 0 && right < 7 {
            return Ok(c.value(2));
        }
        Ok(abbreviate(&text, left.max(0) as usize, right as usize)?.into())
    });
}

/// Breaks at the last space before `width`; a longer word is broken only if `breaks_words`.
pub(crate) fn wrap(text: &str, width: i64, separator: &str, breaks_words: bool) -> Outcome {
    let width = usize::try_from(width).unwrap_or(1).max(1);
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut at = 0;
    while bytes.len() - at > width {
        if bytes[at] == b' ' {
            at += 1;
            continue;
        }
        let space = bytes[at..=at + width].iter().rposition(|b| *b == b' ');
        let next_space = || bytes[at + width..].iter().position(|b| *b == b' ');
        let (end, resume) = match space {
            Some(space) => (at + space, at + space + 1),
            None if breaks_words => (at + width, at + width),
            None => match next_space() {
                Some(space) => (at + width + space, at + width + space + 1),
                None => break,
            },
        };
        out.push_str(cut(text, at, end)?);
        out.push_str(separator);
        at = resume;
    }
    out.push_str(cut(text, at, text.len())?);
    Ok(out.into())
}

/// At most `width` bytes of `text` from about `offset`, with `...` where something is left out.
pub(crate) fn abbreviate(text: &str, offset: usize, width: usize) -> Result<String, Failure> {
    let length = text.len();
    if length <= width {
        return Ok(text.to_owned());
    }
    let kept = width - 3;
    let mut offset = offset.min(length);
    if length - offset < kept {
        offset = length - kept;
    }
    if offset <= 4 {
        return Ok(format!("{}...", cut(text, 0, kept)?));
    }
    if width < 7 {
        return Ok(String::new());
    }
    if offset + kept < length {
        let rest = cut(text, offset, length)?;
        let shown = if kept < 4 { String::new() } else { abbreviate(rest, 0, kept)? };
        return Ok(format!("...{shown}"));
    }
    Ok(format!("...{}", cut(text, length - kept, length)?))
}
