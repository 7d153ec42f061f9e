//! Sorted runs, and the parts of them that belong to a range of the order.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::task::Poll;

use crate::error::Result;
use crate::kernel::TaskContext;
use crate::memory::Memory;
use crate::memory::limits::INDEX_BYTES;
use crate::page::{Input, Page, RowWriter, Selection};
use crate::row::RowLayout;
use crate::sort::order::OrderKey;
use crate::sort::ranges::{KeyPrefix, compare_prefixes, is_before, prefix_bytes, prefix_of};
use crate::spill::{Spilled, SpilledReader, Spiller};

/// The greatest number of keys that a run on disk keeps: first keys of pages at about equal
/// distances.
const MAX_RUN_KEYS: usize = 1024;

/// The greatest number of sampled keys of pages in memory.
const MAX_MEMORY_KEYS: usize = 256;

/// The layout and the order of rows.
#[derive(Clone)]
pub(crate) struct RowOrder {
    pub(crate) layout: Arc<RowLayout>,
    pub(crate) order: Box<[OrderKey]>,
}

impl RowOrder {
    /// The key of a row of a page, cut to a prefix.
    pub(crate) fn key(&self, page: &Page, row: usize) -> KeyPrefix {
        prefix_of(&page.batch(), row, self.layout.types(), &self.order)
    }

    /// Compares two keys in the order.
    pub(crate) fn compare(&self, left: &KeyPrefix, right: &KeyPrefix) -> Ordering {
        compare_prefixes(self.layout.types(), &self.order, left, right)
    }

    /// The number of rows of a sorted page that are before `bound`.
    fn rows_before(&self, page: &Page, bound: &KeyPrefix) -> usize {
        let batch = page.batch();
        let (mut low, mut high) = (0, page.rows());
        while low < high {
            let middle = usize::midpoint(low, high);
            if is_before(&batch, middle, self.layout.types(), &self.order, bound) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        low
    }

    /// Copies the rows of a range to pages of their own. This is one page, unless a large row made
    /// `page` larger than the usual size.
    fn cut(&self, page: &Page, rows: Range<usize>, memory: &Memory) -> Result<VecDeque<Page>> {
        if rows == (0..page.rows()) || rows.is_empty() {
            return Ok(VecDeque::from_iter((!rows.is_empty()).then(|| page.clone())));
        }
        let (mut writer, mut some) = (RowWriter::new(self.layout.clone(), memory.clone()), Selection::default());
        some.set(rows.start as u32..rows.end as u32);
        writer.append(&Input::new(&page.batch(), &some), None)?;
        writer.seal();
        Ok(writer.take_sealed().collect())
    }
}

/// A sorted run on disk.
#[derive(Default)]
pub(crate) struct DiskRun {
    pub(crate) pages: Spilled,
    index: RunIndex,
}

/// First keys of some pages of a run. Only merges of ranges use it.
#[derive(Default)]
struct RunIndex {
    /// Page numbers, and the first keys of these pages.
    keys: Vec<(usize, KeyPrefix)>,
    /// Bytes of all keys.
    bytes: usize,
    /// Distance of the page numbers: each is a multiple of it.
    every: usize,
}

impl RunIndex {
    fn note(&mut self, number: usize, page: &Page, row_order: &RowOrder) {
        if !number.is_multiple_of(self.every.max(1)) {
            return;
        }
        let key = row_order.key(page, 0);
        self.bytes += prefix_bytes(&key);
        self.keys.push((number, key));
        while self.keys.len() > MAX_RUN_KEYS || self.bytes > INDEX_BYTES / 2 {
            self.thin_out();
        }
    }

