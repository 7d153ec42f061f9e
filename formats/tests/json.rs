//! JSON lines.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::collections::BTreeMap;

use formats::{CsvFormat, JsonFormat, JsonOptions, json};
use proptest::prelude::*;
use runtime::memory::{Budget, Memory};
use runtime::row::{Datum, Element, LeafType as L, Schema, SchemaBuilder, Shape};
use runtime::source::TableSource as _;
use runtime::source::{Format, Ready, Scan, Source};
use serde_json::value::RawValue;
use support::values::{everything, rows};
use support::{Rows, TestFile, drive, drive_scan, encode, memory, message, record, scan_all, text};

fn read(content: impl AsRef<[u8]>, schema: &Schema) -> Result<Rows, String> {
    let file = TestFile::new("x.json", content);
    match json(file.path(), schema, JsonOptions::default()).and_then(|source| drive(&source)) {
        Ok(rows) => Ok(rows),
        Err(error) => Err(message::<()>(Err(error), &file)),
    }
}

fn fixed(value: i64) -> Datum {
    Datum::Fixed(u128::from(value as u64))
}

fn scan(leaves: &[usize]) -> Scan {
    Scan { live: leaves.iter().copied().collect(), bounds: Vec::new() }
}

/// `Person { name: String, home: Option<Home { zip: u32, city: String }>, pair: (u8, bool) }`
fn person() -> Schema {
    SchemaBuilder::build(|builder| Shape::Record {
        name: "Person",
        fields: vec![
            builder.field("name", |builder| builder.leaf(L::Text)),
            builder.field("home", |builder| {
                builder.optional(|builder| Shape::Record {
                    name: "Home",
                    fields: vec![
                        builder.field("zip", |builder| builder.leaf(L::U32)),
                        builder.field("city", |builder| builder.leaf(L::Text)),
                    ],
                })
            }),
            builder.field("pair", |builder| Shape::Record {
                name: "",
                fields: vec![
                    builder.field("0", |builder| builder.leaf(L::U8)),
                    builder.field("1", |builder| builder.leaf(L::Bool)),
                ],
            }),
        ],
    })
}

/// Parses and rewrites lines with `serde_json`, as another program would.
fn through_serde(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        // The map sorts the fields by name, so their order changes. `RawValue` keeps the text of
        // valid JSON values.
        let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(line).unwrap();
        serde_json::to_writer(&mut out, &fields).unwrap();
        out.push(b'\n');
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn every_type_is_read_as_it_was_written(rows in rows(&everything(), 0..20), split in 1..3000_u64) {
        let written = encode(&JsonFormat, &everything(), &rows).unwrap();
        for bytes in [through_serde(&written), written] {
            let file = TestFile::new("x.json", bytes);
            let source = json(file.path(), &everything(), JsonOptions::default()).unwrap().with_split_bytes(split);
            prop_assert_eq!(&drive(&source).unwrap(), &rows);
        }
    }

    #[test]
    fn subsets_of_leaves_have_the_same_values(rows in rows(&everything(), 1..6), seed: u64) {
        let schema = everything();
        let file = TestFile::new("x.json", encode(&JsonFormat, &schema, &rows).unwrap());
        let live = |leaf: usize| seed.rotate_left(leaf as u32 * 7) & 1 == 1;
        let leaves: Vec<usize> = (0..schema.leaves().len()).filter(|&leaf| live(leaf)).collect();
        let found = drive_scan(&json(file.path(), &schema, JsonOptions::default()).unwrap(), &scan(&leaves)).unwrap();
        prop_assert_eq!(found.len(), rows.len());
        for (found, row) in found.iter().zip(&rows) {
            for &leaf in &leaves {
                prop_assert_eq!(&found[leaf], &row[leaf]);
            }
        }
    }

    #[test]
    fn any_line_is_a_record_or_an_error(line in r#"[\[\]{}",:\\nu0-9a. -]{0,40}"#) {
        let schema = record(&[("a?", L::I32), ("n?", L::Text)]);
        for line in [line.clone(), format!("{{\"a\":{line}}}"), format!("{{\"n\":\"{line}\"}}")] {
            // Lines that `serde_json` parses as such a record must be read. Other lines may be read
            // too, because skipped values are not fully checked.
            let parsed = serde_json::from_str::<serde_json::Value>(&line);
            let found = read(format!("{line}\n{{}}"), &schema);
            if let Ok(serde_json::Value::Object(fields)) = parsed
                && fields.iter().all(|(name, value)| match name.as_str() {
                    "a" => value.is_null() || value.to_string().parse::<i32>().is_ok(),
                    "n" => value.is_null() || value.is_string(),
                    _ => true,
                })
            {
                let twice = line.matches("\"a\"").count() > 1 || line.matches("\"n\"").count() > 1;
                prop_assert!(found.is_ok() || twice || line.contains("\\u"), "{}: {:?}", line, found);
            }
        }
    }
}

