//! What a write would change that nobody has been shown.

use crate::model::path::FieldPath;
use crate::model::value::{Node, Value};

/// The first field in which the two differ and that is not under one of `shown`: writing
/// `intended` over `live` would undo it without anybody having seen it.
pub(super) fn beside(live: &Value, intended: &Value, shown: &[&FieldPath]) -> Option<FieldPath> {
    first(&FieldPath::root(), Some(live), Some(intended), shown)
}

fn first(
    path: &FieldPath,
    live: Option<&Value>,
    intended: Option<&Value>,
    shown: &[&FieldPath],
) -> Option<FieldPath> {
    if live == intended || shown.iter().any(|shown| path.is_under(shown)) {
        return None;
    }
    let nodes = (live.map(|value| &value.node), intended.map(|value| &value.node));
    match nodes {
        (Some(Node::Map(_)) | None, Some(Node::Map(_))) | (Some(Node::Map(_)), None) => {
            let keys = |value: Option<&Value>| {
                let map = value.and_then(Value::as_map).cloned().unwrap_or_default();
                map.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>()
            };
            let all: std::collections::BTreeSet<_> =
                keys(live).into_iter().chain(keys(intended)).collect();
            let at = |value: Option<&'_ Value>, key: &str| value.and_then(|v| v.get(key)).cloned();
            all.iter().find_map(|key| {
                let (live, intended) = (at(live, key), at(intended, key));
                first(&path.key(key.clone()), live.as_ref(), intended.as_ref(), shown)
            })
        }
        (Some(Node::List(_)) | None, Some(Node::List(_))) | (Some(Node::List(_)), None) => {
            let items = |value: Option<&Value>| {
                value.and_then(Value::as_list).map(<[Value]>::to_vec).unwrap_or_default()
            };
            let (live, intended) = (items(live), items(intended));
            (0..live.len().max(intended.len()))
                .find_map(|at| first(&path.index(at), live.get(at), intended.get(at), shown))
        }
        _ => Some(path.clone()),
    }
}
