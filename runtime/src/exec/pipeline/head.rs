//! The inputs of a task.

use crate::error::{Error, Result};
use crate::exec::aligned_input::AlignedInput;
use crate::exec::inline::{InlineStep, LeadingFilters, Watch, leading_filters};
use crate::exec::reading::{SourceHead, SourceItem};
use crate::exec::spill_queue::SpillQueueHead;
use crate::exec::timed_input::TimedInput;
use crate::page::Batch;
use crate::snapshot::SplitPosition;
use crate::strategy::ProgressOf;
use crate::stream::{Control, Item};

use super::work::Data;

pub(in crate::exec) enum PipelineHead {
    Source(Box<SourceHead>),
    Inbox(AlignedInput),
    /// An inbox that makes watermarks from the event times of the stage's rows.
    TimedInbox(Box<TimedInput>),
    /// A queue that spills. Only the exits follow it.
    SpillQueue(Box<SpillQueueHead>),
}

/// An item of a head.
pub(super) enum HeadItem {
    Rows(Data),
    Control(Control),
}

impl From<Item> for HeadItem {
    fn from(item: Item) -> Self {
        match item {
            Item::Page(page) => HeadItem::Rows(Data::Page(page)),
            Item::Control(control) => HeadItem::Control(control),
        }
    }
}

impl From<SourceItem> for HeadItem {
    fn from(item: SourceItem) -> Self {
        match item {
            SourceItem::Batch(_) => HeadItem::Rows(Data::Source),
            SourceItem::Control(control) => HeadItem::Control(control),
        }
    }
}

impl PipelineHead {
    /// Takes the next item. Without `wants_rows` it takes only items that [do not belong to
    /// rows](Item::is_taken_by). A source may apply the filters that begin `inline`.
    pub(super) fn advance(
        &mut self,
        wants_rows: bool,
        inline: &mut [InlineStep],
        watch: &Watch,
    ) -> Result<ProgressOf<HeadItem>> {
        match self {
            PipelineHead::Source(source) if !wants_rows && !source.is_at_end() => Ok(ProgressOf::Pending),
            PipelineHead::Source(source) => {
                let item = source.advance(&mut LeadingFilters::of(inline, watch), watch)?;
                Ok(item.map(HeadItem::from).into())
            }
            PipelineHead::Inbox(input) => Ok(input.receive(Item::is_taken_by(wants_rows))?.map(HeadItem::from).into()),
            PipelineHead::TimedInbox(input) => {
                Ok(input.receive(Item::is_taken_by(wants_rows))?.map(HeadItem::from).into())
            }
            PipelineHead::SpillQueue(queue) => {
                watch.enter(queue.operator);
                Ok(queue.advance()?.map(HeadItem::from))
            }
        }
    }

    /// Receives the greatest event time of the stage's rows since the last item.
    pub(super) fn note_time(&mut self, greatest: i64) {
        match self {
            PipelineHead::Source(source) => source.note_time(greatest),
            PipelineHead::TimedInbox(input) => input.note_time(greatest),
            PipelineHead::Inbox(_) | PipelineHead::SpillQueue(_) => {}
        }
    }

    /// The number of inline steps that the last rows have been through.
    pub(super) fn filtered(&self, inline: &[InlineStep]) -> usize {
        match self {
            PipelineHead::Source(source) if source.has_filtered() => leading_filters(inline),
            _ => 0,
        }
    }

    /// The positions of a source.
    pub(super) fn positions(&self) -> Option<Vec<SplitPosition>> {
        match self {
            PipelineHead::Source(source) => Some(source.positions()),
            _ => None,
        }
    }

    /// The operator that the time of `advance` counts for.
    pub(super) fn timed_operator(&self) -> Option<usize> {
        match self {
            PipelineHead::Source(source) => Some(source.operator),
            _ => None,
        }
    }

    /// The rows of a page, or the last rows of a source.
    pub(super) fn batch_of<'d>(&'d self, data: &'d Data) -> Result<Batch<'d>> {
        match (data, self) {
            (Data::Page(page), _) => Ok(page.batch()),
            (Data::Source, PipelineHead::Source(source)) => source.batch(),
            _ => Err(Error::Internal("a source's rows without a source".to_owned())),
        }
    }

    /// Whether it may end before its input does. A source that writes rejected records reads all of
    /// them.
    pub(super) fn may_stop(&self) -> bool {
        match self {
            PipelineHead::Source(source) => source.may_stop(),
            _ => true,
        }
    }

    /// Ends the input. The last rows stay where they are.
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
