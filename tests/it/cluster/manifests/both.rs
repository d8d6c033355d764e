//! What kubectl makes of manifest files by itself, and what we do: many files at a time.

use std::collections::{BTreeMap, BTreeSet};

use isobar::diagnostic::Diagnostic;
use isobar::ids::TargetName;
use isobar::model::body;
use isobar::reconcile::{Reach, wanted};
use isobar::source::Snapshot;
use isobar::stacks::{Resolver, Selection};
use serde_json::Value as Json;

use crate::cluster::scene::Scene;

/// What stands for a name that is the case's own.
const NAME: &str = "NAME";

/// A file with manifests.
#[derive(Clone)]
pub(super) struct Case {
    /// What it shows.
    pub(super) about: String,
    /// What it holds: each object in it is called `NAME`, or `NAME-` and more.
    pub(super) bytes: Vec<u8>,
    /// How its name ends.
    pub(super) ends: &'static str,
    /// Whether kubectl is asked about it by itself: it does not name the file in what it says.
    pub(super) alone: bool,
}

/// The objects that come of a file, or why there are none.
pub(super) struct Read<E> {
    pub(super) objects: Vec<Json>,
    pub(super) wrong: Option<E>,
}

/// What comes of a case here and there.
pub(super) struct Both {
    pub(super) case: Case,
    pub(super) ours: Read<Vec<Diagnostic>>,
    pub(super) theirs: Read<String>,
}

/// Has all of `cases` read by both; kubectl is started once, and once more for each that is `alone`.
pub(super) fn read(scene: &Scene, cases: Vec<Case>) -> Vec<Both> {
    let named = numbered(cases);
    let (mut stack, mut files) = (stack(scene), BTreeMap::new());
    for (name, case) in &named {
        stack += &format!("    {name}: {{}}\n");
        let path = format!("components/kubernetes/{name}/all.{}", case.ends);
        files.insert(path, case.bytes.clone());
    }
    files.insert("stacks/deploy/prod.yaml".to_owned(), stack.into_bytes());
    let ours = ours(scene, files);
    compared(scene, named, ours)
}

/// The same of one object each, which here is in the section `manifests` of a stack's file of its own.
pub(super) fn read_inline(scene: &Scene, cases: Vec<Case>) -> Vec<Both> {
    let named = numbered(cases);
    let mut files = BTreeMap::new();
    for (name, case) in &named {
        let text = std::str::from_utf8(&case.bytes).expect("a text");
        let object: String = text.lines().map(|line| format!("        {line}\n")).collect();
        let text = format!("{}    {name}:\n      manifests:\n      -\n{object}", stack(scene));
        let text = text.replace("stage: prod", &format!("stage: {name}"));
        files.insert(format!("stacks/deploy/{name}.yaml"), text.into_bytes());
    }
    let ours = ours(scene, files);
    compared(scene, named, ours)
}

type Ours = BTreeMap<String, Read<Vec<Diagnostic>>>;

fn compared(scene: &Scene, named: Vec<(String, Case)>, mut ours: Ours) -> Vec<Both> {
    let (alone, together): (Vec<_>, Vec<_>) = named.iter().cloned().partition(|(_, c)| c.alone);
    let mut theirs = theirs(scene, &together);
    for case in alone {
        let name = case.0.clone();
        let (objects, said) = dry_run(scene, std::slice::from_ref(&case));
        let objects = objects.into_iter().map(as_held).collect();
        let wrong = Some(said).filter(|said| !said.is_empty());
        theirs.insert(name, Read { objects, wrong });
    }
    let take = |(name, case): (String, Case)| {
        let ours = ours.remove(&name).expect("it was built, or not");
        let theirs = theirs.remove(&name).expect("it was read, or not");
        Both { case, ours, theirs }
    };
    named.into_iter().map(take).collect()
}

fn numbered(cases: Vec<Case>) -> Vec<(String, Case)> {
    cases.into_iter().enumerate().map(|(at, case)| named(at, case)).collect()
}

fn named(at: usize, mut case: Case) -> (String, Case) {
    let name = format!("c{at}");
    let mut bytes = Vec::new();
    let mut rest = case.bytes.as_slice();
    while let Some(found) = rest.windows(NAME.len()).position(|part| part == NAME.as_bytes()) {
        bytes.extend_from_slice(&rest[..found]);
        bytes.extend_from_slice(name.as_bytes());
        rest = &rest[found + NAME.len()..];
    }
    bytes.extend_from_slice(rest);
    case.bytes = bytes;
    (name, case)
}

