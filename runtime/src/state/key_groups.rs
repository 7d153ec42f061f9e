//! Key groups: the units into which keyed state is divided, for any number of tasks.

use std::ops::Range;

/// The number of key groups, of any table of state in any program.
///
/// A key group is the smallest unit that moves. A task owns a range of them. A snapshot notes for
/// each page the groups of its rows. The groups of a part can be read back one by one. So the
/// number limits the number of tasks, and the size of a table relative to its memory (see
/// [`state`](crate::state)).
///
/// A set of 1,024 groups takes 128 bytes. With more groups, sets would be larger than most records.
/// With fewer, the ranges of tasks would be less even: three tasks own 342, 341 and 341 groups.
pub const KEY_GROUPS: usize = 1 << GROUP_BITS;

/// The number of bits of a hash that select a key group, and the lowest of them: the top bits of
/// the low half, by which exchanges ship. Tables find rows by the upper half, so the rows of a
/// range of key groups spread over the whole index of a table.
pub(crate) const GROUP_BITS: u32 = 10;
pub(crate) const GROUP_SHIFT: u32 = u32::BITS - GROUP_BITS;

/// The key group of a row whose key has this hash.
#[must_use]
#[inline(always)]
pub fn key_group_of(hash: u64) -> usize {
    (hash >> GROUP_SHIFT) as usize % KEY_GROUPS
}

/// The task, of `tasks` tasks, that owns a key group. Exchanges by a hash ship to this task, so
/// keyed state may follow any of them.
#[must_use]
#[inline(always)]
pub fn task_of_key_group(group: usize, tasks: usize) -> usize {
    group * tasks / KEY_GROUPS
}

/// The key groups that a task owns.
#[must_use]
pub fn key_groups_of_task(task: usize, tasks: usize) -> Range<usize> {
    let first = |task: usize| (task * KEY_GROUPS).div_ceil(tasks.max(1)).min(KEY_GROUPS);
    first(task)..first(task + 1)
}

/// A set of key groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyGroupSet([u64; KEY_GROUPS / 64]);

impl FromIterator<usize> for KeyGroupSet {
    fn from_iter<I: IntoIterator<Item = usize>>(groups: I) -> Self {
        let mut set = KeyGroupSet::default();
        groups.into_iter().for_each(|group| set.insert(group));
        set
    }
}

impl KeyGroupSet {
    /// The key groups of a range.
    #[must_use]
    pub fn of_range(range: Range<usize>) -> Self {
        range.collect()
    }

    /// Adds a key group.
    pub fn insert(&mut self, group: usize) {
        self.0[group / 64] |= 1 << (group % 64);
    }

    /// Returns `true` if the set contains a key group.
    #[must_use]
    #[inline(always)]
    pub fn contains(&self, group: usize) -> bool {
        self.0[group / 64] >> (group % 64) & 1 != 0
    }

    /// The intersection of two sets.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        KeyGroupSet(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    /// The key groups of this set that are not in another one.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        KeyGroupSet(std::array::from_fn(|word| self.0[word] & !other.0[word]))
    }

    /// The union of two sets.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        KeyGroupSet(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    /// The number of key groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Returns `true` if the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }

    /// The groups, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..KEY_GROUPS).filter(|&group| self.contains(group))
    }

    /// The bytes of the set in a snapshot.
    pub(crate) fn to_bytes(self) -> impl Iterator<Item = u8> {
        self.0.into_iter().flat_map(u64::to_le_bytes)
    }

    /// Reads a set from the first bytes of a slice. Missing bytes are zero.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let byte = |at: usize| u64::from(bytes.get(at).copied().unwrap_or_default());
        KeyGroupSet(std::array::from_fn(|word| (0..8).fold(0, |bits, at| bits | byte(8 * word + at) << (8 * at))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_group_ranges_match_the_owning_task() {
        for tasks in [1, 2, 3, 7, 64, 1000, 1024, 1500] {
            let mut next = 0;
            for task in 0..tasks {
                let range = key_groups_of_task(task, tasks);
                assert_eq!(range.start, next);
                assert!(range.clone().all(|group| task_of_key_group(group, tasks) == task), "{task} of {tasks}");
                next = range.end;
            }
            assert_eq!(next, KEY_GROUPS);
        }
    }

    #[test]
    fn set_operations_match_their_definitions() {
        let (low, odd) = (KeyGroupSet::of_range(3..200), {
            let mut odd = KeyGroupSet::default();
            (1..KEY_GROUPS).step_by(2).for_each(|group| odd.insert(group));
            odd
        });
        assert_eq!((low.len(), odd.len(), low.and(&odd).len(), low.or(&odd).len()), (197, 512, 99, 610));
        assert_eq!(low.without(&odd).iter().collect::<Vec<_>>(), (4..200).step_by(2).collect::<Vec<_>>());
        assert_eq!(KeyGroupSet::from_bytes(&odd.to_bytes().collect::<Vec<_>>()), odd);
        assert!(KeyGroupSet::default().is_empty() && !low.contains(2) && low.contains(3) && !low.contains(200));
    }
}
