//! A map for what is read on every request and written rarely: readers take no lock, a writer copies one shard.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

/// Enough that a copy of one shard stays small with 100,000 entries, and few enough that an empty map is small too.
const SHARDS: usize = 256;

/// A map whose readers never wait. Values are cheap to clone (an `Arc`, an id).
pub(crate) struct SharedMap<K, V> {
    shards: Box<[Shard<K, V>]>,
    hasher: RandomState,
}

struct Shard<K, V> {
    entries: ArcSwap<HashMap<K, V, RandomState>>,
    writing: Mutex<()>,
}

impl<K: Clone + Eq + Hash, V: Clone> SharedMap<K, V> {
    pub(crate) fn new() -> Self {
        let hasher = RandomState::new();
        let shard = || Shard {
            entries: ArcSwap::from_pointee(HashMap::with_hasher(hasher.clone())),
            writing: Mutex::new(()),
        };
        let shards = std::iter::repeat_with(shard).take(SHARDS).collect();
        Self { shards, hasher }
    }

    pub(crate) fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.shard(key).entries.load().get(key).cloned()
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        self.change(&key.clone(), |entries| {
            entries.insert(key, value);
        });
    }

    /// The value of this key, made now if there is none yet. Of two who make it at once, both get the same.
    pub(crate) fn get_or_insert_with(&self, key: &K, make: impl FnOnce() -> V) -> V {
        if let Some(value) = self.get(key) {
            return value;
        }
        let shard = self.shard(key);
        let _writing = shard.writing.lock();
        let entries = shard.entries.load();
        if let Some(value) = entries.get(key) {
            return value.clone();
        }
        let (mut copy, value) = (HashMap::clone(&entries), make());
        copy.insert(key.clone(), value.clone());
        shard.entries.store(copy.into());
        value
    }

    /// Whether it was there.
    pub(crate) fn remove<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let mut was_there = false;
        self.change(key, |entries| {
            was_there = entries.remove(key).is_some();
        });
        was_there
    }

    /// Keep only what `keep` says. Looks at every entry: for a sweep, not for a request.
    pub(crate) fn retain(&self, mut keep: impl FnMut(&K, &V) -> bool) {
        for shard in &self.shards {
            let _writing = shard.writing.lock();
            let entries = shard.entries.load();
            let kept: HashMap<K, V, RandomState> = entries
                .iter()
                .filter(|(key, value)| keep(key, value))
                .map(|(key, value)| (key.clone(), value.clone()))
                .fold(
                    HashMap::with_hasher(self.hasher.clone()),
                    |mut kept, (key, value)| {
                        kept.insert(key, value);
                        kept
                    },
                );
            if kept.len() < entries.len() {
                shard.entries.store(kept.into());
            }
        }
    }

    /// Every value, shard by shard.
    pub(crate) fn values(&self) -> Vec<V> {
        let values_of =
            |shard: &Shard<K, V>| -> Vec<V> { shard.entries.load().values().cloned().collect() };
        self.shards.iter().flat_map(values_of).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.entries.load().len())
            .sum()
    }

    fn shard<Q: Hash + ?Sized>(&self, key: &Q) -> &Shard<K, V> {
        // The upper bits: a shard's own table goes by the lower ones.
        let at = (self.hasher.hash_one(key) >> 48) as usize % SHARDS;
        &self.shards[at]
    }

    fn change<Q: Hash + ?Sized>(
        &self,
        key: &Q,
        edit: impl FnOnce(&mut HashMap<K, V, RandomState>),
    ) {
        let shard = self.shard(key);
        let _writing = shard.writing.lock();
        let mut copy = HashMap::clone(&shard.entries.load());
        edit(&mut copy);
        shard.entries.store(copy.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_found_until_it_is_removed() {
        let map = SharedMap::new();
        for n in 0..2_000_u32 {
            map.insert(n, n * 2);
        }
        assert_eq!((map.get(&700), map.len()), (Some(1_400), 2_000));
        map.remove(&700);
        map.retain(|key, _| key % 2 == 0);
        assert_eq!(
            (map.get(&700), map.get(&702), map.get(&703)),
            (None, Some(1_404), None)
        );
        assert_eq!(map.values().len(), 999);
    }

    #[test]
    fn of_many_who_make_a_value_at_once_all_get_the_same() {
        let map = SharedMap::new();
        let made: Vec<u64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8_u64)
                .map(|n| {
                    scope.spawn({
                        let map = &map;
                        move || map.get_or_insert_with(&"key", || n)
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(made.iter().all(|value| *value == made[0]), "{made:?}");
    }
}
