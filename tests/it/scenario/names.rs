//! Output that says the same at every run: ids are called by the order in which they appear.

use std::collections::BTreeMap;

/// What was seen so far.
#[derive(Default)]
pub(super) struct Names {
    known: BTreeMap<String, String>,
    counts: BTreeMap<char, usize>,
}

impl Names {
    /// The lines of `text` without styles, with `c1`, `c2` for commits, `d1` for digests and `r1`
    /// for runs, long or short, and without `folder`.
    pub(super) fn settle(&mut self, text: &str, folder: &str) -> Vec<String> {
        let plain = anstream::adapter::strip_str(text).to_string().replace(folder, "");
        plain.lines().map(|line| self.line(line).trim_end().to_owned()).collect()
    }

    fn line(&mut self, line: &str) -> String {
        let mut out = String::new();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let end = rest.find(|c| is_part(c) != is_part(first)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            out.push_str(&self.word(word));
            rest = behind;
        }
        out
    }

    fn word(&mut self, word: &str) -> String {
        let hexadecimal = word.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        let (letter, digits) = match word.len() {
            40 | 8 if hexadecimal => ('c', 8),
            64 | 12 if hexadecimal => ('d', 12),
            10 if word.starts_with("sim-") => ('r', 10),
            _ => return word.to_owned(),
        };
        let key = word[..digits].to_owned();
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let count = self.counts.entry(letter).or_default();
        *count += 1;
        let name = format!("{letter}{count}");
        self.known.insert(key, name.clone());
        name
    }
}
