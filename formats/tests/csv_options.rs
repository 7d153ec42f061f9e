//! CSV files of other programs, which need options.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use formats::{CsvFormat, CsvOptions, TextEncoding, csv};
use runtime::row::{Datum, LeafType as L, Schema};
use support::{Rows, TestFile, drive, message, record, text};

/// Reads a file in splits of all sizes, and checks that the results are equal.
fn read(content: impl AsRef<[u8]>, schema: &Schema, options: &CsvOptions) -> Result<Rows, String> {
    let file = TestFile::new("x.csv", &content);
    let whole = match csv(file.path(), schema, options.clone()).and_then(|source| drive(&source)) {
        Ok(rows) => rows,
        Err(error) => return Err(message::<()>(Err(error), &file)),
    };
    for split_bytes in 1..=content.as_ref().len() as u64 {
        let source = csv(file.path(), schema, options.clone()).unwrap().with_split_bytes(split_bytes);
        assert_eq!(drive(&source).unwrap(), whole, "splits of {split_bytes} bytes");
    }
    Ok(whole)
}

fn fixed(value: u64) -> Datum {
    Datum::Fixed(value.into())
}

/// A number and a text, both optional.
fn optional() -> Schema {
    record(&[("n?", L::I64), ("t?", L::Text)])
}

fn some(number: Option<u64>, of: Option<&str>) -> Vec<Datum> {
    let (number, of) = (number.map(fixed), of.map(text));
    let is_some = |value: &Option<Datum>| fixed(value.is_some().into());
    vec![is_some(&number), number.unwrap_or(fixed(0)), is_some(&of), of.unwrap_or(text(""))]
}

