//! A cache whose entries have a weight, bounded by the sum: what was used least recently goes first.

use std::hash::Hash;

use lru::LruCache;

/// Least recently used entries go when the sum of the weights is over the bound.
pub(crate) struct WeightedCache<K: Hash + Eq, V> {
    entries: LruCache<K, (V, usize)>,
    weight: usize,
    weight_max: usize,
}

impl<K: Hash + Eq, V> WeightedCache<K, V> {
    pub(crate) fn new(weight_max: usize) -> Self {
        Self { entries: LruCache::unbounded(), weight: 0, weight_max }
    }

    pub(crate) fn weight_max(&self) -> usize {
        self.weight_max
    }

    pub(crate) fn get(&mut self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(value, _)| value)
    }

    /// Puts an entry in; what had to go for it goes to `gone`. An entry too heavy for the cache is not kept.
    pub(crate) fn insert(&mut self, key: K, value: V, weight: usize, mut gone: impl FnMut(K)) {
        if weight > self.weight_max {
            return;
        }
        if let Some((_, old)) = self.entries.put(key, (value, weight)) {
            self.weight -= old;
        }
        self.weight += weight;
        while self.weight > self.weight_max
            && let Some((key, (_, weight))) = self.entries.pop_lru()
        {
            self.weight -= weight;
            gone(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weight_stays_below_the_bound() {
        let mut cache = WeightedCache::new(10);
        let mut gone = Vec::new();
        cache.insert("a", 1, 4, |key| gone.push(key));
        cache.insert("b", 2, 4, |key| gone.push(key));
        assert_eq!(cache.get(&"a"), Some(&1));
        cache.insert("c", 3, 4, |key| gone.push(key));
        assert_eq!(gone, ["b"]);
        cache.insert("d", 4, 11, |_| {});
        assert_eq!(cache.get(&"d"), None);
        assert_eq!(cache.get(&"a"), Some(&1));
        assert_eq!(cache.weight, 8);
        cache.insert("a", 5, 1, |_| {});
        assert_eq!(cache.weight, 5);
    }
}
