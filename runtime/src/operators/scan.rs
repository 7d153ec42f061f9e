//! Sources.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::memory::Memory;
use crate::output::Claim;
use crate::page::{Batch, Page};
use crate::plan::{Endpoint, Operator, Table, unbounded_memory};
use crate::row::{LeafSet, Schema};
use crate::source::{ColumnFit, ReadRequest, Ready, Sample, Scan, Source, Split, SplitReader, Statistics};
use crate::strategy::Role;

/// Records of a source.
pub struct ScanSource(pub Arc<dyn Source>);

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
        self.0.rejects().map_or(Ok(()), |rejects| rejects.check())
    }

    fn as_endpoint(&self) -> Option<&dyn Endpoint> {
        Some(self)
    }

    fn role(&self) -> Role {
        Role::Source(self.0.clone())
    }

    fn reference(&self, _: &[Table]) -> Result<Table> {
        let scan = Scan { live: LeafSet::all(self.schema().leaves().len()), bounds: Vec::new() };
        let memory = unbounded_memory();
        let mut reader = self.0.reader(&scan, &memory)?;
        let mut table = Table::new(self.schema().types());
        if let Some(endless) = self.0.endless()
            && !endless.extent()?.is_complete
        {
            return Err(unended());
        }
        for split in self.0.splits(&scan)? {
            reader.open(&split)?;
            loop {
                let ready = reader.advance()?;
                if let Some(rejects) = self.0.rejects() {
                    rejects.write(&reader.take_rejected())?;
                }
                match ready {
                    Ready::Batch => table.extend(&reader.batch()?),
                    Ready::End => break,
                    Ready::CaughtUp => return Err(unended()),
                    Ready::Starved => {
                        let Some(request) = reader.wants() else {
                            return Err(Error::Internal("a reader starves and wants nothing".to_owned()));
                        };
                        reader.supply(request.read(&memory)?)?;
                    }
                }
            }
        }
        Ok(table)
    }
}

impl Endpoint for ScanSource {
    fn columns(&self) -> Vec<ColumnFit> {
        self.0.columns()
    }

    fn claim(&self) -> Option<Claim> {
        self.0.rejects()?.claim()
    }

    fn prepare(&self) -> Result<()> {
        self.0.rejects().map_or(Ok(()), |rejects| rejects.prepare())
    }

    fn finish(&self, success: bool) -> Result<()> {
        self.0.rejects().map_or(Ok(()), |rejects| rejects.finish(success))
    }

    fn rejected_rows(&self) -> u64 {
        self.0.rejects().map_or(0, |rejects| rejects.count())
    }
}

/// The error of an oracle that is asked for what is not known yet.
fn unended() -> Error {
    Error::Plan(
        "the embedded engine reads what has an end, and more may come here: seal the log, or run the local engine"
            .to_owned(),
    )
}

/// Records that the program had in memory, one page a split.
pub struct Pages {
    /// For EXPLAIN.
    what: String,
    schema: Schema,
    pages: Arc<[Page]>,
}

impl Pages {
    /// A source over pages that hold all leaves of `schema`.
    #[must_use]
    pub fn new(schema: Schema, pages: Vec<Page>) -> Self {
        Pages { what: format!("collection of {}", schema.describe()), schema, pages: pages.into() }
    }

    /// What stands in the place of records that need not be made again.
    pub(super) fn none(schema: Schema) -> Self {
        Pages { what: "nothing".to_owned(), schema, pages: Arc::new([]) }
    }
}

impl Source for Pages {
    fn describe(&self) -> String {
        self.what.clone()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn statistics(&self, _: &Scan) -> Statistics {
        let rows = self.pages.iter().map(Page::rows).sum::<usize>() as f64;
        Statistics { rows: Some(rows), bytes: self.pages.iter().map(|page| page.bytes() as u64).sum() }
    }

    fn sample(&self, _: &Scan) -> Option<Sample> {
        Some(Sample::of_pages(&self.pages))
    }

    fn splits(&self, _: &Scan) -> Result<Vec<Split>> {
        let split = |(part, page): (usize, &Page)| Split { part, range: 0..1, bytes: page.bytes() as u64 };
        Ok(self.pages.iter().enumerate().map(split).collect())
    }

    fn reader(&self, _: &Scan, _: &Memory) -> Result<Box<dyn SplitReader>> {
        Ok(Box::new(PageReader { pages: self.pages.clone(), current: 0, fresh: false }))
    }
}

struct PageReader {
    pages: Arc<[Page]>,
    current: usize,
    fresh: bool,
}

impl SplitReader for PageReader {
    fn open(&mut self, split: &Split) -> Result<()> {
        (self.current, self.fresh) = (split.part, true);
        Ok(())
    }

    fn wants(&mut self) -> Option<ReadRequest> {
        None
    }

    fn supply(&mut self, _: Vec<Bytes>) -> Result<()> {
        Ok(())
    }

    fn advance(&mut self) -> Result<Ready> {
        Ok(if std::mem::take(&mut self.fresh) { Ready::Batch } else { Ready::End })
    }

    fn batch(&self) -> Result<Batch<'_>> {
        self.pages.get(self.current).map(Page::batch).ok_or_else(|| Error::Internal("no such page".to_owned()))
    }
}
