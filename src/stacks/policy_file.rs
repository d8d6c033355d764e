//! `isobar.yaml`: what the repository allows.

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::health_rule::{HealthRule, Wrong};
use crate::model::policy::RepositoryPolicy;
use crate::schema::{self, Places};
use crate::source::Snapshot;

/// Where the file is.
pub(super) const POLICY_PATH: &str = "isobar.yaml";

/// The version of the file's format that is known.
const VERSION: u32 = 1;

/// All of it.
const WHOLE_PERCENT: u32 = 100;

/// The policy of a snapshot. Without the file, or with mistakes in it, everything is observed.
pub fn policy(snapshot: &Snapshot) -> (RepositoryPolicy, Vec<Diagnostic>) {
    let text = match snapshot.text(POLICY_PATH) {
        Ok(Some(text)) => text,
        Ok(None) => return (RepositoryPolicy::default(), Vec::new()),
        Err(error) => {
            let span = Span::file(POLICY_PATH);
            let found = Diagnostic::error(Code::FileUnreadable, span, error.to_string());
            return (RepositoryPolicy::default(), vec![found]);
        }
    };
    match schema::read_with(POLICY_PATH, &text, &[], check) {
        Ok(policy) => (policy, Vec::new()),
        Err(found) => (RepositoryPolicy::default(), found),
    }
}

/// What has the right form, and no meaning.
fn check(policy: &RepositoryPolicy, at: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let Some(version) = policy.version.filter(|version| *version != VERSION) {
        let message = format!("this Isobar knows version {VERSION} of the file, not {version}");
        let hint = format!("write `version: {VERSION}`, or run the Isobar that the file is for");
        found.push(at.wrong(&["version"], message).hint(hint));
    }
    for (number, freeze) in policy.freeze.iter().enumerate() {
        if freeze.until <= freeze.from {
            let message = format!(
                "this freeze ends at {}, and begins at {}: it never holds anything",
                freeze.until, freeze.from
            );
            let number = at.number(&["freeze"], number).to_string();
            let hint = "`from` is its first moment, `until` the first one after it";
            found.push(at.wrong(&["freeze", &number, "until"], message).hint(hint));
        }
    }
    let percent = policy.guard.deletes_percent_max;
    if percent > WHOLE_PERCENT {
        let message =
            format!("`guard.deletes_percent_max` is {percent}, more than {WHOLE_PERCENT}");
        let hint = format!("write how much of a stack may go: `{WHOLE_PERCENT}` is all of it");
        found.push(at.wrong(&["guard", "deletes_percent_max"], message).hint(hint));
    }
    found.extend(health(&policy.health, at));
    found
}

/// What is wrong with rules for how objects are doing.
fn health(rules: &[HealthRule], at: &Places<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let number = at.number(&["health"], index).to_string();
        for Wrong { key, message, hint } in rule.compiled().err().into_iter().flatten() {
            found.push(at.wrong(&["health", &number, key], message).hint(hint));
        }
        if rules[..index].iter().any(|earlier| earlier.is_for(&rule.group, &rule.kind)) {
            let message = format!("there is a rule for `{}` above", rule.called());
            let hint = "make one rule of the two";
            found.push(at.wrong(&["health", &number, "kind"], message).hint(hint));
        }
    }
    found
}

#[cfg(test)]
mod tests;
