//! What resources' own places are told.

use super::fixture::{PRODUCTION, change, component, now, plan, review};
use crate::ids::{Epoch, ResourceKey, RunId, StackName};
use crate::model::change::{Action, Cause, Risk};
use crate::model::notice::{About, Notice, Reason};
use crate::model::observation::Health;
use crate::model::outcome::{Outcome, StepEnd, StepOutcome};
use crate::model::plan::{Hold, HoldReason, Part, Plan, Why};
use crate::report::notices::{Ill, NOTICES_MAX, of_plan, of_run};

fn outcome(plan: &Plan, end: impl Fn(usize) -> StepEnd) -> Outcome {
    let steps = plan.effect().steps.iter().enumerate().map(|(at, step)| StepOutcome {
        step: at,
        component: step.component.clone(),
        authority: None,
        end: end(at),
        comparisons: Vec::new(),
    });
    Outcome {
        run: RunId::new("run").unwrap(),
        stack: plan.effect().stack.clone(),
        digest: plan.digest(),
        epoch: Epoch(1),
        ended_at: now(),
        steps: steps.collect(),
    }
}

fn shown(all: &[Notice]) -> String {
    let line = |notice: &Notice| {
        let about = match &notice.about {
            About::Resource(_, key, _) => key.to_string(),
            About::Stack(stack) => format!("stack {stack}"),
        };
        format!("{} {about}: {}\n", notice.reason.word(), notice.note)
    };
    all.iter().map(line).collect()
}