#[test]
fn splits_at_every_byte_give_the_same_records() {
    let content =
        "{\"a\":\"plain\",\"b\":1}\r\n\n  \n{\"b\" : 2 , \"a\" : \"\\\"q\\n\\\"\"}\n{\"a\":\"ä😀\",\"b\":3,\"c\":[{}]}";
    let schema = record(&[("a", L::Text), ("b", L::U8)]);
    let expected =
        [[text("plain"), fixed(1)], [text("\"q\n\""), fixed(2)], [text("ä😀"), fixed(3)]].map(Vec::from).to_vec();
    let file = TestFile::new("x.json", content);
    for split_bytes in 1..=content.len() as u64 {
        let source = json(file.path(), &schema, JsonOptions::default()).unwrap().with_split_bytes(split_bytes);
        assert_eq!(drive(&source).unwrap(), expected, "splits of {split_bytes} bytes");
        let total: u64 = source.splits(&scan_all(&source)).unwrap().splits.iter().map(|split| split.bytes).sum();
        assert_eq!(source.statistics(&Scan::default()).bytes, total);
    }
    // Cut at any byte, each part yields records or an error.
    for end in (0..content.len()).filter(|&end| content.is_char_boundary(end)) {
        let _ = read(&content[..end], &schema);
    }
}

#[test]
fn records_tuples_and_options_have_their_json_forms() {
    let row = |name: &str, home: Option<(i64, &str)>, pair: (i64, i64)| {
        let (zip, city) = home.unwrap_or((0, ""));
        let valid = i64::from(home.is_some());
        vec![text(name), fixed(valid), fixed(zip), text(city), fixed(pair.0), fixed(pair.1)]
    };
    let content = r#"
        {"name": "Ada", "home": {"zip": 7, "city": "Ulm", "street": {"no": [1, 2]}}, "pair": [1, true]}
        {"pair": [2, false], "name": "B\u00e9la \ud83d\ude00", "home": null, "age": 70}
        {"n\u0061me":"", "pair":[3,true]}"#;
    assert_eq!(
        read(content, &person()).unwrap(),
        [row("Ada", Some((7, "Ulm")), (1, 1)), row("Béla 😀", None, (2, 0)), row("", None, (3, 1))]
    );
    let written = encode(&JsonFormat, &person(), &vec![row("a\"\u{1}", Some((7, "")), (1, 1)), row("", None, (2, 0))]);
    assert_eq!(
        String::from_utf8(written.unwrap()).unwrap(),
        "{\"name\":\"a\\\"\\u0001\",\"home\":{\"zip\":7,\"city\":\"\"},\"pair\":[1,true]}\n\
         {\"name\":\"\",\"home\":null,\"pair\":[2,false]}\n"
    );
}

#[test]
fn one_plain_value_is_a_line() {
    let plain = SchemaBuilder::build(|builder| builder.leaf(L::Text));
    assert_eq!(read("\"a\"\n\"\"\n", &plain).unwrap(), [[text("a")], [text("")]]);
    let optional = SchemaBuilder::build(|builder| builder.optional(|builder| builder.leaf(L::I64)));
    assert_eq!(read("null\n-5\n", &optional).unwrap(), [[fixed(0), fixed(0)], [fixed(1), fixed(-5)]]);
    assert_eq!(
        read("5 6\n", &optional).unwrap_err(),
        "x.json:1: expected the end of the line behind the record, found `6` at byte 3 of the line"
    );
}

