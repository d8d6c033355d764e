//! Answers as values.

use serde_json::Value as Json;

/// The answer to `args` without what is not compared; `full` asks for components unfiltered.
pub(super) fn normal(mut answer: Json, args: &[String], full: bool) -> Json {
    let command: Vec<_> = args.iter().take(2).map(String::as_str).collect();
    match (command.as_slice(), &mut answer) {
        (["describe", "component"], Json::Object(map)) if full => {
            for key in ["atmos_cli_config", "cli_args", "sources"] {
                map.remove(key);
            }
            if let Some(Json::Object(about)) = map.get_mut("component_info") {
                about.remove("terraform_config");
            }
        }
        (["describe", "dependents"], answer) => sort(answer),
        _ => {}
    }
    answer
}

/// Sorts the lists of components, at any depth, by their text.
fn sort(answer: &mut Json) {
    match answer {
        Json::Array(items) => {
            items.iter_mut().for_each(sort);
            if items.iter().all(Json::is_object) {
                items.sort_by_key(|item| sorted(item).to_string());
            }
        }
        Json::Object(map) => map.values_mut().for_each(sort),
        _ => {}
    }
}

fn sorted(value: &Json) -> Json {
    let mut value = value.clone();
    value.sort_all_objects();
    value
}

/// The first place where two values differ, with what stands there in each.
pub(super) fn difference(ours: &Json, theirs: &Json) -> Option<(String, String, String)> {
    let here = |ours: Option<&Json>, theirs: Option<&Json>| {
        Some((String::new(), shown(ours), shown(theirs)))
    };
    let below = |key: &str, found: Option<(String, String, String)>| {
        found.map(|(path, ours, theirs)| (format!("/{key}{path}"), ours, theirs))
    };
    match (ours, theirs) {
        (Json::Object(a), Json::Object(b)) => {
            let mut keys: Vec<_> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.into_iter().find_map(|key| match (a.get(key), b.get(key)) {
                (Some(a), Some(b)) => below(key, difference(a, b)),
                (a, b) => below(key, here(a, b)),
            })
        }
        (Json::Array(a), Json::Array(b)) => {
            (0..a.len().max(b.len())).find_map(|at| match (a.get(at), b.get(at)) {
                (Some(a), Some(b)) => below(&at.to_string(), difference(a, b)),
                (a, b) => below(&at.to_string(), here(a, b)),
            })
        }
        (Json::Number(a), Json::Number(b)) => {
            let equal = if a.is_f64() || b.is_f64() { a.as_f64() == b.as_f64() } else { a == b };
            if equal { None } else { here(Some(ours), Some(theirs)) }
        }
        _ if ours == theirs => None,
        _ => here(Some(ours), Some(theirs)),
    }
}

/// A value on one line that is not too long.
fn shown(value: Option<&Json>) -> String {
    let Some(value) = value else { return "nothing".to_owned() };
    let text = value.to_string();
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[test]
fn values_are_compared_as_values() {
    use serde_json::json;
    let at = |a, b| difference(&a, &b).map(|(path, ..)| path);
    assert_eq!(at(json!({"a": 1, "b": [2.5]}), json!({"b": [2.5], "a": 1.0})), None);
    assert_eq!(at(json!({"a": null}), json!({})).as_deref(), Some("/a"));
    assert_eq!(at(json!({"a": [1, 2]}), json!({"a": [2, 1]})).as_deref(), Some("/a/0"));
    assert_eq!(at(json!([1]), json!([1, 2])).as_deref(), Some("/1"));
    assert_eq!(at(json!("1"), json!(1)).as_deref(), Some(""));
}
