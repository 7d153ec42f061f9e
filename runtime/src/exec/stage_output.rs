//! The outputs of a stage: write rows into pages for the receiving tasks, and send them.

use std::collections::VecDeque;
use std::time::Instant;

use crate::error::Result;
use crate::hash::hash_rows;
use crate::page::{Batch, Input, Page, RowWriter, Selection};
use crate::state::{key_group_of, task_of_key_group};
use crate::strategy::Ship;
use crate::stream::{Control, Item, ItemSender};

use super::inline::{InlineStep, OperatorScope, with_filtered_rows};

/// One output of a stage in one task.
pub(super) struct StageOutput {
    pub(super) operator: usize,
    pub(super) inline: Vec<InlineStep>,
    pub(super) ship: Ship,
    /// A writer per target, or a single one if all targets get the same pages.
    pub(super) writers: Vec<RowWriter>,
    /// This task's channels to the receiving tasks.
    pub(super) targets: Vec<Box<dyn ItemSender>>,
    /// Items that were not sent yet, with their targets.
    pending: VecDeque<(usize, Item)>,
    /// Sent bytes are counted for the operator.
    is_counted: bool,
    /// The task may stop if the targets are closed: no inline step counts rows.
    may_stop: bool,
    hashes: Vec<u64>,
    rows_of_targets: Vec<Vec<u32>>,
    next_target: usize,
    /// The time at which [`StageOutput::unsent_since`] first found unsent rows.
    unsent_since: Option<Instant>,
    /// The last watermark that was sent.
    watermark: i64,
    /// `Idle` was sent, and no rows or watermark after it.
    is_idle: bool,
}

impl StageOutput {
    pub(super) fn new(
        operator: usize,
        inline: Vec<InlineStep>,
        ship: Ship,
        writers: Vec<RowWriter>,
        targets: Vec<Box<dyn ItemSender>>,
    ) -> Self {
        let rows_of_targets = vec![Vec::new(); targets.len()];
        StageOutput {
            operator,
            inline,
            ship,
            writers,
            targets,
            pending: VecDeque::new(),
            is_counted: true,
            may_stop: true,
            hashes: Vec::new(),
            rows_of_targets,
            next_target: 0,
            unsent_since: None,
            watermark: i64::MIN,
            is_idle: false,
        }
    }

    /// The output of a spill queue: its pages were counted before.
    pub(super) fn uncounted(self) -> Self {
        StageOutput { is_counted: false, ..self }
    }

    /// The output with an inline step that counts rows. It needs all rows.
    pub(super) fn with_row_counts(self) -> Self {
        StageOutput { may_stop: false, ..self }
    }

    /// Takes a page as it is, if all its rows go to the same targets. Otherwise returns the page:
    /// its rows must be written.
    pub(super) fn take_page(&mut self, page: Page, scope: &OperatorScope) -> Option<Page> {
        let whole = matches!(self.ship, Ship::Forward | Ship::Gather | Ship::Broadcast);
        if !whole || !self.inline.iter().all(InlineStep::lets_all_pass) || page.layout() != self.writers[0].layout() {
            return Some(page);
        }
        self.end_idleness(scope);
        self.writers[0].push_sealed(page);
        self.collect(scope);
        None
    }

    /// Writes a window of rows. The first `applied_steps` inline steps were applied already.
    pub(super) fn write(
        &mut self,
        batch: &Batch<'_>,
        rows: &Selection,
        applied_steps: usize,
        scope: &OperatorScope,
    ) -> Result<()> {
        self.end_idleness(scope);
        let mut inline = std::mem::take(&mut self.inline);
        let result =
            with_filtered_rows(inline.get_mut(applied_steps..).unwrap_or_default(), batch, rows, scope, |input| {
                self.distribute(input)
            });
        self.inline = inline;
        result?;
        self.collect(scope);
        Ok(())
    }

    fn distribute(&mut self, input: &Input<'_>) -> Result<()> {
        let targets = self.targets.len();
        match &self.ship {
            Ship::Hash(key) if targets > 1 => {
                hash_rows(input, key, &mut self.hashes);
                self.rows_of_targets.iter_mut().for_each(Vec::clear);
                for (&row, &hash) in input.selection().rows().iter().zip(&self.hashes) {
                    self.rows_of_targets[task_of_key_group(key_group_of(hash), targets)].push(row);
                }
                self.write_to_targets(input)
            }
            Ship::Number(leaf) if targets > 1 => {
                self.rows_of_targets.iter_mut().for_each(Vec::clear);
                for &row in input.selection().rows() {
                    let number = input.batch().leaf_bits(*leaf, row as usize);
                    self.rows_of_targets[(number % targets as u128) as usize].push(row);
                }
                self.write_to_targets(input)
            }
            Ship::Rebalance if targets > 1 => {
                self.rebalance(input.selection().rows());
                self.write_to_targets(input)
            }
            _ => self.writers[0].append(input, None),
        }
    }

