//! Sinks that write files.

use std::panic::Location;
use std::sync::Arc;

#[cfg(feature = "csv")]
use formats::CsvOptions;
#[cfg(feature = "parquet")]
use formats::ParquetOptions;
use formats::{FileKind, must_hold};
use runtime::row::Schema;
use runtime::source::Format;

use super::{AnyMode, Flow, Handle, Output};
use crate::record::Record;

impl<T: Record, M: AnyMode> Flow<T, M> {
    /// Writes CSV with a header when the environment runs.
    ///
    /// The path is a file. If it ends with `/`, it is a folder of files that are written in
    /// parallel. `-` is standard output. If the name ends with `.gz` or `.zst`, the output is
    /// compressed. Pass an [`Output`] to set what happens to existing files.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder =
    /// #     std::env::temp_dir().join(format!("dataflow-doc-write-csv-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("squares.csv.gz").display().to_string();
    /// let env = Env::embedded();
    /// env.collection([(1u64, 1u64), (2, 4), (3, 9)])?.write_csv(&path);
    /// env.run()?;
    /// assert_eq!(env.read_csv::<(u64, u64)>(&path)?.count()?, 3);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "csv")]
    #[track_caller]
    pub fn write_csv(&self, to: impl Into<Output>) {
        const { must_hold(FileKind::Csv, T::TYPE) }
        self.write(FileFormat::Csv(CsvOptions::default()), to.into(), Location::caller());
    }

    /// Like [`Flow::write_csv`], with another delimiter, quote or null text, or without a header.
    /// Reading with the same options returns the same records.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::CsvOptions;
    ///
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-write-csv-with-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("ages.csv").display().to_string();
    /// let options = CsvOptions {
    ///     delimiter: b';',
    ///     header: false,
    ///     null: "NULL".to_owned(),
    ///     ..CsvOptions::default()
    /// };
    /// let env = Env::embedded();
    /// env.collection([("Ada", Some(36u8)), ("NULL;", None)])?.write_csv_with(&path, options);
    /// env.run()?;
    /// assert_eq!(std::fs::read_to_string(&path)?, "Ada;36\n\"NULL;\";NULL\n");
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The job fails if no reader could use these options, or if a text needs quotes and they are
    /// disabled.
    #[cfg(feature = "csv")]
    #[track_caller]
    pub fn write_csv_with(&self, to: impl Into<Output>, options: CsvOptions) {
        const { must_hold(FileKind::Csv, T::TYPE) }
        self.write(FileFormat::Csv(options), to.into(), Location::caller());
    }

