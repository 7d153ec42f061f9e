//! Joins. A hash join builds a table of one side, and the other side probes it. A merge join sorts
//! both sides and merges equal keys.

mod hash;
mod hint;
mod kind;
mod merge;
mod pair_calls;
mod pair_emitter;
mod reference;
mod strategies;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use pair_calls::PairCalls;
use pair_emitter::PairEmitter;

use crate::error::Result;
use crate::join::{JoinEmitter, JoinFactory, Side};
use crate::kernel::TaskContext;
use crate::plan::{Forwards, InnerJoin, NewJoin, Operator, PairRecords, Reads, Table};
use crate::row::{HiddenLeaf, Leaf, LeafSet, LeafType, RowLayout, Schema};
use crate::statistics::Relation;
use crate::strategy::{Planning, Strategy};

use super::common::{layout, names};
use super::keys::check_keys;

pub(crate) use hash::{BuildRows, HashJoinOptions};
pub use hint::{JoinHint, JoinShip};
pub use kind::JoinKind;
pub(crate) use merge::merge_strategies;
pub(crate) use reference::equal_keys;
pub(crate) use strategies::{BuildSideOptions, hash_strategies};

/// Whether nulls in keys are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// A null equals nothing, as in SQL's `=`.
    Differ,
    /// A null equals another null, as in SQL's `is not distinct from`.
    Equal,
}

/// The output of a join for a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairOutput {
    /// Any number of records.
    Any,
    /// One record.
    One,
    /// The leaves of both records, left before right. Nothing is computed, so a side needs only the
    /// leaves that are read of the output.
    Both,
    /// The records of a closure that reads records of this number of other closures. Each of these
    /// keeps its records in a page.
    OfOthers(usize),
}

/// Pairs of a left and a right record with equal keys, passed to a closure.
pub struct Join {
    /// How it treats records without a partner.
    pub kind: JoinKind,
    /// The left and right records.
    pub inputs: [Schema; 2],
    /// The key's leaves on each side, in the same order. Empty if all pairs join.
    pub keys: [Vec<usize>; 2],
    /// Whether nulls in keys are equal.
    pub nulls: Nulls,
    /// The program's hint.
    pub hint: Option<JoinHint>,
    /// The records that it emits.
    pub output: Schema,
    /// The closure after the join. It gets an `Option` of a record that may be missing.
    pub kernel: JoinFactory,
    /// The leaves that it reads of each side.
    pub reads: [Reads; 2],
    /// The leaves that its records take over from the sides.
    pub forwards: Forwards,
    /// Whether the closure may be called on sampled pairs before the run: nothing that it captures
    /// can have effects.
    pub may_run_on_sample: bool,
    /// The output for a pair.
    pub pair_output: PairOutput,
}

