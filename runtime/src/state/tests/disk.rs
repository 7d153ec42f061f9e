//! Tables with more rows than fit in memory.

use std::collections::HashSet;

use crate::memory::Memory;
use crate::memory::limits::STATE_BYTES;
use crate::page::tests::Random;
use crate::row::{Datum, LeafType};
use crate::state::tests::images::{operate_while_marked, restores};
use crate::state::tests::model::{Bench, Operation, Row, group_of, shapes};

/// The minimum memory, and the reserve that is kept for operators that cannot spill.
const MIN_BYTES: usize = STATE_BYTES + STATE_BYTES / 8;

#[test]
fn table_matches_a_map_in_any_memory() {
    for (number, shape) in shapes().into_iter().enumerate() {
        // Rows without slots need less memory.
        let many = if number < 2 { 120_000 } else { 50_000 };
        for (memory_bytes, keys) in [(MIN_BYTES, many), (8 << 20, many), (MIN_BYTES, 200)] {
            let (mut bench, mut random) = (Bench::new(&shape, memory_bytes), Random(number as u64));
            let rows: Vec<Row> = (0..keys).map(|key| shape.row(key, &mut random)).collect();
            bench.run(Operation::Put, &rows);
            for step in 0..9 {
                let count = [1, 300, 3_000][random.below(3)];
                let rows = bench.rows(count, keys + 1_000, step % 3 == 0, &mut random);
                match random.below(if shape.deletes { 6 } else { 4 }) {
                    0 => bench.run(Operation::Put, &rows),
                    1 => bench.run(Operation::Update, &rows),
                    2 | 3 => bench.run(Operation::Find, &rows),
                    4 => bench.run(Operation::Delete, &rows),
                    _ => bench.drain_if([20, 60][random.below(2)]),
                }
            }
            bench.check();
            let spilled = bench.context.metrics.spilled_bytes.get();
            assert!(spilled > 0 || memory_bytes > MIN_BYTES || keys == 200, "{}", shape.name);
        }
    }
}

/// No part fits in memory, so parts are loaded by some of their key groups.
#[test]
fn parts_larger_than_memory_are_loaded_by_key_groups() {
    for (shape, deletes) in [(2, true), (3, false)] {
        let (shape, mut random) = (shapes().remove(shape), Random(8));
        let mut bench = Bench::new(&shape, MIN_BYTES);
        let long = |key: u64, random: &mut Random| {
            let mut row = shape.row(key, random);
            let last = row.len() - 1;
            row[last] = Datum::Bytes("eight or so".repeat(8 * (key as usize % 10 + 48)).into_bytes().into());
            if shape.types[last] != LeafType::Text {
                row[last] = Datum::Bytes(row[last].bytes()[..4_000].into());
            }
            row
        };
        // Two parts have all rows.
        let keys: Vec<u64> =
            (0..24_000).filter(|&key| group_of(&shape, &shape.row(key, &mut Random(1))) < 128).collect();
        for keys in keys.chunks(700) {
            let rows: Vec<Row> = keys.iter().map(|&key| long(key, &mut random)).collect();
            bench.run(Operation::Put, &rows);
        }
        let rows: Vec<Row> = keys.iter().step_by(5).map(|&key| long(key, &mut random)).collect();
        bench.run(Operation::Update, &rows);
        // Files keep rows of key groups that were loaded since, and deleted in the table.
        let few: Vec<Row> = rows.iter().filter(|row| group_of(&shape, row) % 64 < 3).cloned().collect();
        bench.run(if deletes { Operation::Delete } else { Operation::Find }, &few);
        bench.mark(1);
        bench.run(Operation::Find, &rows[..100]);
        bench.run(if deletes { Operation::Delete } else { Operation::Put }, &rows[100..]);
        bench.check();
        assert!(bench.table.rows.parts.iter().any(|part| part.max_groups.is_some()), "some part did not fit");
        let (rows, bytes) = bench.emit(usize::MAX).unwrap();
        restores(&shape, &rows, &bytes, 2);
    }
}