    /// Drops every second key, and the only one.
    fn thin_out(&mut self) {
        self.every = 2 * self.every.max(1);
        let (every, is_only) = (self.every, self.keys.len() == 1);
        self.keys.retain(|(number, _)| !is_only && number.is_multiple_of(every));
        self.bytes = self.keys.iter().map(|(_, key)| prefix_bytes(key)).sum();
    }
}

/// Drops keys of a task's runs until together they take at most half of `INDEX_BYTES`.
pub(crate) fn bound_index(runs: &mut [DiskRun]) {
    while runs.iter().map(|run| run.index.bytes).sum::<usize>() > INDEX_BYTES / 2 {
        runs.iter_mut().for_each(|run| run.index.thin_out());
    }
}

impl DiskRun {
    /// Appends sorted pages. Adds keys to the index if an order is given.
    pub(crate) fn write(
        &mut self,
        pages: impl IntoIterator<Item = Page>,
        spiller: &Spiller,
        row_order: Option<&RowOrder>,
    ) {
        let pages: Vec<Page> = pages.into_iter().collect();
        if let Some(row_order) = row_order {
            (self.pages.pages()..).zip(&pages).for_each(|(number, page)| self.index.note(number, page, row_order));
        }
        spiller.write(&mut self.pages, pages);
    }

    /// The keys of the index, each with about the number of rows that it stands for.
    fn sample(&self) -> impl Iterator<Item = (&KeyPrefix, u64)> {
        let weight = (self.pages.rows() / self.index.keys.len().max(1) as u64).max(1);
        self.index.keys.iter().map(move |(_, key)| (key, weight))
    }

    /// The pages with the rows from `from` on and before `to`, and perhaps pages around them.
    fn part(&self, from: Option<&KeyPrefix>, to: Option<&KeyPrefix>, row_order: &RowOrder) -> Spilled {
        let keys = &self.index.keys;
        // Rows of the range may be in the page before the first one that begins with such a row.
        let first = from.map_or(0, |from| {
            let begun = keys.partition_point(|(_, key)| row_order.compare(key, from).is_lt());
            begun.checked_sub(1).map_or(0, |before| keys[before].0)
        });
        let last = to.map_or(self.pages.pages(), |to| {
            let begun = keys.partition_point(|(_, key)| row_order.compare(key, to).is_lt());
            keys.get(begun).map_or(self.pages.pages(), |(number, _)| *number)
        });
        self.pages.slice(first..last)
    }
}

/// The rows of one run in one range, for the task that merges the range.
pub(crate) enum Part {
    /// Pages in memory.
    Pages(VecDeque<Page>),
    Disk(DiskPart),
}

/// Pages on disk. The first and the last ones may contain rows of other ranges.
pub(crate) struct DiskPart {
    pub(crate) pages: Spilled,
    pub(crate) spiller: Arc<Spiller>,
    /// The range contains keys from `from` on and before `to`. `None` means no bound.
    pub(crate) from: Option<KeyPrefix>,
    pub(crate) to: Option<KeyPrefix>,
}

/// The sorted rows of one task, from which the other tasks read.
pub(crate) struct TaskRuns {
    pub(crate) row_order: RowOrder,
    pub(crate) disk: Vec<DiskRun>,
    pub(crate) memory: VecDeque<Page>,
    pub(crate) spiller: Arc<Spiller>,
}

impl TaskRuns {
    /// A sample of keys, each with about the number of rows that it stands for.
    pub(crate) fn sample(&self) -> Vec<(KeyPrefix, u64)> {
        let every = self.memory.len().div_ceil(MAX_MEMORY_KEYS).max(1);
        let in_memory = self.memory.iter().step_by(every);
        let in_memory = in_memory.map(|page| (self.row_order.key(page, 0), (page.rows() * every) as u64));
        let on_disk = self.disk.iter().flat_map(DiskRun::sample).map(|(key, weight)| (key.clone(), weight));
        in_memory.chain(on_disk).collect()
    }

    /// The parts for each range.
    pub(crate) fn parts(mut self, bounds: &[KeyPrefix], memory: &Memory) -> Result<Vec<Vec<Part>>> {
        let ends = || bounds.iter().map(Some).chain([None]);
        let begins = [None].into_iter().chain(bounds.iter().map(Some));
        let mut parts = Vec::new();
        for (from, to) in begins.zip(ends()) {
            let on_disk = self.disk.iter().map(|run| DiskPart {
                pages: run.part(from, to, &self.row_order),
                spiller: self.spiller.clone(),
                from: from.cloned(),
                to: to.cloned(),
            });
            let mut of_range: Vec<Part> = on_disk.map(Part::Disk).collect();
            of_range.push(Part::Pages(self.pages_before(to, memory)?));
            parts.push(of_range);
        }
        Ok(parts)
    }