    /// Writes JSON lines, one record per line, when the environment runs. The path is a file, or a
    /// folder of files if it ends with `/`. If the name ends with `.gz` or `.zst`, the output is
    /// compressed.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # #[derive(Record, Clone, Copy)]
    /// # struct Square { n: u64, root: Option<u32> }
    /// # let folder =
    /// #     std::env::temp_dir().join(format!("dataflow-doc-write-json-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("squares.jsonl").display().to_string();
    /// let env = Env::embedded();
    /// env.collection([Square { n: 8, root: None }, Square { n: 9, root: Some(3) }])?
    ///     .write_json(&path);
    /// env.run()?;
    /// assert_eq!(
    ///     std::fs::read_to_string(&path)?,
    ///     "{\"n\":8,\"root\":null}\n{\"n\":9,\"root\":3}\n"
    /// );
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "json")]
    #[track_caller]
    pub fn write_json(&self, to: impl Into<Output>) {
        const { must_hold(FileKind::Json, T::TYPE) }
        self.write(FileFormat::Json, to.into(), Location::caller());
    }

    /// Writes Parquet when the environment runs. The path is a file, or a folder of files if it
    /// ends with `/`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-write-parquet-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("pairs.parquet").display().to_string();
    /// let env = Env::embedded();
    /// env.collection([("to", 1u64), ("be", 2)])?.write_parquet(&path);
    /// env.run()?;
    /// assert_eq!(env.read_parquet::<(String, u64)>(&path)?.count()?, 2);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "parquet")]
    #[track_caller]
    pub fn write_parquet(&self, to: impl Into<Output>) {
        const { must_hold(FileKind::Parquet, T::TYPE) }
        self.write(FileFormat::Parquet(ParquetOptions::default()), to.into(), Location::caller());
    }

    /// Like [`Flow::write_parquet`], with another codec or row group size.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::{ParquetCodec, ParquetOptions};
    ///
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-write-parquet-with-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("pairs.parquet").display().to_string();
    /// let options = ParquetOptions {
    ///     codec: ParquetCodec::Zstd(9),
    ///     row_group_rows: 1 << 20,
    ///     ..ParquetOptions::default()
    /// };
    /// let env = Env::embedded();
    /// env.collection([("to", 1u64), ("be", 2)])?.write_parquet_with(&path, options);
    /// env.run()?;
    /// assert_eq!(env.read_parquet::<(String, u64)>(&path)?.count()?, 2);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The job fails if the codec does not have the level, if row groups have no rows, or for
    /// Brotli without the cargo feature `brotli`.
    #[cfg(feature = "parquet")]
    #[track_caller]
    pub fn write_parquet_with(&self, to: impl Into<Output>, options: ParquetOptions) {
        const { must_hold(FileKind::Parquet, T::TYPE) }
        self.write(FileFormat::Parquet(options), to.into(), Location::caller());
    }

    /// Writes plain values without header or padding when the environment runs. The path is a file,
    /// or a folder of files if it ends with `/`.
    ///
    /// [`Env::read_binary`](crate::Env::read_binary) reads the file. Its bytes are those of an
    /// array of packed C structs. If the name ends with `.gz` or `.zst`, the output is compressed.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-write-binary-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("points.bin").display().to_string();
    /// let env = Env::embedded();
    /// env.collection([(1u8, -2i16), (3, 4)])?.write_binary(&path);
    /// env.run()?;
    /// assert_eq!(std::fs::read(&path)?, [1, 0xfe, 0xff, 3, 4, 0]);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "binary")]
    #[track_caller]
    pub fn write_binary(&self, to: impl Into<Output>) {
        const { must_hold(FileKind::Binary, T::TYPE) }
        self.write(FileFormat::Binary, to.into(), Location::caller());
    }

    /// Writes the engine's native format when the environment runs. The path is a file, or a folder
    /// of files if it ends with `/`.
    ///
    /// The format supports all records except lists of records and maps, and detects damaged and
    /// incomplete files. [`Env::read_native`](crate::Env::read_native) reads it. If the name ends
    /// with `.gz` or `.zst`, the output is compressed.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir()
    /// #     .join(format!("dataflow-doc-write-native-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("lists.native.zst").display().to_string();
    /// let env = Env::embedded();
    /// env.collection([vec!["a".to_owned()], vec![]])?.write_native(&path);
    /// env.run()?;
    /// assert_eq!(env.read_native::<Vec<String>>(&path)?.count()?, 2);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "native")]
    #[track_caller]
    pub fn write_native(&self, to: impl Into<Output>) {
        const { must_hold(FileKind::Native, T::TYPE) }
        self.write(FileFormat::Native, to.into(), Location::caller());
    }

    /// Writes records of one field as lines of text when the environment runs. The path is a file,
    /// or a folder of files if it ends with `/`.
    ///
    /// If the name ends with `.gz` or `.zst`, the output is compressed. A text that contains a line
    /// end becomes several lines.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder =
    /// #     std::env::temp_dir().join(format!("dataflow-doc-write-text-{}", std::process::id()));
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

    fn write(&self, format: FileFormat, to: Output, location: &'static Location<'static>) {
        self.handle.write_file(T::schema(), format, &to, location);
    }
}

impl Handle {
    #[inline(never)]
    fn write_file(&self, schema: Schema, format: FileFormat, to: &Output, location: &'static Location<'static>) {
        self.called_at(location).write_with(schema, format.for_output(to), to.target());
    }
}

/// A format and its options, which are checked before the run.
pub(super) enum FileFormat {
    #[cfg(feature = "csv")]
    Csv(CsvOptions),
    #[cfg(feature = "json")]
    Json,
    #[cfg(feature = "parquet")]
    Parquet(ParquetOptions),
    #[cfg(feature = "binary")]
    Binary,
    #[cfg(feature = "native")]
    Native,
    Text,
}

impl FileFormat {
    /// Creates the format of an output. Formats other than Parquet are compressed if the name ends
    /// with `.gz` or `.zst`.
    pub(super) fn for_output(self, output: &Output) -> Arc<dyn Format> {
        let format: Arc<dyn Format> = match self {
            #[cfg(feature = "csv")]
            FileFormat::Csv(options) => Arc::new(formats::CsvFormat::of(options)),
            #[cfg(feature = "json")]
            FileFormat::Json => Arc::new(formats::JsonFormat),
            #[cfg(feature = "parquet")]
            FileFormat::Parquet(options) => return Arc::new(formats::ParquetFormat::of(options)),
            #[cfg(feature = "binary")]
            FileFormat::Binary => Arc::new(formats::BinaryFormat),
            #[cfg(feature = "native")]
            FileFormat::Native => Arc::new(formats::NativeFormat),
            FileFormat::Text => Arc::new(formats::TextFormat),
        };
        formats::compressed_by_name(format, output.path())
    }
}
