//! A review that has a bit of everything, as the golden outputs show it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::diagnostic::{Code, Diagnostic, Position, Span};
use crate::ids::*;
use crate::model::change::{Action, Cause, Change, FieldChange, Precondition, Risk};
use crate::model::path::FieldPath;
use crate::model::plan::{Effect, Envelope, Hold, HoldReason, Nature, Part, Plan, Step, Why};
use crate::model::question::Question;
use crate::model::review::{PullReview, Review};
use crate::model::revision::Revision;
use crate::model::value::{Node, Value};

pub(in crate::report) const PRODUCTION: &str = "fnx-production-us-west-2-prod-01";
pub(in crate::report) const RECOVERY: &str = "fnx-production-us-east-1-prod-dr";
pub(in crate::report) const HUB: &str = "core-networking-us-west-2-transit-hub";

pub(in crate::report) fn now() -> Timestamp {
    "2026-11-20T09:30:00Z".parse().unwrap()
}

pub(in crate::report) fn commit(text: &str) -> CommitId {
    CommitId::new(text).unwrap()
}

pub(in crate::report) fn scope() -> Scope {
    Scope {
        agent: AgentName::new("home").unwrap(),
        repository: RepositoryName::new("platform-config").unwrap(),
    }
}

pub(in crate::report) fn component(stack: &str, name: &str) -> ComponentId {
    let (kind, name) = name.split_once('/').unwrap();
    ComponentId {
        stack: StackName::new(stack).unwrap(),
        kind: KindName::new(kind).unwrap(),
        name: ComponentName::new(name).unwrap(),
    }
}

pub(in crate::report) fn value(json: &str) -> Value {
    crate::model::canonical::decode(&serde_json::from_str(json).expect(json)).expect(json)
}

pub(in crate::report) fn span(file: &str, line: u32, columns: std::ops::Range<u32>) -> Span {
    Span {
        file: file.into(),
        start: Position { line, column: columns.start },
        end: Position { line, column: columns.end },
    }
}

/// `days: 14 -> 90 @ stacks/a.yaml:12`; either side may be `-` for nothing, or `secret` before the
/// path.
pub(in crate::report) fn field(text: &str) -> FieldChange {
    let (text, origin) = match text.split_once(" @ ") {
        Some((text, at)) => {
            let (file, line) = at.rsplit_once(':').unwrap();
            (text, Some(span(file, line.parse().unwrap(), 9..11)))
        }
        None => (text, None),
    };
    let (path, sides) = text.split_once(": ").unwrap();
    let (before, after) = sides.split_once(" -> ").unwrap();
    let side = |text: &str| (text != "-").then(|| value(text));
    FieldChange {
        writer: None,
        made_up: false,
        sensitive: path.starts_with("secret "),
        path: FieldPath::parse(path.trim_start_matches("secret ")).unwrap(),
        before: side(before),
        after: side(after),
        origin,
    }
}

pub(in crate::report) fn change(
    component: &ComponentId,
    action: Action,
    risk: Risk,
    resource: &str,
    fields: &[&str],
) -> Change {
    Change {
        component: component.clone(),
        resource: ResourceKey::new(resource).unwrap(),
        action,
        risk,
        cause: Cause::Wish,
        fields: fields.iter().map(|text| field(text)).collect(),
        intended: None,
        precondition: Precondition::default(),
    }
}

pub(in crate::report) fn plan(stack: &str, changes: Vec<Change>, holds: Vec<Hold>) -> Plan {
    let step = |(at, change): (usize, &Change)| Step {
        component: change.component.clone(),
        changes: vec![at],
        nature: Nature::IdempotentByName,
        after: after(&changes[..at], &change.component),
        artifact: None,
    };
    // What is only observed has changes and no steps.
    let observed = holds
        .iter()
        .any(|hold| matches!(hold.reason, HoldReason::Observed { .. } | HoldReason::Locked));
    let mut why: BTreeMap<_, _> =
        changes.iter().map(|change| (change.component.clone(), Why::Changed)).collect();
    why.insert(component(stack, "terraform/iam"), Why::Unchanged);
    let effect = Effect {
        scope: scope(),
        stack: StackName::new(stack).unwrap(),
        target: TargetName::new("sandbox").unwrap(),
        inputs: BTreeMap::new(),
        tools: BTreeMap::new(),
        steps: changes.iter().filter(|_| !observed).enumerate().map(step).collect(),
        changes,
    };
    let revision = Revision::Merge {
        pull: PullNumber(42),
        head: commit("4f2a91c07d1e"),
        base: commit("9b3e7d1255aa"),
    };
    Plan::seal(
        effect,
        Envelope {
            revision,
            observed_at: now(),
            holds,
            why,
            health: BTreeMap::new(),
            kept: Vec::new(),
        },
    )
}

/// The changes that a component's come after: what is encrypted waits for its key.
fn after(before: &[Change], id: &ComponentId) -> Vec<usize> {
    const ORDER: [(&str, &str); 2] =
        [("terraform/s3", "terraform/kms"), ("terraform/sqs", "terraform/s3")];
    let name = |id: &ComponentId| format!("{}/{}", id.kind, id.name);
    let waits = |before: &Change| {
        ORDER.iter().any(|(one, on)| (*one, *on) == (&name(id), &name(&before.component)))
    };
    (0..before.len()).filter(|&at| waits(&before[at])).collect()
}

pub(in crate::report) fn not_reviewed() -> Hold {
    let reason = HoldReason::NotReviewed { approvals_needed: 1, approvals: 0, because: None };
    Hold { part: Part::Plan, reason }
}

