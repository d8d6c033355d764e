//! Maps in the author's order.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Node, Value};

/// A map in the author's order. Cheap to clone; a changed copy shares what did not change.
///
/// Most maps are small, so a key is looked for entry by entry; what works on two whole maps
/// ([`Map::overlaid`], equality) indexes a large one first, so that it stays linear.
#[derive(Clone, Default)]
pub struct Map(Arc<Vec<(Arc<str>, Value)>>);

/// From how many entries on an index pays: below, comparing lengths and first bytes is faster.
const INDEXED_FROM: usize = 256;

impl Map {
    /// The value at `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(k, _)| k.as_ref() == key).map(|(_, value)| value)
    }

    /// Puts `value` at `key`: in the key's place if it is there, else at the end.
    pub fn insert(&mut self, key: impl Into<Arc<str>>, value: Value) {
        let key = key.into();
        let entries = Arc::make_mut(&mut self.0);
        match entries.iter_mut().find(|(k, _)| *k == key) {
            Some((_, old)) => *old = value,
            None => entries.push((key, value)),
        }
    }

    /// Takes `key` out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.0.iter().position(|(k, _)| k.as_ref() == key)?;
        Some(Arc::make_mut(&mut self.0).remove(at).1)
    }

    /// `above` laid over this map: its keys in their places here, or at the end; `join` makes one
    /// of the two values of a key that both have.
    ///
    /// A map that nobody else holds is changed in place.
    pub fn overlaid(self, above: &Self, mut join: impl FnMut(Value, &Value) -> Value) -> Self {
        let found = Places::of(&self.0).find_all(&above.0);
        let new = found.iter().filter(|at| at.is_none()).count();
        let mut entries = match Arc::try_unwrap(self.0) {
            Ok(mut own) => {
                own.reserve_exact(new);
                own
            }
            Err(shared) => {
                let mut copy = Vec::with_capacity(shared.len() + new);
                copy.extend_from_slice(&shared);
                copy
            }
        };
        for (at, (key, high)) in found.into_iter().zip(above.0.iter()) {
            match at {
                Some(at) => {
                    let low = &mut entries[at].1;
                    let below = std::mem::replace(low, Value::computed(Node::Null));
                    *low = join(below, high);
                }
                None => entries.push((key.clone(), high.clone())),
            }
        }
        Self(Arc::new(entries))
    }

    /// The same keys with what `change` makes of their values; `None` if it makes nothing of any.
    pub fn changed(
        &self,
        mut change: impl FnMut(&Arc<str>, &Value) -> Option<Value>,
    ) -> Option<Self> {
        let mut entries = None;
        for (at, (key, value)) in self.0.iter().enumerate() {
            if let Some(new) = change(key, value) {
                entries.get_or_insert_with(|| self.0.as_ref().clone())[at].1 = new;
            }
        }
        entries.map(|entries| Self(Arc::new(entries)))
    }

    /// Keys and values in the author's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Value)> + Clone {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// Keys and values, sorted by key: the order of every canonical encoding.
    pub fn sorted(&self) -> Vec<(&Arc<str>, &Value)> {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_by(|a, b| a.0.cmp(b.0));
        entries
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where it lies in memory. While it is held no other map lies there.
    pub fn place(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Whether both are one map in memory, and so equal in all they hold, origins included.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The last value of a key wins, in the first one's place.
impl FromIterator<(Arc<str>, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        let mut all: Vec<(Arc<str>, Value)> = Vec::with_capacity(entries.size_hint().0);
        let mut places = BTreeMap::new();
        for (key, value) in entries {
            let at = match all.len() {
                0..INDEXED_FROM => all.iter().position(|(known, _)| *known == key),
                INDEXED_FROM if places.is_empty() => {
                    places = all.iter().enumerate().map(|(at, (k, _))| (k.clone(), at)).collect();
                    places.get(&key).copied()
                }
                _ => places.get(&key).copied(),
            };
            match at {
                Some(at) => all[at].1 = value,
                None => {
                    if all.len() >= INDEXED_FROM {
                        places.insert(key.clone(), all.len());
                    }
                    all.push((key, value));
                }
            }
        }
        all.shrink_to_fit();
        Self(Arc::new(all))
    }
}

/// Equal keys and values; their order is the author's business.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        if self.is(other) {
            return true;
        }
        let places = Places::of(&other.0);
        self.len() == other.len()
            && self.0.iter().enumerate().all(|(at, (key, value))| {
                places.find(key, at).is_some_and(|at| other.0[at].1 == *value)
            })
    }
}

/// Where the keys of a map are.
struct Places<'m> {
    entries: &'m [(Arc<str>, Value)],
    index: Option<BTreeMap<&'m str, usize>>,
}

impl<'m> Places<'m> {
    fn of(entries: &'m [(Arc<str>, Value)]) -> Self {
        let index =
            || entries.iter().enumerate().map(|(at, (key, _))| (key.as_ref(), at)).collect();
        Self { entries, index: (entries.len() >= INDEXED_FROM).then(index) }
    }

    /// The places of the keys of another map.
    fn find_all(&self, others: &[(Arc<str>, Value)]) -> Vec<Option<usize>> {
        let mut next = 0;
        let find = |(key, _): &(Arc<str>, Value)| {
            let at = self.find(key, next)?;
            next = at + 1;
            Some(at)
        };
        others.iter().map(find).collect()
    }

    /// The place of `key`; `guess` is looked at first.
    fn find(&self, key: &Arc<str>, guess: usize) -> Option<usize> {
        if self.entries.get(guess).is_some_and(|(known, _)| known == key) {
            return Some(guess);
        }
        match &self.index {
            Some(index) => index.get(key.as_ref()).copied(),
            None => self.entries.iter().position(|(known, _)| known == key),
        }
    }
}
