//! Whole groups, one record after the other: the user's closure goes over a group's records and emits any number.
//!
//! Rows come to their group's task, which keeps them in pages and sorts an index of them by key, and by the group's own order behind it;
//! then the closure is lent a row at a time, where it lies.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{GroupFactory, GroupKernel, Outputs, TaskContext};
use crate::page::{Input, OrderKey, SortBuffer};
use crate::plan::{Operator, Reads, Table, row_bytes, unbounded_memory, unbounded_writer};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Ship, Strategy, Way};

use super::{HASH_SECONDS, ROW_SECONDS, grouped, layout, names, order, windows};

/// Calls a closure with each group.
pub struct GroupReduce {
    /// The records it is given.
    pub input: Schema,
    /// The records it gives.
    pub output: Schema,
    /// The key's leaves.
    pub key: Vec<usize>,
    /// The order within a group; where it says nothing, there is none.
    pub order: Vec<OrderKey>,
    /// The closure.
    pub kernel: GroupFactory,
    /// What it reads of a record.
    pub reads: Reads,
}

impl GroupReduce {
    fn needed(&self) -> LeafSet {
        let mut needed = self.reads.of(&self.input);
        needed.extend_from(&order::leaves(&self.order));
        self.key.iter().for_each(|&leaf| needed.insert(leaf));
        needed
    }
}

impl Operator for GroupReduce {
    fn name(&self) -> &'static str {
        "reduce_group"
    }

    fn details(&self) -> String {
        let key = names(&self.input, &self.key);
        match self.order.as_slice() {
            [] => format!("by {key}"),
            order => format!("by {key}, sorted by {}", order::describe(&self.input, order)),
        }
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        self.needed()
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        let rows = inputs.first().map_or(0.0, |input| input.rows);
        // As many as there are groups, which are guessed to be of ten.
        Estimate { rows: (rows / 10.0).max(rows.min(1.0)), row_bytes: row_bytes(&self.output, live) }
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let (way, tasks) = match planning.input_tasks[0] {
            1 => (Way::ship(Ship::Forward), 1),
            _ => (Way::ship(Ship::Hash(self.key.clone())), planning.tasks),
        };
        let driver = Arc::new(GroupReduceFactory {
            kept: layout(&self.input, &self.needed()),
            output: layout(&self.output, planning.live),
            leading: self.key.len(),
            order: order::ascending(&self.key).chain(self.order.iter().copied()).collect(),
            kernel: self.kernel.clone(),
        });
        let rows = planning.inputs[0].rows;
        let cost = rows * (rows.max(2.0).log2() * HASH_SECONDS + ROW_SECONDS);
        vec![Strategy { ways: vec![way], driver, tasks, streamed: 0, cost: cost / tasks as f64 }]
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
            for page in table.pages(&self.needed())? {
                windows(&page.batch(), |input| group.add(input))?;
            }
            let mut writer = unbounded_writer(self.output.types());
            let mut position = 0;
            while position < group.len() {
                position = kernel.run(&group, 0, position, &mut writer)?;
                writer.take_sealed().for_each(|page| output.extend(&page.batch()));
            }
            writer.seal();
            writer.take_sealed().for_each(|page| output.extend(&page.batch()));
        }
        Ok(output)
    }
}

struct GroupReduceFactory {
    kept: Arc<RowLayout>,
    output: Arc<RowLayout>,
    leading: usize,
    order: Vec<OrderKey>,
    kernel: GroupFactory,
}

impl DriverFactory for GroupReduceFactory {
    fn name(&self) -> String {
        "sort in memory, reduce_group".to_owned()
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.output.clone())
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        Ok(Box::new(GroupReduceDriver {
            rows: SortBuffer::new(self.kept.clone(), self.order.clone(), &context.memory)?,
            leading: self.leading,
            kernel: self.kernel.open(context)?,
        }))
    }
}

struct GroupReduceDriver {
    rows: SortBuffer,
    /// Leaves of the key, which the order begins with.
    leading: usize,
    kernel: Box<dyn GroupKernel>,
}

impl Driver for GroupReduceDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        self.rows.add(input)?;
        Ok(Answer::Done)
    }

    /// The cursor is one more than the position of the next group, once the rows are sorted.
    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if *cursor == 0 {
            self.rows.sort();
            *cursor = 1;
        }
        *cursor = 1 + self.kernel.run(&self.rows, self.leading, *cursor - 1, out.pages())?;
        if *cursor <= self.rows.len() {
            return Ok(Answer::Resume);
        }
        self.rows.clear();
        Ok(Answer::Done)
    }
}