#[test]
fn lists_are_arrays() {
    let schema =
        record(&[("d", L::List(Element::Decimal(2))), ("f?", L::List(Element::F64)), ("t", L::List(Element::Date))]);
    let rows = read(
        "{\"d\":[1.50, \"-0.07\",3],\"f\":[1e3,-0.5,\"NaN\",\"-inf\"],\"t\":[\"1970-01-02\"]}\n{\"d\":[],\"t\":[ ]}\n",
        &schema,
    );
    let bytes = |values: &[i64]| Datum::Bytes(values.iter().flat_map(|value| value.to_le_bytes()).collect());
    let floats = [1000.0, -0.5, f64::NAN, f64::NEG_INFINITY].map(|value: f64| value.to_bits() as i64);
    let day = Datum::Bytes(1_i32.to_le_bytes().into());
    let expected = [
        vec![bytes(&[150, -7, 300]), fixed(1), bytes(&floats), day],
        vec![bytes(&[]), fixed(0), bytes(&[]), bytes(&[])],
    ];
    assert_eq!(rows.unwrap(), expected);
    for (value, expected) in [
        ("{\"d\":[1.505]}", "x.json:1: column `d`: expected Vec<Decimal<2>>, found `1.505`"),
        ("{\"d\":[1,[2]]}", "x.json:1: column `d`: expected Vec<Decimal<2>>, found `[2]`"),
        ("{\"d\":3}", "x.json:1: column `d`: expected Vec<Decimal<2>>, found `3`"),
        ("{\"d\":[1,]}", "x.json:1: expected a value, found `]}` at byte 9 of the line"),
        ("{\"d\":[1 2]}", "x.json:1: expected `,` or `]`, found `2` at byte 9 of the line"),
    ] {
        assert_eq!(read(value, &schema).unwrap_err(), expected);
    }
}

#[test]
fn decimals_are_exact_and_floats_short() {
    let schema = record(&[("d", L::Decimal(4)), ("u", L::U64), ("i", L::I128)]);
    // None of these can be represented as a float.
    let content = "{\"d\":92233720368547.7581,\"u\":18446744073709551615,\"i\":-170141183460469231731687303715884105728}\n\
                   {\"d\":\"-0.0001\",\"u\":0,\"i\":0}\n";
    let rows = read(content, &schema).unwrap();
    assert_eq!(rows[0], [fixed(922_337_203_685_477_581), fixed(-1), Datum::Fixed(1 << 127)]);
    assert_eq!(rows[1][0], fixed(-1));
    let written = encode(&JsonFormat, &schema, &rows).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), content.replace("\"-0.0001\"", "-0.0001"));
}

