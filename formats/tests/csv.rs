//! CSV files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use formats::{CsvFormat, CsvOptions, TextFormat, csv};
use proptest::prelude::*;
use runtime::error::Result;
use runtime::row::{Datum, LeafType as L, Schema, SchemaBuilder, Shape};
use runtime::source::TableSource as _;
use runtime::source::{Format, Scan, Source};
use support::values::{everything, rows};
use support::{Rows, TestFile, drive, drive_scan, encode, memory, message, record, scan_all, text};

fn read_with(content: &str, schema: &Schema, options: CsvOptions) -> Result<Rows, String> {
    let file = TestFile::new("x.csv", content);
    let read = csv(file.path(), schema, options).and_then(|source| drive(&source));
    match read {
        Ok(rows) => Ok(rows),
        Err(error) => Err(message::<()>(Err(error), &file)),
    }
}

fn read(content: &str, schema: &Schema) -> Result<Rows, String> {
    read_with(content, schema, CsvOptions::default())
}

fn fixed(value: i64) -> Datum {
    Datum::Fixed(u128::from(value as u64))
}

/// Returns the fields of each row as text.
fn shown(rows: &Rows) -> Vec<String> {
    let field = |datum: &Datum| String::from_utf8_lossy(datum.bytes()).into_owned();
    rows.iter().map(|row| row.iter().map(field).collect::<Vec<_>>().join("|")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn every_type_is_read_as_it_was_written(rows in rows(&everything(), 0..20), header: bool, semicolon: bool, split in 1..3000_u64) {
        let delimiter = if semicolon { b';' } else { b',' };
        let file = TestFile::new("x.csv", encode(&CsvFormat { header, delimiter, ..CsvFormat::default() }, &everything(), &rows).unwrap());
        let options = CsvOptions { header, delimiter, ..CsvOptions::default() };
        let source = csv(file.path(), &everything(), options).unwrap().with_split_bytes(split);
        prop_assert_eq!(drive(&source).unwrap(), rows);
    }

    #[test]
    fn one_column_is_read_as_it_was_written(rows in rows(&record(&[("x?", L::Text)]), 0..20)) {
        let schema = record(&[("x?", L::Text)]);
        let file = TestFile::new("x.csv", encode(&CsvFormat::default(), &schema, &rows).unwrap());
        prop_assert_eq!(drive(&csv(file.path(), &schema, CsvOptions::default()).unwrap()).unwrap(), rows);
    }
}

#[test]
fn splits_at_every_byte_give_the_same_records() {
    let content =
        "a,b\r\nplain,row\n\"quoted, with\nnewlines\n\",\"and \"\"quotes\"\"\"\n\"\"\"\",y\r\n\n,\n\"\n\",x\nlast,one";
    let schema = record(&[("a", L::Text), ("b", L::Text)]);
    let expected = ["plain|row", "quoted, with\nnewlines\n|and \"quotes\"", "\"|y", "|", "\n|x", "last|one"]
        .map(str::to_owned)
        .to_vec();
    let file = TestFile::new("x.csv", content);
    for split_bytes in 1..=content.len() as u64 {
        let source = csv(file.path(), &schema, CsvOptions::default()).unwrap().with_split_bytes(split_bytes);
        assert_eq!(shown(&drive(&source).unwrap()), expected, "splits of {split_bytes} bytes");
        let total: u64 = source.splits(&scan_all(&source)).unwrap().splits.iter().map(|split| split.bytes).sum();
        assert_eq!(source.statistics(&Scan::default()).bytes, total);
    }
    // Cut at any byte, each part yields records or an error.
    for end in 0..content.len() {
        let _ = read(&content[..end], &schema);
    }
}

#[test]
fn without_multiline_newlines_in_fields_are_errors() {
    let content = "a,b\n1,2\n\"x\ny\",3\n4,5\n";
    let schema = record(&[("a", L::Text), ("b", L::Text)]);
    let options = CsvOptions { multiline: false, ..CsvOptions::default() };
    let file = TestFile::new("x.csv", content);
    for split_bytes in 1..=content.len() as u64 {
        let source = csv(file.path(), &schema, options.clone()).unwrap().with_split_bytes(split_bytes);
        assert!(drive(&source).is_err(), "splits of {split_bytes} bytes");
    }
    assert_eq!(
        read_with(content, &schema, options).unwrap_err(),
        "x.csv:3: a quoted field is not closed on its line; where fields hold newlines, read with `multiline: true`"
    );
}

#[test]
fn columns_are_found_by_name_in_any_order() {
    let schema = record(&[("b", L::I32), ("a?", L::Text)]);
    let content = "\u{feff}x,a,\"b\"\n1,,2\n3,\"\",4\n5,NA,6\n";
    let row = |b: i64, valid: i64, a: &str| vec![fixed(b), fixed(valid), text(a)];
    assert_eq!(read(content, &schema).unwrap(), [row(2, 0, ""), row(4, 1, ""), row(6, 1, "NA")]);
    let options = CsvOptions { null: "NA".into(), ..CsvOptions::default() };
    assert_eq!(read_with(content, &schema, options).unwrap(), [row(2, 1, ""), row(4, 1, ""), row(6, 0, "")]);
    let tuple = SchemaBuilder::build(|builder| Shape::Record {
        name: "",
        fields: vec![
            builder.field("0", |builder| builder.leaf(L::U8)),
            builder.field("1", |builder| builder.leaf(L::Text)),
        ],
    });
    assert_eq!(shown(&read("x,a,b\n1,p,2\n", &tuple).unwrap()), ["|p"]);
    let without = CsvOptions { header: false, ..CsvOptions::default() };
    assert_eq!(read_with("1,p,2\n", &tuple, without).unwrap(), [[fixed(1), text("p")]]);
    let nested = SchemaBuilder::build(|builder| Shape::Record {
        name: "Person",
        fields: vec![builder.field("home", |builder| {
            builder.optional(|builder| Shape::Record {
                name: "Home",
                fields: vec![
                    builder.field("zip", |builder| builder.leaf(L::U32)),
                    builder.field("city", |builder| builder.leaf(L::Text)),
                ],
            })
        })],
    });
    let homes = "home.city,home.zip\nUlm,7\n,\n,8\n";
    let home = |valid: i64, zip: i64, city: &str| vec![fixed(valid), fixed(zip), text(city)];
    assert_eq!(read(homes, &nested).unwrap(), [home(1, 7, "Ulm"), home(0, 0, ""), home(1, 8, "")]);
}

#[test]
fn only_live_columns_are_parsed() {
    let schema = record(&[("a", L::I32), ("b?", L::Text), ("missing", L::I32)]);
    let file = TestFile::new("x.csv", "a,b\nno number,1\n2,\n");
    let source = csv(file.path(), &schema, CsvOptions::default()).unwrap();
    let scan = |leaves: &[usize]| Scan { live: leaves.iter().copied().collect(), bounds: Vec::new() };
    let texts = drive_scan(&source, &scan(&[1, 2])).unwrap();
    assert_eq!(
        texts.iter().map(|row| (row[1].bits(), row[2].clone())).collect::<Vec<_>>(),
        [(1, text("1")), (0, text(""))]
    );
    let valid = drive_scan(&source, &scan(&[1])).unwrap();
    assert_eq!(valid.iter().map(|row| row[1].bits()).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(drive_scan(&source, &scan(&[])).unwrap().len(), 2);
    assert!(drive_scan(&source, &scan(&[0])).is_err());
}

#[test]
fn files_with_at_most_a_header_have_no_records() {
    let schema = record(&[("a", L::I32), ("b", L::I32)]);
    for content in ["", "a,b", "a,b\n", "a,b\r\n\r\n\n"] {
        assert_eq!(read(content, &schema), Ok(Vec::new()), "{content:?}");
    }
    let one = record(&[("a", L::Text)]);
    assert_eq!(shown(&read("a\nx\n\n\"y\"\n", &one).unwrap()), ["x", "", "y"]);
}

#[test]
fn unreadable_fields_are_errors_with_line_column_and_types() {
    let schema = record(&[("id", L::U64), ("qty", L::U32), ("day", L::Date), ("cost", L::Decimal(2))]);
    let error = |content: &str| read(&format!("id,qty,day,cost\n1,2,2024-02-29,1.5\n{content}"), &schema).unwrap_err();
    assert_eq!(error("1,abc,2024-01-01,1\n"), "x.csv:3: column `qty`: expected u32, found `abc`");
    assert_eq!(error("1,-1,2024-01-01,1\n"), "x.csv:3: column `qty`: expected u32, found `-1`");
    assert_eq!(error("\n\n1,4294967296,2024-01-01,1\n"), "x.csv:5: column `qty`: expected u32, found `4294967296`");
    assert_eq!(
        error("1,,2024-01-01,1\n"),
        "x.csv:3: column `qty`: expected u32, found an empty field; make the field an Option to read it as null"
    );
    assert_eq!(
        error("1,2,2023-02-29,1\n"),
        "x.csv:3: column `day`: expected Date (a day like 2024-02-29), found `2023-02-29`"
    );
    assert_eq!(
        error("1,2,2024-01-01,1.234\n"),
        "x.csv:3: column `cost`: expected Decimal<2> (at most 2 digits after the point, of 18 in all), found `1.234`"
    );
    assert_eq!(error("1,2\n"), "x.csv:3: expected 4 fields, found 2");
    assert_eq!(error("1,2,2024-01-01,1,5\n"), "x.csv:3: expected 4 fields, found 5");
    assert_eq!(error("1,\"2,2024-01-01,1\n"), "x.csv:3: a quoted field is not closed");
    assert_eq!(
        error("1,2\",2024-01-01,1\n"),
        "x.csv:3: a quote stands in a field without quotes; quote the field and double the quote in it, or read without quotes \
         (`quote: None`)"
    );
    assert_eq!(
        error("1,\"2\"x,2024-01-01,1\n"),
        "x.csv:3: text stands behind the closing quote of a field; a quote within a quoted field is written twice"
    );
    let file = TestFile::new("x.csv", b"a\nok\n\xff\n");
    let text_only = record(&[("a", L::Text)]);
    let error = message(drive(&csv(file.path(), &text_only, CsvOptions::default()).unwrap()), &file);
    assert_eq!(
        error,
        "x.csv:3: expected UTF-8, found the byte 0xff at byte 5 of the file; convert it to UTF-8, or read it with the option `encoding`"
    );
}

#[test]
fn missing_columns_are_errors_with_the_existing_names() {
    let schema = record(&[("quantity", L::U32)]);
    assert_eq!(
        read("id,l_quantity\n1,2\n", &schema).unwrap_err(),
        "x.csv: there is no column `quantity` (u32) in the header; did you mean `l_quantity`?"
    );
    assert_eq!(
        read("a;b\n1;2\n", &schema).unwrap_err(),
        "x.csv: there is no column `quantity` (u32) in the header; the columns are `a;b`"
    );
    assert_eq!(
        read("quantity,quantity\n1,2\n", &schema).unwrap_err(),
        "x.csv: the column `quantity` stands twice in the header; rename one"
    );
    let two = record(&[("a", L::U32), ("b", L::U32)]);
    let without = CsvOptions { header: false, ..CsvOptions::default() };
    assert_eq!(
        read_with("1\n", &two, without).unwrap_err(),
        "x.csv: expected 2 columns for Test { a: u32, b: u32 }, found 1"
    );
    let list = record(&[("ids", L::List(runtime::row::Element::U32))]);
    assert_eq!(
        read("ids\n", &list).unwrap_err(),
        "cannot read CSV: the field `ids` is a list (Vec<u32>), which CSV cannot hold; use JSON, Parquet or the native format"
    );
    let wrong = CsvOptions { delimiter: b'1', ..CsvOptions::default() };
    assert!(
        read_with("a\n", &two, wrong).unwrap_err().starts_with("CSV cannot have the delimiter `1`: it must be a mark")
    );
    let wrong = CsvOptions { quote: Some(b','), ..CsvOptions::default() };
    assert!(read_with("a\n", &two, wrong).unwrap_err().starts_with("CSV cannot be read with the quote `,`"));
}

#[test]
fn records_span_batches_chunks_and_splits() {
    let schema = record(&[("id", L::U64), ("name", L::Text), ("ratio", L::F64)]);
    let row = |id: i64| {
        vec![fixed(id), text(&format!("name, with a comma {id}")), Datum::Fixed((id as f64 / 3.0).to_bits().into())]
    };
    let rows: Rows = (0..150_000).map(row).collect();
    let file = TestFile::new("x.csv", encode(&CsvFormat::default(), &schema, &rows).unwrap());
    let source = csv(file.path(), &schema, CsvOptions::default()).unwrap();
    assert!(source.splits(&scan_all(&source)).unwrap().splits.len() > 3);
    assert!((source.statistics(&Scan::default()).rows.unwrap() / 150_000.0 - 1.0).abs() < 0.3);
    assert_eq!(drive(&source).unwrap(), rows);
    let one = csv(file.path(), &schema, CsvOptions::default()).unwrap().with_split_bytes(u64::MAX / 2);
    assert_eq!(one.splits(&scan_all(&one)).unwrap().splits.len(), 1);
    assert_eq!(drive(&one).unwrap(), rows);
}

#[test]
fn damaged_bytes_never_cause_a_panic() {
    let schema = record(&[("a", L::I64), ("b?", L::Text), ("c", L::F64), ("d", L::Char)]);
    let content = "a,b,c,d\n1,\"x\n\"\"y\",2.5,z\r\n-7,,1e9,ä\n\n3,plain,NaN,\",\"\n";
    for at in 0..content.len() {
        for byte in [0, b'"', b',', b'\n', b'\r', b'9', 0xff] {
            let mut damaged = content.as_bytes().to_vec();
            damaged[at] = byte;
            let file = TestFile::new("x.csv", damaged);
            for split_bytes in [1, 1000] {
                let source = csv(file.path(), &schema, CsvOptions::default());
                let _ = source.and_then(|source| drive(&source.with_split_bytes(split_bytes)));
            }
        }
    }
}

#[test]
fn text_files_are_written_from_records_of_one_value() {
    let one = SchemaBuilder::build(|builder| builder.leaf(L::Decimal(2)));
    assert_eq!(encode(&TextFormat, &one, &vec![vec![fixed(-150)], vec![fixed(5)]]).unwrap(), b"-1.50\n0.05\n");
    let refused = TextFormat.encoder(&record(&[("a", L::U8), ("b", L::U8)]), &memory()).err().unwrap().to_string();
    assert_eq!(
        refused,
        "a text file holds one value a line, and the record is Test { a: u8, b: u8 }; write it as CSV or Parquet, or map it to a String"
    );
}

#[test]
fn fields_are_quoted_only_if_needed() {
    let schema = record(&[("a", L::Text), ("b?", L::Text), ("c", L::F64)]);
    let row =
        |a: &str, valid: i64, b: &str, c: f64| vec![text(a), fixed(valid), text(b), Datum::Fixed(c.to_bits().into())];
    let rows = vec![
        row("plain", 0, "", 0.1),
        row("", 1, "", -0.0),
        row("x,y", 1, "say \"hi\"", 1e300),
        row("a\rb", 1, "c\nd", 1e15),
    ];
    let bytes = encode(&CsvFormat::default(), &schema, &rows).unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "a,b,c\nplain,,0.1\n,\"\",-0.0\n\"x,y\",\"say \"\"hi\"\"\",1e300\n\"a\rb\",\"c\nd\",1000000000000000\n"
    );
}

/// A reader drops a byte-order mark from the first field of a file.
#[test]
fn first_fields_with_a_byte_order_mark_are_quoted() {
    let schema = record(&[("\u{feff}a", L::Text), ("b", L::Text)]);
    let rows = vec![vec![text("\u{feff}x"), text("\u{feff}y")]];
    let bytes = encode(&CsvFormat::default(), &schema, &rows).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), "\"\u{feff}a\",b\n\"\u{feff}x\",\u{feff}y\n");
}
