//! Sources.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::output::Claim;
use crate::page::{Batch, Page};
use crate::plan::{Endpoint, Operator, Table, unbounded_memory};
use crate::row::{LeafSet, Schema};
use crate::source::{
    CheckedReader, ColumnFit, NoFilters, Position, ReadProgress, ReaderContext, RejectSink, RowFilters, Sample, Scan,
    Source, Split, SplitList, SplitReader, Statistics, TableSource, ThisThread,
};
use crate::strategy::Role;

/// The records of a source.
pub struct ScanSource(pub Arc<dyn Source>);

impl ScanSource {
    fn rejects(&self) -> Option<Arc<dyn RejectSink>> {
        self.0.as_table()?.rejects()
    }
}

impl Operator for ScanSource {
    fn name(&self) -> &'static str {
        "read"
    }

    fn details(&self) -> String {
        self.0.describe()
    }

    fn schema(&self) -> &Schema {
        self.0.schema()
    }

    fn check(&self) -> Result<()> {
        self.rejects().map_or(Ok(()), |rejects| rejects.check())
    }

    fn as_endpoint(&self) -> Option<&dyn Endpoint> {
        Some(self)
    }

    fn role(&self) -> Role {
        Role::Source(self.0.clone())
    }

    fn reference(&self, _: &[Table]) -> Result<Table> {
        let scan = Scan { live: LeafSet::all(self.schema().leaves().len()), bounds: Vec::new() };
        let thread = Arc::new(ThisThread::default());
        let context = ReaderContext { memory: unbounded_memory(), blocking: thread.clone() };
        let (mut reader, list) = (CheckedReader::of(&*self.0, &scan, context)?, self.0.splits(&scan)?);
        if !list.is_complete {
            return Err(endless_source());
        }
        let mut table = Table::new(self.schema().types());
        for split in &list.splits {
            reader.open(split, None)?;
            loop {
                match reader.advance(&mut NoFilters)? {
                    ReadProgress::Batch { .. } => table.extend(&reader.batch()?),
                    ReadProgress::Pending => thread.wait(),
                    ReadProgress::CaughtUp => return Err(endless_source()),
                    ReadProgress::End => break,
                }
            }
        }
        Ok(table)
    }
}

impl Endpoint for ScanSource {
    fn columns(&self) -> Vec<ColumnFit> {
        self.0.as_table().map(TableSource::columns).unwrap_or_default()
    }

    fn claim(&self) -> Option<Claim> {
        self.rejects()?.claim()
    }

    fn prepare(&self) -> Result<()> {
        self.rejects().map_or(Ok(()), |rejects| rejects.prepare())
    }

    fn finish(&self, success: bool) -> Result<()> {
        self.rejects().map_or(Ok(()), |rejects| rejects.finish(success))
    }

    fn rejected_rows(&self) -> u64 {
        self.rejects().map_or(0, |rejects| rejects.count())
    }
}

/// The error for a source without an end, in the reference implementation.
fn endless_source() -> Error {
    Error::Plan(
        "the embedded engine reads what has an end, and more may come here: seal the log, or run the local engine"
            .to_owned(),
    )
}

/// Records in memory, one page per split.
pub struct Pages {
    /// For EXPLAIN.
    description: String,
    schema: Schema,
    pages: Arc<[Page]>,
}

impl Pages {
    /// A source over pages that hold all leaves of `schema`.
    #[must_use]
    pub fn new(schema: Schema, pages: Vec<Page>) -> Self {
        Pages { description: format!("collection of {}", schema.describe()), schema, pages: pages.into() }
    }

    /// An empty source, which replaces the operators before a `persist` that has its records.
    pub(super) fn none(schema: Schema) -> Self {
        Pages { description: "nothing".to_owned(), schema, pages: Arc::new([]) }
    }
}

impl Source for Pages {
    fn describe(&self) -> String {
        self.description.clone()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn splits(&self, _: &Scan) -> Result<SplitList> {
        let split = |(part, page): (usize, &Page)| Split::of_file(part, 0..1, page.bytes() as u64);
        Ok(SplitList::complete(self.pages.iter().enumerate().map(split).collect()))
    }

    fn reader_bytes(&self, _: &Scan) -> usize {
        0
    }

    fn reader(&self, _: &Scan, _: ReaderContext) -> Result<Box<dyn SplitReader>> {
        Ok(Box::new(PageReader { pages: self.pages.clone(), current: 0, fresh: false }))
    }

    fn as_table(&self) -> Option<&dyn TableSource> {
        Some(self)
    }
}

impl TableSource for Pages {
    fn statistics(&self, _: &Scan) -> Statistics {
        let rows = self.pages.iter().map(Page::rows).sum::<usize>() as f64;
        Statistics { rows: Some(rows), bytes: self.pages.iter().map(|page| page.bytes() as u64).sum() }
    }

    fn sample(&self, _: &Scan) -> Option<Sample> {
        Some(Sample::of_pages(&self.pages))
    }
}

struct PageReader {
    pages: Arc<[Page]>,
    current: usize,
    fresh: bool,
}

impl SplitReader for PageReader {
    fn open(&mut self, split: &Split, _: Option<&Position>) -> Result<()> {
        (self.current, self.fresh) = (split.part, true);
        Ok(())
    }

    fn advance(&mut self, _: &mut dyn RowFilters) -> Result<ReadProgress> {
        Ok(match std::mem::take(&mut self.fresh) {
            true => ReadProgress::Batch { left_out: None },
            false => ReadProgress::End,
        })
    }

    fn batch(&self) -> Result<Batch<'_>> {
        self.pages.get(self.current).map(Page::batch).ok_or_else(|| Error::Internal("no such page".to_owned()))
    }
}