impl Operator for Join {
    fn name(&self) -> &'static str {
        self.kind.words()[0]
    }

    fn details(&self) -> String {
        let is_made = matches!(self.pair_output, PairOutput::Both | PairOutput::OfOthers(_));
        let reordered = if is_made { ", reordered" } else { "" };
        if self.keys[0].is_empty() { String::new() } else { on(&self.inputs, &self.keys, self.nulls) + reordered }
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, input: usize, live: &LeafSet) -> LeafSet {
        let mut reads = match self.pair_output {
            PairOutput::Both => {
                let from = self.forwards.of(input, self.output.leaves().len());
                live.iter().filter_map(|leaf| from.get(leaf).copied().flatten()).collect()
            }
            _ => self.reads[input].of(&self.inputs[input]),
        };
        self.keys[input].iter().for_each(|&leaf| reads.insert(leaf));
        self.needs_hidden().filter(|_| input == 0).into_iter().for_each(|(time, _)| reads.insert(time));
        reads
    }

    /// Event time is that of the left record.
    fn needs_hidden(&self) -> Option<(usize, HiddenLeaf)> {
        self.output.event_time().map(|_| (self.inputs[0].leaves().len().saturating_sub(1), HiddenLeaf::EventTime))
    }

    /// A filter may drop a side's records early if the join drops them without a partner. A filter
    /// on one side's key also holds for the other side's.
    fn lets_filters_pass(&self, input: usize) -> Option<Vec<Option<usize>>> {
        if self.kind.must_keep(input) || self.kernel.has_effects() {
            return None;
        }
        Some(self.equal_leaves(input))
    }

    fn as_inner_join(&self) -> Option<InnerJoin<'_>> {
        let Join { kind, inputs, keys, nulls, hint, kernel, reads, forwards, pair_output, may_run_on_sample, .. } =
            self;
        let has_no_null = |side: usize| validity(inputs, keys, Nulls::Differ)[side].is_empty();
        let nulls_differ = *nulls == Nulls::Differ || (has_no_null(0) && has_no_null(1));
        let has_effects = kernel.has_effects() || kernel.keeps_state();
        let may_move = *kind == JoinKind::Inner && hint.is_none() && nulls_differ && !has_effects;
        // A closure that is called later is called for other pairs, and for some of them twice.
        let maps = *pair_output == PairOutput::One && *may_run_on_sample;
        let rebuild = |join| Arc::new(Join::from_optimizer(join)) as Arc<dyn Operator>;
        may_move.then_some(InnerJoin { inputs, keys, forwards, kernel, reads, maps, rebuild })
    }

    /// A record without a partner copies nothing of the other side.
    fn forwards(&self, input: usize) -> Option<Vec<Option<usize>>> {
        (!self.kind.may_miss(input)).then(|| self.equal_leaves(input))
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        let pairs = Relation::pairs(inputs, &self.keys);
        let kept = |side: usize| if self.kind.keeps(side) { inputs[side].rows } else { 0.0 };
        let rows = match self.kind {
            JoinKind::With => inputs[0].rows,
            _ => pairs.max(kept(0)).max(kept(1)),
        };
        let leaves = self.output.leaves().len();
        let forwards = [0, 1].map(|side| self.forwards.of(side, leaves));
        let kernel = self.may_run_on_sample.then_some(&self.kernel);
        Relation::joined(inputs, &self.keys, kernel, [&forwards[0], &forwards[1]], &self.output, rows)
    }

    fn has_choice(&self) -> bool {
        self.kind != JoinKind::With && self.hint != Some(JoinHint::Merge)
    }

    fn check(&self) -> Result<()> {
        check_keys(&self.inputs, &self.keys)
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let (parts, [_, hash, merge]) = (self.parts(planning), self.kind.words());
        let (is_merged, pairs) = (self.hint == Some(JoinHint::Merge), self.kind == JoinKind::Inner);
        let merged = |build: usize| parts.merge(merge, build, is_merged, pairs);
        if is_merged && !self.keys[0].is_empty() {
            return merge_strategies(planning, &self.keys, &merged);
        }
        let (effects, rows) = (self.kernel.has_effects(), self.kind.build_rows());
        let hash = |options: HashJoinOptions| parts.hash(hash, rows, options).stopping_early(!effects);
        let build_sides: &[usize] = if rows == BuildRows::One { &[1] } else { &[0, 1] };
        let build_options =
            BuildSideOptions { keys: &self.keys, may_broadcast: &|build| !self.kind.keeps(build), build_sides };
        let mut strategies = hash_strategies(planning, &build_options, self.hint, &hash);
        if self.hint.is_none() && !self.keys[0].is_empty() {
            strategies.extend(merge_strategies(planning, &self.keys, &merged));
        }
        strategies
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        reference::join(self, inputs)
    }
}

impl Join {
    /// The join of a description that the optimizer made.
    fn from_optimizer(join: NewJoin) -> Self {
        let NewJoin { inputs, keys, output, forwards, records } = join;
        let [left, right] = inputs.each_ref().map(|input| input.leaves().len());
        let (kernel, reads, pair_output): (JoinFactory, _, _) = match records {
            PairRecords::Both => {
                let reads = [left, right].map(|leaves| Reads::Leaves(LeafSet::all(leaves)));
                (Arc::new(pair_calls::both(left)), reads, PairOutput::Both)
            }
            PairRecords::Calls(calls) => {
                let reads = [0, 1].map(|side| Reads::Leaves(pair_calls::reads(&calls, side)));
                let others = calls.len().saturating_sub(1);
                (Arc::new(PairCalls::new(calls)), reads, PairOutput::OfOthers(others))
            }
        };
        let (kind, nulls, hint) = (JoinKind::Inner, Nulls::Differ, None);
        // One of its sides is a join, so there are no sampled pairs.
        let may_run_on_sample = false;
        Join { kind, inputs, keys, nulls, hint, output, kernel, reads, forwards, may_run_on_sample, pair_output }
    }

