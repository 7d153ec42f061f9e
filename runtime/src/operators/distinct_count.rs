//! Exact counts of the distinct values of each group.
//!
//! Each measure has one table, in addition to the groups' table. A row of it is a group's number
//! and a value. A row that opens a place in the table is a new value of its group, and increments
//! the group's count. If memory is refused, the table returns the rows whose value found no room,
//! and the operator counts them elsewhere. A combiner sends distinct values as rows: it groups by
//! them too.
//!
//! # Cost
//! A value costs a row of its own width and eight bytes, and an index entry. Nothing is allocated
//! per group, so a few groups of many values cost the same as millions of a few. Several counts and
//! other measures share one pass over the rows.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::group::{GroupTable, Groups, GrowthPolicy};
use crate::memory::Memory;
use crate::page::{Input, Selection};
use crate::row::{Datum, LeafSet, LeafType};

use super::fold::{Fold, StateLeaf};

/// The leaves of an input whose distinct values the stored leaves of a state count, each once.
pub(crate) fn values(state: &[StateLeaf], stored: &LeafSet) -> Vec<usize> {
    let mut values = Vec::new();
    for leaf in stored.iter().filter_map(|leaf| state.get(leaf)) {
        if let Fold::Distinct(leaves) = &leaf.fold {
            values.extend(leaves.iter().copied());
        }
    }
    values.sort_unstable();
    values.dedup();
    values
}

/// The same count in the reference implementation.
pub(crate) fn of_datums(types: &[LeafType], leaves: &[usize], rows: &[&Vec<Datum>]) -> Datum {
    let is_null = |row: &Vec<Datum>| leaves.iter().any(|&leaf| types[leaf] == LeafType::Valid && row[leaf].bits() == 0);
    let value = |row: &&&Vec<Datum>| leaves.iter().map(|&leaf| row[leaf].clone()).collect::<Vec<_>>();
    let values: HashSet<Vec<Datum>> = rows.iter().filter(|row| !is_null(row)).map(|row| value(&row)).collect();
    Datum::Fixed(values.len() as u128)
}

/// One measure's table.
pub(crate) struct DistinctCount {
    /// The value's leaves in the input.
    leaves: Vec<usize>,
    /// The leaves among them that are validities.
    validity: Vec<usize>,
    /// The leaf of the groups' state that counts.
    to: usize,
    values: GroupTable,
    places: Groups,
    numbers: Vec<u64>,
    /// Rows that have a value, and their positions in the input.
    valid: Selection,
    positions: Vec<usize>,
}

impl DistinctCount {
    /// Counts values of these leaves, with their types, in leaf `to` of the groups' state.
    pub(crate) fn new(leaves: Vec<(usize, LeafType)>, to: usize, memory: &Memory) -> Result<Self> {
        let types: Vec<LeafType> = std::iter::once(LeafType::U64).chain(leaves.iter().map(|&(_, ty)| ty)).collect();
        let all = LeafSet::all(types.len());
        let key: Vec<usize> = all.iter().collect();
        Ok(DistinctCount {
            validity: leaves.iter().filter(|(_, ty)| *ty == LeafType::Valid).map(|&(leaf, _)| leaf).collect(),
            leaves: leaves.into_iter().map(|(leaf, _)| leaf).collect(),
            to,
            values: GroupTable::new(GroupTable::layout_of(types, &all), key, memory)?.growing(GrowthPolicy::BestEffort),
            places: Groups::default(),
            numbers: Vec::new(),
            valid: Selection::default(),
            positions: Vec::new(),
        })
    }

    /// Counts the new values in the input's rows, which belong to `groups` of `table`. `uncounted`
    /// receives the rows whose value found no room.
    pub(crate) fn add(
        &mut self,
        table: &mut GroupTable,
        input: &Input<'_>,
        groups: &Groups,
        uncounted: &mut Vec<u32>,
    ) -> Result<()> {
        if input.is_empty() {
            return Ok(());
        }
        let nullable = !self.validity.is_empty();
        if nullable {
            self.select_valid(input);
        }
        groups.numbers(input, &mut self.numbers);
        let numbered = input.batch().with_numbers(&self.numbers);
        let number = input.batch().leaf_count();
        let key: Vec<usize> = std::iter::once(number).chain(self.leaves.iter().copied()).collect();
        let copied: Vec<(usize, usize)> = key.iter().copied().enumerate().collect();
        let selection = if nullable { &self.valid } else { input.selection() };
        self.values.probe(&Input::new(&numbered, selection), &key, &copied, &mut self.places)?;
        uncounted.extend(self.places.missed().iter().map(|&position| selection.rows()[position as usize]));
        let (to, fresh, positions) = (self.to, self.places.fresh(), &self.positions);
        let counted = table.visit(input, groups, |_, mut states, rows| {
            states.skip(to);
            let count = states.plain::<u64>()?;
            for &position in fresh {
                let position = position as usize;
                let (_, group) = rows.get(if nullable { positions[position] } else { position })?;
                count.set(group, count.get(group) + 1);
            }
            Some(())
        });
        counted.ok_or_else(|| Error::Internal("a count of distinct values without a place".to_owned()))
    }

    /// The rows of the input whose value is not null.
    pub(crate) fn valued(&self, input: &Input<'_>) -> impl Iterator<Item = u32> {
        input.selection().rows().iter().copied().filter(|&row| self.has_value(input, row as usize))
    }

    /// Stops adding values. Rows with other values are unseen from now on.
    pub(crate) fn freeze(&mut self) {
        self.values.freeze();
    }

    /// Removes all values. Called when the groups' numbers become invalid.
    pub(crate) fn clear(&mut self) -> Result<()> {
        self.values.drain().map(drop)
    }

    /// Whether no part of a row's value is null.
    fn has_value(&self, input: &Input<'_>, row: usize) -> bool {
        self.validity.iter().all(|&leaf| input.batch().leaf_bits(leaf, row) != 0)
    }

    /// Selects the rows whose value is not null.
    fn select_valid(&mut self, input: &Input<'_>) {
        let rows = input.selection().rows().iter().map(|&row| row as usize).enumerate();
        let valid = rows.filter(|&(_, row)| self.has_value(input, row));
        let (positions, rows): (Vec<usize>, Vec<u32>) = valid.map(|(position, row)| (position, row as u32)).unzip();
        self.positions = positions;
        self.valid.set(rows);
    }
}
