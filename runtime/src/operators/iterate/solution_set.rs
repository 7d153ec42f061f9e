//! The solution set of a delta iteration, joined with the rows of a round.

use std::sync::Arc;
use std::task::Poll;

use crate::error::{Error, Result};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::{SPOOL_BYTES, STATE_BYTES};
use crate::page::{Input, Page};
use crate::plan::{LoopOperator, LoopOperatorPart, Operator, Table};
use crate::row::{LeafSet, Schema};
use crate::state::{Probe, Put, Requests, Scan, StateSpec, StateTable, key_groups_of_task};
use crate::strategy::{
    Cursor, Demand, Driver, DriverFactory, DriverProperties, InputEdge, LoopId, PageWindows, Planning, PortSet,
    Progress, Revocable, Round, Ship, Strategy, Work, ready,
};
use crate::stream::Control;

use super::super::common::layout;
use super::super::join::Join;
use super::super::queued_rows::QueuedRows;

/// Pairs of the rows of a round with the rows of the solution set that have their keys.
pub struct SolutionJoin {
    /// The join: an inner join or a left join whose right side is the set.
    pub join: Join,
    /// The loop.
    pub loop_id: LoopId,
}

impl Operator for SolutionJoin {
    fn name(&self) -> &str {
        self.join.name()
    }

    fn details(&self) -> String {
        format!("the solution set {}", self.join.details())
    }

    fn schema(&self) -> &Schema {
        self.join.schema()
    }

    /// The set is the loop's result, so all of its fields are kept.
    fn reads(&self, input: usize, live: &LeafSet) -> LeafSet {
        match input {
            LoopId::PROBE => self.join.reads(input, live),
            _ => LeafSet::all(self.join.inputs[input].leaves().len()),
        }
    }

    /// A filter may not remove rows of the set.
    fn lets_filters_pass(&self, input: usize) -> Option<Vec<Option<usize>>> {
        (input == LoopId::PROBE).then(|| self.join.lets_filters_pass(input)).flatten()
    }

    fn check(&self) -> Result<()> {
        let set = self.join.inputs[LoopId::INITIAL].leaves().len();
        if self.join.keys[LoopId::INITIAL].iter().any(|&leaf| leaf >= set) {
            return Err(Error::Plan(
                "the key of a solution set is one or more of its fields: keep what is computed in a field".to_owned(),
            ));
        }
        self.join.check()
    }

    fn as_loop(&self) -> Option<LoopOperator> {
        let key = self.join.keys[LoopId::INITIAL].clone();
        Some(LoopOperator { loop_id: self.loop_id, part: LoopOperatorPart::SolutionSet { key } })
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let ship = |side: usize| match planning.tasks {
            1 => Ship::Forward,
            _ => Ship::Hash(self.join.keys[side].clone()),
        };
        vec![Strategy {
            edges: [0, 1].map(|side| InputEdge::ship(ship(side)).needing_key_group(&self.join.keys[side])).into(),
            driver: Arc::new(self.driver(planning)),
            tasks: planning.tasks,
            streamed: LoopId::PROBE,
            kept: Some(LoopId::INITIAL),
            work: Work::lookups(planning.inputs[LoopId::PROBE].rows)
                .in_tables(planning.inputs[LoopId::INITIAL].bytes(), planning.tasks),
        }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        self.join.reference(inputs)
    }
}

impl SolutionJoin {
    fn driver(&self, planning: &Planning<'_>) -> DriverFactory {
        let set = &self.join.inputs[LoopId::INITIAL];
        let spec = StateSpec::of_record(set, self.join.keys[1].clone());
        let deltas = layout(set, &LeafSet::all(set.leaves().len()));
        let (keys, kernel, keeps) =
            (self.join.keys.clone(), self.join.kernel.clone(), self.join.kind.keeps(LoopId::PROBE));
        let leaves = set.leaves().len();
        let (probing, probing_live) =
            (self.join.inputs[LoopId::PROBE].types(), planning.live_inputs[LoopId::PROBE].clone());
        let create = move |context: &TaskContext| {
            let owned = key_groups_of_task(context.subtask, context.subtasks);
            let table = StateTable::new(spec.clone(), owned, 0, context)?;
            Ok(SolutionDriver {
                put: Put::new(leaves, keys[1].clone()),
                puts: table.requests(deltas.types().to_vec(), &LeafSet::all(leaves)),
                probe: Probe::new(keys[0].clone(), false, keeps, kernel.open(context)?),
                probes: table.requests(probing.clone(), &probing_live),
                table,
                deltas: QueuedRows::new(deltas.clone(), context),
                changes: QueuedRows::new(deltas.clone(), context),
                applying: None,
                has_initial_rows: false,
                is_ended: false,
                has_probe_rows: false,
                has_changes: false,
                scan: Scan::default(),
            })
        };
        let properties = DriverProperties {
            fed_once: PortSet::of(LoopId::INITIAL),
            buffers: PortSet::of(LoopId::DELTA),
            keeps_state_across_rounds: true,
            drives_rounds: true,
            waits_for_end: PortSet::of(LoopId::INITIAL),
        };
        DriverFactory::new("probe and update the set", create)
            .with_properties(properties)
            .emitting(layout(self.schema(), planning.live))
            .spilling_beyond(2 * SPOOL_BYTES + STATE_BYTES)
    }
}

struct SolutionDriver {
    table: StateTable,
    put: Put,
    /// Queues of rows to put, and of rows to look up.
    puts: Requests,
    probe: Probe,
    probes: Requests,
    /// The changes of the current round. They may arrive before those of the last round are
    /// applied.
    deltas: QueuedRows,
    /// The changes of the round that has ended.
    changes: QueuedRows,
    /// The page of changes that is being applied.
    applying: Option<(Page, PageWindows)>,
    /// Whether all initial rows have arrived.
    has_initial_rows: bool,
    /// Whether no round follows. A loop without rounds may end before its initial rows arrive.
    is_ended: bool,
    /// Whether the round's rows to look up, and its changes, have all arrived.
    has_probe_rows: bool,
    has_changes: bool,
    scan: Scan,
}

impl SolutionDriver {
    /// Puts the round's changes into the set.
    fn apply(&mut self, out: &mut Outputs) -> Result<Progress> {
        loop {
            let (page, mut windows) = match self.applying.take() {
                Some(applying) => applying,
                None => match self.changes.poll()? {
                    Poll::Ready(Some(page)) => (page, PageWindows::default()),
                    Poll::Pending => return Ok(Progress::Pending),
                    Poll::Ready(None) => return self.table.serve(&mut self.puts, &mut self.put, out),
                },
            };
            let batch = page.batch();
            while windows.open(batch.rows()).is_some() {
                let PageWindows { window, cursor, .. } = &mut windows;
                let input = Input::new(&batch, window);
                let progress = self.table.apply(&mut self.puts, &mut self.put, &input, cursor, out)?;
                if progress != Progress::Done {
                    drop(batch);
                    self.applying = Some((page, windows));
                    return Ok(progress);
                }
                windows.close();
            }
        }
    }

