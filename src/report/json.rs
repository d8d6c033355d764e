//! Reports for programs. The shape is stable: fields are added, never renamed.
//!
//! ```text
//! review   {version, verdict, counts, stacks: [plan], unchanged: [stack], diagnostics: [...]}
//! plan     {stack, target, digest, verdict, revision, observed_at, risk, changes, steps, holds,
//!           components: {"kind/name": {state, by?}}}
//! change   {component, resource, action, from?, risk, cause, fields: [field]}
//! field    {path, before?, after?, origin?} | {path, secret: true, origin?}
//! step     {component, resources, nature, after}
//! hold     {component?, resource?, reason: {reason, ...}, text, command?}
//! applied  {version, applied: [outcome], waiting: review}
//! approved {version, by, approved: [{stack, digest}]}
//! status   {version, trouble: {branch, why, since}?, stacks: [{state, plan, health: {component: {state, reason?}}, last?}]}
//! findings {version, diagnostics: [{code, severity, message, span, related, hint?}]}
//! failed   {version, error, diagnostics: as in findings}
//! explain  {version, component, path, value?, layers: [layer], looked_at?: [explain]}
//! why_not  {version, component, path, asked, reasons: [{kind, sentence, ...}]}
//! layer    {value, wins, origin?, made_of: [span], section, reach, imports}
//! outcome  {stack, run, digest, ended_at, done, fields, fields_as_predicted, steps}
//! ```
//!
//! A field that is not there has no key: `null` is a value. A secret is never there, and neither
//! is its length or hash; what is not known yet is `{"$unknown": ...}`, and what is written with a
//! tag `{"$tag": "!append", "value": ...}`.

use serde_json::{Map, Value as Json, json};

use super::describe::Worked;
use super::field::{self, Shown};
use super::words::{self, Clearing, State, Verdict};
use crate::diagnostic::{Diagnostic, Span};
use crate::ids::Actor;
use crate::model::canonical;
use crate::model::change::{Action, Change, FieldChange};
use crate::model::desired::{Component, Explained, Reach};
use crate::model::files::Files;
use crate::model::outcome::{Outcome, StepOutcome};
use crate::model::path::FieldPath;
use crate::model::plan::{Effect, Hold, Kept, Part, Plan, Step};
use crate::model::review::Review;
use crate::model::status::{StackStatus, Trouble};
use crate::model::value::{APPEND, Node, Value};
use crate::model::why_not::WhyNot;

/// The version of the shape. What a command shapes itself has it too.
pub const VERSION: u32 = 1;

/// All plans of a review.
pub fn review(review: &Review) -> Json {
    let changes = || review.plans.iter().flat_map(|plan| &plan.effect().changes);
    let mut counts = Map::new();
    for change in changes() {
        let count = counts.entry(change.action.verb()).or_insert(json!(0));
        *count = json!(count.as_u64().unwrap_or(0) + 1);
    }
    counts.sort_keys();
    json!({
        "version": VERSION,
        "verdict": Verdict::of(review).word(),
        "counts": counts,
        "stacks": review.plans.iter().map(plan).collect::<Vec<_>>(),
        "unchanged": review.unchanged_stacks,
        "diagnostics": review.diagnostics,
    })
}

/// One plan.
pub fn plan(plan: &Plan) -> Json {
    let (effect, envelope) = (plan.effect(), &plan.envelope);
    let components: Map<String, Json> = envelope
        .why
        .iter()
        .map(|(id, why)| (format!("{}/{}", id.kind, id.name), json!(why)))
        .collect();
    let mut object = json!({
        "stack": effect.stack,
        "target": effect.target,
        "digest": plan.digest(),
        "verdict": Verdict::of_plan(plan).word(),
        "revision": envelope.revision,
        "observed_at": envelope.observed_at,
        "risk": plan.risk(),
        "changes": effect.changes.iter().map(change).collect::<Vec<_>>(),
        "steps": effect.steps.iter().map(|one| step(effect, one)).collect::<Vec<_>>(),
        "holds": envelope.holds.iter().map(|one| hold(plan, one)).collect::<Vec<_>>(),
        "components": components,
    });
    if !envelope.kept.is_empty() {
        object["kept"] = envelope.kept.iter().map(kept).collect();
    }
    object
}

fn kept(kept: &Kept) -> Json {
    let Kept { component, resource, field } = kept;
    json!({ "component": component.to_string(), "resource": resource, "field": field })
}

/// What was applied, and what still waits.
pub fn applied(outcomes: &[Outcome], waiting: &Review) -> Json {
    json!({
        "version": VERSION,
        "applied": outcomes.iter().map(outcome).collect::<Vec<_>>(),
        "waiting": review(waiting),
    })
}

