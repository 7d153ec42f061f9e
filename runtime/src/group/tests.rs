//! Compares groupings in ample memory, in a fraction of the data, and in the minimum, with ordered
//! maps.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::group::table::Groups;
use crate::group::*;
use crate::kernel::Outputs;
use crate::memory::{Budget, limits};
use crate::page::windows;
use crate::row::{LeafSet, LeafType, RowLayout};
use crate::sort::OrderKey;
use crate::spill::tests::DeferredBlocking;
use crate::strategy::Driver;

/// A key, a number and a text.
type Row = (u128, u64, String);

const TYPES: [LeafType; 3] = [LeafType::U128, LeafType::U64, LeafType::Text];

/// Adds up the numbers of a leaf by key. Other leaves of a state stay empty.
pub(crate) struct Sums {
    key: Vec<usize>,
    /// The leaf of the numbers, `u64`.
    sum: usize,
    groups: Groups,
    found: Selection,
}

impl Sums {
    pub(crate) fn new(key: &[usize], sum: usize) -> Self {
        Sums { key: key.to_vec(), sum, groups: Groups::default(), found: Selection::default() }
    }
}

impl GroupUpdate for Sums {
    fn key(&self, _: Rows) -> &[usize] {
        &self.key
    }

    fn add(&mut self, table: &mut GroupTable, input: &Input<'_>, _: Rows, left: &mut UnplacedRows) -> Result<()> {
        let copied: Vec<(usize, usize)> = self.key.iter().map(|&leaf| (leaf, leaf)).collect();
        let found = probe(table, input, (&self.key, &copied), &mut self.groups, &mut self.found, left)?;
        table.visit(&found, &self.groups, |mut leaves, mut states, rows| {
            leaves.skip(self.sum);
            states.skip(self.sum);
            let (number, sum) = (leaves.plain::<u64>(), states.plain::<u64>().unwrap());
            rows.iter().for_each(|(row, group)| sum.set(group, sum.get(group) + number.read(row)));
        });
        Ok(())
    }
}

/// Keeps the row of each key whose text is last.
#[derive(Default)]
struct Last(Groups, Selection);

impl GroupUpdate for Last {
    fn key(&self, _: Rows) -> &[usize] {
        &[0]
    }

    fn add(&mut self, table: &mut GroupTable, input: &Input<'_>, _: Rows, left: &mut UnplacedRows) -> Result<()> {
        let copied = [(0, 0), (1, 1), (2, 2)];
        let found = probe(table, input, (&[0], &copied), &mut self.0, &mut self.1, left)?;
        table.keep_best(&found, &self.0, &[2, 1].map(|leaf| OrderKey { leaf, descending: true }))?;
        left.uncombined(table, &found, &self.0);
        table.compact(false)?;
        Ok(())
    }
}

/// The result of a run: rows, spilled bytes, and the maximum number of passes over rows on disk.
struct RunResult {
    rows: Vec<Row>,
    spilled: u64,
    passes: u64,
}

fn layout() -> Arc<RowLayout> {
    GroupTable::layout_of(TYPES.to_vec(), &LeafSet::all(TYPES.len()))
}

fn pages(rows: &[Row]) -> Vec<Page> {
    let mut source = RowWriter::new(layout(), Memory::new(Budget::new(1 << 30), "rows"));
    for chunk in rows.chunks(500) {
        let written = source.visit(|mut leaves, mut claims| {
            let (key, number, text) = (leaves.plain::<u128>(), leaves.plain::<u64>(), leaves.text());
            for row in chunk {
                let put = claims.put(text.heap_bytes(&row.2), |new, claims| {
                    key.write(new, row.0);
                    number.write(new, row.1);
                    text.write(new, &row.2, claims);
                });
                assert!(put.is_some());
            }
        });
        written.unwrap();
    }
    source.seal();
    source.take_sealed().collect()
}

fn output() -> Outputs {
    Outputs::new(RowWriter::new(layout(), Memory::new(Budget::new(1 << 30), "output")))
}

