//! HCL as data: `name = value` lines whose values are written out.

use hcl_edit::expr::{Expression, ObjectKey, UnaryOperator};
use hcl_edit::structure::{Body, Structure};
use hcl_edit::template::Element;

use crate::model::value::{Map, Node, Value};

/// What the file with this text says.
///
/// # Errors
/// If it is no HCL, has blocks, or a value that would have to be computed.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let body: Body = text.parse().map_err(|error: hcl_edit::parser::Error| {
        let at = error.location();
        format!("line {}, column {}: {}", at.line(), at.column(), error.message())
    })?;
    let mut map = Map::default();
    for structure in body {
        match structure {
            Structure::Attribute(attribute) => {
                let name = attribute.key.as_str();
                let value = value(&attribute.value).map_err(|why| format!("`{name}`: {why}"))?;
                map.insert(name, value);
            }
            Structure::Block(block) => {
                return Err(format!("`{}` is a block, and no value", block.ident.as_str()));
            }
        }
    }
    Ok(Value::computed(Node::Map(map)))
}

/// It ends: the parser follows nothing deeper than some hundred levels.
fn value(expression: &Expression) -> Result<Value, String> {
    let node = match expression {
        Expression::Null(_) => Node::Null,
        Expression::Bool(value) => Node::Bool(**value),
        Expression::Number(number) => self::number(number, false)?,
        Expression::String(text) => Node::Str(text.as_str().into()),
        Expression::StringTemplate(template) => Node::Str(literal(template.iter())?.into()),
        Expression::HeredocTemplate(heredoc) => Node::Str(literal(heredoc.template.iter())?.into()),
        Expression::Parenthesis(inner) => return value(inner.inner()),
        Expression::Array(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(value).collect();
            Node::List(items?.into())
        }
        Expression::Object(object) => {
            let entries = object.iter().map(|(key, entry)| {
                let key = match key {
                    ObjectKey::Ident(name) => name.as_str().to_owned(),
                    ObjectKey::Expression(key) => match value(key)?.as_str() {
                        Some(key) => key.to_owned(),
                        None => return Err("a key has to be a text".to_owned()),
                    },
                };
                Ok((key.into(), value(entry.expr())?))
            });
            Node::Map(entries.collect::<Result<_, String>>()?)
        }
        Expression::UnaryOp(operation) => match (&*operation.operator, &operation.expr) {
            (UnaryOperator::Neg, Expression::Number(number)) => self::number(number, true)?,
            _ => return Err(COMPUTED.to_owned()),
        },
        _ => return Err(COMPUTED.to_owned()),
    };
    Ok(Value::computed(node))
}

const COMPUTED: &str = "what would have to be computed is no value here";

fn number(number: &hcl_edit::Number, negative: bool) -> Result<Node, String> {
    let sign = if negative { -1 } else { 1 };
    if let Some(whole) = number.as_i64().and_then(|whole| whole.checked_mul(sign)) {
        return Ok(Node::Int(whole));
    }
    match (number.as_u64(), number.as_f64()) {
        (Some(whole), _) if !negative => Ok(Node::Uint(whole)),
        (_, Some(float)) => Ok(Node::Float(if negative { -float } else { float })),
        _ => Err(format!("{number} is beyond the numbers there are")),
    }
}

fn literal<'e>(elements: impl Iterator<Item = &'e Element>) -> Result<String, String> {
    let texts = elements.map(|element| match element {
        Element::Literal(text) => Ok(text.as_str()),
        _ => Err(COMPUTED.to_owned()),
    });
    texts.collect()
}

#[cfg(test)]
mod tests;
