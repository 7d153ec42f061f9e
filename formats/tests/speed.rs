//! Measures how fast files are read, on one core: `cargo test --release --test speed -- --ignored
//! --nocapture`.
//!
//! `DATAFLOW_DATA` names a folder with `text/*.txt` and `tpch/sf1/lineitem.parquet`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::time::{Duration, Instant};

use bytes::Bytes;
use runtime::error::Result;
use runtime::source::{ReaderContext, Ready, Scan, Source};
use support::{memory, scan_all};

/// Time and size of reading a source.
struct Measured {
    rows: usize,
    bytes: u64,
    reading: Duration,
    decoding: Duration,
}

/// Reads a source on this thread, and measures the times of reading and decoding.
fn measure(source: &dyn runtime::source::RangeSource, scan: &Scan) -> Result<Measured> {
    let mut measured = Measured { rows: 0, bytes: 0, reading: Duration::ZERO, decoding: Duration::ZERO };
    let mut reader = source.range_reader(scan, &memory())?;
    for split in source.splits(scan)?.splits {
        reader.open(&split, None)?;
        loop {
            if let Some(request) = reader.wants() {
                let started = Instant::now();
                let read = |range: &std::ops::Range<u64>| {
                    let mut bytes = vec![0; (range.end - range.start) as usize];
                    request.object.read_at(&mut bytes, range.start).unwrap();
                    Bytes::from(bytes)
                };
                let bytes: Vec<Bytes> = request.ranges.iter().map(read).collect();
                measured.bytes += bytes.iter().map(|bytes| bytes.len() as u64).sum::<u64>();
                measured.reading += started.elapsed();
                reader.supply(bytes)?;
            }
            let started = Instant::now();
            let ready = reader.advance()?;
            if ready == Ready::Batch {
                measured.rows += std::hint::black_box(reader.batch()?).rows();
            }
            measured.decoding += started.elapsed();
            if ready == Ready::End {
                break;
            }
        }
    }
    Ok(measured)
}

/// Takes the best of several runs, because other processes may use the machine.
fn best(name: &str, mut run: impl FnMut() -> Measured) {
    let Some(m) = (0..9).map(|_| run()).min_by_key(|measured| measured.decoding) else {
        return;
    };
    let seconds = m.decoding.as_secs_f64();
    println!(
        "{name}: {} rows, {:.0} MB; decoding {seconds:.3} s = {:.2} GB/s, {:.1} ns a row; reading {:.3} s",
        m.rows,
        m.bytes as f64 / 1e6,
        m.bytes as f64 / 1e9 / seconds,
        seconds * 1e9 / m.rows as f64,
        m.reading.as_secs_f64()
    );
}

fn show(name: &str, source: &dyn runtime::source::RangeSource, scan: &Scan) {
    best(name, || measure(source, scan).unwrap());
}

fn data() -> String {
    std::env::var("DATAFLOW_DATA").unwrap_or_else(|_| format!("{}/../data", env!("CARGO_MANIFEST_DIR")))
}

#[test]
#[ignore = "measures"]
fn text() {
    let source = formats::text(&format!("{}/text/*.txt", data())).unwrap();
    show("text", &source, &scan_all(&source));
    show("text, lines counted", &source, &Scan::default());
}

#[test]
#[ignore = "measures"]
fn parquet() {
    use runtime::row::LeafType as L;
    let path = format!("{}/tpch/sf1/lineitem.parquet", data());
    let four = [
        ("l_quantity", L::Decimal(2)),
        ("l_extendedprice", L::Decimal(2)),
        ("l_discount", L::Decimal(2)),
        ("l_shipdate", L::Date),
    ];
    let source = formats::parquet(&path, &support::record(&four)).unwrap();
    show("lineitem, 4 columns", &source, &scan_all(&source));
    let texts = [("l_returnflag", L::Text), ("l_shipinstruct", L::Text), ("l_comment", L::Text)];
    let source = formats::parquet(&path, &support::record(&texts)).unwrap();
    show("lineitem, 3 texts", &source, &scan_all(&source));
    arrow_alone(&path, &["l_quantity", "l_extendedprice", "l_discount", "l_shipdate"]);
}

/// Reads the same columns with the `parquet` crate alone, from memory.
fn arrow_alone(path: &str, names: &[&str]) {
    use parquet::arrow::ProjectionMask;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let file = Bytes::from(std::fs::read(path).unwrap());
    best("the parquet crate alone", || {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file.clone()).unwrap();
        let mask = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
        let started = Instant::now();
        let reader = builder.with_projection(mask).with_batch_size(8192).build().unwrap();
        let rows = reader.map(|batch| std::hint::black_box(batch.unwrap()).num_rows()).sum();
        Measured { rows, bytes: file.len() as u64, reading: Duration::ZERO, decoding: started.elapsed() }
    });
}

