//! The objects a component wants: from files of its folder and from its `manifests`.
//!
//! Takes: `paths` (files, folders or globs of the component's folder; of a folder with a
//! kustomization, what that makes; of a template, what it renders to), `manifests` (inline), and
//! `settings.kubernetes` with `namespace`, `labels`, `force` and `service_account` for objects that do
//! not say otherwise.
//! Gives: one resource per object, scalars typed as the Kubernetes API machinery reads them: in a
//! folder the file `<Kind>.<namespace>.<name>.yaml`, in a cluster `<Kind>.<group>/<namespace>/<name>`.
//! Never: guesses at an object without a kind or name; keeps one of two with the same name.
//! Start at: [`render`].
//! How to add: a kind that is not part of a namespace goes into `scope.rs`, a field that names another
//! object into `needs.rs`, a kind that has the API server call a service into `calls.rs`.

mod calls;
mod encrypted;
mod kustomization;
mod moments;
mod needs;
mod object;
mod read;
mod scope;
mod template;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) use self::calls::part as part_in_calls;
pub(super) use self::moments::Moment;
use self::moments::Moments;
pub(super) use self::object::unlisted;
use self::object::{Defaults, Object};
pub use self::scope::ClusterKinds;
use super::draft::Draft;
use super::{Naming, Piece};
use crate::diagnostic::{Code, Diagnostic, Span, closest};
use crate::model::body::{Body, Format};
use crate::model::cipher::Cipher;
use crate::model::path::FieldPath;
use crate::model::upkeep::{Mistake, Upkeep};
use crate::model::value::{Map, Rules, Value};

/// Whether a program builds any of it.
pub(super) fn has_errands(draft: &Draft<'_>) -> bool {
    let paths = draft.component.section("paths").and_then(Value::as_list).unwrap_or_default();
    let elsewhere = |path: &Value| path.as_str().is_some_and(|path| path.contains(".."));
    let below = draft.snapshot.below(&draft.folder).map(|(path, _)| path);
    paths.iter().any(elsewhere) || below.into_iter().any(|path| kustomization::is(path))
}

pub(super) fn render(draft: &mut Draft<'_>) {
    // What nobody else holds takes less when it is typed; what stands in a stack stays shared with it.
    let wish = |value, ciphers| Wish { value, made_up: Vec::new(), moment: Moment::Amid, ciphers };
    let mut wishes = Vec::new();
    for (value, ciphers) in read::files(draft) {
        let typed = value.typed(Rules::Kubernetes);
        wishes.extend(unlisted(&typed).into_iter().map(|value| wish(value, ciphers.clone())));
    }
    let inline = inline(draft);
    wishes.extend(inline.iter().flat_map(unlisted).map(|value| wish(value, Vec::new())));
    add_all(draft, wishes, None);
}

/// An object as somebody wrote it, and the fields of it that a program has made up.
pub(super) struct Wish {
    pub(super) value: Value,
    pub(super) made_up: Vec<FieldPath>,
    /// When it is made.
    pub(super) moment: Moment,
    /// What encrypted values in it may be of, beside what it says itself.
    pub(super) ciphers: Vec<Arc<Cipher>>,
}

/// Adds objects, those without a namespace in `namespace` or that of the settings.
pub(super) fn add_all(draft: &mut Draft<'_>, wishes: Vec<Wish>, namespace: Option<&str>) {
    let settings = draft.component.section("settings").and_then(|all| all.get("kubernetes"));
    let own = settings.and_then(|s| s.get("namespace")?.as_str());
    let namespace = namespace.or(own).map(str::to_owned);
    let labels = settings.and_then(|s| s.get("labels")?.as_map()).cloned().unwrap_or_default();
    let annotations = annotations(draft, settings, namespace.as_deref());
    let defaults = Defaults { namespace, labels, annotations };

    let mut objects = Vec::new();
    for wish in wishes {
        let Some(wish) = encrypted::hidden(draft, wish) else { continue };
        let Wish { value, made_up, moment, .. } = wish;
        match Object::read(&value) {
            Ok(object) => {
                misspelt(draft, &object.value);
                objects.push(Object { made_up, moment, ..object });
            }
            Err(problem) => {
                let span = draft.span(problem.at.as_ref().unwrap_or(&value));
                let found = Diagnostic::error(Code::BuildFailed, span, problem.message);
                draft.found.push(found.hint(problem.hint));
            }
        }
    }
    draft.defines = scope::defined(&objects);
    let defined = draft.defined.union(&draft.defines).cloned().collect();
    let complete = |object: Object| object.completed(&defaults, &defined);
    let objects: Vec<_> = objects.into_iter().map(complete).collect();
    let moments = Moments::of(&objects);
    let mut places: BTreeMap<String, Span> = BTreeMap::new();
    for object in &objects {
        add(draft, object, &moments, &mut places);
    }
}

