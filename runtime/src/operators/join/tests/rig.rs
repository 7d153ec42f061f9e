//! Calls a join's driver as a task does, with a disk that is as slow as possible, and computes the
//! expected pairs.

use std::collections::HashMap;

use crate::join::JoinKernel;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::{JOIN_BYTES, MERGE_BYTES, SLACK_SHARE};
use crate::memory::{Budget, Memory};
use crate::metrics::OperatorMetrics;
use crate::page::{Page, RowPairs, RowWriter};
use crate::row::RowLayout;
use crate::spill::SpillSpace;
use crate::spill::tests::DeferredBlocking;
use crate::strategy::{Cursor, Driver, Progress, Round};

use super::super::*;

/// Validity and value of the key, the row's number, and a text of any size.
const TYPES: [LeafType; 4] = [LeafType::Valid, LeafType::U64, LeafType::U64, LeafType::Text];

#[derive(Clone)]
pub(super) struct Row {
    pub(super) key: Option<u64>,
    number: u64,
    pub(super) text_bytes: usize,
}

pub(super) fn rows(keys: impl IntoIterator<Item = u64>, text_bytes: usize) -> Vec<Row> {
    let row = |(number, key)| Row { key: Some(key), number, text_bytes };
    (0..).zip(keys).map(row).collect()
}

fn text(row: &Row) -> String {
    "x".repeat(row.text_bytes.saturating_sub(20)) + &format!("{:020}", row.number)
}

pub(super) fn pages(rows: &[Row]) -> Vec<Page> {
    let memory = Memory::new(Budget::new(1 << 40), "input");
    let mut writer = RowWriter::new(Arc::new(RowLayout::full(TYPES)), memory);
    for row in rows {
        let written = writer.visit(|mut leaves, mut claims| {
            let (valid, key, number) = (leaves.plain::<u8>(), leaves.plain::<u64>(), leaves.plain::<u64>());
            let (words, text) = (leaves.text(), text(row));
            let put = claims.put(words.heap_bytes(&text), |new, claims| {
                valid.write(new, row.key.is_some().into());
                key.write(new, row.key.unwrap_or(0));
                number.write(new, row.number);
                words.write(new, &text, claims);
            });
            assert!(put.is_some());
        });
        written.unwrap();
    }
    writer.seal();
    writer.take_sealed().collect()
}

type Pair = (Option<u64>, Option<u64>);

/// Emits the numbers of a pair's rows, and checks their texts.
struct Numbers(JoinKind);

impl JoinKernel for Numbers {
    fn run(&mut self, pairs: &RowPairs<'_>, from: usize, out: &mut RowWriter) -> Result<usize> {
        let optional = [self.0.may_miss(0), self.0.may_miss(1)];
        out.visit(|mut to, mut claims| {
            let sinks = [0, 1].map(|_| (to.plain::<u8>(), to.plain::<u64>()));
            pairs.visit(|mut left, mut right, rows| {
                let (left_is, right_is) =
                    (optional[0].then(|| left.plain::<u8>()), optional[1].then(|| right.plain::<u8>()));
                let (_, _, left_number, left_text) =
                    (left.plain::<u8>(), left.plain::<u64>(), left.plain::<u64>(), left.text());
                let (_, _, right_number, right_text) =
                    (right.plain::<u8>(), right.plain::<u64>(), right.plain::<u64>(), right.text());
                let mut position = from;
                while position < rows.len() && !claims.is_full() {
                    let (l, r) = rows.get(position);
                    let there = [left_is.is_none_or(|is| is.read(l) != 0), right_is.is_none_or(|is| is.read(r) != 0)];
                    let (numbers, texts) =
                        ([left_number.read(l), right_number.read(r)], [left_text.read(l), right_text.read(r)]);
                    let put = claims.put(0, |new, _| {
                        for side in 0..2 {
                            assert!(!there[side] || texts[side].ends_with(&format!("{:020}", numbers[side])));
                            sinks[side].0.write(new, there[side].into());
                            sinks[side].1.write(new, numbers[side]);
                        }
                    });
                    assert!(put.is_some());
                    position += 1;
                }
                position
            })
        })
    }
}

pub(super) struct Case {
    pub(super) kind: JoinKind,
    pub(super) build: usize,
    pub(super) sides: [Vec<Row>; 2],
    pub(super) nulls: Nulls,
    pub(super) memory_bytes: usize,
    /// Whether memory is revoked while rows arrive.
    pub(super) revokes: bool,
    /// Whether it is a merge join.
    pub(super) merges: bool,
    /// The number of times that the probe side is fed. If it is more than one, the build side is
    /// kept.
    pub(super) rounds: u32,
    /// See [`HashJoinOptions::reverses`].
    pub(super) reverses: Option<usize>,
    /// See [`HashJoinOptions::breaks_partitioning`].
    pub(super) breaks_partitioning: bool,
}

impl Case {
    pub(super) fn new(kind: JoinKind, build: usize, left: Vec<Row>, right: Vec<Row>) -> Self {
        let sides = [left, right];
        let nulls = Nulls::Differ;
        Case {
            kind,
            build,
            sides,
            nulls,
            memory_bytes: JOIN_BYTES,
            revokes: false,
            merges: false,
            rounds: 1,
            reverses: None,
            breaks_partitioning: true,
        }
    }

