use std::collections::BTreeMap;

use expect_test::expect_file;

use self::fixture::{PRODUCTION, RECOVERY, component, value};
use super::{json, markdown, terminal};
use crate::ids::*;
use crate::model::authority::Authority;
use crate::model::observation::Health;
use crate::model::outcome::*;
use crate::model::path::FieldPath;
use crate::model::plan::{Envelope, Kept};
use crate::model::status::StackStatus;

pub(super) mod fixture;
mod notices;

/// As it would be seen where nothing is coloured.
fn plain(styled: &str) -> String {
    let plain = terminal::unpainted(styled);
    assert_eq!(plain, anstream::adapter::strip_str(styled).to_string());
    plain
}

const FORGE: markdown::Limits =
    markdown::Limits { characters_max: 60_000, folds: true, alerts: true, diagrams: true };

#[test]
fn the_plan_comment() {
    let comment = markdown::comment(&fixture::review(), &FORGE);
    expect_file!["../../tests/golden/report/comment.md"].assert_eq(&comment);
}

/// Where nothing folds and nothing is boxed, the same is said in other words.
#[test]
fn the_plan_comment_on_a_plain_forge() {
    let plain = markdown::Limits { folds: false, alerts: false, ..FORGE };
    let comment = markdown::comment(&fixture::review(), &plain);
    expect_file!["../../tests/golden/report/comment-plain.md"].assert_eq(&comment);
}

#[test]
fn the_comment_about_mistakes() {
    let mut review = fixture::review();
    review.plans.clear();
    review.diagnostics = fixture::mistakes().0;
    let comment = markdown::comment(&review, &FORGE);
    expect_file!["../../tests/golden/report/comment-invalid.md"].assert_eq(&comment);
}

#[test]
fn the_terminal_plan() {
    let styled = terminal::review(&fixture::review());
    expect_file!["../../tests/golden/report/plan.ansi"].assert_eq(&styled);
    expect_file!["../../tests/golden/report/plan.txt"].assert_eq(&plain(&styled));
}

#[test]
fn the_plan_as_json() {
    let json = json::review(&fixture::review());
    let text = serde_json::to_string_pretty(&json).unwrap() + "\n";
    expect_file!["../../tests/golden/report/plan.json"].assert_eq(&text);
}

#[test]
fn what_stays_as_it_is_is_told_everywhere_and_counted_beyond_a_screen() {
    let shown = |count: usize| {
        let mut review = fixture::review();
        let plan = review.plans.remove(0);
        let kept = |at: usize| Kept {
            component: component(PRODUCTION, "helm/shop"),
            resource: ResourceKey::new("ConfigMap/shop/web").unwrap(),
            field: FieldPath::parse(&format!("data.conf{at}")).unwrap(),
        };
        let kept = (0..count).map(kept).collect();
        let envelope = Envelope { kept, ..plan.envelope.clone() };
        review.plans = vec![plan.with_envelope(envelope)];
        let json = json::review(&review)["stacks"][0]["kept"].clone();
        [plain(&terminal::review(&review)), markdown::comment(&review, &FORGE), json.to_string()]
    };
    let [terminal, comment, json] = shown(1);
    let heading = "Kept as it is there, made up by the chart";
    let line = format!("  {heading}\n    ConfigMap/shop/web data.conf0\n\n");
    assert!(terminal.contains(&line), "{terminal}");
    let lines = format!("{heading}:\n- `ConfigMap/shop/web data.conf0`\n\n");
    assert!(comment.contains(&lines), "{comment}");
    assert!(json.contains("\"field\":\"data.conf0\""), "{json}");
    for text in shown(0) {
        assert!(!text.contains(heading) && !text.contains("conf0"), "{text}");
    }
    let [terminal, comment, json] = shown(20);
    assert!(terminal.contains("data.conf19\n") && comment.contains("data.conf19`\n"));
    assert!(!terminal.contains("more field") && json.contains("conf19"));
    let [terminal, comment, json] = shown(21);
    assert!(terminal.contains("    and 1 more field\n") && comment.contains("and 1 more field"));
    assert!(!terminal.contains("conf20") && json.contains("conf20"));
}

#[test]
fn the_diagnostics() {
    let (diagnostics, files) = fixture::mistakes();
    let styled = terminal::diagnostics(&diagnostics, |file| files.get(file).cloned());
    expect_file!["../../tests/golden/report/diagnostics.txt"].assert_eq(&plain(&styled));
}

/// Forty-one fields in two steps; `deviation` is what came out otherwise.
fn outcome(end: StepEnd, deviation: Option<Deviation>) -> Outcome {
    let digest = fixture::review().plans[0].digest();
    let step = |at: usize, name: &str, end: StepEnd, comparison: Comparison| StepOutcome {
        step: at,
        component: component(PRODUCTION, name),
        authority: Some(Authority::Merged { digest, pull: Some(PullNumber(42)) }),
        end,
        comparisons: vec![comparison],
    };
    let comparison = |resource: &str, predicted, deviations| Comparison {
        resource: ResourceKey::new(resource).unwrap(),
        predicted,
        deviations,
    };
    let vpc = comparison("terraform/vpc/terraform.tfvars.json", 40, vec![]);
    let eks = comparison("terraform/eks/terraform.tfvars.json", 1, deviation.into_iter().collect());
    Outcome {
        run: RunId::new("0199-17").unwrap(),
        stack: StackName::new(PRODUCTION).unwrap(),
        digest,
        epoch: Epoch(3),
        ended_at: fixture::now(),
        steps: vec![
            step(0, "terraform/vpc", StepEnd::Done, vpc),
            step(1, "terraform/eks", end, eks),
        ],
    }
}

