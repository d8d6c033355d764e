//! Where one value comes from.

use std::fmt::Write as _;

use super::palette::{COMES, FAINT, PLAIN, STRONG, paint};
use crate::model::desired::{Component, Layer, Reach};
use crate::model::files::Files;
use crate::model::path::{FieldPath, Segment};
use crate::model::value::{Origin, Value};
use crate::report::field::inline;
use crate::report::words::visible;

/// Every layer that says something about the value at `path`, lowest precedence first, and the
/// value that comes of it.
pub fn explain(component: &Component, path: &FieldPath, files: &Files) -> String {
    let id = visible(&component.id.to_string());
    let result = path.find(&component.sections);
    let mut out = String::new();
    let shown =
        result.map_or_else(|| "is not set".to_owned(), |value| format!("= {}", inline(value)));
    let _ = writeln!(out, "{} {} {shown}\n", paint(STRONG, &id), visible(&path.to_string()));
    let said: Vec<(&Layer, &Value)> =
        component.layers.iter().filter_map(|layer| Some((layer, find(layer, path)?))).collect();
    for (at, (layer, value)) in said.iter().enumerate() {
        // The last one wins, whatever those before it say.
        let wins = at + 1 == said.len();
        let (mark, style) = if wins { ('>', COMES) } else { (' ', PLAIN) };
        let _ = writeln!(out, "{mark} {}", paint(style, &inline(value)));
        let place = place(value, layer, files);
        let _ = writeln!(out, "    {place}  {}", paint(FAINT, &reach(&layer.reach)));
        if layer.imports.len() > 1 {
            let way: Vec<_> = layer.imports.iter().map(|file| visible(file)).collect();
            let _ = writeln!(out, "    {}", paint(FAINT, &format!("by {}", way.join(" > "))));
        }
    }
    out
}

/// What a layer says about `path`: a layer holds one section, the path begins with its name.
fn find<'a>(layer: &'a Layer, path: &FieldPath) -> Option<&'a Value> {
    let (Segment::Key(section), rest) = path.0.split_first()? else { return None };
    (*section == layer.section).then(|| FieldPath(rest.to_vec()).find(&layer.value))?
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

fn reach(reach: &Reach) -> String {
    match reach {
        Reach::Global => "global".to_owned(),
        Reach::Kind => "for its kind".to_owned(),
        Reach::Base(name) => format!("base {}", visible(name.as_str())),
        Reach::Own => "its own".to_owned(),
        Reach::Override => "override".to_owned(),
        Reach::Rendered => "rendered".to_owned(),
        Reach::Derived(rule) => format!("by the rule: {rule}"),
    }
}