    /// A merge join in the minimum memory, and the slack that a plan adds.
    pub(super) fn merging(kind: JoinKind, build: usize, left: Vec<Row>, right: Vec<Row>) -> Self {
        Case {
            memory_bytes: MERGE_BYTES + MERGE_BYTES / (SLACK_SHARE - 1),
            merges: true,
            ..Case::new(kind, build, left, right)
        }
    }

    pub(super) fn minimum_bytes(&self) -> usize {
        if self.merges { MERGE_BYTES } else { JOIN_BYTES }
    }

    pub(super) fn is_keyed(&self) -> bool {
        !matches!(self.kind, JoinKind::Cross | JoinKind::With)
    }

    pub(super) fn expected(&self) -> Vec<Pair> {
        let key = |row: &Row| {
            if self.is_keyed() {
                row.key.map(|key| key + 1).or((self.nulls == Nulls::Equal).then_some(0))
            } else {
                Some(0)
            }
        };
        let mut by_key: HashMap<u64, Vec<u64>> = HashMap::new();
        for row in &self.sides[1] {
            key(row).into_iter().for_each(|key| by_key.entry(key).or_default().push(row.number));
        }
        let (mut pairs, mut met) = (Vec::new(), std::collections::HashSet::new());
        for row in &self.sides[0] {
            let partners = key(row).and_then(|key| by_key.get(&key));
            pairs.extend(partners.into_iter().flatten().map(|&right| (Some(row.number), Some(right))));
            met.extend(partners.and_then(|_| key(row)));
            pairs.extend((partners.is_none() && self.kind.keeps(0)).then_some((Some(row.number), None)));
        }
        let is_alone = |row: &&Row| self.kind.keeps(1) && key(row).is_none_or(|key| !met.contains(&key));
        pairs.extend(self.sides[1].iter().filter(is_alone).map(|row| (None, Some(row.number))));
        pairs.sort_unstable();
        pairs
    }

    /// Runs the driver, compares its pairs with the expected ones, and returns its metrics.
    pub(super) fn run(&self) -> Arc<OperatorMetrics> {
        let (budget, late) = (Budget::new(self.memory_bytes), Arc::new(DeferredBlocking::default()));
        let memory = Memory::spilling(budget.clone(), "join", self.minimum_bytes());
        let context = TaskContext { blocking: late.clone(), space: SpillSpace::new(&[]), ..TaskContext::alone(memory) };
        let mut found = self.drive(&context, &late);
        found.sort_unstable();
        let in_a_round = self.expected();
        let rounds = self.rounds as usize;
        let expected: Vec<Pair> = in_a_round.into_iter().flat_map(|pair| std::iter::repeat_n(pair, rounds)).collect();
        assert_eq!(found.len(), expected.len());
        assert!(found == expected, "other pairs");
        late.run_until_idle();
        let metrics = context.metrics.clone();
        assert!(budget.peak_bytes() <= self.memory_bytes);
        drop(context);
        assert_eq!(budget.used_bytes(), 0);
        metrics
    }

    /// Revokes `bytes` of a build side while no rows arrive. Returns the bytes that it gives back,
    /// and the number of calls.
    pub(super) fn revoke_while_idle(&self, bytes: usize) -> (usize, usize) {
        let (budget, late) = (Budget::new(self.memory_bytes), Arc::new(DeferredBlocking::default()));
        let memory = Memory::spilling(budget.clone(), "join", self.minimum_bytes());
        let context = TaskContext { blocking: late.clone(), ..TaskContext::alone(memory) };
        let mut task = self.task(&context, &late);
        self.feed(&mut task, self.build);
        let (before, mut calls) = (budget.used_bytes(), 0);
        task.driver.revocable().unwrap().revoke(bytes).unwrap();
        loop {
            calls += 1;
            match task.driver.revocable().unwrap().continue_revoking().unwrap() {
                Progress::Done => break,
                Progress::Yield => {}
                Progress::Pending => late.run_newer_half(),
            }
        }
        late.run_until_idle();
        (before.saturating_sub(budget.used_bytes()), calls)
    }

    /// The number of partitions that each of two tasks spills, if they build a side at the same
    /// time.
    pub(super) fn spilled_parts_of_two_tasks(&self) -> [u64; 2] {
        let (budget, late) = (Budget::new(self.memory_bytes), DeferredBlocking::default());
        let contexts = [0, 1].map(|_| {
            let memory = Memory::spilling(budget.clone(), "join", self.minimum_bytes());
            memory.set_operator_group(1);
            TaskContext::alone(memory)
        });
        let mut tasks = contexts.each_ref().map(|context| self.task(context, &late));
        for page in pages(&self.sides[self.build]) {
            tasks.iter_mut().for_each(|task| task.feed(self.build, &page));
        }
        for task in &mut tasks {
            let end = Round { number: 1 };
            task.call(|driver, cursor, out| driver.on_round_end(self.build, end, cursor, out));
        }
        drop(tasks);
        contexts.map(|context| context.metrics.spilled_parts.get())
    }

