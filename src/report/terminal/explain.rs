//! Where one value comes from.

use std::fmt::Write as _;

use super::palette::{COMES, FAINT, PLAIN, STRONG, paint};
use crate::model::desired::{Component, Layer};
use crate::model::files::Files;
use crate::model::path::FieldPath;
use crate::model::value::{Origin, Value};
use crate::report::field::inline;
use crate::report::words::{self, visible};

/// Every layer that says something about the value at `path`, lowest precedence first, and the
/// value that comes of it.
pub fn explain(component: &Component, path: &FieldPath, files: &Files) -> String {
    let id = visible(&component.id.to_string());
    let result = path.find(&component.sections);
    let mut out = String::new();
    let shown =
        result.map_or_else(|| "is not set".to_owned(), |value| format!("= {}", inline(value)));
    let _ = writeln!(out, "{} {} {shown}\n", paint(STRONG, &id), visible(&path.to_string()));
    let said: Vec<(&Layer, &Value)> = component.saying(path).collect();
    for (at, (layer, value)) in said.iter().enumerate() {
        // The last one wins, whatever those before it say.
        let wins = at + 1 == said.len();
        let (mark, style) = if wins { ('>', COMES) } else { (' ', PLAIN) };
        let _ = writeln!(out, "{mark} {}", paint(style, &inline(value)));
        let place = place(value, layer, files);
        let _ = writeln!(out, "    {place}  {}", paint(FAINT, &words::reach(&layer.reach)));
        if layer.imports.len() > 1 {
            let way: Vec<_> = layer.imports.iter().map(|file| visible(file)).collect();
            let _ = writeln!(out, "    {}", paint(FAINT, &format!("by {}", way.join(" > "))));
        }
    }
    out
}

/// Where the value was written, or else the file its layer comes from.
fn place(value: &Value, layer: &Layer, files: &Files) -> String {
    let span = Some(value.origin).filter(|origin| *origin != Origin::NONE);
    match (span.and_then(|origin| files.span(origin)), layer.imports.last()) {
        (Some(span), _) => visible(&span.to_string()),
        (None, Some(file)) => visible(file),
        (None, None) => "computed".to_owned(),
    }
}
