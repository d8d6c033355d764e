//! Finds what the event stream leaves out: the `|` of a block scalar, the `-` of a sequence.

/// The byte of the first token in `source[from..to]` that begins with one of `wanted`, where
/// the range holds nothing but indicators, anchors, tags, comments and white space.
pub(crate) fn indicator(source: &str, from: u32, to: u32, wanted: &[u8]) -> Option<u32> {
    let bytes = source.as_bytes().get(from as usize..to as usize)?;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            byte if wanted.contains(&byte) => return Some(from + at as u32),
            b'#' => at += length_until(&bytes[at..], |byte| matches!(byte, b'\n' | b'\r')),
            b'&' | b'!' => at += length_until(&bytes[at..], |byte| byte.is_ascii_whitespace()),
            _ => at += 1,
        }
    }
    None
}

/// The end of `source[start..end]` without trailing white space.
pub(crate) fn trimmed_end(source: &str, start: u32, end: u32) -> u32 {
    let text = &source[start as usize..end as usize];
    start + text.trim_end_matches([' ', '\t', '\n', '\r']).len() as u32
}

/// The text of a block scalar whose last line, the last of the source, has no line break: none
/// is added. `text` comes with one.
pub(crate) fn without_added_break<'t>(source: &str, text: &'t str) -> &'t str {
    let Some(shorter) = text.strip_suffix('\n') else {
        return text;
    };
    let (before, written) = split_last_line(source);
    let (_, read) = split_last_line(shorter);
    let has_content = !written.trim_start_matches(' ').is_empty()
        || (!read.is_empty() && written.ends_with(read));
    // Nothing but blanks below the header.
    let is_empty = shorter.is_empty() && !split_last_line(before).1.trim().is_empty();
    if has_content || is_empty { shorter } else { text }
}

/// What stands before the last line break, and what after it.
fn split_last_line(text: &str) -> (&str, &str) {
    let Some(at) = text.rfind(['\n', '\r']) else {
        return ("", text);
    };
    let before = text[..at].strip_suffix('\r').filter(|_| text[at..].starts_with('\n'));
    (before.unwrap_or(&text[..at]), &text[at + 1..])
}

fn length_until(bytes: &[u8], stop: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| stop(*byte)).unwrap_or(bytes.len())
}