    /// Emits the set, after the last round and all initial rows.
    fn finish(&mut self, out: &mut Outputs) -> Result<Progress> {
        if !self.has_initial_rows || !self.is_ended {
            return Ok(Progress::Done);
        }
        let result = out.pages_of(LoopId::RESULT);
        while !result.has_sealed() {
            let progress = self.table.scan(&mut self.scan, &mut |rows| result.append(rows, None))?;
            if progress == Progress::Done {
                Control::END_OF_INPUT.into_iter().for_each(|control| out.send(LoopId::RESULT, control));
                return Ok(Progress::Done);
            }
        }
        Ok(Progress::Yield)
    }
}

impl Driver for SolutionDriver {
    /// Rows are looked up only after all initial rows have arrived.
    fn demand(&self) -> Demand {
        let filling = PortSet::of(LoopId::INITIAL).with(LoopId::DELTA);
        Demand::of(if self.has_initial_rows { PortSet::all_but(LoopId::INITIAL) } else { filling })
    }

    fn on_batch(&mut self, port: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        match port {
            LoopId::PROBE => self.table.apply(&mut self.probes, &mut self.probe, input, cursor, out),
            LoopId::INITIAL => self.table.apply(&mut self.puts, &mut self.put, input, cursor, out),
            _ => self.deltas.add(input, cursor),
        }
    }

    fn on_round_end(&mut self, port: usize, round: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        match port {
            LoopId::INITIAL => {
                if !self.has_initial_rows {
                    ready!(self.table.serve(&mut self.puts, &mut self.put, out)?);
                    self.has_initial_rows = true;
                }
                return self.finish(out);
            }
            LoopId::PROBE if !self.has_probe_rows => {
                ready!(self.table.serve(&mut self.probes, &mut self.probe, out)?);
                out.send(0, Control::RoundEnd(round.number));
                self.has_probe_rows = true;
            }
            LoopId::DELTA if !self.has_changes => {
                std::mem::swap(&mut self.deltas, &mut self.changes);
                self.changes.seal();
                self.has_changes = true;
            }
            _ => {}
        }
        if self.has_probe_rows && self.has_changes {
            ready!(self.apply(out)?);
            (self.has_probe_rows, self.has_changes) = (false, false);
        }
        Ok(Progress::Done)
    }

    fn on_end(&mut self, port: usize, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        match port {
            LoopId::PROBE => {
                out.send(0, Control::End);
                Ok(Progress::Done)
            }
            LoopId::DELTA => {
                self.is_ended = true;
                self.finish(out)
            }
            _ => Ok(Progress::Done),
        }
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for SolutionDriver {
    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.deltas.revoke(bytes / 2);
        self.changes.revoke(bytes / 2);
        self.table.revoke(bytes)
    }
}
