//! Results: what makes a plan run, or gives it something to run for.

use std::panic::Location;
use std::sync::Arc;

use runtime::format::{self, CsvOptions, FileKind, ParquetOptions, must_hold};
use runtime::operators::{Collect, Collector, WriteFile, WriteSink};
use runtime::output::Target;
use runtime::row::Schema;
use runtime::sink::Sink;
use runtime::source::Format;

use super::{AnyMode, Ends, Flow, Handle, Mode, Output, Records};
use crate::error::Result;
use crate::record::Record;

impl<T: Record, M: AnyMode> Flow<T, M> {
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
        Ok(Records::new(self.handle.collected(T::schema(), false, Location::caller())?.take()))
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
        Ok(self.handle.collected(T::schema(), true, Location::caller())?.rows())
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
        self.handle.print(T::schema(), Location::caller());
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
    pub fn show(&self, rows: usize)
    where
        M: Mode,
    {
        self.handle.show(rows, T::schema, Location::caller());
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
        const { must_hold(FileKind::Csv, T::TYPE) }
        self.write(FileFormat::Csv(CsvOptions::default()), to.into(), Location::caller());
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
        const { must_hold(FileKind::Csv, T::TYPE) }
        self.write(FileFormat::Csv(options), to.into(), Location::caller());
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
        const { must_hold(FileKind::Json, T::TYPE) }
        self.write(FileFormat::Json, to.into(), Location::caller());
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
        const { must_hold(FileKind::Parquet, T::TYPE) }
        self.write(FileFormat::Parquet(ParquetOptions::default()), to.into(), Location::caller());
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
        const { must_hold(FileKind::Parquet, T::TYPE) }
        self.write(FileFormat::Parquet(options), to.into(), Location::caller());
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
        const { must_hold(FileKind::Binary, T::TYPE) }
        self.write(FileFormat::Binary, to.into(), Location::caller());
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
        const { must_hold(FileKind::Native, T::TYPE) }
        self.write(FileFormat::Native, to.into(), Location::caller());
    }

    /// Writes records of one field as lines, when the environment runs: one file, or a folder of files where the path ends with `/`.
    /// Where the name ends with `.gz` or `.zst`, what is written is compressed. A text that holds a line end becomes several lines.
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
        const { must_hold(FileKind::Text, T::TYPE) }
        self.write(FileFormat::Text, to.into(), Location::caller());
    }

    /// Writes to a connector when the environment runs.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// use dataflow::connector::{EngineError, Guarantee, Input, Progress, Sink, Writer, WriterContext};
    /// # use dataflow::prelude::*;
    ///
    /// /// Counts records.
    /// #[derive(Clone, Default)]
    /// struct Count(Arc<AtomicUsize>);
    ///
    /// impl Sink for Count {
    ///     fn describe(&self) -> String {
    ///         "count".to_owned()
    ///     }
    ///     fn guarantee(&self) -> Guarantee {
    ///         Guarantee::AtLeastOnce
    ///     }
    ///     fn writer(&self, _: WriterContext) -> Result<Box<dyn Writer>, EngineError> {
    ///         Ok(Box::new(self.clone()))
    ///     }
    /// }
    ///
    /// impl Writer for Count {
    ///     fn write(&mut self, rows: &Input<'_>) -> Result<Progress, EngineError> {
    ///         self.0.fetch_add(rows.len(), Ordering::Relaxed);
    ///         Ok(Progress::Done)
    ///     }
    ///     fn flush(&mut self) -> Result<Progress, EngineError> {
    ///         Ok(Progress::Done)
    ///     }
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let (env, count) = (Env::embedded(), Count::default());
    /// env.collection([1u64, 2, 3])?.write_to(count.clone());
    /// env.run()?;
    /// assert_eq!(count.0.load(Ordering::Relaxed), 3);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn write_to(&self, sink: impl Sink + 'static) {
        self.handle.write_sink(T::schema(), Arc::new(sink), Location::caller());
    }

    fn write(&self, format: FileFormat, to: Output, location: &'static Location<'static>) {
        self.handle.write_file(T::schema(), format, &to, location);
    }
}

impl Handle {
    #[inline(never)]
    fn collected(&self, schema: Schema, counts: bool, location: &'static Location<'static>) -> Result<Arc<Collector>> {
        let sink = Collect::new(schema, counts);
        let collector = sink.collector.clone();
        self.env.run_now(&self.called_at(location).then(sink).node)?;
        Ok(collector)
    }

    #[inline(never)]
    fn print(&self, schema: Schema, location: &'static Location<'static>) {
        self.called_at(location).write_with(schema, Arc::new(format::LinesFormat), Target::printed());
    }

    #[inline(never)]
    fn show(&self, rows: usize, record: fn() -> Schema, location: &'static Location<'static>) {
        // One more, to know whether there are more.
        let first = self.called_at(location).first(Vec::new(), rows.saturating_add(1)).called_at(location);
        first.write_with(record(), Arc::new(format::TableFormat { rows, width: None }), Target::printed());
    }

    #[inline(never)]
    fn write_file(&self, schema: Schema, format: FileFormat, to: &Output, location: &'static Location<'static>) {
        self.called_at(location).write_with(schema, format.to(to), to.target());
    }

    #[inline(never)]
    fn write_sink(&self, schema: Schema, sink: Arc<dyn Sink>, location: &'static Location<'static>) {
        self.env.add_sink(self.called_at(location).then(WriteSink::new(schema, sink)).node);
    }

    fn write_with(&self, schema: Schema, format: Arc<dyn Format>, target: Target) {
        self.env.add_sink(self.then(WriteFile::new(schema, format, target)).node);
    }
}

/// A format by its options; what is wrong with them is said before the run.
pub(super) enum FileFormat {
    Csv(CsvOptions),
    Json,
    Parquet(ParquetOptions),
    Binary,
    Native,
    Text,
}

impl FileFormat {
    /// The format of what is written there: all but Parquet is compressed as a whole where the name says so.
    pub(super) fn to(self, output: &Output) -> Arc<dyn Format> {
        let format: Arc<dyn Format> = match self {
            FileFormat::Csv(options) => Arc::new(format::CsvFormat::of(options)),
            FileFormat::Json => Arc::new(format::JsonFormat),
            FileFormat::Parquet(options) => return Arc::new(format::ParquetFormat::of(options)),
            FileFormat::Binary => Arc::new(format::BinaryFormat),
            FileFormat::Native => Arc::new(format::NativeFormat),
            FileFormat::Text => Arc::new(format::TextFormat),
        };
        format::compressed_by_name(format, output.path())
    }
}
