//! What `sops` has encrypted: a file or a part of one that says, beside its values, who can read them.
//!
//! Everything before a target is asked works with what is encrypted: a value is a [`Secret`] whose
//! handle is a [`Formula`], the text it stands for with its encrypted parts as they are written.
//! Nothing here can decrypt.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::ByteString;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::path::{FieldPath, Segment};
use super::value::{Map, Node, Origin, Rules, Value, changed_items};
use super::{body, yaml};
use crate::ids::ContentId;
use crate::secret::Secret;

/// What every encrypted value begins with, and ends with.
const HEAD: &str = "ENC[AES256_GCM,";
const TAIL: char = ']';

/// Where a tree says who can read it.
const ABOUT: &str = "sops";

/// Values that one run of `sops` decrypts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cipher {
    /// It, by content.
    pub id: ContentId,
    /// What is handed to `sops`.
    pub text: Arc<str>,
    /// What that is written in: `yaml` or `json`.
    pub language: &'static str,
    /// Whether it is all of what its author had encrypted. A part of it is not under the seal that
    /// its author put on all of it.
    pub is_whole: bool,
    /// Its encrypted values as they are written, each with the number of its document and its place there.
    places: BTreeMap<Arc<str>, (usize, FieldPath)>,
}

/// What a secret value is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Formula {
    /// The ciphers that its encrypted parts are of.
    pub ciphers: Vec<ContentId>,
    /// What becomes of the text once it is in the clear.
    pub form: Form,
    /// The text, with its encrypted parts as they are written.
    pub text: String,
}

/// What becomes of a text once it is in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// It is one encrypted value and nothing else, and has that value's own type.
    Value,
    /// It is a text.
    Text,
    /// It is written in base64.
    Base64,
}

/// A piece of a [`Formula`]'s text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'t> {
    /// As it is.
    Plain(&'t str),
    /// An encrypted value as it is written.
    Encrypted(&'t str),
}

impl Cipher {
    /// The file with this `text`, of which `documents` are what it says; `None`: nothing in it is
    /// encrypted.
    pub fn of_file(text: &str, language: &'static str, documents: &[Value]) -> Option<Self> {
        documents.iter().any(is_encrypted).then(|| {
            let mut places = BTreeMap::new();
            for (at, document) in documents.iter().enumerate() {
                gather(&FieldPath::root(), &without_about(document), &mut |path, text| {
                    places.insert(text, (at, path.clone()));
                });
            }
            let id = ContentId::of(format!("whole {text}"));
            Self { id, text: text.into(), language, is_whole: true, places }
        })
    }

    /// What is encrypted of a value that somebody else has put somewhere, or has changed; `None`: nothing
    /// is.
    pub fn of_part(value: &Value) -> Option<Self> {
        let about = value.get(ABOUT).filter(|_| is_encrypted(value))?;
        let mut places = BTreeMap::new();
        let part = encrypted_part(&without_about(value)).unwrap_or_else(|| json!({}));
        gather(&FieldPath::root(), &super::canonical::from_json(&part), &mut |path, text| {
            places.insert(text, (0, path.clone()));
        });
        let mut part = part;
        part[ABOUT] = body::plain(&about.typed(Rules::Stack)).ok()?;
        let text: Arc<str> = part.to_string().into();
        let id = ContentId::of(format!("part {text}"));
        Some(Self { id, text, language: "json", is_whole: false, places })
    }

    /// Whether the encrypted value `text` is one of these.
    pub fn has(&self, text: &str) -> bool {
        self.places.contains_key(text)
    }

    /// The values in the clear, by how they are written encrypted: `said` is what `sops` has made of the
    /// text. What it has left as it was is not among them.
    pub fn clear(&self, said: &str) -> BTreeMap<Arc<str>, Value> {
        let documents = yaml::written(said, Origin::NONE).unwrap_or_default();
        let each = self.places.iter().filter_map(|(text, (at, path))| {
            let value = path.find(documents.get(*at)?)?.typed(Rules::Stack);
            (value.as_str() != Some(text)).then(|| (text.clone(), value))
        });
        each.collect()
    }
}

impl Formula {
    /// What `text` stands for, with values of `ciphers` in it; `None`: it has none.
    ///
    /// An encrypted value that is of none of them is an error: nobody could ever read it.
    pub fn of(text: &str, ciphers: &[Arc<Cipher>]) -> Result<Option<Self>, Undecipherable> {
        let encrypted: Vec<_> = parts(text).filter_map(|part| part.encrypted()).collect();
        if encrypted.is_empty() {
            return match text.contains(HEAD) {
                true => Err(Undecipherable),
                false => Ok(None),
            };
        }
        let known = |value: &&str| ciphers.iter().find(|cipher| cipher.has(value));
        let ids: Option<Vec<_>> = encrypted.iter().map(|value| Some(known(value)?.id)).collect();
        let mut ids = ids.ok_or(Undecipherable)?;
        ids.sort();
        ids.dedup();
        let form = if encrypted == [text] { Form::Value } else { Form::Text };
        Ok(Some(Self { ciphers: ids, form, text: text.to_owned() }))
    }

    /// What a secret is made of, if it is encrypted.
    pub fn read(secret: &Secret) -> Option<Self> {
        serde_json::from_str(secret.handle()).ok()
    }

    /// The secret that is made so.
    pub fn secret(&self) -> Secret {
        let handle = serde_json::to_string(self).expect("ids and texts have a form in JSON");
        let state = ContentId::of(&handle);
        Secret::new(handle, state)
    }

    /// The text, piece by piece.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        parts(&self.text)
    }
}

