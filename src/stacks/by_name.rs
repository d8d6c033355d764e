//! A few values by name, in the order of their names.

use std::sync::Arc;

/// What one place says, by section. Most have some ten sections: to compare the lengths of their
/// names finds one sooner than a search does.
#[derive(Debug, Clone)]
pub(super) struct ByName<V>(Vec<(Arc<str>, V)>);

/// From how many on a search is faster.
const SEARCHED_FROM: usize = 32;

impl<V> ByName<V> {
    pub(super) fn get(&self, name: &str) -> Option<&V> {
        self.at(name).map(|at| &self.0[at].1)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.at(name).map(|at| &mut self.0[at].1)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.at(name).is_some()
    }

    /// Puts `value` at `name`, in the place of what is there. For many at once there is
    /// [`FromIterator`].
    pub(super) fn insert(&mut self, name: Arc<str>, value: V) {
        match self.at(&name) {
            Some(at) => self.0[at].1 = value,
            None => {
                let at = self.0.partition_point(|(known, _)| *known < name);
                self.0.insert(at, (name, value));
            }
        }
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<V> {
        self.at(name).map(|at| self.0.remove(at).1)
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&str, &V) -> bool) {
        self.0.retain(|(name, value)| keep(name, value));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &V)> + Clone {
        self.0.iter().map(|(name, value)| (name, value))
    }

    pub(super) fn names(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        self.0.iter().map(|(name, _)| name)
    }

    pub(super) fn values(&self) -> impl ExactSizeIterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// Where `name` is.
    fn at(&self, name: &str) -> Option<usize> {
        match self.0.len() {
            0..SEARCHED_FROM => self.0.iter().position(|(known, _)| known.as_ref() == name),
            _ => self.0.binary_search_by(|(known, _)| known.as_ref().cmp(name)).ok(),
        }
    }
}

impl<V> Default for ByName<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// The last value of a name remains.
impl<V> FromIterator<(Arc<str>, V)> for ByName<V> {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, V)>>(entries: I) -> Self {
        let mut all: Vec<_> = entries.into_iter().collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                std::mem::swap(next, kept);
            }
            is_same
        });
        Self(all)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_is_a_map(
            first in proptest::collection::vec((0..80_u8, 0..9_u8), 0..90),
            changes in proptest::collection::vec((any::<bool>(), 0..80_u8, 0..9_u8), 0..90),
        ) {
            let name = |number: u8| Arc::<str>::from(format!("s{number}"));
            let mut map: ByName<u8> = first.iter().map(|(n, value)| (name(*n), *value)).collect();
            let mut model: BTreeMap<_, _> =
                first.iter().map(|(n, value)| (name(*n), *value)).collect();
            for (put, n, value) in changes {
                if put {
                    map.insert(name(n), value);
                    model.insert(name(n), value);
                } else {
                    prop_assert_eq!(map.remove(&name(n)), model.remove(&name(n)));
                }
            }
            prop_assert!(map.iter().eq(model.iter()));
            prop_assert!((0..80).all(|n| map.get(&name(n)) == model.get(&name(n))));
            map.retain(|_, value| *value > 4);
            model.retain(|_, value| *value > 4);
            prop_assert!(map.names().eq(model.keys()) && map.values().eq(model.values()));
        }
    }
}
