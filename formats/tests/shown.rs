//! Output for people: tables that fit the terminal, and lines of any record.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use formats::{LinesFormat, TableFormat};
use runtime::row::{Datum, Element, Field, LeafType as L, Schema, SchemaBuilder, Shape, Tag};
use runtime::source::Format;
use support::{Rows, encode, record, text};

fn shown(format: &dyn Format, schema: &Schema, rows: &[Vec<Datum>]) -> String {
    String::from_utf8(encode(format, schema, &rows.to_vec()).unwrap()).unwrap()
}

fn table(rows: usize, width: usize) -> TableFormat {
    TableFormat { rows, width: Some(width) }
}

fn number(value: i64) -> Datum {
    Datum::Fixed((value as u64).into())
}

fn people() -> (Schema, Rows) {
    let schema = record(&[("name", L::Text), ("born", L::I64), ("city?", L::Text)]);
    let none = || vec![Datum::Fixed(0), text("")];
    let row = |name: &str, born, city: Vec<Datum>| [vec![text(name), number(born)], city].concat();
    let city = |city| vec![Datum::Fixed(1), text(city)];
    (schema, vec![row("Ada", 1815, city("London")), row("Élodie\t", -7, none()), row("日本", 10_000, city("Tōkyō"))])
}

#[test]
fn numbers_are_right_aligned_and_nulls_shown() {
    let (schema, rows) = people();
    let expected = "\
name       born  city
String      i64  Option<String>
────────  ─────  ──────────────
Ada        1815  London
Élodie\\t     -7  null
日本      10000  Tōkyō
3 rows
";
    assert_eq!(shown(&table(3, 80), &schema, &rows), expected);
    assert_eq!(shown(&table(0, 80), &schema, &[]).lines().last(), Some("0 rows"));
    assert!(shown(&table(1, 80), &schema, &rows).ends_with("Ada     1815  London\nfirst 1 row, there are more\n"));
}

#[test]
fn texts_are_shortened_before_columns_are_left_out() {
    let (schema, mut rows) = people();
    rows.push(vec![text(&"long ".repeat(40)), number(1_234_567_890_123), Datum::Fixed(1), text(&"日".repeat(50))]);
    for width in 20..200 {
        let shown = shown(&table(9, width), &schema, &rows);
        let lines: Vec<&str> = shown.lines().collect();
        let (table, footer) = lines.split_at(lines.len() - 1);
        // Wide letters take two columns of the terminal.
        let columns =
            |line: &str| line.chars().map(|char| 1 + usize::from(('\u{3000}'..'\u{a000}').contains(&char))).sum();
        let widest: usize = table.iter().map(|line| columns(line)).max().unwrap();
        assert!(widest <= width.max(23), "{width}\n{shown}");
        assert_eq!(table.iter().any(|line| line.contains("1234567890123")), width >= 23, "{width}\n{shown}");
        assert!(shown.contains('…'));
        let cut = match width {
            ..23 => "4 rows; too narrow for born, city",
            23..33 => "4 rows; too narrow for city",
            _ => "4 rows",
        };
        assert_eq!(footer, [cut], "{width}\n{shown}");
    }
}

/// A record with a list, a map, an enum with values, a nested record and an `Option` in an
/// `Option`.
fn rich() -> (Schema, Rows) {
    static TAG: Tag = Tag { of: "Event", variants: &["Click", "Idle"] };
    let named = |name, fields: Vec<Field>| Shape::Record { name, fields };
    let schema = SchemaBuilder::build(|b| {
        let ids = b.field("ids", |b| b.leaf(L::List(Element::U16)));
        let event = b.field("event", |b| {
            b.variants(&TAG, |b| {
                let at = |b: &mut SchemaBuilder| named("Click", vec![b.field("at", |b| b.leaf(L::I32))]);
                vec![b.field("Click", at), b.field("Idle", |_| named("", Vec::new()))]
            })
        });
        let home = b.field("home", |b| named("Home", vec![b.field("zip", |b| b.leaf(L::U32))]));
        let maybe = b.field("maybe", |b| b.optional(|b| b.optional(|b| b.leaf(L::U8))));
        named("Rich", vec![ids, event, home, maybe])
    });
    let ids = |ids: &[u16]| Datum::Bytes(ids.iter().flat_map(|id| id.to_le_bytes()).collect());
    let row = |list: &[u16], rest: [i64; 5]| [vec![ids(list)], rest.map(number).to_vec()].concat();
    (schema, vec![row(&[1, 2], [0, 5, 1234, 1, 1]), row(&[], [1, 0, 7, 1, 0])])
}

#[test]
fn every_record_is_shown() {
    let (schema, mut rows) = rich();
    rows.iter_mut().for_each(|row| row.push(number(9)));
    rows[1][6] = number(0);
    let expected = "\
ids       event            home.zip  maybe
Vec<u16>  Event                 u32  Option
────────  ───────────────  ────────  ──────
[1, 2]    Click { at: 5 }      1234  9
[]        Idle                    7  None
2 rows
";
    let fixed: Rows = rows.iter().map(|row| row[..schema.leaves().len()].to_vec()).collect();
    assert_eq!(shown(&table(5, 80), &schema, &fixed), expected);
    assert_eq!(shown(&LinesFormat, &schema, &fixed), "[1, 2]\tClick { at: 5 }\t1234\t9\n[]\tIdle\t7\tNone\n");
}

#[test]
fn lines_equal_csv_if_csv_holds_the_record() {
    let (schema, rows) = people();
    assert_eq!(shown(&LinesFormat, &schema, &rows), "Ada\t1815\tLondon\n\"Élodie\t\"\t-7\t\n日本\t10000\tTōkyō\n");
}
