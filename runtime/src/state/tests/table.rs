//! All that is done with a table in memory.

use crate::error::Error;
use crate::page::tests::Random;
use crate::state::tests::model::{Bench, Operation, shapes};

const AMPLE: usize = 1 << 30;

#[test]
fn a_table_is_a_map_whatever_is_done_with_it() {
    for shape in shapes() {
        for (seed, keys, is_skewed) in [(1, 40, false), (2, 3_000, false), (3, 800, true), (4, 1, false)] {
            let (mut bench, mut random) = (Bench::new(&shape, AMPLE), Random(seed));
            for step in 0..30 {
                let count = [0, 1, 7, 1_500][random.below(4)];
                let rows = bench.rows(count, keys, is_skewed, &mut random);
                match random.below(if shape.deletes { 7 } else { 4 }) {
                    0 | 1 => bench.run(Operation::Put, &rows),
                    2 => bench.run(Operation::Update, &rows),
                    3 => bench.run(Operation::Find, &rows),
                    4 | 5 => bench.run(Operation::Delete, &rows),
                    _ => bench.take([20, 60, 2_000][random.below(3)]),
                }
                if step % 5 == 0 {
                    bench.check();
                }
                assert_eq!(bench.table.resident_rows(), bench.map.len());
            }
            bench.check();
        }
    }
}

/// As many rows as have parts, and an index for each of them.
#[test]
fn a_large_table_is_a_map() {
    for (shape, keys) in [(0, 350_000), (2, 170_000)] {
        let (shape, mut random) = (shapes().remove(shape), Random(9));
        let mut bench = Bench::new(&shape, AMPLE);
        let rows: Vec<_> = (0..keys).map(|key| shape.row(key, &mut random)).collect();
        bench.run(Operation::Put, &rows);
        let (table, (closed, open)) = (&bench.table.table, bench.table.table.part_bytes(3));
        assert!(table.is_split() && table.freed_by(3) > closed + open, "an index for each part");
        let rows = bench.rows(20_000, keys + 10_000, false, &mut random);
        bench.run(Operation::Update, &rows);
        bench.run(Operation::Find, &rows);
        if shape.deletes {
            bench.run(Operation::Delete, &rows);
            bench.take(50);
            bench.run(Operation::Put, &rows);
        }
        bench.run(Operation::Find, &rows);
        bench.check();
    }
}

/// Windows that come and go: the table is no larger than what is in it.
#[test]
fn room_of_deleted_rows_is_used_again() {
    for shape in shapes().into_iter().filter(|shape| shape.deletes) {
        let (mut bench, mut random, mut most) = (Bench::new(&shape, AMPLE), Random(5), 0);
        for round in 0..30_u64 {
            let rows: Vec<_> = (0..5_000).map(|key| shape.row(round * 5_000 + key, &mut random)).collect();
            bench.run(Operation::Put, &rows);
            if round == 3 {
                most = bench.table.bytes();
            }
            bench.run(Operation::Delete, &rows);
        }
        assert!(bench.map.is_empty() && bench.table.resident_rows() == 0);
        assert!(bench.table.bytes() <= 2 * most, "{}: {} of {most} bytes", shape.name, bench.table.bytes());
    }
}

#[test]
fn rows_of_a_table_that_never_deletes_stay() {
    let shape = shapes().into_iter().find(|shape| !shape.deletes).unwrap();
    let mut bench = Bench::new(&shape, AMPLE);
    let rows = bench.rows(10, 10, false, &mut Random(1));
    bench.run(Operation::Put, &rows);
    let (page, mut cursor) = (shape.pages(&rows).remove(0), 0);
    let mut out =
        crate::kernel::Outputs::new(crate::page::RowWriter::new(page.layout().clone(), bench.context.memory.clone()));
    crate::page::windows(&page.batch(), |input| {
        let mut delete = crate::state::Delete::new([0]);
        let deleted = bench.table.apply(&mut bench.requests, &mut delete, input, &mut cursor, &mut out);
        assert!(matches!(deleted, Err(Error::Internal(_))));
        Ok::<(), Error>(())
    })
    .unwrap();
    bench.check();
}
