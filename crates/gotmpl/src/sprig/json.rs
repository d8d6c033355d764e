//! JSON, encoded as Go does and decoded with all numbers as floats.

use super::{Outcome, add};
use crate::Failure;
use crate::functions::{Call, Functions, Type};
use crate::json::{self, Style, Writer};
use crate::value::{Map, Value};

use Type::{Any, Str};

pub(super) fn register(f: &mut Functions) {
    add(f, &["fromJson"], &[Str], |c| Ok(decode(c).unwrap_or(Value::Nil)));
    add(f, &["mustFromJson"], &[Str], decode);
    let mut encoder = |name: &str, must: &str, indent: Option<&'static str>, writer: Writer| {
        let style = Style { indent, writer };
        add(f, &[must], &[Any], move |c| encode(c, style));
        // Of what cannot be encoded, the plain forms make nothing; only the raw one fails.
        add(f, &[name], &[Any], move |c| match encode(c, style) {
            Err(Failure::Message(_)) if style.writer == Writer::Go => Ok("".into()),
            result => result,
        });
    };
    encoder("toJson", "mustToJson", None, Writer::Go);
    encoder("toPrettyJson", "mustToPrettyJson", Some("  "), Writer::Go);
    encoder("toRawJson", "mustToRawJson", None, Writer::GoRaw);
}

fn encode(c: &mut Call<'_>, style: Style<'_>) -> Outcome {
    Ok(json::encode(&c.value(0), style, c.meter)?.into())
}

fn decode(c: &mut Call<'_>) -> Outcome {
    let text = c.str(0)?;
    c.meter.spend(text.len() / 8)?;
    let json: serde_json::Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    Ok(floats(&json))
}

fn floats(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::Array(items) => items.iter().map(floats).collect::<Vec<_>>().into(),
        serde_json::Value::Object(entries) => {
            entries.iter().map(|(k, v)| (k.as_str(), floats(v))).collect::<Map>().into()
        }
        other => Value::from(other),
    }
}
