//! Sources that read files of records.

use std::panic::Location;

#[cfg(feature = "csv")]
use formats::CsvOptions;
#[cfg(feature = "json")]
use formats::JsonOptions;
#[cfg(feature = "parquet")]
use formats::ParquetOptions;
use formats::must_mark_own_field;
use runtime::row::Schema;

use super::Env;
use super::sources::OpenedSource;
use crate::error::Result;
use crate::flow::{DataSet, Handle};
use crate::record::Record;

impl Env {
    /// Reads records from CSV files with a header. `path` is a file, a folder, a pattern, or `-`
    /// for standard input. Columns are matched by the names of the record's fields. A subfolder
    /// named `field=value` sets that field, as [`Flow::in_folders_by`](crate::Flow::in_folders_by)
    /// writes it. Files whose names end with `.gz` or `.zst` are decompressed, each by one task.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder =
    /// #     std::env::temp_dir().join(format!("dataflow-doc-read-csv-{}", std::process::id()));
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
    /// Fails if no file is found, or a file cannot be read. A missing column, or one of another
    /// type, ends the run before the first record, unless the field is not used.
    #[cfg(feature = "csv")]
    #[track_caller]
    pub fn read_csv<T: Record>(&self, path: impl AsRef<str>) -> Result<DataSet<T>> {
        const { formats::must_hold_in_folders(formats::FileKind::Csv, T::TYPE) }
        const { must_mark_own_field(T::TYPE) }
        let source = FileSource::Csv(CsvOptions::default());
        self.files_flow(path.as_ref(), &T::schema(), source, Location::caller()).map(Handle::typed)
    }

    /// Like [`Env::read_csv`], with options: another delimiter, no header, or skipping invalid
    /// records.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::{CsvOptions, Lenient};
    ///
    /// # let folder =
    /// #     std::env::temp_dir().join(format!("dataflow-doc-lenient-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let (path, bad) = (
    /// #     folder.join("pairs.csv").display().to_string(),
    /// #     folder.join("bad.txt").display().to_string(),
    /// # );
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
    /// Like [`Env::read_csv`], and for options that contradict each other.
    #[cfg(feature = "csv")]
    #[track_caller]
    pub fn read_csv_with<T: Record>(&self, path: impl AsRef<str>, options: CsvOptions) -> Result<DataSet<T>> {
        const { formats::must_hold_in_folders(formats::FileKind::Csv, T::TYPE) }
        const { must_mark_own_field(T::TYPE) }
        self.files_flow(path.as_ref(), &T::schema(), FileSource::Csv(options), Location::caller()).map(Handle::typed)
    }

    /// Reads records from files of JSON lines, one record per line. `path` is a file, a folder, or
    /// a pattern. Fields are matched by name. A nested record is an object. A tuple or a `Vec` is
    /// an array. An `Option` may be `null` or absent. Only fields that the pipeline uses are
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
    /// # let folder =
    /// #     std::env::temp_dir().join(format!("dataflow-doc-read-json-{}", std::process::id()));
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
    /// Fails if no file is found, a file cannot be read, or the record contains an `Option` in an
    /// `Option`. An invalid line ends the run; the error names the file, the line and the field.
    #[cfg(feature = "json")]
    #[track_caller]
    pub fn read_json<T: Record>(&self, path: impl AsRef<str>) -> Result<DataSet<T>> {
        const { formats::must_hold_in_folders(formats::FileKind::Json, T::TYPE) }
        const { must_mark_own_field(T::TYPE) }
        let source = FileSource::Json(JsonOptions::default());
        self.files_flow(path.as_ref(), &T::schema(), source, Location::caller()).map(Handle::typed)
    }

