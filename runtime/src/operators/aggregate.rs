//! Grouping with aggregates: one row of key and state per group, in a hash table.
//!
//! Where rows would have to be shipped to their group's task, they are combined first: the sending tasks aggregate what they have, and
//! ship states. A combiner holds a bounded part of the budget; when that is full, it ships what it has and begins anew.
//!
//! Distinct values are counted by a table of (group, value) beside the groups' table. A combiner has none: it groups by the key *and* the
//! values, and ships these with its states, so sets travel as rows, each value of a group once from each task.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kernel::{Accumulate, AccumulateFactory, Outputs, TaskContext};
use crate::page::{GroupTable, Groups, Input, Page};
use crate::plan::{Operator, Reads, Table, row_bytes, unbounded_memory};
use crate::row::{Datum, LeafSet, LeafType, RowLayout, Schema};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Ship, Strategy, Way};

use super::distinct_count::{self, DistinctCount};
use super::fold::{self, Fold, Kind, Merge, StateLeaf, Step};
use super::{HASH_SECONDS, combiner_bytes, grouped, names, windows};

/// A combiner's table that stays in a core's second cache.
const NEAR_BYTES: usize = 512 << 10;

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
}

impl Aggregate {
    /// The key's leaves in the output, in the order of [`Aggregate::key`].
    fn output_key(&self) -> Vec<usize> {
        let place = |key: &usize| self.state.iter().position(|leaf| leaf.fold == Fold::Key(*key));
        self.key.iter().filter_map(place).collect()
    }

    fn spec(&self, live: &LeafSet) -> Arc<Spec> {
        let mut stored: LeafSet = (0..self.state.len())
            .filter(|&leaf| match self.state[leaf].fold {
                Fold::Key(_) | Fold::Kernel(_) => true,
                Fold::Nothing => false,
                _ => live.contains(leaf),
            })
            .collect();
        // A group that nobody reads anything of is still counted.
        if stored.is_empty() && !self.state.is_empty() {
            stored.insert(0);
        }
        let running: Vec<LeafType> = self.state.iter().map(StateLeaf::running).collect();
        let table = GroupTable::layout_of(running.clone(), &stored);
        let types: Vec<LeafType> = self.state.iter().map(|leaf| leaf.ty).collect();
        let output = table.retyped(types).map(Arc::new);
        let input_types = self.input.types();
        let values = distinct_count::values(&self.state, &stored);
        let combined = if values.is_empty() {
            table.clone()
        } else {
            let counted = |leaf: &usize| matches!(self.state[*leaf].fold, Fold::Distinct(_));
            let behind = running.len()..running.len() + values.len();
            let kept = stored.iter().filter(|leaf| !counted(leaf)).chain(behind).collect();
            let value_types = values.iter().map(|&leaf| input_types[leaf]);
            GroupTable::layout_of(running.into_iter().chain(value_types).collect(), &kept)
        };
        Arc::new(Spec {
            word: self.word,
            state: self.state.clone(),
            input_types,
            key: self.key.clone(),
            output_key: self.output_key(),
            values,
            combined,
            output: output.unwrap_or_else(|| table.clone()),
            table,
            kernel: self.kernel.clone(),
        })
    }
}

