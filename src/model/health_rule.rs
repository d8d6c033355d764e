//! How objects of one kind are doing, as a repository says it: CEL expressions over the object.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::expression::{Expression, NoCel};
use crate::diagnostic::closest;

/// What an expression may name: the object, and its usual parts by their names, as in Flux.
pub const NAMES: &[&str] = &["self", "metadata", "spec", "status"];

/// The types of CEL, which are names as well: `type(self.spec.size) == int`.
const TYPES: &[&str] = &[
    "bool",
    "bytes",
    "double",
    "duration",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "timestamp",
    "type",
    "uint",
];

/// How objects of one kind are doing, by CEL expressions over each of them. The first one that is
/// true, in the order they have here, says it; if none is, the object is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthRule {
    /// The API group of the kind, which counts in every version: `example.com`. Without it, the one
    /// without a name, which has Pods and Services.
    #[serde(default)]
    pub group: String,
    /// The kind: `Database`.
    pub kind: String,
    /// True of what somebody has stopped on purpose.
    pub suspended: Option<String>,
    /// True of what is on its way.
    pub progressing: Option<String>,
    /// True of what has failed.
    pub degraded: Option<String>,
    /// True of what does well.
    pub healthy: String,
    /// The text that says why it is not doing well: what a person needs to know to act.
    pub reason: Option<String>,
}

/// A rule that can be asked.
pub struct Compiled {
    /// See [`HealthRule::suspended`].
    pub suspended: Option<Expression>,
    /// See [`HealthRule::progressing`].
    pub progressing: Option<Expression>,
    /// See [`HealthRule::degraded`].
    pub degraded: Option<Expression>,
    /// See [`HealthRule::healthy`].
    pub healthy: Expression,
    /// See [`HealthRule::reason`].
    pub reason: Option<Expression>,
}

/// What is wrong with one key of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Which key.
    pub key: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it, as an instruction.
    pub hint: String,
}

impl HealthRule {
    /// Whether it is for this kind.
    pub fn is_for(&self, group: &str, kind: &str) -> bool {
        (self.group.as_str(), self.kind.as_str()) == (group, kind)
    }

    /// What people call the kind: `Database.example.com`.
    pub fn called(&self) -> String {
        match self.group.as_str() {
            "" => self.kind.clone(),
            group => format!("{}.{group}", self.kind),
        }
    }

    /// The rule, ready to be asked; or everything that is wrong with it.
    pub fn compiled(&self) -> Result<Compiled, Vec<Wrong>> {
        let mut wrong = self.misnamed();
        let mut one = |key, text: Option<&String>| {
            let made = text.map(|text| compile(key, text)).transpose();
            made.map_err(|found| wrong.extend(found)).ok().flatten()
        };
        let compiled = (
            one("suspended", self.suspended.as_ref()),
            one("progressing", self.progressing.as_ref()),
            one("degraded", self.degraded.as_ref()),
            one("healthy", Some(&self.healthy)),
            one("reason", self.reason.as_ref()),
        );
        match compiled {
            (suspended, progressing, degraded, Some(healthy), reason) if wrong.is_empty() => {
                Ok(Compiled { suspended, progressing, degraded, healthy, reason })
            }
            _ => Err(wrong),
        }
    }

    /// What is wrong with the name of the kind.
    fn misnamed(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let mut add = |key, message: String, hint: &str| {
            wrong.push(Wrong { key, message, hint: hint.to_owned() });
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if !self.group.chars().all(is_name) {
            let message = format!("`{}` is no API group", self.group);
            add("group", message, "write it without a version: `example.com`");
        }
        if self.kind.is_empty() || !self.kind.chars().all(|c| c.is_ascii_alphanumeric()) {
            let message = format!("`{}` is no kind", self.kind);
            add("kind", message, "write it as manifests do: `Database`; its group is `group`");
        }
        if self.is_for("", "Secret") {
            let hint = "take the rule out: a Secret is well as soon as it is there";
            add("kind", "no rule sees a Secret".to_owned(), hint);
        }
        wrong
    }
}

/// One expression; or what is wrong with it.
fn compile(key: &'static str, text: &str) -> Result<Expression, Vec<Wrong>> {
    let no_cel = |NoCel { at, message }: NoCel| {
        let message = format!("`{key}` is no CEL at {}:{} of it: {message}", at.line, at.column);
        let hint = "mend the expression: `status.phase == 'Ready'`".to_owned();
        Wrong { key, message, hint }
    };
    let compiled = Expression::compile(text);
    let compiled = compiled.map_err(|wrong| wrong.into_iter().map(no_cel).collect::<Vec<_>>())?;
    let known = |name: &&str| NAMES.contains(name) || TYPES.contains(name);
    let strange = compiled.names().into_iter().filter(|name| !known(name));
    let wrong = strange.map(|name| Wrong {
        key,
        message: format!("`{key}` names `{name}`, which is nothing that it sees"),
        hint: match closest(name, NAMES.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("it sees {}; other fields are below `self`", NAMES.join(", ")),
        },
    });
    match wrong.collect::<Vec<_>>() {
        wrong if wrong.is_empty() => Ok(compiled),
        wrong => Err(wrong),
    }
}
