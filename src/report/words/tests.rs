use std::collections::BTreeSet;

use super::*;
use crate::ids::ResourceKey;
use crate::model::plan::{Hold, HoldReason, Part};
use crate::report::tests::fixture;

#[test]
fn counts_say_what_takes_away_first() {
    let review = fixture::review();
    let all = review.plans.iter().flat_map(|plan| &plan.effect().changes);
    assert_eq!(counts(all), "1 delete, 1 replace, 6 update, 1 create");
    assert_eq!(counts([]), "no changes");
}

#[test]
fn one_is_never_several() {
    assert_eq!(several(1, "message"), "1 message");
    assert_eq!(several(0, "message"), "0 messages");
    assert_eq!(several(1, "repository"), "1 repository");
    assert_eq!(several(2, "repository"), "2 repositories");
}

#[test]
fn a_command_is_safe_to_paste() {
    let review = fixture::review();
    let plan = &review.plans[0];
    let hostile = ["a b", "$(reboot)", "it's", "--flag", "a;b", "ä"];
    for name in hostile {
        let command = approve(plan, [&ResourceKey::new(name).unwrap()]);
        let quoted = format!("'{}'", name.replace('\'', r"'\''"));
        assert!(command.ends_with(&format!(" --allow-delete {quoted}")), "{command}");
    }
    let command = approve(plan, [&ResourceKey::new("terraform/vpc/a.json").unwrap()]);
    assert!(command.ends_with(" --allow-delete terraform/vpc/a.json"), "{command}");
}

/// Every reason has a sentence, and none of them ends with a full stop: reports put more behind.
#[test]
fn every_reason_is_said() {
    let id = fixture::component(fixture::HUB, "terraform/vpc");
    let text = || "text".to_owned();
    let reasons = [
        HoldReason::NotReviewed { approvals_needed: 0, approvals: 0, because: None },
        HoldReason::NotReviewed { approvals_needed: 2, approvals: 1, because: None },
        HoldReason::NotReviewed { approvals_needed: 1, approvals: 1, because: None },
        HoldReason::Observed { by: text() },
        HoldReason::Locked,
        HoldReason::Unknown { questions: vec![text()] },
        HoldReason::Dependency { on: id.clone() },
        HoldReason::Unwell {
            on: id.clone(),
            resource: None,
            why: "degraded: x".to_owned(),
            progressing: false,
        },
        HoldReason::MassDelete { deletes: 20, deletes_max: 10 },
        HoldReason::Protected,
        HoldReason::Unreadable { why: text() },
        HoldReason::Ambiguous { why: text() },
        HoldReason::Foreign { owner: text() },
        HoldReason::Claimed { by: id },
        HoldReason::Unresolved { codes: vec![text()] },
        HoldReason::NotProvenGone { missing: text() },
        HoldReason::Freeze { why: text(), until: fixture::now() },
        HoldReason::Audit { finding: text() },
    ];
    let said: BTreeSet<_> = reasons.iter().map(reason).collect();
    assert_eq!(said.len(), reasons.len(), "{said:?}");
    assert!(said.iter().all(|text| !text.ends_with('.') && !text.contains('\n')));
}

#[test]
fn a_verdict_is_the_worst_of_what_is_true() {
    let hold = |reason| Hold { part: Part::Plan, reason };
    let change = || {
        let id = fixture::component(fixture::HUB, "terraform/vpc");
        fixture::change(&id, Action::Create, Risk::Reversible, "a", &["a: - -> 1"])
    };
    let of = |holds| Verdict::of_plan(&fixture::plan(fixture::HUB, vec![change()], holds));
    let reviewed = HoldReason::NotReviewed { approvals_needed: 1, approvals: 1, because: None };
    assert_eq!(of(vec![]), Verdict::Ready);
    assert_eq!(of(vec![hold(reviewed)]), Verdict::Approved);
    assert_eq!(of(vec![fixture::not_reviewed()]), Verdict::NeedsApproval);
    assert_eq!(of(vec![fixture::not_reviewed(), hold(HoldReason::Protected)]), Verdict::Held);
    let unresolved = HoldReason::Unresolved { codes: vec![] };
    assert_eq!(of(vec![hold(HoldReason::Protected), hold(unresolved)]), Verdict::Invalid);
    assert_eq!(Verdict::of_plan(&fixture::plan(fixture::HUB, vec![], vec![])), Verdict::NoEffect);
    assert_eq!(of(vec![hold(HoldReason::Locked)]), Verdict::Observed);
}
