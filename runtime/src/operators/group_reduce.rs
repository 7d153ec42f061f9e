//! Calls a closure with each group's records, one at a time. It emits any number of records.
//!
//! Rows are sent to the task of their group. It keeps them in pages, and sorts an index of them by
//! the key and then by the order within a group. The closure borrows each row where it lies.
//! Without a key, all rows are one group.
//!
//! If `partial`, no rows are sent. Each task calls the closure whenever its rows fill a fixed part
//! of memory, so a key may have several groups.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Memory;
use crate::memory::limits::{SORT_BYTES, SORTED_GROUPS_BYTES};
use crate::page::Input;
use crate::plan::{Operator, Reads, Table, unbounded_memory, unbounded_writer};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::sort::{GroupFactory, GroupKernel, GroupSorter, LargeGroup, OrderKey, SortBuffer};
use crate::statistics::Relation;
use crate::strategy::{
    Cursor, Driver, DriverFactory, Grouping, Planning, Progress, Revocable, Round, Strategy, Work, ready,
};

use super::common::{combiner_bytes, grouped, layout, names};
use super::order;

/// Calls a closure with each group.
pub struct GroupReduce {
    /// For EXPLAIN: `reduce_group`.
    pub word: &'static str,
    /// The records that it receives.
    pub input: Schema,
    /// The records that it emits.
    pub output: Schema,
    /// The key's leaves. Empty if all records are one group.
    pub key: Vec<usize>,
    /// The order within a group. Empty if there is none.
    pub order: Vec<OrderKey>,
    /// The closure.
    pub kernel: GroupFactory,
    /// The leaves that the closure reads.
    pub reads: Reads,
    /// Bytes that the kernel reserves in addition to the rows.
    pub aside: usize,
    /// The reason why the plan is rejected, if the program has a mistake.
    pub refused: Option<String>,
    /// Whether each task calls the closure with the groups of the rows that it holds, whenever they
    /// fill a part of memory.
    pub partial: bool,
}

impl GroupReduce {
    fn read_leaves(&self) -> LeafSet {
        let mut read_leaves = self.reads.of(&self.input);
        read_leaves.extend_from(&order::leaves(&self.order));
        self.key.iter().for_each(|&leaf| read_leaves.insert(leaf));
        read_leaves
    }

    /// The key, then the order within a group.
    fn whole_order(&self) -> Vec<OrderKey> {
        OrderKey::ascending(&self.key).chain(self.order.iter().copied()).collect()
    }

    /// The driver of a partial grouping.
    fn partial_driver(&self, output: Arc<RowLayout>) -> DriverFactory {
        let (kept, order) = (layout(&self.input, &self.read_leaves()), self.whole_order());
        let (kernel, key_leaves) = (self.kernel.clone(), self.key.len());
        let create = move |context: &TaskContext| {
            let kernel = kernel.open(context)?;
            let rows = SortBuffer::new(kept.clone(), order.clone(), &context.memory)?;
            let (max_bytes, memory) = (combiner_bytes(context), context.memory.clone());
            Ok(PartialDriver { rows, key_leaves, kernel, max_bytes, memory, is_revoked: false })
        };
        let name = format!("sort a part in memory, {}", self.word);
        DriverFactory::new(name, create).waiting_for_end().emitting(output).spilling_beyond(SORT_BYTES + self.aside)
    }

    /// The driver that calls the closure after all rows have arrived.
    fn whole_driver(&self, output: Arc<RowLayout>) -> DriverFactory {
        let (kept, order) = (layout(&self.input, &self.read_leaves()), self.whole_order());
        let how = if order.is_empty() { "keep, then" } else { "external sort," };
        let (kernel, key_leaves) = (self.kernel.clone(), self.key.len());
        let create = move |context: &TaskContext| {
            let kernel = kernel.open(context)?;
            Ok(GroupReduceDriver {
                rows: GroupSorter::new(kept.clone(), order.clone(), key_leaves, context)?,
                key_leaves,
                kernel,
                is_finished: false,
                next_group: 0,
            })
        };
        let factory = DriverFactory::new(format!("{how} {}", self.word), create).emitting(output);
        factory.waiting_for_end().spilling_beyond(SORTED_GROUPS_BYTES + self.aside)
    }
}

