//! Text files of other programs: encodings, line ends, and headers without rows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use formats::{CsvOptions, JsonOptions};
use runtime::error::Result;
use runtime::row::LeafType as L;
use runtime::source::{Lenient, Source};
use support::{Rows, TestFile, drive, message, record};

fn read<S: Source>(file: &TestFile, source: Result<S>) -> Result<Rows, String> {
    source.and_then(|source| drive(&source)).map_err(|error| message::<()>(Err(error), file))
}

fn csv(content: impl AsRef<[u8]>, options: CsvOptions) -> Result<Rows, String> {
    let file = TestFile::new("x.csv", content);
    read(&file, formats::csv(file.path(), &record(&[("id", L::U64), ("qty", L::U32)]), options))
}

#[test]
fn headers_without_rows_are_checked() {
    for content in ["id,amount", "id,amount\n", "id,amount\r\n", "\u{feff}id,amount\n"] {
        let error = csv(content, CsvOptions::default()).unwrap_err();
        assert!(error.starts_with("x.csv: there is no column `qty` (u32) in the header; "), "{error}");
    }
    for content in ["", "\n", "id,qty", "qty,id,more\n", "\u{feff}"] {
        assert_eq!(csv(content, CsvOptions::default()), Ok(Vec::new()), "{content:?}");
    }
    let file = TestFile::new("x.csv", "one\n");
    let pair = runtime::row::SchemaBuilder::build(|b| {
        let fields = vec![b.field("0", |b| b.leaf(L::U64)), b.field("1", |b| b.leaf(L::U64))];
        runtime::row::Shape::Record { name: "", fields }
    });
    let error = read(&file, formats::csv(file.path(), &pair, CsvOptions::default())).unwrap_err();
    assert_eq!(error, "x.csv: expected 2 columns for (u64, u64), found 1");
}

#[test]
fn files_with_return_line_ends_are_not_empty() {
    let without = CsvOptions { header: false, ..CsvOptions::default() };
    for (content, options) in
        [("id,qty\r1,2\r3,4\r", CsvOptions::default()), ("id,qty\r1,2", CsvOptions::default()), ("1,2\r3,4", without)]
    {
        let error = csv(content, options).unwrap_err();
        assert!(error.starts_with("x.csv:1: the file is a single line, and within it stands `\\r`"), "{error}");
        assert!(error.contains("tr '\\r' '\\n' < "), "{error}");
    }
    assert_eq!(csv("id,qty\r", CsvOptions::default()), Ok(Vec::new()));
    assert_eq!(csv("id,qty,\"a\rb\"", CsvOptions::default()), Ok(Vec::new()));
}

#[test]
fn utf_16_is_detected() {
    let little: Vec<u8> = "id,qty\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = "id,qty\n1,2\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let schema = record(&[("id", L::U64), ("qty", L::U32)]);
    for (mark, content, found) in [
        (
            &[0xff, 0xfe][..],
            &little,
            "UTF-16 (it begins with the bytes 0xff 0xfe); convert it: iconv -f UTF-16 -t UTF-8 ",
        ),
        (&[0xfe, 0xff], &big, "UTF-16 (it begins with the bytes 0xfe 0xff); convert it: iconv -f UTF-16 -t UTF-8 "),
        (&[], &little, "UTF-16LE (every second byte is zero); convert it: iconv -f UTF-16LE -t UTF-8 "),
        (&[], &big, "UTF-16BE (every second byte is zero); convert it: iconv -f UTF-16BE -t UTF-8 "),
    ] {
        let file = TestFile::new("x.csv", [mark, content].concat());
        let errors = [
            read(&file, formats::csv(file.path(), &schema, CsvOptions::default())),
            read(&file, formats::json(file.path(), &schema, JsonOptions::default())),
            read(&file, formats::text(file.path())),
        ];
        for error in errors.map(Result::unwrap_err) {
            let error = error.replace("read it with the option `encoding: TextEncoding::Utf16`, or ", "");
            assert!(error.contains(&format!("expected UTF-8, found {found}")), "{error}");
        }
    }
    let zeros = TestFile::new("x.txt", [b'a', 0]);
    assert_eq!(read(&zeros, formats::text(zeros.path())).unwrap().len(), 1);
}

#[test]
fn binary_formats_are_detected_by_their_first_bytes() {
    let schema = record(&[("id", L::U64), ("qty", L::U32)]);
    for (beginning, found) in [
        (&b"BZh91AY&SY\xa5\x1b"[..], "bzip2, by its first bytes; decompress it before it is read"),
        (b"\x1f\x8b\x08\0\0\0", "gzip, by its first bytes; name it with `.gz` at its end"),
        (b"\x28\xb5\x2f\xfd\0", "Zstandard, by its first bytes; name it with `.zst` at its end"),
        (b"\xfd7zXZ\0\0", "xz, by its first bytes; decompress it"),
        (b"PAR1\x15\x04\n", "Parquet, by its first bytes; read it with `read_parquet`"),
        (
            b"PK\x03\x04\x14\0",
            "a zip archive (of which an Excel workbook is one), by its first bytes; take the file out of it",
        ),
        (b"SQLite format 3\0", "an SQLite database, by its first bytes; write it as CSV"),
    ] {
        let file = TestFile::new("x.csv", beginning);
        let errors = [
            read(&file, formats::csv(file.path(), &schema, CsvOptions::default())),
            read(&file, formats::json(file.path(), &schema, JsonOptions::default())),
            read(&file, formats::text(file.path())),
        ];
        for error in errors.map(Result::unwrap_err) {
            let error = error.replace("read it with the option `encoding: TextEncoding::Utf16`, or ", "");
            assert!(error.contains(&format!("expected UTF-8, found {found}")), "{error}");
        }
    }
    let text = TestFile::new("x.txt", "BZh9 is how a bzip2 file begins\nPAR1 a Parquet file\n");
    assert_eq!(read(&text, formats::text(text.path())).unwrap().len(), 2);
}

#[test]
fn lenient_reading_gets_advice_that_it_allows() {
    let content = "id,qty\n1,\"2\n\"\n";
    let error = csv(content, CsvOptions { multiline: false, ..CsvOptions::default() }).unwrap_err();
    assert!(error.contains("read with `multiline: true`"), "{error}");
    let bad = TestFile::new("bad.txt", "");
    let file = TestFile::new("x.csv", content);
    let options = CsvOptions::default().lenient(Lenient::to(bad.path()).at_most(0));
    let error =
        read(&file, formats::csv(file.path(), &record(&[("id", L::U64), ("qty", L::U32)]), options)).unwrap_err();
    assert!(error.contains("read without `lenient`") && !error.contains("multiline: true"), "{error}");
    let options = CsvOptions { multiline: true, ..CsvOptions::default().lenient(Lenient::to(bad.path())) };
    assert!(csv(content, options).unwrap_err().contains("call `lenient` last"));
}