#[test]
fn bad_lines_are_errors_with_line_and_field() {
    let good = r#"{"name":"a","home":{"zip":7,"city":"b"},"pair":[1,true]}"#;
    for (line, expected) in [
        (good.replace('7', "-7"), "column `home.zip`: expected u32, found `-7`"),
        (good.replace('7', "\"7\""), "column `home.zip`: expected u32, found `\"7\"`"),
        (good.replace('7', "7.5"), "column `home.zip`: expected u32, found `7.5`"),
        (good.replace('7', "{\"a\":[]}"), "column `home.zip`: expected u32, found `{\"a\":[]}`"),
        (good.replace('7', "null"), "column `home.zip`: expected u32, found null; make the field an Option to read it"),
        (good.replace('7', "nul"), "column `home.zip`: expected u32, found `nul`"),
        (
            good.replace("\"zip\":7,", ""),
            "column `home.zip`: expected u32, found no such field; make it an Option if it may be absent",
        ),
        (good.replace('7', "7,\"zip\":8"), "column `home.zip`: the field stands twice in its object"),
        (good.replace("[1,", "[256,"), "column `pair.0`: expected u8, found `256`"),
        (good.replace("true", "1"), "column `pair.1`: expected bool, found `1`"),
        (good.replace(",true", ""), "column `pair`: expected an array of 2 values, found 1"),
        (good.replace("true", "true,3"), "column `pair`: expected an array of 2 values, found more"),
        (good.replace("{\"zip\":7,\"city\":\"b\"}", "[]"), "column `home`: expected Home as an object, found `[]`"),
        (good.replace("\"a\"", "5"), "column `name`: expected String, found `5`"),
        (good.replace("\"a\"", "\"\\x\""), "`\\x` is no escape"),
        (good.replace("\"a\"", "\"\\ud83d!\""), "`\\ud83d` is half of a surrogate pair, and the other half is missing"),
        (good.replace("true]}", "true]"), "expected `,` or `}`, found the end of the line at byte 56 of the line"),
        (
            good.replace("\"pair\"", "pair"),
            "expected the name of a field in quotes, found `pair` at byte 41 of the line",
        ),
        (good.replace("\"pair\":", "\"pair\" "), "expected `:`, found `[1` at byte 48 of the line"),
        (
            good.replace("true]}", "true]}}"),
            "expected the end of the line behind the record, found `}` at byte 57 of the line",
        ),
        (good.replace("\"a\"", "\"a"), "expected `,` or `}`, found `home\"` at byte 13 of the line"),
        (good.replace("true]}", "true],\"x"), "a string is not closed on its line; it begins at byte 57"),
        ("[".to_owned(), "expected `]`, found the end of the line at byte 2 of the line"),
        ("[{}]".to_owned(), "expected Person as an object, found `[{}]`"),
    ] {
        let found = read(format!("{good}\n\n{line}\n{good}\n"), &person()).unwrap_err();
        assert_eq!(found, format!("x.json:3: {expected}"), "{line}");
    }
    assert_eq!(
        read(b"{\"name\":\"\xff\"}", &person()).unwrap_err(),
        "x.json:1: expected UTF-8, found the byte 0xff at byte 9 of the file; convert it to UTF-8"
    );
}

#[test]
fn only_live_fields_are_parsed() {
    let schema = record(&[("a", L::I32), ("b?", L::Text), ("missing", L::I32)]);
    let file =
        TestFile::new("x.json", "{\"a\":\"no number\",\"b\":\"1\"}\n{\"a\":tru,\"a\":[,]}\n{\"c\":{},\"b\":2}\n");
    let source = json(file.path(), &schema, JsonOptions::default()).unwrap();
    let valid = drive_scan(&source, &scan(&[1])).unwrap();
    assert_eq!(valid.iter().map(|row| row[1].bits()).collect::<Vec<_>>(), [1, 0, 1]);
    assert_eq!(drive_scan(&source, &scan(&[])).unwrap().len(), 3);
    let error = message(drive_scan(&source, &scan(&[3])), &file);
    assert!(error.starts_with("x.json:1: column `missing`: expected i32, found no such field"), "{error}");
    let error = message(drive_scan(&source, &scan(&[3, 1])), &file);
    assert!(error.starts_with("x.json:1: column `missing`"), "{error}");
    let error = message(drive_scan(&source, &scan(&[2])), &file);
    assert_eq!(error, "x.json:3: column `b`: expected String, found `2`");
}

#[test]
fn records_span_batches_chunks_and_splits() {
    let line = |row: usize| format!("{{\"n\":{row},\"t\":\"text \\u0041 {} of some length\"}}\n", row % 7);
    let content: String = (0..150_000).map(line).collect();
    let schema = record(&[("n", L::U32), ("t", L::Text)]);
    let file = TestFile::new("x.json", content);
    let source = json(file.path(), &schema, JsonOptions::default()).unwrap();
    assert!(source.splits(&scan_all(&source)).unwrap().splits.len() > 4);
    let rows = drive(&source).unwrap();
    assert_eq!(rows.len(), 150_000);
    for (number, row) in rows.iter().enumerate() {
        assert_eq!((row[0].bits(), &row[1]), (number as u128, &text(&format!("text A {} of some length", number % 7))));
    }
}