#[test]
fn an_escape_makes_the_next_byte_literal() {
    let options = CsvOptions { escape: Some(b'\\'), ..CsvOptions::default() };
    let content = r#"n,"t"
1,"a \"quoted\", \\ ""word"""
2,\plain
3,"\\"
4,"\""
"#;
    let texts = [r#"a "quoted", \ "word""#, "plain", r"\", r#"""#];
    let expected: Rows = (1..).zip(texts).map(|(number, of)| some(Some(number), Some(of))).collect();
    assert_eq!(read(content, &optional(), &options).unwrap(), expected);
    let error = read("n,t\n1,\"a\nb\"\n", &optional(), &options).unwrap_err();
    assert!(error.starts_with("x.csv:2: a quoted field is not closed on its line; with `escape`"), "{error}");

    // Without quotes around the field, and with no quotes at all.
    let content = "n,t\\,\n1,a\\,b\\\\,\n2,\\\"c\\\"\r\n3,d\\\n4,\\N";
    let schema = record(&[("n?", L::I64), ("t,?", L::Text)]);
    let error = read(content, &schema, &options).unwrap_err();
    assert_eq!(error, "x.csv:2: expected 2 fields, found 3");
    let content = content.replace("\\\\,", "\\\\");
    let null = CsvOptions { null: "\\N".to_owned(), ..options.clone() };
    for options in [null.clone(), CsvOptions { quote: None, ..null }] {
        let texts = [Some("a,b\\"), Some("\"c\""), Some("d\\"), None];
        let expected: Rows = (1..).zip(texts).map(|(number, of)| some(Some(number), of)).collect();
        assert_eq!(read(&content, &schema, &options).unwrap(), expected);
    }
    for escape in [b',', b'"', b'a'] {
        let options = CsvOptions { escape: Some(escape), ..CsvOptions::default() };
        assert!(read(&content, &optional(), &options).unwrap_err().contains("cannot be read with the escape"));
    }
}

#[test]
fn comments_and_first_lines_are_skipped() {
    let options = CsvOptions { comment_prefix: Some("#".to_owned()), ..CsvOptions::default() };
    let content = "# it's 5\" wide, \"\n#\nn,t\n1,a\n# 2,b\n3,\"#c\"\n#\n#, last\n4,#d";
    let expected: Rows = [(1, "a"), (3, "#c"), (4, "#d")].map(|(n, of)| some(Some(n), Some(of))).into();
    assert_eq!(read(content, &optional(), &options).unwrap(), expected);
    assert_eq!(read("n,t\n#", &optional(), &options).unwrap(), Rows::new());
    let one = record(&[("n", L::I64)]);
    assert_eq!(read("#\nn\n#x\n7\n#y\n", &one, &options).unwrap(), [[fixed(7)]]);

    let skipping = CsvOptions { skip_lines: 2, ..CsvOptions::default() };
    let content = "\u{feff}Report \"of\n2024, all\n\"n\",t\n1,\"a\nb\"\n";
    assert_eq!(read(content, &optional(), &skipping).unwrap(), [some(Some(1), Some("a\nb"))]);
    let both = CsvOptions { header: false, skip_lines: 1, ..options };
    assert_eq!(read("Report\n#c\n1,a\n", &optional(), &both).unwrap(), [some(Some(1), Some("a"))]);
    assert!(read("only\n", &optional(), &skipping).unwrap().is_empty());
}

#[test]
fn short_records_are_padded_with_null() {
    let options = CsvOptions { null_padding: true, null: "NA".to_owned(), ..CsvOptions::default() };
    let schema = record(&[("a", L::I64), ("n?", L::I64), ("t?", L::Text)]);
    let row = |a, n, of| [vec![fixed(a)], some(n, of)].concat();
    let content = "a,n,t\n1,2,x\n2,3\n3\r\n4,NA,\n5";
    let expected = [
        row(1, Some(2), Some("x")),
        row(2, Some(3), None),
        row(3, None, None),
        row(4, None, Some("")),
        row(5, None, None),
    ];
    assert_eq!(read(content, &schema, &options).unwrap(), expected);
    let error = read("a,n,t\n1,2,3,4\n", &schema, &options).unwrap_err();
    assert_eq!(error, "x.csv:2: expected 3 fields, found 4");
    let many = "1\n".repeat(5_000);
    let file = TestFile::new("x.csv", format!("a,n,t\n{many}"));
    assert_eq!(drive(&csv(file.path(), &schema, options).unwrap()).unwrap(), vec![row(1, None, None); 5_000]);
}

#[test]
fn integers_may_be_floats_without_fraction() {
    // `pandas.DataFrame({"n": [1, None, 3]}).to_csv()`. The index has no name.
    let content = ",n\n0,1.0\n1,\n2,-3.00\n";
    let schema = record(&[("column_1", L::U8), ("n?", L::I64)]);
    let error = read(content, &schema, &CsvOptions::default()).unwrap_err();
    assert!(error.starts_with("x.csv:2: column `n`: expected i64, found `1.0`"), "{error}");
    let options = CsvOptions { whole_floats: true, ..CsvOptions::default() };
    let minus_three = fixed((-3_i64).cast_unsigned());
    assert_eq!(
        read(content, &schema, &options).unwrap(),
        [[fixed(0), fixed(1), fixed(1)], [fixed(1), fixed(0), fixed(0)], [fixed(2), fixed(1), minus_three]]
    );
    let large = [("1e+18", 10_u64.pow(18)), ("1.25E2", 125), ("120.0e-1", 12), ("0.0", 0), ("9e0", 9)];
    for (written, expected) in large {
        let rows = read(format!(",n\n0,{written}\n"), &schema, &options).unwrap();
        assert_eq!(rows, [[fixed(0), fixed(1), fixed(expected)]], "{written}");
    }
    let wide = record(&[("column_1", L::U8), ("n?", L::I128)]);
    for (written, expected) in [("1e38", 10_i128.pow(38)), ("-1e38", -10_i128.pow(38)), ("-1.0", -1)] {
        let rows = read(format!(",n\n0,{written}\n"), &wide, &options);
        assert_eq!(rows, Ok(vec![vec![fixed(0), fixed(1), Datum::Fixed(expected.cast_unsigned())]]), "{written}");
    }
    for other in ["1.5", ".0", "1.0.0", "1.0x", "1e3.0", "1e", "12e-1", "1e19", "1e99", "1e999", "e3"] {
        let error = read(format!(",n\n0,{other}\n"), &schema, &options).unwrap_err();
        assert!(error.contains(&format!("found `{other}`")), "{error}");
    }
}

#[test]
fn other_encodings_are_read() {
    let content = "n,t\r\n1,Käse\r\n2,\"Ł😀 \"\"x\"\"\"\r\n";
    let expected = [some(Some(1), Some("Käse")), some(Some(2), Some("Ł😀 \"x\""))];
    let utf16 = CsvOptions { encoding: TextEncoding::Utf16, ..CsvOptions::default() };
    let little: Vec<u8> = content.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = content.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [[&[0xff, 0xfe], &little[..]].concat(), [&[0xfe, 0xff], &big[..]].concat(), little.clone(), big] {
        assert_eq!(read(bytes, &optional(), &utf16).unwrap(), expected);
    }
    let error = read(&little[..little.len() - 1], &optional(), &utf16).unwrap_err();
    assert!(error.contains("expected UTF-16LE, found bytes that are none"), "{error}");

    let bytes = [
        (TextEncoding::Latin1, 0xa4, "¤"),
        (TextEncoding::Latin1, 0x80, "\u{80}"),
        (TextEncoding::Windows1252, 0x80, "€"),
    ];
    for (encoding, byte, expected) in bytes {
        let options = CsvOptions { encoding, ..CsvOptions::default() };
        let bytes = [b"n,t\n1,\xe4", &[byte][..], b"\n"].concat();
        let expected = format!("ä{expected}");
        assert_eq!(read(bytes, &optional(), &options).unwrap(), [some(Some(1), Some(&expected))]);
    }
    // Longer than a chunk, and compressed.
    let lines: String = (0..200_000).map(|row| format!("{row},ä{row}\n")).collect();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let bytes: Vec<u8> = format!("n,t\n{lines}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::io::Write::write_all(&mut gz, &bytes).unwrap();
    for (name, bytes) in [("x.csv", bytes), ("x.csv.gz", gz.finish().unwrap())] {
        let file = TestFile::new(name, bytes);
        let rows = drive(&csv(file.path(), &optional(), utf16.clone()).unwrap()).unwrap();
        assert_eq!(rows.len(), 200_000);
        for (row, found) in rows.into_iter().enumerate() {
            assert_eq!(found, some(Some(row as u64), Some(&format!("ä{row}"))));
        }
    }
    let error = read(&little, &optional(), &CsvOptions::default()).unwrap_err();
    assert!(error.contains("found UTF-16LE (every second byte is zero); read it with the option `encoding: TextEncoding::Utf16`, or convert it: iconv"), "{error}");

    let error = support::encode(&CsvFormat::of(utf16), &optional(), &Rows::new()).unwrap_err();
    assert!(error.to_string().contains("cannot be written in the encoding Utf16"), "{error}");
}

#[test]
fn lines_that_end_with_a_return_are_reported() {
    let quoted = "\"n\",\"t\"\r1,\"a\"\r";
    let large = format!("\"n\",t\r{}", "1,\"a\"\r".repeat(10_000));
    // Longer than a first record may be.
    let huge = format!("n,t\r{}", "1,a\r".repeat(5 << 20));
    for content in [quoted, &large, &huge, "n,t\r1,a\r"] {
        let error = read_once(content);
        assert!(error.starts_with("x.csv:1: the file is a single line"), "{error}");
        assert!(error.contains("tr '\\r' '\\n' < x.csv > x.csv.lines"), "{error}");
    }
    let error = read_once("n,t\n1,\"a\"\r2,\"b\"\r");
    assert!(error.starts_with("x.csv:2: a line ends with `\\r` alone"), "{error}");
}

fn read_once(content: &str) -> String {
    let file = TestFile::new("x.csv", content);
    let source = csv(file.path(), &optional(), CsvOptions::default());
    message(source.and_then(|source| drive(&source)), &file)
}

#[test]
fn files_are_read_with_the_options_of_their_writer() {
    let escape = CsvOptions { escape: Some(b'\\'), ..CsvOptions::default() };
    let comments = CsvOptions { comment_prefix: Some("#".to_owned()), header: false, ..CsvOptions::default() };
    let schema = record(&[("t?", L::Text), ("u", L::Text)]);
    let texts = ["", "#", "#,", "a#", "\\", "\\\"", "a\\,b", "NA", "a\"b", "\\N", ",", "plain", "c\\"];
    let mut rows: Rows = texts.iter().map(|of| vec![fixed(1), text(of), text(of)]).collect();
    rows.push(vec![fixed(0), text(""), text("")]);
    for base in [
        &escape,
        &CsvOptions { quote: None, ..escape.clone() },
        &comments,
        &CsvOptions { escape: Some(b'\\'), ..comments.clone() },
    ] {
        for null in ["NA", "\\N"] {
            let options = CsvOptions { null: null.to_owned(), ..base.clone() };
            let written = support::encode(&CsvFormat::of(options.clone()), &schema, &rows).unwrap();
            let shown = String::from_utf8_lossy(&written).into_owned();
            assert_eq!(read(&written, &schema, &options).unwrap(), rows, "{shown}");
        }
    }
    let newline = vec![vec![fixed(1), text("a\nb"), text("")]];
    for (options, expected) in
        [(escape, "holds a newline, which `escape` forbids"), (comments, "which `comment_prefix` forbids")]
    {
        let error = support::encode(&CsvFormat::of(options), &schema, &newline).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// Non-text values may equal the null text. They are then written with an escape or in quotes.
#[test]
fn numbers_that_look_like_the_null_are_read_as_numbers() {
    let schema = record(&[("n?", L::I64), ("b?", L::Bool), ("d?", L::Date), ("x?", L::F64)]);
    let bits = |number: f64| Datum::Fixed(number.to_bits().into());
    let (one, zero) = (fixed(1), fixed(0));
    let row = |n: u64, b: u64, d: u64, x: f64| {
        vec![one.clone(), fixed(n), one.clone(), fixed(b), one.clone(), fixed(d), one.clone(), bits(x)]
    };
    let rows = vec![row(7, 1, 0, 7.0), row(0, 0, 1, 0.5), vec![zero; 8]];
    for null in ["7", "true", "1970-01-01", "0.5"] {
        for quote in [None, Some(b'"')] {
            let null = null.to_owned();
            let options = CsvOptions { null, quote, escape: Some(b'\\'), ..CsvOptions::default() };
            let written = support::encode(&CsvFormat::of(options.clone()), &schema, &rows).unwrap();
            let shown = String::from_utf8_lossy(&written).into_owned();
            assert_eq!(read(&written, &schema, &options), Ok(rows.clone()), "{shown}");
        }
    }
}

#[test]
fn ambiguous_special_bytes_are_refused() {
    let plain = CsvOptions::default;
    let rows = vec![vec![fixed(0), fixed(0), fixed(0), text("")]];
    for mark in *b"+-.:" {
        for options in [
            CsvOptions { escape: Some(mark), ..plain() },
            CsvOptions { escape: Some(mark), quote: None, ..plain() },
            CsvOptions { quote: Some(mark), ..plain() },
        ] {
            assert!(read("n,t\n", &optional(), &options).unwrap_err().contains("stands in no number"));
            assert!(support::encode(&CsvFormat::of(options), &optional(), &rows).is_err());
        }
    }
    // The escape at the end of the null text would apply to the delimiter after it.
    for null in ["\\", "\\\\", "N\\"] {
        let options = CsvOptions { escape: Some(b'\\'), null: null.to_owned(), ..plain() };
        let error = support::encode(&CsvFormat::of(options), &optional(), &rows).unwrap_err().to_string();
        assert!(error.contains("must not end with the escape"), "{error}");
    }
}
