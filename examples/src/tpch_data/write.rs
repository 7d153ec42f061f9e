//! Writes one table to one Parquet file: a thread generates, the caller encodes.

use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use tpchgen_arrow::arrow::array::{RecordBatch, RecordBatchReader};
use tpchgen_arrow::arrow::datatypes::SchemaRef;
use tpchgen_arrow::arrow::error::ArrowError;

use super::{ROW_GROUP_ROWS, Table};
use crate::{DataError, progress};

/// Rows that the generator sends to the encoder in one batch.
const BATCH_ROWS: usize = 8_192;

/// Number of batches that the generator may be ahead of the encoder.
const BATCHES_AHEAD: usize = 16;

pub(super) fn write_table(path: &Path, table: Table, scale: f64) -> Result<(), DataError> {
    let reader = table.batches(scale, BATCH_ROWS);
    let schema = reader.schema();
    let (sender, receiver) = sync_channel(BATCHES_AHEAD);
    thread::scope(|scope| {
        let generator = scope.spawn(move || generate(reader, &sender));
        let written = encode(path, schema, receiver, progress_bar(table, scale));
        // A generator that panicked closed the channel early, so the file looks complete but is
        // not.
        let generated = generator.join().map_err(|_| DataError::Generator { path: path.to_owned() });
        written.and(generated)
    })
}

fn generate(reader: Box<dyn RecordBatchReader + Send>, sender: &SyncSender<Result<RecordBatch, ArrowError>>) {
    for batch in reader {
        if sender.send(batch).is_err() {
            // The encoder failed and reports the error.
            return;
        }
    }
}

fn encode(
    path: &Path,
    schema: SchemaRef,
    batches: Receiver<Result<RecordBatch, ArrowError>>,
    bar: indicatif::ProgressBar,
) -> Result<(), DataError> {
    let file = File::create(path).map_err(DataError::io("create", path))?;
    let mut writer = ArrowWriter::try_new(file, schema, Some(properties())).map_err(DataError::parquet(path))?;
    for batch in batches {
        let batch = batch.map_err(ParquetError::from).map_err(DataError::parquet(path))?;
        writer.write(&batch).map_err(DataError::parquet(path))?;
        bar.inc(batch.num_rows() as u64);
    }
    writer.close().map_err(DataError::parquet(path))?;
    bar.finish_and_clear();
    Ok(())
}

fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Page)
        .build()
}

fn progress_bar(table: Table, scale: f64) -> indicatif::ProgressBar {
    progress::bar(format!("tpch sf{scale} {}", table.name()), table.estimated_rows(scale), "rows")
}
