//! Any text, with any delimiters, as tokens: each stands where it says, and none overlap.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str)| {
    let (left, right, text) = input;
    let or = |given, otherwise| if str::is_empty(given) { otherwise } else { given };
    let mut end = 0;
    for (offset, token) in gotmpl::tokens(text, or(left, "{{"), or(right, "}}")) {
        assert!(end <= offset && offset <= text.len());
        end = offset + token.len();
        assert_eq!(text.get(offset..end), Some(token));
    }
});
