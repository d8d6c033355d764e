//! What `isobar.lock` has to say: every remote import and chart of a snapshot, fetched and hashed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::build;
use crate::diagnostic::{Code, Diagnostic};
use crate::ids::ContentId;
use crate::model::chart::LockedChart;
use crate::model::desired::{Desired, Presence};
use crate::model::files::Files;
use crate::model::question::{Answer, Answers, Question};
use crate::model::value::Value;
use crate::source::{ImportError, Imported, Imports, Snapshot};
use crate::stacks::{Lock, Locked, Resolver, Selection};

/// Each file may name files that nothing named before: as deep as imports may be nested.
const ROUNDS_MAX: usize = 64;

/// What locking came to.
#[derive(Debug)]
pub struct Relocked {
    /// What the file is to say. While there are mistakes, nothing is taken out of it.
    pub lock: Lock,
    /// What is in the way.
    pub found: Vec<Diagnostic>,
    /// The files it is in, fetched ones too.
    pub files: Arc<Files>,
}

/// Locks every remote import and chart of `snapshot`. What is locked already stays as it is, unless
/// `renews` says of what is asked for that what is there now is to be taken over.
pub fn relocked(snapshot: &Snapshot, imports: &Imports, renews: impl Fn(&str) -> bool) -> Relocked {
    let (before, mut found) = Lock::of(snapshot);
    let mut lock = Lock::default();
    let mut resolver = Resolver::unlocked(snapshot);
    let selection = Selection { only_named: true, unlinked: true, ..Selection::default() };
    let mut answers = Answers::new();
    let mut files = Arc::default();
    for _ in 0..ROUNDS_MAX {
        let resolution = resolver.resolve(&selection, &answers);
        let is_new = |question: &&Question| {
            question.function.as_ref() == "import" && !answers.contains_key(*question)
        };
        let asked: BTreeSet<_> = resolution.questions.iter().filter(is_new).cloned().collect();
        if asked.is_empty() {
            found.extend(resolution.tree);
            files = resolution.desired.files;
            break;
        }
        for question in asked {
            let url = question.arguments.first().map(AsRef::as_ref).unwrap_or_default();
            let known = before.imports.get(url).filter(|_| !renews(url));
            let answer = match fetched(imports, url, known) {
                Ok(file) => {
                    let sha256 = ContentId::of(file.text.as_bytes());
                    lock.imports.insert(url.to_owned(), Locked { sha256, commit: file.commit });
                    Answer::Value(Value::text(file.text))
                }
                Err(ImportError::Refused(why)) => Answer::Refused(why),
                Err(ImportError::Failed(why) | ImportError::Changed(why)) => Answer::Failed(why),
            };
            answers.insert(question, answer);
        }
    }
    if found.iter().all(|one| !one.is_error()) {
        let selection = Selection { unlinked: true, ..Selection::to_apply() };
        let resolution = resolver.resolve(&selection, &answers);
        let charts = charts(&resolution.desired, imports, &before, &renews);
        lock.charts = charts.0;
        found.extend(charts.1);
        files = resolution.desired.files;
    }
    found.retain(|one| one.is_error() && one.code != Code::StackDuplicate);
    if !found.is_empty() {
        for (url, locked) in before.imports {
            lock.imports.entry(url).or_insert(locked);
        }
        for (asked, locked) in before.charts {
            lock.charts.entry(asked).or_insert(locked);
        }
    }
    Relocked { lock, found, files }
}

/// What the charts of all components are, and what is in the way.
fn charts(
    desired: &Desired,
    imports: &Imports,
    before: &Lock,
    renews: &impl Fn(&str) -> bool,
) -> (BTreeMap<String, LockedChart>, Vec<Diagnostic>) {
    let (mut locked, mut found, mut failed) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
    for component in desired.components().filter(|one| one.presence == Presence::Active) {
        let Some((chart, span)) = build::remote_chart(component, desired) else { continue };
        let asked = chart.to_string();
        if locked.contains_key(&asked) || failed.contains(&asked) {
            continue;
        }
        if let Some(known) = before.charts.get(&asked).filter(|_| !renews(&asked)) {
            locked.insert(asked, known.clone());
            continue;
        }
        match imports.latest_chart(&chart) {
            Ok(chart) => drop(locked.insert(asked, chart)),
            Err(error) => {
                let (code, why) = match &error {
                    ImportError::Refused(_) => (Code::ImportRemote, "is not fetched"),
                    _ => (Code::ImportFailed, "cannot be fetched"),
                };
                let message = format!("the chart `{asked}` {why}: {error}");
                found.push(Diagnostic::error(code, span, message));
                failed.insert(asked);
            }
        }
    }
    (locked, found)
}

fn fetched(imports: &Imports, url: &str, known: Option<&Locked>) -> Result<Imported, ImportError> {
    let Some(Locked { sha256, commit }) = known else { return imports.latest(url) };
    let text = imports.locked(url, sha256, commit.as_ref(), true)?;
    if ContentId::of(text.as_bytes()) != *sha256 {
        let why = "it is not what it was locked as; `--update` takes over what is there now";
        return Err(ImportError::Failed(why.to_owned()));
    }
    Ok(Imported { text, commit: commit.clone() })
}
