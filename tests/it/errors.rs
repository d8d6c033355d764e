//! Every code has a case that shows it and a page that explains it, and the page shows that case.
//!
//! A case is a folder of repository files in `tests/golden/errors/<code>/`, laid over those in
//! `base/`. The part of `docs/errors/<code>.md` from `## Example` to the next heading is made from
//! it; the rest is written by hand. `UPDATE_EXPECT=1 cargo test --test it errors` renews the pages.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use isobar::diagnostic::Code;
use isobar::ids::ContentId;
use isobar::model::question::{Answer, Answers, Question};
use isobar::model::value::Value;
use isobar::reconcile::{Reach, wanted};
use isobar::report::terminal;
use isobar::source::{Snapshot, TEXT_BYTES_MAX};
use isobar::stacks::{Resolver, Selection};

/// Repository files by path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// The heading of what is made, and of what has to follow it.
const EXAMPLE: &str = "## Example\n";
const MEND: &str = "\n## How to mend it\n";

#[test]
fn every_page_shows_its_case() {
    for code in Code::ALL.iter().copied() {
        let own = files(&cases().join(code.as_str()));
        assert!(!own.is_empty(), "{code} has no case in tests/golden/errors/");
        let path = root().join(format!("docs/errors/{code}.md"));
        let page = fs::read_to_string(&path).unwrap_or_default();
        let parts = page.split_once(EXAMPLE);
        let parts = parts.and_then(|(head, rest)| Some((head, rest.split_once(MEND)?.1)));
        let Some((head, mend)) = parts else {
            panic!("docs/errors/{code}.md needs the headings {EXAMPLE:?} and {MEND:?}")
        };
        let title = format!("# {code}\n\n{}\n", code.title());
        assert!(head.starts_with(&title), "docs/errors/{code}.md does not begin with\n{title}");
        assert!(!mend.trim().is_empty(), "docs/errors/{code}.md does not say how to mend it");
        let example = example(&own, &output(code, &own));
        expect_file![path].assert_eq(&format!("{head}{EXAMPLE}{example}{MEND}{mend}"));
    }
}

#[test]
fn every_case_has_a_code() {
    for entry in fs::read_dir(cases()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = Code::ALL.iter().any(|code| code.as_str() == name);
        assert!(known || name == "base", "no error has the code of tests/golden/errors/{name}");
    }
}

#[test]
fn the_list_of_pages_is_complete() {
    let rows = Code::ALL.iter().map(|code| format!("| [{code}]({code}.md) | {} |\n", code.title()));
    let list = format!("| Code | Meaning |\n|---|---|\n{}", rows.collect::<String>());
    let path = root().join("docs/errors/README.md");
    let page = fs::read_to_string(&path).unwrap();
    let (head, _) = page.split_once("| Code |").expect("docs/errors/README.md has the list");
    expect_file![&path].assert_eq(&format!("{head}{list}"));
}

/// What an agent says about a case, without colour. It is about this code and no other.
fn output(code: Code, own: &Files) -> String {
    let mut all = files(&cases().join("base"));
    all.extend(own.clone());
    all.extend(generated(code));
    let snapshot = Snapshot::in_memory(all);
    let found = match answers(code) {
        Some(answers) => {
            Resolver::new(&snapshot).resolve(&Selection::default(), &answers).desired.diagnostics
        }
        None => {
            let (mut resolver, everything) = (Resolver::new(&snapshot), Selection::default());
            wanted(|| &mut resolver, &snapshot, &everything, &Reach::Agent, &BTreeSet::new())
                .checked()
        }
    };
    let codes: Vec<_> = found.iter().map(|found| found.code).collect();
    assert!(!codes.is_empty(), "the case of {code} is no mistake");
    assert!(codes.iter().all(|found| *found == code), "the case of {code} shows {codes:?}");
    let text = terminal::diagnostics(&found, |file| snapshot.text(file).ok().flatten());
    anstream::adapter::strip_str(&text).to_string()
}

/// Files that nobody would write by hand.
fn generated(code: Code) -> Files {
    let one = |path: &str, content: Vec<u8>| Files::from([(path.to_owned(), content)]);
    match code {
        Code::FileUnreadable => one("stacks/mixins/old.yaml", b"vars: { city: K\xf6ln }".to_vec()),
        Code::FileTooLarge => {
            let bytes = usize::try_from(TEXT_BYTES_MAX).unwrap() + 1;
            one("stacks/mixins/prices.yaml", vec![b'#'; bytes])
        }
        Code::ImportDepth => {
            let link = |at| {
                let text = format!("import: [chain/{}]\n", at + 1);
                (format!("stacks/chain/{at}.yaml"), text.into_bytes())
            };
            (1..=64).map(link).chain(one("stacks/chain/65.yaml", Vec::new())).collect()
        }
        _ => Files::new(),
    }
}

/// What a place said, where an error is about that.
fn answers(code: Code) -> Option<Answers> {
    let answer = match code {
        Code::ImportChanged => Answer::Value(Value::text("vars: { cidr: 10.9.0.0/16 }\n")),
        Code::ImportFailed => Answer::Failed("the server answers 404 Not Found".to_owned()),
        _ => return None,
    };
    let url = "https://git.example.com/catalog/vpc.yaml";
    let sha256 = ContentId::of("vars: { cidr: 10.0.0.0/16 }\n").to_string();
    let arguments = vec![url.into(), sha256.into()];
    Some(Answers::from([(Question { function: "import".into(), arguments }, answer)]))
}

/// The files of a case, and what is said about them.
fn example(own: &Files, output: &str) -> String {
    let mut text = String::new();
    for (path, content) in own {
        let content = String::from_utf8_lossy(content);
        let _ = write!(text, "\n`{path}`:\n\n```yaml\n{content}```\n");
    }
    let _ = write!(text, "\nIsobar says:\n\n```text\n{}\n```\n", output.trim_end());
    text
}

/// Every file below `folder`, by its path in there.
pub(crate) fn files(folder: &Path) -> Files {
    let mut found = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

pub(crate) fn cases() -> PathBuf {
    root().join("tests/golden/errors")
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