#[test]
fn an_option_in_an_option_is_refused() {
    let schema =
        SchemaBuilder::build(|builder| builder.optional(|builder| builder.optional(|builder| builder.leaf(L::Bool))));
    let file = TestFile::new("x.json", "");
    let expected = "the field `` is an Option in an Option, which JSON cannot tell from one; use one Option";
    assert_eq!(
        message(json(file.path(), &schema, JsonOptions::default()), &file),
        format!("cannot read JSON: {expected}")
    );
    assert_eq!(message(JsonFormat.encoder(&schema, &memory()), &file), format!("cannot write JSON: {expected}"));
    let lists = record(&[("l", L::List(Element::I16))]);
    assert!(JsonFormat.encoder(&lists, &memory()).is_ok() && CsvFormat::default().encoder(&lists, &memory()).is_err());
}

#[test]
fn exact_numbers_are_read_as_integers_and_decimals() {
    let schema = record(&[("i?", L::I32), ("d?", L::Decimal(2)), ("u?", L::U128), ("l", L::List(Element::I16))]);
    let content =
        "{\"i\":1e3,\"d\":1.250e1,\"u\":1E20,\"l\":[1.0,-2e2]}\n{\"i\":-7.0,\"d\":0.5000,\"u\":100e-2,\"l\":[]}\n";
    let rows = read(content, &schema).unwrap();
    assert_eq!((&rows[0][1], &rows[0][3], &rows[0][5]), (&fixed(1000), &fixed(1250), &Datum::Fixed(10_u128.pow(20))));
    assert_eq!(rows[0][6], Datum::Bytes([1_i16, -200].into_iter().flat_map(i16::to_le_bytes).collect()));
    assert_eq!((rows[1][1].bits() as i32, &rows[1][3], &rows[1][5]), (-7, &fixed(50), &Datum::Fixed(1)));
    for (line, expected) in [
        ("{\"i\":1.5,\"l\":[]}", "x.json:2: column `i`: expected i32, found `1.5`"),
        ("{\"i\":1e10,\"l\":[]}", "x.json:2: column `i`: expected i32, found `1e10`"),
        ("{\"i\":1e-1,\"l\":[]}", "x.json:2: column `i`: expected i32, found `1e-1`"),
        ("{\"i\":1e99999,\"l\":[]}", "x.json:2: column `i`: expected i32, found `1e99999`"),
        (
            "{\"d\":5e-3,\"l\":[]}",
            "x.json:2: column `d`: expected Decimal<2> (at most 2 digits after the point, of 18 in all), found `5e-3`",
        ),
        ("{\"l\":[1,2.5]}", "x.json:2: column `l`: expected Vec<i16>, found `2.5`"),
    ] {
        assert_eq!(read(format!("{{\"l\":[]}}\n{line}\n"), &schema), Err(expected.to_owned()));
    }
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let schema = record(&[("n", L::U32)]);
    let content = "\u{feff}{\"n\":7}\n{\"n\":8}\n";
    let expected = vec![vec![fixed(7)], vec![fixed(8)]];
    assert_eq!(read(content, &schema), Ok(expected.clone()));
    let file = TestFile::new("x.json.zst", zstd::stream::encode_all(content.as_bytes(), 1).unwrap());
    assert_eq!(drive(&json(file.path(), &schema, JsonOptions::default()).unwrap()).unwrap(), expected);
    // In the middle of a file, the mark is not valid JSON. The mark does not affect line numbers.
    let message = read(format!("{content}\u{feff}{{\"n\":8}}\n"), &schema).unwrap_err();
    assert!(message.starts_with("x.json:3: expected Test as an object, found `\u{feff}"), "{message}");
    assert_eq!(read("\u{feff}", &schema), Ok(Vec::new()));
}

#[test]
fn lists_of_texts_are_arrays_of_strings() {
    let schema = record(&[("t", L::Texts)]);
    let rows = read("{\"t\":[\"a\", \"\\u00e4\\n\",\"\"]}\n{\"t\":[]}\n", &schema).unwrap();
    let texts =
        |row: usize| runtime::value::Texts::stored(rows[row][0].bytes()).iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!((texts(0), texts(1)), (vec!["a".to_owned(), "ä\n".to_owned(), String::new()], Vec::new()));
    let message = read("{\"t\":[\"a\", 7]}\n", &schema).unwrap_err();
    assert_eq!(message, "x.json:1: column `t`: expected Vec<String>, found `7`");
}

