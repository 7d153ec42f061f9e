//! The kernels of joins that the optimizer made. One emits the leaves of both records, another
//! calls closures of the joins as written.
//!
//! In another order of joins, the two records that a closure reads may both be parts of one side of
//! a join. Or one is the result of another closure that no join has called yet. A closure is
//! compiled for leaves at any place. So a join calls it with a view of its leaves, for up to 256
//! pairs at a time. The records stay in a page until the closure that reads them has run.

use std::ops::Range;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kernel::{Factory, JoinKernel, TaskContext, catching};
use crate::memory::limits::PAGE_BYTES;
use crate::page::{Batch, Page, PairSource, RowPairs, RowWriter};
use crate::plan::{PairCall, RecordOf};
use crate::row::{LeafSet, RowLayout};

/// Most pairs for which a closure is called before the next closure is. If the output's page fills
/// up before the last closure has been called for all of them, the records of the earlier closures
/// are computed again. So the number is small compared with the rows of a page.
const BATCH_PAIRS: usize = 256;

/// The memory of each closure except the last: a page for its records, and another one if texts do
/// not fit into the first.
pub(super) const CALL_BYTES: usize = 2 * PAGE_BYTES;

/// The fixed parts of kept records take at most one byte in this many of a page. The rest is for
/// texts.
const FIXED_PART_SHARE: usize = 4;

/// Opens kernels that emit the leaves of both records. The left record has `left_leaves`.
pub(super) fn both(left_leaves: usize) -> impl Fn(&TaskContext) -> Result<Box<dyn JoinKernel>> + Send + Sync {
    move |_| Ok(Box::new(Both(left_leaves)))
}

struct Both(usize);

impl JoinKernel for Both {
    fn run(&mut self, pairs: &RowPairs<'_>, from: usize, out: &mut RowWriter) -> Result<usize> {
        out.append_pairs(pairs, from, self.0)
    }
}

/// The leaves of a side that closures read.
pub(super) fn reads(calls: &[PairCall], side: usize) -> LeafSet {
    let records = calls.iter().flat_map(|call| &call.sides).filter(|record| record.of == RecordOf::Side(side));
    records.flat_map(|record| &record.leaves).filter_map(|&(leaf, _)| leaf).collect()
}

/// Opens kernels that call these closures in turn, and emit the records of the last one.
pub(super) struct PairCalls(Arc<[PairCall]>);

impl PairCalls {
    pub(super) fn new(calls: Vec<PairCall>) -> Self {
        PairCalls(calls.into())
    }
}

impl Factory<dyn JoinKernel> for PairCalls {
    fn open(&self, context: &TaskContext) -> Result<Box<dyn JoinKernel>> {
        let Some((last, before)) = self.0.split_last() else {
            return Err(Error::Internal("a join without a closure".to_owned()));
        };
        let kept = before.iter().map(|call| KeptRecords::new(call, context)).collect::<Result<Vec<_>>>()?;
        let (calls, last) = (self.0.clone(), last.kernel.open(context)?);
        let widest = kept.iter().map(|kept| kept.writer.layout().width()).max().unwrap_or(1);
        let pairs = (PAGE_BYTES / FIXED_PART_SHARE / widest).clamp(1, BATCH_PAIRS);
        Ok(Box::new(OpenCalls { calls, kept, last, numbers: (0..pairs).collect() }))
    }
}

struct OpenCalls {
    calls: Arc<[PairCall]>,
    /// All closures except the last one, with their records.
    kept: Vec<KeptRecords>,
    last: Box<dyn JoinKernel>,
    /// The rows of these records: 0, 1, 2 and so on, one for each pair of a range.
    numbers: Vec<usize>,
}

impl JoinKernel for OpenCalls {
    fn run(&mut self, pairs: &RowPairs<'_>, from: usize, out: &mut RowWriter) -> Result<usize> {
        let max_pairs = if self.kept.is_empty() { usize::MAX } else { self.numbers.len() };
        let mut position = from;
        while position < pairs.len() && !out.has_sealed() {
            let end = position.saturating_add(max_pairs).min(pairs.len());
            position += self.run_range(pairs, position..end, out)?;
            self.kept.iter_mut().for_each(KeptRecords::recycle);
        }
        Ok(position)
    }
}

