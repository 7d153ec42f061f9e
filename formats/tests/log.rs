//! Logs: appended blocks are read whole or not at all.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::path::{Path, PathBuf};

use formats::{LogSource, LogSplits, native};
use proptest::prelude::*;
use runtime::error::Result;
use runtime::row::{Datum, LeafType as L, Schema};
use runtime::source::{
    NoFilters, Position, ReadProgress, ReaderContext, Source, Split, SplitList, SplitPosition, SplitReader,
};
use support::values::{everything, rows};
use support::{Rows, drive, each_batch, memory, record, scan_all, text};

fn people() -> Schema {
    record(&[("id", L::U32), ("name?", L::Text)])
}

fn person(id: u32) -> Vec<Datum> {
    let name = (!id.is_multiple_of(3)).then(|| format!("a name that is rather long: {id}"));
    let has_name = Datum::Fixed(u128::from(name.is_some()));
    vec![Datum::Fixed(id.into()), has_name, text(name.as_deref().unwrap_or_default())]
}

fn append(log: &mut LogSplits, split: usize, row: &[Datum]) -> Result<()> {
    log.rows(split)?.append_datums(row)?;
    log.append_full_blocks(split)
}

/// A folder for a log.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("log")
    }

    fn split(&self, number: usize) -> PathBuf {
        self.path().join(format!("split-{number:05}.log"))
    }

    fn source(&self, schema: &Schema, follows: bool) -> Result<LogSource> {
        let path = self.path();
        let path = path.to_str().unwrap();
        if follows { LogSource::followed(path, schema) } else { LogSource::to_end(path, schema) }
    }

    fn read(&self, schema: &Schema) -> Result<Rows, String> {
        self.source(schema, false).and_then(|source| drive(&source)).map_err(|error| self.short(&error.to_string()))
    }

    fn short(&self, message: &str) -> String {
        message.replace(&format!("{}/", self.0.path().display()), "")
    }
}

/// Creates a log of one split with three blocks of people.
fn log_of_people() -> (Place, Vec<u64>) {
    let place = Place::new();
    let mut log = LogSplits::create(place.path(), &people(), 1).unwrap();
    let mut ends = Vec::new();
    for block in 0..3 {
        (0..3).for_each(|id| append(&mut log, 0, &person(3 * block + id)).unwrap());
        log.flush().unwrap();
        ends.push(std::fs::metadata(place.split(0)).unwrap().len());
    }
    (place, ends)
}

/// Returns a position that names no log.
fn at(offset: u64) -> Position {
    let mut bytes = [0; 40];
    bytes[..8].copy_from_slice(&offset.to_le_bytes());
    Position::new(&bytes).unwrap()
}

