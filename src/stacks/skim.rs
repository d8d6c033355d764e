//! The text of a manifest without its components: enough to know which stacks there are.

use gotmpl::FieldPath;
use memchr::memmem::{self, Finder};

use super::manifests::is_bare;

/// What may be left unread where only names of stacks are wanted.
#[derive(Clone)]
pub(super) struct Skim {
    /// What a component that gives its stack another name, or an override of it, has to mention.
    words: Vec<Finder<'static>>,
    /// What a template begins with.
    open: String,
}

impl Skim {
    /// Where names are made of `fields` and a template begins with `open`; `None` if a component
    /// may change them in a way that no word tells.
    pub(super) fn new(fields: &[FieldPath], open: &str) -> Option<Self> {
        let word = |field: &FieldPath| match field.0.as_slice() {
            // What `atmos.yaml` says of commands is another for each kind.
            [] => None,
            [section, ..] if section == "command" => None,
            [section] => Some(Finder::new(section.as_bytes()).into_owned()),
            [_, key, ..] => Some(Finder::new(key.as_bytes()).into_owned()),
        };
        let mut words = vec![Finder::new("overrides")];
        for field in fields {
            words.push(word(field)?);
        }
        Some(Self { words, open: open.to_owned() })
    }

    /// `text` without its components. `None` if they may bear on names, if it is not certain where
    /// they end, or if there are none; nor can anything be left out where values have tags or
    /// templates.
    pub(super) fn head(&self, text: &str) -> Option<String> {
        let start = match text.starts_with(KEY) {
            true => 0,
            false => memmem::find(text.as_bytes(), ABOVE_KEY)? + 1,
        };
        if !is_bare(text, &self.open) {
            return None;
        }
        let rest = &text[start..];
        let first = rest.split_inclusive('\n').next()?;
        let behind = first.strip_prefix(KEY)?.trim();
        let is_block = behind.is_empty() || behind.starts_with('#');
        let end = first.len() + closed(&rest.as_bytes()[first.len()..])?;
        // Without what is above it, something else would begin or go on there.
        let goes_on = rest[end..].starts_with(['-', '.']);
        let block = &rest.as_bytes()[..end];
        if !is_block || goes_on || self.words.iter().any(|word| word.find(block).is_some()) {
            return None;
        }
        Some([&text[..start], &rest[end..]].concat())
    }
}

const KEY: &str = "components:";
const ABOVE_KEY: &[u8] = b"\ncomponents:";

/// Bytes that are looked at together.
const STEP: usize = 16;

/// Which of `bytes` end a line, or may begin a value that goes on behind its line or that refers to
/// another one: of each the lowest bit. By itself and without a branch, so that the compiler compares
/// all of them at once.
#[inline(never)]
fn signs(bytes: [u8; STEP]) -> u128 {
    let mut found = [0; STEP];
    for (found, byte) in found.iter_mut().zip(bytes) {
        let quote = (byte == b'\'') | (byte == b'"');
        let bracket = (byte == b'{') | (byte == b'}') | (byte == b'[') | (byte == b']');
        let reference = (byte == b'&') | (byte == b'*') | (byte == b'?');
        *found = u8::from((byte == b'\n') | quote | bracket | reference);
    }
    u128::from_le_bytes(found)
}

/// How long the lines are at the beginning of `text` that are blank, indented or comments; `None` if
/// anything in them goes on behind its line, or is a reference.
fn closed(text: &[u8]) -> Option<usize> {
    let is_part = |start: usize| matches!(text.get(start), Some(b' ' | b'\n' | b'#'));
    if !is_part(0) {
        return Some(0);
    }
    let mut line = Line::default();
    for (piece, base) in text.chunks(STEP).zip((0..).step_by(STEP)) {
        let mut bytes = [0; STEP];
        bytes[..piece.len()].copy_from_slice(piece);
        let mut signs = signs(bytes);
        while signs != 0 {
            let at = base + signs.trailing_zeros() as usize / 8;
            signs &= signs - 1;
            if text[at] != b'\n' {
                line.add(text, at)?;
                continue;
            }
            if !line.is_closed() {
                return None;
            }
            line = Line { start: at + 1, ..Line::default() };
            if !is_part(line.start) {
                return Some(line.start);
            }
        }
    }
    line.is_closed().then_some(text.len())
}

/// What was seen of a line so far.
#[derive(Default)]
struct Line {
    start: usize,
    single: u32,
    double: u32,
    open: i32,
}

impl Line {
    /// Notes the sign at `at`; `None` if it refers to a value that stands elsewhere.
    fn add(&mut self, text: &[u8], at: usize) -> Option<()> {
        // What a value or a key is behind; so is the beginning of a line.
        let before = || {
            let mut before = text[self.start..at].iter().rev();
            before.find(|byte| **byte != b' ').copied().unwrap_or(b':')
        };
        match text[at] {
            b'\'' => self.single += 1,
            b'"' => self.double += 1,
            b'{' | b'[' => self.open += 1,
            b'}' | b']' => self.open -= 1,
            b'&' | b'*' if b":-,[{".contains(&before()) => return None,
            b'?' if before() == b':' => return None,
            _ => {}
        }
        Some(())
    }

