//! When of an installation an object is made, where a chart says so.

use std::collections::{BTreeMap, BTreeSet};

use super::needs;
use super::object::Object;
use crate::ids::ResourceKey;
use crate::model::need::Need;

/// A moment of an installation; what is made at an earlier one comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(in crate::build) enum Moment {
    /// Before all others, the lightest first.
    Before(i64),
    /// With most.
    #[default]
    Amid,
    /// After all others, the lightest first.
    After(i64),
}

/// When the objects of one component are made, by key; empty where none says so.
pub(super) struct Moments(BTreeMap<String, Moment>);

impl Moments {
    /// What an object needs by itself is made no later than that is, whatever was said: so nothing waits
    /// for what waits for it.
    pub(super) fn of(objects: &[Object]) -> Self {
        let mut moments = BTreeMap::new();
        if objects.iter().all(|object| object.moment == Moment::Amid) {
            return Self(moments);
        }
        let by_key: BTreeMap<_, _> = objects.iter().map(|object| (object.key(), object)).collect();
        let mut givers: BTreeMap<Need, Vec<String>> = BTreeMap::new();
        for object in objects {
            for given in needs::gives(object).into_iter().chain(itself(object.key())) {
                givers.entry(given).or_default().push(object.key());
            }
        }
        let mut order: Vec<&Object> = objects.iter().collect();
        order.sort_by_key(|object| object.moment);
        for first in order {
            let mut open = vec![first.key()];
            while let Some(key) = open.pop() {
                if let Some(object) = by_key.get(&key)
                    && !moments.contains_key(&key)
                {
                    let needs = needs::before(object);
                    open.extend(
                        needs.iter().filter_map(|need| givers.get(need)).flatten().cloned(),
                    );
                    moments.insert(key, first.moment);
                }
            }
        }
        Self(moments)
    }

    /// What is made earlier than `object`.
    pub(super) fn before(&self, object: &Object) -> BTreeSet<Need> {
        let Some(own) = self.0.get(&object.key()) else { return BTreeSet::new() };
        let earlier = self.0.iter().filter(|(_, moment)| *moment < own);
        earlier.filter_map(|(key, _)| itself(key.clone())).collect()
    }
}

/// What is no key names no object that anybody could make.
fn itself(key: String) -> Option<Need> {
    ResourceKey::new(key).ok().map(Need::Resource)
}
