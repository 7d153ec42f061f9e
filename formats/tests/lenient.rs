//! Bad records that are skipped.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::io::Write;

use formats::{CsvOptions, JsonOptions, csv, json};
use proptest::prelude::*;
use runtime::error::Result;
use runtime::row::LeafType as L;
use runtime::source::{Lenient, ReaderContext, Source};
use support::{TestFile, each_batch, memory, message, record, scan_all};

/// Returns the numbers of the good records in a file, and its bad lines in order.
fn read(source: &dyn Source, bad: &str) -> Result<(Vec<u128>, Vec<String>)> {
    let rejects = source.as_table().unwrap().rejects().unwrap();
    rejects.prepare()?;
    let numbers = drive(source);
    rejects.finish(numbers.is_ok())?;
    let numbers = numbers?;
    let bad = std::fs::read(bad).unwrap();
    let lines: Vec<String> = String::from_utf8_lossy(&bad).lines().map(str::to_owned).collect();
    assert_eq!(rejects.count(), lines.len() as u64);
    Ok((numbers, lines))
}

fn drive(source: &dyn Source) -> Result<Vec<u128>> {
    let scan = scan_all(source);
    let (mut reader, mut numbers) = (source.reader(&scan, ReaderContext::on_this_thread(memory()))?, Vec::new());
    for split in source.splits(&scan)?.splits {
        reader.open(&split, None)?;
        each_batch(&mut *reader, |batch| numbers.extend((0..batch.rows()).map(|row| batch.leaf_bits(0, row))))?;
    }
    Ok(numbers)
}

fn bad(file: &TestFile) -> String {
    file.folder().join("bad.txt").display().to_string()
}

fn shown(lines: &[String], file: &TestFile) -> Vec<String> {
    lines.iter().map(|line| line.replace(&format!("{}/", file.folder().display()), "").replace('\t', " | ")).collect()
}

const CSV: &[u8] =
    b"n,text\n1,one\r\n2\n\n3,\"three\"\nx,four\n5,\"five\n6,six\"\n7,a\"b\n8,ei\xffght\n9,nine,\n,ten\r\n11,el";

#[test]
fn bad_csv_records_are_skipped_with_any_splits() {
    let file = TestFile::new("x.csv", CSV);
    let schema = record(&[("n", L::U32), ("text", L::Text)]);
    for split_bytes in 1..=CSV.len() as u64 {
        let options = CsvOptions::default().lenient(Lenient::to(bad(&file)));
        let source = csv(file.path(), &schema, options).unwrap().with_split_bytes(split_bytes);
        let (numbers, lines) = read(&source, &bad(&file)).unwrap();
        assert_eq!(numbers, [1, 3, 11], "splits of {split_bytes} bytes");
        let quote = "a quote stands in a field without quotes; quote the field and double the quote in it, or read without quotes (`quote: None`)";
        let newline = "a quoted field is not closed on its line; where fields hold newlines, read without `lenient`, which takes each line for a record";
        assert_eq!(
            shown(&lines, &file),
            [
                "x.csv:3 | expected 2 fields, found 1 | 2",
                "x.csv:6 | column `n`: expected u32, found `x` | x,four",
                &format!("x.csv:7 | {newline} | 5,\"five"),
                &format!("x.csv:8 | {quote} | 6,six\""),
                &format!("x.csv:9 | {quote} | 7,a\"b"),
                "x.csv:10 | expected UTF-8, found the byte 0xff at byte 5 of the line | 8,ei\u{fffd}ght",
                "x.csv:11 | expected 2 fields, found 3 | 9,nine,",
                "x.csv:12 | column `n`: expected u32, found an empty field; make the field an Option to read it as null | ,ten",
            ],
            "splits of {split_bytes} bytes"
        );
    }
}

const JSON: &[u8] = b"{\"n\":1,\"t\":\"one\"}\n{\"n\":2}\r\n\n{\"n\":3,\"t\":\"\\u0033\"}\n{\"n\":\"4\",\"t\":\"\"}\n{\"n\":5,\"t\":\"\xff\"}\n[6]\n{\"t\":\"a text of some length\",\"n\":7";

