//! YAML to values, by the rules of Go's `yaml.v3`.

use yaml_span::schema::{Scalar, v3};
use yaml_span::{Document, Limits, NodeId, parse_stream};

use super::convert;
use crate::Failure;
use crate::limits::Meter;
use crate::time::parse;
use crate::value::{Map, Value};

/// Which document of a stream is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    First,
    FirstNotNull,
}

/// The wanted document; `None` if there is no document at all.
pub(super) fn read(
    text: &str,
    wanted: Wanted,
    meter: &mut Meter,
) -> Result<Option<Value>, Failure> {
    meter.spend(text.len() / 8)?;
    let stream = parse_stream(text, &Limits::DEFAULT);
    if let Some(error) = stream.errors.first() {
        return Err(format!("yaml: {error}").into());
    }
    let mut found = None;
    for document in &stream.documents {
        let value = value(document, document.root(), meter)?;
        let is_null = matches!(value, Value::Nil);
        found = Some(value);
        if !is_null || wanted == Wanted::First {
            break;
        }
    }
    Ok(found)
}

fn value(document: &Document, id: NodeId, meter: &mut Meter) -> Result<Value, Failure> {
    meter.spend(1)?;
    let id = document.target(id);
    if document.is_scalar(id) {
        return scalar(document, id);
    }
    meter.enter()?;
    let value = if document.is_mapping(id) {
        let map = Map::from_iter::<[(&str, Value); 0]>([]);
        for entry in document.entries_merged(id) {
            let key = match scalar(document, entry.key)? {
                Value::Str(key) => key.to_string(),
                other => convert::text(&other, meter)?,
            };
            map.insert(key, value(document, entry.value, meter)?);
        }
        map.into()
    } else {
        let items = document.items(id).iter().map(|item| value(document, *item, meter));
        items.collect::<Result<Vec<_>, _>>()?.into()
    };
    meter.leave();
    Ok(value)
}

fn scalar(document: &Document, id: NodeId) -> Result<Value, Failure> {
    let typed = v3::scalar(document, id).map_err(|error| format!("yaml: {error}"))?;
    Ok(match typed {
        Scalar::Null => Value::Nil,
        Scalar::Bool(value) => value.into(),
        Scalar::Int(value) => Value::Int(value),
        Scalar::Uint(value) => Value::Uint64(value),
        Scalar::Float(value) => value.into(),
        Scalar::Str(text) => (&*text).into(),
        Scalar::Timestamp(text) => timestamp(text),
    })
}

/// A time, in one of the layouts `yaml.v3` knows.
fn timestamp(text: &str) -> Value {
    let layouts = [
        "2006-1-2T15:4:5.999999999Z07:00",
        "2006-1-2t15:4:5.999999999Z07:00",
        "2006-1-2 15:4:5.999999999",
        "2006-1-2",
    ];
    let found = layouts.iter().find_map(|layout| parse(layout, text).ok());
    found.map_or_else(|| text.into(), Value::object)
}