/// An encrypted value that nobody could ever read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a value is encrypted, and nothing says by whom")]
pub struct Undecipherable;

impl<'t> Part<'t> {
    fn encrypted(self) -> Option<&'t str> {
        match self {
            Self::Plain(_) => None,
            Self::Encrypted(text) => Some(text),
        }
    }
}

/// Whether a value says of itself that it is encrypted.
pub fn is_encrypted(value: &Value) -> bool {
    value.get(ABOUT).is_some_and(|about| about.get("mac").is_some())
}

/// The value without what it says about who can read it.
pub fn without_about(value: &Value) -> Value {
    match &value.node {
        Node::Map(map) if is_encrypted(value) => {
            let mut map = map.clone();
            map.remove(ABOUT);
            Value { node: Node::Map(map), origin: value.origin }
        }
        _ => value.clone(),
    }
}

/// The value without what any part of it says about who can read that, which is handed to `take`.
pub fn parts_taken(value: &Value, take: &mut impl FnMut(Cipher)) -> Value {
    let plain = match Cipher::of_part(value) {
        Some(cipher) => {
            take(cipher);
            without_about(value)
        }
        None => value.clone(),
    };
    let node = match &plain.node {
        Node::Map(map) => Node::Map(
            map.iter().map(|(key, value)| (key.clone(), parts_taken(value, take))).collect(),
        ),
        Node::List(items) => {
            Node::List(Arc::new(items.iter().map(|item| parts_taken(item, take)).collect()))
        }
        scalar => scalar.clone(),
    };
    Value { node, origin: plain.origin }
}

/// The value with a secret in the place of each text that has values of `ciphers` in it, and of each
/// text in base64 that does, where `is_base64` says so of its place.
pub fn hidden(
    value: &Value,
    ciphers: &[Arc<Cipher>],
    is_base64: &impl Fn(&FieldPath) -> bool,
) -> Result<Value, (FieldPath, Undecipherable)> {
    let hidden = hidden_at(&FieldPath::root(), value, ciphers, is_base64)?;
    Ok(hidden.unwrap_or_else(|| value.clone()))
}

/// The same; `None`: there is no such text in it, and most of what a repository holds is shared.
fn hidden_at(
    path: &FieldPath,
    value: &Value,
    ciphers: &[Arc<Cipher>],
    is_base64: &impl Fn(&FieldPath) -> bool,
) -> Result<Option<Value>, (FieldPath, Undecipherable)> {
    let mut odd = None;
    let mut within = |path: FieldPath, value: &Value| {
        let hidden = hidden_at(&path, value, ciphers, is_base64);
        hidden.unwrap_or_else(|first| {
            odd.get_or_insert(first);
            None
        })
    };
    let node = match &value.node {
        Node::Map(map) => {
            map.changed(|key, value| within(path.key(key.clone()), value)).map(Node::Map)
        }
        Node::List(items) => {
            let mut places = (0..).map(|at| path.index(at));
            let each = |item: &Value| within(places.next()?, item);
            changed_items(items, each).map(Node::List)
        }
        Node::Str(_) | Node::Raw(_) => {
            let Some(text) = value.as_str() else { return Ok(None) };
            let fail = |odd| (path.clone(), odd);
            let formula = match Formula::of(text, ciphers).map_err(fail)? {
                None if is_base64(path) => {
                    let said = decoded(text).unwrap_or_default();
                    let formula = Formula::of(&said, ciphers).map_err(fail)?;
                    formula.map(|formula| Formula { form: Form::Base64, ..formula })
                }
                formula => formula,
            };
            formula.map(|formula| Node::Secret(formula.secret().into()))
        }
        _ => None,
    };
    match odd {
        Some(odd) => Err(odd),
        None => Ok(node.map(|node| Value { node, origin: value.origin })),
    }
}

