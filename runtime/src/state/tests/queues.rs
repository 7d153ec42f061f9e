//! Queues of several kinds of requests, which are served in turn.

use std::sync::Arc;

use crate::kernel::Outputs;
use crate::memory::{Budget, Memory};
use crate::page::tests::Random;
use crate::page::{RowWriter, windows};
use crate::row::{Datum, LeafSet, RowLayout};
use crate::state::tests::model::{Bench, Operation, Row, group_of, shapes};
use crate::state::{Put, Requests};
use crate::strategy::Progress;

fn outputs() -> Outputs {
    let memory = Memory::new(Budget::new(1 << 20), "nothing");
    Outputs::new(RowWriter::new(Arc::new(RowLayout::new([], &LeafSet::none())), memory))
}

/// Calls `serve` once.
fn serve(bench: &mut Bench, requests: &mut Requests) -> Progress {
    let mut put = Put::new(bench.shape.types.len(), bench.shape.key.clone());
    loop {
        match bench.table.serve(requests, &mut put, &mut outputs()).unwrap() {
            Progress::Pending => bench.later.run_next(),
            progress => return progress,
        }
    }
}

/// Queues rows.
fn queue(bench: &mut Bench, requests: &mut Requests, rows: &[Row]) {
    let mut put = Put::new(bench.shape.types.len(), bench.shape.key.clone());
    for page in bench.shape.pages(rows) {
        windows(&page.batch(), |input| {
            let mut cursor = 0;
            while bench.table.apply(requests, &mut put, input, &mut cursor, &mut outputs())? != Progress::Done {
                bench.later.run_next();
            }
            Ok::<(), crate::error::Error>(())
        })
        .unwrap();
    }
}

fn evict_all(bench: &mut Bench) {
    bench.table.revoke(1 << 30).unwrap();
    bench.later.run_all();
    assert!(bench.table.is_spilled() && bench.table.resident_rows() == 0);
}

/// A key group is evicted between two pages of a queue, so that the second page is requeued.
/// Another queue loads the group again. The later pages must not be served before the second one.
#[test]
fn requeued_rows_keep_their_order_if_another_queue_loads_them() {
    let (shape, mut random) = (shapes().remove(0), Random(8));
    let mut bench = Bench::new(&shape, 64 << 20);
    let first = shape.row(1, &mut random);
    let is_beside = |row: &Row| group_of(&shape, row) == group_of(&shape, &first);
    let beside = (2..).map(|key| shape.row(key, &mut random)).find(is_beside).unwrap();
    bench.run(Operation::Put, std::slice::from_ref(&first));
    evict_all(&mut bench);
    let of_number = |number| {
        let mut row = first.clone();
        row[shape.sum] = Datum::Fixed(number);
        row
    };
    let rows: Vec<Row> = (0..12_000).map(of_number).collect();
    let requests = |bench: &Bench| bench.table.requests(shape.types.clone(), &LeafSet::all(shape.types.len()));
    let (mut line, mut other) = (requests(&bench), requests(&bench));
    queue(&mut bench, &mut line, &rows);
    while line.draining.is_none() || bench.table.resident_rows() == 0 {
        assert_eq!(serve(&mut bench, &mut line), Progress::Yield);
    }
    evict_all(&mut bench);
    while line.queues.requeued.is_empty() {
        assert_eq!(serve(&mut bench, &mut line), Progress::Yield);
    }
    queue(&mut bench, &mut other, std::slice::from_ref(&beside));
    while serve(&mut bench, &mut other) != Progress::Done {}
    assert!(!bench.table.is_spilled() && line.draining.is_some());
    while serve(&mut bench, &mut line) != Progress::Done {}
    bench.map.insert(shape.key_of(&first), rows[rows.len() - 1].clone());
    bench.map.insert(shape.key_of(&beside), beside);
    bench.check();
}
