//! Sinks that write a folder for each value of some fields.

use std::panic::Location;

#[cfg(feature = "csv")]
use formats::CsvOptions;
#[cfg(feature = "parquet")]
use formats::ParquetOptions;
use formats::{FileKind, must_hold_in_folders, must_name_folders};
use runtime::operators::WriteFolders;
use runtime::row::Schema;

use super::files::FileFormat;
use super::{Flow, Handle, Mode, Output};
use crate::key::Key;
use crate::record::Record;

/// A flow whose output is split into a folder per value of some fields. [`Flow::in_folders_by`]
/// creates it.
#[must_use = "nothing is written before a format is named: `.write_parquet(\"out/\")`"]
pub struct InFolders<T, M> {
    flow: Flow<T, M>,
    key: Vec<usize>,
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Writes the output into a folder per value of these fields, such as
    /// `day=1995-01-01/part-00000.parquet`.
    ///
    /// Hive and other systems read this layout. The fields are in the names of the folders, not in
    /// the files. A reader of the outer folder returns them, and skips folders that a filter on
    /// them excludes.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder =
    /// #     std::env::temp_dir().join(format!("dataflow-doc-folders-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("sales").display().to_string();
    /// #[derive(Record, Clone, Copy, Debug, PartialEq)]
    /// struct Sale {
    ///     day: Date,
    ///     shop: Option<u32>,
    ///     amount: i64,
    /// }
    ///
    /// let (first, second) = (date!("2024-02-28"), date!("2024-02-29"));
    /// let sales = [
    ///     Sale { day: first, shop: Some(7), amount: 5 },
    ///     Sale { day: second, shop: None, amount: 6 },
    /// ];
    /// let env = Env::embedded();
    /// env.collection(sales)?.in_folders_by(|s| (s.day, s.shop)).write_csv(&path);
    /// env.run()?;
    ///
    /// let file = format!("{path}/day=2024-02-29/shop=__HIVE_DEFAULT_PARTITION__/part-00000.csv");
    /// assert_eq!(std::fs::read_to_string(file)?, "amount\n6\n");
    /// assert_eq!(env.read_csv::<Sale>(&path)?.collect()?, sales);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// The fields must be single values, such as texts, integers and dates. The path of a nested
    /// field is its name: `place.city=Oslo`. Null is `__HIVE_DEFAULT_PARTITION__`. Characters that
    /// are not allowed in a path are written as `%` and two digits. The files must have at least
    /// one other field.
    ///
    /// The path is a folder, whether or not it ends with `/`. If it exists it must be empty, unless
    /// an [`Output`] states otherwise.
    ///
    /// # Cost
    /// An exchange by these fields if the job has several tasks. Each task buffers encoded bytes
    /// for its folders, and writes the fullest buffers when they exceed 64 MiB in total, or less
    /// with a small budget. A compressed folder takes another 4 MiB.
    pub fn in_folders_by<K: Key<T>>(&self, key: impl FnOnce(T::Fields<T>) -> K) -> InFolders<T, M> {
        const { must_name_folders(T::TYPE, <K::Value as Record>::TYPE, K::IS_COMPUTED) }
        InFolders { flow: self.clone(), key: key(T::fields(0)).leaves() }
    }
}

impl<T: Record, M: Mode> InFolders<T, M> {
    /// Like [`Flow::write_csv`], in folders.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-folders-write-csv-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("sales").display().to_string();
    /// # #[derive(Record, Clone, Copy, Debug, PartialEq)]
    /// # struct Sale { day: Date, amount: i64 }
    /// let env = Env::embedded();
    /// let sales = [
    ///     Sale { day: date!("2024-02-28"), amount: 5 },
    ///     Sale { day: date!("2024-02-29"), amount: 6 },
    /// ];
    /// env.collection(sales)?.in_folders_by(|s| s.day).write_csv(&path);
    /// env.run()?;
    /// assert_eq!(env.read_csv::<Sale>(&path)?.count()?, 2);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "csv")]
    #[track_caller]
    pub fn write_csv(self, to: impl Into<Output>) {
        const { must_hold_in_folders(FileKind::Csv, T::TYPE) }
        self.write(FileFormat::Csv(CsvOptions::default()), to.into(), Location::caller());
    }

