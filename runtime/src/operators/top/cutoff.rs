//! Drops rows that cannot be among the first rows of their group, before the sort.
//!
//! A table holds for each group the [prefixes](order_prefixes) of its first rows so far. A row
//! whose prefix is after all of them is dropped. Of `n` rows of a group in random order, about
//! `count * ln(n / count)` remain. The sort alone decides the result, so the table may hold some
//! groups only, or none. Velox does the same without a sort (`TopNRowNumber`).
//!
//! `benches -- h2o --cases q8,q8_zipf` takes 2.1 and 2.6 times as long without it. To measure it
//! again, return `None` from [`Cutoff::new`] in an earlier binary, and pass that as `--earlier`.

use smallvec::SmallVec;

use crate::error::Result;
use crate::group::{GroupTable, Groups, GrowthPolicy, StateSlot};
use crate::kernel::TaskContext;
use crate::operators::common::combiner_bytes;
use crate::page::{Input, Selection};
use crate::row::{LeafSet, LeafType};
use crate::sort::{OrderKey, order_prefixes};
use crate::strategy::Progress;

/// Greatest number of first rows that a cutoff is used for. Tables of more prefixes cost more than
/// the rows that they drop.
const MAX_COUNT: usize = 8;

/// Rows between two checks of whether enough rows are dropped. The first check waits until the
/// groups have `ROWS_PER_COUNT * count` rows on average, or the table is full. Before that, most
/// rows are among the first of their group.
const ROWS_PER_CHECK: usize = 128 << 10;
const ROWS_PER_COUNT: usize = 4;

/// A cutoff is kept if it drops at least one row in this many.
const DROPPED_SHARE: usize = 4;

/// Drops rows that cannot be among the first of their group.
pub(super) struct Cutoff {
    /// For each key, the complements of the prefixes of its first rows, largest first. Zero if
    /// there are fewer rows.
    table: GroupTable,
    max_bytes: usize,
    key: Vec<usize>,
    copied: Vec<(usize, usize)>,
    order: Vec<OrderKey>,
    count: usize,
    groups: Groups,
    prefixes: Vec<u64>,
    /// Positions in the input of rows whose group is in the table.
    found: Vec<u32>,
    /// For each position in the input, whether its row passes.
    passes: Vec<bool>,
    /// The rows of the current input that pass, if the driver has not taken all of them yet.
    passing: Option<Selection>,
    /// All rows so far.
    total_rows: usize,
    /// Rows since the last check, and the number of them that were dropped.
    checked_rows: usize,
    dropped: usize,
    /// Whether the table opens no more groups.
    is_full: bool,
    /// Whether it is dropped after the current input.
    is_released: bool,
}

impl Cutoff {
    /// For the first `count` rows of each group. Rows of a group agree in the first `key_leaves`
    /// leaves of the order. Returns `None` if a cutoff would not pay.
    pub(super) fn new(
        types: &[LeafType],
        order: &[OrderKey],
        key_leaves: usize,
        count: usize,
        context: &TaskContext,
    ) -> Result<Option<Self>> {
        let (key, order) = order.split_at(key_leaves);
        if count == 0 || count > MAX_COUNT || key.is_empty() || order.is_empty() {
            return Ok(None);
        }
        let key: Vec<usize> = key.iter().map(|key| key.leaf).collect();
        let key_types = key.iter().filter_map(|&leaf| types.get(leaf).copied());
        let stored: Vec<LeafType> = key_types.chain((0..count).map(|_| LeafType::U64)).collect();
        if stored.len() != key.len() + count {
            return Ok(None);
        }
        let layout = GroupTable::layout_of(stored.clone(), &LeafSet::all(stored.len()));
        let own: Vec<usize> = (0..key.len()).collect();
        Ok(Some(Cutoff {
            table: GroupTable::new(layout, own, &context.memory)?.growing(GrowthPolicy::IfIdle),
            max_bytes: combiner_bytes(context),
            copied: key.iter().copied().enumerate().collect(),
            key,
            order: order.to_vec(),
            count,
            groups: Groups::default(),
            prefixes: Vec::new(),
            found: Vec::new(),
            passes: Vec::new(),
            passing: None,
            total_rows: 0,
            checked_rows: 0,
            dropped: 0,
            is_full: false,
            is_released: false,
        }))
    }

