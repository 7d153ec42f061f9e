//! Results: what makes a plan run, or gives it something to run for.

use std::panic::Location;
use std::sync::Arc;

use runtime::format::{self, CsvOptions, ParquetOptions};
use runtime::operators::{Collect, First, WriteFile};
use runtime::output::Target;
use runtime::source::Format;

use super::{Ends, Flow, Mode, Output, Records};
use crate::error::Result;
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// Runs what this flow needs, and gives its records. A sorted flow keeps its order.
    ///
    /// Cost: all records in memory, within the budget while they are collected.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// let numbers = Env::embedded().collection([3u64, 1, 2])?;
    /// assert_eq!(numbers.sort(|n| n).collect()?, [1, 2, 3]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What ends the job.
    #[track_caller]
    pub fn collect(&self) -> Result<Vec<T>>
    where
        M: Ends,
    {
        self.records().map(|records| records.to_vec())
    }

    /// Runs what this flow needs, and keeps its records in the engine's pages. A sorted flow keeps its order.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// let words = Env::embedded().collection([("to", 1u64), ("be", 2)])?.records()?;
    /// let mut letters = 0;
    /// words.for_each(|(word, count)| letters += word.len() as u64 * count);
    /// assert_eq!((words.len(), letters), (2, 6));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What ends the job.
    #[track_caller]
    pub fn records(&self) -> Result<Records<T>>
    where
        M: Ends,
    {
        let sink = Collect::new(T::schema(), false);
        let collector = sink.collector.clone();
        let flow: Flow<(), M> = self.then(sink, &[], &self.next.called_at(Location::caller()));
        self.env.run_now(&flow.node)?;
        Ok(Records::new(collector.take()))
    }

    /// Runs what this flow needs, and gives the number of its records.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// assert_eq!(Env::embedded().collection([3u64, 1, 2])?.count()?, 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What ends the job.
    #[track_caller]
    pub fn count(&self) -> Result<u64>
    where
        M: Ends,
    {
        let sink = Collect::new(T::schema(), true);
        let collector = sink.collector.clone();
        let flow: Flow<(), M> = self.then(sink, &[], &self.next.called_at(Location::caller()));
        self.env.run_now(&flow.node)?;
        Ok(collector.rows())
    }

    /// Prints each record as a line of tab-separated values, when the environment runs. What is no single value (a list, a map, an enum whose variants
    /// hold values) is printed as the program would write it: `[Item { name: "tea", count: 2 }]`. Where the reader goes away (`| head`), the rest is not
    /// printed, and a job that writes nothing else ends early, without an error.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// let env = Env::embedded();
    /// env.collection([("to", 1u64), ("be", 2)])?.print();
    /// env.run()?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn print(&self) {
        self.write(Arc::new(format::LinesFormat), Target::printed(), Location::caller());
    }

    /// Prints the first `rows` records as a table with names and types, when the environment runs: the first of a sorted flow, any of another. The table is as
    /// wide as the terminal, or 120 columns where the output is none: texts are cut with `…`, numbers never, and columns without room are
    /// named below.
    ///
    /// Cost: that of [`Flow::first`]; the shown records in memory.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// let env = Env::embedded();
    /// env.collection([("to", Some(1u64)), ("be", None)])?.show(20);
    /// env.run()?;
    /// // 0                 1
    /// // String  Option<u64>
    /// // ──────  ───────────
    /// // to                1
    /// // be             null
    /// // 2 rows
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn show(&self, rows: usize) {
        let location = Location::caller();
        // One more, to know whether there are more.
        let first = First { schema: T::schema(), key: Vec::new(), count: rows.saturating_add(1) };
        let first: Flow<T, M> = self.then(first, &[], &self.next.called_at(location));
        first.write(Arc::new(format::TableFormat { rows, width: None }), Target::printed(), location);
    }

    /// Writes CSV with a header, when the environment runs: one file, or, where the path ends with `/`, a folder of files that are
    /// written in parallel; `-` is standard output. Where the name ends with `.gz` or `.zst`, what is written is compressed. An [`Output`] in place of the path
    /// says what happens to what exists.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-write-csv-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("squares.csv.gz").display().to_string();
    /// let env = Env::embedded();
    /// env.collection([(1u64, 1u64), (2, 4), (3, 9)])?.write_csv(&path);
    /// env.run()?;
    /// assert_eq!(env.read_csv::<(u64, u64)>(&path)?.count()?, 3);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn write_csv(&self, to: impl Into<Output>) {
        self.write_csv_with(to, CsvOptions::default());
    }

    /// As [`Flow::write_csv`], with another delimiter, quote or text for nulls, or without header. What these options write, they read.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::CsvOptions;
    ///
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-write-csv-with-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("ages.csv").display().to_string();
    /// let options = CsvOptions { delimiter: b';', header: false, null: "NULL".to_owned(), ..CsvOptions::default() };
    /// let env = Env::embedded();
    /// env.collection([("Ada", Some(36u8)), ("NULL;", None)])?.write_csv_with(&path, options);
    /// env.run()?;
    /// assert_eq!(std::fs::read_to_string(&path)?, "Ada;36\n\"NULL;\";NULL\n");
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Options that nobody could read again, and a text that cannot be written without quotes where there are none, end the run.
    #[track_caller]
    pub fn write_csv_with(&self, to: impl Into<Output>, options: CsvOptions) {
        self.write_compressed(written_with(options), to.into(), Location::caller());
    }

    /// Writes JSON lines, one record a line, when the environment runs: one file, or a folder of files where the path ends with `/`. Where
    /// the name ends with `.gz` or `.zst`, what is written is compressed.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # #[derive(Record, Clone, Copy)]
    /// # struct Square { n: u64, root: Option<u32> }
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-write-json-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("squares.jsonl").display().to_string();
    /// let env = Env::embedded();
    /// env.collection([Square { n: 8, root: None }, Square { n: 9, root: Some(3) }])?.write_json(&path);
    /// env.run()?;
    /// assert_eq!(std::fs::read_to_string(&path)?, "{\"n\":8,\"root\":null}\n{\"n\":9,\"root\":3}\n");
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn write_json(&self, to: impl Into<Output>) {
        self.write_compressed(Arc::new(format::JsonFormat), to.into(), Location::caller());
    }

    /// Writes Parquet, when the environment runs: one file, or a folder of files where the path ends with `/`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-write-parquet-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("pairs.parquet").display().to_string();
    /// let env = Env::embedded();
    /// env.collection([("to", 1u64), ("be", 2)])?.write_parquet(&path);
    /// env.run()?;
    /// assert_eq!(env.read_parquet::<(String, u64)>(&path)?.count()?, 2);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn write_parquet(&self, to: impl Into<Output>) {
        self.write_parquet_with(to, ParquetOptions::default());
    }

    /// As [`Flow::write_parquet`], with another codec, or row groups of another size.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::{ParquetCodec, ParquetOptions};
    ///
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-write-parquet-with-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("pairs.parquet").display().to_string();
    /// let options = ParquetOptions { codec: ParquetCodec::Zstd(9), row_group_rows: 1 << 20, ..ParquetOptions::default() };
    /// let env = Env::embedded();
    /// env.collection([("to", 1u64), ("be", 2)])?.write_parquet_with(&path, options);
    /// env.run()?;
    /// assert_eq!(env.read_parquet::<(String, u64)>(&path)?.count()?, 2);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A level that the codec does not have, row groups of no rows, and Brotli without the cargo feature `brotli` end the run.
    #[track_caller]
    pub fn write_parquet_with(&self, to: impl Into<Output>, options: ParquetOptions) {
        self.write(Arc::new(format::ParquetFormat::of(options)), to.into().target(), Location::caller());
    }

    /// Writes plain values back to back, without header or padding, when the environment runs: one file, or a folder of files where the path
    /// ends with `/`. The file is what [`Env::read_binary`](crate::Env::read_binary) reads, and a packed C struct in memory. Where the name
    /// ends with `.gz` or `.zst`, what is written is compressed.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-write-binary-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("points.bin").display().to_string();
    /// let env = Env::embedded();
    /// env.collection([(1u8, -2i16), (3, 4)])?.write_binary(&path);
    /// env.run()?;
    /// assert_eq!(std::fs::read(&path)?, [1, 0xfe, 0xff, 3, 4, 0]);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn write_binary(&self, to: impl Into<Output>) {
        self.write_compressed(Arc::new(format::BinaryFormat), to.into(), Location::caller());
    }

    /// Writes the engine's own format, which holds every record but lists of records and maps, and proves that it is whole, when the environment runs: one file, or a folder
    /// of files where the path ends with `/`. [`Env::read_native`](crate::Env::read_native) reads it. Where the name ends with `.gz` or
    /// `.zst`, what is written is compressed.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-write-native-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("lists.native.zst").display().to_string();
    /// let env = Env::embedded();
    /// env.collection([vec!["a".to_owned()], vec![]])?.write_native(&path);
    /// env.run()?;
    /// assert_eq!(env.read_native::<Vec<String>>(&path)?.count()?, 2);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn write_native(&self, to: impl Into<Output>) {
        self.write_compressed(Arc::new(format::NativeFormat), to.into(), Location::caller());
    }

    /// Writes records of one field as lines, when the environment runs: one file, or a folder of files where the path ends with `/`.
    /// Where the name ends with `.gz` or `.zst`, what is written is compressed.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-write-text-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("lines.txt").display().to_string();
    /// let env = Env::embedded();
    /// env.collection(["to be", "or not"])?.write_text(&path);
    /// env.run()?;
    /// assert_eq!(std::fs::read_to_string(&path)?, "to be\nor not\n");
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn write_text(&self, to: impl Into<Output>) {
        self.write_compressed(Arc::new(format::TextFormat), to.into(), Location::caller());
    }

    /// Writes a format that is compressed as a whole where the name says so.
    fn write_compressed(&self, format: Arc<dyn Format>, to: Output, location: &'static Location<'static>) {
        self.write(format::compressed_by_name(format, to.path()), to.target(), location);
    }

    fn write(&self, format: Arc<dyn Format>, target: Target, location: &'static Location<'static>) {
        let sink = WriteFile::new(T::schema(), format, target);
        let flow: Flow<(), M> = self.then(sink, &[], &self.next.called_at(location));
        self.env.add_sink(flow.node);
    }
}

/// The format that options ask for; what is wrong with them is said before the run.
pub(super) fn written_with(options: CsvOptions) -> Arc<dyn Format> {
    Arc::new(format::CsvFormat::of(options))
}
