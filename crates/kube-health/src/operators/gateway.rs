//! Gateway API, whose routes have one status for each parent, and Istio.

use serde_json::Value;

use crate::conditions::{Conditions, worst};
use crate::health::Health;
use crate::object::{Condition, Object, conditions};

const GATEWAY: Conditions = Conditions::required(&["Accepted", "Programmed"]);
const ISTIO: Conditions = Conditions::required(&["Reconciled"]).optional();

/// What is refused does not get better by waiting, but a reference may still be on its way.
const REFUSED: Conditions = Conditions::required(&[]).strict();

/// A gateway with every listener resolved.
pub(crate) fn gateway(object: Object<'_>) -> Health {
    let listeners = object.list("/status/listeners").iter().flat_map(|listener| {
        let name = listener.get("name").and_then(Value::as_str).unwrap_or("without a name");
        of(listener)
            .filter(|it| ["Accepted", "ResolvedRefs"].contains(&it.name))
            .map(move |it| named(&format!("listener {name}"), REFUSED.weigh(object, it)))
    });
    worst([GATEWAY.judge(object)].into_iter().chain(listeners))
}

/// A route that every parent it names took.
pub(crate) fn route(object: Object<'_>) -> Health {
    let wanted = object.list("/spec/parentRefs").len();
    placed(object, "/status/parents", "parentRef", wanted)
}

/// A policy that every ancestor of what it targets took.
pub(crate) fn policy(object: Object<'_>) -> Health {
    placed(object, "/status/ancestors", "ancestorRef", 1)
}

fn placed(object: Object<'_>, at: &str, reference: &str, wanted: usize) -> Health {
    let parents = object.list(at);
    let weighed = parents.iter().flat_map(|parent| {
        let name = parent.get(reference).and_then(|it| it.get("name")).and_then(Value::as_str);
        let name = name.unwrap_or("without a name");
        of(parent)
            .filter(|it| ["Accepted", "ResolvedRefs", "Programmed"].contains(&it.name))
            .map(move |it| named(name, REFUSED.weigh(object, it)))
    });
    let answered = parents.iter().filter(|parent| of(parent).any(|it| it.name == "Accepted"));
    let answered = answered.count();
    let missing = (answered < wanted)
        .then(|| Health::progressing(format!("{answered} of {wanted} parents have answered")));
    worst(weighed.chain(missing))
}

/// Istio writes a status only where its analysis is on.
pub(crate) fn istio(object: Object<'_>) -> Health {
    let errors = object.list("/status/validationMessages").iter().filter_map(|message| {
        let level = message.get("level").and_then(Value::as_str)?;
        if !level.eq_ignore_ascii_case("error") {
            return None;
        }
        let code = message.pointer("/type/code").and_then(Value::as_str).unwrap_or("no code");
        let page = message.get("documentationUrl").and_then(Value::as_str).unwrap_or_default();
        Some(Health::degraded(format!("its analysis found error {code} {page}")))
    });
    worst(errors.chain([ISTIO.judge(object)]))
}

fn of(part: &Value) -> impl Iterator<Item = Condition<'_>> {
    conditions(part.get("conditions").and_then(Value::as_array).map_or(&[], Vec::as_slice))
}

/// Says of which part of the object a state is.
fn named(part: &str, health: Health) -> Health {
    match health {
        Health::Degraded(reason) => Health::degraded(format!("{part}: {reason}")),
        Health::Progressing { reason, until } => {
            Health::Progressing { reason: format!("{part}: {reason}").into(), until }
        }
        other => other,
    }
}
