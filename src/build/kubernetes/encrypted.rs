//! Encrypted values of objects: secrets, from here to where a target is asked.
//!
//! In a folder they stay as their author has encrypted them. There they are as safe as they were in
//! the repository, and whoever reads the folder has the keys or has not.

use std::sync::Arc;

use super::Wish;
use crate::build::Naming;
use crate::build::draft::Draft;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::cipher::{self, Cipher, Form, Formula};
use crate::model::path::{FieldPath, Segment};
use crate::model::upkeep::Upkeep;
use crate::model::value::{Map, Node, Rules, Value};

/// Fields that say which object it is: they have to be read before anybody may decrypt.
const IDENTITY: &[&str] = &["apiVersion", "kind", "metadata"];

/// What a file says, its encrypted values as secrets. It counts as a whole: a value that was put into
/// another file, or beside another name, is not opened.
pub(super) fn file(
    draft: &mut Draft<'_>,
    path: &str,
    text: &str,
    documents: Vec<Value>,
) -> Vec<Value> {
    let language = if path.ends_with(".json") { "json" } else { "yaml" };
    let cipher = match draft.naming {
        Naming::Objects => Cipher::of_file(text, language, &documents),
        Naming::Paths => None,
    };
    let Some(cipher) = cipher.map(Arc::new) else { return documents };
    draft.ciphers.push(cipher.clone());
    let plain = documents.iter().map(cipher::without_about);
    let all = plain.filter_map(|value| secrets(draft, &value, std::slice::from_ref(&cipher)));
    all.collect::<Vec<_>>()
}

/// The same of an object that somebody else has written or changed.
pub(super) fn hidden(draft: &mut Draft<'_>, wish: Wish) -> Option<Wish> {
    if draft.naming == Naming::Paths {
        return Some(wish);
    }
    let mut ciphers = wish.ciphers.clone();
    let mut value = wish.value.clone();
    if let Some(cipher) = Cipher::of_part(&value).map(Arc::new) {
        draft.ciphers.push(cipher.clone());
        ciphers.push(cipher);
        value = cipher::without_about(&value);
    }
    let value = secrets(draft, &value, &ciphers)?;
    Some(Wish { value: declared(&as_kept(&value)), ..wish })
}

/// The object with an annotation that says which of its fields are secret, where its kind does not.
fn declared(value: &Value) -> Value {
    let fields = cipher::secret_fields(value);
    if fields.is_empty() || value.get("kind").and_then(Value::as_str) == Some("Secret") {
        return value.clone();
    }
    let list: serde_json::Value = fields.iter().map(ToString::to_string).collect();
    let place = FieldPath::root().key("metadata").key("annotations").key(Upkeep::SECRET);
    place.put(value, Some(&Value::text(list.to_string())))
}

/// The value with secrets for all that is encrypted in it; `None`: it cannot be, which is said.
fn secrets(draft: &mut Draft<'_>, value: &Value, ciphers: &[Arc<Cipher>]) -> Option<Value> {
    let is_secret = value.get("kind").and_then(Value::as_str) == Some("Secret");
    let is_base64 = |path: &FieldPath| {
        is_secret && matches!(path.0.as_slice(), [Segment::Key(field), _] if &**field == "data")
    };
    let (at, hint) = match cipher::hidden(value, ciphers, &is_base64) {
        Ok(hidden) => {
            let fields = cipher::secret_fields(&hidden);
            let first = |path: &FieldPath| match path.0.first() {
                Some(Segment::Key(key)) => IDENTITY.contains(&&**key),
                _ => false,
            };
            match fields.into_iter().find(first) {
                None => return Some(hidden),
                Some(path) => {
                    (path, "encrypt only its content: `--encrypted-regex '^(data|stringData)$'`")
                }
            }
        }
        Err((path, _)) => (path, "an object has its `sops` section beside its encrypted values"),
    };
    let span = draft.span(at.find(value).unwrap_or(value));
    let message = format!("`{at}` is encrypted, and cannot be read here");
    draft.found.push(Diagnostic::error(Code::BuildFailed, span, message).hint(hint));
    None
}

/// A Secret with its secret texts where the API keeps them, as it keeps them.
fn as_kept(value: &Value) -> Value {
    let is_secret = value.get("kind").and_then(Value::as_str) == Some("Secret")
        && value.get("apiVersion").and_then(Value::as_str) == Some("v1");
    let texts = value.get("stringData").and_then(Value::as_map).filter(|_| is_secret);
    let Some(texts) = texts.filter(|texts| texts.iter().any(|(_, v)| v.holds_secret())) else {
        return value.clone();
    };
    let (mut plain, mut kept) = (Map::default(), Map::default());
    if let Some(there) = value.get("data").and_then(Value::as_map) {
        kept = there.clone();
    }
    for (key, text) in texts.iter() {
        match &text.node {
            Node::Secret(secret) if let Some(formula) = Formula::read(secret) => {
                let secret = Formula { form: Form::Base64, ..formula }.secret();
                kept.insert(
                    key.clone(),
                    Value { node: Node::Secret(secret.into()), ..text.clone() },
                );
            }
            _ => plain.insert(key.clone(), text.clone()),
        }
    }
    let mut whole = value.as_map().cloned().unwrap_or_default();
    match plain.is_empty() {
        true => drop(whole.remove("stringData")),
        false => {
            whole.insert("stringData", Value::computed(Node::Map(plain)).settled(Rules::Kubernetes))
        }
    }
    let origin = texts.iter().next().map_or(value.origin, |(_, text)| text.origin);
    whole.insert("data", Value { node: Node::Map(kept), origin });
    Value { node: Node::Map(whole), origin: value.origin }
}
