//! Loops in less memory than their records take.

use dataflow::prelude::*;
use tests::{Item, ItemRef, Scarcity, same_records, within_two_minutes};

/// Items with distinct keys and texts.
fn items(count: u64) -> Vec<Item> {
    let text = |key: u64| format!("{key:x}").repeat(20 + (key % 60) as usize);
    (0..count).map(|key| Item { key, value: (key * 7 % 100) as i64, text: text(key) }).collect()
}

#[dataflow]
fn halved(items: DataSet<Item>) -> DataSet<Item> {
    items.iterate_delta(
        items,
        |i| i.key,
        100,
        |known, changed| {
            let lower = changed.join(known).on(|c| c.key).filter(|_, k| k.value > 0).map(|c, k| ItemRef {
                key: c.key,
                value: k.value / 2,
                text: k.text,
            });
            (lower, lower)
        },
    )
}

#[test]
fn a_solution_set_may_exceed_memory() {
    within_two_minutes("a solution set beyond memory", || {
        let items = items(40_000);
        let expected: Vec<_> = items.iter().map(|item| (item.key, 0, item.text.clone())).collect();
        for (scarcity, parallelism) in
            [(Scarcity::Ample, 2), (Scarcity::Part(4), 2), (Scarcity::Minimum, 1), (Scarcity::Minimum, 2)]
        {
            let (found, report) =
                scarcity.run(std::slice::from_ref(&items), parallelism, |flows| halved(flows[0].clone()));
            let found = found.into_iter().map(|item| (item.key, item.value, item.text)).collect();
            same_records(&format!("{scarcity:?}, {parallelism} tasks"), found, expected.clone());
            assert_eq!(report.spilled_bytes() > 0, scarcity != Scarcity::Ample, "{scarcity:?}");
        }
    });
}

#[dataflow]
fn stepped(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<Item> {
    items.iterate(4, |items| {
        let met = items.join(others).on(|i| i.key, |o| o.key);
        met.map(|i, o| ItemRef {
            key: (i.key + 1) % 40_000,
            value: i.value + o.value + o.text.len() as i64,
            text: i.text,
        })
    })
}

#[test]
fn flows_from_outside_a_loop_may_exceed_memory() {
    within_two_minutes("a build side beyond memory, in a loop", || {
        let items = items(40_000);
        let expected: Vec<_> = (0..items.len())
            .map(|at| {
                let met = (0..4).map(|step| &items[(at + step) % items.len()]);
                let values = met.map(|item| item.value + item.text.len() as i64);
                (((at + 4) % items.len()) as u64, items[at].value + values.sum::<i64>(), items[at].text.clone())
            })
            .collect();
        for (scarcity, parallelism) in
            [(Scarcity::Ample, 2), (Scarcity::Part(4), 2), (Scarcity::Minimum, 1), (Scarcity::Minimum, 2)]
        {
            let inputs = [items.clone(), items.clone()];
            let (found, report) =
                scarcity.run(&inputs, parallelism, |flows| stepped(flows[0].clone(), flows[1].clone()));
            let found = found.into_iter().map(|item| (item.key, item.value, item.text)).collect();
            same_records(&format!("{scarcity:?}, {parallelism} tasks"), found, expected.clone());
            assert_eq!(report.spilled_bytes() > 0, scarcity != Scarcity::Ample, "{scarcity:?}");
        }
    });
}
