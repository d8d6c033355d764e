use futures_util::FutureExt as _;

use super::*;
use crate::ids::{ComponentName, KindName};
use crate::world::World;

fn component(name: &str) -> ComponentId {
    ComponentId {
        stack: StackName::new("prod").expect("a name"),
        kind: KindName::new("kubernetes").expect("a name"),
        name: ComponentName::new(name).expect("a name"),
    }
}

/// A run with so many steps of each component left.
fn run(left: &[(&str, usize)]) -> Progress {
    let left = left.iter().map(|(name, left)| (component(name), *left)).collect();
    let known = Mutex::new(Known { left, rung: BTreeSet::new() });
    let digest = Digest::of_canonical(b"a plan");
    Progress { stack: StackName::new("prod").expect("a name"), digest, known, bell: Notify::new() }
}

fn ended(name: &str, end: StepEnd) -> StepOutcome {
    let component = component(name);
    StepOutcome { step: 0, component, authority: None, end, comparisons: Vec::new() }
}

/// Whom something has happened to by now, of those that are done.
async fn news(run: &Progress) -> Option<Vec<String>> {
    let world = World::real();
    // Whoever has news gathers more for a moment, and nobody else sleeps.
    run.lock().has_news().then_some(())?;
    let news = run.news(&*world.clock).await;
    Some(news.iter().map(|id| id.name.to_string()).collect())
}

#[tokio::test]
async fn who_is_not_done_is_no_news_until_it_is() {
    let run = run(&[("a", 2), ("b", 1)]);
    run.ring(&component("a"));
    run.ring(&component("b"));
    run.hear(&ended("a", StepEnd::Done));
    assert_eq!(news(&run).await, None);
    run.hear(&ended("b", StepEnd::Done));
    assert_eq!(news(&run).await, Some(vec!["b".to_owned()]));
    run.hear(&ended("a", StepEnd::Done));
    assert_eq!(news(&run).await, Some(vec!["a".to_owned()]));
}

#[tokio::test]
async fn who_is_done_is_news_once_something_happens_to_it() {
    let run = run(&[("a", 1)]);
    run.hear(&ended("a", StepEnd::Done));
    assert_eq!(news(&run).await, None);
    for _ in 0..2 {
        run.ring(&component("a"));
        assert_eq!(news(&run).await, Some(vec!["a".to_owned()]));
        assert_eq!(news(&run).await, None);
    }
    // One that the run has nothing to do with.
    run.ring(&component("z"));
    assert_eq!(news(&run).await, Some(vec!["z".to_owned()]));
}

#[tokio::test]
async fn what_failed_or_waits_is_not_done() {
    let run = run(&[("a", 1)]);
    run.ring(&component("a"));
    run.hear(&ended("a", StepEnd::Failed { why: "it is so".to_owned() }));
    run.hear(&ended("a", StepEnd::Waits { why: "to know".to_owned() }));
    assert_eq!(news(&run).await, None);
}

#[tokio::test]
async fn who_waits_for_news_hears_of_it() {
    let run = run(&[("a", 1)]);
    let world = World::real();
    let mut waiting = Box::pin(run.news(&*world.clock));
    assert!((&mut waiting).now_or_never().is_none());
    run.ring(&component("a"));
    run.hear(&ended("a", StepEnd::Done));
    assert_eq!(waiting.await, BTreeSet::from([component("a")]));
}

#[test]
fn only_runs_that_are_under_way_are_rung_for() {
    let runs = Runs::default();
    let begun = {
        let progress = Arc::new(run(&[]));
        runs.lock().insert(progress.stack.clone(), progress.clone());
        Begun { runs: &runs, progress }
    };
    let progress = begun.progress.clone();
    runs.ring(&BTreeSet::from([component("a")]));
    assert!(progress.lock().has_news());
    progress.lock().news();
    drop(begun);
    runs.ring(&BTreeSet::from([component("a")]));
    assert!(!progress.lock().has_news());
}