/// Returns the offset of a position in its split.
fn offset(position: &Position) -> u64 {
    position.bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn reader(source: &LogSource) -> Box<dyn SplitReader> {
    source.reader(&scan_all(source), ReaderContext::on_this_thread(memory())).unwrap()
}

fn list(source: &LogSource) -> Result<SplitList> {
    source.splits(&scan_all(source))
}

/// Returns a split in the list of a followed log.
fn grown(number: usize) -> Split {
    Split { bytes: u64::MAX, ..split(number) }
}

fn split(number: usize) -> Split {
    Split::named(format!("split-{number:05}.log"), number)
}

fn first_people(count: u32) -> Rows {
    (0..count).map(person).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn appended_records_are_read_in_order(rows in rows(&everything(), 0..200), flushes in 1_usize..60, splits in 1_usize..4) {
        let (place, schema) = (Place::new(), everything());
        let mut log = LogSplits::create(place.path(), &schema, splits).unwrap();
        let mut expected = vec![Rows::new(); splits];
        for (number, row) in rows.iter().enumerate() {
            append(&mut log, number % splits, row).unwrap();
            expected[number % splits].push(row.clone());
            if number % flushes == 0 {
                log.flush().unwrap();
            }
        }
        log.flush().unwrap();
        let expected = expected.concat();
        prop_assert_eq!(place.read(&schema).unwrap(), expected.clone());
        // A sealed log is a folder of native files.
        log.seal_all().unwrap();
        prop_assert_eq!(place.read(&schema).unwrap(), expected.clone());
        let files = place.path().join("split-*.log");
        prop_assert_eq!(drive(&native(files.to_str().unwrap(), &schema).unwrap()).unwrap(), expected);
    }
}

/// Reads the present records of a split from a position. Returns why reading stopped, and the
/// position.
fn read_from(
    source: &LogSource,
    reader: &mut dyn SplitReader,
    number: usize,
    position: &Position,
    rows: &mut Rows,
) -> (ReadProgress, Position) {
    reader.open(&split(number), Some(position)).unwrap();
    let types = source.schema().types();
    loop {
        match reader.advance(&mut NoFilters).unwrap() {
            ReadProgress::Batch { .. } => support::collect(&reader.batch().unwrap(), &types, rows),
            progress => return (progress, reader.position()),
        }
    }
}

#[test]
fn readers_resume_at_a_position_and_see_the_end() {
    let (place, schema) = (Place::new(), people());
    let mut log = LogSplits::create(place.path(), &schema, 2).unwrap();
    let source = place.source(&schema, true).unwrap();
    let mut reader = reader(&source);
    let (mut positions, mut found) = ([(); 2].map(|()| Position::default()), [Rows::new(), Rows::new()]);
    for round in 0..20 {
        for part in 0..2 {
            (0..round).for_each(|id| append(&mut log, part, &person(id)).unwrap());
            log.flush().unwrap();
            let (ready, position) = read_from(&source, &mut *reader, part, &positions[part], &mut found[part]);
            assert_eq!(ready, ReadProgress::CaughtUp);
            assert!(offset(&position) >= offset(&positions[part]));
            positions[part] = position;
        }
    }
    let expected: Rows = (0..20).flat_map(first_people).collect();
    assert!(found.iter().all(|found| *found == expected));
    assert_eq!(list(&source).unwrap(), SplitList { splits: vec![grown(0), grown(1)], is_complete: false });
    log.seal_all().unwrap();
    assert_eq!(list(&source).unwrap(), SplitList { splits: vec![grown(0), grown(1)], is_complete: true });
    // A sealed split is read to its end from any position, also from the one after all records.
    for (start, count) in [(positions[0].clone(), 0), (Position::default(), expected.len())] {
        let mut rows = Rows::new();
        let read = read_from(&source, &mut *reader, 0, &start, &mut rows);
        assert_eq!(read, (ReadProgress::End, positions[0].clone()));
        assert_eq!(rows.len(), count);
    }
}

#[test]
fn readers_skip_torn_tails_and_writers_remove_them() {
    let (place, ends) = log_of_people();
    let (schema, bytes) = (people(), std::fs::read(place.split(0)).unwrap());
    for length in 0..=bytes.len() {
        let whole = ends.iter().filter(|&&end| end <= length as u64).count() as u32;
        std::fs::write(place.split(0), &bytes[..length]).unwrap();
        assert_eq!(place.read(&schema), Ok(first_people(3 * whole)), "{length} bytes");
        // A reader that follows the log reads the whole blocks, waits, and reads on when the rest
        // has arrived.
        let source = place.source(&schema, true).unwrap();
        let mut reader = reader(&source);
        let mut rows = Rows::new();
        let (ready, position) = read_from(&source, &mut *reader, 0, &Position::default(), &mut rows);
        assert_eq!((ready, rows.len()), (ReadProgress::CaughtUp, 3 * whole as usize), "{length} bytes");
        let mut log = LogSplits::open(place.path(), &schema, 1).unwrap();
        append(&mut log, 0, &person(70)).unwrap();
        log.flush().unwrap();
        assert_eq!(read_from(&source, &mut *reader, 0, &position, &mut rows).0, ReadProgress::CaughtUp);
        let expected = [first_people(3 * whole), vec![person(70)]].concat();
        assert_eq!((&rows, place.read(&schema)), (&expected, Ok(expected.clone())), "{length} bytes");
    }
}

/// If a byte is damaged, a reader returns written records in order, then an error or the end.
#[test]
fn damaged_bytes_are_errors_or_incomplete_tails() {
    let (place, _) = log_of_people();
    let (schema, bytes) = (people(), std::fs::read(place.split(0)).unwrap());
    let (mut errors, mut unread) = (0, 0);
    for at in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            std::fs::write(place.split(0), &damaged).unwrap();
            match place.read(&schema) {
                Err(message) => {
                    assert!(message.starts_with("log/split-00000.log, byte "), "byte {at}: {message}");
                    errors += 1;
                }
                Ok(rows) => {
                    assert!(rows.is_empty() && at < 12, "byte {at}: {rows:?}");
                    unread += 1;
                }
            }
            let opened = LogSplits::open(place.path(), &schema, 1);
            assert!(opened.is_err() || std::fs::metadata(place.split(0)).unwrap().len() == bytes.len() as u64);
        }
    }
    // The length of the header has no checksum until the header is whole.
    assert!(unread > 0 && errors > 50 * unread, "{errors} errors, {unread} unread");
}