/// The plans that were approved.
pub fn approved(plans: &[Plan], by: &Actor) -> Json {
    let one =
        |plan: &Plan| json!({ "stack": plan.effect().stack, "digest": plan.digest().to_string() });
    json!({ "version": VERSION, "by": by, "approved": plans.iter().map(one).collect::<Vec<_>>() })
}

/// How stacks stand.
pub fn status(trouble: Option<&Trouble>, stacks: &[StackStatus]) -> Json {
    let row = |stack: &StackStatus| {
        json!({
            "state": State::of(stack).word(),
            "plan": plan(&stack.plan),
            "health": stack.health.iter().map(|(id, health)| (id.to_string(), json!(health)))
                .collect::<Map<_, _>>(),
            "last": stack.last.as_ref().map(outcome),
        })
    };
    let trouble = trouble.map(|trouble| {
        let Trouble { branch, why, since } = trouble;
        json!({ "branch": branch, "why": why, "since": since.to_string() })
    });
    let stacks: Vec<_> = stacks.iter().map(row).collect();
    json!({ "version": VERSION, "trouble": trouble, "stacks": stacks })
}

/// What is wrong with a repository.
pub fn findings(diagnostics: &[Diagnostic]) -> Json {
    let one = |found: &Diagnostic| {
        let mut json = json!(found);
        json["hint"] = found.advice().into();
        json
    };
    json!({ "version": VERSION, "diagnostics": diagnostics.iter().map(one).collect::<Vec<_>>() })
}

/// Why nothing came of a command, and what is wrong with the repository or the settings.
pub fn failed(error: &str, diagnostics: &[Diagnostic]) -> Json {
    let found = &findings(diagnostics)["diagnostics"];
    json!({ "version": VERSION, "error": error, "diagnostics": found })
}

/// What comes of a value, and every layer that says something about it, lowest precedence first.
pub fn explain(
    component: &Component,
    path: &FieldPath,
    explained: &[Explained],
    files: &Files,
) -> Json {
    let layer = |(at, said): (usize, &Explained)| {
        let layer = component.layers.get(said.layer)?;
        Some(json!({
            "value": unsecret(&said.value),
            "wins": said.wins,
            "origin": files.span(said.value.origin),
            "made_of": made_of(said, files),
            "section": layer.section,
            "reach": words::reach_over(&layer.reach, said, &explained[..at], files),
            "imports": layer.imports,
        }))
    };
    json!({
        "version": VERSION,
        "component": component.id.to_string(),
        "path": path,
        "value": path.find(&component.sections).map(unsecret),
        "layers": explained.iter().enumerate().filter_map(layer).collect::<Vec<_>>(),
    })
}

/// What comes of a value that no layer says: as [`explain`], with the rule in place of a layer, and
/// what the rule looks at.
pub fn worked(
    component: &Component,
    path: &FieldPath,
    worked: &Worked,
    looked_at: &[(FieldPath, Vec<Explained>)],
    files: &Files,
) -> Json {
    let value = unsecret(&worked.value);
    let parts = looked_at.iter().map(|(path, said)| explain(component, path, said, files));
    json!({
        "version": VERSION,
        "component": component.id.to_string(),
        "path": path,
        "value": value,
        "layers": [{
            "value": value,
            "wins": true,
            "origin": null,
            "made_of": [],
            "section": FieldPath(path.0.iter().take(1).cloned().collect()),
            "reach": words::reach(&Reach::Derived(worked.rule)),
            "imports": [],
        }],
        "looked_at": parts.collect::<Vec<_>>(),
    })
}

/// Why something is not what a component has at a path: each reason by kind and as a sentence.
pub fn why_not(
    component: &Component,
    path: &FieldPath,
    asked: &str,
    why: &[WhyNot],
    files: &Files,
) -> Json {
    let place = |said: &Explained| {
        json!({
            "value": unsecret(&said.value),
            "origin": files.span(said.value.origin),
            "made_of": made_of(said, files),
        })
    };
    let one = |why: &WhyNot| {
        let mut json = match why {
            WhyNot::Wins(said) => json!({ "kind": "wins", "said": place(said) }),
            WhyNot::Lost { said, to } => json!({
                "kind": "lost", "said": place(said), "to": to.as_ref().map(place),
            }),
            WhyNot::Silent(file) => json!({ "kind": "silent", "file": file }),
            WhyNot::NotImported { file, by } => {
                json!({ "kind": "not imported", "file": file, "by": by })
            }
            WhyNot::NoFile { file, closest } => {
                json!({ "kind": "no file", "file": file, "closest": closest })
            }
            WhyNot::NotSaid { elsewhere, .. } => {
                let ids = elsewhere.iter().map(ToString::to_string).collect::<Vec<_>>();
                json!({ "kind": "not said", "elsewhere": ids })
            }
        };
        json["sentence"] = words::why_not(why, component, path, files).into();
        json
    };
    json!({
        "version": VERSION,
        "component": component.id.to_string(),
        "path": path,
        "asked": asked,
        "reasons": why.iter().map(one).collect::<Vec<_>>(),
    })
}

