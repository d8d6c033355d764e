//! What was predicted against what is there, field by field.

use crate::backends::After;
use crate::model::change::Change;
use crate::model::outcome::{Comparison, Deviation};
use crate::model::value::{Node, Rules, Value};

/// Compares the fields that `change` said would come out so with what is there `after` it.
///
/// A value that was not known when the plan was made fits whatever is there; one that may not be
/// shown is there or not.
pub fn compare(change: &Change, after: &After) -> Comparison {
    let deviations = change
        .fields
        .iter()
        .filter_map(|field| {
            let actual = after.live.as_ref().and_then(|live| field.path.find(live.value()));
            let fits = match (&field.after, actual) {
                (None, None) => true,
                (Some(predicted), Some(actual)) => fits(predicted, actual),
                _ => false,
            };
            (!fits).then(|| Deviation {
                path: field.path.clone(),
                predicted: field.after.clone(),
                actual: actual.cloned(),
                sensitive: field.sensitive,
            })
        })
        .collect();
    Comparison { resource: change.resource.clone(), predicted: change.fields.len(), deviations }
}

fn fits(predicted: &Value, actual: &Value) -> bool {
    match (&predicted.node, &actual.node) {
        (Node::Unknown(_) | Node::Secret(_), _) => true,
        (Node::List(predicted), Node::List(actual)) => {
            predicted.len() == actual.len()
                && predicted.iter().zip(actual.iter()).all(|(p, a)| fits(p, a))
        }
        (Node::Map(predicted), Node::Map(actual)) => {
            predicted.len() == actual.len()
                && predicted.iter().all(|(key, p)| actual.get(key).is_some_and(|a| fits(p, a)))
        }
        _ => predicted.typed(Rules::Stack) == actual.typed(Rules::Stack),
    }
}

#[cfg(test)]
mod tests;
