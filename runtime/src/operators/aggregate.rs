//! Grouping with aggregates: one row of key and state per group, in a hash table.
//!
//! Before rows are sent to the task of their group, a combiner may fold them into states on the
//! sending side. It holds a bounded part of the budget. When that is full, it sends its states and
//! starts over.
//!
//! Distinct values are counted in tables of (group, value), see [`counting`]. A combiner has no
//! such table. It groups by the key *and* the values, and sends each value of a group once, as a
//! row with its states.

mod counting;
mod covered;
mod driver;
mod spec;
mod states;
mod update;
#[cfg(test)]
mod tests;
mod values;

use std::ops::Range;

use crate::error::{Error, Result};
use crate::group::{AccumulateFactory, GroupTable, Groups};
use crate::kernel::TaskContext;
use crate::plan::{Operator, Reads, Table, unbounded_memory};
use crate::row::{Datum, LeafSet, LeafType, Schema};
use crate::statistics::Relation;
use crate::strategy::{Grouping, Planning, Strategy, Work};

use super::common::{INDEX_BYTES, by_key, group_bytes, grouped};
use super::fold::{Fold, StateLeaf};
use super::{distinct_count, fold};
pub use covered::must_cover;

use covered::UNCOVERED;
use spec::Phase;

/// The message for measures that do not go together.
pub const DISTINCT_AND_TEXT: &str = "`count_distinct` and the least or greatest of a text, or a text that `min_by` or `max_by` carries, do not go \
     together in one aggregate: take each in an `aggregate` of its own, and join them by the key";

/// Bytes of a distinct value in its table: the group's number, a value of a common width, and the
/// index entry.
const VALUE_BYTES: f64 = 16.0 + INDEX_BYTES;

/// Groups records and folds each group into one.
pub struct Aggregate {
    /// For EXPLAIN: `sum`, `aggregate`, `distinct`.
    pub word: &'static str,
    /// The records that it receives.
    pub input: Schema,
    /// The records that it emits: keys and states.
    pub output: Schema,
    /// The key's leaves in the input. Empty if all records are one group.
    pub key: Vec<usize>,
    /// For each leaf of the output, how it is computed.
    pub state: Vec<StateLeaf>,
    /// Computes the leaves of [`Fold::Kernel`].
    pub kernel: Option<AccumulateFactory>,
    /// The leaves that the kernel reads.
    pub kernel_reads: Reads,
    /// The source texts of a computed key.
    pub closures: Vec<&'static str>,
    /// The kernel's measures as the program writes them, each with the number of its leaves. They
    /// are the last leaves of the state. Empty if the text is unknown.
    pub measures: Vec<(String, usize)>,
}

impl Aggregate {
    /// The key's leaves in the output, in the order of [`Aggregate::key`].
    fn output_key(&self) -> Vec<usize> {
        let place = |key: &usize| self.state.iter().position(|leaf| leaf.fold == Fold::Key(*key));
        self.key.iter().filter_map(place).collect()
    }
}

