//! Lines of several kinds of requests, which take turns.

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

/// Serves on, as far as one call does.
fn serve(bench: &mut Bench, requests: &mut Requests) -> Progress {
    let mut put = Put::new(bench.shape.types.len(), bench.shape.key.clone());
    loop {
        match bench.table.serve(requests, &mut put, &mut outputs()).unwrap() {
            Progress::Pending => bench.later.run_next(),
            progress => return progress,
        }
    }
}

/// Has rows wait.
fn line_up(bench: &mut Bench, requests: &mut Requests, rows: &[Row]) {
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

fn send_all_away(bench: &mut Bench) {
    bench.table.revoke(1 << 30).unwrap();
    bench.later.run_all();
    assert!(bench.table.is_spilled() && bench.table.resident_rows() == 0);
}

/// Between two pages of a line its key group leaves, so that the second has to wait again, and another line has it read back: the pages behind come no sooner.
#[test]
fn rows_of_one_key_keep_their_order_where_another_line_has_them_read_back() {
    let (shape, mut random) = (shapes().remove(0), Random(8));
    let mut bench = Bench::new(&shape, 64 << 20);
    let first = shape.row(1, &mut random);
    let is_beside = |row: &Row| group_of(&shape, row) == group_of(&shape, &first);
    let beside = (2..).map(|key| shape.row(key, &mut random)).find(is_beside).unwrap();
    bench.run(Operation::Put, std::slice::from_ref(&first));
    send_all_away(&mut bench);
    let of_number = |number| {
        let mut row = first.clone();
        row[shape.sum] = Datum::Fixed(number);
        row
    };
    let rows: Vec<Row> = (0..12_000).map(of_number).collect();
    let requests = |bench: &Bench| bench.table.requests(shape.types.clone(), &LeafSet::all(shape.types.len()));
    let (mut line, mut other) = (requests(&bench), requests(&bench));
    line_up(&mut bench, &mut line, &rows);
    while line.draining.is_none() || bench.table.resident_rows() == 0 {
        assert_eq!(serve(&mut bench, &mut line), Progress::Yield);
    }
    send_all_away(&mut bench);
    while line.queues.requeued.is_empty() {
        assert_eq!(serve(&mut bench, &mut line), Progress::Yield);
    }
    line_up(&mut bench, &mut other, std::slice::from_ref(&beside));
    while serve(&mut bench, &mut other) != Progress::Done {}
    assert!(!bench.table.is_spilled() && line.draining.is_some());
    while serve(&mut bench, &mut line) != Progress::Done {}
    bench.map.insert(shape.key_of(&first), rows[rows.len() - 1].clone());
    bench.map.insert(shape.key_of(&beside), beside);
    bench.check();
}