/// The places of the values that a template made of what is said.
fn made_of(said: &Explained, files: &Files) -> Vec<Span> {
    let places = files.made_of(said.value.origin);
    places.into_iter().filter_map(|at| files.span(at)).collect()
}

/// The value with nothing of a secret but that there is one.
fn unsecret(value: &Value) -> Json {
    if let Some((tag, raw)) = value.function() {
        return match raw.text.as_ref() {
            "" => json!({ "$tag": tag }),
            text => json!({ "$tag": tag, "value": text }),
        };
    }
    match &value.node {
        Node::Secret(_) => json!({ "$secret": true }),
        Node::Map(_) if let Some(items) = value.appended() => {
            json!({ "$tag": APPEND, "value": items.iter().map(unsecret).collect::<Json>() })
        }
        Node::List(items) => items.iter().map(unsecret).collect(),
        Node::Map(map) => {
            map.iter().map(|(key, value)| (key.as_ref().to_owned(), unsecret(value))).collect()
        }
        _ => canonical::encode(value),
    }
}

/// How a run ended.
pub fn outcome(outcome: &Outcome) -> Json {
    let (fields, as_predicted) = outcome.fields_as_predicted();
    json!({
        "stack": outcome.stack,
        "run": outcome.run,
        "digest": outcome.digest,
        "ended_at": outcome.ended_at,
        "done": outcome.is_done(),
        "fields": fields,
        "fields_as_predicted": as_predicted,
        "steps": outcome.steps.iter().map(step_outcome).collect::<Vec<_>>(),
    })
}

fn change(change: &Change) -> Json {
    let mut object = json!({
        "component": change.component.to_string(),
        "resource": change.resource,
        "action": change.action.verb(),
        "risk": change.risk,
        "cause": change.cause,
        "fields": change.fields.iter().map(field_change).collect::<Vec<_>>(),
    });
    if let Action::Move { from } = &change.action {
        object["from"] = json!(from.to_string());
    }
    object
}

fn field_change(change: &FieldChange) -> Json {
    let mut object = sides(change.before.as_ref(), change.after.as_ref(), change.sensitive);
    object["path"] = json!(change.path);
    if let Some(origin) = &change.origin {
        object["origin"] = json!(origin);
    }
    if let Some(writer) = &change.writer {
        object["writer"] = json!(writer);
    }
    if change.made_up {
        object["made_up"] = json!(true);
    }
    object
}

fn sides(before: Option<&Value>, after: Option<&Value>, sensitive: bool) -> Json {
    if let Shown::Secret(_) = field::show(before, after, sensitive) {
        return json!({ "secret": true });
    }
    let sides = [("before", before), ("after", after)];
    let there = sides.into_iter().filter_map(|(key, value)| Some((key, value?)));
    there.map(|(key, value)| (key.to_owned(), canonical::encode(value))).collect()
}

fn step(effect: &Effect, step: &Step) -> Json {
    let resources = step.changes.iter().map(|&at| &effect.changes[at].resource);
    json!({
        "component": step.component.to_string(),
        "resources": resources.collect::<Vec<_>>(),
        "nature": step.nature,
        "after": step.after,
    })
}

fn hold(plan: &Plan, hold: &Hold) -> Json {
    let mut object = json!({ "reason": hold.reason, "text": words::reason(&hold.reason) });
    if let Some(id) = hold.part.component() {
        object["component"] = json!(id.to_string());
    }
    if let Part::Resource(_, key) = &hold.part {
        object["resource"] = json!(key);
    }
    if let Clearing::Command(command) = words::clearing(plan, hold) {
        object["command"] = json!(command);
    }
    object
}

fn step_outcome(step: &StepOutcome) -> Json {
    let deviations: Vec<Json> = step
        .comparisons
        .iter()
        .flat_map(|comparison| comparison.deviations.iter().map(move |d| (comparison, d)))
        .map(|(comparison, deviation)| {
            let (before, after) = (deviation.predicted.as_ref(), deviation.actual.as_ref());
            let mut object = sides(before, after, deviation.sensitive);
            for (from, to) in [("before", "predicted"), ("after", "actual")] {
                if let Some(value) = object.as_object_mut().and_then(|o| o.remove(from)) {
                    object[to] = value;
                }
            }
            object["resource"] = json!(comparison.resource);
            object["path"] = json!(deviation.path);
            object
        })
        .collect();
    json!({
        "component": step.component.to_string(),
        "end": step.end,
        "deviations": deviations,
    })
}
