//! Sources that read text files or records in memory.

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
    /// Reads the lines of text files. `path` is a file, a folder, a pattern such as `logs/*.txt`,
    /// or `-` for standard input. Lines end with `\n` or `\r\n`. Files whose names end with `.gz`
    /// or `.zst` are decompressed, each by one task.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder =
    /// #     std::env::temp_dir().join(format!("dataflow-doc-read-text-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("lines.txt").display().to_string();
    /// std::fs::write(&path, "to be\nor not\n")?;
    /// assert_eq!(Env::embedded().read_text(&path)?.collect()?, ["to be", "or not"]);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Fails if no file is found, or a file cannot be read.
    #[track_caller]
    pub fn read_text(&self, path: impl AsRef<str>) -> Result<DataSet<String>> {
        self.text_flow(path.as_ref(), Location::caller()).map(Handle::typed)
    }

    /// Reads records from the program's memory. They are copied once.
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
    /// Fails if the records do not fit the memory budget.
    #[track_caller]
    pub fn collection<V: Value>(&self, records: impl IntoIterator<Item = V>) -> Result<DataSet<V::Record>> {
        let schema = V::Record::schema();
        let layout = Arc::new(RowLayout::full(schema.types()));
        let memory = Memory::new(self.inner.admissions.budget().clone(), "a collection of the program's");
        let mut writer = RowWriter::new(layout, memory);
        write_all(&mut writer, records)?;
        writer.seal();
        let pages = writer.take_sealed().collect();
        self.source_flow(Ok(Arc::new(Pages::new(schema, pages))), Location::caller()).map(Handle::typed)
    }
}

// Opening is not generic, so that it is compiled once and not for each record type.
impl Env {
    fn text_flow(&self, path: &str, caller: &'static Location<'static>) -> Result<Handle> {
        let source = self.keep_standard_input(path).and_then(|()| formats::text(path));
        self.source_flow(source.map(|source| Arc::new(source) as Arc<dyn Source>), caller)
    }

    /// If the path is standard input and that is a pipe, keeps its data in the folder for spilled
    /// pages.
    pub(super) fn keep_standard_input(&self, path: &str) -> Result<(), runtime::error::Error> {
        formats::keep_standard_input(path, &self.inner.options.spill_dirs)
    }

    /// Returns the flow of a source. An error gets the source's place in the program.
    pub(super) fn source_flow(&self, source: OpenedSource, caller: &'static Location<'static>) -> Result<Handle> {
        let next = NextStep::default().called_at(caller);
        let source = source.map_err(|error| error.at(&next.origin("read").0))?;
        Ok(Handle::of_operator(self.clone(), Arc::new(ScanSource(source)), Vec::new(), &next))
    }
}

/// A source, or the error of opening it.
pub(super) type OpenedSource = Result<Arc<dyn Source>, runtime::error::Error>;
