//! The 22 queries of TPC-H as one program to build: the examples' sources, copied into the
//! generated crate.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The name of the binary.
pub(crate) const BINARY: &str = "queries";

/// The query to edit. Its source gets another filter with a constant that changes.
const EDITED: &str = "revenue_forecast.rs";

/// Words that are operators. A join and the closure over its pairs count as two, as do a grouping
/// and its aggregate, since both cause work.
const OPERATORS: [&str; 19] = [
    "map",
    "flat_map",
    "filter_map",
    "filter",
    "join",
    "left_join",
    "right_join",
    "full_join",
    "semi_join",
    "anti_join",
    "with",
    "group_by",
    "aggregate",
    "top",
    "sort",
    "distinct",
    "distinct_by",
    "union",
    "min_by",
];

/// Writes the program below the crate's folder. Returns the number of its operators.
///
/// # Errors
/// Fails if a file cannot be read or written.
pub(crate) fn generate(crate_folder: &Path, examples: &Path) -> Result<usize> {
    let (from, to) = (examples.join("src/tpch"), folder(crate_folder));
    fs::create_dir_all(to.join("tpch")).map_err(Error::io("create the folder", &to))?;
    let main = to.join("main.rs");
    fs::write(&main, include_str!("../../templates/queries.rs.template")).map_err(Error::io("write", &main))?;
    let mut operators = 0;
    for entry in fs::read_dir(&from).map_err(Error::io("list", &from))? {
        let path = entry.map_err(Error::io("list", &from))?.path();
        let source = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        operators += count(&source);
        let Some(name) = path.file_name() else { continue };
        let copy = to.join("tpch").join(name);
        fs::write(&copy, source).map_err(Error::io("write", &copy))?;
    }
    Ok(operators)
}

/// Edits one query.
///
/// # Errors
/// Fails if its file cannot be read or written.
pub(crate) fn edit(crate_folder: &Path, examples: &Path, edit: usize) -> Result<()> {
    let path = examples.join("src/tpch").join(EDITED);
    let source = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let copy = folder(crate_folder).join("tpch").join(EDITED);
    let filter = format!(".filter(|l| l.quantity < Decimal::from_integer({}))\n        .filter(", 1_000 + edit);
    fs::write(&copy, source.replacen(".filter(", &filter, 1)).map_err(Error::io("write", &copy))
}

fn folder(crate_folder: &Path) -> PathBuf {
    crate_folder.join("src/bin").join(BINARY)
}

fn count(source: &str) -> usize {
    OPERATORS.iter().map(|word| source.matches(&format!(".{word}(")).count()).sum()
}
