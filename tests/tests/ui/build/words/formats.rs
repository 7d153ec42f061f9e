use dataflow::prelude::*;
use dataflow::{CsvOptions, JsonOptions, LogWriter, ParquetOptions};

type Refused = (u64, Vec<(u64, Option<Option<u64>>)>);

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    let records = || env.collection([(1, vec![(2, Some(Some(3)))])] as [Refused; 1]);
    records()?.write_csv("x");
    records()?.write_csv_with("x", CsvOptions::default());
    records()?.write_json("x");
    records()?.write_parquet("x");
    records()?.write_parquet_with("x", ParquetOptions::default());
    records()?.write_binary("x");
    records()?.write_native("x");
    records()?.write_text("x");
    records()?.in_folders_by(|r| r.0).write_csv("x");
    records()?.in_folders_by(|r| r.0).write_csv_with("x", CsvOptions::default());
    records()?.in_folders_by(|r| r.0).write_json("x");
    records()?.in_folders_by(|r| r.0).write_parquet("x");
    records()?.in_folders_by(|r| r.0).write_parquet_with("x", ParquetOptions::default());
    records()?.in_folders_by(|r| r.0).write_binary("x");
    records()?.in_folders_by(|r| r.0).write_native("x");
    records()?.in_folders_by(|r| r.0).write_text("x");
    env.read_csv::<Refused>("x")?.print();
    env.read_csv_with::<Refused>("x", CsvOptions::default())?.print();
    env.read_json::<Refused>("x")?.print();
    env.read_json_with::<Refused>("x", JsonOptions::default())?.print();
    env.read_binary::<Refused>("x")?.print();
    LogWriter::<Refused>::create("x", 1)?;
    LogWriter::<Refused>::open("x", 1)?;
    LogWriter::<Refused>::add("x", 1)?;
    Ok(())
}
