//! Messages about generated data if standard error is not a terminal.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::Command;

/// The standard error of a run of the first example in `folder`.
fn said(folder: &Path) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_shipping_priority")).arg("0.01").current_dir(folder).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 10);
    said
}

#[test]
fn generated_data_is_announced_once_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let expected = "\
        generating data/tpch/sf0.01/customer.parquet: table customer of TPC-H at scale factor 0.01, 1500 rows\n\
        generating data/tpch/sf0.01/orders.parquet: table orders of TPC-H at scale factor 0.01, 15000 rows\n\
        generating data/tpch/sf0.01/lineitem.parquet: table lineitem of TPC-H at scale factor 0.01, about 60012 rows\n";
    assert_eq!(said(folder.path()), expected);
    assert_eq!(said(folder.path()), "", "the files are there");
}