impl Operator for GroupReduce {
    fn name(&self) -> &'static str {
        self.word
    }

    fn details(&self) -> String {
        let by = |word: &str, names: String| (!names.is_empty()).then(|| format!("{word} {names}"));
        let parts =
            [by("by", names(&self.input, &self.key)), by("sorted by", order::describe(&self.input, &self.order))];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        self.read_leaves()
    }

    fn check(&self) -> Result<()> {
        self.refused.clone().map_or(Ok(()), |wrong| Err(Error::Plan(wrong)))
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        // One record for each group.
        Relation::unknown(inputs[0].distinct(&self.key), &self.output)
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let (output, input) = (layout(&self.output, planning.live), planning.inputs[0]);
        if self.partial {
            return vec![planning.forwarded(self.partial_driver(output), planning.sort(0, &self.whole_order()))];
        }
        let grouping = Grouping {
            driver: &|_| self.whole_driver(output.clone()),
            combiner: None,
            key_of_combined: &[],
            of_row: Work::rows(1.0),
            counts: 0,
            sorts_by: &self.whole_order(),
            kept_bytes: input.bytes(),
        };
        planning.by_key(&self.key, &grouping)
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let memory = unbounded_memory();
        let mut kernel = self.kernel.open(&TaskContext::alone(memory.clone()))?;
        let all = RowLayout::full(self.input.types());
        let mut group = SortBuffer::new(Arc::new(all), Vec::new(), &memory)?;
        let mut output = Table::new(self.output.types());
        for mut rows in grouped(&inputs[0], &self.key) {
            rows.sort_by(|left, right| order::compare(&self.input, &self.order, left, right));
            let table = Table { types: inputs[0].types.clone(), rows: rows.into_iter().cloned().collect() };
            group.clear();
            // Without an order, the buffer keeps the rows in the order in which they are added, as
            // one group.
            table.windows(&self.read_leaves(), |input| group.add(input))?;
            let mut writer = unbounded_writer(self.output.types());
            let mut position = 0;
            while position < group.len() {
                position = kernel.run(&group, 0, position, &mut writer)?;
                output.take_sealed(&mut writer);
            }
            output.take(&mut writer);
        }
        Ok(output)
    }
}

struct GroupReduceDriver {
    rows: GroupSorter,
    /// The number of the key's leaves, which the order begins with.
    key_leaves: usize,
    kernel: Box<dyn GroupKernel>,
    /// Whether all rows have arrived, so that groups are emitted.
    is_finished: bool,
    /// The position in the window of the next group.
    next_group: usize,
}

impl GroupReduceDriver {
    /// Calls the closure with the groups, whose rows have all arrived.
    fn run(&mut self, out: &mut Outputs) -> Result<Progress> {
        loop {
            if !self.rows.is_ready() {
                ready!(self.rows.advance()?);
                self.next_group = 0;
            } else if self.kernel.reads_again()
                && let Some((group, pages)) = self.rows.take_large_rewindable()
            {
                self.run_large(group, out)?;
                self.rows.spiller().forget(pages);
                return Ok(Progress::Yield);
            } else if let Some(group) = self.rows.take_large() {
                self.run_large(group, out)?;
                return Ok(Progress::Yield);
            } else if self.next_group < self.rows.window().len() {
                self.next_group = self.kernel.run(self.rows.window(), self.key_leaves, self.next_group, out.pages())?;
                return Ok(Progress::Yield);
            } else if self.rows.is_last() {
                self.rows.clear();
                return Ok(Progress::Done);
            } else {
                ready!(self.rows.advance()?);
                self.next_group = 0;
            }
        }
    }

    /// Calls the closure with a group that does not fit into memory.
    fn run_large(&mut self, mut group: LargeGroup, out: &mut Outputs) -> Result<()> {
        self.kernel.run_large(&mut group, out.pages())?;
        self.next_group = 1;
        group.check()
    }
}

impl Driver for GroupReduceDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.rows.add(input, cursor)
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            ready!(self.rows.finish()?);
            (self.is_finished, *cursor) = (true, 1);
        }
        self.run(out)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for GroupReduceDriver {
    fn revoke(&mut self, _: usize) -> Result<()> {
        if !self.is_finished {
            self.rows.revoke();
        }
        Ok(())
    }

    fn continue_revoking(&mut self) -> Result<Progress> {
        self.rows.continue_revoking()
    }
}

/// Calls the closure whenever the rows fill a part of memory.
struct PartialDriver {
    rows: SortBuffer,
    key_leaves: usize,
    kernel: Box<dyn GroupKernel>,
    /// The most bytes of rows before the closure is called.
    max_bytes: usize,
    memory: Memory,
    /// Whether another operator needs the memory.
    is_revoked: bool,
}

impl PartialDriver {
    /// Calls the closure with the groups of the rows in memory. After the rows are sorted, the
    /// cursor is the position of the next group plus 1.
    fn run(&mut self, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            self.rows.sort();
            *cursor = 1;
        }
        *cursor = 1 + self.kernel.run(&self.rows, self.key_leaves, *cursor - 1, out.pages())?;
        if *cursor <= self.rows.len() {
            return Ok(Progress::Yield);
        }
        self.rows.clear();
        self.memory.shrink();
        self.is_revoked = false;
        Ok(Progress::Done)
    }
}

impl Driver for PartialDriver {
    /// If there is no room for the input, the closure is called first. The input's rows then begin
    /// the next groups.
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            let more = self.rows.bytes_for(input);
            let fits = !self.is_revoked && self.rows.bytes() + more <= self.max_bytes && self.memory.try_reserve(more);
            if fits || self.rows.is_empty() {
                self.rows.add(input)?;
                return Ok(Progress::Done);
            }
        }
        ready!(self.run(cursor, out)?);
        self.rows.add(input)?;
        Ok(Progress::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.run(cursor, out)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for PartialDriver {
    fn revoke(&mut self, _: usize) -> Result<()> {
        self.is_revoked = true;
        Ok(())
    }
}
