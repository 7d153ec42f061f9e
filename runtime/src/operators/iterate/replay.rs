//! Rows from outside of a loop, for each of its rounds.

use std::sync::Arc;
use std::task::Poll;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::SPOOL_BYTES;
use crate::page::Input;
use crate::plan::{LoopOperator, LoopOperatorPart, Operator, Table, unchanged};
use crate::row::Schema;
use crate::spill::{Store, StoreReader};
use crate::strategy::{
    Cursor, Demand, Driver, DriverFactory, DriverProperties, LoopId, Planning, PortSet, Progress, Revocable, Round,
    Strategy, Work,
};

use super::super::common::layout;
use super::super::queued_rows::QueuedRows;

/// Keeps its rows, and emits them in each round of a loop.
pub(super) struct Replay {
    /// The records.
    pub(super) schema: Schema,
    /// The loop.
    pub(super) loop_id: LoopId,
}

impl Operator for Replay {
    fn name(&self) -> &'static str {
        "replay"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        Some(unchanged(&self.schema))
    }

    fn as_loop(&self) -> Option<LoopOperator> {
        Some(LoopOperator { loop_id: self.loop_id, part: LoopOperatorPart::Replay })
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let layout = layout(&self.schema, planning.live);
        let rows_of = layout.clone();
        let create = move |context: &TaskContext| {
            let store = Store::new(rows_of.clone(), context.spiller(), &context.memory);
            let rows = QueuedRows::into_pages(rows_of.clone(), store.clone(), context);
            Ok(ReplayDriver { rows, store, is_complete: false, reader: None, context: context.clone() })
        };
        let properties = DriverProperties {
            fed_once: PortSet::all_but(LoopId::ROUNDS),
            waits_for_end: PortSet::all_but(LoopId::ROUNDS),
            keeps_state_across_rounds: true,
            ..DriverProperties::default()
        };
        let driver = DriverFactory::new("keep, replay", create)
            .with_properties(properties)
            .emitting(layout)
            .spilling_beyond(SPOOL_BYTES);
        vec![planning.forwarded(driver, Work::rows(planning.inputs[0].rows))]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        Ok(inputs[0].clone())
    }
}

struct ReplayDriver {
    rows: QueuedRows<Arc<Store>>,
    store: Arc<Store>,
    /// Whether all rows have arrived.
    is_complete: bool,
    /// The rows of this round that are still to be emitted.
    reader: Option<StoreReader>,
    context: TaskContext,
}

impl Driver for ReplayDriver {
    fn demand(&self) -> Demand {
        let rounds = PortSet::of(LoopId::ROUNDS);
        Demand::of(if self.is_complete { rounds } else { PortSet::all_but(LoopId::ROUNDS) })
    }

    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.rows.add(input, cursor)
    }

    fn on_round_end(&mut self, port: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if port != LoopId::ROUNDS {
            self.rows.seal();
            self.is_complete = self.store.seal()?;
            return Ok(if self.is_complete { Progress::Done } else { Progress::Pending });
        }
        if *cursor == 0 {
            let TaskContext { blocking, memory, .. } = &self.context;
            self.reader = Some(StoreReader::new(self.store.clone(), blocking.clone(), memory));
            *cursor = 1;
        }
        let Some(reader) = &mut self.reader else { return Ok(Progress::Done) };
        Ok(match reader.poll()? {
            Poll::Ready(Some(page)) => {
                // A page that is in memory is shared, and the store still accounts for it.
                out.pages().adopt(page);
                Progress::Yield
            }
            Poll::Pending => Progress::Pending,
            Poll::Ready(None) => {
                self.reader = None;
                Progress::Done
            }
        })
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for ReplayDriver {
    /// Frees bytes that are reserved ahead. The store itself gives pages back.
    fn revoke(&mut self, _: usize) -> Result<()> {
        self.context.memory.shrink();
        Ok(())
    }
}