/// What kubectl makes of these files, in one process, and what it says against them.
fn dry_run(scene: &Scene, cases: &[(String, Case)]) -> (Vec<Json>, String) {
    for (name, case) in cases {
        scene.write_bytes(&format!("read/{name}.{}", case.ends), &case.bytes);
    }
    let folder = scene.folder().join("read");
    let made = scene.dry_run(&folder);
    std::fs::remove_dir_all(folder).expect("it goes");
    made
}

fn theirs(scene: &Scene, cases: &[(String, Case)]) -> BTreeMap<String, Read<String>> {
    let (objects, said) = dry_run(scene, cases);
    let nothing = || Read { objects: Vec::new(), wrong: None };
    let mut all: BTreeMap<_, _> = cases.iter().map(|(name, _)| (name.clone(), nothing())).collect();
    for object in objects {
        let places = ["/metadata/name", "/metadata/generateName", "/data/of"];
        let names = places.iter().filter_map(|place| object.pointer(place)?.as_str());
        let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
        let case = all.get_mut(name.split('-').next().unwrap_or(name));
        let case = case.unwrap_or_else(|| panic!("this is of no case: {object}"));
        case.objects.push(as_held(object));
    }
    for line in said.lines().filter(|line| !line.is_empty()) {
        let name = line.split_once("/read/").and_then(|(_, rest)| rest.split_once('.'));
        let case = name.and_then(|(name, _)| all.get_mut(name));
        let case = case.unwrap_or_else(|| panic!("kubectl names no file: {line}"));
        case.wrong = Some(line.to_owned());
    }
    all
}

/// The beginning of a stack.
fn stack(scene: &Scene) -> String {
    format!(
        "vars: {{ stage: prod }}\nsettings: {{ reconcile: {{ target: bed }}, kubernetes: {{ \
         namespace: {} }} }}\ncomponents:\n  kubernetes:\n",
        scene.namespace()
    )
}

/// What comes of each component of a repository, by its name; of a stack that is wrong, by the stack's.
fn ours(scene: &Scene, mut files: BTreeMap<String, Vec<u8>>) -> Ours {
    for path in ["atmos.yaml", "isobar.yaml"] {
        files.insert(path.to_owned(), std::fs::read(scene.folder().join(path)).expect("a file"));
    }
    let snapshot = Snapshot::in_memory(files);
    let resolver = || Resolver::new(&snapshot);
    let bed = BTreeSet::from([TargetName::new("bed").expect("a name")]);
    let wanted = wanted(resolver, &snapshot, &Selection::default(), &Reach::Agent, &bed);
    let mut all = Ours::new();
    for found in &wanted.desired.diagnostics {
        let name = found.span.file.trim_start_matches("stacks/deploy/").trim_end_matches(".yaml");
        let read =
            all.entry(name.to_owned()).or_insert_with(|| Read { objects: Vec::new(), wrong: None });
        read.wrong.get_or_insert_with(Vec::new).push(found.clone());
    }
    for (id, rendered) in &wanted.rendered {
        let read = match rendered {
            Ok(rendered) => {
                let json = |body: &body::Body| body::plain(body.value()).expect("it is JSON");
                let pieces = rendered.resources().values();
                let objects = pieces.map(|piece| as_held(json(&piece.body))).collect();
                Read { objects, wrong: None }
            }
            Err(wrong) => Read { objects: Vec::new(), wrong: Some(wrong.clone()) },
        };
        all.insert(id.name.as_str().to_owned(), read);
    }
    all
}

/// With numbers as the API holds them: 64 bits with a sign, or double precision. Of `-0` it holds no sign.
fn as_held(json: Json) -> Json {
    match json {
        Json::Array(items) => items.into_iter().map(as_held).collect(),
        Json::Object(map) => map.into_iter().map(|(key, value)| (key, as_held(value))).collect(),
        Json::Number(number) if number.as_f64() == Some(0.0) => 0.into(),
        Json::Number(number) if !number.is_i64() => number.as_f64().into(),
        other => other,
    }
}
