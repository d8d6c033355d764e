//! Why something is not so, in sentences.

use super::{made_of, reach, visible};
use crate::model::desired::{Component, Explained};
use crate::model::files::Files;
use crate::model::path::FieldPath;
use crate::model::value::Origin;
use crate::model::why_not::WhyNot;
use crate::report::field::inline;

/// The answer as one sentence.
pub fn why_not(why: &WhyNot, component: &Component, at: &FieldPath, files: &Files) -> String {
    let path = visible(&at.to_string());
    let place = |said: &Explained| {
        let layer = &component.layers[said.layer];
        let written = Some(said.value.origin).filter(|origin| *origin != Origin::NONE);
        let place = written.and_then(|origin| files.span(origin)).map(|span| span.to_string());
        let place = place.or_else(|| layer.imports.last().map(ToString::to_string));
        let place = place.unwrap_or_else(|| "computed".to_owned());
        let of = match made_of(said, files).as_slice() {
            [] => String::new(),
            places => format!(", made of {}", places.join(", ")),
        };
        format!("{} ({}{of})", visible(&place), reach(&layer.reach))
    };
    match why {
        WhyNot::Wins(said) => {
            format!("it is: {} says {} and wins", place(said), inline(&said.value))
        }
        WhyNot::Lost { said, to: Some(to) } => format!(
            "{} says {}, and {} says {} above it",
            place(said),
            inline(&said.value),
            place(to),
            inline(&to.value)
        ),
        WhyNot::Lost { said, to: None } => {
            format!("{} says {}, and a layer above takes it away", place(said), inline(&said.value))
        }
        WhyNot::Silent(file) => {
            format!("{} reaches the component, and does not set `{path}`", visible(file))
        }
        WhyNot::NotImported { file, by } => {
            let stack = visible(component.id.stack.as_str());
            let nobody = format!("{} is not imported by {stack}", visible(file));
            match by.as_slice() {
                [] => format!("{nobody}, nor by any other stack"),
                names => {
                    let names: Vec<_> = names.iter().map(|name| visible(name.as_str())).collect();
                    format!("{nobody}, but by {}", names.join(", "))
                }
            }
        }
        WhyNot::NoFile { file, closest } => {
            let missing = format!("there is no file {}", visible(file));
            match closest {
                Some(closest) => format!("{missing}; did you mean {}?", visible(closest)),
                None => missing,
            }
        }
        WhyNot::NotSaid { value, elsewhere } => {
            let nobody =
                format!("nothing that reaches the component sets `{path}` to {}", inline(value));
            match elsewhere.as_slice() {
                [] => nobody,
                ids => {
                    let ids: Vec<_> = ids.iter().map(|id| visible(&id.to_string())).collect();
                    format!("{nobody}; {} has it", ids.join(", "))
                }
            }
        }
    }
}
