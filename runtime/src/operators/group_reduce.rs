//! Whole groups, one record after the other: the user's closure goes over a group's records and emits any number.
//!
//! Rows come to their group's task, which keeps them in pages and sorts an index of them by key, and by the group's own order behind it;
//! then the closure is lent a row at a time, where it lies. Without a key all rows are one group.
//!
//! Partial groups are those of what a task keeps in a fixed part of memory: nothing is shipped, and a key may have several.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Memory;
use crate::memory::limits::{GROUPS_BYTES, SORT_BYTES};
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
    /// The records it is given.
    pub input: Schema,
    /// The records it gives.
    pub output: Schema,
    /// The key's leaves; none where everything is one group.
    pub key: Vec<usize>,
    /// The order within a group; where it says nothing, there is none.
    pub order: Vec<OrderKey>,
    /// The closure.
    pub kernel: GroupFactory,
    /// What it reads of a record.
    pub reads: Reads,
    /// Bytes that the kernel reserves beside the rows.
    pub aside: usize,
    /// Why it cannot run, where whoever built it found something wrong.
    pub refused: Option<String>,
    /// Whether each task takes what it has for the groups, and no more of it at once than a part of memory holds.
    pub partial: bool,
}

impl GroupReduce {
    fn needed(&self) -> LeafSet {
        let mut needed = self.reads.of(&self.input);
        needed.extend_from(&order::leaves(&self.order));
        self.key.iter().for_each(|&leaf| needed.insert(leaf));
        needed
    }

    /// By the key, then in the order within a group.
    fn whole_order(&self) -> Vec<OrderKey> {
        OrderKey::ascending(&self.key).chain(self.order.iter().copied()).collect()
    }

    /// Takes what a part of memory holds for the groups.
    fn parts(&self, output: Arc<RowLayout>) -> DriverFactory {
        let (kept, order) = (layout(&self.input, &self.needed()), self.whole_order());
        let (kernel, leading) = (self.kernel.clone(), self.key.len());
        let create = move |context: &TaskContext| {
            let kernel = kernel.open(context)?;
            let rows = SortBuffer::new(kept.clone(), order.clone(), &context.memory)?;
            let (most_bytes, memory) = (combiner_bytes(context), context.memory.clone());
            Ok(PartialDriver { rows, leading, kernel, most_bytes, memory, revoked: false })
        };
        let name = format!("sort a part in memory, {}", self.word);
        DriverFactory::new(name, create).waiting_for_end().emitting(output).spilling_beyond(SORT_BYTES + self.aside)
    }

    /// Goes over the groups once all rows are there.
    fn groups(&self, output: Arc<RowLayout>) -> DriverFactory {
        let (kept, order) = (layout(&self.input, &self.needed()), self.whole_order());
        let how = if order.is_empty() { "keep, then" } else { "external sort," };
        let (kernel, leading) = (self.kernel.clone(), self.key.len());
        let create = move |context: &TaskContext| {
            let kernel = kernel.open(context)?;
            Ok(GroupReduceDriver {
                rows: GroupSorter::new(kept.clone(), order.clone(), leading, context)?,
                leading,
                kernel,
                is_shown: false,
                next: 0,
            })
        };
        let factory = DriverFactory::new(format!("{how} {}", self.word), create).emitting(output);
        factory.waiting_for_end().spilling_beyond(GROUPS_BYTES + self.aside)
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
        self.needed()
    }

    fn check(&self) -> Result<()> {
        self.refused.clone().map_or(Ok(()), |wrong| Err(Error::Plan(wrong)))
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        // As many as there are groups.
        Relation::unknown(inputs[0].distinct(&self.key), &self.output)
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let (output, input) = (layout(&self.output, planning.live), planning.inputs[0]);
        if self.partial {
            return vec![planning.forwarded(self.parts(output), planning.sort(0, &self.whole_order()))];
        }
        let grouping = Grouping {
            driver: &|_| self.groups(output.clone()),
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
            // Without an order of its own, the buffer keeps the rows as they are added, as one group.
            table.windows(&self.needed(), |input| group.add(input))?;
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
    /// Leaves of the key, which the order begins with.
    leading: usize,
    kernel: Box<dyn GroupKernel>,
    /// Whether all rows are there, and groups are gone over.
    is_shown: bool,
    /// Where the next group of the window begins.
    next: usize,
}

impl GroupReduceDriver {
    /// Goes over the groups, all of whose rows are there.
    fn run(&mut self, out: &mut Outputs) -> Result<Progress> {
        loop {
            if !self.rows.is_ready() {
                ready!(self.rows.advance()?);
                self.next = 0;
            } else if self.kernel.reads_again()
                && let Some((group, pages)) = self.rows.take_large_rewindable()
            {
                self.run_large(group, out)?;
                self.rows.spiller().forget(pages);
                return Ok(Progress::Yield);
            } else if let Some(group) = self.rows.take_large() {
                self.run_large(group, out)?;
                return Ok(Progress::Yield);
            } else if self.next < self.rows.window().len() {
                self.next = self.kernel.run(self.rows.window(), self.leading, self.next, out.pages())?;
                return Ok(Progress::Yield);
            } else if self.rows.is_last() {
                self.rows.clear();
                return Ok(Progress::Done);
            } else {
                ready!(self.rows.advance()?);
                self.next = 0;
            }
        }
    }

    /// Goes over a group that memory does not hold.
    fn run_large(&mut self, mut group: LargeGroup, out: &mut Outputs) -> Result<()> {
        self.kernel.run_large(&mut group, out.pages())?;
        self.next = 1;
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
            (self.is_shown, *cursor) = (true, 1);
        }
        self.run(out)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for GroupReduceDriver {
    fn revoke(&mut self, _: usize) -> Result<()> {
        if !self.is_shown {
            self.rows.revoke();
        }
        Ok(())
    }

    fn continue_revoking(&mut self) -> Result<Progress> {
        self.rows.continue_revoking()
    }
}

/// Takes groups of what memory holds, again and again.
struct PartialDriver {
    rows: SortBuffer,
    leading: usize,
    kernel: Box<dyn GroupKernel>,
    /// Groups are taken beyond this.
    most_bytes: usize,
    memory: Memory,
    /// Another operator needs the memory.
    revoked: bool,
}

impl PartialDriver {
    /// Goes over the groups of what there is. The cursor is one more than the position of the next group, once the rows are sorted.
    fn run(&mut self, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            self.rows.sort();
            *cursor = 1;
        }
        *cursor = 1 + self.kernel.run(&self.rows, self.leading, *cursor - 1, out.pages())?;
        if *cursor <= self.rows.len() {
            return Ok(Progress::Yield);
        }
        self.rows.clear();
        self.memory.shrink();
        self.revoked = false;
        Ok(Progress::Done)
    }
}

impl Driver for PartialDriver {
    /// Groups are taken when there is no room for the rows that come; these are the first of the next ones.
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            let more = self.rows.bytes_for(input);
            let fits = !self.revoked && self.rows.bytes() + more <= self.most_bytes && self.memory.try_reserve(more);
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
        self.revoked = true;
        Ok(())
    }
}
