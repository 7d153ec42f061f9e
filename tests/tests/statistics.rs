//! Data that is not read: row groups that statistics exclude, and unused columns.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::OnceLock;

use dataflow::prelude::*;
use dataflow::{Env, Report};
use tests::{Folder, local, same_records};

/// Rows in a row group.
const GROUP: u64 = 1 << 17;
const ROWS: u64 = 3 * GROUP;

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    id: u64,
    day: Date,
    price: Decimal<2>,
    kind: String,
    text: String,
}

fn event(id: u64) -> Event {
    Event {
        id,
        day: Date::from_days((id / 1_000) as i32),
        price: Decimal::from_scaled(id as i64 * 10),
        kind: format!("{:08}", id / 5_000),
        text: format!("the text of the event with number {:x}", id.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
    }
}

/// A file of three row groups, sorted by every field except the last. Written once for all tests.
fn file() -> &'static str {
    static FILE: OnceLock<(Folder, String)> = OnceLock::new();
    let (_, path) = FILE.get_or_init(|| {
        let folder = Folder::default();
        let path = folder.join("events.parquet");
        let env = local(1);
        env.collection((0..ROWS).map(event)).unwrap().write_parquet(&path);
        env.run().unwrap();
        (folder, path)
    });
    path
}

/// Runs a pipeline that writes numbers. Returns its report and the numbers.
fn run(pipeline: impl Fn(DataSet<Event>) -> DataSet<u64>) -> (Report, Vec<u64>) {
    let (folder, env) = (Folder::default(), local(2));
    let path = folder.join("out.parquet");
    pipeline(read(&env)).write_parquet(&path);
    (env.run().unwrap(), env.read_parquet(&path).unwrap().collect().unwrap())
}

fn read(env: &Env) -> DataSet<Event> {
    env.read_parquet(file()).unwrap()
}

/// Checks that a filter reads `groups` row groups and keeps these records.
fn assert_groups_read(groups: u64, kept: std::ops::Range<u64>, pipeline: impl Fn(DataSet<Event>) -> DataSet<u64>) {
    let (report, ids) = run(pipeline);
    assert_eq!(report.source_rows(), groups * GROUP, "{}", report.explain());
    same_records("local", ids, kept.collect());
}

#[dataflow]
fn from_number(events: DataSet<Event>, least: u64) -> DataSet<u64> {
    events.filter(|e| e.id >= least).project(|e| e.id)
}

#[dataflow]
fn between(events: DataSet<Event>, first: u64, end: u64) -> DataSet<u64> {
    events.filter(|e| e.id >= first && e.id < end).project(|e| e.id)
}

#[dataflow]
fn literal(events: DataSet<Event>) -> DataSet<u64> {
    events.filter(|e| e.id < 5).project(|e| e.id)
}

#[dataflow]
fn on_day(events: DataSet<Event>, day: Date) -> DataSet<u64> {
    events.filter(|e| e.day == day).project(|e| e.id)
}

const DAY: Date = date!("1970-09-28");

#[dataflow]
fn on_constant_day(events: DataSet<Event>) -> DataSet<u64> {
    events.filter(|e| e.day == DAY).project(|e| e.id)
}

/// After a closure that copies the day.
#[dataflow]
fn since_a_date(events: DataSet<Event>) -> DataSet<u64> {
    events.map(|e| (e.id, e.day)).filter(|e| e.1 >= date!("1970-09-28") && e.1 < date!("1970-09-29")).map(|e| e.0)
}

#[dataflow]
fn beyond_all(events: DataSet<Event>) -> DataSet<u64> {
    events.filter(|e| e.id >= 6_000_000_000).filter(|e| e.id < 18_446_744_073_709_551_615).project(|e| e.id)
}

/// Literals whose type differs from the default type of literals.
#[dataflow]
fn large_literals(events: DataSet<Event>) -> DataSet<u64> {
    events.filter(|e| e.id < 5 && e.id < 6_000_000_000).project(|e| e.id)
}