    pub(super) fn task<'l>(&self, context: &TaskContext, late: &'l DeferredBlocking) -> Task<'l> {
        let key: Vec<usize> = if self.is_keyed() { vec![0, 1] } else { vec![] };
        let side = |side: usize| Side {
            types: TYPES.to_vec(),
            live: LeafSet::all(TYPES.len()),
            nullable: if self.nulls == Nulls::Equal { vec![] } else { key.iter().copied().take(1).collect() },
            key: key.clone(),
            keeps: self.kind.keeps(side),
            keeps_nulls: self.kind.keeps(side),
        };
        let kind = self.kind;
        let kernel: JoinFactory = Arc::new(move |_: &TaskContext| Ok(Box::new(Numbers(kind)) as Box<dyn JoinKernel>));
        let layout = Arc::new(RowLayout::full([LeafType::Valid, LeafType::U64, LeafType::Valid, LeafType::U64]));
        let types = [TYPES.to_vec(), TYPES.to_vec()];
        let emitter: EmitterFactory =
            Arc::new(move |context| Ok(Box::new(PairEmitter::new(kind, types.clone(), &kernel, context)?)));
        let parts = JoinParts { sides: [side(0), side(1)], emitter, layout: layout.clone(), emitter_bytes: 0 };
        let factory = match self.merges {
            true => parts.merge(kind.words()[2], self.build, true, false),
            false => {
                let options = HashJoinOptions {
                    build: self.build,
                    is_hinted: false,
                    keeps_build: self.rounds > 1,
                    is_shared: context.subtasks > 1,
                    breaks_partitioning: self.breaks_partitioning,
                    reverses: self.reverses,
                };
                parts.hash(kind.words()[1], kind.build_rows(), options)
            }
        };
        let out = Outputs::new(RowWriter::new(layout, Memory::new(Budget::new(1 << 40), "output")));
        Task { driver: factory.create(context).unwrap(), out, found: Vec::new(), late }
    }

    fn feed(&self, task: &mut Task<'_>, port: usize) {
        for (number, page) in pages(&self.sides[port]).iter().enumerate() {
            assert!(
                task.driver.demand().ports.contains(port)
                    && (self.merges || !task.driver.demand().ports.contains(1 - port))
            );
            task.feed(port, page);
            if self.revokes && number % 50 == 20 {
                task.driver.revocable().unwrap().revoke(1 << 20).unwrap();
                // If revoking is not finished, the next rows continue it.
                match number % 100 == 20 {
                    true => task.call(|driver, _, _| driver.revocable().unwrap().continue_revoking()),
                    false => _ = task.driver.revocable().unwrap().continue_revoking().unwrap(),
                }
            }
        }
    }

    fn drive(&self, context: &TaskContext, late: &DeferredBlocking) -> Vec<Pair> {
        let mut task = self.task(context, late);
        for round in 0..=self.rounds {
            let port = if round == 0 { self.build } else { 1 - self.build };
            let before = task.found.len();
            self.feed(&mut task, port);
            let end = Round { number: round.max(1) };
            task.call(|driver, cursor, out| driver.on_round_end(port, end, cursor, out));
            if round > 0 && self.rounds > 1 {
                assert_eq!(
                    task.found.len() - before,
                    self.expected().len(),
                    "round {round}, {:?}",
                    (self.kind, self.build, self.memory_bytes)
                );
            }
        }
        task.found
    }
}

pub(super) struct Task<'l> {
    pub(super) driver: Box<dyn Driver>,
    out: Outputs,
    pub(super) found: Vec<Pair>,
    late: &'l DeferredBlocking,
}

impl Task<'_> {
    pub(super) fn feed(&mut self, port: usize, page: &Page) {
        crate::page::windows(&page.batch(), |input| {
            self.call(|driver, cursor, out| driver.on_batch(port, input, cursor, out));
            Ok::<(), ()>(())
        })
        .unwrap();
    }

    pub(super) fn call(&mut self, f: impl Fn(&mut dyn Driver, &mut Cursor, &mut Outputs) -> Result<Progress>) {
        let mut cursor = 0;
        loop {
            match self.call_once(&f, &mut cursor) {
                Progress::Done => return,
                Progress::Yield => {}
                Progress::Pending => self.late.run_newer_half(),
            }
        }
    }

    /// Calls the driver, and takes its output.
    pub(super) fn call_once(
        &mut self,
        f: impl Fn(&mut dyn Driver, &mut Cursor, &mut Outputs) -> Result<Progress>,
        cursor: &mut Cursor,
    ) -> Progress {
        let progress = f(&mut *self.driver, cursor, &mut self.out).unwrap();
        if progress == Progress::Done {
            self.out.pages().seal();
        }
        for page in self.out.pages().take_sealed() {
            let batch = page.batch();
            let number = |leaf, row| (batch.leaf_bits(leaf, row) != 0).then_some(batch.leaf_bits(leaf + 1, row) as u64);
            self.found.extend((0..batch.rows()).map(|row| (number(0, row), number(2, row))));
        }
        progress
    }
}
