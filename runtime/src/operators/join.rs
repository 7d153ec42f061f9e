//! Inner equi-joins: one side is built into a hash table, the other probes it.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{JoinFactory, JoinKernel, Outputs, TaskContext};
use crate::page::{Input, JoinTable, Pairs, RowWriter};
use crate::plan::{Operator, Reads, Table, row_bytes, unbounded_memory};
use crate::row::{Datum, LeafSet, LeafType, RowLayout, Schema};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Ship, Strategy, Way};

use super::{HASH_SECONDS, SHIP_SECONDS, layout, names, windows};

/// All pairs of a left and a right record with equal keys, through a closure. A null key equals nothing.
pub struct Join {
    /// The left and right records.
    pub inputs: [Schema; 2],
    /// The key's leaves on each side, in the same order.
    pub keys: [Vec<usize>; 2],
    /// The records it gives.
    pub output: Schema,
    /// The closure after the join.
    pub kernel: JoinFactory,
    /// What it reads of each side.
    pub reads: [Reads; 2],
}

impl Operator for Join {
    fn name(&self) -> &'static str {
        "join"
    }

    fn details(&self) -> String {
        on(&self.inputs, &self.keys)
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, input: usize, _: &LeafSet) -> LeafSet {
        let mut reads = self.reads[input].of(&self.inputs[input]);
        self.keys[input].iter().for_each(|&leaf| reads.insert(leaf));
        reads
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        Estimate { rows: joined_rows(inputs), row_bytes: row_bytes(&self.output, live) }
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let factory = |build: usize| -> Arc<dyn DriverFactory> {
            Arc::new(JoinDriverFactory {
                build,
                types: self.inputs[build].types(),
                live: planning.live_inputs[build].clone(),
                keys: self.keys.clone(),
                nullable: validity(&self.inputs, &self.keys),
                kernel: self.kernel.clone(),
                layout: layout(&self.output, planning.live),
            })
        };
        hash_strategies(planning, &self.keys, factory, &[0, 1])
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let memory = unbounded_memory();
        let context = TaskContext::alone(memory.clone());
        let mut kernel = self.kernel.open(&context)?;
        let mut output = Table::new(self.output.types());
        let mut writer = output.writer();
        let nullable = validity(&self.inputs, &self.keys);
        // Nested loops over plain rows; the kernel is shown one pair at a time, through a table of one row.
        for left in &inputs[0].rows {
            let partners = inputs[1].rows.iter().filter(|right| equal_keys([left, right], &self.keys, &nullable));
            let right = Table { types: inputs[1].types.clone(), rows: partners.cloned().collect() };
            let left = Table { types: inputs[0].types.clone(), rows: vec![left.clone()] };
            let live = LeafSet::all(right.types.len());
            let mut table = JoinTable::new(right.types.clone(), &live, self.keys[1].clone(), &memory)?;
            for page in right.pages(&self.reads(1, &live))? {
                windows(&page.batch(), |input| table.add(input))?;
            }
            table.build()?;
            for page in left.pages(&self.reads(0, &live))? {
                windows(&page.batch(), |input| {
                    let (mut pairs, mut from) = (Pairs::default(), 0);
                    table.probe(input, &self.keys[0], &mut pairs);
                    while table.next_pairs(input, &mut from, &mut pairs) || !pairs.is_empty() {
                        run_pairs(&mut *kernel, &table, input, &pairs, &mut writer, &mut output)?;
                    }
                    Ok(())
                })?;
            }
        }
        writer.seal();
        writer.take_sealed().for_each(|page| output.extend(&page.batch()));
        Ok(output)
    }
}

fn run_pairs(
    kernel: &mut dyn JoinKernel,
    table: &JoinTable,
    input: &Input<'_>,
    pairs: &Pairs,
    writer: &mut RowWriter,
    output: &mut Table,
) -> Result<()> {
    let mut from = 0;
    while from < pairs.len() {
        from = kernel.run(table, input, pairs, false, from, writer)?;
        writer.take_sealed().for_each(|page| output.extend(&page.batch()));
    }
    Ok(())
}

