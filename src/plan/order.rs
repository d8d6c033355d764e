//! In which portions and order changes happen.
//!
//! What is made comes before what needs it; what goes comes last, and before what it needed.

use std::collections::{BTreeMap, BTreeSet};

use super::PlanInput;
use super::needs::{self, Before};
use crate::ids::ComponentId;
use crate::model::change::{Action, Change};
use crate::model::plan::{Nature, Step};

/// The steps, each behind all that has to be done before it.
pub(super) fn steps(input: &PlanInput<'_>, changes: &[Change]) -> Vec<Step> {
    let ranks = ranks(input, changes);
    let mut portions = portions(input, changes);
    portions.sort_by_cached_key(|portion| {
        let rank = ranks[portion.component];
        let rank = if portion.goes { usize::MAX - rank } else { rank };
        (portion.goes, rank, portion.component, portion.changes[0])
    });
    let map = Map::of(&portions);
    let mut before: Before =
        portions.iter().enumerate().map(|(at, portion)| map.before(input, at, portion)).collect();
    let makes: Vec<_> = portions.iter().map(Portion::makes).collect();
    needs::add(input, changes, &makes, &mut before);
    let order = needs::sorted(&before);
    let mut place = vec![0; order.len()];
    order.iter().enumerate().for_each(|(at, &from)| place[from] = at);
    let step = |&from: &usize| {
        let portion = &portions[from];
        let mut after: Vec<_> = before[from].iter().map(|&other| place[other]).collect();
        after.sort_unstable();
        Step {
            component: portion.component.clone(),
            nature: portion.nature(changes),
            artifact: match portion.sealed {
                true => input.observation(portion.component).and_then(|o| o.artifact.clone()),
                false => None,
            },
            changes: portion.changes.clone(),
            after,
        }
    };
    order.iter().map(step).collect()
}

/// How many components come before each, along the longest way. A ring, which resolving reports,
/// is cut where it closes.
fn ranks(input: &PlanInput<'_>, changes: &[Change]) -> BTreeMap<ComponentId, usize> {
    fn rank(
        input: &PlanInput<'_>,
        id: &ComponentId,
        way: &mut BTreeSet<ComponentId>,
        ranks: &mut BTreeMap<ComponentId, usize>,
    ) -> usize {
        if let Some(rank) = ranks.get(id) {
            return *rank;
        }
        if !way.insert(id.clone()) {
            return 0;
        }
        let below = input.stack.dependencies(id);
        let below = below.map(|on| rank(input, on, way, ranks) + 1).max().unwrap_or(0);
        way.remove(id);
        ranks.insert(id.clone(), below);
        below
    }
    let mut ranks = BTreeMap::new();
    for change in changes {
        rank(input, &change.component, &mut BTreeSet::new(), &mut ranks);
    }
    ranks
}

/// What is journalled and applied as a whole.
struct Portion<'a> {
    component: &'a ComponentId,
    changes: Vec<usize>,
    /// Whether it only takes away.
    goes: bool,
    /// Whether a tool has sealed it.
    sealed: bool,
}

impl Portion<'_> {
    /// Its changes, if it makes something.
    fn makes(&self) -> Option<&[usize]> {
        (!self.goes).then_some(&self.changes)
    }

    fn nature(&self, changes: &[Change]) -> Nature {
        let replaces = || self.changes.iter().any(|&at| changes[at].action == Action::Replace);
        match self.sealed {
            true => Nature::IndeterminateAfterCrash,
            false if replaces() => Nature::ObserveBeforeRetry,
            false => Nature::IdempotentByName,
        }
    }
}

/// A set that a tool has sealed is one portion; everything else is applied change by change. What
/// is kept, or only observed, is in none.
fn portions<'a>(input: &PlanInput<'_>, changes: &'a [Change]) -> Vec<Portion<'a>> {
    let mut portions: Vec<Portion<'a>> = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        let component = &change.component;
        let goes = matches!(change.action, Action::Delete | Action::Forget);
        let sealed = change.action.touches_target()
            && input.observation(component).is_some_and(|o| o.artifact.is_some());
        let open = portions.iter_mut().rfind(|p| sealed && p.sealed && p.component == component);
        match open {
            _ if change.action == Action::Keep || !input.acts_on(component) => {}
            Some(portion) => {
                portion.changes.push(at);
                portion.goes &= goes;
            }
            None => portions.push(Portion { component, changes: vec![at], goes, sealed }),
        }
    }
    portions
}

/// Which portions a component has.
struct Map<'a> {
    makes: BTreeMap<&'a ComponentId, Vec<usize>>,
    goes: BTreeMap<&'a ComponentId, Vec<usize>>,
}

impl<'a> Map<'a> {
    fn of(portions: &[Portion<'a>]) -> Self {
        let mut map = Self { makes: BTreeMap::new(), goes: BTreeMap::new() };
        for (at, portion) in portions.iter().enumerate() {
            let side = if portion.goes { &mut map.goes } else { &mut map.makes };
            side.entry(portion.component).or_default().push(at);
        }
        map
    }

    /// The dependencies that make something, with nothing between that does.
    fn nearest(&self, input: &PlanInput<'_>, id: &ComponentId) -> BTreeSet<ComponentId> {
        let (mut seen, mut found) = (BTreeSet::from([id.clone()]), BTreeSet::new());
        let mut open: Vec<_> = input.stack.dependencies(id).cloned().collect();
        while let Some(next) = open.pop() {
            if !seen.insert(next.clone()) {
                continue;
            }
            match self.makes.contains_key(&next) {
                true => drop(found.insert(next)),
                false => open.extend(input.stack.dependencies(&next).cloned()),
            }
        }
        found
    }

    /// The portions that have to be done before the one at `at`; all stand before it.
    fn before(&self, input: &PlanInput<'_>, at: usize, portion: &Portion<'_>) -> BTreeSet<usize> {
        let mut before: BTreeSet<usize> = BTreeSet::new();
        let mut add = |side: &BTreeMap<&ComponentId, Vec<usize>>, id: &ComponentId| {
            before.extend(side.get(id).into_iter().flatten().filter(|other| **other < at));
        };
        let id = portion.component;
        match (portion.goes, input.component(id)) {
            (false, _) => {
                self.nearest(input, id).iter().for_each(|on| add(&self.makes, on));
            }
            (true, Some(_)) => {
                add(&self.makes, id);
                let dependents = input.stack.components.values().map(|component| &component.id);
                for dependent in dependents.filter(|d| input.stack.all_dependencies(d).contains(id))
                {
                    add(&self.makes, dependent);
                    add(&self.goes, dependent);
                }
            }
            // Nobody knows any more what needed it: it goes when everything that is going to be
            // made or changed is.
            (true, None) => self.makes.keys().for_each(|id| add(&self.makes, id)),
        }
        before
    }
}
