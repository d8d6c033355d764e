//! Where one value comes from.

use std::fmt::Write as _;

use super::palette::{COMES, FAINT, PLAIN, STRONG, paint};
use crate::model::desired::{Component, Explained, Layer};
use crate::model::files::Files;
use crate::model::value::{Origin, Value};
use crate::report::field::inline;
use crate::report::words::{self, visible};

/// Every layer that says something about a value, lowest precedence first; those that are in the
/// merged value are marked.
pub fn explained(component: &Component, explained: &[Explained], files: &Files) -> String {
    let id = visible(&component.id.to_string());
    let mut out = format!("{}\n", paint(STRONG, &id));
    for said in explained {
        let (mark, style) = if said.wins { ('>', COMES) } else { (' ', PLAIN) };
        let Some(layer) = component.layers.get(said.layer) else { continue };
        let _ = writeln!(out, "{mark} {}", paint(style, &inline(&said.value)));
        let reach = format!("{}: {}", visible(&layer.section), words::reach(&layer.reach));
        let place = place(&said.value, layer, files);
        let _ = writeln!(out, "    {place}  {}", paint(FAINT, &reach));
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