impl Operator for Aggregate {
    fn name(&self) -> &'static str {
        self.word
    }

    fn details(&self) -> String {
        by_key(&self.input, &self.key)
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        let mut reads = if self.kernel.is_some() { self.kernel_reads.of(&self.input) } else { LeafSet::none() };
        self.key.iter().for_each(|&leaf| reads.insert(leaf));
        for (_, state) in self.state.iter().enumerate().filter(|&(leaf, _)| live.contains(leaf)) {
            match &state.fold {
                &(Fold::Sum(from) | Fold::Min(from) | Fold::Max(from) | Fold::First(from)) => reads.insert(from),
                &Fold::Valid(from) => [from, from + 1].into_iter().for_each(|leaf| reads.insert(leaf)),
                &(Fold::MinSome(from) | Fold::MaxSome(from)) => {
                    [from - 1, from].into_iter().for_each(|leaf| reads.insert(leaf))
                }
                Fold::Distinct(leaves) => leaves.iter().for_each(|&leaf| reads.insert(leaf)),
                _ => {}
            }
        }
        for carried in self.carried().filter(|carried| carried.clone().any(|leaf| live.contains(leaf))) {
            self.sources(carried).for_each(|leaf| reads.insert(leaf));
        }
        reads
    }

    /// A filter keeps or drops whole groups if it reads only the key.
    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        let key = |leaf: &StateLeaf| if let Fold::Key(from) = leaf.fold { Some(from) } else { None };
        Some(self.state.iter().map(key).collect())
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        let key = |leaf: &StateLeaf| if let Fold::Key(from) = leaf.fold { Some(from) } else { None };
        inputs[0].grouped(&self.key, &self.state.iter().map(key).collect::<Vec<_>>())
    }

    /// Several measures are estimated as one field of all their leaves, because a combiner groups
    /// by all of them.
    fn counted_values(&self, inputs: &[Relation]) -> f64 {
        if !self.counts_distinct() {
            return 0.0;
        }
        let mut key: Vec<usize> = self.distinct_leaves().flatten().chain(&self.key).copied().collect();
        key.sort_unstable();
        key.dedup();
        inputs[0].distinct(&key)
    }

    fn check(&self) -> Result<()> {
        if self.counts_distinct() && self.state.iter().any(replaces_rows) {
            return Err(Error::Plan(DISTINCT_AND_TEXT.to_owned()));
        }
        let unaggregated = self.state.iter().position(|leaf| leaf.fold == Fold::Nothing);
        let Some(leaf) = unaggregated.and_then(|leaf| self.output.leaves().get(leaf)) else { return Ok(()) };
        Err(Error::Plan(format!("`{}` {UNCOVERED}", leaf.name())))
    }

    fn has_choice(&self) -> bool {
        !self.key.is_empty()
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let spec = self.spec(planning.live);
        let phase = |combined| if combined { Phase::Merge } else { Phase::Whole };
        let grouping = Grouping {
            driver: &|combined| driver::of_phase(&spec, phase(combined)),
            combiner: Some(&|| driver::combiner(&spec)),
            key_of_combined: &self.output_key(),
            of_row: Work::lookups(1.0),
            counts: self.distinct_leaves().count(),
            sorts_by: &[],
            kept_bytes: group_bytes(planning) + planning.output.counted_values * VALUE_BYTES,
        };
        planning.by_key(&self.key, &grouping)
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let types = self.input.types();
        let mut output = Table::new(self.output.types());
        for rows in &grouped(&inputs[0], &self.key) {
            let kernel_state = self.kernel_state(rows, inputs)?;
            let state = self.state.iter().enumerate();
            let leaf = |(index, leaf): (usize, &StateLeaf)| match leaf.fold {
                Fold::Key(from) | Fold::First(from) => Ok(rows[0][from].clone()),
                Fold::Distinct(ref leaves) => Ok(distinct_count::of_datums(&types, leaves, rows)),
                Fold::Sum(from) => fold::sum_datums(types[from], leaf.ty, rows.iter().map(|row| &row[from])),
                Fold::Min(from) | Fold::Max(from) => {
                    Ok(fold::extreme_of_datums(leaf.ty, from, rows, |_| true, matches!(leaf.fold, Fold::Max(_))))
                }
                Fold::MinSome(from) | Fold::MaxSome(from) => {
                    let is_valid = |row: &[Datum]| row[from - 1].bits() != 0;
                    Ok(fold::extreme_of_datums(leaf.ty, from, rows, is_valid, matches!(leaf.fold, Fold::MaxSome(_))))
                }
                Fold::By { leaf: from, .. } | Fold::Carried(from) => {
                    let row = self.carried().find(|carried| carried.contains(&index)).and_then(|carried| {
                        let greatest = matches!(self.state[carried.start].fold, Fold::By { greatest: true, .. });
                        fold::row_by(&types, &self.sources(carried).collect::<Vec<_>>(), greatest, rows)
                    });
                    Ok(row.map_or_else(|| Datum::zero(leaf.ty), |row| row[from].clone()))
                }
                Fold::Valid(from) => Ok(fold::extreme_of_datums(leaf.ty, from, rows, |_| true, true)),
                Fold::Count => Ok(Datum::Fixed(rows.len() as u128)),
                Fold::Kernel(_) => Ok(kernel_state[index].clone()),
                Fold::Nothing => Ok(Datum::zero(leaf.ty)),
            };
            output.rows.push(state.map(leaf).collect::<Result<_>>()?);
        }
        Ok(output)
    }
}