/// A text in base64.
pub fn encoded(text: &[u8]) -> String {
    match json!(ByteString(text.to_vec())) {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

/// What is written in base64, if it is a text.
fn decoded(text: &str) -> Option<String> {
    let bytes: ByteString = serde_json::from_value(json!(text)).ok()?;
    String::from_utf8(bytes.0).ok()
}

/// The pieces of a text.
fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let begin = rest.find(HEAD).unwrap_or(rest.len());
        if begin > 0 {
            let (plain, behind) = rest.split_at(begin);
            rest = behind;
            return Some(Part::Plain(plain));
        }
        let end = rest.find(TAIL).map_or(rest.len(), |end| end + TAIL.len_utf8());
        let (encrypted, behind) = rest.split_at(end);
        rest = behind;
        match encrypted.ends_with(TAIL) {
            true => Some(Part::Encrypted(encrypted)),
            false => Some(Part::Plain(encrypted)),
        }
    })
}

/// Tells of every text that is one encrypted value.
fn gather(path: &FieldPath, value: &Value, tell: &mut impl FnMut(&FieldPath, Arc<str>)) {
    match &value.node {
        Node::Map(map) => {
            map.iter().for_each(|(key, value)| gather(&path.key(key.clone()), value, tell));
        }
        Node::List(items) => {
            items.iter().enumerate().for_each(|(at, item)| gather(&path.index(at), item, tell));
        }
        _ => {
            if let Some(text) = value.as_str().filter(|text| is_one(text)) {
                tell(path, text.into());
            }
        }
    }
}

fn is_one(text: &str) -> bool {
    text.starts_with(HEAD) && text.find(TAIL) == Some(text.len() - TAIL.len_utf8())
}

/// What of a value is encrypted, with nothing else around it. The places in lists stay what they are:
/// an empty text is what `sops` leaves alone.
fn encrypted_part(value: &Value) -> Option<Json> {
    match &value.node {
        Node::Map(map) => {
            let each = map.iter();
            let each = each.filter_map(|(key, v)| Some((key.to_string(), encrypted_part(v)?)));
            let map: serde_json::Map<_, _> = each.collect();
            (!map.is_empty()).then_some(Json::Object(map))
        }
        Node::List(items) => {
            let each: Vec<_> = items.iter().map(encrypted_part).collect();
            let any = each.iter().any(Option::is_some);
            any.then(|| each.into_iter().map(|item| item.unwrap_or_else(|| json!(""))).collect())
        }
        _ => value.as_str().filter(|text| is_one(text)).map(Json::from),
    }
}

/// The fields of `value` that are secret, each down to the first list: what is in a list may stand at
/// another place at the target.
pub fn secret_fields(value: &Value) -> Vec<FieldPath> {
    let mut found = Vec::new();
    secrets(&FieldPath::root(), value, &mut |path, _| {
        let is_key = |segment: &&Segment| matches!(segment, Segment::Key(_));
        let field = FieldPath(path.0.iter().take_while(is_key).cloned().collect());
        if !found.contains(&field) {
            found.push(field);
        }
    });
    found
}

/// Tells of every secret in `value`.
pub fn secrets(path: &FieldPath, value: &Value, tell: &mut impl FnMut(&FieldPath, &Arc<Secret>)) {
    match &value.node {
        Node::Map(map) => {
            map.iter().for_each(|(key, value)| secrets(&path.key(key.clone()), value, tell));
        }
        Node::List(items) => {
            items.iter().enumerate().for_each(|(at, item)| secrets(&path.index(at), item, tell));
        }
        Node::Secret(secret) => tell(path, secret),
        _ => {}
    }
}

/// The value of the part of `value` that comes of all its secrets being told.
pub fn told<E>(value: &Value, tell: &impl Fn(&Secret) -> Result<Value, E>) -> Result<Value, E> {
    let node = match &value.node {
        Node::Map(map) => {
            let each = map.iter().map(|(key, value)| Ok((key.clone(), told(value, tell)?)));
            Node::Map(each.collect::<Result<Map, E>>()?)
        }
        Node::List(items) => {
            let each: Result<Vec<_>, E> = items.iter().map(|item| told(item, tell)).collect();
            Node::List(Arc::new(each?))
        }
        Node::Secret(secret) => tell(secret)?.node,
        other => other.clone(),
    };
    Ok(Value { node, origin: value.origin })
}

/// The text of a scalar, where it stands in a longer one.
pub fn text_of(value: &Value) -> Cow<'_, str> {
    match value.meaning() {
        Node::Str(text) => Cow::Borrowed(text),
        _ => match body::plain(value) {
            Ok(Json::String(text)) => Cow::Owned(text),
            Ok(other) => Cow::Owned(other.to_string()),
            Err(_) => Cow::Borrowed(""),
        },
    }
}

#[cfg(test)]
mod tests;
