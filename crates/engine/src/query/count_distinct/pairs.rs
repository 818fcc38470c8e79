//! Which values each group has.
//!
//! As long as they are few they stand in a hash table. A table that has outgrown the processor's caches costs a miss
//! for each row, so many are kept otherwise: each pair of a group and a value goes to the end of one of many parts, by
//! its hash, and is compared with the others of its part, all at once, only when the part has become twice as long. A
//! part fits into a cache.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

use datafusion::common::HashSet;
use datafusion::common::hash_utils::QualityRandomState;

/// Pairs that are kept in one table.
const FEW_PAIRS_MAX: usize = 1 << 15;
/// Parts of the pairs when they are many: one for each first byte of a hash.
const PARTS: usize = 256;
/// A part shorter than this is not looked through.
const PART_PAIRS_MIN: usize = 2_048;
/// Where no entry of a part's table is.
const NOBODY: u32 = u32::MAX;

/// Pairs of a group and a value, each once where it matters.
pub(super) struct Pairs<T> {
    hasher: QualityRandomState,
    few: HashSet<(u32, T), QualityRandomState>,
    /// Empty as long as they are few.
    parts: Vec<Part<T>>,
    /// Where the pairs of the part that is being looked through stand.
    table: Vec<u32>,
}

struct Part<T> {
    groups: Vec<u32>,
    values: Vec<T>,
    /// So many of the first pairs differ.
    distinct: usize,
    /// It is looked through when it has this length.
    length_max: usize,
}

impl<T: Copy + Eq + Hash> Pairs<T> {
    pub(super) fn new() -> Self {
        // Not the same in each process: nobody can make data whose hashes meet.
        let hasher = QualityRandomState::with_seed(RandomState::new().hash_one(0));
        let few = HashSet::with_hasher(hasher.clone());
        Self { hasher, few, parts: Vec::new(), table: Vec::new() }
    }

    pub(super) fn add(&mut self, group: u32, value: T) {
        if !self.parts.is_empty() {
            return self.add_to_part(group, value);
        }
        self.few.insert((group, value));
        if self.few.len() > FEW_PAIRS_MAX {
            self.parts.resize_with(PARTS, Part::new);
            for (group, value) in std::mem::replace(&mut self.few, HashSet::with_hasher(self.hasher.clone()))
            {
                self.add_to_part(group, value);
            }
        }
    }

    fn add_to_part(&mut self, group: u32, value: T) {
        let hash = self.hasher.hash_one((group, value));
        let part = &mut self.parts[(hash >> 56) as usize];
        part.groups.push(group);
        part.values.push(value);
        if part.values.len() >= part.length_max {
            part.leave_distinct(&self.hasher, &mut self.table);
            part.wait();
        }
    }

    /// Leaves each pair once.
    pub(super) fn leave_distinct(&mut self) {
        for part in &mut self.parts {
            part.leave_distinct(&self.hasher, &mut self.table);
        }
        self.table = Vec::new();
    }

    pub(super) fn for_each(&self, mut take: impl FnMut(u32, T)) {
        self.few.iter().for_each(|(group, value)| take(*group, *value));
        for part in &self.parts {
            part.groups.iter().zip(&part.values).for_each(|(group, value)| take(*group, *value));
        }
    }

    /// Gives all pairs away, and their memory with them.
    pub(super) fn drain(&mut self, mut take: impl FnMut(u32, T)) {
        std::mem::replace(&mut self.few, HashSet::with_hasher(self.hasher.clone()))
            .into_iter()
            .for_each(|(group, value)| take(group, value));
        for part in std::mem::take(&mut self.parts) {
            part.groups.into_iter().zip(part.values).for_each(|(group, value)| take(group, value));
        }
    }

    /// Forgets the first groups; the others move up.
    pub(super) fn forget_first(&mut self, groups: u32) {
        let mut left = Self::new();
        self.drain(|group, value| {
            if let Some(group) = group.checked_sub(groups) {
                left.add(group, value);
            }
        });
        *self = left;
    }

    pub(super) fn bytes(&self) -> usize {
        let few = self.few.capacity() * (size_of::<(u32, T)>() + 1);
        let parts: usize = self.parts.iter().map(Part::bytes).sum();
        few + parts + self.table.capacity() * size_of::<u32>()
    }
}

impl<T: Copy + Eq + Hash> Part<T> {
    fn new() -> Self {
        Self { groups: Vec::new(), values: Vec::new(), distinct: 0, length_max: PART_PAIRS_MIN }
    }

    fn leave_distinct(&mut self, hasher: &QualityRandomState, table: &mut Vec<u32>) {
        let length = self.values.len();
        if length == self.distinct {
            return;
        }
        let slots = (length * 2).next_power_of_two();
        table.clear();
        table.resize(slots, NOBODY);
        let mut kept = 0;
        for index in 0..length {
            let (group, value) = (self.groups[index], self.values[index]);
            let mut slot = hasher.hash_one((group, value)) as usize & (slots - 1);
            loop {
                let other = table[slot] as usize;
                if table[slot] == NOBODY {
                    table[slot] = kept as u32;
                    self.groups[kept] = group;
                    self.values[kept] = value;
                    kept += 1;
                    break;
                }
                if self.groups[other] == group && self.values[other] == value {
                    break;
                }
                slot = (slot + 1) & (slots - 1);
            }
        }
        self.groups.truncate(kept);
        self.values.truncate(kept);
        self.distinct = kept;
    }

    /// Sets the length at which to look again: later when that was of little use.
    fn wait(&mut self) {
        let kept = self.values.len();
        let was_of_use = kept < self.length_max / 10 * 9;
        self.length_max = (kept * if was_of_use { 2 } else { 4 }).max(PART_PAIRS_MIN);
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.groups.capacity() * size_of::<u32>()
            + self.values.capacity() * size_of::<T>()
    }
}
