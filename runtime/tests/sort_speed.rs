//! The speed of sorting and merging rows on one core. Run with
//! `cargo test --release --test sort_speed -- --ignored --nocapture`.
//!
//! Times are processor times, since other processes may use the machine. `DATAFLOW_ROWS` is the
//! number of rows in Mi, 32 by default.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use runtime::memory::{Budget, Memory};
use runtime::page::{Page, RowWriter, windows};
use runtime::row::{LeafType, RowLayout};
use runtime::sort::{InMemorySort, Merge, MergeStep, OrderKey, SortBuffer};

fn memory() -> Memory {
    Memory::new(Budget::new(20 << 30), "test")
}

fn rows() -> usize {
    std::env::var("DATAFLOW_ROWS").map_or(32, |rows| rows.parse().unwrap()) << 20
}

fn layout() -> Arc<RowLayout> {
    Arc::new(RowLayout::full([LeafType::I64, LeafType::F64]))
}

const ORDER: [OrderKey; 1] = [OrderKey { leaf: 0, descending: false }];

/// Pseudo-random numbers (SplitMix64).
fn random(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Writes rows with these keys, a page at a time.
fn write(keys: impl Iterator<Item = i64>, mut page: impl FnMut(Page)) {
    let mut writer = RowWriter::new(layout(), memory());
    let mut keys = keys.peekable();
    while keys.peek().is_some() {
        writer
            .visit(|mut leaves, mut claims| {
                let (key, value) = (leaves.plain::<i64>(), leaves.plain::<f64>());
                while !claims.is_full() {
                    let Some(next) = keys.next() else { break };
                    let put = claims.put(0, |row, _| {
                        key.write(row, next);
                        value.write(row, next as f64);
                    });
                    assert!(put.is_some());
                }
            })
            .unwrap();
        if !writer.has_sealed() {
            writer.seal();
        }
        writer.take_sealed().for_each(&mut page);
    }
}

/// The processor time of this thread.
fn worked() -> Duration {
    let figures = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(figures.split_whitespace().next().unwrap().parse().unwrap())
}

/// Nanoseconds per row.
fn each(started: Duration, rows: usize) -> f64 {
    (worked() - started).as_secs_f64() * 1e9 / rows as f64
}

/// Adds, sorts and emits rows with these keys, and measures each step. Building the rows is not
/// measured.
fn measure(name: &str, mut buffer: InMemorySort, key: impl Fn(u64) -> i64) {
    let (count, mut adding) = (rows(), Duration::ZERO);
    write((0..count as u64).map(key), |page| {
        let started = worked();
        windows(&page.batch(), |input| buffer.add(input)).unwrap();
        adding += worked() - started;
    });
    let bytes = buffer.bytes();
    let adding = adding.as_secs_f64() * 1e9 / count as f64;
    let started = worked();
    buffer.sort();
    let sorting = each(started, count);
    let started = worked();
    let (mut out, mut found, mut last) = (RowWriter::new(layout(), memory()), 0, i64::MIN);
    let mut seen = |page: &Page| {
        found += page.rows();
        let first = page.batch().leaf_bits(0, 0) as i64;
        assert!(first >= last);
        last = page.batch().leaf_bits(0, page.rows() - 1) as i64;
    };
    while buffer.emit(&mut out).unwrap() {
        let pages: Vec<Page> = out.take_sealed().collect();
        pages.into_iter().for_each(|page| {
            seen(&page);
            out.recycle(page);
        });
    }
    out.seal();
    out.take_sealed().for_each(|page| seen(&page));
    let emitting = each(started, count);
    assert_eq!(found, count);
    println!(
        "{name}: {count} rows, add {adding:.1} + sort {sorting:.1} + emit {emitting:.1} = {:.1} ns a row, {} MB",
        adding + sorting + emitting,
        bytes >> 20
    );
}

fn measure_all(name: &str, buffer: impl Fn() -> InMemorySort) {
    measure(&format!("{name}, random"), buffer(), |row| random(row) as i64);
    measure(&format!("{name}, random of 1 Mi"), buffer(), |row| (random(row) >> 44) as i64);
    measure(&format!("{name}, skewed"), buffer(), |row| (random(row) >> (random(!row) % 64)) as i64 & i64::MAX);
    measure(&format!("{name}, sorted"), buffer(), |row| row as i64);
    measure(&format!("{name}, reversed"), buffer(), |row| -(row as i64));
}

#[test]
#[ignore = "measures"]
fn by_index() {
    measure_all("by index", || InMemorySort::ByIndex(SortBuffer::new(layout(), ORDER, &memory()).unwrap()));
}

#[test]
#[ignore = "measures"]
fn by_moving() {
    measure_all("by moving", || InMemorySort::new(Arc::default(), layout(), &ORDER, &memory()).unwrap());
}

#[test]
#[ignore = "measures"]
fn plain_vector() {
    let count = rows();
    let mut rows: Vec<(i64, f64)> = (0..count as u64).map(|row| (random(row) as i64, row as f64)).collect();
    let started = worked();
    rows.sort_unstable_by_key(|row| row.0);
    println!("sort_unstable_by_key: {count} rows, {:.1} ns a row", each(started, count));
}

/// Merges sorted streams of rows. The key depends on the stream and the row.
fn merge(streams: usize, name: &str, key: impl Fn(usize, u64) -> i64) {
    let (count, budget) = (rows() / 4, memory());
    let mut fed: Vec<_> = (0..streams)
        .map(|stream| {
            let mut keys: Vec<i64> = (0..(count / streams) as u64).map(|row| key(stream, row)).collect();
            keys.sort_unstable();
            let mut pages = Vec::new();
            write(keys.into_iter(), |page| pages.push(page));
            pages.into_iter()
        })
        .collect();
    let started = worked();
    let mut merge = Merge::new(layout(), ORDER, streams).unwrap();
    fed.iter_mut().enumerate().for_each(|(stream, pages)| merge.feed(stream, pages.next()));
    let (mut out, mut found) = (RowWriter::new(layout(), budget), 0);
    loop {
        match merge.run(&mut out).unwrap() {
            MergeStep::Full => {
                let pages: Vec<Page> = out.take_sealed().collect();
                pages.into_iter().for_each(|page| {
                    found += page.rows();
                    out.recycle(page);
                });
            }
            MergeStep::Needs(stream) => merge.feed(stream, fed[stream].next()),
            MergeStep::Done => break,
        }
    }
    out.seal();
    found += out.take_sealed().map(|page| page.rows()).sum::<usize>();
    println!("merge of {streams} streams, {name}: {found} rows, {:.1} ns a row", each(started, found));
}

#[test]
#[ignore = "measures"]
fn merging() {
    for streams in [2, 8, 64, 256] {
        merge(streams, "random", |stream, row| random(row * 256 + stream as u64) as i64);
        merge(streams, "one behind the other", |stream, row| ((stream as i64) << 32) + row as i64);
    }
}