impl OpenCalls {
    /// Calls the closures for pairs of this range, from its first pair on. Returns the number of
    /// pairs for which the last one was called.
    fn run_range(&mut self, pairs: &RowPairs<'_>, mut range: Range<usize>, out: &mut RowWriter) -> Result<usize> {
        let OpenCalls { calls, kept, last, numbers } = self;
        for (number, call) in calls.iter().enumerate().take(kept.len()) {
            let (before, own) = kept.split_at_mut(number);
            let Some(own) = own.first_mut() else { break };
            let rows =
                with_records(call, pairs, range.clone(), (&*before, &numbers[..]), |records| own.keep(call, records))?;
            range.end = range.start + rows;
        }
        let Some(call) = calls.last() else { return Ok(0) };
        with_records(call, pairs, range, (&kept[..], &numbers[..]), |records| {
            call_closure(call, &mut **last, records, 0, out)
        })
    }
}

/// Calls `f` with the pairs of records that a closure reads.
fn with_records<R>(
    call: &PairCall,
    pairs: &RowPairs<'_>,
    range: Range<usize>,
    (before, numbers): (&[KeptRecords], &[usize]),
    f: impl FnOnce(&RowPairs<'_>) -> Result<R>,
) -> Result<R> {
    let batch = |of| match of {
        RecordOf::Call(number) => before.get(number).and_then(|kept: &KeptRecords| kept.page.as_ref()).map(Page::batch),
        RecordOf::Side(_) => None,
    };
    let [left, right] = &call.sides;
    let batches: [Option<Batch<'_>>; 2] = [batch(left.of), batch(right.of)];
    let source = |side: usize| match (call.sides[side].of, &batches[side]) {
        (RecordOf::Side(side), _) => Ok(PairSource::Side(side)),
        (RecordOf::Call(_), Some(batch)) => Ok(PairSource::Batch(batch)),
        (RecordOf::Call(_), None) => Err(Error::Internal("a closure before the one that it reads".to_owned())),
    };
    f(&pairs.mapped(range, [(source(0)?, &left.leaves[..]), (source(1)?, &right.leaves[..])], numbers))
}

/// Calls a closure for pairs from a position on. An error names the closure's own place in the
/// program, which is not the place of the join.
fn call_closure(
    call: &PairCall,
    kernel: &mut dyn JoinKernel,
    pairs: &RowPairs<'_>,
    from: usize,
    out: &mut RowWriter,
) -> Result<usize> {
    catching(|| kernel.run(pairs, from, out)).map_err(|error| error.at(&call.origin))
}

/// A closure whose records a later closure reads.
struct KeptRecords {
    kernel: Box<dyn JoinKernel>,
    writer: RowWriter,
    /// The records for the current pairs.
    page: Option<Page>,
}

impl KeptRecords {
    fn new(call: &PairCall, context: &TaskContext) -> Result<Self> {
        let layout = RowLayout::new(call.types.clone(), &call.live);
        let mut writer = RowWriter::new(Arc::new(layout), context.memory.clone());
        writer.reserve_page()?;
        Ok(KeptRecords { kernel: call.kernel.open(context)?, writer, page: None })
    }

    /// Calls the closure for pairs, and keeps the records that fit into a page. Returns the number
    /// of kept records: one for each of the first pairs.
    fn keep(&mut self, call: &PairCall, pairs: &RowPairs<'_>) -> Result<usize> {
        let mut ran = 0;
        while ran < pairs.len() && !self.writer.has_sealed() {
            ran = call_closure(call, &mut *self.kernel, pairs, ran, &mut self.writer)?;
        }
        self.writer.seal();
        let mut pages: Vec<Page> = self.writer.take_sealed().collect();
        if pages.iter().map(Page::rows).sum::<usize>() != ran {
            let message = "a closure gives another number of records than one for each pair";
            return Err(Error::Internal(message.to_owned()).at(&call.origin));
        }
        // Records that did not fit into the first page are computed again.
        pages.truncate(1);
        self.page = pages.pop();
        Ok(self.page.as_ref().map_or(0, Page::rows))
    }

    /// Frees the page after its records have been read.
    fn recycle(&mut self) {
        if let Some(page) = self.page.take() {
            self.writer.recycle(page);
        }
    }
}