fn point() -> Schema {
    record(&[("a", L::I64), ("t?", L::Text)])
}

#[test]
fn arrays_of_objects_are_read_in_pieces_of_any_size() {
    let rows = vec![
        vec![fixed(1), Datum::Fixed(1), text("x,\n]")],
        vec![fixed(2), Datum::Fixed(0), text("")],
        vec![fixed(3), Datum::Fixed(1), text("\\")],
    ];
    let one_line = "[{\"a\":1,\"t\":\"x,\\n]\"},{\"a\":2,\"t\":null},{\"b\":[{}],\"t\":\"\\\\\",\"a\":3}]";
    let pretty = "\u{feff}\n [\n  {\n    \"a\": 1,\n    \"t\": \"x,\\n]\"\n  }, {\"a\" :2}\n,\n{\"t\":\"\\\\\",\n\n\"a\":3}]\n\n";
    for content in [one_line.to_owned(), pretty.to_owned(), pretty.replace('\n', "\r\n"), pretty.replace('\n', "\r")] {
        assert_eq!(read(&content, &point()).unwrap(), rows, "{content}");
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gz, content.as_bytes()).unwrap();
        let file = TestFile::new("x.json.gz", gz.finish().unwrap());
        let source = json(file.path(), &point(), JsonOptions::default()).unwrap().with_split_bytes(1);
        assert_eq!(drive(&source).unwrap(), rows, "{content}");
    }
    assert_eq!(read("[]", &point()).unwrap(), Rows::new());
    assert_eq!(read(" [ \n ]\n", &point()).unwrap(), Rows::new());
}

#[test]
fn a_large_array_is_read_in_constant_memory() {
    let element = |row: usize| format!("{{\n\t\"t\": \"text {} of, some [length]\",\n\t\"a\": {row}\n}}", row % 7);
    let elements: Vec<String> = (0..100_000).map(element).collect();
    let file = TestFile::new("x.json", format!("[{}]\n", elements.join(", ")));
    let source = json(file.path(), &point(), JsonOptions::default()).unwrap();
    let rows = drive(&source).unwrap();
    assert_eq!(rows.len(), 100_000);
    for (number, row) in rows.iter().enumerate() {
        assert_eq!(
            (row[0].bits(), &row[2]),
            (number as u128, &text(&format!("text {} of, some [length]", number % 7)))
        );
    }
    let Some(estimate) = source.statistics(&scan_all(&source)).rows else { panic!("no estimate") };
    assert!((50_000.0..200_000.0).contains(&estimate), "{estimate}");
}

/// An array of 32 MiB on one line.
#[test]
fn an_array_on_one_line_is_read_in_pieces() {
    const LENGTH: usize = 64 << 10;
    const MOST_READ: u64 = 4 << 20;
    let element = format!("{{\"a\":1,\"t\":\"{}\"}}", "x".repeat(LENGTH));
    let file = TestFile::new("x.json", format!("[{}]", vec![element; 512].join(",")));
    let source = json(file.path(), &point(), JsonOptions::default()).unwrap();
    let scan = scan_all(&source);
    let memory = Memory::new(Budget::new(16 << 20), "test");
    let mut reader = runtime::source::RangeSource::range_reader(&source, &scan, &memory).unwrap();
    let (mut rows, mut texts) = (0, 0);
    for split in source.splits(&scan).unwrap().splits {
        reader.open(&split, None).unwrap();
        loop {
            if let Some(request) = reader.wants() {
                let bytes: u64 = request.ranges.iter().map(|range| range.end - range.start).sum();
                assert!(bytes <= MOST_READ, "{bytes} bytes are read at a time");
                reader.supply(request.read(&memory).unwrap()).unwrap();
            }
            match reader.advance().unwrap() {
                Ready::Batch => {
                    let batch = reader.batch().unwrap();
                    rows += batch.rows();
                    texts += (0..batch.rows()).map(|row| batch.leaf_bytes(2, row).len()).sum::<usize>();
                }
                Ready::Starved => {}
                Ready::End | Ready::CaughtUp => break,
            }
        }
    }
    assert_eq!((rows, texts), (512, 512 * LENGTH));
}

