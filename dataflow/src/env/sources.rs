//! Collections and text files as sources, and the place of each source in the program.

use std::panic::Location;
use std::sync::Arc;

use runtime::memory::Memory;
use runtime::operators::{Pages, ScanSource};
use runtime::page::RowWriter;
use runtime::row::RowLayout;
use runtime::source::Source;

use super::Env;
use crate::error::Result;
use crate::flow::{DataSet, Handle, NextStep};
use crate::kernel::write_all;
use crate::record::{Record, Value};

impl Env {
    /// Lines of text files: a file, a folder, a pattern such as `logs/*.txt`, or `-`, standard input. Lines end with `\n` or `\r\n`. Files whose names end with
    /// `.gz` or `.zst` are decompressed, each by one task.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-read-text-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("lines.txt").display().to_string();
    /// std::fs::write(&path, "to be\nor not\n")?;
    /// assert_eq!(Env::embedded().read_text(&path)?.collect()?, ["to be", "or not"]);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Where the path names no file, or one that cannot be read.
    #[track_caller]
    pub fn read_text(&self, path: impl AsRef<str>) -> Result<DataSet<String>> {
        self.reading_text(path.as_ref(), Location::caller()).map(Handle::typed)
    }

    /// Records that the program has in memory; they are copied once.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// let words = Env::embedded().collection([("to", 1u64), ("be", 2)])?;
    /// assert_eq!(words.collect()?, [("to".to_owned(), 1), ("be".to_owned(), 2)]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Where they do not fit the memory budget.
    #[track_caller]
    pub fn collection<V: Value>(&self, records: impl IntoIterator<Item = V>) -> Result<DataSet<V::Record>> {
        let schema = V::Record::schema();
        let layout = Arc::new(RowLayout::full(schema.types()));
        let memory = Memory::new(self.inner.admissions.budget().clone(), "a collection of the program's");
        let mut writer = RowWriter::new(layout, memory);
        write_all(&mut writer, records)?;
        writer.seal();
        let pages = writer.take_sealed().collect();
        self.reading(Ok(Arc::new(Pages::new(schema, pages))), Location::caller()).map(Handle::typed)
    }
}

// Opening a source is compiled once rather than for each type of records.
impl Env {
    fn reading_text(&self, path: &str, caller: &'static Location<'static>) -> Result<Handle> {
        let source = self.keep_standard_input(path).and_then(|()| formats::text(path));
        self.reading(source.map(|source| Arc::new(source) as Arc<dyn Source>), caller)
    }

    /// Keeps the data of a pipe where spilled pages are.
    pub(super) fn keep_standard_input(&self, path: &str) -> Result<(), runtime::error::Error> {
        formats::keep_standard_input(path, &self.inner.options.spill_dirs)
    }

    /// What a source begins; what is wrong with it is said with its place in the program.
    pub(super) fn reading(&self, source: Opened, caller: &'static Location<'static>) -> Result<Handle> {
        let next = NextStep::default().called_at(caller);
        let source = source.map_err(|error| error.at(&next.origin("read").0))?;
        Ok(Handle::of_operator(self.clone(), Arc::new(ScanSource(source)), Vec::new(), &next))
    }
}

/// A source, or what is wrong with it.
pub(super) type Opened = Result<Arc<dyn Source>, runtime::error::Error>;
