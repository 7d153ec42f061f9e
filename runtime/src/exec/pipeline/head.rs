//! What feeds the first step of a task.

use std::sync::Arc;
use std::time::Instant;

use super::windows::Data;
use crate::error::{Error, Result};
use crate::exec::channel::{Inbox, Received};
use crate::exec::inline::Watch;
use crate::exec::reading::{SourceHead, SourceProgress};
use crate::exec::spill_queue::{SpillQueueHead, SpillQueueProgress};
use crate::page::Batch;

/// What a head has for the first step.
pub(super) enum Taken {
    Rows(Data),
    End,
    /// Nothing now, but there is more to do.
    Later,
    /// Nothing until somebody wakes the task.
    Nothing,
}

/// Where a task takes its rows from.
pub(in crate::exec) enum PipelineHead {
    Source(SourceHead),
    Inbox(Arc<Inbox>),
    /// Feeds the exits alone.
    SpillQueue(Box<SpillQueueHead>),
}

impl PipelineHead {
    /// Whether it may end before what it reads does. What is wrong with a source's records is written down for all of them; a spool passes on what it is
    /// told as any other.
    pub(super) fn may_stop(&self) -> bool {
        match self {
            PipelineHead::Source(source) => source.may_stop(),
            PipelineHead::Inbox(_) | PipelineHead::SpillQueue(_) => true,
        }
    }

    /// Reads no more. The rows that it gave last stay where they are.
    pub(super) fn stop(&mut self) {
        match self {
            PipelineHead::Source(source) => source.stop(),
            PipelineHead::Inbox(inbox) => inbox.close(),
            PipelineHead::SpillQueue(spool) => spool.stop(),
        }
    }

    /// The next rows.
    pub(super) fn take(&mut self, watch: &Watch) -> Result<Taken> {
        match self {
            PipelineHead::Source(source) => {
                let started = Instant::now();
                let taken = match source.advance(watch)? {
                    SourceProgress::Batch => Taken::Rows(Data::Source),
                    SourceProgress::End => Taken::End,
                    SourceProgress::Wait => return Ok(Taken::Nothing),
                };
                watch.enter(source.operator).busy_nanos.add(started.elapsed().as_nanos() as u64);
                Ok(taken)
            }
            PipelineHead::Inbox(inbox) => Ok(match inbox.receive() {
                Received::Page(page) => Taken::Rows(Data::Page(page)),
                Received::End => Taken::End,
                Received::Nothing => Taken::Nothing,
            }),
            PipelineHead::SpillQueue(spool) => {
                watch.enter(spool.operator);
                Ok(match spool.advance()? {
                    SpillQueueProgress::Page(page) => Taken::Rows(Data::Page(page)),
                    SpillQueueProgress::Later => Taken::Later,
                    SpillQueueProgress::Nothing => Taken::Nothing,
                    SpillQueueProgress::End => Taken::End,
                })
            }
        }
    }

    /// The rows that lie there, or in the source's current batch.
    pub(super) fn batch_of<'d>(&'d self, data: &'d Data) -> Result<Batch<'d>> {
        match (data, self) {
            (Data::Page(page), _) => Ok(page.batch()),
            (Data::Source, PipelineHead::Source(source)) => source.batch(),
            (Data::Source, PipelineHead::Inbox(_) | PipelineHead::SpillQueue(_)) => {
                Err(Error::Internal("a source's rows without a source".to_owned()))
            }
        }
    }
}
