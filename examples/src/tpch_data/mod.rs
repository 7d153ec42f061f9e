//! TPC-H tables as Parquet files, generated once.
//!
//! The files are `<folder>/sf<scale>/<table>.parquet`: Snappy, row groups of [`ROW_GROUP_ROWS`]
//! rows, statistics in every page. Keys are INT64, decimals `Decimal128(15, 2)` stored as INT64,
//! dates DATE, texts UTF-8.

mod table;
mod write;

use std::path::{Path, PathBuf};

use dataflow::Env;
pub use table::Table;

use crate::{DataError, progress};

/// Rows in a row group, a common default of other engines: small enough to distribute to threads,
/// large enough that page headers do not matter.
pub const ROW_GROUP_ROWS: usize = 122_880;

/// Generates the missing tables. Returns their folder, `<folder>/sf<scale>`.
///
/// Two threads run per table: one generates rows, one encodes them. A bar on standard error shows
/// the progress. If standard error is not a terminal, one line per table is printed instead. A
/// complete file is kept, so a second call costs one look-up per table. Scale factor 1 has 6
/// million line items, about 220 MB in total, and takes some seconds.
///
/// ```no_run
/// use examples::tpch_data::{Table, ensure};
///
/// let folder = ensure("data/tpch".as_ref(), 1.0, &[Table::LineItem])?;
/// assert!(folder.join("lineitem.parquet").exists());
/// # Ok::<(), examples::DataError>(())
/// ```
///
/// # Errors
/// [`DataError::Argument`] if the scale is not positive. Also fails if the folder cannot be
/// written.
pub fn ensure(folder: &Path, scale: f64, tables: &[Table]) -> Result<PathBuf, DataError> {
    check_scale(scale)?;
    let scale_folder = scale_folder(folder, scale);
    for &table in tables {
        let path = scale_folder.join(table.file_name());
        progress::write_once(&path, &table.content(scale), |partial| write::write_table(partial, table, scale))?;
    }
    Ok(scale_folder)
}

/// The folder of the tables below `data/tpch` that a program reads. Generates missing tables,
/// unless the program runs with `--plan`.
///
/// # Errors
/// Those of [`ensure`]; [`DataError::Missing`] under `--plan` if a table does not exist.
pub fn for_program(env: &Env, scale: f64, tables: &[Table]) -> Result<PathBuf, DataError> {
    let folder = Path::new("data/tpch");
    if !env.options().plan_only {
        return ensure(folder, scale, tables);
    }
    check_scale(scale)?;
    let scale_folder = scale_folder(folder, scale);
    tables.iter().try_for_each(|table| progress::require(&scale_folder.join(table.file_name())))?;
    Ok(scale_folder)
}

fn check_scale(scale: f64) -> Result<(), DataError> {
    if scale.is_finite() && scale > 0.0 {
        return Ok(());
    }
    let (name, value) = ("the scale factor", scale.to_string());
    Err(DataError::Argument { name, value, expected: "a number above 0, such as 1 or 0.01" })
}

/// The folder of [`ensure`] for one scale factor.
pub fn scale_folder(folder: &Path, scale: f64) -> PathBuf {
    folder.join(format!("sf{scale}"))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use parquet::basic::{Compression, Type};
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    fn open(path: &Path) -> SerializedFileReader<File> {
        SerializedFileReader::new(File::open(path).unwrap()).unwrap()
    }

    #[test]
    fn tables_have_the_specified_layout_and_are_generated_once() {
        let folder = tempfile::tempdir().unwrap();
        let made = ensure(folder.path(), 0.1, &[Table::LineItem, Table::Nation]).unwrap();
        assert_eq!(made, folder.path().join("sf0.1"));
        let path = made.join("lineitem.parquet");
        let reader = open(&path);
        let metadata = reader.metadata();
        assert_eq!(metadata.file_metadata().num_rows(), 600_572);
        assert_eq!(metadata.row_group(0).num_rows(), ROW_GROUP_ROWS as i64);
        let price = metadata.row_group(0).column(5);
        assert_eq!(price.column_path().string(), "l_extendedprice");
        assert_eq!(price.column_type(), Type::INT64);
        assert_eq!(price.compression(), Compression::SNAPPY);
        assert!(price.statistics().is_some());
        assert_eq!(open(&made.join("nation.parquet")).metadata().file_metadata().num_rows(), 25);

        let before = fs::metadata(&path).unwrap().modified().unwrap();
        ensure(folder.path(), 0.1, &[Table::LineItem]).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
    }

    #[test]
    fn a_scale_of_zero_is_rejected() {
        let error = ensure(Path::new("unused"), 0.0, &[Table::Nation]).unwrap_err();
        assert!(error.to_string().contains("the scale factor is 0"), "{error}");
    }
}
