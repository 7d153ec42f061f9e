//! Where records come from.

use std::panic::Location;
use std::sync::Arc;

use runtime::format::{
    self, CsvOptions, FileKind, JsonOptions, ParquetOptions, must_hold_in_folders, must_mark_own_field,
};
use runtime::memory::Memory;
use runtime::operators::{Pages, ScanSource};
use runtime::page::RowWriter;
use runtime::row::{RowLayout, Schema};
use runtime::source::Source;

use super::Env;
use crate::error::Result;
use crate::flow::{DataSet, DataStream, Handle, NextStep};
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

    /// Records of CSV files with a header: a file, a folder, a pattern, or `-`, standard input. Columns are found by the names of the record's fields; folders
    /// inside the folder whose names are `field=value` say what these fields are, as [`Flow::in_folders_by`](crate::Flow::in_folders_by) writes them.
    /// Files whose names end with `.gz` or `.zst` are decompressed, each by one task.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-read-csv-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("ages.csv").display().to_string();
    /// #[derive(Record, Clone, Debug, PartialEq)]
    /// struct Person {
    ///     name: String,
    ///     age: Option<u8>,
    /// }
    ///
    /// std::fs::write(&path, "age,name\n36,Ada\n,Bob\n")?;
    /// let people = Env::embedded().read_csv::<Person>(&path)?.collect()?;
    /// let person = |name: &str, age| Person { name: name.to_owned(), age };
    /// assert_eq!(people, [person("Ada", Some(36)), person("Bob", None)]);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Where the path names no file, or one that cannot be read. A column that is missing, or of another type, ends the run before its
    /// first record, if somebody reads it.
    #[track_caller]
    pub fn read_csv<T: Record>(&self, path: impl AsRef<str>) -> Result<DataSet<T>> {
        const { must_hold_in_folders(FileKind::Csv, T::TYPE) }
        const { must_mark_own_field(T::TYPE) }
        let source = FileSource::Csv(CsvOptions::default());
        self.reading_files(path.as_ref(), &T::schema(), source, Location::caller()).map(Handle::typed)
    }

    /// As [`Env::read_csv`], with another delimiter, without header, or leaving bad records out.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::{CsvOptions, Lenient};
    ///
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-lenient-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let (path, bad) = (folder.join("pairs.csv").display().to_string(), folder.join("bad.txt").display().to_string());
    /// std::fs::write(&path, "1;one\ntwo;2\n3;three\n")?;
    /// let options = CsvOptions { delimiter: b';', header: false, ..CsvOptions::default() };
    /// let options = options.lenient(Lenient::to(&bad).at_most(10));
    /// let pairs = Env::embedded().read_csv_with::<(u32, String)>(&path, options)?.collect()?;
    /// assert_eq!(pairs, [(1, "one".to_owned()), (3, "three".to_owned())]);
    ///
    /// let expected = format!("{path}:2\tcolumn `0`: expected u32, found `two`\ttwo;2\n");
    /// assert_eq!(std::fs::read_to_string(&bad)?, expected);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Env::read_csv`], and for options that contradict each other.
    #[track_caller]
    pub fn read_csv_with<T: Record>(&self, path: impl AsRef<str>, options: CsvOptions) -> Result<DataSet<T>> {
        const { must_hold_in_folders(FileKind::Csv, T::TYPE) }
        const { must_mark_own_field(T::TYPE) }
        self.reading_files(path.as_ref(), &T::schema(), FileSource::Csv(options), Location::caller()).map(Handle::typed)
    }

    /// Records of files of JSON lines, one record a line: a file, a folder, or a pattern. Fields are found by the names of the record's; a
    /// nested record is an object, a tuple or a `Vec` an array, an `Option` may be `null` or absent. Only fields that somebody reads are
    /// decoded. Files whose names end with `.gz` or `.zst` are decompressed, each by one task.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[derive(Record, Clone, Debug, PartialEq)]
    /// struct Order {
    ///     id: u64,
    ///     price: Decimal<2>,
    ///     note: Option<String>,
    /// }
    ///
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-read-json-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("orders.jsonl").display().to_string();
    /// std::fs::write(&path, r#"{"id": 7, "customer": {"name": "Ada"}, "price": 2.50}"#)?;
    /// let orders = Env::embedded().read_json::<Order>(&path)?.collect()?;
    /// assert_eq!(orders, [Order { id: 7, price: Decimal::from_scaled(250), note: None }]);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Where the path names no file, or one that cannot be read, or the record holds an `Option` in an `Option`. A line that is no such
    /// record ends the run, with its file, line and field.
    #[track_caller]
    pub fn read_json<T: Record>(&self, path: impl AsRef<str>) -> Result<DataSet<T>> {
        const { must_hold_in_folders(FileKind::Json, T::TYPE) }
        const { must_mark_own_field(T::TYPE) }
        let source = FileSource::Json(JsonOptions::default());
        self.reading_files(path.as_ref(), &T::schema(), source, Location::caller()).map(Handle::typed)
    }

    /// As [`Env::read_json`], leaving bad records out: `JsonOptions::default().lenient(Lenient::to("bad.txt"))`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::{JsonOptions, Lenient};
    ///
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-lenient-json-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let (path, bad) = (folder.join("numbers.jsonl").display().to_string(), folder.join("bad.txt").display().to_string());
    /// std::fs::write(&path, "1\ntwo\n3\n")?;
    /// let options = JsonOptions::default().lenient(Lenient::to(&bad));
    /// assert_eq!(Env::embedded().read_json_with::<u32>(&path, options)?.collect()?, [1, 3]);
    /// assert_eq!(std::fs::read_to_string(&bad)?, format!("{path}:2\texpected u32, found `two`\ttwo\n"));
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Env::read_json`].
    #[track_caller]
    pub fn read_json_with<T: Record>(&self, path: impl AsRef<str>, options: JsonOptions) -> Result<DataSet<T>> {
        const { must_hold_in_folders(FileKind::Json, T::TYPE) }
        const { must_mark_own_field(T::TYPE) }
        self.reading_files(path.as_ref(), &T::schema(), FileSource::Json(options), Location::caller())
            .map(Handle::typed)
    }

    /// Records of Parquet files: a file, a folder, or a pattern. Columns are found by the names of the record's fields; only those that
    /// somebody reads are decoded.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-read-parquet-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("ages.parquet").display().to_string();
    /// #[derive(Record, Clone, Debug, PartialEq)]
    /// struct Person {
    ///     name: String,
    ///     age: u8,
    /// }
    ///
    /// let env = Env::embedded();
    /// let ada = PersonRef { name: "Ada", age: 36 };
    /// env.collection([ada])?.write_parquet(&path);
    /// env.run()?;
    /// let people = env.read_parquet::<Person>(&path)?.collect()?;
    /// assert_eq!(people, [Person { name: "Ada".to_owned(), age: 36 }]);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Where the path names no file, or one that is no Parquet file. A column that is missing, or of another type, ends the run before its
    /// first record, if somebody reads it.
    #[track_caller]
    pub fn read_parquet<T: Record>(&self, path: impl AsRef<str>) -> Result<DataSet<T>> {
        const { must_mark_own_field(T::TYPE) }
        let source = FileSource::Parquet(ParquetOptions::default());
        self.reading_files(path.as_ref(), &T::schema(), source, Location::caller()).map(Handle::typed)
    }

    /// As [`Env::read_parquet`], finding columns whatever the case of their letters.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::ParquetOptions;
    ///
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-read-parquet-with-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("orders.parquet").display().to_string();
    /// #[derive(Record, Clone, Copy, Debug, PartialEq)]
    /// struct Written {
    ///     #[record(name = "OrderKey")]
    ///     key: u64,
    /// }
    ///
    /// #[derive(Record, Clone, Copy, Debug, PartialEq)]
    /// struct Order {
    ///     orderkey: u64,
    /// }
    ///
    /// let env = Env::embedded();
    /// env.collection([Written { key: 7 }])?.write_parquet(&path);
    /// env.run()?;
    /// let options = ParquetOptions { ignore_case: true, ..ParquetOptions::default() };
    /// assert_eq!(env.read_parquet_with::<Order>(&path, options)?.collect()?, [Order { orderkey: 7 }]);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Env::read_parquet`]. A field that several columns could be ends the run before its first record, if somebody reads it.
    #[track_caller]
    pub fn read_parquet_with<T: Record>(&self, path: impl AsRef<str>, options: ParquetOptions) -> Result<DataSet<T>> {
        const { must_mark_own_field(T::TYPE) }
        self.reading_files(path.as_ref(), &T::schema(), FileSource::Parquet(options), Location::caller())
            .map(Handle::typed)
    }

    /// Records of plain values from binary files: a file, a folder, or a pattern. Values lie in the order of the record's fields,
    /// little-endian, one behind the other, without header or padding: as in a packed C struct, or a packed `dtype` of numpy. Files whose
    /// names end with `.gz` or `.zst` are decompressed, each by one task.
    ///
    /// Cost: that of reading; batches are views of the bytes that were read.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-read-binary-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("pairs.bin").display().to_string();
    /// let bytes = [7i64.to_le_bytes(), 0.5f64.to_le_bytes(), 8i64.to_le_bytes(), 0.25f64.to_le_bytes()].concat();
    /// std::fs::write(&path, bytes)?;
    /// let pairs = Env::embedded().read_binary::<(i64, f64)>(&path)?.collect()?;
    /// assert_eq!(pairs, [(7, 0.5), (8, 0.25)]);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Where the path names no file, or one that cannot be read. A file whose length is no multiple
    /// of the record's ends the run before its first record.
    #[track_caller]
    pub fn read_binary<T: Record>(&self, path: impl AsRef<str>) -> Result<DataSet<T>> {
        const { must_hold_in_folders(FileKind::Binary, T::TYPE) }
        const { must_mark_own_field(T::TYPE) }
        self.reading_files(path.as_ref(), &T::schema(), FileSource::Binary, Location::caller()).map(Handle::typed)
    }

    /// Records of files in the engine's own format, which [`Flow::write_native`](crate::Flow::write_native) writes: a file, a folder, or a pattern. Every record can be
    /// written in it; fields are found by name, and checksums prove that the bytes are those that were written.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-read-native-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("baskets.native").display().to_string();
    /// #[derive(Record, Clone, Debug, PartialEq)]
    /// struct Basket {
    ///     buyer: Option<String>,
    ///     prices: Vec<i64>,
    ///     tags: Vec<String>,
    /// }
    ///
    /// let basket = Basket { buyer: None, prices: vec![3, 4], tags: vec!["new".to_owned()] };
    /// let env = Env::embedded();
    /// env.collection([&basket])?.write_native(&path);
    /// env.run()?;
    /// assert_eq!(env.read_native::<Basket>(&path)?.collect()?, [basket]);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Where the path names no file, or one that cannot be read, is no native file, or is cut or damaged. A column that is missing, or of
    /// another type, ends the run before its first record, if somebody reads it.
    #[track_caller]
    pub fn read_native<T: Record>(&self, path: impl AsRef<str>) -> Result<DataSet<T>> {
        const { must_mark_own_field(T::TYPE) }
        self.reading_files(path.as_ref(), &T::schema(), FileSource::Native, Location::caller()).map(Handle::typed)
    }

    /// Records of a log, which a [`LogWriter`](crate::LogWriter) writes, as they come: those that are there, and then whatever is appended, until the log is sealed as a
    /// whole. Splits are read by the tasks in turn, each in its order; splits that are added later are found. Nothing is held while there is nothing new.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::LogWriter;
    ///
    /// #[derive(Record, Clone, Copy)]
    /// struct Click {
    ///     page: u32,
    ///     seconds: u32,
    /// }
    ///
    /// #[dataflow]
    /// fn long_visits(clicks: DataStream<Click>) -> DataStream<Click> {
    ///     clicks.filter(|c| c.seconds > 60)
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-read-log-{}", std::process::id()));
    /// # let path = folder.join("clicks").display().to_string();
    /// let mut log = LogWriter::<Click>::create(&path, 2)?;
    /// log.append(Click { page: 1, seconds: 90 })?;
    /// log.append(Click { page: 2, seconds: 5 })?;
    /// log.seal_all()?;
    ///
    /// let env = Env::new(Options::default());
    /// long_visits(env.read_log(&path)?).print();
    /// env.run()?; // ends, since the log is sealed
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Where there is no log. What is damaged ends the run, with the split's file and the byte.
    #[track_caller]
    pub fn read_log<T: Record>(&self, folder: impl AsRef<str>) -> Result<DataStream<T>> {
        self.reading_log(folder.as_ref(), &T::schema(), true, Location::caller()).map(Handle::typed)
    }

    /// Records of a log that are there now. What is appended later is not read; nor is what a writer has begun to write.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::LogWriter;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-log-to-end-{}", std::process::id()));
    /// # let path = folder.join("words").display().to_string();
    /// let mut log = LogWriter::<String>::create(&path, 1)?;
    /// log.append("to")?;
    /// log.flush()?;
    /// log.append("be")?;
    /// assert_eq!(Env::embedded().read_log_to_end::<String>(&path)?.collect()?, ["to"]);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Env::read_log`].
    #[track_caller]
    pub fn read_log_to_end<T: Record>(&self, folder: impl AsRef<str>) -> Result<DataSet<T>> {
        self.reading_log(folder.as_ref(), &T::schema(), false, Location::caller()).map(Handle::typed)
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

// What opens a source is compiled once, and not for each type of records.
impl Env {
    fn reading_text(&self, path: &str, caller: &'static Location<'static>) -> Result<Handle> {
        let source = self.keep_standard_input(path).and_then(|()| format::text(path));
        self.reading(source.map(|source| Arc::new(source) as Arc<dyn Source>), caller)
    }

    fn reading_files(
        &self,
        path: &str,
        schema: &Schema,
        source: FileSource,
        caller: &'static Location<'static>,
    ) -> Result<Handle> {
        self.reading(self.keep_standard_input(path).and_then(|()| source.open(path, schema)), caller)
    }

    fn reading_log(
        &self,
        folder: &str,
        schema: &Schema,
        follows: bool,
        caller: &'static Location<'static>,
    ) -> Result<Handle> {
        use format::LogSource;
        let open = if follows { LogSource::followed } else { LogSource::to_end };
        self.reading(open(folder, schema).map(|source| Arc::new(source) as Arc<dyn Source>), caller)
    }

    /// Keeps the data of a pipe where spilled pages are.
    fn keep_standard_input(&self, path: &str) -> Result<(), runtime::error::Error> {
        format::keep_standard_input(path, &self.inner.options.spill_dirs)
    }

    /// What a source begins; what is wrong with it is said with its place in the program.
    pub(super) fn reading(&self, source: Opened, caller: &'static Location<'static>) -> Result<Handle> {
        let next = NextStep::default().called_at(caller);
        let source = source.map_err(|error| error.at(&next.origin("read").0))?;
        Ok(Handle::behind(self.clone(), Arc::new(ScanSource(source)), Vec::new(), &next))
    }
}

/// A source, or what is wrong with it.
pub(super) type Opened = Result<Arc<dyn Source>, runtime::error::Error>;

/// A format of files with its options.
enum FileSource {
    Csv(CsvOptions),
    Json(JsonOptions),
    Parquet(ParquetOptions),
    Binary,
    Native,
}

impl FileSource {
    /// Opens files, whose folders' names may be fields.
    fn open(self, path: &str, schema: &Schema) -> Opened {
        use format::{BinarySource, CsvSource, JsonSource, NativeSource, ParquetSource, read_folders};
        match self {
            FileSource::Csv(options) => {
                read_folders(path, schema, |files, fields| CsvSource::of(files, fields, options))
            }
            FileSource::Json(options) => {
                read_folders(path, schema, |files, fields| JsonSource::of(files, fields, options))
            }
            FileSource::Parquet(options) => {
                read_folders(path, schema, |files, fields| ParquetSource::of(files, fields, options))
            }
            FileSource::Binary => read_folders(path, schema, BinarySource::of),
            FileSource::Native => read_folders(path, schema, NativeSource::of),
        }
    }
}
