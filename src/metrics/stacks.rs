//! What every stack was like when it was last planned. What is gone has no series any more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::book::{Book, Kind, Labels, write};
use crate::ids::{ComponentName, KindName, RepositoryName, ResourceKey, StackName, TargetName};

/// Components with a series of their own: some 200 bytes each, so 2 MB for each scrape. Those that
/// are not ready come first.
pub const COMPONENTS_MAX: usize = 10_000;

/// What one stack is like in one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StackState {
    /// Its components, each with a word for how it is, and whether that is as it should be.
    pub components: BTreeMap<(KindName, ComponentName), (&'static str, bool)>,
    /// The resources that have left what was last applied.
    pub drifted: BTreeSet<ResourceKey>,
    /// Whether its plan waits for somebody's yes.
    pub waits: bool,
}

type Key = (RepositoryName, StackName, TargetName);
type States = BTreeMap<Key, StackState>;

#[derive(Debug, Default)]
pub(super) struct Stacks(Mutex<States>);

#[derive(Debug)]
struct Gathered(Arc<Stacks>);

const READY: &str = "isobar_component_ready";
const READY_HELP: &str = "1: the component is as it should be and does well; 0: it is not. `state` \
    is `ready`, `suspended`, `changing`, `held`, `progressing`, `degraded`, `missing` or `unknown`.";
const READY_LABELS: [&str; 6] = ["repository", "target", "stack", "kind", "component", "state"];

const ALL: &str = "isobar_components";
const ALL_HELP: &str = "Components by their state: all of them, however many there are.";
const ALL_LABELS: [&str; 3] = ["repository", "target", "state"];

const LEFT_OUT: &str = "isobar_components_left_out";
const LEFT_OUT_HELP: &str =
    "Components that have no series of their own, because there are more than 10,000.";

const DRIFTED: &str = "isobar_drifted_resources";
const DRIFTED_HELP: &str = "Resources that have left what was last applied and are not put back.";

const WAITING: &str = "isobar_plans_waiting";
const WAITING_HELP: &str = "Plans that wait for an approval.";

const PLACE: [&str; 2] = ["repository", "target"];

impl Stacks {
    /// None is known yet. Whoever is asked gathers them from what is given back.
    pub(super) fn gathered(book: &mut Book) -> Arc<Self> {
        let stacks = Arc::new(Self::default());
        book.describe((READY, Kind::Gauge), READY_HELP, &READY_LABELS);
        book.describe((ALL, Kind::Gauge), ALL_HELP, &ALL_LABELS);
        book.describe((LEFT_OUT, Kind::Gauge), LEFT_OUT_HELP, &[]);
        book.describe((DRIFTED, Kind::Gauge), DRIFTED_HELP, &PLACE);
        book.describe((WAITING, Kind::Gauge), WAITING_HELP, &PLACE);
        book.gather(Gathered(stacks.clone()));
        stacks
    }

    fn lock(&self) -> MutexGuard<'_, States> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of what a stack is like. Gives how many resources have drifted since.
    pub(super) fn put(
        &self,
        repository: &RepositoryName,
        stack: &StackName,
        target: &TargetName,
        state: Option<StackState>,
    ) -> u64 {
        let key = (repository.clone(), stack.clone(), target.clone());
        let mut states = self.lock();
        let Some(state) = state else {
            states.remove(&key);
            return 0;
        };
        let known = states.get(&key);
        let is_new = |key: &&ResourceKey| known.is_none_or(|known| !known.drifted.contains(*key));
        let found = state.drifted.iter().filter(is_new).count();
        states.insert(key, state);
        found as u64
    }

    /// Nobody knows what a stack is like now.
    pub(super) fn unsure(&self, repository: &RepositoryName, stack: &StackName) {
        let mut states = self.lock();
        let of_it =
            states.iter_mut().filter(|((of, name, _), _)| (of, name) == (repository, stack));
        let components = of_it.flat_map(|(_, state)| state.components.values_mut());
        components.for_each(|state| *state = ("unknown", false));
    }

    pub(super) fn retain(
        &self,
        repository: &RepositoryName,
        is_there: impl Fn(&StackName) -> bool,
    ) {
        self.lock().retain(|(of, stack, _), _| of != repository || is_there(stack));
    }
}

impl Collector for Gathered {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let states = self.0.lock();
        let (ready, left_out) = components(&states);
        let (mut all, mut drifted, mut waiting) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for ((repository, _, target), state) in &*states {
            let place = (repository, target);
            *drifted.entry(place).or_default() += state.drifted.len();
            *waiting.entry(place).or_default() += usize::from(state.waits);
            for (word, _) in state.components.values() {
                *all.entry((repository, target, *word)).or_default() += 1;
            }
        }
        let gauge = Kind::Gauge;
        write(&mut encoder, (READY, gauge), READY_HELP, ready)?;
        let all = all.into_iter().map(|((repository, target, word), count): (_, usize)| {
            let values = [repository.as_str(), target.as_str(), word];
            (Labels::of(ALL_LABELS, values), count as f64)
        });
        write(&mut encoder, (ALL, gauge), ALL_HELP, all)?;
        write(&mut encoder, (LEFT_OUT, gauge), LEFT_OUT_HELP, [(Labels([]), left_out as f64)])?;
        let of_place = |((repository, target), count): ((&RepositoryName, &TargetName), usize)| {
            (Labels::of(PLACE, [repository.as_str(), target.as_str()]), count as f64)
        };
        write(&mut encoder, (DRIFTED, gauge), DRIFTED_HELP, drifted.into_iter().map(of_place))?;
        write(&mut encoder, (WAITING, gauge), WAITING_HELP, waiting.into_iter().map(of_place))
    }
}

/// The series of single components, those first that are not ready, and how many have none.
fn components(states: &States) -> (Vec<(Labels<6>, f64)>, usize) {
    let every = |is_ready: bool| {
        states.iter().flat_map(move |((repository, stack, target), state)| {
            let of_it = state.components.iter().filter(move |(_, (_, ready))| *ready == is_ready);
            of_it.map(move |((kind, name), (word, _))| {
                let (repository, target) = (repository.as_str(), target.as_str());
                let values =
                    [repository, target, stack.as_str(), kind.as_str(), name.as_str(), word];
                (Labels::of(READY_LABELS, values), f64::from(u8::from(is_ready)))
            })
        })
    };
    let shown: Vec<_> = every(false).chain(every(true)).take(COMPONENTS_MAX).collect();
    let count: usize = states.values().map(|state| state.components.len()).sum();
    let left_out = count - shown.len();
    (shown, left_out)
}