    /// Selects the rows that may be among the first.
    fn select(&mut self, input: &Input<'_>, passing: &mut Selection) -> Result<()> {
        self.table.probe(input, &self.key, &self.copied, &mut self.groups)?;
        if self.table.bytes() >= self.max_bytes {
            self.table.freeze();
        }
        self.is_full |= !self.groups.missed().is_empty();
        let rows = input.selection().rows();
        let mut missed = self.groups.missed().iter().peekable();
        self.found.clear();
        self.found.extend((0..rows.len() as u32).filter(|at| missed.next_if_eq(&at).is_none()));
        passing.set(self.found.iter().map(|&at| rows[at as usize]));
        // Rows that found no room in the table pass.
        self.passes.clear();
        self.passes.resize(rows.len(), true);
        self.compare(&Input::new(input.batch(), passing));
        let stays = rows.iter().zip(&self.passes).filter(|&(_, &passes)| passes);
        passing.set(stays.map(|(&row, _)| row));
        self.total_rows += rows.len();
        self.checked_rows += rows.len();
        self.dropped += rows.len() - passing.len();
        Ok(())
    }

    /// Drops the rows that are after all first rows of their group so far. Each other row becomes
    /// one of these.
    fn compare(&mut self, found: &Input<'_>) {
        order_prefixes(found, &self.order, &mut self.prefixes);
        let (key, count) = (self.key.len(), self.count);
        let (prefixes, positions, passes) = (&self.prefixes, &self.found, &mut self.passes);
        self.table.visit(found, &self.groups, |_, mut states, rows| {
            states.skip(key);
            let slots: SmallVec<[StateSlot<'_, u64>; MAX_COUNT]> = (0..count).filter_map(|_| states.plain()).collect();
            let Some(last) = slots.last() else { return };
            for (((_, group), &prefix), &position) in rows.iter().zip(prefixes).zip(positions) {
                let mut rank = !prefix;
                if rank < last.get(group) {
                    passes[position as usize] = false;
                    continue;
                }
                for slot in &slots {
                    let held = slot.get(group);
                    if rank > held {
                        slot.set(group, rank);
                        rank = held;
                    }
                }
            }
        });
    }

    /// Whether it drops too few rows.
    fn is_useless(&mut self) -> bool {
        let are_groups_filled = self.is_full || self.total_rows >= ROWS_PER_COUNT * self.count * self.table.len();
        if self.checked_rows < ROWS_PER_CHECK || !are_groups_filled {
            return false;
        }
        let (seen, dropped) = (std::mem::take(&mut self.checked_rows), std::mem::take(&mut self.dropped));
        dropped < seen / DROPPED_SHARE
    }
}

/// Selects the rows of an input that may be among the first of their group, into `passing`. Without
/// a cutoff, all rows pass. An input that is passed again is not counted twice.
pub(super) fn select<'i>(
    cutoff: &mut Option<Cutoff>,
    input: &Input<'i>,
    passing: &'i mut Selection,
) -> Result<Input<'i>> {
    let Some(cutoff) = cutoff else { return Ok(*input) };
    match cutoff.passing.take() {
        Some(selected) => *passing = selected,
        None => cutoff.select(input, passing)?,
    }
    Ok(Input::new(input.batch(), passing))
}

/// Called with the driver's progress after each [`pass`]. An input that is not `Done` is passed
/// again.
pub(super) fn record_progress(cutoff: &mut Option<Cutoff>, passing: Selection, progress: Progress) {
    let Some(active) = cutoff else { return };
    if progress != Progress::Done {
        active.passing = Some(passing);
    } else if active.is_released || active.is_useless() {
        *cutoff = None;
    }
}