#[test]
fn a_split_has_one_writer_at_a_time() {
    let (place, _) = log_of_people();
    let schema = people();
    let mut first = LogSplits::open(place.path(), &schema, 1).unwrap();
    let message = place.short(&LogSplits::open(place.path(), &schema, 1).err().unwrap().to_string());
    assert_eq!(
        message,
        "log/split-00000.log: another writer has this split; wait for its end, or add splits to the log"
    );
    let mut second = LogSplits::add(place.path(), &schema, 2).unwrap();
    assert_eq!((second.count(), place.read(&schema).unwrap().len()), (2, 9));
    append(&mut second, 1, &person(100)).unwrap();
    second.seal().unwrap();
    assert_eq!(place.read(&schema).unwrap()[9..], [person(100)]);
    let refused = place.short(&append(&mut second, 1, &person(101)).unwrap_err().to_string());
    assert_eq!(refused, "log/split-00002.log: the split is sealed: nothing may follow its end");
    // The writer that completes the log also ends splits of writers that have stopped.
    assert!(second.seal_all().unwrap_err().to_string().contains("another writer has this split"));
    append(&mut first, 0, &person(9)).unwrap();
    first.flush().unwrap();
    drop(first);
    second.seal_all().unwrap();
    assert_eq!(place.read(&schema).unwrap()[..10], first_people(10));
    let message = place.short(&LogSplits::open(place.path(), &schema, 1).err().unwrap().to_string());
    assert_eq!(message, "log: the log is complete: nothing may follow");
}

#[test]
fn other_record_types_and_missing_splits_are_errors() {
    let (place, _) = log_of_people();
    let other = record(&[("id", L::U64)]);
    let message = place.short(&LogSplits::open(place.path(), &other, 1).err().unwrap().to_string());
    assert!(message.starts_with("log/split-00000.log: the split holds other records"), "{message}");
    assert_eq!(place.read(&other).unwrap_err(), "log/split-00000.log: column `id`: expected u64, found u32");
    // A reader finds columns by name, and ignores the others.
    assert_eq!(place.read(&record(&[("id", L::U32)])).unwrap_or_default().len(), 9);
    std::fs::write(place.split(2), "").unwrap();
    let message = place.read(&people()).unwrap_err();
    assert!(message.starts_with("log/split-00001.log: it is missing, and split 2 is there"), "{message}");
    let nothing = |path: &Path| LogSource::to_end(path.to_str().unwrap(), &people()).err().unwrap().to_string();
    assert!(nothing(&place.path().join("no")).ends_with("there is no such folder; `LogWriter::create` makes a log"));
    assert!(nothing(&place.split(0)).contains("a log is a folder, and this is a file"), "{}", nothing(&place.split(0)));
    assert!(nothing(place.0.path()).contains("the folder holds no log"), "{}", nothing(place.0.path()));
    let message = LogSplits::create(place.path(), &people(), 1).err().unwrap().to_string();
    assert!(message.contains("the folder is not empty"), "{message}");
}