#[test]
fn bad_json_lines_are_skipped_with_any_splits() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(JSON).unwrap();
    let schema = record(&[("n", L::U32), ("t", L::Text)]);
    for (name, content) in [("x.json", JSON.to_vec()), ("x.json.gz", gz.finish().unwrap())] {
        let file = TestFile::new(name, content);
        for split_bytes in 1..=JSON.len() as u64 {
            let options = JsonOptions::default().lenient(Lenient::to(bad(&file)));
            let source = json(file.path(), &schema, options).unwrap().with_split_bytes(split_bytes);
            let (numbers, lines) = read(&source, &bad(&file)).unwrap();
            assert_eq!(numbers, [1, 3], "{name}, splits of {split_bytes} bytes");
            let lines = shown(&lines, &file).join("\n").replace(".gz", "");
            assert_eq!(
                lines.lines().collect::<Vec<_>>(),
                [
                    "x.json:2 | column `t`: expected String, found no such field; make it an Option if it may be absent | {\"n\":2}",
                    "x.json:5 | column `n`: expected u32, found `\"4\"` | {\"n\":\"4\",\"t\":\"\"}",
                    "x.json:6 | expected UTF-8, found the byte 0xff at byte 13 of the line | {\"n\":5,\"t\":\"\u{fffd}\"}",
                    "x.json:7 | expected Test as an object, found `[6]` | [6]",
                    "x.json:8 | expected `,` or `}`, found the end of the line at byte 35 of the line | {\"t\":\"a text of some length\",\"n\":7",
                ],
            );
        }
    }
}

#[test]
fn bad_elements_of_an_array_are_skipped() {
    let content = "[\n{\"n\":1,\"t\":\"one\"},\n\n{\"n\":\n\"2\",\"t\":\"\"}, 3,\n{\"n\":4,\"t\":\"\"}]";
    let file = TestFile::new("x.json", content);
    let schema = record(&[("n", L::U32), ("t", L::Text)]);
    let source = json(file.path(), &schema, JsonOptions::default().lenient(Lenient::to(bad(&file)))).unwrap();
    let (numbers, lines) = read(&source, &bad(&file)).unwrap();
    assert_eq!(numbers, [1, 4]);
    assert_eq!(
        shown(&lines, &file),
        [
            "x.json, record 2 | column `n`: expected u32, found `\"2\"` |   {\"n\": \"2\",\"t\":\"\"}",
            "x.json, record 3 | expected Test as an object, found `3` |  3",
        ]
    );
}

#[test]
fn exceeding_the_limit_ends_the_job_with_the_place() {
    let file = TestFile::new("x.csv", "n\n1\nb\n2\nc\nd\n");
    let schema = record(&[("n", L::U32)]);
    let source = |at_most| {
        let options = CsvOptions::default().lenient(Lenient::to(bad(&file)).at_most(at_most));
        csv(file.path(), &schema, options).unwrap()
    };
    assert_eq!(read(&source(3), &bad(&file)).unwrap().0, [1, 2]);
    std::fs::write(bad(&file), "from before").unwrap();
    assert_eq!(
        message(read(&source(2), &bad(&file)), &file),
        "x.csv:6: column `n`: expected u32, found `d`; it is one bad record more than may be left out, which is 2 records at most"
    );
    assert_eq!(std::fs::read_to_string(bad(&file)).unwrap(), "from before");
    assert_eq!(std::fs::read_dir(file.folder()).unwrap().count(), 2, "a temporary file was left behind");
}

