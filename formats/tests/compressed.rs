//! Compressed files of line-based formats.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use formats::{CsvFormat, CsvOptions, TextSource, compressed_by_name, csv, text};
use proptest::prelude::*;
use runtime::memory::{Budget, Memory};
use runtime::row::LeafType as L;
use runtime::source::{Ready, Source};
use support::values::{everything, rows};
use support::{TestFile, drive, drive_splits, encode, memory, message, record, scan_all, texts};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 3).unwrap()
}

/// A compressor, and the ending of names that goes with it.
type Way = (&'static str, fn(&[u8]) -> Vec<u8>);

const WAYS: [Way; 2] = [("x.txt.gz", gzip), ("x.txt.zst", zstd)];

fn source(file: &TestFile) -> TextSource {
    text(file.path()).unwrap()
}

#[test]
fn all_members_and_frames_of_a_file_are_read() {
    for (name, compress) in WAYS {
        let parts = ["one\ntw", "", "o\n", "three"].map(|part| compress(part.as_bytes()));
        let file = TestFile::new(name, parts.concat());
        assert_eq!(texts(&drive(&source(&file)).unwrap()), ["one", "two", "three"], "{name}");
    }
}

#[test]
fn data_larger_than_chunks_is_read_within_reserved_memory() {
    // A line that compresses a thousandfold, lines that span chunks, and more bytes than all
    // buffers hold.
    let long = "x".repeat(3 << 20);
    let lines: Vec<String> = (0..600_000).map(|line| format!("line {line} äöü")).collect();
    let expected: Vec<&str> = std::iter::once(long.as_str()).chain(lines.iter().map(String::as_str)).collect();
    for (name, compress) in WAYS {
        let file = TestFile::new(name, compress(expected.join("\n").as_bytes()));
        let source = source(&file);
        let splits = source.splits(&scan_all(&source)).unwrap().splits;
        assert_eq!(splits.len(), 1);
        let budget = Budget::new(1 << 30);
        let memory = Memory::new(budget.clone(), "test");
        let found = texts(&drive_splits(&source, &scan_all(&source), &splits, &memory).unwrap());
        assert!(found == expected, "{name}");
        assert!(budget.peak_bytes() < 32 << 20, "{name}: {}", budget.peak_bytes());
        assert_eq!(budget.used_bytes(), 0);
    }
}

#[test]
fn truncated_files_are_errors_except_between_members() {
    for (name, compress) in WAYS {
        let file = TestFile::new(name, [compress(b"a\nb"), compress(b"c\n")].concat());
        let bytes = std::fs::read(file.path()).unwrap();
        // The error of a truncated file states the offset.
        for length in 0..bytes.len() {
            let cut = TestFile::new(name, &bytes[..length]);
            let at_a_joint = length == compress(b"a\nb").len();
            let found = drive(&text(cut.path()).unwrap());
            assert_eq!(found.is_ok(), at_a_joint, "{name} cut to {length} bytes");
            if !at_a_joint {
                let found = message(found, &cut);
                assert!(found.starts_with(&format!("{name}, byte ")), "{found}");
                assert!(found.contains("the file ends within"), "{found}");
            }
        }
    }
}

#[test]
fn damaged_bytes_are_errors_with_their_offset() {
    let content: String = (0..2000).map(|line| format!("{line},{}\n", line * line % 977)).collect();
    let format = compressed_by_name(Arc::new(CsvFormat::default()), "x.zst");
    assert_eq!((format.name(), format.extension().as_str()), ("csv", "csv.zst"));
    // The crate's compressor writes checksums.
    let with_checksum = |bytes: &[u8]| {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    for (name, bytes) in [("x.txt.gz", gzip(content.as_bytes())), ("x.txt.zst", with_checksum(content.as_bytes()))] {
        for at in (20..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            let file = TestFile::new(name, damaged);
            let found = message(drive(&source(&file)), &file);
            assert!(found.starts_with(&format!("{name}, byte ")), "{at}: {found}");
        }
    }
}

#[test]
fn names_that_state_the_wrong_compression_are_errors() {
    for (name, expected) in [
        ("x.gz", "x.gz, byte 0: expected a gzip file, as its name says, found something else (invalid gzip header)"),
        (
            "x.zst",
            "x.zst, byte 0: expected a Zstandard file, as its name says, found something else (Unknown frame descriptor)",
        ),
    ] {
        let file = TestFile::new(name, "just lines\nof text, longer than any header\n");
        assert_eq!(message(drive(&source(&file)), &file), expected);
    }
}

#[test]
fn a_window_beyond_the_reserved_memory_is_refused() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all("line\n".repeat(1 << 16).as_bytes()).unwrap();
    let file = TestFile::new("x.zst", encoder.finish().unwrap());
    let found = message(drive(&source(&file)), &file);
    assert!(found.contains("too much memory"), "{found}");
}

#[test]
fn messages_have_places_in_the_decompressed_text() {
    for (name, compress) in [("x.csv.gz", gzip as fn(&[u8]) -> Vec<u8>), ("x.csv.zst", zstd)] {
        let mut content = "id,n\n".to_owned();
        (0..300_000).for_each(|id| content.push_str(&format!("{id},7\n")));
        let file = TestFile::new(name, compress((content + "seven,7\n").as_bytes()));
        let source = csv(file.path(), &record(&[("id", L::U32), ("n", L::U8)]), CsvOptions::default()).unwrap();
        assert_eq!(message(drive(&source), &file), format!("{name}:300002: column `id`: expected u32, found `seven`"));
        let file = TestFile::new(name, compress(b"a\nb\nc\xff\n"));
        assert_eq!(
            message(drive(&text(file.path()).unwrap()), &file),
            format!(
                "{name}:3: expected UTF-8, found the byte 0xff at byte 5 of what the file holds; convert it to UTF-8"
            )
        );
    }
}

#[test]
fn files_with_at_most_a_header_have_no_records() {
    let schema = record(&[("id", L::U32)]);
    for content in ["", "id\n", "id"] {
        let file = TestFile::new("x.csv.gz", gzip(content.as_bytes()));
        assert_eq!(drive(&csv(file.path(), &schema, CsvOptions::default()).unwrap()).unwrap().len(), 0);
    }
}

#[test]
fn readers_request_at_most_two_chunks_ahead() {
    let content: String =
        (0..400_000).map(|line: u64| format!("{}\n", line.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    let file = TestFile::new("x.gz", gzip(content.as_bytes()));
    let source = source(&file);
    let scan = scan_all(&source);
    let mut reader = runtime::source::RangeSource::range_reader(&source, &scan, &memory()).unwrap();
    reader.open(&source.splits(&scan).unwrap().splits[0], None).unwrap();
    let (mut given, mut rows) = (0, 0);
    loop {
        // A greedy executor supplies all requests before it takes a batch.
        while let Some(request) = reader.wants() {
            let bytes = request.read(&memory()).unwrap();
            given += bytes.iter().map(Bytes::len).sum::<usize>();
            reader.supply(bytes).unwrap();
        }
        match reader.advance().unwrap() {
            Ready::Batch => rows += reader.batch().unwrap().rows(),
            Ready::Starved => {}
            Ready::End | Ready::CaughtUp => break,
        }
        assert!(given < (3 << 20) + rows * 16, "{given} bytes asked for after {rows} rows");
    }
    assert_eq!(rows, 400_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn compressed_csv_is_read_as_it_was_written(rows in rows(&everything(), 0..40), zstd: bool) {
        let name = if zstd { "x.csv.zst" } else { "x.csv.gz" };
        let format = compressed_by_name(Arc::new(CsvFormat::default()), name);
        let file = TestFile::new(name, encode(&*format, &everything(), &rows).unwrap());
        let source = csv(file.path(), &everything(), CsvOptions::default()).unwrap();
        prop_assert_eq!(drive(&source).unwrap(), rows);
    }
}
