//! The rules that a repository has for kinds of its own: how their objects are doing, by CEL.

use std::sync::Arc;

use cel::Value;
use jiff::Timestamp;
use kube_health::{Health, Reason};
use serde_json::{Map as Object, Value as Json};
use tokio::sync::watch;

use super::identity::Identity;
use super::owner;
use crate::model::expression::Expression;
use crate::model::health_rule::{Compiled, HealthRule};
use crate::model::path::{FieldPath, Segment};
use crate::model::upkeep::Upkeep;

/// What stands in the place of what may not be seen.
const HIDDEN: &str = "hidden";

/// The rules as they are now, for all targets of one repository.
#[derive(Default)]
pub struct HealthRules(watch::Sender<Known>);

/// The rules of one moment. A repository has some dozens.
#[derive(Default)]
pub(super) struct Known(Vec<Arc<Rule>>);

/// One rule.
pub(super) struct Rule {
    said: HealthRule,
    compiled: Compiled,
}

impl HealthRules {
    /// From now on these count. A mistake in one has been told where they were read.
    pub fn learn(&self, rules: &[HealthRule]) {
        if self.now().said().eq(rules) {
            return;
        }
        let each = rules.iter().filter_map(|said| {
            let compiled = said.compiled().ok()?;
            Some(Arc::new(Rule { said: said.clone(), compiled }))
        });
        self.0.send_replace(Known(each.collect()));
    }

    /// The rules. While somebody holds them, no others are learned.
    pub(super) fn now(&self) -> watch::Ref<'_, Known> {
        self.0.borrow()
    }

    /// Returns once another rule than this one is that of the kind.
    pub(super) async fn changed(&self, identity: &Identity, rule: Option<&Arc<Rule>>) {
        let mut known = self.0.subscribe();
        // It fails only when nobody can learn any more, and that is `self`.
        let _ = known.wait_for(|known| !is_same(known.of(identity), rule)).await;
    }
}

impl Known {
    /// The rule for a kind.
    pub(super) fn of(&self, identity: &Identity) -> Option<&Arc<Rule>> {
        self.0.iter().find(|rule| rule.said.is_for(&identity.group, &identity.kind))
    }

    /// How they are written.
    pub(super) fn said(&self) -> impl Iterator<Item = &HealthRule> {
        self.0.iter().map(|rule| &rule.said)
    }
}

/// Whether an object is judged alike by both.
pub(super) fn is_same(one: Option<&Arc<Rule>>, other: Option<&Arc<Rule>>) -> bool {
    one.map(|rule| &rule.said) == other.map(|rule| &rule.said)
}

/// How an object is doing by the rule for its kind, or else by what is known of kinds.
pub(super) fn judge(
    rule: Option<&Arc<Rule>>,
    identity: &Identity,
    object: &Json,
    now: Timestamp,
) -> Health {
    match rule {
        None => kube_health::judge(&identity.group, &identity.kind, object, now),
        Some(rule) => kube_health::judge_any(object, now).unwrap_or_else(|| rule.judge(object)),
    }
}

impl Rule {
    fn judge(&self, object: &Json) -> Health {
        let seen = seen(object);
        let Compiled { suspended, progressing, degraded, healthy, reason: _ } = &self.compiled;
        let states = [
            ("suspended", suspended.as_ref()),
            ("progressing", progressing.as_ref()),
            ("degraded", degraded.as_ref()),
            ("healthy", Some(healthy)),
        ];
        for (state, expression) in states {
            match expression.map(|expression| is_true(expression, &seen)) {
                None | Some(Ok(false)) => {}
                Some(Ok(true)) if state == "healthy" => return Health::Healthy,
                Some(Ok(true)) => {
                    let otherwise = format!("`{state}` of the rule for its kind is true");
                    let reason = self.reason(&seen, otherwise);
                    return match state {
                        "suspended" => Health::Suspended(reason),
                        "progressing" => in_progress(reason),
                        _ => Health::Degraded(reason),
                    };
                }
                Some(Err(error)) => {
                    let why = format!("`{state}` of the rule for its kind fails: {error}");
                    return match has_status(object) {
                        true => Health::Unknown(why.into()),
                        false => in_progress(format!("it has no status yet, and {why}").into()),
                    };
                }
            }
        }
        let otherwise = "`healthy` of the rule for its kind is not true".to_owned();
        in_progress(self.reason(&seen, otherwise))
    }

    /// What the rule says of why, or `otherwise`. That it cannot say why changes no state.
    fn reason(&self, seen: &Json, otherwise: String) -> Reason {
        let Some(reason) = &self.compiled.reason else { return otherwise.into() };
        let fails = match ask(reason, seen) {
            Ok(Value::String(text)) if text.trim().is_empty() => return otherwise.into(),
            Ok(Value::String(text)) => return text.as_str().into(),
            Ok(other) => format!("gives {}, and no text", other.type_of()),
            Err(error) => format!("fails: {error}"),
        };
        format!("{otherwise}, and its `reason` {fails}").into()
    }
}

fn in_progress(reason: Reason) -> Health {
    Health::Progressing { reason, until: None }
}

fn is_true(expression: &Expression, seen: &Json) -> Result<bool, String> {
    match ask(expression, seen)? {
        Value::Bool(is_so) => Ok(is_so),
        other => Err(format!("it gives {}; it has to be true or false", other.type_of())),
    }
}

fn ask(expression: &Expression, seen: &Json) -> Result<Value, String> {
    let parts = seen.as_object().into_iter().flatten();
    let parts = parts.map(|(name, value)| (name.as_str(), value));
    expression.ask((seen, "this object"), parts.chain([("self", seen)]))
}

fn has_status(object: &Json) -> bool {
    object.get("status").and_then(Json::as_object).is_some_and(|status| !status.is_empty())
}

/// What expressions see of an object: nothing that it says is secret, and no record of who wrote what.
/// It has metadata, a spec and a status in any case.
fn seen(object: &Json) -> Json {
    let mut seen = object.clone();
    for part in ["metadata", "spec", "status"] {
        if !seen[part].is_object() {
            seen[part] = Json::Object(Object::new());
        }
    }
    let metadata = seen["metadata"].as_object_mut();
    metadata.and_then(|metadata| metadata.remove("managedFields"));
    let annotations = seen.pointer_mut("/metadata/annotations").and_then(Json::as_object_mut);
    if let Some(annotations) = annotations {
        annotations.remove(owner::REPEATED);
        let secret = annotations.get(Upkeep::SECRET).and_then(Json::as_str);
        let fields = secret.and_then(|text| serde_json::from_str::<Vec<FieldPath>>(text).ok());
        fields.iter().flatten().for_each(|field| hide(&mut seen, field));
    }
    seen
}

/// Hides what is at `field`, if it is there; of what is in a list, the list.
fn hide(object: &mut Json, field: &FieldPath) {
    let mut at = object;
    for segment in &field.0 {
        let Segment::Key(key) = segment else { break };
        let Some(inside) = at.get_mut(&**key) else { return };
        at = inside;
    }
    *at = HIDDEN.into();
}

#[cfg(test)]
mod tests;