impl Operator for Aggregate {
    fn name(&self) -> &'static str {
        self.word
    }

    fn details(&self) -> String {
        if self.key.is_empty() { String::new() } else { format!("by {}", names(&self.input, &self.key)) }
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
                Fold::Distinct(leaves) => leaves.iter().for_each(|&leaf| reads.insert(leaf)),
                _ => {}
            }
        }
        reads
    }

    /// A group is there or not as a whole, and its key says which.
    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        let key = |leaf: &StateLeaf| if let Fold::Key(from) = leaf.fold { Some(from) } else { None };
        Some(self.state.iter().map(key).collect())
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        let input = inputs.first().map_or(0.0, |input| input.rows);
        // A guess until keys are sampled: groups of ten.
        let rows = if self.key.is_empty() { input.min(1.0) } else { (input / 10.0).max(input.min(1.0)) };
        Estimate { rows, row_bytes: row_bytes(&self.output, live) }
    }

    fn check(&self) -> Result<()> {
        let forgotten = self.state.iter().position(|leaf| leaf.fold == Fold::Nothing);
        let Some(leaf) = forgotten.and_then(|leaf| self.output.leaves().get(leaf)) else { return Ok(()) };
        Err(Error::Plan(format!(
            "`{}` is neither part of the key nor aggregated, so a group has no value for it: add it to `group_by`, or build the \
             result's record with `aggregate(|g| …)`",
            leaf.path
        )))
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let spec = self.spec(planning.live);
        let rows = planning.inputs[0].rows;
        let from = planning.input_tasks[0];
        let whole = Arc::new(Aggregating { spec: spec.clone(), phase: Phase::Whole });
        if from == 1 {
            let way = Way::ship(Ship::Forward);
            return vec![Strategy { ways: vec![way], driver: whole, tasks: 1, streamed: 0, cost: rows * HASH_SECONDS }];
        }
        let (ship, tasks) = match self.key.is_empty() {
            true => (Ship::Gather, 1),
            false => (Ship::Hash(self.output_key()), planning.tasks),
        };
        let cost = rows * HASH_SECONDS / tasks as f64;
        if !planning.combines {
            let ship = if self.key.is_empty() { ship } else { Ship::Hash(self.key.clone()) };
            return vec![Strategy { ways: vec![Way::ship(ship)], driver: whole, tasks, streamed: 0, cost }];
        }
        let combiner = Arc::new(Aggregating { spec: spec.clone(), phase: Phase::Partial });
        let merging = Arc::new(Aggregating { spec, phase: Phase::Merge });
        vec![Strategy { ways: vec![Way { before: Some(combiner), ship }], driver: merging, tasks, streamed: 0, cost }]
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
                    let greatest = matches!(leaf.fold, Fold::Max(_));
                    let pick = |best: Datum, row: &&Vec<Datum>| fold::pick_datum(leaf.ty, &best, &row[from], greatest);
                    Ok(rows.iter().fold(rows[0][from].clone(), pick))
                }
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
        for page in group.pages(&read)? {
            windows(&page.batch(), |input| {
                table.probe(input, &self.key, &key, &mut groups)?;
                kernel.accumulate(&mut table, input, &groups)
            })?;
        }
        let mut state = Table::new(types);
        table.drain()?.iter().for_each(|page| state.extend(&page.batch()));
        state.rows.pop().ok_or_else(|| Error::Internal("a group without a state".to_owned()))
    }
}

/// What an aggregating driver needs to know, whatever its phase.
struct Spec {
    word: &'static str,
    state: Vec<StateLeaf>,
    input_types: Vec<LeafType>,
    key: Vec<usize>,
    output_key: Vec<usize>,
    /// The leaves of the input whose distinct values are counted, each once.
    values: Vec<usize>,
    /// Rows while they are added up.
    table: Arc<RowLayout>,
    /// Rows of a combiner: behind the state's leaves stand those of `values`.
    combined: Arc<RowLayout>,
    /// The same rows in the output's types.
    output: Arc<RowLayout>,
    kernel: Option<AccumulateFactory>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Records in, finished groups out.
    Whole,
    /// Records in, states out.
    Partial,
    /// States in, finished groups out.
    Merge,
}

struct Aggregating {
    spec: Arc<Spec>,
    phase: Phase,
}