    /// Whether what begins on it ends on it: no quote or bracket stays open.
    fn is_closed(&self) -> bool {
        self.single.is_multiple_of(2) && self.double.is_multiple_of(2) && self.open == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(text: &str) -> Option<String> {
        let fields = [FieldPath(vec!["vars".into(), "stage".into()])];
        Skim::new(&fields, "{{").unwrap().head(text)
    }

    #[test]
    fn components_are_left_out() {
        let text = "vars:\n  a: 1\ncomponents: # ours\n  terraform:\n    vpc:\n\n# of it\n      vars: {b: 'x'}\nsettings:\n  c: 2\n";
        assert_eq!(head(text).unwrap(), "vars:\n  a: 1\nsettings:\n  c: 2\n");
        assert_eq!(head("components:\n  terraform: {}").unwrap(), "");
        assert_eq!(
            head("components:\n  a: \"cron(0 5 * * ? *)\" # it's his & hers'\n").unwrap(),
            ""
        );
        assert_eq!(head("vars: {}\n\ncomponents:").unwrap(), "vars: {}\n\n");
    }

    #[test]
    fn what_might_say_more_than_it_seems_is_read_whole() {
        for block in [
            "components: {terraform: {}}\n",
            "components: &all\n  terraform: {}\n",
            "components:\n  terraform:\n    vpc: {vars: {\n  a: 1}}\n",
            "components:\n  terraform:\n    vpc: {vars: {a: 'x\n  y: z'}}\n",
            "components:\n  terraform:\n    vpc: {vars: {a: \"x\n  y: z\"}}\n",
            "components:\n  terraform:\n    vpc: {vars: {stage: dev}}\n",
            "components:\n  terraform:\n    vpc: {overrides: {}}\n",
            "components:\n  terraform:\n    vpc: *other\n",
            "components:\n  terraform:\n    vpc: {vars: [1, *other]}\n",
            "components:\n  terraform:\n    vpc:\n      vars:\n        - *other\n",
            "components:\n  terraform:\n    ? *other\n    : {}\n",
            "components:\n  terraform:\n    *other : {}\n",
            "components:\n  terraform:\n    vpc: {vars: &it {}}\n",
            "components:\n  terraform:\n    vpc: {vars: {a: '{{ .b }}'}}\n",
            "components:\n  terraform:\n    vpc: {vars: {a: !env B}}\n",
            "components:\n  terraform: {}\n---\nvars: {}\n",
            "import:\ncomponents:\n  terraform: {}\n- other\n",
            "vars: {a: 1}\n",
        ] {
            assert_eq!(head(block), None, "{block}");
        }
    }

    /// Line by line and byte by byte.
    fn closed_simply(text: &[u8]) -> Option<usize> {
        let mut end = 0;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if !matches!(line[0], b' ' | b'\n' | b'#') {
                break;
            }
            let (mut single, mut double, mut open, mut before) = (0, 0, 0, b':');
            for byte in line.iter().copied().filter(|byte| !b" \n".contains(byte)) {
                match byte {
                    b'\'' => single += 1,
                    b'"' => double += 1,
                    b'{' | b'[' => open += 1,
                    b'}' | b']' => open -= 1,
                    b'&' | b'*' if b":-,[{".contains(&before) => return None,
                    b'?' if before == b':' => return None,
                    _ => {}
                }
                before = byte;
            }
            if single % 2 != 0 || double % 2 != 0 || open != 0 {
                return None;
            }
            end += line.len();
        }
        Some(end)
    }

    proptest! {
        /// Looked at in pieces, a text is what it is line by line.
        #[test]
        fn pieces_say_what_lines_say(lines in prop::collection::vec("[ #]{0,3}[a:,&*?' -]{0,9}[a:]{0,20}(\\{a: '\\[b\\]'\\}|\"\"|\\[\\]|[]\\[{}\"'])?", 0..9)) {
            let text = lines.join("\n");
            prop_assert_eq!(closed(text.as_bytes()), closed_simply(text.as_bytes()));
        }
    }

    #[test]
    fn a_whole_section_or_a_command_in_a_name_leaves_nothing_unread() {
        let field =
            |steps: &[&str]| FieldPath(steps.iter().map(|step| (*step).to_owned()).collect());
        assert!(Skim::new(&[field(&["command"])], "{{").is_none());
        assert!(Skim::new(&[field(&[])], "{{").is_none());
        let vars = Skim::new(&[field(&["vars"])], "{{").unwrap();
        assert_eq!(vars.head("components:\n  terraform: {vpc: {vars: {}}}\n"), None);
    }
}