#[test]
fn a_run_is_told_by_what_it_changed_and_never_with_a_value() {
    let review = review();
    let plan = review.plans.iter().find(|plan| plan.effect().stack.as_str() == PRODUCTION).unwrap();
    let refused = || StepEnd::Failed { why: "the target says no".to_owned() };
    let told = of_run(plan, &outcome(plan, |at| if at == 3 { refused() } else { StepEnd::Done }));
    expect_test::expect![[r#"
        Failed terraform/s3/terraform.tfvars.json: update at commit 4f2a91c0 onto 9b3e7d12 (#42): the target says no
        Corrected terraform/kms/terraform.tfvars.json: put back as it is at commit 4f2a91c0 onto 9b3e7d12 (#42): `rotation`
        Deleted terraform/rds-legacy/instance: it is not wanted at commit 4f2a91c0 onto 9b3e7d12 (#42)
        Updated terraform/eks/terraform.tfvars.json: made what it is at commit 4f2a91c0 onto 9b3e7d12 (#42): `log_retention_days`, `node_groups.general.max_size`, `subnet_ids`, `admin_password`
        Incomplete stack fnx-production-us-west-2-prod-01: fnx-production-us-west-2-prod-01: 4 of 5 steps done, at commit 4f2a91c0 onto 9b3e7d12 (#42)
    "#]].assert_eq(&shown(&told));
    for value in ["canary", "postgres", "s3:GetObject", "90"] {
        assert!(!shown(&told).contains(value), "{value}");
    }
}

#[test]
fn who_wrote_what_was_put_back_is_named() {
    let id = component("prod", "kubernetes/shop");
    let fields = ["data.a: \"b\" -> \"c\"", "data.d: \"e\" -> \"f\"", "data.g: \"h\" -> \"i\""];
    let mut drift = change(&id, Action::Update, Risk::Reversible, "ConfigMap/shop/one", &fields);
    drift.cause = Cause::Drift;
    drift.precondition.uid = Some("a-uid".to_owned());
    drift.fields[0].writer = Some("kubectl-edit".to_owned());
    drift.fields[2].writer = Some("kubectl-edit".to_owned());
    let plan = plan("prod", vec![drift], Vec::new());
    let told = of_run(&plan, &outcome(&plan, |_| StepEnd::Done));
    expect_test::expect![[r#"
        Corrected ConfigMap/shop/one: put back as it is at commit 4f2a91c0 onto 9b3e7d12 (#42): `data.d`; `data.a`, `data.g`, written by kubectl-edit
        Applied stack prod: prod: 1 of 1 step done, at commit 4f2a91c0 onto 9b3e7d12 (#42)
    "#]].assert_eq(&shown(&told));
    let key = ResourceKey::new("ConfigMap/shop/one").unwrap();
    assert_eq!(told[0].about, About::Resource(id, key, Some("a-uid".to_owned())));
}

#[test]
fn a_first_apply_of_hundreds_is_told_once_and_a_change_of_all_a_hundred_times() {
    let id = component("prod", "kubernetes/shop");
    let all = |action: &Action| {
        let one = |at: usize| {
            let key = format!("ConfigMap/shop/c{at:04}");
            change(&id, action.clone(), Risk::Reversible, &key, &["data.a: \"b\" -> \"c\""])
        };
        plan("prod", (0..400).map(one).collect(), Vec::new())
    };
    let done = |plan: &Plan| of_run(plan, &outcome(plan, |_| StepEnd::Done));
    let created = done(&all(&Action::Create));
    assert_eq!(created.len(), 1);
    assert_eq!(created[0].about, About::Stack(StackName::new("prod").unwrap()));
    let updated = done(&all(&Action::Update));
    assert_eq!(updated.len(), NOTICES_MAX + 1);
    let last = &updated[NOTICES_MAX].note;
    assert!(last.ends_with("; 300 changes not told one by one"), "{last}");
    // What went wrong is told before what went well.
    let plan = all(&Action::Update);
    let wrong = StepEnd::Failed { why: "no".to_owned() };
    let end = |at| if at == 399 { wrong.clone() } else { StepEnd::Done };
    assert_eq!(of_run(&plan, &outcome(&plan, end))[0].reason, Reason::Failed);
}

#[test]
fn a_turn_is_told_once() {
    let id = component("prod", "kubernetes/shop");
    let key = ResourceKey::new("ConfigMap/shop/bad").unwrap();
    let refused = HoldReason::Refused { why: "no such field".to_owned() };
    let hold = Hold { part: Part::Resource(id.clone(), key), reason: refused };
    let with = |health: Option<Health>, holds: Vec<Hold>| {
        let mut plan = plan("prod", Vec::new(), holds);
        plan.envelope.why.insert(id.clone(), Why::Unchanged);
        plan.envelope.health.extend(health.map(|health| (id.clone(), health)));
        plan
    };
    let degraded = || Some(Health::Degraded("Deployment.apps/shop/web: it is late".to_owned()));
    let getting_there = || Some(Health::Progressing("Deployment.apps/shop/web: 1 of 2".to_owned()));
    let mut known = Ill::new();
    let mut told = |last: Option<&Plan>, now: &Plan| {
        shown(&of_plan(last.map(|last| &last.envelope), now, &mut known))
    };
    let (well, ill) = (with(None, Vec::new()), with(degraded(), Vec::new()));
    let (bad, better) = (with(degraded(), vec![hold]), with(getting_there(), Vec::new()));
    expect_test::expect![[r#"
        Refused ConfigMap/shop/bad: refused at commit 4f2a91c0 onto 9b3e7d12 (#42): no such field
        Degraded Deployment.apps/shop/web: degraded at commit 4f2a91c0 onto 9b3e7d12 (#42): it is late
    "#]]
    .assert_eq(&told(None, &bad));
    assert_eq!(told(Some(&bad), &bad), "");
    assert_eq!(told(Some(&bad), &ill), "", "what is no longer refused goes on");
    assert_eq!(told(Some(&ill), &better), "", "it is not there yet");
    let again = "Recovered Deployment.apps/shop/web: does well again, at commit 4f2a91c0 onto \
        9b3e7d12 (#42)\n";
    assert_eq!(told(Some(&better), &well), again);
    assert_eq!(told(Some(&well), &well), "");
    assert_eq!(told(None, &well), "");
    // Another process goes by what is remembered.
    assert_eq!(shown(&of_plan(Some(&ill.envelope), &well, &mut Ill::new())), again);
}