/// A part is loaded by some of its key groups, and some of the loaded rows are deleted. The file
/// still has them, and the mark does not.
#[test]
fn files_keep_rows_of_loaded_key_groups() {
    let (shape, mut random) = (shapes().remove(2), Random(8));
    let mut bench = Bench::new(&shape, 32 << 20);
    let mut rows: Vec<Row> = Vec::new();
    for key in (0..24_000).filter(|&key| group_of(&shape, &shape.row(key, &mut Random(1))) < 128) {
        let mut row = shape.row(key, &mut random);
        row[2] = Datum::Bytes("long enough".repeat(500).into_bytes().into());
        rows.push(row);
    }
    bench.run(Operation::Put, &rows);
    bench.table.revoke(1 << 30).unwrap();
    bench.later.run_until_idle();
    // Another operator takes most of the memory.
    let budget = bench.context.memory.budget().clone();
    let others = Memory::new(budget.clone(), "others");
    let held = others.reserve(budget.limit_bytes() - budget.used_bytes() - (6 << 20)).unwrap();
    let first: Vec<Row> = rows.iter().filter(|row| group_of(&shape, row) == 3).cloned().collect();
    assert!(!first.is_empty());
    bench.run(Operation::Delete, &first);
    let part = &bench.table.rows.parts[0];
    assert!(part.max_groups.is_some() && part.evicted.iter().any(|evicted| evicted.groups.len() < 64));
    bench.mark(1);
    let (rows, bytes) = bench.emit(usize::MAX).unwrap();
    restores(&shape, &rows, &bytes, 1);
    drop(held);
    bench.check();
}

/// Rows of few keys, some of which wait while others arrive.
#[test]
fn rows_of_one_key_are_served_in_order() {
    for number in [0, 2] {
        let (shape, mut random) = (shapes().remove(number), Random(8));
        let mut bench = Bench::new(&shape, MIN_BYTES);
        let keys = if number == 0 { 120_000 } else { 50_000 };
        let rows: Vec<Row> = (0..keys).map(|key| shape.row(key, &mut random)).collect();
        bench.run(Operation::Put, &rows);
        for _ in 0..4 {
            bench.table.revoke(1 << 30).unwrap();
            bench.batches = 3;
            let rows = bench.rows(12_000, 300, false, &mut random);
            bench.run(Operation::Put, &rows);
            bench.run(Operation::Find, &rows[..400]);
        }
        bench.check();
    }
}

/// Rows that were only read are not written again.
#[test]
fn parts_that_were_not_written_to_are_dropped() {
    let (shape, mut random) = (shapes().remove(2), Random(8));
    let mut bench = Bench::new(&shape, 6 << 20);
    let rows: Vec<Row> = (0..60_000).map(|key| shape.row(key, &mut random)).collect();
    bench.run(Operation::Put, &rows);
    bench.check();
    let written = bench.context.metrics.spilled_bytes.get();
    assert!(written > 4 << 20 && bench.table.is_spilled());
    bench.check();
    bench.run(Operation::Find, &rows[..20]);
    bench.check();
    assert!(bench.context.metrics.spilled_bytes.get() < written + (1 << 20), "rows of requests alone");
}

/// Memory can be revoked between any two calls.
#[test]
fn memory_is_revoked_between_any_two_calls() {
    let (shape, mut random) = (shapes().remove(2), Random(8));
    let mut bench = Bench::new(&shape, 64 << 20);
    for chunk in 0..12 {
        let rows: Vec<Row> = (chunk * 4_000..chunk * 4_000 + 4_000).map(|key| shape.row(key, &mut random)).collect();
        bench.run(Operation::Put, &rows);
        if chunk == 5 {
            bench.mark(1);
        }
        let budget = bench.context.memory.budget().clone();
        let before = (budget.used_bytes(), bench.table.bytes());
        bench.table.revoke(1 << 20).unwrap();
        assert!(budget.used_bytes() < before.0 || bench.table.bytes() < before.1);
    }
    let (rows, bytes) = bench.emit(usize::MAX).unwrap();
    restores(&shape, &rows, &bytes, 2);
    bench.check();
}

