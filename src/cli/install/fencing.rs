//! The admission policy that refuses writes of a lease that is over.

use serde_json::{Value as Json, json};

/// What is said of who asks, and the annotation of a mark.
const MARK: &str = "isobar.dev/mark";
const EPOCH: &str = "isobar.dev/epoch";

/// The policy and its binding, both called `name`: for requests of the service account `agent`, and of
/// everybody that says an epoch, held against the marks in the namespace `marks`.
///
/// A request without a mark to hold it against is let through: the first one of a stack makes that.
pub(super) fn policy(name: &str, agent: &str, marks: &str) -> [Json; 2] {
    let says = format!(
        "has(request.userInfo.extra) && '{EPOCH}' in request.userInfo.extra && '{MARK}' in \
         request.userInfo.extra"
    );
    let extra = |key: &str| format!("request.userInfo.extra['{key}'][0]");
    let (mark, epoch) = (extra(MARK), extra(EPOCH));
    let annotation = format!("params.metadata.annotations['{EPOCH}']");
    let says_none =
        format!("!has(params.metadata.annotations) || !('{EPOCH}' in params.metadata.annotations)");
    let group = "admissionregistration.k8s.io/v1";
    let policy = json!({
        "apiVersion": group,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
            "matchConstraints": {"resourceRules": [{
                "apiGroups": ["*"],
                "apiVersions": ["*"],
                "operations": ["CREATE", "UPDATE", "DELETE"],
                "resources": ["*"],
            }]},
            "matchConditions": [
                {
                    "name": "of-an-agent",
                    "expression": format!("request.userInfo.username == '{agent}' || ({says})"),
                },
                {
                    // What is only looked at is under no lease.
                    "name": "not-a-dry-run",
                    "expression": "!has(request.dryRun) || !request.dryRun",
                },
                {
                    // What is told of an object is no write to it.
                    "name": "not-an-event",
                    "expression": "request.resource.resource != 'events'",
                },
            ],
            "variables": [{"name": "says", "expression": says}],
            "validations": [
                {
                    "expression": "variables.says",
                    "message": "the agent writes without the epoch of a lease",
                },
                {
                    "expression": format!(
                        "!variables.says || params.metadata.name != {mark} || {says_none} || \
                         int({epoch}) >= int({annotation})"
                    ),
                    "messageExpression": format!(
                        "'epoch ' + {epoch} + ' is over: epoch ' + {annotation} + ' has written'"
                    ),
                },
            ],
        },
    });
    let binding = json!({
        "apiVersion": group,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {
            "policyName": name,
            "validationActions": ["Deny"],
            "paramRef": {
                "namespace": marks,
                "selector": {"matchExpressions": [{"key": MARK, "operator": "Exists"}]},
                "parameterNotFoundAction": "Allow",
            },
        },
    });
    [policy, binding]
}

/// The rule that lets the agent say an epoch; that it may act as itself is another.
pub(super) fn rule() -> Json {
    json!({
        "apiGroups": ["authentication.k8s.io"],
        "resources": [format!("userextras/{MARK}"), format!("userextras/{EPOCH}")],
        "verbs": ["impersonate"],
    })
}
