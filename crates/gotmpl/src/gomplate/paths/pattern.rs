//! `path.Match`: `*`, `?`, `[a-z]` and `\` against a whole name; none of them matches a slash.

use crate::Failure;
use crate::limits::Meter;

const MALFORMED: &str = "syntax error in pattern";

pub(super) fn matches(pattern: &str, name: &str, meter: &mut Meter) -> Result<bool, Failure> {
    let pattern: Vec<char> = pattern.chars().collect();
    let pieces = pieces(&pattern)?;
    let name: Vec<char> = name.chars().collect();
    // Which positions of the name the pieces so far can end at.
    let mut ends = vec![false; name.len() + 1];
    ends[0] = true;
    for piece in &pieces {
        meter.spend(1 + name.len() / 16)?;
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            if let Piece::Many = piece {
                let grows = at > 0 && next[at - 1] && name[at - 1] != '/';
                next[at] = ends[at] || grows;
            } else if ends[at] && name.get(at).is_some_and(|c| piece.takes(*c)) {
                next[at + 1] = true;
            }
        }
        ends = next;
    }
    Ok(ends[name.len()])
}

enum Piece {
    Many,
    One,
    Char(char),
    /// Ranges, and whether they are what must not be.
    Class(Vec<(char, char)>, bool),
}

impl Piece {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Many => false,
            Self::One => c != '/',
            Self::Char(wanted) => c == *wanted,
            Self::Class(ranges, negated) => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

fn pieces(pattern: &[char]) -> Result<Vec<Piece>, Failure> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(c) = pattern.get(at) {
        at += 1;
        pieces.push(match c {
            '*' => Piece::Many,
            '?' => Piece::One,
            '[' => class(pattern, &mut at)?,
            '\\' => {
                at += 1;
                Piece::Char(*pattern.get(at - 1).ok_or(MALFORMED)?)
            }
            c => Piece::Char(*c),
        });
    }
    Ok(pieces)
}

fn class(pattern: &[char], at: &mut usize) -> Result<Piece, Failure> {
    let negated = pattern.get(*at) == Some(&'^');
    *at += usize::from(negated);
    let mut ranges = Vec::new();
    loop {
        if pattern.get(*at) == Some(&']') && !ranges.is_empty() {
            *at += 1;
            return Ok(Piece::Class(ranges, negated));
        }
        let low = bound(pattern, at)?;
        let mut high = low;
        if pattern.get(*at) == Some(&'-') {
            *at += 1;
            high = bound(pattern, at)?;
        }
        ranges.push((low, high));
    }
}

fn bound(pattern: &[char], at: &mut usize) -> Result<char, Failure> {
    let mut c = *pattern.get(*at).ok_or(MALFORMED)?;
    if matches!(c, '-' | ']') {
        return Err(MALFORMED.into());
    }
    *at += 1;
    if c == '\\' {
        c = *pattern.get(*at).ok_or(MALFORMED)?;
        *at += 1;
    }
    if *at >= pattern.len() {
        return Err(MALFORMED.into());
    }
    Ok(c)
}