impl DriverFactory for Aggregating {
    fn name(&self) -> String {
        match self.phase {
            Phase::Whole => format!("hash {}", self.spec.word),
            Phase::Partial => format!("combine {}", self.spec.word),
            Phase::Merge => format!("merge {}", self.spec.word),
        }
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(if self.phase == Phase::Partial { self.spec.combined.clone() } else { self.spec.output.clone() })
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let spec = &self.spec;
        let (merging, combining) = (self.phase == Phase::Merge, self.phase == Phase::Partial);
        let mut key = if merging { spec.output_key.clone() } else { spec.key.clone() };
        let (mut table_key, mut copied) = (spec.output_key.clone(), copied(spec, merging));
        if combining {
            let behind = (spec.state.len()..).zip(spec.values.iter().copied());
            table_key.extend(behind.clone().map(|(to, _)| to));
            key.extend(&spec.values);
            copied.extend(behind);
        }
        let layout = if combining { &spec.combined } else { &spec.table };
        Ok(Box::new(AggregateDriver {
            table: GroupTable::new(layout.clone(), table_key, &context.memory)?,
            groups: Groups::default(),
            copied,
            steps: steps(spec, layout, merging),
            distinct: if combining { Vec::new() } else { spec.distinct_counts(merging, context)? },
            key,
            kernel: spec.open_kernel(merging, context)?,
            most_bytes: combining.then(|| combiner_bytes(context)),
            spec: spec.clone(),
            phase: self.phase,
            rows: 0,
        }))
    }
}

impl Spec {
    /// The accumulator, where this phase needs it: states are merged by the engine, but for those that only it understands.
    fn open_kernel(&self, merging: bool, context: &TaskContext) -> Result<Option<Box<dyn Accumulate>>> {
        let merges = self.state.iter().any(|leaf| leaf.fold == Fold::Kernel(Merge::Kernel));
        let kernel = self.kernel.as_ref().filter(|_| !merging || merges);
        kernel.map(|kernel| kernel.open(context)).transpose()
    }

    /// The tables that count distinct values: of the input's leaves, or of those that combiners put behind their states.
    fn distinct_counts(&self, merging: bool, context: &TaskContext) -> Result<Vec<DistinctCount>> {
        let place = |leaf: &usize| match merging {
            true => self.state.len() + self.values.iter().position(|value| value == leaf).unwrap_or_default(),
            false => *leaf,
        };
        let mut counts = Vec::new();
        for (to, leaf) in self.state.iter().enumerate().filter(|&(to, _)| self.table.offset(to).is_some()) {
            if let Fold::Distinct(leaves) = &leaf.fold {
                let typed = leaves.iter().map(|leaf| (place(leaf), self.input_types[*leaf])).collect();
                counts.push(DistinctCount::new(typed, to, &context.memory)?);
            }
        }
        Ok(counts)
    }
}

/// The leaves that a new group takes from its first row: key, firsts, and what a least or greatest starts with.
fn copied(spec: &Spec, merging: bool) -> Vec<(usize, usize)> {
    let from = |to: usize| match spec.state[to].fold {
        Fold::Key(from) | Fold::Min(from) | Fold::Max(from) | Fold::First(from) => {
            Some((to, if merging { to } else { from }))
        }
        _ => None,
    };
    (0..spec.state.len()).filter_map(from).filter(|&(to, _)| spec.table.offset(to).is_some()).collect()
}

fn steps(spec: &Spec, layout: &RowLayout, merging: bool) -> Vec<Step> {
    let step = |to: usize| -> Option<Step> {
        let leaf = &spec.state[to];
        layout.offset(to)?;
        let to_type = leaf.running();
        let at = |from: usize, kind| {
            let (from, from_type) = if merging { (to, to_type) } else { (from, spec.input_types[from]) };
            Some(Step { from, from_type, to, to_type, kind })
        };
        match leaf.fold {
            Fold::Sum(from) => at(from, Kind::Sum),
            Fold::Min(from) => at(from, Kind::Min),
            Fold::Max(from) => at(from, Kind::Max),
            Fold::Count if !merging => at(0, Kind::Count),
            Fold::Count => at(to, Kind::Sum),
            Fold::Kernel(merge) if merging => match merge {
                Merge::Sum => at(to, Kind::Sum),
                Merge::Min => at(to, Kind::MinValid),
                Merge::Max => at(to, Kind::MaxValid),
                Merge::Valid | Merge::Kernel => None,
            },
            Fold::Key(_) | Fold::First(_) | Fold::Distinct(_) | Fold::Kernel(_) | Fold::Nothing => None,
        }
    };
    (0..spec.state.len()).filter_map(step).collect()
}