#[dataflow]
fn cheap(events: DataSet<Event>, most: Decimal<2>) -> DataSet<u64> {
    events.filter(|e| e.price <= most).project(|e| e.id)
}

#[dataflow]
fn of_kind(events: DataSet<Event>, kind: String) -> DataSet<u64> {
    events.filter(|e| e.kind == kind).project(|e| e.id)
}

#[dataflow]
fn after_a_projection(events: DataSet<Event>, least: u64) -> DataSet<u64> {
    events.project(|e| (e.price, e.id)).filter(|e| e.1 > least).project(|e| e.1)
}

#[dataflow]
fn either(events: DataSet<Event>, first: u64, last: u64) -> DataSet<u64> {
    events.filter(|e| e.id < first || e.id >= last).project(|e| e.id)
}

#[dataflow]
fn both_branches(events: DataSet<Event>, low: u64, high: u64) -> DataSet<u64> {
    events.filter(|e| e.id < low).union(events.filter(|e| e.id >= high)).project(|e| e.id)
}

#[test]
fn row_groups_outside_a_filters_bounds_are_not_read() {
    assert_groups_read(1, ROWS - 10..ROWS, |events| from_number(events, ROWS - 10));
    assert_groups_read(2, GROUP - 5..GROUP + 5, |events| between(events, GROUP - 5, GROUP + 5));
    assert_groups_read(1, 0..5, literal);
    assert_groups_read(0, 0..0, |events| from_number(events, ROWS));
    assert_groups_read(1, 0..5, large_literals);
    assert_groups_read(0, 0..0, beyond_all);
}

#[test]
fn dates_decimals_and_texts_are_bounds_too() {
    assert_groups_read(1, 7_000..8_000, |events| on_day(events, Date::from_days(7)));
    assert_groups_read(1, 0..101, |events| cheap(events, Decimal::from_scaled(1_000)));
    assert_groups_read(1, 270_000..271_000, on_constant_day);
    assert_groups_read(1, 270_000..271_000, since_a_date);
    assert_groups_read(1, 5_000..10_000, |events| of_kind(events, "00000001".to_owned()));
}

#[test]
fn bounds_apply_through_a_projection() {
    assert_groups_read(1, ROWS - 9..ROWS, |events| after_a_projection(events, ROWS - 10));
}

#[test]
fn predicates_that_bound_no_column_skip_nothing() {
    let ends = || (0..5).chain(ROWS - 5..ROWS).collect();
    for pipeline in [either, both_branches] {
        let (report, ids) = run(|events| pipeline(events, 5, ROWS - 5));
        assert_eq!(report.source_rows(), ROWS, "{}", report.explain());
        same_records("local", ids, ends());
    }
}

#[dataflow]
fn numbers(events: DataSet<Event>) -> DataSet<u64> {
    events.map(|e| e.id)
}

#[dataflow]
fn lengths(events: DataSet<Event>) -> DataSet<u64> {
    events.map(|e| e.text.len() as u64)
}

#[dataflow]
fn all(events: DataSet<Event>) -> DataSet<u64> {
    events.filter(|e| e.text.len() + e.kind.len() > 0 && e.price.scaled() >= 0).map(|e| e.id + e.day.days() as u64)
}

#[test]
fn only_used_columns_are_read() {
    let bytes = |pipeline: fn(DataSet<Event>) -> DataSet<u64>| run(pipeline).0.source_bytes();
    let (numbers, lengths, all) = (bytes(numbers), bytes(lengths), bytes(all));
    let file_bytes = std::fs::metadata(file()).unwrap().len();
    assert!(numbers > 0 && numbers < file_bytes / 2, "{numbers} of {file_bytes}");
    assert!(numbers + lengths < all && all <= file_bytes, "{numbers}, {lengths}, {all}, {file_bytes}");
}

#[test]
fn a_count_reads_no_column() {
    let env = local(2);
    assert_eq!(read(&env).count().unwrap(), ROWS);
}