#[test]
fn conflicting_options_are_refused() {
    let file = TestFile::new("x.csv", "n\n");
    let schema = record(&[("n", L::U32)]);
    let lenient = CsvOptions { lenient: Some(Lenient::to("bad.txt")), ..CsvOptions::default() };
    assert_eq!(
        message(csv(file.path(), &schema, lenient), &file),
        "CSV cannot be read leniently with `multiline: true`: where a quote is missing, nobody knows where records begin; call `lenient` last, which sets it to false, or read without it where fields hold newlines"
    );
    let folder = file.folder().display().to_string();
    let source = csv(file.path(), &schema, CsvOptions::default().lenient(Lenient::to(&folder))).unwrap();
    let error = source.as_table().unwrap().rejects().unwrap().prepare().unwrap_err().to_string();
    assert_eq!(error, format!("cannot write bad records to {folder}: it is a folder; name a file"));
    let below = format!("{}/bad.txt", file.path());
    let source = csv(file.path(), &schema, CsvOptions::default().lenient(Lenient::to(below))).unwrap();
    let error = message(source.as_table().unwrap().rejects().unwrap().prepare(), &file);
    assert!(error.starts_with("cannot create x.csv/bad.txt: "), "{error}");
}

#[test]
fn many_bad_records_take_linear_time() {
    // Every other record is bad: by a field, by its number of fields, or by its bytes.
    let line = |row: usize| match row % 6 {
        1 => format!("x{row},text\n").into_bytes(),
        3 => format!("{row}\n").into_bytes(),
        5 => [format!("{row},").as_bytes(), b"\xff\n"].concat(),
        _ => format!("{row},text\n").into_bytes(),
    };
    let content: Vec<u8> = std::iter::once(b"n,text\n".to_vec()).chain((0..60_000).map(line)).flatten().collect();
    let file = TestFile::new("x.csv", content);
    let options = CsvOptions::default().lenient(Lenient::to(bad(&file)));
    let source = csv(file.path(), &record(&[("n", L::U32), ("text", L::Text)]), options).unwrap();
    let (numbers, lines) = read(&source, &bad(&file)).unwrap();
    assert!(numbers.into_iter().eq((0..60_000).step_by(2)));
    assert_eq!(lines.len(), 30_000);
    for (index, line) in lines.iter().enumerate() {
        assert!(line.contains(&format!("x.csv:{}\t", 2 * index + 3)), "{index}: {line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]
    #[test]
    fn lenient_reading_is_strict_reading_of_the_good_lines(
        lines in proptest::collection::vec(prop_oneof!["[0-9]{1,3},[a-z]{0,14}", "[0-9x\",]{0,6}"], 0..30),
        split in 1..200_u64,
    ) {
        let schema = record(&[("n", L::U32), ("t?", L::Text)]);
        let strict = |line: &str| {
            let file = TestFile::new("x.csv", line);
            let options = CsvOptions { header: false, multiline: false, ..CsvOptions::default() };
            let source = csv(file.path(), &schema, options)?;
            let scan = scan_all(&source);
            let (mut reader, mut numbers) = (source.reader(&scan, ReaderContext::on_this_thread(memory()))?, Vec::new());
            for split in source.splits(&scan)?.splits {
                reader.open(&split, None)?;
                each_batch(&mut *reader, |batch| numbers.extend((0..batch.rows()).map(|row| batch.leaf_bits(0, row))))?;
            }
            Ok::<_, runtime::error::Error>(numbers)
        };
        // The header fixes the number of fields at two. Without it, the first line would determine
        // the number.
        let expected: Vec<_> = lines.iter().map(|line| strict(&format!("0,first\n{line}\n"))).collect();
        let file = TestFile::new("x.csv", format!("0,first\n{}", lines.iter().map(|line| format!("{line}\n")).collect::<String>()));
        let options = CsvOptions { header: false, ..CsvOptions::default() }.lenient(Lenient::to(bad(&file)));
        let source = csv(file.path(), &schema, options).unwrap().with_split_bytes(split);
        let (numbers, rejected) = read(&source, &bad(&file)).unwrap();
        let good: Vec<u128> = expected.iter().flatten().flat_map(|numbers| &numbers[1..]).copied().collect();
        prop_assert_eq!(&numbers[1..], &good[..]);
        prop_assert_eq!(rejected.len(), expected.iter().filter(|line| line.is_err()).count());
    }
}