    /// Like [`Env::read_json`], with options that skip invalid records:
    /// `JsonOptions::default().lenient(Lenient::to("bad.txt"))`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::{JsonOptions, Lenient};
    ///
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-lenient-json-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let (path, bad) = (
    /// #     folder.join("numbers.jsonl").display().to_string(),
    /// #     folder.join("bad.txt").display().to_string(),
    /// # );
    /// std::fs::write(&path, "1\ntwo\n3\n")?;
    /// let options = JsonOptions::default().lenient(Lenient::to(&bad));
    /// assert_eq!(Env::embedded().read_json_with::<u32>(&path, options)?.collect()?, [1, 3]);
    /// assert_eq!(
    ///     std::fs::read_to_string(&bad)?,
    ///     format!("{path}:2\texpected u32, found `two`\ttwo\n")
    /// );
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Like [`Env::read_json`].
    #[cfg(feature = "json")]
    #[track_caller]
    pub fn read_json_with<T: Record>(&self, path: impl AsRef<str>, options: JsonOptions) -> Result<DataSet<T>> {
        const { formats::must_hold_in_folders(formats::FileKind::Json, T::TYPE) }
        const { must_mark_own_field(T::TYPE) }
        self.files_flow(path.as_ref(), &T::schema(), FileSource::Json(options), Location::caller()).map(Handle::typed)
    }

    /// Reads records from Parquet files. `path` is a file, a folder, or a pattern. Columns are
    /// matched by the names of the record's fields. Only columns that the pipeline uses are
    /// decoded.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-read-parquet-{}", std::process::id()));
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
    /// Fails if no file is found, or a file is not a Parquet file. A missing column, or one of
    /// another type, ends the run before the first record, unless the field is not used.
    #[cfg(feature = "parquet")]
    #[track_caller]
    pub fn read_parquet<T: Record>(&self, path: impl AsRef<str>) -> Result<DataSet<T>> {
        const { must_mark_own_field(T::TYPE) }
        let source = FileSource::Parquet(ParquetOptions::default());
        self.files_flow(path.as_ref(), &T::schema(), source, Location::caller()).map(Handle::typed)
    }

    /// Like [`Env::read_parquet`], with options, for example to ignore the case of column names.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::ParquetOptions;
    ///
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-read-parquet-with-{}", std::process::id()));
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
    /// assert_eq!(
    ///     env.read_parquet_with::<Order>(&path, options)?.collect()?,
    ///     [Order { orderkey: 7 }]
    /// );
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Like [`Env::read_parquet`]. A field that matches several columns ends the run before the
    /// first record, unless the field is not used.
    #[cfg(feature = "parquet")]
    #[track_caller]
    pub fn read_parquet_with<T: Record>(&self, path: impl AsRef<str>, options: ParquetOptions) -> Result<DataSet<T>> {
        const { must_mark_own_field(T::TYPE) }
        self.files_flow(path.as_ref(), &T::schema(), FileSource::Parquet(options), Location::caller())
            .map(Handle::typed)
    }

    /// Reads records of plain values from binary files. `path` is a file, a folder, or a pattern.
    /// Values are little-endian, in the order of the record's fields, without header or padding: as
    /// in a packed C struct, or a packed `dtype` of numpy. Files whose names end with `.gz` or
    /// `.zst` are decompressed, each by one task.
    ///
    /// # Cost
    /// Only that of reading: batches are views of the bytes read.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder =
    /// #     std::env::temp_dir().join(format!("dataflow-doc-read-binary-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("pairs.bin").display().to_string();
    /// let bytes =
    ///     [7i64.to_le_bytes(), 0.5f64.to_le_bytes(), 8i64.to_le_bytes(), 0.25f64.to_le_bytes()]
    ///         .concat();
    /// std::fs::write(&path, bytes)?;
    /// let pairs = Env::embedded().read_binary::<(i64, f64)>(&path)?.collect()?;
    /// assert_eq!(pairs, [(7, 0.5), (8, 0.25)]);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Fails if no file is found, or a file cannot be read. A file whose length is not a multiple
    /// of the record's length ends the run before the first record.
    #[cfg(feature = "binary")]
    #[track_caller]
    pub fn read_binary<T: Record>(&self, path: impl AsRef<str>) -> Result<DataSet<T>> {
        const { formats::must_hold_in_folders(formats::FileKind::Binary, T::TYPE) }
        const { must_mark_own_field(T::TYPE) }
        self.files_flow(path.as_ref(), &T::schema(), FileSource::Binary, Location::caller()).map(Handle::typed)
    }

    /// Reads records from files in the engine's native format, which
    /// [`Flow::write_native`](crate::Flow::write_native) writes. `path` is a file, a folder, or a
    /// pattern. The format can hold every record. Fields are matched by name, and checksums detect
    /// damage.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder =
    /// #     std::env::temp_dir().join(format!("dataflow-doc-read-native-{}", std::process::id()));
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
    /// Fails if no file is found, or a file cannot be read, is not a native file, or is truncated
    /// or damaged. A missing column, or one of another type, ends the run before the first record,
    /// unless the field is not used.
    #[cfg(feature = "native")]
    #[track_caller]
    pub fn read_native<T: Record>(&self, path: impl AsRef<str>) -> Result<DataSet<T>> {
        const { must_mark_own_field(T::TYPE) }
        self.files_flow(path.as_ref(), &T::schema(), FileSource::Native, Location::caller()).map(Handle::typed)
    }
}

// Opening is not generic, so that it is compiled once and not for each record type.
impl Env {
    fn files_flow(
        &self,
        path: &str,
        schema: &Schema,
        source: FileSource,
        caller: &'static Location<'static>,
    ) -> Result<Handle> {
        self.source_flow(self.keep_standard_input(path).and_then(|()| source.open(path, schema)), caller)
    }
}

/// A file format with its options.
enum FileSource {
    #[cfg(feature = "csv")]
    Csv(CsvOptions),
    #[cfg(feature = "json")]
    Json(JsonOptions),
    #[cfg(feature = "parquet")]
    Parquet(ParquetOptions),
    #[cfg(feature = "binary")]
    Binary,
    #[cfg(feature = "native")]
    Native,
}

impl FileSource {
    /// Opens the files. Names of folders may set fields.
    fn open(self, path: &str, schema: &Schema) -> OpenedSource {
        use formats::read_folders;
        match self {
            #[cfg(feature = "csv")]
            FileSource::Csv(options) => {
                read_folders(path, schema, |files, fields| formats::CsvSource::of(files, fields, options))
            }
            #[cfg(feature = "json")]
            FileSource::Json(options) => {
                read_folders(path, schema, |files, fields| formats::JsonSource::of(files, fields, options))
            }
            #[cfg(feature = "parquet")]
            FileSource::Parquet(options) => {
                read_folders(path, schema, |files, fields| formats::ParquetSource::of(files, fields, options))
            }
            #[cfg(feature = "binary")]
            FileSource::Binary => read_folders(path, schema, formats::BinarySource::of),
            #[cfg(feature = "native")]
            FileSource::Native => read_folders(path, schema, formats::NativeSource::of),
        }
    }
}