/// For EXPLAIN: `custkey = id`.
pub(crate) fn on(inputs: &[Schema; 2], keys: &[Vec<usize>; 2]) -> String {
    format!("on {} = {}", names(&inputs[0], &keys[0]), names(&inputs[1], &keys[1]))
}

/// A foreign key finds its one partner, as a guess: the larger side's rows, thinned as much as the smaller side was.
pub(crate) fn joined_rows(inputs: &[Estimate]) -> f64 {
    inputs.iter().map(|input| input.rows).fold(0.0, f64::max)
}

/// For each side, the validity leaves of its key: a row where one is zero joins nothing.
pub(crate) fn validity(inputs: &[Schema; 2], keys: &[Vec<usize>; 2]) -> [Vec<usize>; 2] {
    [0, 1].map(|side| {
        let valid = |&&leaf: &&usize| inputs[side].leaves().get(leaf).is_some_and(|leaf| leaf.ty == LeafType::Valid);
        keys[side].iter().filter(valid).copied().collect()
    })
}

/// Whether two plain rows join.
pub(crate) fn equal_keys(rows: [&Vec<Datum>; 2], keys: &[Vec<usize>; 2], nullable: &[Vec<usize>; 2]) -> bool {
    let present = |side: usize| nullable[side].iter().all(|&leaf| rows[side][leaf].bits() != 0);
    present(0) && present(1) && keys[0].iter().zip(&keys[1]).all(|(&l, &r)| rows[0][l] == rows[1][r])
}

/// Hash strategies of a join: build either side of `builds`, ship the build side to everybody or both by hash.
pub(crate) fn hash_strategies(
    planning: &Planning<'_>,
    keys: &[Vec<usize>; 2],
    factory: impl Fn(usize) -> Arc<dyn DriverFactory>,
    builds: &[usize],
) -> Vec<Strategy> {
    let mut strategies = Vec::new();
    for &build in builds {
        let probe = 1 - build;
        let (build_side, probe_side) = (planning.inputs[build], planning.inputs[probe]);
        let mut add = |ships: [Ship; 2], tasks: usize, cost: f64| {
            strategies.push(Strategy {
                ways: ships.into_iter().map(Way::ship).collect(),
                driver: factory(build),
                tasks,
                streamed: probe,
                cost,
            });
        };
        let side =
            |of_build: Ship, of_probe: Ship| if build == 0 { [of_build, of_probe] } else { [of_probe, of_build] };
        let probe_tasks = planning.input_tasks[probe];
        let probing = probe_side.rows * HASH_SECONDS / probe_tasks as f64;
        // Building costs a copy, a hash and a random write: about twice a lookup.
        let building = build_side.rows * HASH_SECONDS * 2.0;
        let all = if planning.input_tasks[build] == 1 && probe_tasks == 1 { Ship::Forward } else { Ship::Broadcast };
        let shipped = build_side.bytes() * SHIP_SECONDS * probe_tasks as f64;
        add(side(all, Ship::Forward), probe_tasks, shipped + building + probing);
        if planning.tasks > 1 {
            let tasks = planning.tasks as f64;
            let shipped = (build_side.bytes() + probe_side.bytes()) * SHIP_SECONDS * 2.0 / tasks;
            let [build_ship, probe_ship] = [build, probe].map(|side| Ship::Hash(keys[side].clone()));
            let cost = shipped + (building + probe_side.rows * HASH_SECONDS * 2.0) / tasks;
            add(side(build_ship, probe_ship), planning.tasks, cost);
        }
    }
    strategies
}

struct JoinDriverFactory {
    build: usize,
    types: Vec<LeafType>,
    live: LeafSet,
    keys: [Vec<usize>; 2],
    nullable: [Vec<usize>; 2],
    kernel: JoinFactory,
    layout: Arc<RowLayout>,
}

