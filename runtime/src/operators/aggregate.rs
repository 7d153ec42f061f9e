//! Grouping with aggregates: one row of key and state per group, in a hash table.
//!
//! Where rows would have to be shipped to their group's task, they are combined first: the sending tasks aggregate what they have, and
//! ship states. A combiner holds a bounded part of the budget; when that is full, it ships what it has and begins anew.
//!
//! Distinct values are counted by a table of (group, value) beside the groups' table; those that find no room there by a grouping that
//! spills. A combiner has no such table: it groups by the key *and* the values, and ships these with its states, so sets travel as rows, each
//! value of a group once from each task.

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

/// Says which measures do not go together.
pub const DISTINCT_AND_TEXT: &str = "`count_distinct` and the least or greatest of a text, or a text that `min_by` or `max_by` carries, do not go \
     together in one aggregate: take each in an `aggregate` of its own, and join them by the key";

/// What a table of distinct values keeps of each: the group's number, a value of a common width, and the index's entry.
const VALUE_BYTES: f64 = 16.0 + INDEX_BYTES;

/// Groups records and folds each group into one.
pub struct Aggregate {
    /// For EXPLAIN: `sum`, `aggregate`, `distinct`.
    pub word: &'static str,
    /// The records it is given.
    pub input: Schema,
    /// The records it gives: keys and states.
    pub output: Schema,
    /// The key's leaves in the input; none where everything is one group.
    pub key: Vec<usize>,
    /// For each leaf of the output, how it is made.
    pub state: Vec<StateLeaf>,
    /// Adds computed measures to the states of [`Fold::Kernel`].
    pub kernel: Option<AccumulateFactory>,
    /// What the kernel reads.
    pub kernel_reads: Reads,
    /// The source texts of a computed key.
    pub closures: Vec<&'static str>,
    /// The kernel's measures as the program writes them, each with the number of its leaves. They are
    /// the last leaves of the state. Empty if the text is unknown.
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

    /// A group is there or not as a whole, and its key says which.
    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        let key = |leaf: &StateLeaf| if let Fold::Key(from) = leaf.fold { Some(from) } else { None };
        Some(self.state.iter().map(key).collect())
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        let key = |leaf: &StateLeaf| if let Fold::Key(from) = leaf.fold { Some(from) } else { None };
        inputs[0].grouped(&self.key, &self.state.iter().map(key).collect::<Vec<_>>())
    }

    /// Of several measures as if they counted one field of all their leaves, which is what a combiner groups by.
    fn counted_values(&self, inputs: &[Relation]) -> f64 {
        if !self.counts_distinct() {
            return 0.0;
        }
        let mut key: Vec<usize> = self.counted().flatten().chain(&self.key).copied().collect();
        key.sort_unstable();
        key.dedup();
        inputs[0].distinct(&key)
    }

    fn check(&self) -> Result<()> {
        if self.counts_distinct() && self.state.iter().any(replaces_rows) {
            return Err(Error::Plan(DISTINCT_AND_TEXT.to_owned()));
        }
        let forgotten = self.state.iter().position(|leaf| leaf.fold == Fold::Nothing);
        let Some(leaf) = forgotten.and_then(|leaf| self.output.leaves().get(leaf)) else { return Ok(()) };
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
            counts: self.counted().count(),
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
    /// What the kernel makes of one group, in a table that holds nothing else.
    fn kernel_state(&self, rows: &[&Vec<Datum>], inputs: &[Table]) -> Result<Vec<Datum>> {
        let Some(kernel) = &self.kernel else { return Ok(Vec::new()) };
        let memory = unbounded_memory();
        let mut kernel = kernel.open(&TaskContext::alone(memory.clone()))?;
        let types: Vec<LeafType> = self.state.iter().map(StateLeaf::running).collect();
        let layout = GroupTable::layout_of(types.clone(), &LeafSet::all(types.len()));
        let mut table = GroupTable::new(layout, self.output_key(), &memory)?;
        let group = Table { types: inputs[0].types.clone(), rows: rows.iter().map(|row| (*row).clone()).collect() };
        let mut groups = Groups::default();
        let mut read = self.kernel_reads.of(&self.input);
        self.key.iter().for_each(|&leaf| read.insert(leaf));
        // The next records find the group by the key that its first one leaves in the state.
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
    /// Of each [`Fold::By`], the leaves of the state that are of one record: its own and the carried ones.
    fn carried(&self) -> impl Iterator<Item = Range<usize>> {
        self.state.iter().enumerate().filter_map(|(leaf, state)| match state.fold {
            Fold::By { carried, .. } => Some(leaf..leaf + 1 + carried),
            _ => None,
        })
    }

    /// The leaves of the records that some such leaves of the state are.
    fn sources(&self, leaves: Range<usize>) -> impl Iterator<Item = usize> {
        self.state[leaves].iter().filter_map(|leaf| match leaf.fold {
            Fold::By { leaf, .. } | Fold::Carried(leaf) => Some(leaf),
            _ => None,
        })
    }

    /// The leaves of each measure that counts distinct values, which a table of their own takes.
    fn counted(&self) -> impl Iterator<Item = &[usize]> {
        self.state
            .iter()
            .filter_map(|leaf| if let Fold::Distinct(leaves) = &leaf.fold { Some(&**leaves) } else { None })
    }

    /// Whether it counts distinct values.
    pub(super) fn counts_distinct(&self) -> bool {
        self.counted().next().is_some()
    }
}

/// Whether a leaf of a state is the least or greatest of texts, or decides which values are carried: they are of any
/// size, so its row is replaced with others.
fn replaces_rows(leaf: &StateLeaf) -> bool {
    match leaf.fold {
        Fold::Min(_) | Fold::Max(_) | Fold::MinSome(_) | Fold::MaxSome(_) => leaf.ty == LeafType::Text,
        Fold::By { .. } => true,
        _ => false,
    }
}