    /// Removes and returns the pages in memory with rows before `bound`. A page with rows on both
    /// sides is cut.
    fn pages_before(&mut self, bound: Option<&KeyPrefix>, memory: &Memory) -> Result<VecDeque<Page>> {
        let Some(bound) = bound else { return Ok(std::mem::take(&mut self.memory)) };
        let begun = self.memory.partition_point(|page| self.row_order.rows_before(page, bound) == page.rows());
        let mut before: VecDeque<Page> = self.memory.drain(..begun).collect();
        if let Some(page) = self.memory.pop_front() {
            let (rows, all) = (self.row_order.rows_before(&page, bound), page.rows());
            before.extend(self.row_order.cut(&page, 0..rows, memory)?);
            for rest in self.row_order.cut(&page, rows..all, memory)?.into_iter().rev() {
                self.memory.push_front(rest);
            }
        }
        Ok(before)
    }
}

/// Reads a part page by page, without rows of other ranges.
pub(crate) struct PartReader {
    row_order: RowOrder,
    /// `None` after the last page.
    pub(crate) reader: Option<SpilledReader>,
    from: Option<KeyPrefix>,
    to: Option<KeyPrefix>,
    memory: Memory,
    /// Pages that were cut from a page with rows of other ranges.
    cut: VecDeque<Page>,
}

impl PartReader {
    pub(crate) fn new(row_order: &RowOrder, part: DiskPart, ahead: usize, context: &TaskContext) -> Self {
        let DiskPart { pages, spiller, from, to } = part;
        let reader = spiller.read_for(pages, &row_order.layout, ahead, context.blocking.clone(), &context.memory);
        PartReader {
            row_order: row_order.clone(),
            reader: Some(reader),
            from,
            to,
            memory: context.memory.clone(),
            cut: VecDeque::new(),
        }
    }

    pub(crate) fn poll(&mut self) -> Result<Poll<Option<Page>>> {
        loop {
            if let Some(page) = self.cut.pop_front() {
                return Ok(Poll::Ready(Some(page)));
            }
            let Some(reader) = &mut self.reader else { return Ok(Poll::Ready(None)) };
            let page = match reader.poll()? {
                Poll::Ready(Some(page)) => page,
                other => return Ok(other),
            };
            let first = self.from.as_ref().map_or(0, |from| self.row_order.rows_before(&page, from));
            if first < page.rows() {
                // The range has begun, so all later rows are after its begin.
                self.from = None;
            }
            let last = self.to.as_ref().map_or(page.rows(), |to| self.row_order.rows_before(&page, to));
            if last < page.rows() {
                self.reader = None;
            }
            self.cut = self.row_order.cut(&page, first.min(last)..last, &self.memory)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Budget;
    use crate::row::{Datum, LeafType};

    const RUNS: usize = 8;

    /// Each page begins with a text of 60 kB.
    #[test]
    fn indexes_of_runs_are_bounded() {
        let layout = Arc::new(RowLayout::full([LeafType::Text]));
        let mut writer = RowWriter::new(layout.clone(), Memory::new(Budget::new(1 << 20), "test"));
        writer.append_datums(&[Datum::Bytes(vec![b'x'; 60_000].into())]).unwrap();
        writer.seal();
        let page = writer.take_sealed().next().unwrap();
        let row_order = RowOrder { layout, order: [OrderKey { leaf: 0, descending: false }].into() };
        let mut runs: Vec<DiskRun> = std::iter::repeat_with(DiskRun::default).take(RUNS).collect();
        for run in &mut runs {
            for number in 0..5_000 {
                run.index.note(number, &page, &row_order);
                assert!(run.index.bytes <= INDEX_BYTES / 2, "{} bytes", run.index.bytes);
            }
            assert!(run.index.keys.len() > 100, "{} keys", run.index.keys.len());
        }
        bound_index(&mut runs);
        let bytes = runs.iter().map(|run| run.index.keys.iter().map(|(_, key)| prefix_bytes(key)).sum::<usize>());
        assert!(bytes.sum::<usize>() <= INDEX_BYTES / 2);
        assert!(runs.iter().all(|run| run.index.keys.len() > 100 / RUNS));
    }
}
