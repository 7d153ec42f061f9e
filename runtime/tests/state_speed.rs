//! The speed of a state table compared with a group table. Run with
//! `cargo test --release -p dataflow-runtime --test state_speed -- --ignored --nocapture`.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::time::Instant;

use runtime::error::Result;
use runtime::group::{GroupTable, GroupUpdate, Groups, GrowthPolicy, Rows, UnplacedRows};
use runtime::kernel::{Outputs, TaskContext};
use runtime::memory::{Budget, Memory};
use runtime::page::{Input, Page, RowWriter, windows};
use runtime::row::{LeafSet, LeafType, RowLayout};
use runtime::state::{KEY_GROUPS, Put, Requests, StateLeaf, StateRequest, StateSpec, StateTable, Update};
use runtime::strategy::Progress;

const KEYS: u64 = 1_000_000;
const ROUNDS: usize = 7;
const TYPES: [LeafType; 2] = [LeafType::U64, LeafType::U64];

/// Sums numbers by key.
#[derive(Default)]
struct Sums(Groups);

impl GroupUpdate for Sums {
    fn key(&self, _: Rows) -> &[usize] {
        &[0]
    }

    fn add(&mut self, table: &mut GroupTable, input: &Input<'_>, _: Rows, _: &mut UnplacedRows) -> Result<()> {
        table.probe(input, &[0], &[(0, 0)], &mut self.0)?;
        assert!(self.0.missed().is_empty());
        table.visit(input, &self.0, |mut leaves, mut states, rows| {
            leaves.skip(1);
            states.skip(1);
            let (number, sum) = (leaves.plain::<u64>(), states.plain::<u64>().unwrap());
            rows.iter().for_each(|(row, group)| sum.set(group, sum.get(group) + number.read(row)));
        });
        Ok(())
    }
}

fn memory() -> Memory {
    Memory::new(Budget::new(4 << 30), "speed")
}

/// All keys once, in an order that causes cache misses.
fn pages() -> Vec<Page> {
    let mut writer = RowWriter::new(Arc::new(RowLayout::full(TYPES)), memory());
    let written = writer.visit(|mut leaves, mut claims| {
        let (key, number) = (leaves.plain::<u64>(), leaves.plain::<u64>());
        for row in 0..KEYS {
            let put = claims.put(0, |new, _| {
                key.write(new, row.wrapping_mul(0x9E37_79B9_7F4A_7C15) % KEYS * 7_919);
                number.write(new, row);
            });
            assert!(put.is_some());
        }
    });
    written.unwrap();
    writer.seal();
    writer.take_sealed().collect()
}

fn state(deletes: bool) -> (StateTable, Requests, Outputs) {
    let context = TaskContext::alone(Memory::spilling(Budget::new(4 << 30), "state", 0));
    let leaf = |name: &str| StateLeaf { name: name.to_owned(), ty: LeafType::U64, starts_at_zero: false };
    let spec = StateSpec::new(vec![leaf("key"), leaf("number")], [0]);
    let spec = if deletes { spec.deletable() } else { spec };
    let table = StateTable::new(spec, 0..KEY_GROUPS, 0, &context).unwrap();
    let requests = table.requests(TYPES.to_vec(), &LeafSet::all(2));
    (table, requests, Outputs::new(RowWriter::new(Arc::new(RowLayout::full(TYPES)), memory())))
}

fn all((table, requests, out): &mut (StateTable, Requests, Outputs), request: &mut dyn StateRequest, pages: &[Page]) {
    for page in pages {
        windows(&page.batch(), |input| {
            let progress = table.apply(requests, request, input, &mut 0, out)?;
            assert_eq!(progress, Progress::Done);
            Ok::<(), runtime::error::Error>(())
        })
        .unwrap();
    }
}

fn nanoseconds(what: &str, mut each: impl FnMut()) -> f64 {
    let mut took: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            each();
            begin.elapsed().as_secs_f64() * 1e9 / KEYS as f64
        })
        .collect();
    took.sort_by(f64::total_cmp);
    println!("{what:44} {:6.1} ns a row (best {:.1})", took[ROUNDS / 2], took[0]);
    took[ROUNDS / 2]
}

#[test]
#[ignore = "measures"]
fn state_compared_with_groups() {
    let pages = pages();
    let layout = GroupTable::layout_of(TYPES.to_vec(), &LeafSet::all(2));
    let mut groups =
        GroupTable::new(layout.clone(), [0], &memory()).unwrap().growing(GrowthPolicy::Spilling { aside: 0 });
    let (mut sums, mut left) = (Sums::default(), UnplacedRows::default());
    let mut add = |groups: &mut GroupTable| {
        for page in &pages {
            windows(&page.batch(), |input| sums.add(groups, input, Rows::New, &mut left)).unwrap();
        }
    };
    add(&mut groups);
    let one = nanoseconds("groups: find and update", || add(&mut groups));
    // As in a grouping: a large table is split into parts early, each with its own index.
    let mut groups = GroupTable::new(layout, [0], &memory()).unwrap().growing(GrowthPolicy::Spilling { aside: 0 });
    groups.split().unwrap();
    add(&mut groups);
    let parts = nanoseconds("groups in parts: find and update", || add(&mut groups));
    for deletes in [false, true] {
        let mut state = state(deletes);
        all(&mut state, &mut Put::new(2, [0]), &pages);
        let update = nanoseconds(&format!("state, deletes: {deletes}: find and update"), || {
            all(&mut state, &mut Update(Sums::default()), &pages);
        });
        println!("{:44} {:6.2} and {:.2} of groups'", "", update / one, update / parts);
        let put = nanoseconds(&format!("state, deletes: {deletes}: put"), || {
            all(&mut state, &mut Put::new(2, [0]), &pages);
        });
        println!("{:44} {:6.2} and {:.2} of groups' update", "", put / one, put / parts);
        state.0.mark(1, i64::MIN).unwrap();
        let begin = Instant::now();
        all(&mut state, &mut Update(Sums::default()), &pages);
        println!("the first update behind a mark: {:.1} ns a row", begin.elapsed().as_secs_f64() * 1e9 / KEYS as f64);
        let (mut bytes, begin) = (Vec::new(), Instant::now());
        while state.0.next_image(&mut bytes).unwrap() != Progress::Done {}
        println!("images of {} MiB in {:.1} ms", bytes.len() >> 20, begin.elapsed().as_secs_f64() * 1e3);
    }
}
