//! Why a file or a value that somebody expects at a path of a component is not what is there.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::explain::{explain, origins};
use super::path;
use crate::diagnostic::closest;
use crate::ids::StackName;
use crate::model::desired::{Component, Desired, Explained};
use crate::model::path::FieldPath;
use crate::model::value::{Node, Origin, Raw, Rules, Value};
use crate::model::why_not::WhyNot;
use crate::source::Snapshot;

/// How many others that have the value are named: more is no answer.
const ELSEWHERE_MAX: usize = 5;

/// Every reason, lowest precedence first. `asked` is a file of the repository, or a value as YAML
/// writes a scalar.
pub fn why_not(
    snapshot: &Snapshot,
    desired: &Desired,
    component: &Component,
    at: &FieldPath,
    asked: &str,
) -> Vec<WhyNot> {
    let explained = explain(component, at);
    let is_file = path::is_manifest(asked) || is_in_folder(snapshot, desired, asked);
    match file(snapshot, desired, asked) {
        Some(file) => of_file(desired, component, &explained, &file),
        None if is_file && !is_said(&explained, asked) => {
            let known = snapshot.entries().map(|(path, _)| path.as_ref());
            let known = known.flat_map(|path| [path, path::below(path, &desired.manifests)]);
            let closest = closest(asked, known).map(Arc::from);
            vec![WhyNot::NoFile { file: asked.to_owned(), closest }]
        }
        None => of_value(desired, component, at, &explained, asked),
    }
}

/// The file that is meant: its path, or what an import calls it.
fn file(snapshot: &Snapshot, desired: &Desired, asked: &str) -> Option<Arc<str>> {
    let below = format!("{}/{asked}", desired.manifests);
    let tried = [asked, below.as_str()].into_iter().flat_map(|path| {
        let extended = path::EXTENSIONS.iter().map(move |extension| format!("{path}{extension}"));
        std::iter::once(path.to_owned()).chain(extended)
    });
    tried.into_iter().find(|path| snapshot.entry(path).is_some()).map(Arc::from)
}

/// Whether the first folder on the way to `asked` is there, as it is on the way to a file whose name
/// is not quite right. Networks, images and resource names have slashes too.
fn is_in_folder(snapshot: &Snapshot, desired: &Desired, asked: &str) -> bool {
    let Some((first, _)) = asked.split_once('/') else { return false };
    let folders = [first.to_owned(), format!("{}/{first}", desired.manifests)];
    !first.is_empty() && folders.iter().any(|folder| snapshot.below(folder).next().is_some())
}

fn of_file(
    desired: &Desired,
    component: &Component,
    explained: &[Explained],
    file: &Arc<str>,
) -> Vec<WhyNot> {
    let is_there =
        |origin: &Origin| desired.files.get(origin.file).is_some_and(|at| at.path == *file);
    let from = |said: &&Explained| {
        let mut written = BTreeSet::from([said.value.origin]);
        origins(&said.value, &mut written);
        let mut made_of = written.iter().flat_map(|origin| desired.files.made_of(*origin));
        let whole = desired.files.get(said.value.origin.file).map(|at| &at.path);
        whole.or(component.layers[said.layer].imports.last()) == Some(file)
            || made_of.any(|origin| is_there(&origin))
    };
    let found: Vec<_> = explained.iter().filter(from).map(|said| lost(explained, said)).collect();
    if !found.is_empty() {
        return found;
    }
    if reaches(component, file) {
        return vec![WhyNot::Silent(file.clone())];
    }
    let by: BTreeSet<StackName> = desired
        .components()
        .filter(|other| reaches(other, file))
        .map(|other| other.id.stack.clone())
        .collect();
    vec![WhyNot::NotImported { file: file.clone(), by: by.into_iter().collect() }]
}

fn of_value(
    desired: &Desired,
    component: &Component,
    at: &FieldPath,
    explained: &[Explained],
    asked: &str,
) -> Vec<WhyNot> {
    let wanted = value(asked);
    let said = explained.iter().filter(|said| same(&said.value, &wanted));
    let found: Vec<_> = said.map(|said| lost(explained, said)).collect();
    if !found.is_empty() {
        return found;
    }
    let has = |other: &&Component| {
        other.id != component.id
            && at.find(&other.sections).is_some_and(|found| same(found, &wanted))
    };
    // The same component elsewhere is likelier to be meant than another one.
    let (same_name, others): (Vec<_>, Vec<_>) =
        desired.components().filter(has).partition(|other| other.id.name == component.id.name);
    let elsewhere = same_name.into_iter().chain(others).map(|other| other.id.clone());
    vec![WhyNot::NotSaid { value: wanted, elsewhere: elsewhere.take(ELSEWHERE_MAX).collect() }]
}

fn lost(explained: &[Explained], said: &Explained) -> WhyNot {
    if said.wins {
        return WhyNot::Wins(said.clone());
    }
    let mut above = explained.iter().filter(|other| other.layer > said.layer && other.wins);
    WhyNot::Lost { said: said.clone(), to: above.next_back().cloned() }
}

fn is_said(explained: &[Explained], asked: &str) -> bool {
    let wanted = value(asked);
    explained.iter().any(|said| same(&said.value, &wanted))
}

fn reaches(component: &Component, file: &Arc<str>) -> bool {
    component.manifest == *file || component.listing.imports.contains(file)
}

/// What somebody typed, read as a manifest's plain scalar.
fn value(asked: &str) -> Value {
    Value::computed(Node::Raw(Arc::new(Raw::new(asked.into(), true, None))))
}

/// A value that may not be shown is like no other.
fn same(value: &Value, wanted: &Value) -> bool {
    !value.holds_secret() && value.typed(Rules::Stack) == wanted.typed(Rules::Stack)
}

#[cfg(test)]
mod tests;