#[test]
fn damaged_arrays_are_errors_with_their_line() {
    for (content, expected) in [
        ("[\n{\"a\":1},\n{\"a\":x}\n]", "x.json:3: column `a`: expected i64, found `x`"),
        ("[\n{\"a\":1}\n", "x.json:3: the array that is the file is not closed"),
        ("[\n{\"a\":1},\n]", "x.json:3: expected an element of the array, found `]`"),
        ("[{\"a\":1}]\n{\"a\":2}", "x.json:2: expected the end of the file after its array, found `{`"),
        ("[{\"a\":1}\n{\"a\":2}]", "x.json:2: expected the end of the line behind the record, found `{\"a\"`"),
        ("[{\"a\":1]\n", "x.json:2: the array that is the file is not closed"),
        ("[\u{c}]", "x.json:1: expected Test as an object"),
        ("[{\"a\":1],2]\n", "x.json:1: expected `,` or `}`, found `]`"),
        ("[[1]]", "x.json:1: expected Test as an object, found `[1]`"),
        ("[{\"a\":1,\"t\":\"x\ny\"}]", "x.json:1: expected a string without control characters"),
    ] {
        let error = read(content, &point()).unwrap_err();
        assert!(error.starts_with(expected), "{content}: {error}");
    }
}

#[test]
fn errors_of_other_json_shapes_have_advice() {
    let tuple = SchemaBuilder::build(|builder| Shape::Record {
        name: "",
        fields: ["0", "1"].map(|name| builder.field(name, |builder| builder.leaf(L::I64))).into(),
    });
    for (content, schema, expected) in [
        ("{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n", point(), "convert the file: jq -c . x.json > x.json.lines"),
        ("{\"a\":1}\r{\"a\":2}\r", point(), "convert it: tr '\\r' '\\n' < x.json > x.json.lines"),
        ("[[1,2],\n [3,4]]\n", tuple.clone(), "convert it: jq -c '.[]' x.json > x.json.lines"),
        ("[\n [1,2]\n]", tuple.clone(), "convert it: jq -c '.[]' x.json > x.json.lines"),
    ] {
        let error = read(content, &schema).unwrap_err();
        assert!(error.starts_with("x.json:1: "), "{error}");
        assert!(error.ends_with(expected), "{content}: {error}");
        assert!(error.contains("each line must be one record"), "{error}");
    }
    assert_eq!(read("[1,2]\n[3,4]\n", &tuple).unwrap().len(), 2);
    // A line with another fault, and a line that is not the first, get no advice.
    for content in ["{\"a\":x}\n", "{\"a\":1}\n{\n"] {
        assert!(!read(content, &point()).unwrap_err().contains("jq"), "{content}");
    }
}

#[test]
fn control_characters_in_strings_are_refused() {
    for byte in 0..b' ' {
        let content = [b"{\"a\":1}\n{\"a\":2,\"t\":\"a\\\\b", &[byte][..], b"c\"}\n"].concat();
        let error = read(content, &point()).unwrap_err();
        assert!(error.starts_with("x.json:2: "), "{error}");
        assert!(byte == b'\n' || error.contains(&format!("the byte 0x{byte:02x} in one")), "{error}");
    }
    assert!(read("{\"a\":1,\"unread\":\"\t\"}\n", &point()).unwrap_err().contains("`\\u0009`"));
    assert_eq!(read("{\"a\"\t:\t1}\r\n", &point()).unwrap().len(), 1);
}

#[test]
fn negative_zero_is_written_as_a_float() {
    let rows = vec![vec![Datum::Fixed(u128::from((-0.0_f64).to_bits()))]];
    let schema = record(&[("x", L::F64)]);
    let written = encode(&JsonFormat, &schema, &rows).unwrap();
    assert_eq!(String::from_utf8(written.clone()).unwrap(), "{\"x\":-0.0}\n");
    assert_eq!(read(written, &schema).unwrap(), rows);
}
