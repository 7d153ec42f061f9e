//! Words that move records between tasks, or use the records of a task.

use super::super::expression::Writer;
use super::super::flow::{Flow, Rows, Stage};
use super::super::generator::Generator;
use super::super::types::{Kind, Type};
use super::super::value::{Row, Value};
use super::super::word::{Place, RECORDS, SETS, Word, same};
use super::keys;

pub const WORDS: &[Word] = &[
    Word {
        name: "rebalance",
        covers: &["rebalance"],
        on: RECORDS,
        to: same,
        place: Place::AMONG_UPDATES,
        build: |_, flow, _| Some(Stage::same(".rebalance()", flow.unordered())),
    },
    Word {
        name: "partition_by",
        covers: &["partition_by"],
        on: RECORDS,
        to: same,
        place: Place::AMONG_UPDATES,
        build: |generator, flow, _| {
            let key = keys::any(&mut generator.draw, flow, "r")?;
            Some(Stage::same(format!(".partition_by(|r| {})", key.text), flow.unordered()))
        },
    },
    Word {
        name: "partition_with",
        covers: &["partition_with"],
        on: RECORDS,
        to: same,
        place: Place::AMONG_UPDATES,
        build: |generator, flow, _| {
            let number = Writer::new(&mut generator.draw, flow.scope("r")).value(Kind::Number, 1);
            Some(Stage::same(format!(".partition_with(|r| {})", number.text), flow.unordered()))
        },
    },
    Word {
        name: "partition_by_range",
        covers: &["partition_by_range"],
        on: SETS,
        to: same,
        place: Place::ANY,
        build: |generator, flow, _| {
            let order = keys::total_order(&mut generator.draw, flow, "r")?;
            Some(Stage::same(format!(".partition_by_range(|r| {})", order.text), flow.unordered()))
        },
    },
    Word {
        name: "sort_partition",
        covers: &["sort_partition"],
        on: SETS,
        to: same,
        place: Place::ANY,
        build: |generator, flow, _| {
            let order = keys::total_order(&mut generator.draw, flow, "r")?;
            Some(Stage::same(format!(".sort_partition(|r| {})", order.text), flow.unordered()))
        },
    },
    Word {
        name: "map_partition",
        covers: &["map_partition"],
        on: SETS,
        to: same,
        place: Place::ANY,
        build: map_partition,
    },
    Word {
        name: "zip_with_index",
        covers: &["zip_with_index"],
        on: SETS,
        to: same,
        place: Place::ANY,
        build: |_, flow, _| numbered(flow, "zip_with_index"),
    },
    Word {
        name: "zip_with_unique_id",
        covers: &["zip_with_unique_id"],
        on: RECORDS,
        to: same,
        place: Place::NOT_IN_SNAPSHOTS,
        build: |_, flow, _| numbered(flow, "zip_with_unique_id"),
    },
    Word {
        name: "sample",
        covers: &["sample"],
        on: RECORDS,
        to: same,
        place: Place { among_updates: true, ..Place::NOT_IN_SNAPSHOTS },
        // A smaller share keeps different records in each run.
        build: |_, flow, _| Some(Stage::same(".sample(1.0, 7)", flow.unordered())),
    },
    Word {
        name: "sample_n",
        covers: &["sample_n"],
        on: SETS,
        to: same,
        place: Place::ANY,
        build: |_, flow, _| Some(Stage::same(".sample_n(1_000_000, 7)", flow.unordered())),
    },
];

fn map_partition(generator: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let of = generator.record_type(flow);
    let made = Writer::new(&mut generator.draw, flow.scope("r")).record(&of);
    let text = format!(".map_partition(|records, out| {{ for r in records {{ out.emit({}); }} }})", made.text);
    Some(Stage::new(text, flow.with(of), move |_, rows| {
        rows.into_iter().map(|row| Row { values: (made.values)(&row.values), ..row }).collect()
    }))
}

/// A number before each record. It is deterministic only after a sort.
fn numbered(flow: &Flow, word: &str) -> Option<Stage> {
    if flow.of.depth() > 1 {
        return None;
    }
    let mut result = flow.with(Type::Tuple(vec![Type::Plain(Kind::Number), flow.of.clone()]));
    let is_free = !(flow.is_sorted && word == "zip_with_index");
    result.free = [vec![is_free], flow.free.clone()].concat();
    Some(Stage::new(format!(".{word}()"), result, |_, rows| {
        let with_number = |(number, row): (usize, Row)| {
            let values = [vec![Value::Number(number as u64)], row.values].concat();
            Row { values, ..row }
        };
        rows.into_iter().enumerate().map(with_number).collect()
    }))
}
