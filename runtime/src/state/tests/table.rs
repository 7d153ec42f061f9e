//! All operations on a table in memory.

use crate::error::Error;
use crate::group::{FoundRows, GroupTable};
use crate::page::tests::Random;
use crate::page::{self, Input, LeafReader, Selection};
use crate::row::Physical;
use crate::state::tests::model::{Bench, Operation, Row, shapes};

const AMPLE: usize = 1 << 30;

#[test]
fn table_matches_a_map_after_any_operations() {
    for shape in shapes() {
        for (seed, keys, is_skewed) in [(1, 40, false), (2, 3_000, false), (3, 800, true), (4, 1, false)] {
            let (mut bench, mut random) = (Bench::new(&shape, AMPLE), Random(seed));
            for step in 0..30 {
                bench.run_some(keys, is_skewed, &mut random);
                if step % 5 == 0 {
                    bench.check();
                }
                assert_eq!(bench.table.resident_rows(), bench.map.len());
            }
            bench.check();
        }
    }
}

/// The table has enough rows for parts, each with its own index.
#[test]
fn large_table_matches_a_map() {
    for (shape, keys) in [(0, 350_000), (2, 170_000)] {
        let (shape, mut random) = (shapes().remove(shape), Random(9));
        let mut bench = Bench::new(&shape, AMPLE);
        let rows: Vec<_> = (0..keys).map(|key| shape.row(key, &mut random)).collect();
        bench.run(Operation::Put, &rows);
        let (table, (closed, open)) = (&bench.table.rows.table, bench.table.rows.table.store.part_bytes(3));
        assert!(table.store.is_split() && table.freed_by(3) > closed + open, "an index for each part");
        let rows = bench.rows(20_000, keys + 10_000, false, &mut random);
        bench.run(Operation::Update, &rows);
        bench.run(Operation::Find, &rows);
        if shape.deletes {
            bench.run(Operation::Delete, &rows);
            bench.drain_if(50);
            bench.run(Operation::Put, &rows);
        }
        bench.run(Operation::Find, &rows);
        bench.check();
    }
}

/// Windows that are opened and closed: the table is no larger than its rows.
#[test]
fn places_of_deleted_rows_are_reused() {
    for shape in shapes().into_iter().filter(|shape| shape.deletes) {
        let (mut bench, mut random, mut most) = (Bench::new(&shape, AMPLE), Random(5), 0);
        let stay: Vec<_> = (0..20_000).map(|key| shape.row(key, &mut random)).collect();
        bench.run(Operation::Put, &stay);
        for round in 20..60_u64 {
            let rows: Vec<_> = (0..1_000).map(|key| shape.row(round * 1_000 + key, &mut random)).collect();
            bench.run(Operation::Put, &rows);
            most = if round < 24 { bench.table.bytes() } else { most };
            bench.run(Operation::Delete, &rows);
        }
        bench.check();
        let bytes = bench.table.bytes();
        assert!(bytes <= 2 * most, "{}: {bytes} of {most} bytes", shape.name);
        // Rows without slots reuse the places of deleted rows.
        assert!(
            bytes == most || shape.types.iter().any(|ty| ty.physical() == Physical::Slot),
            "{bytes} of {most} bytes"
        );
    }
}

#[test]
fn rows_stay_in_a_table_without_deletes() {
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

#[test]
fn pairs_are_invalid_after_their_rows_are_deleted() {
    let (shape, mut random) = (shapes().remove(0), Random(2));
    let mut bench = Bench::new(&shape, AMPLE);
    let rows: Vec<Row> = (0..100).map(|key| shape.row(key, &mut random)).collect();
    bench.run(Operation::Put, &rows);
    let asked: Vec<Row> = (50..150).map(|key| shape.row(key, &mut random)).collect();
    let (pages, table) = (shape.pages(&asked), &mut bench.table.rows.table);
    let (batch, mut all) = (pages[0].batch(), Selection::default());
    all.fill(0..100);
    let input = Input::new(&batch, &all);
    let keys = |table: &GroupTable, found: &FoundRows, stored_left: bool| match stored_left {
        true => table.row_pairs(&input, found, true).visit(|left, right, pairs| {
            pair_keys(left, right, found.is_optional(), pairs.len(), |pair| pairs.get(pair))
        }),
        false => table.row_pairs(&input, found, false).visit(|left, right, pairs| {
            pair_keys(right, left, found.is_optional(), pairs.len(), |pair| {
                let (left, right) = pairs.get(pair);
                (right, left)
            })
        }),
    };
    for (stored_left, optional) in [(false, false), (true, true)] {
        let mut found = FoundRows::new(optional);
        table.find(&input, &[0], &mut found).unwrap();
        let valid = optional.then_some(1);
        assert_eq!(keys(table, &found, stored_left), (50..100).map(|key| (valid, key, key)).collect::<Vec<_>>());
        found.list_absent();
        let absent: Vec<_> = (100..150).map(|key| (optional.then_some(0), 0, key)).collect();
        assert_eq!(keys(table, &found, stored_left), absent);
        table.find(&input, &[0], &mut found).unwrap();
        let other = shape.pages(&asked[..20]);
        let other_batch = other[0].batch();
        assert!(table.row_pairs(&Input::new(&other_batch, &Selection::default()), &found, true).is_empty());
        if optional {
            assert_eq!(table.delete(found.groups()).unwrap(), 50);
            assert_eq!((keys(table, &found, stored_left), table.delete(found.groups()).unwrap()), (Vec::new(), 0));
        }
    }
}

/// For each pair, whether it has a stored record, its key, and the key of the probe record.
fn pair_keys<'s, 'p>(
    mut stored: LeafReader<'s>,
    mut probed: LeafReader<'p>,
    is_optional: bool,
    pairs: usize,
    get: impl Fn(usize) -> (page::Row<'s>, page::Row<'p>),
) -> Vec<(Option<u8>, u64, u64)> {
    let valid = is_optional.then(|| stored.plain::<u8>());
    let (stored, probed) = (stored.plain::<u64>(), probed.plain::<u64>());
    let read = |pair| {
        let (stored_row, probed_row) = get(pair);
        (valid.map(|valid| valid.read(stored_row)), stored.read(stored_row), probed.read(probed_row))
    };
    (0..pairs).map(read).collect()
}

/// The rows of one key fill many windows and pages of results.
#[test]
fn any_number_of_rows_of_a_key_is_found() {
    for shape in shapes().into_iter().filter(|shape| shape.sub_key > 0) {
        let (mut bench, mut random) = (Bench::new(&shape, AMPLE), Random(11));
        let rows: Vec<_> = (0..200_000).map(|key| shape.row(key, &mut random)).collect();
        bench.run(Operation::Put, &rows);
        let absent = shape.row(1 << 40, &mut random);
        for few in [&rows[..1], &rows[..9], &[rows[0].clone(), absent.clone(), rows[1].clone(), absent]] {
            bench.run(Operation::FindAll, few);
        }
        if shape.deletes {
            bench.run(Operation::DeleteAll, &rows[..20]);
            bench.run(Operation::Put, &rows[..50]);
        }
        bench.run(Operation::FindAll, &rows[..30]);
        bench.check();
    }
}