/// The header of such a split is read first.
#[test]
fn new_splits_are_read_from_a_position() {
    let (place, _) = log_of_people();
    let schema = people();
    let source = place.source(&schema, true).unwrap();
    let mut log = LogSplits::add(place.path(), &schema, 1).unwrap();
    let mut ends = Vec::new();
    for block in 0..3 {
        (0..3).for_each(|id| append(&mut log, 0, &person(3 * block + id)).unwrap());
        log.flush().unwrap();
        ends.push(std::fs::metadata(place.split(1)).unwrap().len());
    }
    let mut reader = reader(&source);
    let (start, mut rows) = (at(ends[0]), Rows::new());
    reader.open(&split(1), Some(&start)).unwrap();
    assert_eq!(reader.position(), start);
    let (progress, position) = read_from(&source, &mut *reader, 1, &start, &mut rows);
    assert_eq!((progress, offset(&position)), (ReadProgress::CaughtUp, ends[2]));
    assert_eq!(rows, first_people(9)[3..]);
}

/// A writer that holds the lock is about to write `log.end`.
#[test]
fn a_missing_log_end_is_accepted_while_a_writer_lives() {
    let (place, _) = log_of_people();
    let schema = people();
    let mut log = LogSplits::open(place.path(), &schema, 1).unwrap();
    log.seal_all().unwrap();
    drop(log);
    std::fs::remove_file(place.path().join("log.end")).unwrap();
    let writer = std::fs::File::open(place.split(0)).unwrap();
    writer.lock().unwrap();
    let source = place.source(&schema, true).unwrap();
    let mut reader = reader(&source);
    let mut rows = Rows::new();
    assert_eq!(read_from(&source, &mut *reader, 0, &Position::default(), &mut rows).0, ReadProgress::End);
    assert_eq!((rows.len(), list(&source).unwrap().is_complete), (9, false));
    writer.unlock().unwrap();
    let message = place.short(&list(&source).unwrap_err().to_string());
    assert!(
        message.starts_with("log/log.end: the file is missing, and the splits are those of a complete"),
        "{message}"
    );
    assert_eq!(place.read(&schema), Err(message));
    // The message advises to do this.
    LogSplits::open(place.path(), &schema, 1).unwrap().seal_all().unwrap();
    assert!(list(&source).unwrap().is_complete);
    assert_eq!(place.read(&schema), Ok(first_people(9)));
}

#[test]
fn completing_a_log_marks_splits_sealed_before() {
    let place = Place::new();
    let mut log = LogSplits::create(place.path(), &people(), 2).unwrap();
    append(&mut log, 1, &person(1)).unwrap();
    log.seal().unwrap();
    drop(log);
    // More splits may be added to the log, so `log.end` is not missing.
    assert_eq!(place.read(&people()), Ok(vec![person(1)]));
    let mut log = LogSplits::open(place.path(), &people(), 2).unwrap();
    log.seal_all().unwrap();
    std::fs::remove_file(place.path().join("log.end")).unwrap();
    drop(log);
    assert!(place.read(&people()).unwrap_err().starts_with("log/log.end: the file is missing"));
}

/// After a power failure a file may have its length, but not its last bytes.
#[test]
fn writers_refuse_a_damaged_last_block() {
    let (place, ends) = log_of_people();
    let mut bytes = std::fs::read(place.split(0)).unwrap();
    bytes[ends[2] as usize - 1] ^= 1;
    std::fs::write(place.split(0), &bytes).unwrap();
    let message = place.short(&LogSplits::open(place.path(), &people(), 1).err().unwrap().to_string());
    let place_of_block = format!("log/split-00000.log, byte {}: the last block is damaged", ends[1]);
    let way_out = format!("truncate --size={} log/split-00000.log", ends[1]);
    assert!(message.starts_with(&place_of_block) && message.contains(&way_out), "{message}");
    std::fs::File::options().write(true).open(place.split(0)).unwrap().set_len(ends[1]).unwrap();
    LogSplits::open(place.path(), &people(), 1).unwrap();
    assert_eq!(place.read(&people()), Ok(first_people(6)));
}

#[test]
fn a_truncated_and_regrown_split_is_refused() {
    let (place, ends) = log_of_people();
    let source = place.source(&people(), true).unwrap();
    let mut reader = reader(&source);
    let (_, position) = read_from(&source, &mut *reader, 0, &Position::default(), &mut Rows::new());
    std::fs::File::options().write(true).open(place.split(0)).unwrap().set_len(ends[1]).unwrap();
    let mut log = LogSplits::open(place.path(), &people(), 1).unwrap();
    for id in [16, 17, 18] {
        append(&mut log, 0, &person(id)).unwrap();
    }
    (0..3).for_each(|id| append(&mut log, 0, &person(id)).unwrap());
    log.flush().unwrap();
    let message = place.short(&reader.open(&split(0), Some(&position)).unwrap_err().to_string());
    assert_eq!(message, "log/split-00000.log: the file was cut off or replaced while it was followed; put it back");
}

