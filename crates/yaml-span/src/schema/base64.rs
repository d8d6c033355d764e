//! The text of `!!binary`.

use std::borrow::Cow;

/// Standard alphabet with padding; line breaks are ignored.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    let last = digits.len().saturating_sub(4);
    for (index, group) in digits.chunks(4).enumerate() {
        let padding = group.iter().rev().take_while(|byte| **byte == b'=').count();
        if group.len() < 4 || padding > 2 || (padding > 0 && index * 4 != last) {
            return None;
        }
        let mut word = 0;
        for digit in &group[..4 - padding] {
            word = word << 6 | sextet(*digit)?;
        }
        word <<= 6 * padding;
        bytes.extend(&word.to_be_bytes()[1..4 - padding]);
    }
    Some(bytes)
}

/// Every byte that is no UTF-8 becomes U+FFFD, as in Go's JSON.
pub(super) fn text(bytes: &[u8]) -> Cow<'static, str> {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(text)
}

fn sextet(digit: u8) -> Option<u32> {
    Some(u32::from(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}
