//! What is completed, and what is left to people.

use std::sync::Arc;

use super::ownership;
use crate::ids::{Epoch, StackName};
use crate::model::inventory::Mark;
use crate::model::observation::{Observed, Seen};
use crate::plan::tests::fixture::{World, body, id, key, world};

/// What would be completed: `name marked? applied? kept?`.
fn said(world: &World) -> Vec<String> {
    let amends = ownership(&world.input());
    let entry = |(key, owned): (&crate::ids::ResourceKey, &Arc<crate::model::inventory::Owned>)| {
        let applied = if owned.applied.is_some() { " applied" } else { "" };
        let kept = if owned.kept { " kept" } else { "" };
        format!("{key}{applied}{kept}")
    };
    let mut said: Vec<_> = amends.entries.iter().map(entry).collect();
    said.push(format!("{} marked", amends.marked));
    said
}

fn lose_mark(world: &mut World) {
    world.mark = Some(Mark::empty(world.scope.clone(), world.target.clone()));
    // The objects themselves say nothing either.
    for observed in world.observed.values_mut() {
        let Observed::Complete(observation) = observed else { continue };
        for seen in observation.resources.values_mut() {
            if let Seen::Compared(both) = seen {
                both.owner = crate::model::observation::Owner::Nobody;
            }
        }
    }
}

const TWO: &str = "
    component vpc
    vpc wants a.json {\"x\": 1}
    vpc has a.json {\"x\": 1}
    old has b.json {\"y\": 1}
";

#[test]
fn what_agrees_is_left_alone() {
    assert_eq!(said(&world(TWO)), ["0 marked"]);
}

#[test]
fn a_lost_mark_is_written_anew_for_what_is_as_it_was_applied() {
    let mut lost = world(TWO);
    lose_mark(&mut lost);
    assert_eq!(said(&lost), ["a.json applied", "b.json applied", "2 marked"]);
    let mut changed = world(&format!("{TWO} old was b.json {{\"y\": 0}}"));
    lose_mark(&mut changed);
    assert_eq!(said(&changed), ["a.json applied", "1 marked"]);
}

#[test]
fn an_entry_that_a_mark_lacks_since_it_was_kept_stays_out() {
    let mut taken_out = world(TWO);
    lose_mark(&mut taken_out);
    let stack = StackName::new("prod").unwrap();
    let mark = taken_out.mark.as_mut().unwrap();
    mark.epochs.insert(stack.clone(), Epoch(9));
    mark.since.insert(stack.clone(), Epoch(1));
    assert_eq!(said(&taken_out), ["0 marked"], "the mark was there when it was applied");
    taken_out.mark.as_mut().unwrap().since.insert(stack, Epoch(2));
    assert_eq!(said(&taken_out), ["a.json applied", "b.json applied", "2 marked"]);
}

#[test]
fn what_is_only_observed_is_not_marked() {
    let mut observed = world(&format!("manage observe\n{TWO}"));
    lose_mark(&mut observed);
    assert_eq!(said(&observed), ["0 marked"]);
    observed.mark = None;
    assert_eq!(said(&observed), ["0 marked"]);
}

#[test]
fn a_mark_that_says_it_is_somebody_elses_is_believed() {
    let mut lost = world(TWO);
    let marked = lost.mark.as_mut().unwrap().resources.get_mut(&key("a.json")).unwrap();
    Arc::make_mut(marked).component = id("other");
    Arc::make_mut(lost.owned.get_mut(&key("a.json")).unwrap()).applied = None;
    assert_eq!(said(&lost), ["0 marked"]);
}

#[test]
fn an_effect_that_nobody_wrote_down_is() {
    let mut interrupted = world(TWO);
    let mark = interrupted.mark.as_mut().unwrap();
    for owned in interrupted.owned.values_mut().chain(mark.resources.values_mut()) {
        Arc::make_mut(owned).applied = None;
    }
    assert_eq!(said(&interrupted), ["a.json applied", "0 marked"], "nobody wants b.json");
    let wanted = body("{\"x\": 1}").content_id();
    let amends = ownership(&interrupted.input());
    assert_eq!(amends.entries[&key("a.json")].applied, Some(wanted));
    let mut other = world("component vpc\nvpc wants a.json {\"x\": 2}\nvpc has a.json {\"x\": 1}");
    Arc::make_mut(other.owned.get_mut(&key("a.json")).unwrap()).applied = None;
    assert_eq!(said(&other), ["a.json applied", "0 marked"], "the mark knows");
    let mark = other.mark.as_mut().unwrap();
    Arc::make_mut(mark.resources.get_mut(&key("a.json")).unwrap()).applied = None;
    assert_eq!(said(&other), ["0 marked"], "it is not what is wanted");
}

#[test]
fn whether_a_resource_outlives_its_component_is_taken_down() {
    let keeps = "component vpc keep-all\nvpc wants a.json {}\nvpc has a.json {}";
    assert_eq!(said(&world(keeps)), ["a.json applied kept", "0 marked"]);
    let kept = "component vpc kept\nvpc wants a.json {}\nvpc has a.json {}";
    assert_eq!(said(&world(kept)), ["a.json applied", "0 marked"], "it says otherwise by now");
    assert_eq!(said(&world("old kept\nold has b.json {}")), ["0 marked"], "nobody says otherwise");
}