fn production() -> Plan {
    let id = |name| component(PRODUCTION, name);
    let days = "log_retention_days: 30 -> 90 @ stacks/mixins/accounts/production.yaml:12";
    let legacy = id("terraform/rds-legacy");
    let state = ResourceKey::new("terraform/rds-legacy/instance").unwrap();
    let outcome = Question {
        function: "terraform.output".into(),
        arguments: vec!["vpc".into(), "subnet_ids".into()],
    };
    let mut eks = change(
        &id("terraform/eks"),
        Action::Update,
        Risk::Reversible,
        "terraform/eks/terraform.tfvars.json",
        &[
            days,
            "node_groups.general.max_size: 9 -> 15 @ stacks/deployments/fnx/production/us-west-2/prod-01/overrides/eks.yaml:8",
            "subnet_ids: [\"subnet-1\"] -> \"later\"",
            "secret admin_password: \"canary-before\" -> \"canary-after\"",
        ],
    );
    eks.fields[2].after = Some(Value::computed(Node::Unknown(outcome.into())));
    let mut drifted = change(
        &id("terraform/kms"),
        Action::Update,
        Risk::Reversible,
        "terraform/kms/terraform.tfvars.json",
        &["rotation: false -> true"],
    );
    drifted.cause = Cause::Drift;
    let policy = r#"policy: "{\n  \"Version\": \"2012-10-17\",\n  \"Effect\": \"Allow\",\n  \"Action\": \"s3:*\"\n}" -> "{\n  \"Version\": \"2012-10-17\",\n  \"Effect\": \"Allow\",\n  \"Action\": \"s3:GetObject\"\n}" @ stacks/catalogs/infrastructure/data/s3/production.yaml:21"#;
    plan(
        PRODUCTION,
        vec![
            eks,
            drifted,
            change(
                &legacy,
                Action::Delete,
                Risk::DataLoss,
                state.as_str(),
                &["engine: \"postgres\" -> -", "storage_gb: 500 -> -"],
            ),
            change(
                &id("terraform/s3"),
                Action::Update,
                Risk::Reversible,
                "terraform/s3/terraform.tfvars.json",
                &[days, policy],
            ),
            change(
                &id("terraform/sqs"),
                Action::Create,
                Risk::Reversible,
                "terraform/sqs/terraform.tfvars.json",
                &[
                    "name: - -> \"orders\" @ stacks/catalogs/applications/web-services/shop.yaml:30",
                    "visibility_timeout_s: - -> 30 @ stacks/catalogs/applications/web-services/shop.yaml:31",
                ],
            ),
        ],
        vec![
            not_reviewed(),
            Hold { part: Part::Resource(legacy, state), reason: HoldReason::Protected },
        ],
    )
}

/// One line of a mixin changes five components of two stacks; a database goes; a hub is observed.
pub(in crate::report) fn review() -> Review {
    let days = "log_retention_days: 30 -> 90 @ stacks/mixins/accounts/production.yaml:12";
    let update = |name: &str| {
        let file = format!("{name}/terraform.tfvars.json");
        change(&component(RECOVERY, name), Action::Update, Risk::Reversible, &file, &[days])
    };
    let recovery = plan(
        RECOVERY,
        vec![update("terraform/eks"), update("terraform/s3"), update("terraform/vpc")],
        vec![not_reviewed()],
    );
    let hub = component(HUB, "terraform/transit-gateway");
    let hub = plan(
        HUB,
        vec![change(
            &hub,
            Action::Replace,
            Risk::Disruptive,
            "terraform/transit-gateway/terraform.tfvars.json",
            &[
                "asn: 64512 -> 64513 @ stacks/catalogs/infrastructure/networking/transit-gateway/defaults.yaml:9",
            ],
        )],
        vec![Hold {
            part: Part::Plan,
            reason: HoldReason::Observed {
                by: "`manage: observe` for `core-*` in `isobar.yaml`".to_owned(),
            },
        }],
    );
    let unchanged = plan("fnx-development-us-west-2-testenv-01", Vec::new(), Vec::new());
    let pull = PullReview {
        number: PullNumber(42),
        title: "Keep logs for 90 days".to_owned(),
        head: commit("4f2a91c07d1e"),
        base: commit("9b3e7d1255aa"),
        merged: None,
        earlier: None,
    };
    Review::new(scope(), Some(pull), [production(), recovery, hub, unchanged], Vec::new())
}

/// The text of a manifest, and what is wrong with it.
pub(in crate::report) fn mistakes() -> (Vec<Diagnostic>, BTreeMap<Arc<str>, Arc<str>>) {
    let file: Arc<str> = "stacks/deployments/fnx/production/us-west-2/prod-01/_stack.yaml".into();
    let text = "import:\n  - mixins/tenants/fnx\n  - mixins/acounts/production\n\ncomponents:\n  terraform:\n    eks:\n      vars:\n        size: 3\n        size: 4\n";
    let diagnostics = vec![
        Diagnostic::error(
            Code::ImportNotFound,
            span(&file, 3, 5..30),
            "`mixins/acounts/production` does not exist",
        )
        .hint("write `mixins/accounts/production`"),
        Diagnostic::error(Code::YamlDuplicateKey, span(&file, 10, 9..13), "`size` is there twice")
            .related(span(&file, 9, 9..13), "it was here first"),
        Diagnostic::warning(Code::UnknownKey, Span::file("isobar.yaml"), "nothing reads `freze`"),
    ];
    (diagnostics, BTreeMap::from([(file, text.into())]))
}