impl Aggregate {
    /// The state that the kernel computes for one group, in a table of its own.
    fn kernel_state(&self, rows: &[&Vec<Datum>], inputs: &[Table]) -> Result<Vec<Datum>> {
        let Some(kernel) = &self.kernel else { return Ok(Vec::new()) };
        let memory = unbounded_memory();
        let mut kernel = kernel.open(&TaskContext::alone(memory.clone()))?;
        let types: Vec<LeafType> = self.state.iter().map(StateLeaf::running_type).collect();
        let layout = GroupTable::layout_of(types.clone(), &LeafSet::all(types.len()));
        let mut table = GroupTable::new(layout, self.output_key(), &memory)?;
        let group = Table { types: inputs[0].types.clone(), rows: rows.iter().map(|row| (*row).clone()).collect() };
        let mut groups = Groups::default();
        let mut read = self.kernel_reads.of(&self.input);
        self.key.iter().for_each(|&leaf| read.insert(leaf));
        // Later windows find the group by the key that its first record stores.
        let key: Vec<(usize, usize)> = self.output_key().into_iter().zip(self.key.iter().copied()).collect();
        group.windows(&read, |input| {
            table.probe(input, &self.key, &key, &mut groups)?;
            kernel.accumulate(&mut table, input, &groups)
        })?;
        let mut state = Table::new(types);
        table.drain()?.iter().for_each(|page| state.extend(&page.batch()));
        state.rows.pop().ok_or_else(|| Error::Internal("a group without a state".to_owned()))
    }
}

impl Aggregate {
    /// For each [`Fold::By`], the leaves of the state that are copied from one record: its own and
    /// the carried ones.
    fn carried(&self) -> impl Iterator<Item = Range<usize>> {
        self.state.iter().enumerate().filter_map(|(leaf, state)| match state.fold {
            Fold::By { carried, .. } => Some(leaf..leaf + 1 + carried),
            _ => None,
        })
    }

    /// The leaves of the records that these leaves of the state are copied from.
    fn sources(&self, leaves: Range<usize>) -> impl Iterator<Item = usize> {
        self.state[leaves].iter().filter_map(|leaf| match leaf.fold {
            Fold::By { leaf, .. } | Fold::Carried(leaf) => Some(leaf),
            _ => None,
        })
    }

    /// The leaves of each measure that counts distinct values.
    fn distinct_leaves(&self) -> impl Iterator<Item = &[usize]> {
        self.state
            .iter()
            .filter_map(|leaf| if let Fold::Distinct(leaves) = &leaf.fold { Some(&**leaves) } else { None })
    }

    pub(super) fn counts_distinct(&self) -> bool {
        self.distinct_leaves().next().is_some()
    }
}

/// Whether the rows of groups are replaced when this leaf changes: it is the least or greatest of
/// texts, or decides which values are carried. Texts and carried values have any size.
fn replaces_rows(leaf: &StateLeaf) -> bool {
    match leaf.fold {
        Fold::Min(_) | Fold::Max(_) | Fold::MinSome(_) | Fold::MaxSome(_) => leaf.ty == LeafType::Text,
        Fold::By { .. } => true,
        _ => false,
    }
}