fn deviation(path: &str, sensitive: bool) -> Deviation {
    Deviation {
        path: FieldPath::parse(path).unwrap(),
        predicted: Some(value(r#""canary-predicted""#)).filter(|_| sensitive).or(Some(value("90"))),
        actual: Some(value(if sensitive { r#""canary-actual""# } else { "30" })),
        sensitive,
    }
}

#[test]
fn the_outcomes() {
    let stale = StepEnd::Stale { why: "`size` was 3 and is 4".to_owned() };
    let lost = StepEnd::Indeterminate { why: "the connection broke".to_owned() };
    let outcomes = [
        outcome(StepEnd::Done, None),
        outcome(StepEnd::Done, Some(deviation("log_retention_days", false))),
        outcome(StepEnd::Done, Some(deviation("password", true))),
        outcome(stale, None),
        outcome(lost, None),
    ];
    let text: Vec<_> = outcomes.iter().map(|one| plain(&terminal::outcome(one))).collect();
    expect_file!["../../tests/golden/report/outcomes.txt"].assert_eq(&text.join("\n"));
    let text: Vec<_> = outcomes.iter().map(markdown::outcome).collect();
    expect_file!["../../tests/golden/report/outcomes.md"].assert_eq(&text.join("\n"));
}

#[test]
fn the_status() {
    let review = fixture::review();
    let mut stacks: Vec<_> = review
        .plans
        .into_iter()
        .map(|plan| StackStatus { plan, health: BTreeMap::new(), last: None })
        .collect();
    let in_sync = fixture::plan("fnx-development-us-west-2-testenv-01", vec![], vec![]);
    let last = Some(outcome(StepEnd::Done, None));
    stacks.push(StackStatus { plan: in_sync, health: BTreeMap::new(), last });
    stacks[1].health = BTreeMap::from([(
        component(RECOVERY, "helm/web-service"),
        Health::Degraded("2 of 3 pods are ready".to_owned()),
    )]);
    let text = plain(&terminal::status(&stacks));
    expect_file!["../../tests/golden/report/status.txt"].assert_eq(&text);
}

/// A mixin says 30, a catalog 60, and the environment wins with 90.
#[test]
fn the_explanation() {
    use crate::model::desired::{Component, Explained, Layer, Listing, Presence, Reach};
    use crate::model::files::{File, Files};
    use crate::model::policy::Reconcile;
    use crate::model::value::{Map, Node, Origin, Value};

    let mut files = Files::default();
    let mut layer = |path: &str, reach: Reach, days: i64| {
        let text = format!("vars:\n  log_retention_days: {days}\n");
        let document = yaml_span::parse_first(text.as_str(), &yaml_span::Limits::DEFAULT).document;
        let vars = document.get(document.root(), "vars").unwrap();
        let node = document.get(vars, "log_retention_days").unwrap().0;
        let file = files.add(File::new(path.into(), document.into()));
        let value = Value { node: Node::Int(days), origin: Origin { file, node } };
        let map: Map = [("log_retention_days".into(), value)].into_iter().collect();
        let value = Value::computed(Node::Map(map));
        let stack = "stacks/deployments/fnx/production/us-west-2/prod-01/_stack.yaml";
        let imports = [stack.into(), path.into()].into();
        Layer { section: "vars".into(), reach, turn: 0, imports, value }
    };
    let base = ComponentName::new("rds/defaults").unwrap();
    let layers = vec![
        layer("stacks/mixins/accounts/production.yaml", Reach::Global, 30),
        layer("stacks/catalogs/infrastructure/data/rds/defaults.yaml", Reach::Base(base), 60),
        layer("stacks/deployments/fnx/production/overrides/rds.yaml", Reach::Own, 90),
    ];
    let days = |layer: &Layer| layer.value.get("log_retention_days").unwrap().clone();
    let said =
        |(at, layer): (usize, &Layer)| Explained { layer: at, value: days(layer), wins: at == 2 };
    let explained: Vec<_> = layers.iter().enumerate().map(said).collect();
    let component = Component {
        at: crate::diagnostic::Span::file("stacks/dev.yaml"),
        id: component(PRODUCTION, "terraform/rds"),
        presence: Presence::Active,
        locked: false,
        code: "rds".into(),
        inheritance: Vec::new(),
        sections: value(r#"{"vars": {"log_retention_days": 90}}"#),
        layers,
        dependencies: Vec::new(),
        questions: Vec::new(),
        undecided: Vec::new(),
        reconcile: Reconcile::default(),
        manifest: "stacks/prod.yaml".into(),
        workspace: "prod".into(),
        listing: Listing::default(),
    };
    let path = FieldPath::parse("vars.log_retention_days").unwrap();
    let text = plain(&terminal::explain(&component, &path, &explained, &files));
    expect_file!["../../tests/golden/report/explain.txt"].assert_eq(&text);
    let json = json::explain(&component, &path, &explained, &files);
    let text = serde_json::to_string_pretty(&json).unwrap() + "\n";
    expect_file!["../../tests/golden/report/explain.json"].assert_eq(&text);
}

/// Whatever is a secret is in none of the surfaces, however much of it they show.
#[test]
fn no_surface_shows_a_secret() {
    let review = fixture::review();
    let outcome = outcome(StepEnd::Done, Some(deviation("password", true)));
    let surfaces = [
        terminal::review(&review),
        markdown::comment(&review, &FORGE),
        json::review(&review).to_string(),
        terminal::outcome(&outcome),
        markdown::outcome(&outcome),
        json::outcome(&outcome).to_string(),
    ];
    let stored = serde_json::to_string(&review.plans).unwrap();
    assert!(stored.contains("canary"), "the plan itself has the canary, or this proves nothing");
    for surface in surfaces {
        assert!(!surface.contains("canary"), "{surface}");
    }
}