struct AggregateDriver {
    spec: Arc<Spec>,
    phase: Phase,
    key: Vec<usize>,
    copied: Vec<(usize, usize)>,
    steps: Vec<Step>,
    distinct: Vec<DistinctCount>,
    kernel: Option<Box<dyn Accumulate>>,
    table: GroupTable,
    groups: Groups,
    /// A combiner gives up its groups beyond this.
    most_bytes: Option<usize>,
    /// Rows since it did so.
    rows: usize,
}

impl AggregateDriver {
    /// Whether a combiner should ship what it has. Groups by distinct values too are often of one row each: a combiner that finds it so
    /// stays in the cache.
    fn is_full(&self) -> bool {
        let (bytes, is_useless) = (self.table.bytes(), self.rows < 2 * self.table.len());
        let near = !self.spec.values.is_empty() && is_useless && bytes > NEAR_BYTES;
        self.most_bytes.is_some_and(|most| bytes > most || near)
    }

    fn flush(&mut self, out: &mut Outputs) -> Result<()> {
        if self.phase == Phase::Partial {
            self.table.drain()?.into_iter().for_each(|page| out.pages().push_sealed(page));
            return Ok(());
        }
        self.distinct.iter_mut().try_for_each(DistinctCount::clear)?;
        for page in self.table.drain()? {
            self.check_ranges(&page)?;
            let narrowed = narrow_floats(page, &self.spec);
            out.pages().push_sealed(narrowed.retyped(&self.spec.output));
        }
        Ok(())
    }

    /// Whether each sum fits its output's type, whose bytes are the low end of the running sum's.
    fn check_ranges(&self, page: &Page) -> Result<()> {
        for (leaf, state) in self.spec.state.iter().enumerate() {
            let (ty, running) = (state.ty, state.running());
            if ty == running || self.spec.table.offset(leaf).is_none() || matches!(ty, LeafType::F32) {
                continue;
            }
            let batch = page.batch();
            let fits = |row| {
                let wide = fold::signed(running, batch.leaf_bits(leaf, row));
                fold::signed(ty, wide as u128 & (u128::MAX >> (128 - 8 * ty.width()))) == wide
            };
            if !(0..batch.rows()).all(fits) {
                return Err(fold::overflow(ty));
            }
        }
        Ok(())
    }
}

/// Sums of `f32` run in `f64`: their bytes are rounded in place.
fn narrow_floats(page: Page, spec: &Spec) -> Page {
    let floats = |leaf: &usize| spec.state[*leaf].ty == LeafType::F32 && spec.state[*leaf].running() == LeafType::F64;
    let leaves: Vec<usize> = (0..spec.state.len()).filter(floats).collect();
    if leaves.is_empty() {
        page
    } else {
        page.map_leaves(&leaves, |bits| (f64::from_bits(bits as u64) as f32).to_bits().into())
    }
}

impl Driver for AggregateDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        self.table.probe(input, &self.key, &self.copied, &mut self.groups)?;
        for &step in &self.steps {
            fold::run(step, &mut self.table, input, &self.groups)?;
        }
        for count in &mut self.distinct {
            count.add(&mut self.table, input, &self.groups)?;
        }
        match &mut self.kernel {
            Some(kernel) if self.phase == Phase::Merge => kernel.merge(&mut self.table, input, &self.groups)?,
            Some(kernel) => kernel.accumulate(&mut self.table, input, &self.groups)?,
            None => {}
        }
        self.rows += input.len();
        if self.is_full() {
            self.rows = 0;
            self.flush(out)?;
        }
        Ok(Answer::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        self.flush(out)?;
        Ok(Answer::Done)
    }
}