fn run(update: impl GroupUpdate, key: &[usize], rows: &[Row], memory_bytes: usize, revokes: bool) -> RunResult {
    let later = Arc::new(DeferredBlocking::default());
    let budget = Budget::new(memory_bytes);
    let memory = Memory::spilling(budget.clone(), "grouping", limits::GROUP_BYTES);
    let context = TaskContext { blocking: later.clone(), ..TaskContext::alone(memory.clone()) };
    let mut out = output();
    let grouping = HybridHashAggregation::new(GroupTable::new(layout(), key, &memory).unwrap(), 0, &context);
    let mut driver: Box<dyn Driver> = Box::new(FinalAggregate { update, grouping });
    let mut windows_seen = 0;
    for page in pages(rows) {
        windows(&page.batch(), |input| -> Result<()> {
            let mut cursor = 0;
            while driver.on_batch(0, input, &mut cursor, &mut out)? == Progress::Pending {
                later.run_next();
            }
            windows_seen += 1;
            if revokes && windows_seen % 7 == 0 {
                driver.revocable().unwrap().revoke(2 << 20)?;
            }
            Ok(())
        })
        .unwrap();
    }
    let mut found = Vec::new();
    let round = crate::strategy::Round { number: 1 };
    loop {
        let progress = driver.on_round_end(0, round, &mut 0, &mut out).unwrap();
        for page in out.pages().take_sealed() {
            let batch = page.batch();
            let text = |row| String::from_utf8(batch.leaf_bytes(2, row).to_vec()).unwrap();
            found.extend(
                (0..batch.rows()).map(|row| (batch.leaf_bits(0, row), batch.leaf_bits(1, row) as u64, text(row))),
            );
        }
        match progress {
            Progress::Done => break,
            Progress::Pending => later.run_next(),
            Progress::Yield => {}
        }
    }
    drop((driver, out));
    drop((context.memory, memory));
    let metrics = context.metrics;
    assert_eq!(budget.used_bytes(), 0);
    found.sort();
    RunResult { rows: found, spilled: metrics.spilled_bytes.get(), passes: metrics.passes.get() }
}

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// Rows by the name of their order and frequency of keys.
fn inputs(rows: u64) -> Vec<(&'static str, Vec<Row>)> {
    let mut state = 7;
    let mut make = |key: &dyn Fn(u64, u64) -> u64| -> Vec<Row> {
        let row = |n| {
            let drawn = random(&mut state);
            let text = format!("text {}", drawn % 1_000).repeat((drawn % 5) as usize);
            (key(n, drawn).into(), n, text)
        };
        (0..rows).map(row).collect()
    };
    vec![
        ("sorted", make(&|n, _| n)),
        ("reversed", make(&|n, _| u64::MAX - n)),
        ("twice", make(&move |n, _| n % (rows / 2))),
        ("uniform", make(&|_, drawn| drawn % 50_000)),
        ("one hot", make(&|n, drawn| if drawn % 3 > 0 { 1 } else { n })),
        ("one", make(&|_, _| 5)),
    ]
}

const AMPLE: usize = 256 << 20;

/// The minimum memory, and the reserve that is kept for operators that cannot spill.
const MIN_BYTES: usize = limits::GROUP_BYTES + limits::GROUP_BYTES / 8;

fn budgets() -> [usize; 3] {
    [AMPLE, 4 << 20, MIN_BYTES]
}

fn sums(key: &[usize]) -> Sums {
    Sums::new(key, 1)
}

/// If almost no rows share groups, most are not looked up. If all do again, lookups start again.
#[test]
fn combiner_stops_lookups_that_find_nothing() {
    // Also for a combiner that may hold fewer bytes than the check needs, or that is refused them.
    for (max_bytes, memory_bytes) in [(64 << 20, 1 << 30), (4 << 20, 1 << 30), (64 << 20, 6 << 20)] {
        stops_lookups(max_bytes, memory_bytes);
    }
}

fn stops_lookups(max_bytes: usize, memory_bytes: usize) {
    let memory = Memory::spilling(Budget::new(memory_bytes), "combiner", limits::COMBINE_BYTES);
    let mut combiner = Combiner::new(GroupTable::new(layout(), [0], &memory).unwrap(), max_bytes);
    let mut sums = sums(&[0]);
    let (mut out, mut totals, mut counts) = (output(), BTreeMap::<u128, u64>::new(), Vec::new());
    // One row in ten has the same key. Later each row has one of ten keys.
    let phases: [fn(u128) -> u128; 2] = [|row| if row.is_multiple_of(10) { 0 } else { row }, |row| row % 10];
    for key in phases {
        let rows: Vec<Row> = (0..800_000).map(|row| (key(row), 1, String::new())).collect();
        for page in pages(&rows) {
            windows(&page.batch(), |input| combiner.add(&mut sums, input, &mut out)).unwrap();
        }
        combiner.flush(&mut out).unwrap();
        let mut count = 0;
        for page in out.pages().take_sealed() {
            let batch = page.batch();
            for row in 0..batch.rows() {
                *totals.entry(batch.leaf_bits(0, row)).or_default() += batch.leaf_bits(1, row) as u64;
            }
            count += batch.rows();
        }
        counts.push(count);
    }
    let mut expected = BTreeMap::new();
    phases.iter().for_each(|key| (0..800_000).for_each(|row| *expected.entry(key(row)).or_default() += 1));
    assert_eq!(totals, expected);
    assert!(counts[0] > 770_000 && counts[0] < 800_000 && counts[1] < 400_000, "{counts:?}");
}

#[test]
fn sums_are_the_same_in_any_memory() {
    for (name, rows) in inputs(60_000) {
        let mut expected: BTreeMap<u128, u64> = BTreeMap::new();
        rows.iter().for_each(|row| *expected.entry(row.0).or_default() += row.1);
        let expected: Vec<Row> = expected.into_iter().map(|(key, sum)| (key, sum, String::new())).collect();
        for (memory_bytes, revokes) in budgets().into_iter().flat_map(|bytes| [(bytes, false), (bytes, true)]) {
            let ran = run(sums(&[0]), &[0], &rows, memory_bytes, revokes);
            assert!(ran.rows == expected, "{name} in {memory_bytes} bytes, revoked: {revokes}");
            match (memory_bytes, revokes) {
                (AMPLE, false) => assert_eq!(ran.spilled, 0, "{name}"),
                (AMPLE, true) if expected.len() > 20_000 => assert!(ran.spilled > 0, "{name}"),
                (MIN_BYTES, _) if expected.len() > 40_000 => assert!(ran.spilled > 1 << 20, "{name}"),
                _ => {}
            }
        }
    }
}