/// Encodes the first rows of lineitem, all columns, in a format.
fn lineitem_as(format: &dyn runtime::source::Format, schema: &runtime::row::Schema, most_rows: usize) -> Vec<u8> {
    use runtime::page::{Input, Selection};
    let source = formats::parquet(&format!("{}/tpch/sf1/lineitem.parquet", data()), schema).unwrap();
    let scan = scan_all(&source);
    let mut reader = source.reader(&scan, ReaderContext::on_this_thread(memory())).unwrap();
    let mut encoder = format.encoder(schema, &memory()).unwrap();
    let (mut rows, mut spent, mut file, mut selection) = (0, Duration::ZERO, Vec::new(), Selection::default());
    for split in source.splits(&scan).unwrap().splits {
        if rows >= most_rows {
            break;
        }
        reader.open(&split, None).unwrap();
        support::each_batch(&mut *reader, |batch| {
            let started = Instant::now();
            let mut next = 0;
            while next < batch.rows() {
                next = selection.fill(next..batch.rows());
                encoder.encode(&Input::new(batch, &selection)).unwrap();
            }
            rows += batch.rows();
            file.append(encoder.output());
            spent += started.elapsed();
        })
        .unwrap();
    }
    let started = Instant::now();
    encoder.finish().unwrap();
    file.append(encoder.output());
    spent += started.elapsed();
    let (seconds, megabytes) = (spent.as_secs_f64(), file.len() as f64 / 1e6);
    println!(
        "{} written: {rows} rows, {megabytes:.0} MB in {seconds:.3} s: {:.0} MB/s, {:.0} ns a row",
        format.name(),
        megabytes / seconds,
        seconds * 1e9 / rows as f64
    );
    file
}

/// All columns of lineitem.
fn lineitem() -> runtime::row::Schema {
    use runtime::row::LeafType as L;
    support::record(&[
        ("l_orderkey", L::I64),
        ("l_partkey", L::I64),
        ("l_suppkey", L::I64),
        ("l_linenumber", L::I32),
        ("l_quantity", L::Decimal(2)),
        ("l_extendedprice", L::Decimal(2)),
        ("l_discount", L::Decimal(2)),
        ("l_tax", L::Decimal(2)),
        ("l_returnflag", L::Text),
        ("l_linestatus", L::Text),
        ("l_shipdate", L::Date),
        ("l_commitdate", L::Date),
        ("l_receiptdate", L::Date),
        ("l_shipinstruct", L::Text),
        ("l_shipmode", L::Text),
        ("l_comment", L::Text),
    ])
}

#[test]
#[ignore = "measures"]
fn csv() {
    use formats::{CsvFormat, CsvOptions, ParquetFormat};
    let schema = lineitem();
    lineitem_as(&ParquetFormat::default(), &schema, 1_000_000);
    let bytes = lineitem_as(&CsvFormat::default(), &schema, 1_000_000);
    let file = support::TestFile::new("lineitem.csv", bytes);
    for multiline in [true, false] {
        let options = CsvOptions { multiline, ..CsvOptions::default() };
        let source = formats::csv(file.path(), &schema, options).unwrap();
        let started = Instant::now();
        let splits = source.splits(&scan_all(&source)).unwrap().splits.len();
        println!("multiline {multiline}: {splits} splits listed in {:.4} s", started.elapsed().as_secs_f64());
        show("csv, 16 of 16 columns", &source, &scan_all(&source));
        let live = |leaves: &[usize]| Scan { live: leaves.iter().copied().collect(), bounds: Vec::new() };
        show("csv, 4 of 16 columns", &source, &live(&[4, 5, 6, 10]));
        show("csv, comments only", &source, &live(&[15]));
        show("csv, rows counted", &source, &Scan::default());
    }
}

#[test]
#[ignore = "measures"]
fn json() {
    use formats::{JsonFormat, JsonOptions};
    let schema = lineitem();
    let bytes = lineitem_as(&JsonFormat, &schema, 1_000_000);
    let file = support::TestFile::new("lineitem.json", &bytes);
    let source = formats::json(file.path(), &schema, JsonOptions::default()).unwrap();
    show("json, 16 of 16 fields", &source, &scan_all(&source));
    let live = |leaves: &[usize]| Scan { live: leaves.iter().copied().collect(), bounds: Vec::new() };
    show("json, 4 of 16 fields", &source, &live(&[4, 5, 6, 10]));
    show("json, comments only", &source, &live(&[15]));
    show("json, rows counted", &source, &Scan::default());
    best("serde_json alone, all fields passed over", || {
        let started = Instant::now();
        let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        let rows = lines.filter(|line| serde_json::from_slice::<&serde_json::value::RawValue>(line).is_ok()).count();
        Measured { rows, bytes: bytes.len() as u64, reading: Duration::ZERO, decoding: started.elapsed() }
    });
}