    /// Like [`Flow::write_csv_with`], in folders.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-folders-write-csv-with-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # use dataflow::CsvOptions;
    /// # let path = folder.join("lines").display().to_string();
    /// let env = Env::embedded();
    /// let options = CsvOptions { delimiter: b';', header: false, ..CsvOptions::default() };
    /// env.collection([("en", "to", 1u64), ("de", "zu", 2)])?
    ///     .in_folders_by(|line| line.0)
    ///     .write_csv_with(&path, options);
    /// env.run()?;
    /// assert_eq!(std::fs::read_to_string(format!("{path}/0=de/part-00000.csv"))?, "zu;2\n");
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "csv")]
    #[track_caller]
    pub fn write_csv_with(self, to: impl Into<Output>, options: CsvOptions) {
        const { must_hold_in_folders(FileKind::Csv, T::TYPE) }
        self.write(FileFormat::Csv(options), to.into(), Location::caller());
    }

    /// Like [`Flow::write_json`], in folders.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-folders-write-json-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("sales").display().to_string();
    /// # #[derive(Record, Clone, Copy, Debug, PartialEq)]
    /// # struct Sale { day: Date, amount: i64 }
    /// let env = Env::embedded();
    /// let sales = [
    ///     Sale { day: date!("2024-02-28"), amount: 5 },
    ///     Sale { day: date!("2024-02-29"), amount: 6 },
    /// ];
    /// env.collection(sales)?.in_folders_by(|s| s.day).write_json(&path);
    /// env.run()?;
    /// assert_eq!(env.read_json::<Sale>(&path)?.count()?, 2);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "json")]
    #[track_caller]
    pub fn write_json(self, to: impl Into<Output>) {
        const { must_hold_in_folders(FileKind::Json, T::TYPE) }
        self.write(FileFormat::Json, to.into(), Location::caller());
    }

    /// Like [`Flow::write_parquet`], in folders.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-folders-write-parquet-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("sales").display().to_string();
    /// # #[derive(Record, Clone, Copy, Debug, PartialEq)]
    /// # struct Sale { day: Date, amount: i64 }
    /// let env = Env::embedded();
    /// let sales = [
    ///     Sale { day: date!("2024-02-28"), amount: 5 },
    ///     Sale { day: date!("2024-02-29"), amount: 6 },
    /// ];
    /// env.collection(sales)?.in_folders_by(|s| s.day).write_parquet(&path);
    /// env.run()?;
    /// assert_eq!(env.read_parquet::<Sale>(&path)?.count()?, 2);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "parquet")]
    #[track_caller]
    pub fn write_parquet(self, to: impl Into<Output>) {
        const { must_hold_in_folders(FileKind::Parquet, T::TYPE) }
        self.write(FileFormat::Parquet(ParquetOptions::default()), to.into(), Location::caller());
    }

    /// Like [`Flow::write_parquet_with`], in folders.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-folders-write-parquet-with-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # use dataflow::{ParquetCodec, ParquetOptions};
    /// # let path = folder.join("sales").display().to_string();
    /// # #[derive(Record, Clone, Copy, Debug, PartialEq)]
    /// # struct Sale { day: Date, amount: i64 }
    /// let env = Env::embedded();
    /// let options = ParquetOptions { codec: ParquetCodec::Gzip, ..ParquetOptions::default() };
    /// let sales = [
    ///     Sale { day: date!("2024-02-28"), amount: 5 },
    ///     Sale { day: date!("2024-02-29"), amount: 6 },
    /// ];
    /// env.collection(sales)?.in_folders_by(|s| s.day).write_parquet_with(&path, options);
    /// env.run()?;
    /// assert_eq!(env.read_parquet::<Sale>(&path)?.count()?, 2);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "parquet")]
    #[track_caller]
    pub fn write_parquet_with(self, to: impl Into<Output>, options: ParquetOptions) {
        const { must_hold_in_folders(FileKind::Parquet, T::TYPE) }
        self.write(FileFormat::Parquet(options), to.into(), Location::caller());
    }

    /// Like [`Flow::write_binary`], in folders.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-folders-write-binary-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("sales").display().to_string();
    /// # #[derive(Record, Clone, Copy, Debug, PartialEq)]
    /// # struct Sale { day: Date, amount: i64 }
    /// let env = Env::embedded();
    /// let sales = [
    ///     Sale { day: date!("2024-02-28"), amount: 5 },
    ///     Sale { day: date!("2024-02-29"), amount: 6 },
    /// ];
    /// env.collection(sales)?.in_folders_by(|s| s.day).write_binary(&path);
    /// env.run()?;
    /// assert_eq!(env.read_binary::<Sale>(&path)?.count()?, 2);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "binary")]
    #[track_caller]
    pub fn write_binary(self, to: impl Into<Output>) {
        const { must_hold_in_folders(FileKind::Binary, T::TYPE) }
        self.write(FileFormat::Binary, to.into(), Location::caller());
    }

    /// Like [`Flow::write_native`], in folders.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-folders-write-native-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("sales").display().to_string();
    /// # #[derive(Record, Clone, Copy, Debug, PartialEq)]
    /// # struct Sale { day: Date, amount: i64 }
    /// let env = Env::embedded();
    /// let sales = [
    ///     Sale { day: date!("2024-02-28"), amount: 5 },
    ///     Sale { day: date!("2024-02-29"), amount: 6 },
    /// ];
    /// env.collection(sales)?.in_folders_by(|s| s.day).write_native(&path);
    /// env.run()?;
    /// assert_eq!(env.read_native::<Sale>(&path)?.count()?, 2);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "native")]
    #[track_caller]
    pub fn write_native(self, to: impl Into<Output>) {
        const { must_hold_in_folders(FileKind::Native, T::TYPE) }
        self.write(FileFormat::Native, to.into(), Location::caller());
    }

    /// Like [`Flow::write_text`], in folders.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-folders-write-text-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("lines").display().to_string();
    /// let env = Env::embedded();
    /// env.collection([("en", "to be"), ("de", "sein")])?
    ///     .in_folders_by(|line| line.0)
    ///     .write_text(&path);
    /// env.run()?;
    /// assert_eq!(std::fs::read_to_string(format!("{path}/0=de/part-00000.text"))?, "sein\n");
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn write_text(self, to: impl Into<Output>) {
        const { must_hold_in_folders(FileKind::Text, T::TYPE) }
        self.write(FileFormat::Text, to.into(), Location::caller());
    }

    fn write(self, format: FileFormat, to: Output, location: &'static Location<'static>) {
        self.flow.handle.write_folders(T::schema(), self.key, format, &to, location);
    }
}

impl Handle {
    #[inline(never)]
    fn write_folders(
        &self,
        schema: Schema,
        key: Vec<usize>,
        format: FileFormat,
        to: &Output,
        location: &'static Location<'static>,
    ) {
        let sink = WriteFolders::new(schema, key, format.for_output(to), to.folder());
        self.env.add_sink(self.called_at(location).append(sink).node);
    }
}
