//! Words on whole flows.

use std::rc::Rc;

use super::super::flow::{Flow, FlowKind, Rows, Stage};
use super::super::generator::Generator;
use super::super::types::Type;
use super::super::value::Row;
use super::super::word::{Place, RECORDS, SETS, Word, same};
use super::keys;

pub const WORDS: &[Word] = &[
    Word { name: "project", covers: &["project"], on: RECORDS, to: same, place: Place::ANY, build: project },
    Word {
        name: "expect_rows",
        covers: &["expect_rows"],
        on: RECORDS,
        to: same,
        place: Place::AMONG_UPDATES,
        build: |generator, flow, _| {
            let rows = generator.draw.any(&["1", "1_000", "50_000_000"]);
            Some(Stage::same(format!(".expect_rows({rows})"), flow.unordered()))
        },
    },
    Word {
        name: "expect_selectivity",
        covers: &["expect_selectivity"],
        on: RECORDS,
        to: same,
        place: Place::AMONG_UPDATES,
        build: |generator, flow, _| {
            let condition = keys::condition(&mut generator.draw, flow, "r");
            let text = format!(".filter(|r| {}).expect_selectivity(0.01)", condition.text);
            Some(Stage::new(text, flow.unordered(), move |_, rows| {
                rows.into_iter().filter(|row| condition.is_true(&row.values)).collect()
            }))
        },
    },
    Word {
        name: "persist",
        covers: &["persist"],
        on: SETS,
        to: same,
        place: Place::NOT_IN_LOOPS,
        build: |_, flow, _| Some(Stage::same(".persist()", flow.unordered())),
    },
    Word { name: "union", covers: &["union"], on: RECORDS, to: same, place: Place::ANY, build: union },
    Word {
        name: "distinct",
        covers: &["distinct"],
        on: SETS,
        to: same,
        place: Place::ANY,
        build: |_, flow, _| {
            let is_key = flow.is_certain() && flow.of.kinds().iter().all(|kind| kind.is_key());
            is_key.then(|| {
                Stage::new(".distinct()", flow.unordered(), |_, mut rows| {
                    rows.sort();
                    rows.dedup();
                    rows
                })
            })
        },
    },
    Word { name: "sort", covers: &["sort"], on: SETS, to: same, place: Place::ANY, build: sort },
    Word {
        name: "first",
        covers: &["first"],
        on: RECORDS,
        to: same,
        place: Place::NOT_IN_SNAPSHOTS,
        build: |generator, flow, rows| {
            // Without an order, a smaller count would keep different records in each run.
            let count = if flow.is_sorted { 1 + generator.draw.below(rows.len() + 2) } else { 1_000_000 };
            let limited = move |_: &super::super::flow::World, rows: Rows| rows.into_iter().take(count).collect();
            Some(Stage::new(format!(".first({count})"), Flow { is_near_source: false, ..flow.clone() }, limited))
        },
    },
    Word { name: "top", covers: &["top"], on: SETS, to: same, place: Place::ANY, build: top },
];

fn project(generator: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let fields = generator.draw.shuffled(flow.scope("r").fields);
    let fields = &fields[..(1 + generator.draw.below(3)).min(fields.len())];
    if fields.is_empty() || matches!(flow.of, Type::Plain(_)) {
        return None;
    }
    let key = keys::of_fields(fields);
    let picked = Rc::clone(&key.values);
    Some(Stage::new(format!(".project(|r| {})", key.text), flow.with(key.of), move |_, rows| {
        rows.into_iter().map(|row| Row { values: picked(&row.values), ..row }).collect()
    }))
}

/// With another flow of the same type, or with itself.
fn union(generator: &mut Generator, flow: &Flow, rows: &Rows) -> Option<Stage> {
    let sides = generator.sides(flow.kind, |side| side.of == flow.of && side.is_certain());
    let side = generator.take_side(&sides)?;
    if !flow.is_certain() || rows.len() + side.rows > generator.most_rows() {
        return None;
    }
    let name = side.name.clone();
    Some(Stage::new(format!(".union({})", side.text), flow.unordered(), move |world, rows| {
        let others = world.rows(&name);
        rows.into_iter().chain(others.iter().cloned()).collect()
    }))
}

fn sort(generator: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let order = keys::total_order(&mut generator.draw, flow, "r")?;
    let result = Flow { is_sorted: true, ..flow.unordered() };
    Some(Stage::new(format!(".sort(|r| {})", order.text), result, move |_, mut rows| {
        rows.sort_by(|l, r| order.compare(&l.values, &r.values));
        rows
    }))
}

fn top(generator: &mut Generator, flow: &Flow, rows: &Rows) -> Option<Stage> {
    let order = keys::total_order(&mut generator.draw, flow, "r")?;
    let count = 1 + generator.draw.below(rows.len() + 2);
    let result = Flow { is_sorted: flow.kind == FlowKind::Set, ..flow.unordered() };
    Some(Stage::new(format!(".top({count}, |r| {})", order.text), result, move |_, mut rows| {
        rows.sort_by(|l, r| order.compare(&l.values, &r.values));
        rows.truncate(count);
        rows
    }))
}
