//! Percent-encoding, which differs by the part of the URL.

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    User,
    Host,
    Path,
    Fragment,
}

/// Bytes that may stand for themselves in a part.
fn is_plain(b: u8, part: Part) -> bool {
    if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
        return true;
    }
    match part {
        Part::User => b"$&+,;=".contains(&b),
        Part::Host => b"!$&'()*+,;=:[]<>\"".contains(&b),
        Part::Path => b"$&+,/:;=@".contains(&b),
        Part::Fragment => b"$&+,/:;=?@!()*".contains(&b),
    }
}

pub(super) fn escape(text: &str, part: Part) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if is_plain(b, part) {
            out.push(char::from(b));
        } else {
            out += &format!("%{b:02X}");
        }
    }
    out
}

/// Decodes `%XX`; in a host only what could not be written otherwise.
pub(super) fn unescape(text: &str, part: Part) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let mut length = first.len_utf8();
        if first == '%' {
            let digits = rest.get(1..3).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
            let Some(code) = digits.and_then(|d| u8::from_str_radix(d, 16).ok()) else {
                let end = rest.char_indices().nth(3).map_or(rest.len(), |(end, _)| end);
                let shown = crate::strconv::quote(&rest[..end], false);
                return Err(format!("invalid URL escape {shown}"));
            };
            if part == Part::Host && code.is_ascii() && &rest[..3] != "%25" {
                let shown = crate::strconv::quote(&rest[..3], false);
                return Err(format!("invalid URL escape {shown}"));
            }
            bytes.push(code);
            length = 3;
        } else if part == Part::Host && first.is_ascii() && !is_plain(first as u8, part) {
            let shown = crate::strconv::quote(&first.to_string(), false);
            return Err(format!("invalid character {shown} in host name"));
        } else {
            bytes.extend_from_slice(&rest.as_bytes()[..length]);
        }
        rest = &rest[length..];
    }
    String::from_utf8(bytes).map_err(|_| "the decoded bytes are not UTF-8".to_owned())
}
