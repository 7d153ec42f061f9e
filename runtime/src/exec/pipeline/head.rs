//! Where a task's rows come from.

use crate::error::{Error, Result};
use crate::exec::aligned_input::AlignedInput;
use crate::exec::inline::{InlineStep, LeadingFilters, Watch, leading_filters};
use crate::exec::reading::{SourceHead, SourceProgress};
use crate::exec::spill_queue::{SpillQueueHead, SpillQueueProgress};
use crate::exec::timed_input::TimedInput;
use crate::page::Batch;
use crate::snapshot::SplitPosition;
use crate::stream::{Control, Item};

use super::windows::Data;

pub(in crate::exec) enum PipelineHead {
    Source(Box<SourceHead>),
    Inbox(AlignedInput),
    /// An inbox that makes watermarks from the event times of the stage's rows.
    TimedInbox(Box<TimedInput>),
    /// Feeds the exits alone.
    SpillQueue(Box<SpillQueueHead>),
}

/// What a head has.
pub(super) enum HeadProgress {
    Rows(Data),
    Control(Control),
    /// Nothing for now, but it is to be asked again.
    Later,
    /// Nothing; the task will be woken.
    Nothing,
}

impl From<Item> for HeadProgress {
    fn from(item: Item) -> Self {
        match item {
            Item::Page(page) => HeadProgress::Rows(Data::Page(page)),
            Item::Control(control) => HeadProgress::Control(control),
        }
    }
}

impl PipelineHead {
    /// Goes on to what comes next. Where no rows are wanted, only what [does not belong to them](Item::is_taken_by) is given.
    /// A source may take its rows through the filters that begin `inline`.
    pub(super) fn advance(
        &mut self,
        wants_rows: bool,
        inline: &mut [InlineStep],
        watch: &Watch,
    ) -> Result<HeadProgress> {
        match self {
            PipelineHead::Source(source) if !wants_rows && !source.is_at_end() => Ok(HeadProgress::Nothing),
            PipelineHead::Source(source) => {
                Ok(match source.advance(&mut LeadingFilters::of(inline, watch), watch)? {
                    SourceProgress::Batch(_) => HeadProgress::Rows(Data::Source),
                    SourceProgress::Control(control) => HeadProgress::Control(control),
                    SourceProgress::Wait => HeadProgress::Nothing,
                })
            }
            PipelineHead::Inbox(input) => {
                Ok(input.receive(Item::is_taken_by(wants_rows))?.map_or(HeadProgress::Nothing, HeadProgress::from))
            }
            PipelineHead::TimedInbox(input) => {
                Ok(input.receive(Item::is_taken_by(wants_rows))?.map_or(HeadProgress::Nothing, HeadProgress::from))
            }
            PipelineHead::SpillQueue(queue) => {
                watch.enter(queue.operator);
                Ok(match queue.advance()? {
                    SpillQueueProgress::Item(item) => item.into(),
                    SpillQueueProgress::Later => HeadProgress::Later,
                    SpillQueueProgress::Nothing => HeadProgress::Nothing,
                })
            }
        }
    }

    /// The greatest event time of what the stage made of the rows that it gave last.
    pub(super) fn note_time(&mut self, greatest: i64) {
        match self {
            PipelineHead::Source(source) => source.note_time(greatest),
            PipelineHead::TimedInbox(input) => input.note_time(greatest),
            PipelineHead::Inbox(_) | PipelineHead::SpillQueue(_) => {}
        }
    }

    /// How many steps of a prelude the rows have been through that it gave last.
    pub(super) fn filtered(&self, inline: &[InlineStep]) -> usize {
        match self {
            PipelineHead::Source(source) if source.has_filtered() => leading_filters(inline),
            _ => 0,
        }
    }

    /// How far a source was read.
    pub(super) fn positions(&self) -> Option<Vec<SplitPosition>> {
        match self {
            PipelineHead::Source(source) => Some(source.positions()),
            _ => None,
        }
    }

    /// The operator whose time it is that `advance` takes.
    pub(super) fn timed_operator(&self) -> Option<usize> {
        match self {
            PipelineHead::Source(source) => Some(source.operator),
            _ => None,
        }
    }

    /// The rows that it gave last, where they are a source's own.
    pub(super) fn batch(&self) -> Result<Batch<'_>> {
        match self {
            PipelineHead::Source(source) => source.batch(),
            _ => Err(Error::Internal("a source's rows without a source".to_owned())),
        }
    }

    /// Whether it may end before what it reads does. What is wrong with a source's records is written down for all of them; a spill queue passes on what it
    /// is told as any other.
    pub(super) fn may_stop(&self) -> bool {
        match self {
            PipelineHead::Source(source) => source.may_stop(),
            _ => true,
        }
    }

    /// Reads no more: the input ends here. The rows that it gave last stay where they are.
    pub(super) fn stop(&mut self, watch: &Watch) {
        match self {
            PipelineHead::Source(source) => {
                watch.metrics(source.operator).stopped_tasks.add(1);
                source.stop();
            }
            PipelineHead::Inbox(input) => input.close(),
            PipelineHead::TimedInbox(input) => input.close(),
            PipelineHead::SpillQueue(queue) => queue.stop(),
        }
    }
}