#[test]
fn text_keys_are_distinguished_in_any_memory() {
    for (name, rows) in inputs(30_000) {
        let mut expected: BTreeMap<(u128, String), u64> = BTreeMap::new();
        rows.iter().for_each(|row| *expected.entry((row.0, row.2.clone())).or_default() += row.1);
        let mut expected: Vec<Row> = expected.into_iter().map(|((key, text), sum)| (key, sum, text)).collect();
        expected.sort();
        for memory_bytes in budgets() {
            assert!(
                run(sums(&[0, 2]), &[0, 2], &rows, memory_bytes, false).rows == expected,
                "{name} in {memory_bytes}"
            );
        }
    }
}

#[test]
fn replaced_rows_are_the_same_in_any_memory() {
    for (name, mut rows) in inputs(30_000) {
        // Some rows are larger than a page, and many rows replace others.
        rows.iter_mut().step_by(5_000).for_each(|row| row.2 = format!("y{}", row.1).repeat(20_000));
        let mut expected: BTreeMap<u128, Row> = BTreeMap::new();
        for row in &rows {
            let kept = expected.entry(row.0).or_insert_with(|| row.clone());
            if (&row.2, row.1) > (&kept.2, kept.1) {
                kept.clone_from(row);
            }
        }
        let expected: Vec<Row> = expected.into_values().collect();
        for (memory_bytes, revokes) in budgets().into_iter().flat_map(|bytes| [(bytes, false), (bytes, true)]) {
            let ran = run(Last::default(), &[0], &rows, memory_bytes, revokes);
            assert!(ran.rows == expected, "{name} in {memory_bytes} bytes, revoked: {revokes}");
        }
    }
}

#[test]
fn parts_that_do_not_fit_are_split_again() {
    let rows: Vec<Row> = (0..600_000).map(|n| (n, n as u64, String::new())).collect();
    // The table is in parts before it must evict some of them, or never evicts any.
    for (memory_bytes, spilled, passes) in [(MIN_BYTES, 1 << 20.., 3), (24 << 20, 1 << 20.., 1), (AMPLE, 0.., 0)] {
        let ran = run(sums(&[0]), &[0], &rows, memory_bytes, false);
        assert!(ran.rows == rows, "{memory_bytes} bytes");
        assert!(spilled.contains(&ran.spilled) && ran.passes >= passes, "{} bytes, {} passes", ran.spilled, ran.passes);
    }
}

/// Between two windows, for example if a page that is read back is refused memory, there are no
/// rows that must be added.
#[test]
fn making_room_between_windows_adds_no_former_row() {
    let later = Arc::new(DeferredBlocking::default());
    let memory = Memory::spilling(Budget::new(MIN_BYTES), "grouping", limits::GROUP_BYTES);
    let context = TaskContext { blocking: later.clone(), ..TaskContext::alone(memory.clone()) };
    let mut grouping = HybridHashAggregation::new(GroupTable::new(layout(), [0], &memory).unwrap(), 0, &context);
    let (mut sums, mut out) = (sums(&[0]), output());
    let rows: Vec<Row> = (0..60_000).map(|n| (n, 1, String::new())).collect();
    for page in pages(&rows) {
        windows(&page.batch(), |input| -> Result<()> {
            let mut cursor = 0;
            while grouping.add(&mut sums, input, Rows::New, &mut cursor)? == Progress::Pending {
                later.run_next();
            }
            Ok(())
        })
        .unwrap();
    }
    loop {
        match grouping.finish(&mut sums, &mut out).unwrap() {
            Progress::Done => break,
            Progress::Pending => later.run_next(),
            Progress::Yield => {}
        }
    }
    assert!(!grouping.rest.is_empty(), "some rows found no room at first");
    assert_eq!((grouping.make_room().unwrap(), grouping.later.len()), (Room::None, 0));
}

/// Keys whose lower half is the seed of the hash have the same hash, so only the keys themselves
/// distinguish them.
#[test]
fn keys_with_one_hash_are_aggregated_in_several_passes() {
    const SEED: u128 = 0x9E37_79B9_7F4A_7C15;
    let rows: Vec<Row> = (0..4_500).map(|n| (SEED | (n % 3_000) << 64, 1, format!("{n:01600}"))).collect();
    let ran = run(Last::default(), &[0], &rows, MIN_BYTES, true);
    let last = |key: u128| if key < 1_500 { key + 3_000 } else { key };
    let expected: Vec<Row> = (0..3_000).map(|key| (SEED | key << 64, 1, format!("{:01600}", last(key)))).collect();
    assert!(ran.rows == expected);
    assert_eq!(ran.passes, u64::from(LAST_LEVEL) + 1);
}
