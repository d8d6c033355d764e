//! How long and how often a step is tried.

use super::*;

#[tokio::test]
async fn a_step_that_takes_too_long_is_indeterminate_and_stays_owned() {
    let mut bed = Bed::new().await;
    let patience = Patience { timeout: Duration::from_millis(200), attempts_max: 3 };
    bed.patience.insert(component("a"), patience);
    let world = world_at(Point::EffectHalf, |reached| reached == 1);
    let outcome = bed.apply_in(&world, &plan(vec![create("a.yaml")], &[])).await.unwrap();
    assert_eq!(ends(&outcome), ["indeterminate"]);
    let owned = bed.inventory().await;
    assert_eq!(owned[&key("a.yaml")].applied, None);
}

#[tokio::test]
async fn what_a_resource_says_of_itself_counts_before_its_component() {
    let bed = Bed::new().await;
    let world = world_at(Point::EffectHalf, |reached| reached == 1);
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "a", "annotations": { "isobar.dev/timeout": "1s" } },
    });
    let change = change(Action::Create, "a.yaml", None, Some(&object));
    let outcome = bed.apply_in(&world, &plan(vec![change], &[])).await.unwrap();
    let end = &outcome.steps[0].end;
    assert!(
        matches!(end, StepEnd::Indeterminate { why } if why.contains("longer than 1 s")),
        "{end:?}"
    );
}

#[tokio::test]
async fn only_a_step_that_certainly_did_not_happen_is_tried_again() {
    let bed = Bed::new().await;
    let lock = bed.path(".isobar/lock");
    let held = std::sync::Mutex::new(None);
    let world = world_at(Point::EffectBefore, move |_| {
        let mut held = held.lock().unwrap();
        // The first attempt finds the folder locked, the second finds it free.
        if held.take().is_none() {
            let file = fs::File::open(&lock).unwrap();
            file.try_lock().unwrap();
            *held = Some(file);
        }
        false
    });
    let outcome = bed.apply_in(&world, &plan(vec![create("a.yaml")], &[])).await.unwrap();
    assert!(outcome.is_done(), "{outcome:?}");
}

#[test]
fn waits_double_up_to_a_bound() {
    use super::step::backoff;
    let seconds = |attempt| backoff(attempt, 1.0).as_secs_f64();
    assert_eq!([1, 2, 3, 7, 8, 99].map(seconds), [0.5, 1.0, 2.0, 30.0, 30.0, 30.0]);
    assert_eq!(backoff(3, 0.0), Duration::ZERO);
}