/// Frees the cutoff's memory, after the current input if one is not done.
pub(super) fn release(cutoff: &mut Option<Cutoff>) {
    match cutoff {
        Some(active) if active.passing.is_some() => active.is_released = true,
        _ => *cutoff = None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::memory::{Budget, Memory};
    use crate::page::{Page, RowWriter, windows};
    use crate::row::{Datum, RowLayout};

    const TYPES: [LeafType; 2] = [LeafType::U32, LeafType::I64];
    const ORDER: [OrderKey; 2] = [OrderKey { leaf: 0, descending: false }, OrderKey { leaf: 1, descending: true }];

    fn pages(rows: impl Iterator<Item = (u32, i64)>) -> Vec<Page> {
        let layout = Arc::new(RowLayout::full(TYPES));
        let mut writer = RowWriter::new(layout, Memory::new(Budget::new(1 << 30), "rows"));
        for (key, value) in rows {
            writer.append_datums(&[Datum::Fixed(key.into()), Datum::Fixed(u128::from(value as u64))]).unwrap();
        }
        writer.seal();
        writer.take_sealed().collect()
    }

    /// The rows that pass, and whether the cutoff is still in use. If `twice`, each input is passed
    /// twice.
    fn passed(rows: &[(u32, i64)], count: usize, budget: usize, twice: bool) -> (Vec<(u32, i64)>, bool) {
        let context = TaskContext::alone(Memory::new(Budget::new(budget), "top"));
        let mut cutoff = Cutoff::new(&TYPES, &ORDER, 1, count, &context).unwrap();
        let mut found = Vec::new();
        for page in pages(rows.iter().copied()) {
            windows(&page.batch(), |input| -> Result<()> {
                let mut passing = Selection::default();
                let _ = select(&mut cutoff, input, &mut passing)?;
                if twice {
                    record_progress(&mut cutoff, std::mem::take(&mut passing), Progress::Yield);
                    let _ = select(&mut cutoff, input, &mut passing)?;
                }
                let shown = if cutoff.is_some() { &passing } else { input.selection() };
                found.extend(shown.rows().iter().map(|&row| {
                    let leaf = |leaf| match page.batch().datum(leaf, TYPES[leaf], row as usize) {
                        Datum::Fixed(bits) => bits as u64,
                        Datum::Bytes(_) => panic!("numbers"),
                    };
                    (leaf(0) as u32, leaf(1) as i64)
                }));
                record_progress(&mut cutoff, passing, Progress::Done);
                Ok(())
            })
            .unwrap();
        }
        (found, cutoff.is_some())
    }

    fn first(rows: &[(u32, i64)], count: usize) -> BTreeMap<u32, Vec<i64>> {
        let mut groups = BTreeMap::<u32, Vec<i64>>::new();
        rows.iter().for_each(|&(key, value)| groups.entry(key).or_default().push(value));
        groups.values_mut().for_each(|group| {
            group.sort_unstable_by(|left, right| right.cmp(left));
            group.truncate(count);
        });
        groups
    }

    /// A hundred rows for each of some groups, in random order, with many equal ones.
    fn rows(groups: u32) -> Vec<(u32, i64)> {
        let spread = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        (0..u64::from(groups) * 100)
            .map(|n| ((spread(n) >> 40) as u32 % groups, (spread(n) % 1_001) as i64 - 500))
            .collect()
    }

    #[test]
    fn first_rows_pass_and_most_others_are_dropped() {
        let rows = rows(2_000);
        for count in [1, 2, 8] {
            for twice in [false, true] {
                let (passing, stayed) = passed(&rows, count, 1 << 30, twice);
                assert_eq!(first(&passing, count), first(&rows, count), "{count}");
                assert!(stayed && passing.len() * 2 < rows.len(), "{count}: {}", passing.len());
            }
        }
    }

    #[test]
    fn groups_without_room_pass_whole() {
        let rows = rows(20_000);
        let (passing, _) = passed(&rows, 2, 2 << 20, false);
        assert_eq!(first(&passing, 2), first(&rows, 2));
    }

    #[test]
    fn cutoff_is_not_judged_before_groups_have_enough_rows() {
        let rows = rows(60_000);
        let (passing, stayed) = passed(&rows, 2, 1 << 30, false);
        assert_eq!(first(&passing, 2), first(&rows, 2));
        assert!(stayed && passing.len() * 4 < rows.len(), "{}", passing.len());
    }

    #[test]
    fn cutoff_that_drops_nothing_is_removed() {
        let rows: Vec<_> = (0..300_000).map(|row| (row, i64::from(row))).collect();
        let (passing, stayed) = passed(&rows, 2, 16 << 20, false);
        assert!(passing == rows && !stayed);
    }
}
