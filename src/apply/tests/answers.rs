//! What is called once it is there waits for what is to answer.

use super::*;

/// That the resource `caller` is made once `a.yaml` of the component `a` does well.
fn answered_by_a(caller: &str) -> Answers {
    let answering = BTreeMap::from([(key("a.yaml"), component("a"))]);
    Answers::from([(key(caller), answering)])
}

#[tokio::test]
async fn after_a_crash_what_is_to_answer_is_looked_at_again() {
    for (gone, ends_so) in [(false, ["done", "done", "done"]), (true, ["done", "waits", "done"])] {
        let mut bed = Bed::new().await;
        bed.answers = answered_by_a("b.yaml");
        let changes = vec![create("a.yaml"), create("b.yaml"), create("c.yaml")];
        let made = plan(changes, &[(1, 0)]);
        assert_eq!(crash(&bed, &made, Point::OutcomeAfter, 1).await, None, "{gone}");
        if gone {
            fs::remove_file(bed.path("a.yaml")).unwrap();
        }
        let outcome = bed.recover().await.unwrap();
        assert_eq!(ends(&outcome), ends_so, "{gone}");
        if gone {
            assert_eq!(why(&outcome, 1), "until a.yaml does well: missing");
            assert_eq!(bed.text("b.yaml"), None);
        }
        bed.settled().await;
    }
}

/// What is there is changed, whatever answers: that may be what it takes.
#[tokio::test]
async fn what_is_there_already_waits_for_no_answer() {
    let mut bed = Bed::new().await;
    bed.apply(&plan(vec![create("a.yaml"), create("b.yaml")], &[])).await;
    bed.answers = answered_by_a("b.yaml");
    let (old, new) = (json!({ "name": "b.yaml" }), json!({ "name": "other" }));
    let changed = change(Action::Update, "b.yaml", Some(&old), Some(&new));
    let made = plan(vec![create("c.yaml"), changed], &[(1, 0)]);
    assert_eq!(crash(&bed, &made, Point::OutcomeAfter, 1).await, None);
    fs::remove_file(bed.path("a.yaml")).unwrap();
    let outcome = bed.recover().await.unwrap();
    assert!(!ends(&outcome).contains(&"waits"), "{:?}", ends(&outcome));
}

/// What is held when the run begins waits as what does not do well while it lasts: the yes that let the
/// rest begin covers it.
#[tokio::test]
async fn what_is_held_until_others_do_well_waits_beside_what_begins() {
    let waits_for = |resource: Option<&str>| HoldReason::Unwell {
        on: component("c"),
        resource: resource.map(key),
        why: "progressing: 1 of 2".to_owned(),
        progressing: true,
    };
    let part = Part::Resource(component("a"), key("b.yaml"));
    let other = HoldReason::Refused { why: "no".to_owned() };
    for (reason, end, told) in [
        (waits_for(Some("c.yaml")), "waits", "until c.yaml does well: progressing: 1 of 2"),
        (waits_for(None), "waits", "until kubernetes/c does well: progressing: 1 of 2"),
        (other, "not started", "it is held"),
    ] {
        let bed = Bed::new().await;
        let made = plan(vec![create("a.yaml"), create("b.yaml")], &[]);
        let holds = vec![Hold { part: part.clone(), reason }];
        let envelope = Envelope { holds, ..made.envelope.clone() };
        let outcome = bed.apply(&made.with_envelope(envelope)).await;
        assert_eq!(ends(&outcome), ["done", end]);
        assert_eq!(why(&outcome, 1), told);
        assert_eq!(bed.text("b.yaml"), None);
    }
}
