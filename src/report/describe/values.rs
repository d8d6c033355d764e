//! One component side by side in all its stacks.

use std::collections::{BTreeMap, BTreeSet};

use super::component::{View, component};
use super::shown::{COMPUTED, SECRET, Shown};
use super::table::Table;
use crate::model::canonical;
use crate::model::desired::{Component, Desired};
use crate::model::query::{Query, QueryError};
use crate::model::value::{Node, Rules, Value};

/// What `query` finds in each of `components`, by stack; what finds nothing is left out. Without a
/// query all that is described of them.
///
/// # Errors
/// If the query does not fit what is there.
pub fn values<'d>(
    desired: &Desired,
    components: impl Iterator<Item = &'d Component>,
    query: Option<&Query>,
) -> Result<BTreeMap<&'d str, Value>, QueryError> {
    let mut found = BTreeMap::new();
    for one in components {
        let whole = component(desired, one, View::Listed { evaluated: true }).value();
        let value = match query {
            Some(query) => query.one(&whole)?,
            None => whole,
        };
        if !value.is_null() {
            found.insert(one.id.stack.as_str(), value);
        }
    }
    Ok(found)
}

/// What stacks say, by stack: a map for who reads it further.
pub fn by_stack<'d>(values: &'d BTreeMap<&'d str, Value>) -> Shown<'d> {
    Shown::map(values.iter().map(|(stack, value)| (*stack, Shown::Value(value))))
}

/// A column for each stack and a row for each key; what is no map is one row.
pub fn side_by_side(values: &BTreeMap<&str, Value>) -> Table {
    let keys: BTreeSet<&str> = values
        .values()
        .flat_map(|value| match value.as_map() {
            Some(map) => map.iter().map(|(key, _)| key.as_ref()).collect(),
            None => vec![ALL],
        })
        .collect();
    let columns = std::iter::once("Key").chain(values.keys().copied()).map(str::to_owned);
    let cell = |value: &Value, key: &str| match value.as_map() {
        Some(map) => map.get(key).map(text).unwrap_or_default(),
        None if key == ALL => text(value),
        None => String::new(),
    };
    let row = |key: &&str| {
        let cells = values.values().map(|value| cell(value, key));
        std::iter::once((*key).to_owned()).chain(cells).collect()
    };
    Table { columns: columns.collect(), rows: keys.iter().map(row).collect() }
}

/// The row of what has no keys.
const ALL: &str = "value";

/// A value in one line: a text as it is, all else as JSON.
fn text(value: &Value) -> String {
    match (&value.node, value.as_str()) {
        (_, Some(text)) => text.to_owned(),
        (Node::Null, _) => String::new(),
        (Node::Unknown(_), _) => COMPUTED.to_owned(),
        (Node::Secret(_), _) => SECRET.to_owned(),
        _ => serde_json::to_string(&Shown::Value(value))
            .unwrap_or_else(|_| canonical::encode(&value.typed(Rules::Stack)).to_string()),
    }
}