/// Says what annotations of ours say nothing: whoever wrote `prune: "no"` means that an object stays.
fn misspelt(draft: &mut Draft<'_>, object: &Value) {
    for Mistake { key, value, form } in Upkeep::mistakes(object) {
        let (message, hint) = match form {
            Some(form) => (format!("`{key}` does not say what it may"), format!("write {form}")),
            None => {
                let word = key.strip_prefix(Upkeep::OURS).unwrap_or(key);
                let hint = match closest(word, Upkeep::words()) {
                    Some(near) => format!("did you mean `{}{near}`?", Upkeep::OURS),
                    None => {
                        let words: Vec<_> = Upkeep::words().collect();
                        format!("after `{}` may come {}", Upkeep::OURS, words.join(", "))
                    }
                };
                (format!("`{key}` means nothing"), hint)
            }
        };
        let found = Diagnostic::error(Code::BuildFailed, draft.span(value), message);
        draft.found.push(found.hint(hint));
    }
}

/// What the settings say of every object by an annotation.
fn annotations(draft: &mut Draft<'_>, settings: Option<&Value>, namespace: Option<&str>) -> Map {
    let mut annotations = Map::default();
    let setting = |name| settings.and_then(|s| s.get(name)).filter(|value| !value.is_null());
    if let Some(force) = setting("force") {
        match force.as_bool() {
            Some(true) => annotations.insert(Upkeep::REPLACE, Value::text("true")),
            Some(false) => {}
            None => {
                let span = draft.span(force);
                draft.fail(Code::SectionType, span, "`force` is neither `true` nor `false`");
            }
        }
    }
    if let Some(account) = setting("service_account") {
        let plain = |name: &&str| !name.is_empty() && !name.contains(['/', ':']);
        match (account.as_str().filter(plain), namespace) {
            (Some(name), Some(namespace)) => {
                annotations.insert(Upkeep::ACCOUNT, Value::text(format!("{namespace}/{name}")));
            }
            (Some(_), None) => {
                let message = "`service_account` is of no namespace";
                let found = Diagnostic::error(Code::BuildFailed, draft.span(account), message);
                draft.found.push(found.hint("set `settings.kubernetes.namespace`"));
            }
            (None, _) => {
                let span = draft.span(account);
                draft.fail(Code::SectionType, span, "`service_account` is no name");
            }
        }
    }
    annotations
}

fn add(
    draft: &mut Draft<'_>,
    object: &Object,
    moments: &Moments,
    places: &mut BTreeMap<String, Span>,
) {
    let name = match draft.naming {
        Naming::Paths => object.file_name(),
        Naming::Objects => object.key(),
    };
    let span = draft.span(&object.value);
    if !object.has_plain_names() {
        let message = format!("`{}` is not a name of an object", object.name);
        return draft.fail(Code::BuildFailed, span, message);
    }
    if let Some(first) = places.get(&name) {
        let message = format!("{} `{}` is there twice", object.kind, object.name);
        draft.found.push(
            Diagnostic::error(Code::ResourceClaimed, span, message)
                .related(first.clone(), "the first one is here"),
        );
        return;
    }
    places.insert(name.clone(), span);
    let body = Body::new(Format::Yaml, object.value.clone());
    let (sensitive, stateful) = (object.sensitive(), object.is_stateful());
    let made_up = object.made_up.clone();
    let piece = Piece { sensitive, stateful, made_up, ..Piece::plain(body) };
    match draft.naming {
        Naming::Paths => draft.add_piece(&name, piece),
        Naming::Objects => {
            let (mut needs, gives) = (needs::before(object), needs::gives(object));
            needs.extend(moments.before(object));
            let call = calls::made(object).map(Box::new);
            draft.add_resource(&name, Piece { needs, gives, call, ..piece })
        }
    };
}

/// The objects of the section `manifests`.
fn inline(draft: &mut Draft<'_>) -> Vec<Value> {
    let Some(manifests) = draft.component.section("manifests").filter(|value| !value.is_null())
    else {
        return Vec::new();
    };
    match manifests.as_list() {
        Some(items) => items.to_vec(),
        None => {
            let span = draft.span(manifests);
            draft.fail(Code::SectionType, span, "`manifests` is not a list of objects");
            Vec::new()
        }
    }
}

/// A map with `entries` put in where they are missing.
fn filled(map: &Map, entries: &Map) -> Map {
    let mut map = map.clone();
    for (key, value) in entries.iter().filter(|(key, _)| map.get(key).is_none()).collect::<Vec<_>>()
    {
        map.insert(key.clone(), value.clone());
    }
    map
}
