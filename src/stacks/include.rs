//! `!include path [query]`: a table of the repository as a value of the manifest.

use std::sync::Arc;

use super::hcl;
use super::load::Library;
use super::path;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::query::Query;
use crate::model::value::{Map, Node, Value};

/// What every include begins with.
pub(super) const TAG: &str = "!include";

/// What an include came to.
pub(super) struct Included {
    /// The file, if one was looked for in the snapshot.
    pub(super) file: Option<Arc<str>>,
    pub(super) value: Result<Value, Box<Diagnostic>>,
}

/// What `arguments` name: a file, relative to the base path or with `./` to the manifest `from`,
/// and optionally which part of it. `raw` takes the text whatever the file's name says.
pub(super) fn include(
    library: &mut Library,
    from: &Arc<str>,
    arguments: &str,
    raw: bool,
    span: &Span,
) -> Included {
    let mut file = None;
    let value = find(library, from, arguments, raw, span, &mut file);
    Included { file, value }
}

fn find(
    library: &mut Library,
    from: &Arc<str>,
    arguments: &str,
    raw: bool,
    span: &Span,
    looked_for: &mut Option<Arc<str>>,
) -> Result<Value, Box<Diagnostic>> {
    let fail = |code, message: String| Box::new(Diagnostic::error(code, span.clone(), message));
    let words =
        super::function::words(arguments).map_err(|message| fail(Code::FunctionFailed, message))?;
    let (file, query) = match words.as_slice() {
        [file] => (file, None),
        [file, query] => (file, Some(query)),
        _ => {
            let message = "`!include` takes a path and, if wanted, a query".to_owned();
            return Err(fail(Code::FunctionFailed, message));
        }
    };
    if file.contains("://") || file.contains("::") {
        let found = fail(Code::FunctionRefused, format!("`{file}` is not in this repository"));
        return Err(Box::new(found.hint("copy the file into the repository and include it there")));
    }
    let Some(path) = path::resolve(file, from, &library.base_path) else {
        return Err(fail(Code::ImportNotFound, format!("`{file}` leads out of the repository")));
    };
    let path: Arc<str> = path.into();
    *looked_for = Some(path.clone());
    let Some(text) = library.text(&path).map_err(Box::new)? else {
        let found = fail(Code::ImportNotFound, format!("`{path}` does not exist"));
        return Err(match library.closest_file(&path) {
            Some(known) => Box::new(found.hint(format!("did you mean `{known}`?"))),
            None => found,
        });
    };
    let value = if raw { Ok(Value::text(text)) } else { read(library, &path, text) };
    let value = value.map_err(|why| match why {
        Unread::Found(found) => found,
        Unread::NoHcl(why) => fail(Code::FunctionFailed, format!("`{path}` cannot be read: {why}")),
    })?;
    let Some(query) = query else { return Ok(value) };
    let parsed = Query::parse(query).map_err(|error| {
        let found = fail(Code::QueryInvalid, format!("`{query}`: {error}"));
        Box::new(Diagnostic { hint: error.hint, ..*found })
    })?;
    parsed.one(&value).map_err(|error| fail(Code::FunctionFailed, format!("`{query}`: {error}")))
}

/// Why a file gives no value.
enum Unread {
    Found(Box<Diagnostic>),
    NoHcl(String),
}

fn read(library: &mut Library, path: &Arc<str>, text: Arc<str>) -> Result<Value, Unread> {
    let name = path.rsplit_once('/').map_or(path.as_ref(), |(_, name)| name);
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "yaml" | "yml" | "json" => {
            let source = library.table(path, text);
            match source.faults.first() {
                Some(fault) => Err(Unread::Found(Box::new(fault.clone()))),
                None => Ok(source.value.clone()),
            }
        }
        "hcl" => hcl::read(&text).map_err(Unread::NoHcl),
        "env" => Ok(Value::computed(Node::Map(dotenv(&text)))),
        _ => Ok(Value::text(text)),
    }
}

/// `NAME=value` lines; `#` begins a comment, quotes around a value are taken away.
fn dotenv(text: &str) -> Map {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs =
        lines.filter_map(|line| line.strip_prefix("export ").unwrap_or(line).split_once('='));
    let unquoted = |value: &str| {
        let value = value.trim();
        let inner = value.strip_prefix(['"', '\'']).and_then(|v| v.strip_suffix(['"', '\'']));
        inner.unwrap_or(value).to_owned()
    };
    pairs.map(|(name, value)| (name.trim().into(), Value::text(unquoted(value)))).collect()
}
