//! `with_all`: runs a kernel over each record of a large flow and all records of a small one.
//!
//! The small flow is broadcast as shared pages. One task of the process keeps its rows. After the
//! last row it lends them to the other tasks, so there is one copy at any parallelism. The rows are
//! [`FrozenRows`], which never change, so reading takes no lock. Each task has its own result of
//! `init`.
//!
//! No record of the large flow is read before the small flow has ended.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::page::Input;
use crate::plan::{Operator, Reads, Table, unbounded_memory};
use crate::rendezvous::{Lent, LocalRendezvous};
use crate::row::{HiddenLeaf, LeafSet, RowLayout, Schema};
use crate::sort::{FrozenRows, SideInputFactory, SideInputKernel, SortBuffer};
use crate::strategy::{
    Cursor, Demand, Driver, DriverFactory, DriverProperties, InputEdge, Planning, PortSet, Progress, Round, Ship,
    Strategy, Work,
};

use super::common::layout;

/// The port of the small flow.
const ALL: usize = 1;

/// Runs a kernel over each record of the first input, together with all records of the second.
pub struct WithAll {
    /// The records of both inputs.
    pub inputs: [Schema; 2],
    /// The records that it emits.
    pub output: Schema,
    /// The kernel.
    pub kernel: SideInputFactory,
    /// The leaves that it reads of each input.
    pub reads: [Reads; 2],
}

impl Operator for WithAll {
    fn name(&self) -> &'static str {
        "with_all"
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, input: usize, _: &LeafSet) -> LeafSet {
        let mut reads = self.reads[input].of(&self.inputs[input]);
        self.needs_hidden().filter(|_| input == 0).into_iter().for_each(|(time, _)| reads.insert(time));
        reads
    }

    /// Event time is the leaf after the record.
    fn needs_hidden(&self) -> Option<(usize, HiddenLeaf)> {
        self.output.event_time().map(|_| (self.inputs[0].leaves().len(), HiddenLeaf::EventTime))
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let tasks = planning.input_tasks();
        let kernel = self.kernel.clone();
        let rows = layout(&self.inputs[ALL], &planning.live_inputs[ALL]);
        let create = move |context: &TaskContext| {
            let keeps = context.subtask == context.local_tasks.start;
            let kept = keeps.then(|| SortBuffer::new(rows.clone(), [], &context.memory)).transpose()?;
            let lent = context.process_local(|| LocalRendezvous::of(context.local_tasks.len()));
            let (kernel, context) = (kernel.open(context)?, context.clone());
            Ok(WithAllDriver { kernel, kept, begun: false, lent, context })
        };
        let properties = DriverProperties { waits_for_end: PortSet::of(ALL), ..DriverProperties::default() };
        let driver = DriverFactory::new("keep all, then chain", create).with_properties(properties);
        let driver = driver.emitting(layout(&self.output, planning.live));
        let to_all = if tasks == 1 && planning.properties[ALL].tasks == 1 { Ship::Forward } else { Ship::Broadcast };
        vec![Strategy {
            edges: vec![InputEdge::ship(Ship::Forward), InputEdge::ship(to_all)],
            driver: Arc::new(driver),
            tasks,
            streamed: 0,
            kept: None,
            work: Work::rows(planning.inputs[0].rows).keeping(planning.inputs[ALL].bytes()),
        }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let mut kept = SortBuffer::new(Arc::new(RowLayout::full(self.inputs[ALL].types())), [], &unbounded_memory())?;
        inputs[ALL].windows(&self.reads[ALL].of(&self.inputs[ALL]), |input| kept.add(input))?;
        let mut kernel = self.kernel.open(&TaskContext::alone(unbounded_memory()))?;
        kernel.begin(Arc::new(kept.freeze()))?;
        let mut output = Table::new(self.output.types());
        let mut writer = output.writer();
        inputs[0].windows(&self.reads(0, &LeafSet::none()), |input| {
            let mut from = 0;
            while from < input.len() {
                from = kernel.run(input, from, &mut writer)?;
                output.take_sealed(&mut writer);
            }
            Ok(())
        })?;
        output.take(&mut writer);
        Ok(output)
    }
}

struct WithAllDriver {
    kernel: Box<dyn SideInputKernel>,
    /// The rows, in the task that keeps them, until it lends them.
    kept: Option<SortBuffer>,
    begun: bool,
    /// Sent by the first task of the process.
    lent: Arc<LocalRendezvous<Arc<Lent<FrozenRows>>>>,
    context: TaskContext,
}

impl Driver for WithAllDriver {
    fn demand(&self) -> Demand {
        Demand::of(if self.begun { PortSet::all_but(ALL) } else { PortSet::of(ALL) })
    }

    fn on_batch(&mut self, port: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if port == ALL {
            self.kept.iter_mut().try_for_each(|kept| kept.add(input))?;
            return Ok(Progress::Done);
        }
        *cursor = self.kernel.run(input, *cursor, out.pages())?;
        Ok(if *cursor < input.len() { Progress::Yield } else { Progress::Done })
    }

    fn on_round_end(&mut self, port: usize, _: Round, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        if port != ALL {
            return Ok(Progress::Done);
        }
        if let Some(kept) = self.kept.take() {
            self.lent.send(&self.context, Lent::to(self.context.local_tasks.len(), kept.freeze()));
        }
        let Some(lent) = self.lent.poll(&self.context, |sent| sent.first()?.clone()) else {
            return Ok(Progress::Pending);
        };
        self.kernel.begin(lent.take()?)?;
        self.begun = true;
        Ok(Progress::Done)
    }
}