impl DriverFactory for JoinDriverFactory {
    fn name(&self) -> String {
        format!("hash join, build {}", if self.build == 0 { "left" } else { "right" })
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let build = Build::new(self.build, &self.types, &self.live, &self.keys, &self.nullable, context)?;
        Ok(Box::new(JoinDriver {
            build,
            kernel: self.kernel.open(context)?,
            pairs: Pairs::default(),
            next: 0,
            position: 0,
        }))
    }
}

/// The build side of a hash join of any kind, and what is needed to probe it.
pub(crate) struct Build {
    pub(crate) side: usize,
    pub(crate) table: JoinTable,
    probe_key: Vec<usize>,
    nullable: [Vec<usize>; 2],
    built: bool,
}

impl Build {
    pub(crate) fn new(
        side: usize,
        types: &[LeafType],
        live: &LeafSet,
        keys: &[Vec<usize>; 2],
        nullable: &[Vec<usize>; 2],
        context: &TaskContext,
    ) -> Result<Self> {
        Ok(Build {
            side,
            table: JoinTable::new(types.to_vec(), live, keys[side].clone(), &context.memory)?,
            probe_key: keys[1 - side].clone(),
            nullable: nullable.clone(),
            built: false,
        })
    }

    /// The build side comes first.
    pub(crate) fn wants(&self, port: usize) -> bool {
        (port == self.side) != self.built
    }

    pub(crate) fn add(&mut self, input: &Input<'_>) -> Result<()> {
        with_keys(&self.nullable[self.side], input, |input| self.table.add(input))
    }

    pub(crate) fn finish(&mut self) -> Result<()> {
        self.built = true;
        self.table.build()
    }

    pub(crate) fn probe(&self, input: &Input<'_>, pairs: &mut Pairs) {
        self.table.probe(input, &self.probe_key, pairs);
        pairs.forget(input, &self.nullable[1 - self.side]);
    }
}

/// Calls `f` with the rows whose validity leaves are all set.
fn with_keys(nullable: &[usize], input: &Input<'_>, f: impl FnOnce(&Input<'_>) -> Result<()>) -> Result<()> {
    if nullable.is_empty() {
        return f(input);
    }
    let batch = input.batch();
    let present = |&&row: &&u32| nullable.iter().all(|&leaf| batch.leaf_bits(leaf, row as usize) != 0);
    let mut kept = crate::page::Selection::default();
    kept.set(input.selection().rows().iter().filter(present).copied());
    f(&Input::new(batch, &kept))
}

struct JoinDriver {
    build: Build,
    kernel: Box<dyn JoinKernel>,
    pairs: Pairs,
    /// The input's next row to list pairs of.
    next: usize,
    /// The next pair to run.
    position: usize,
}

/// Cursor values: the input is new, pairs are being run, the last pairs are being run.
const NEW: Cursor = 0;
const MORE: Cursor = 1;
const LAST: Cursor = 2;

impl Driver for JoinDriver {
    fn wants(&self, port: usize) -> bool {
        self.build.wants(port)
    }

    fn on_batch(&mut self, port: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if port == self.build.side {
            self.build.add(input)?;
            return Ok(Answer::Done);
        }
        if *cursor == NEW {
            self.build.probe(input, &mut self.pairs);
            (self.next, self.position, *cursor) = (0, 0, MORE);
            self.list(input, cursor);
        }
        loop {
            if self.position < self.pairs.len() {
                let left = self.build.side == 0;
                let pages = out.pages();
                self.position = self.kernel.run(&self.build.table, input, &self.pairs, left, self.position, pages)?;
                if out.is_full() {
                    return Ok(Answer::Resume);
                }
            } else if *cursor == LAST {
                return Ok(Answer::Done);
            } else {
                self.list(input, cursor);
            }
        }
    }

    fn on_round_end(&mut self, port: usize, _: Round, _: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        if port == self.build.side {
            self.build.finish()?;
        }
        Ok(Answer::Done)
    }
}

impl JoinDriver {
    fn list(&mut self, input: &Input<'_>, cursor: &mut Cursor) {
        let more = self.build.table.next_pairs(input, &mut self.next, &mut self.pairs);
        self.position = 0;
        *cursor = if more { MORE } else { LAST };
    }
}
