//! The head of a pipeline: the main input of a task.

use crate::error::{Error, Result};
use crate::exec::aligned_input::AlignedInput;
use crate::exec::inline::{InlineStep, LeadingFilters, OperatorScope, leading_filters};
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
    /// A queue that spills. The stage has no steps.
    SpillQueue(Box<SpillQueueHead>),
}

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
    /// Takes the next item. Without `accepts_rows`, rows and their ends
    /// [wait](Item::accept_filter). A source may apply the filters at the start of `inline`.
    pub(super) fn advance(
        &mut self,
        accepts_rows: bool,
        inline: &mut [InlineStep],
        scope: &OperatorScope,
    ) -> Result<ProgressOf<HeadItem>> {
        match self {
            PipelineHead::Source(source) if !accepts_rows && !source.is_at_end() => Ok(ProgressOf::Pending),
            PipelineHead::Source(source) => {
                let item = source.advance(&mut LeadingFilters::of(inline, scope), scope)?;
                Ok(item.map(HeadItem::from).into())
            }
            PipelineHead::Inbox(input) => {
                Ok(input.receive(Item::accept_filter(accepts_rows))?.map(HeadItem::from).into())
            }
            PipelineHead::TimedInbox(input) => {
                Ok(input.receive(Item::accept_filter(accepts_rows))?.map(HeadItem::from).into())
            }
            PipelineHead::SpillQueue(queue) => {
                scope.enter(queue.operator);
                Ok(queue.advance()?.map(HeadItem::from))
            }
        }
    }

    /// Notes the greatest event time of the stage's rows since the last item.
    pub(super) fn note_time(&mut self, greatest: i64) {
        match self {
            PipelineHead::Source(source) => source.note_time(greatest),
            PipelineHead::TimedInbox(input) => input.note_time(greatest),
            PipelineHead::Inbox(_) | PipelineHead::SpillQueue(_) => {}
        }
    }

    /// The number of inline steps that the source has applied to its last rows.
    pub(super) fn filtered(&self, inline: &[InlineStep]) -> usize {
        match self {
            PipelineHead::Source(source) if source.has_filtered() => leading_filters(inline),
            _ => 0,
        }
    }

    /// The positions of a source. `None` for other heads.
    pub(super) fn positions(&self) -> Option<Vec<SplitPosition>> {
        match self {
            PipelineHead::Source(source) => Some(source.positions()),
            _ => None,
        }
    }

    /// The operator that the time of `advance` is counted for.
    pub(super) fn timed_operator(&self) -> Option<usize> {
        match self {
            PipelineHead::Source(source) => Some(source.operator),
            _ => None,
        }
    }

    /// The batch of a page, or the current batch of the source.
    pub(super) fn batch_of<'d>(&'d self, data: &'d Data) -> Result<Batch<'d>> {
        match (data, self) {
            (Data::Page(page), _) => Ok(page.batch()),
            (Data::Source, PipelineHead::Source(source)) => source.batch(),
            _ => Err(Error::Internal("a source's rows without a source".to_owned())),
        }
    }

    /// Returns `true` if the head may stop before its input ends. A source that writes bad records
    /// must read all splits.
    pub(super) fn may_stop(&self) -> bool {
        match self {
            PipelineHead::Source(source) => source.may_stop(),
            _ => true,
        }
    }

    /// Ends the input. The current batch of a source stays valid.
    pub(super) fn stop(&mut self, scope: &OperatorScope) {
        match self {
            PipelineHead::Source(source) => {
                scope.metrics(source.operator).stopped_tasks.add(1);
                source.stop();
            }
            PipelineHead::Inbox(input) => input.close(),
            PipelineHead::TimedInbox(input) => input.close(),
            PipelineHead::SpillQueue(queue) => queue.stop(),
        }
    }
}