/// A snapshot that is larger than the memory of the task that restores it.
#[test]
fn snapshot_larger_than_memory_is_restored() {
    let (shape, mut random) = (shapes().remove(2), Random(8));
    let mut bench = Bench::new(&shape, 1 << 30);
    let rows: Vec<Row> = (0..60_000).map(|key| shape.row(key, &mut random)).collect();
    bench.run(Operation::Put, &rows);
    bench.mark(1);
    let (rows, bytes) = bench.emit(usize::MAX).unwrap();
    let mut small = Bench::new(&shape, MIN_BYTES);
    small.restore(&bytes).unwrap();
    assert!(small.table.is_spilled());
    let found = small.scan(None);
    small.same(found, rows);
}

/// Another operator holds most of the memory during some steps. Parts are then loaded by some of
/// their key groups, and otherwise as a whole.
#[test]
fn a_scan_visits_each_row_once_while_free_memory_changes() {
    const BUDGET: usize = 64 << 20;
    let (shape, mut random) = (shapes().remove(2), Random(8));
    for _ in 0..4 {
        let mut bench = Bench::new(&shape, BUDGET);
        let rows: Vec<Row> = (0..60_000).map(|key| shape.row(key, &mut random)).collect();
        bench.run(Operation::Put, &rows);
        bench.table.revoke(BUDGET).unwrap();
        let other = Memory::new(bench.context.memory.budget().clone(), "another operator");
        let mut held = None;
        let found = bench.scan_with(None, &mut || {
            if random.below(30) == 0 {
                let free = BUDGET - other.budget().used_bytes();
                held = if held.is_some() { None } else { other.reserve(free.saturating_sub(MIN_BYTES / 4)).ok() };
            }
        });
        bench.same(found, rows);
    }
}

/// Memory is revoked before some windows of an image, so pages of the table are still unwritten.
#[test]
fn rows_are_restored_while_pages_are_unwritten() {
    let (shape, mut random) = (shapes().remove(2), Random(8));
    let mut bench = Bench::new(&shape, 1 << 30);
    let rows: Vec<Row> = (0..60_000).map(|key| shape.row(key, &mut random)).collect();
    bench.run(Operation::Put, &rows);
    bench.mark(1);
    let (rows, bytes) = bench.emit(usize::MAX).unwrap();
    for memory_bytes in [MIN_BYTES, 8 << 20] {
        let (mut small, mut revoked) = (Bench::new(&shape, memory_bytes), 0);
        small
            .restore_with(&bytes, &mut |table| {
                if table.bytes() > 3 << 19 && random.below(2) == 0 {
                    table.revoke(1 << 30).unwrap();
                    revoked += 1;
                }
            })
            .unwrap();
        assert!(revoked > 2 && small.table.is_spilled(), "{revoked}");
        let found = small.scan(None);
        small.same(found, rows.clone());
    }
}

/// All reasons for which `apply` is pending occur with the minimum memory.
#[test]
fn a_window_that_waits_is_applied_once() {
    let mut waits = HashSet::new();
    for number in [0, 2] {
        let (shape, mut random) = (shapes().remove(number), Random(9));
        let mut bench = Bench::new(&shape, MIN_BYTES);
        let keys = if number == 0 { 120_000 } else { 50_000 };
        let rows: Vec<Row> = (0..keys).map(|key| shape.row(key, &mut random)).collect();
        for (step, rows) in rows.chunks(rows.len() / 8).enumerate() {
            bench.run(Operation::Update, rows);
            if step % 2 == 0 {
                bench.table.revoke(1 << 30).unwrap();
            }
        }
        let rows = bench.rows(40_000, keys, false, &mut random);
        bench.run(Operation::Update, &rows);
        bench.check();
        waits.extend(bench.waits);
    }
    assert_eq!(waits.len(), 3, "{waits:?}");
}

#[test]
fn mark_has_the_former_rows_in_any_memory() {
    for (number, shape) in shapes().into_iter().enumerate() {
        for memory_bytes in [MIN_BYTES, 8 << 20] {
            let (mut bench, mut random) = (Bench::new(&shape, memory_bytes), Random(100 + number as u64));
            let rows: Vec<Row> = (0..40_000).map(|key| shape.row(key, &mut random)).collect();
            bench.run(Operation::Put, &rows);
            operate_while_marked(&mut bench, 45_000, false, 12, &mut random);
        }
    }
}