#[test]
fn records_before_a_position_are_synced_once() {
    let (place, ends) = log_of_people();
    let source = place.source(&people(), true).unwrap();
    let at = |offset| SplitPosition { split: "split-00000.log".into(), position: at(offset), greatest_time: None };
    source.sync(&[at(ends[0])]).unwrap();
    std::fs::remove_file(place.split(0)).unwrap();
    source.sync(&[at(ends[0])]).unwrap();
    let message = place.short(&source.sync(&[at(ends[1])]).unwrap_err().to_string());
    assert!(message.starts_with("cannot read log/split-00000.log"), "{message}");
}

/// The log is open, so only headers identify its splits.
#[test]
fn swapped_splits_are_refused() {
    let place = Place::new();
    let mut log = LogSplits::create(place.path(), &people(), 2).unwrap();
    (0..2).for_each(|split| append(&mut log, split, &person(split as u32)).unwrap());
    log.flush().unwrap();
    drop(log);
    let aside = place.0.path().join("aside");
    std::fs::rename(place.split(0), &aside).unwrap();
    std::fs::rename(place.split(1), place.split(0)).unwrap();
    std::fs::rename(&aside, place.split(1)).unwrap();
    let message = place.read(&people()).unwrap_err();
    // The first split that is read determines the identity.
    assert_eq!(message, "log/split-00000.log: the file is split 1 of this log, under another's name; put both back");
    let (other, _) = log_of_people();
    let (place, _) = log_of_people();
    LogSplits::add(place.path(), &people(), 1).unwrap();
    let mut added = LogSplits::add(other.path(), &people(), 1).unwrap();
    append(&mut added, 0, &person(9)).unwrap();
    added.flush().unwrap();
    std::fs::copy(other.split(1), place.split(1)).unwrap();
    let message = place.read(&people()).unwrap_err();
    assert!(message.starts_with("log/split-00001.log: the split belongs to another log"), "{message}");
}

/// The headers of the splits determine the identity.
#[test]
fn the_end_of_another_log_is_refused() {
    let [(place, _), (other, _)] = [log_of_people(), log_of_people()];
    let source = place.source(&people(), true).unwrap();
    assert!(!list(&source).unwrap().is_complete);
    LogSplits::open(other.path(), &people(), 1).unwrap().seal_all().unwrap();
    std::fs::copy(other.path().join("log.end"), place.path().join("log.end")).unwrap();
    let message = place.short(&list(&source).unwrap_err().to_string());
    assert_eq!(message, "log/log.end: the file belongs to another log; put the log's own file back");
}

/// Two copies of a log have the same identity. Their splits have equal lengths and numbers of
/// records.
#[test]
fn a_split_of_another_copy_of_the_log_is_refused() {
    let (place, _) = log_of_people();
    let copy = place.0.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    std::fs::copy(place.split(0), copy.join("split-00000.log")).unwrap();
    for (path, id) in [(place.path(), 10), (copy.clone(), 11)] {
        let mut log = LogSplits::open(path, &people(), 1).unwrap();
        append(&mut log, 0, &person(id)).unwrap();
        log.seal_all().unwrap();
    }
    assert_eq!(place.read(&people()).unwrap()[9..], [person(10)]);
    std::fs::copy(copy.join("split-00000.log"), place.split(0)).unwrap();
    let message = place.read(&people()).unwrap_err();
    assert!(message.starts_with("log/split-00000.log, byte "), "{message}");
    assert!(message.contains("the blocks of the split are not those that the log was completed with"), "{message}");
}

/// Sets the checksum in the head of a block as for an offset.
fn stamp(block: &mut [u8], offset: u64) {
    let checksum = xxhash_rust::xxh3::xxh3_64_with_seed(&block[..24], offset);
    block[24..32].copy_from_slice(&checksum.to_le_bytes());
}

