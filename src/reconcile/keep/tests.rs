use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;

use super::*;
use crate::ids::{ComponentName, KindName, TargetName};

const USUAL: Duration = Duration::from_secs(60);

fn stack(name: &str) -> StackName {
    StackName::new(name).unwrap()
}

fn to(name: &str, components: &[&str]) -> Happened {
    let id = |component: &&str| ComponentId {
        stack: stack(name),
        kind: KindName::new("kubernetes").unwrap(),
        name: ComponentName::new(*component).unwrap(),
    };
    Happened::To(components.iter().map(id).collect())
}

fn some(stacks: &[(&str, Happened)], waiting: bool) -> News {
    let mut news = News::Some { stacks: BTreeMap::new(), waiting };
    stacks.iter().for_each(|(name, happened)| news.add(stack(name), happened.clone()));
    news
}

/// One that keeps these stacks, of which `true_ones` were as they should be at the last look.
fn state(true_ones: &[&str]) -> State {
    let mut agenda = Agenda::default();
    for name in true_ones {
        agenda.put(stack(name), Duration::ZERO, None, USUAL);
    }
    State {
        current: watch::channel(None).1,
        stirred: (watch::channel(0).1, 0),
        news: News::nothing(),
        failures: 0,
        agenda,
        begun: BTreeMap::new(),
    }
}

fn begun(state: &mut State, names: &[&str], news: &News, now: u64) -> Vec<(String, Happened)> {
    let stacks = names.iter().map(|name| (stack(name), Left::default())).collect();
    let begun = state.begin(stacks, news, Duration::from_secs(now));
    begun.into_iter().map(|(name, _, happened)| (name.to_string(), happened)).collect()
}

#[test]
fn what_happens_to_components_adds_up_and_is_not_more_than_all() {
    let mut all = Happened::default();
    all.add(Happened::Nothing);
    assert_eq!(all, Happened::Nothing);
    all.add(to("a", &["web"]));
    all.add(to("a", &["db"]));
    assert_eq!(all, to("a", &["db", "web"]));
    all.add(Happened::Nothing);
    assert_eq!(all, to("a", &["db", "web"]));
    all.add(Happened::ToAny);
    all.add(to("a", &["web"]));
    assert_eq!(all, Happened::ToAny);
}

#[test]
fn of_a_stack_that_is_true_only_that_is_looked_at_to_which_something_has_happened() {
    let news = some(&[("a", to("a", &["web"]))], false);
    assert_eq!(
        begun(&mut state(&["a", "b"]), &["a", "b"], &news, 1),
        [("a".to_owned(), to("a", &["web"]))]
    );
    // One that was not as it should be is looked at whole, and whenever something happens.
    assert_eq!(
        begun(&mut state(&[]), &["a", "b"], &news, 1),
        [("a".to_owned(), Happened::ToAny), ("b".to_owned(), Happened::ToAny)]
    );
    // So is one whose time has come.
    assert_eq!(begun(&mut state(&["a"]), &["a"], &news, 60), [("a".to_owned(), Happened::ToAny)]);
    // A new snapshot regards everything.
    assert_eq!(
        begun(&mut state(&["a"]), &["a"], &News::All, 1),
        [("a".to_owned(), Happened::ToAny)]
    );
}

#[test]
fn a_stack_that_leaves_something_behind_is_looked_at_whole() {
    let news = some(&[("a", to("a", &["web"]))], false);
    let left = Left::from([TargetName::new("old").unwrap()]);
    let begun = state(&["a"]).begin([(stack("a"), left)].into(), &news, Duration::from_secs(1));
    assert_eq!(begun[0].2, Happened::ToAny);
}

#[test]
fn what_happens_to_a_stack_that_is_busy_comes_when_it_is_free() {
    let mut state = state(&["a", "b"]);
    for (name, waiting, after) in [
        ("web", false, to("a", &["web"])),
        ("db", false, to("a", &["db", "web"])),
        ("db", true, Happened::ToAny),
    ] {
        let news = some(&[("a", to("a", &[name]))], waiting);
        state.begun.entry(stack("a")).or_default();
        assert_eq!(begun(&mut state, &["a", "b"], &news, 1), []);
        assert_eq!(state.begun[&stack("a")], after);
    }
    // One that is true waits for nothing that others tell.
    assert_eq!(
        begun(&mut state, &["b"], &some(&[("b", to("b", &["web"]))], true), 1),
        [("b".to_owned(), to("b", &["web"]))]
    );
}
