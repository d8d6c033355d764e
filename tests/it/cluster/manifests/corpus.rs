//! The corpus in `tests/manifests`: what its lines and files stand for.

use std::path::Path;

use super::both::Case;

/// The beginning of an object in whose fields something is tried.
const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\n";

/// The cases of one of the lists.
pub(super) fn listed(list: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(folder().join(list)).expect("a text");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.flat_map(cases).collect()
}

/// The scalars that `alike.txt` tries at all places.
pub(super) fn scalars() -> Vec<String> {
    let text = std::fs::read_to_string(folder().join("alike.txt")).expect("a text");
    let lines = text.lines().filter_map(|line| line.strip_prefix("scalar "));
    lines.map(|line| String::from_utf8(unescaped(line)).expect("a text")).collect()
}

/// The files that stand there as they are.
pub(super) fn whole() -> Vec<Case> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let about = path.display().to_string();
        let ends = path.extension().and_then(|ends| ends.to_str()).unwrap_or_default();
        let Some(ends) = ["yaml", "json"].into_iter().find(|known| *known == ends) else {
            continue;
        };
        let bytes = std::fs::read(&path).expect("a file");
        if ends == "yaml" {
            let text = String::from_utf8(bytes.clone()).expect("a text").replace('\n', "\r\n");
            let bytes = ["\u{feff}", &text].concat().into_bytes();
            let about = format!("{about} with a mark in front and CR LF");
            all.push(Case { about, bytes, ends, alone: false });
        }
        all.push(Case { about, bytes, ends, alone: false });
    }
    assert!(all.len() > 5, "tests/manifests has files");
    all
}

/// An object with a scalar as a value.
pub(super) fn value(scalar: &str) -> String {
    format!("{HEAD}data: {{}}\na: {scalar}\n")
}

/// An object with `text` as its data, on lines of its own.
pub(super) fn data(text: &str) -> String {
    let inside: String = text.split_inclusive('\n').map(|line| format!("  {line}")).collect();
    format!("{HEAD}data:\n{inside}\n")
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests")
}

fn cases(line: &str) -> Vec<Case> {
    let (kind, text) = line.split_once(' ').expect("a kind and a text");
    let bytes = unescaped(text);
    if kind == "scalar" {
        return ["value", "key", "item"].map(|kind| cases(&format!("{kind} {text}"))).concat();
    }
    let alone = kind == "alone";
    let case = |bytes, ends| Case { about: line.to_owned(), bytes, ends, alone };
    if matches!(kind, "file" | "alone") {
        return vec![case(bytes, "yaml")];
    }
    let text = String::from_utf8(bytes).expect("a text");
    let yaml = |text: String| vec![case(text.into_bytes(), "yaml")];
    match kind {
        "data" => yaml(data(&text)),
        "value" => yaml(value(&text)),
        "key" => yaml(format!("{HEAD}data:\n  {text}: 1\n")),
        "item" => yaml(format!("{HEAD}data: [{text}, 1]\n")),
        "json" => {
            let head = r#""apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"NAME"}"#;
            let object = format!("{{{head},\"data\":{text}}}").into_bytes();
            ["json", "yaml"].map(|ends| case(object.clone(), ends)).to_vec()
        }
        other => panic!("`{other}` is no kind of line"),
    }
}

/// What a line writes with escapes, and words for what would be too long for it.
fn unescaped(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.chars();
    while let Some(next) = rest.next() {
        let mut letter = [0; 4];
        match (next == '\\').then(|| rest.next()) {
            None => bytes.extend(next.encode_utf8(&mut letter).bytes()),
            Some(Some('n')) => bytes.push(b'\n'),
            Some(Some('r')) => bytes.push(b'\r'),
            Some(Some('t')) => bytes.push(b'\t'),
            Some(Some('\\')) => bytes.push(b'\\'),
            Some(Some('x')) => {
                let digits: String = rest.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(&digits, 16).expect("two digits"));
            }
            Some(Some('u')) => {
                let digits: String = rest.by_ref().skip(1).take_while(|one| *one != '}').collect();
                let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                bytes.extend(code.expect("a character").encode_utf8(&mut letter).bytes());
            }
            Some(other) => panic!("{other:?} in {line:?} is no escape"),
        }
    }
    let deep = format!("{}{}", "[".repeat(80), "]".repeat(80));
    let words = [("LONG", "x".repeat(200_000)), ("KEYKEY", "k".repeat(1500)), ("DEEP", deep)];
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text = words.iter().fold(text, |text, (word, with)| text.replace(word, with));
            text.into_bytes()
        }
        Err(other) => other.into_bytes(),
    }
}
