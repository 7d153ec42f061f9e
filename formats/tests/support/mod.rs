//! Helpers of the tests of file formats: schemas, a driver that performs reads, and test files.

#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod values;

use std::path::Path;
use std::sync::Arc;

use runtime::error::Result;
use runtime::memory::{Budget, Memory};
use runtime::page::{Batch, Columns, Input, Selection, TextColumn, WINDOW_ROWS};
use runtime::row::{Datum, LeafSet, LeafType, Physical, Schema, SchemaBuilder, Shape};
use runtime::source::{Encoder, Format, NoFilters, ReadProgress, ReaderContext, Scan, Source, Split, SplitReader};

pub(crate) type Rows = Vec<Vec<Datum>>;

/// More memory than a test needs.
pub(crate) fn memory() -> Memory {
    Memory::new(Budget::new(1 << 40), "test")
}

/// A scan of all leaves.
pub(crate) fn scan_all(source: &dyn Source) -> Scan {
    Scan { live: LeafSet::all(source.schema().leaves().len()), bounds: Vec::new() }
}

/// Reads all records, split by split.
pub(crate) fn drive(source: &dyn Source) -> Result<Rows> {
    drive_scan(source, &scan_all(source))
}

/// Reads the records of the splits of a scan.
pub(crate) fn drive_scan(source: &dyn Source, scan: &Scan) -> Result<Rows> {
    drive_splits(source, scan, &source.splits(scan)?.splits, &memory())
}

/// Reads the records of some splits.
pub(crate) fn drive_splits(source: &dyn Source, scan: &Scan, splits: &[Split], memory: &Memory) -> Result<Rows> {
    let mut reader = source.reader(scan, ReaderContext::on_this_thread(memory.clone()))?;
    let types = source.schema().types();
    let mut rows = Rows::new();
    for split in splits {
        reader.open(split, None)?;
        each_batch(&mut *reader, |batch| collect(batch, &types, &mut rows))?;
    }
    Ok(rows)
}