    /// Splits rows into one consecutive part for each target. In total, no target gets two rows
    /// more than another. Consecutive rows are faster to copy than every n-th row.
    fn rebalance(&mut self, rows: &[u32]) {
        let targets = self.rows_of_targets.len();
        let (each, more) = (rows.len() / targets, rows.len() % targets);
        let mut rest = rows;
        for turn in 0..targets {
            let (part, left) = rest.split_at(each + usize::from(turn < more));
            rest = left;
            let target = &mut self.rows_of_targets[(self.next_target + turn) % targets];
            target.clear();
            target.extend_from_slice(part);
        }
        self.next_target = (self.next_target + more) % targets;
    }

    /// Writes the part of each target.
    fn write_to_targets(&mut self, input: &Input<'_>) -> Result<()> {
        let mut part = Selection::default();
        for (writer, rows) in self.writers.iter_mut().zip(&self.rows_of_targets).filter(|(_, rows)| !rows.is_empty()) {
            part.set(rows.iter().copied());
            writer.append(&Input::new(input.batch(), &part), None)?;
        }
        Ok(())
    }

    fn collect(&mut self, scope: &OperatorScope) {
        let broadcast = self.ship == Ship::Broadcast;
        for (target, writer) in self.writers.iter_mut().enumerate() {
            for page in writer.take_sealed() {
                if self.is_counted {
                    scope.metrics(self.operator).bytes.add((page.rows() * page.layout().width()) as u64);
                }
                if broadcast {
                    self.pending.extend((0..self.targets.len()).map(|target| (target, Item::Page(page.clone()))));
                } else {
                    self.pending.push_back((target, Item::Page(page)));
                }
            }
        }
    }

    /// The time since which rows wait in pages that are not full. Must be called after rows may
    /// have been written.
    pub(super) fn unsent_since(&mut self, now: Instant) -> Option<Instant> {
        let waits = self.writers.iter().any(|writer| writer.open_rows() > 0);
        self.unsent_since = waits.then(|| self.unsent_since.unwrap_or(now));
        self.unsent_since
    }

    /// Returns `true` if items wait for room in a channel.
    pub(super) fn is_blocked(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Ends pages that are not full, so that they are sent.
    pub(super) fn seal(&mut self, scope: &OperatorScope) {
        self.unsent_since = None;
        self.writers.iter_mut().for_each(RowWriter::seal);
        self.collect(scope);
    }

    /// Sends the last watermark again if this sender is idle. Otherwise only a target that receives
    /// the rows would end its idleness, and the event times of the targets would diverge.
    fn end_idleness(&mut self, scope: &OperatorScope) {
        if self.is_idle {
            self.send_control(Control::Watermark(self.watermark), scope);
        }
    }

    /// Sends a control item to all targets, after the rows that were written before.
    pub(super) fn send_control(&mut self, control: Control, scope: &OperatorScope) {
        self.is_idle = control == Control::Idle || self.is_idle && !control.is_event_time();
        if let Control::Watermark(micros) = control {
            self.watermark = self.watermark.max(micros);
        }
        self.seal(scope);
        self.pending.extend((0..self.targets.len()).map(|target| (target, Item::Control(control))));
    }

    /// Sends pending items. Returns `true` if all were sent. A full target does not delay the
    /// others.
    pub(super) fn flush(&mut self) -> bool {
        if self.pending.is_empty() {
            return true;
        }
        let mut full = vec![false; self.targets.len()];
        for _ in 0..self.pending.len() {
            let Some((target, item)) = self.pending.pop_front() else { break };
            // Items of one target keep their order, so later ones wait after a refused one.
            if full[target] {
                self.pending.push_back((target, item));
            } else if let Err(item) = self.targets[target].send(item) {
                full[target] = true;
                self.pending.push_back((target, item));
            }
        }
        self.pending.is_empty()
    }

    /// Returns `true` if all targets are closed, and no inline step needs the rows.
    pub(super) fn is_closed(&self) -> bool {
        self.may_stop && self.targets.iter().all(|target| target.is_closed())
    }
}