    /// For each leaf of the output, the leaf of an input with the same value. Pairs have equal
    /// keys.
    fn equal_leaves(&self, input: usize) -> Vec<Option<usize>> {
        let leaves = self.output.leaves().len();
        let mut equal_leaves = self.forwards.of(input, leaves);
        if self.kind == JoinKind::Inner {
            for (of_this, of_other) in equal_leaves.iter_mut().zip(self.forwards.of(1 - input, leaves)) {
                let key = of_other.and_then(|leaf| self.keys[1 - input].iter().position(|&key| key == leaf));
                *of_this = of_this.or(key.map(|key| self.keys[input][key]));
            }
        }
        equal_leaves
    }

    fn parts(&self, planning: &Planning<'_>) -> JoinParts {
        let sides = sides(&self.inputs, &self.keys, self.nulls, planning, |side| [self.kind.keeps(side); 2]);
        let (kind, kernel) = (self.kind, self.kernel.clone());
        let types = sides.each_ref().map(|side| side.types.clone());
        let emitter: EmitterFactory =
            Arc::new(move |context| Ok(Box::new(PairEmitter::new(kind, types.clone(), &kernel, context)?)));
        let others = if let PairOutput::OfOthers(others) = self.pair_output { others } else { 0 };
        let emitter_bytes = others * pair_calls::CALL_BYTES;
        JoinParts { sides, emitter, layout: layout(&self.output, planning.live), emitter_bytes }
    }
}

/// Creates a task's emitter.
pub(crate) type EmitterFactory = Arc<dyn Fn(&TaskContext) -> Result<Box<dyn JoinEmitter + Send>> + Send + Sync>;

/// The parts that all strategies of a join share.
#[derive(Clone)]
pub(crate) struct JoinParts {
    pub(crate) sides: [Side; 2],
    pub(crate) emitter: EmitterFactory,
    pub(crate) layout: Arc<RowLayout>,
    /// Bytes that the emitter needs in addition to the output's pages.
    pub(crate) emitter_bytes: usize,
}

/// For EXPLAIN: `custkey = id`.
pub(crate) fn on(inputs: &[Schema; 2], keys: &[Vec<usize>; 2], nulls: Nulls) -> String {
    let nulls = if nulls == Nulls::Equal { ", nulls equal" } else { "" };
    format!("on {} = {}{nulls}", names(&inputs[0], &keys[0]), names(&inputs[1], &keys[1]))
}

/// For EXPLAIN, after a strategy that the program chose.
pub(crate) fn by_hint(hinted: bool) -> &'static str {
    if hinted { ", by hint" } else { "" }
}

/// The sides of a join. `keep_flags` returns [`Side::keeps`] and [`Side::keeps_nulls`] of a side.
pub(crate) fn sides(
    inputs: &[Schema; 2],
    keys: &[Vec<usize>; 2],
    nulls: Nulls,
    planning: &Planning<'_>,
    keep_flags: impl Fn(usize) -> [bool; 2],
) -> [Side; 2] {
    let nullable = validity(inputs, keys, nulls);
    [0, 1].map(|side| {
        let [keeps, keeps_nulls] = keep_flags(side);
        Side {
            types: inputs[side].types(),
            live: planning.live_inputs[side].clone(),
            key: keys[side].clone(),
            nullable: nullable[side].clone(),
            keeps,
            keeps_nulls,
        }
    })
}

/// For each side, the validity leaves of its key. A row in which one is zero has no partner, unless
/// nulls are equal. An `Option` inside of an enum is a part of the enum's value, which is never
/// null.
pub(crate) fn validity(inputs: &[Schema; 2], keys: &[Vec<usize>; 2], nulls: Nulls) -> [Vec<usize>; 2] {
    if nulls == Nulls::Equal {
        return [Vec::new(), Vec::new()];
    }
    [0, 1].map(|side| {
        let is_validity = |leaf: &Leaf| leaf.ty == LeafType::Valid && !leaf.in_variant;
        let valid = |&&leaf: &&usize| inputs[side].leaves().get(leaf).is_some_and(is_validity);
        keys[side].iter().filter(valid).copied().collect()
    })
}