/// Reads one split to its end, as an executor does.
pub(crate) fn each_batch(reader: &mut dyn SplitReader, mut visit: impl FnMut(&Batch<'_>)) -> Result<()> {
    loop {
        match reader.advance(&mut NoFilters)? {
            ReadProgress::Batch { .. } => visit(&reader.batch()?),
            ReadProgress::Pending => panic!("files are read on this thread"),
            ReadProgress::End | ReadProgress::CaughtUp => return Ok(()),
        }
    }
}

pub(crate) fn collect(batch: &Batch<'_>, types: &[LeafType], rows: &mut Rows) {
    assert_eq!(batch.leaf_count(), types.len());
    for row in 0..batch.rows() {
        let datum = |(leaf, ty): (usize, &LeafType)| match ty.physical() {
            Physical::Slot => Datum::Bytes(batch.leaf_bytes(leaf, row).into()),
            _ => Datum::Fixed(batch.leaf_bits(leaf, row)),
        };
        rows.push(types.iter().enumerate().map(datum).collect());
    }
}

/// Returns the values of the first leaf as text.
pub(crate) fn texts(rows: &Rows) -> Vec<String> {
    rows.iter().map(|row| String::from_utf8_lossy(row[0].bytes()).into_owned()).collect()
}

/// Creates a record of named leaves. A name that ends with `?` is an `Option`.
pub(crate) fn record(fields: &[(&'static str, LeafType)]) -> Schema {
    SchemaBuilder::build(|builder| Shape::Record {
        name: "Test",
        fields: fields
            .iter()
            .map(|&(name, ty)| match name.strip_suffix('?') {
                Some(name) => builder.field(name, |builder| builder.optional(|builder| builder.leaf(ty))),
                None => builder.field(name, |builder| builder.leaf(ty)),
            })
            .collect(),
    })
}

/// Returns the bytes of a file of these rows.
pub(crate) fn encode(format: &dyn Format, schema: &Schema, rows: &Rows) -> Result<Vec<u8>> {
    let mut encoder = format.encoder(schema, &memory())?;
    let mut file = Vec::new();
    for part in rows.chunks(3000) {
        encode_part(&mut *encoder, schema, part, &mut file)?;
    }
    encoder.finish()?;
    file.append(encoder.output());
    Ok(file)
}

/// The values of one leaf.
enum LeafValues {
    W1(Vec<u8>),
    W2(Vec<u16>),
    W4(Vec<u32>),
    W8(Vec<u64>),
    W16(Vec<u128>),
    Text(TextColumn),
    Bytes(arrow_array::BinaryViewArray),
}

fn leaf_values(ty: LeafType, rows: &[Vec<Datum>], leaf: usize) -> LeafValues {
    let bits = || rows.iter().map(move |row| row[leaf].bits());
    match ty.physical() {
        Physical::W1 => LeafValues::W1(bits().map(|bits| bits as u8).collect()),
        Physical::W2 => LeafValues::W2(bits().map(|bits| bits as u16).collect()),
        Physical::W4 => LeafValues::W4(bits().map(|bits| bits as u32).collect()),
        Physical::W8 => LeafValues::W8(bits().map(|bits| bits as u64).collect()),
        Physical::W16 => LeafValues::W16(bits().collect()),
        Physical::Slot if ty == LeafType::Text => {
            let mut column = TextColumn::default();
            rows.iter().for_each(|row| column.push_str(std::str::from_utf8(row[leaf].bytes()).unwrap()));
            LeafValues::Text(column)
        }
        Physical::Slot => LeafValues::Bytes(rows.iter().map(|row| Some(row[leaf].bytes())).collect()),
    }
}

/// Encodes rows, window by window.
pub(crate) fn encode_part(
    encoder: &mut dyn Encoder,
    schema: &Schema,
    rows: &[Vec<Datum>],
    file: &mut Vec<u8>,
) -> Result<()> {
    let types = schema.types();
    let held: Vec<LeafValues> = types.iter().enumerate().map(|(leaf, &ty)| leaf_values(ty, rows, leaf)).collect();
    let mut columns = Columns::new(rows.len());
    for (held, &ty) in held.iter().zip(&types) {
        match held {
            LeafValues::W1(values) => columns.plain(ty, values)?,
            LeafValues::W2(values) => columns.plain(ty, values)?,
            LeafValues::W4(values) => columns.plain(ty, values)?,
            LeafValues::W8(values) => columns.plain(ty, values)?,
            LeafValues::W16(values) => columns.plain(ty, values)?,
            LeafValues::Text(column) => columns.text(column)?,
            LeafValues::Bytes(array) => columns.arrow_bytes(array)?,
        }
    }
    let batch = columns.finish();
    let (mut selection, mut next) = (Selection::default(), 0);
    while next < batch.rows() {
        next = selection.fill(next..batch.rows());
        encoder.encode(&Input::new(&batch, &selection))?;
        // An executor takes the output from time to time.
        if next % (2 * WINDOW_ROWS) == 0 {
            file.append(encoder.output());
        }
    }
    Ok(())
}

/// A file in a temporary folder, which is deleted on drop.
pub(crate) struct TestFile {
    folder: tempfile::TempDir,
    path: std::path::PathBuf,
}

impl TestFile {
    pub(crate) fn new(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        TestFile { folder, path }
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Returns the message of an error, without the folder.
pub(crate) fn message<T>(result: Result<T>, file: &TestFile) -> String {
    let error = result.err().expect("an error").to_string();
    error.replace(&format!("{}/", file.folder().display()), "")
}

/// Returns a text as a datum.
pub(crate) fn text(text: &str) -> Datum {
    Datum::Bytes(text.as_bytes().into())
}

/// Returns a shared handle, for sources that need one.
pub(crate) fn shared(schema: Schema) -> Arc<Schema> {
    Arc::new(schema)
}

/// Holds submitted work until a test runs it.
#[derive(Default)]
pub(crate) struct Later(std::sync::Mutex<Vec<Box<dyn FnOnce() + Send>>>);

impl runtime::storage::Blocking for Later {
    fn submit(&self, work: Box<dyn FnOnce() + Send>) {
        self.0.lock().unwrap().push(work);
    }
}

impl Later {
    /// Runs all held work.
    pub(crate) fn all(&self) {
        let works = std::mem::take(&mut *self.0.lock().unwrap());
        assert!(!works.is_empty(), "no work is held");
        works.into_iter().for_each(|work| work());
    }
}
