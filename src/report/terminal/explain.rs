//! Where one value comes from.

use std::fmt::Write as _;

use super::palette::{COMES, FAINT, PLAIN, STRONG, paint};
use crate::model::desired::{Component, Explained, Layer, Reach};
use crate::model::files::Files;
use crate::model::path::FieldPath;
use crate::model::value::{Origin, Value};
use crate::report::describe::Worked;
use crate::report::field::inline;
use crate::report::words::{self, visible};

/// What comes of a value, and every layer that says something about it, lowest precedence first.
/// Those that are in it are marked.
pub fn explain(
    component: &Component,
    path: &FieldPath,
    explained: &[Explained],
    files: &Files,
) -> String {
    let mut out = String::new();
    let id = visible(&component.id.to_string());
    let value = match path.find(&component.sections) {
        None => "is not set".to_owned(),
        // The whole of a component is longer than anybody reads on a line; its layers say it.
        Some(_) if path.0.is_empty() => String::new(),
        Some(value) => format!("= {}", inline(value)),
    };
    let head = format!("{} {value}", visible(&path.to_string()));
    let _ = writeln!(out, "{} {}\n", paint(STRONG, &id), head.trim());
    for (at, said) in explained.iter().enumerate() {
        let Some(layer) = component.layers.get(said.layer) else { continue };
        let (mark, style) = if said.wins { ('>', COMES) } else { (' ', PLAIN) };
        let _ = writeln!(out, "{mark} {}", paint(style, &inline(&said.value)));
        let reach = words::reach_over(&layer.reach, said, &explained[..at], files);
        let place = place(&said.value, layer, files);
        let _ = writeln!(out, "    {place}  {}", paint(FAINT, &reach));
        for place in words::made_of(said, files) {
            let _ = writeln!(out, "    {}", paint(FAINT, &format!("made of {place}")));
        }
        if layer.imports.len() > 1 {
            let way: Vec<_> = layer.imports.iter().map(|file| visible(file)).collect();
            let _ = writeln!(out, "    {}", paint(FAINT, &format!("by {}", way.join(" > "))));
        }
    }
    out
}

/// What comes of a value that no layer says, by which rule, and what the rule looks at.
pub fn worked(
    component: &Component,
    path: &FieldPath,
    worked: &Worked,
    looked_at: &[(FieldPath, Vec<Explained>)],
    files: &Files,
) -> String {
    let (id, value) = (visible(&component.id.to_string()), inline(&worked.value));
    let head = format!("{} {} = {value}\n\n", paint(STRONG, &id), visible(&path.to_string()));
    let rule = words::reach(&Reach::Derived(worked.rule));
    let rule = format!("> {}\n    computed  {}\n", paint(COMES, &value), paint(FAINT, &rule));
    let parts = looked_at.iter().map(|(path, said)| explain(component, path, said, files));
    [head + &rule].into_iter().chain(parts).collect::<Vec<_>>().join("\n")
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