/// A block in place of the end keeps the length of the file.
#[test]
fn complete_logs_with_a_truncated_split_are_refused() {
    let (place, ends) = log_of_people();
    LogSplits::open(place.path(), &people(), 1).unwrap().seal_all().unwrap();
    let mut bytes = std::fs::read(place.split(0)).unwrap();
    // The last block and the end, without the last byte: an incomplete tail.
    let mut last = bytes[ends[1] as usize..ends[2] as usize].to_vec();
    let length = bytes.len();
    bytes.truncate(ends[2] as usize);
    stamp(&mut last, ends[2]);
    bytes.extend(&last[..length - ends[2] as usize]);
    std::fs::write(place.split(0), bytes).unwrap();
    for follows in [false, true] {
        let source = place.source(&people(), follows).unwrap();
        let mut reader = reader(&source);
        reader.open(&split(0), None).unwrap();
        let message = place.short(&each_batch(&mut *reader, |_| {}).unwrap_err().to_string());
        assert!(message.starts_with("log/split-00000.log, byte "), "{message}");
        assert!(message.contains("the log is complete, and the split has no end"), "{message}");
    }
}

/// Each remaining block is whole.
#[test]
fn a_sealed_split_without_one_of_its_blocks_is_refused() {
    let (place, ends) = log_of_people();
    LogSplits::open(place.path(), &people(), 1).unwrap().seal().unwrap();
    assert_eq!(place.read(&people()), Ok(first_people(9)));
    let mut bytes = std::fs::read(place.split(0)).unwrap();
    bytes.drain(ends[0] as usize..ends[1] as usize);
    std::fs::write(place.split(0), &bytes).unwrap();
    let message = place.read(&people()).unwrap_err();
    assert!(message.starts_with("log/split-00000.log, byte "), "{message}");
    assert!(message.contains("expected the head of a block, found damaged bytes"), "{message}");
    let end = bytes.len() - 32;
    [ends[0] as usize, end].into_iter().for_each(|head| stamp(&mut bytes[head..], head as u64));
    std::fs::write(place.split(0), bytes).unwrap();
    let message = place.read(&people()).unwrap_err();
    assert!(message.contains("its end names 9 records in 3 blocks, and there are 6 in 2"), "{message}");
}

/// Logs of version 1 had the headers of native files.
#[test]
fn splits_of_version_1_are_refused() {
    let (place, _) = log_of_people();
    let split = std::fs::read(place.split(0)).unwrap();
    let length = u32::from_le_bytes(split[8..12].try_into().unwrap());
    let mut header = [&split[..12], &split[36..length as usize - 8]].concat();
    header[4] = 1;
    header[8..12].copy_from_slice(&(length - 24).to_le_bytes());
    header.extend(xxhash_rust::xxh3::xxh3_64(&header).to_le_bytes());
    std::fs::write(place.split(0), [&header[..], &split[length as usize..]].concat()).unwrap();
    let messages = [
        place.read(&people()).unwrap_err(),
        place.short(&LogSplits::open(place.path(), &people(), 1).err().unwrap().to_string()),
    ];
    for message in messages {
        let begins = message.starts_with("log/split-00000.log");
        assert!(begins && message.contains("earlier version") && message.contains("to a new log"), "{message}");
    }
}

/// Blocks that are larger than one request.
#[test]
fn large_records_and_many_blocks_are_read() {
    let (place, schema) = (Place::new(), record(&[("text", L::Text)]));
    let mut log = LogSplits::create(place.path(), &schema, 1).unwrap();
    let lengths = [3 << 20, 10, 1 << 20, (1 << 20) - 50, 5, 700_000, 700_000, 0, 2_500_000];
    let texts: Rows = lengths.iter().map(|&length| vec![text(&"x".repeat(length))]).collect();
    for row in &texts {
        append(&mut log, 0, row).unwrap();
        log.flush().unwrap();
    }
    assert!(place.read(&schema) == Ok(texts.clone()));
    let source = place.source(&schema, true).unwrap();
    let mut reader = reader(&source);
    let mut found = Rows::new();
    let (ready, position) = read_from(&source, &mut *reader, 0, &Position::default(), &mut found);
    let length = std::fs::metadata(place.split(0)).unwrap().len();
    assert_eq!((ready, offset(&position)), (ReadProgress::CaughtUp, length));
    assert!(found == texts);
}
