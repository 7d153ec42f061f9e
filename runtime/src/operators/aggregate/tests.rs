//! Compares counts of distinct values with ordered maps. Memory is ample, a fraction of the data,
//! or the minimum, and is revoked meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use std::sync::Arc;

use super::*;
use crate::kernel::Outputs;
use crate::memory::{Budget, Memory, limits};
use crate::page::{Page, RowWriter, windows};
use crate::row::{RowLayout, SchemaBuilder, Shape};
use crate::spill::tests::DeferredBlocking;
use crate::strategy::{Driver, DriverFactory, Progress, Round};

/// A key, a number, and a text that may be missing.
type Row = (u64, i64, Option<String>);

/// The key; the numbers of distinct numbers, texts and keys; the sum and the least of the numbers.
type Counted = (u64, u64, u64, u64, i64, i64);

fn schema(types: &[LeafType]) -> Schema {
    SchemaBuilder::build(|b| Shape::Record {
        name: "",
        fields: types.iter().map(|&ty| b.field("leaf", |b| b.leaf(ty))).collect(),
    })
}

fn counting() -> DriverFactory {
    let state = |ty, fold| StateLeaf { ty, fold };
    let operator = Aggregate {
        word: "aggregate",
        input: schema(&[LeafType::U64, LeafType::I64, LeafType::Valid, LeafType::Text]),
        output: schema(&[LeafType::U64, LeafType::U64, LeafType::U64, LeafType::U64, LeafType::I64, LeafType::I64]),
        key: vec![0],
        state: vec![
            state(LeafType::U64, Fold::Key(0)),
            state(LeafType::U64, Fold::Distinct([1].into())),
            state(LeafType::U64, Fold::Distinct([2, 3].into())),
            state(LeafType::U64, Fold::Distinct([0].into())),
            state(LeafType::I64, Fold::Sum(1)),
            state(LeafType::I64, Fold::Min(1)),
        ],
        kernel: None,
        kernel_reads: Reads::All,
        closures: Vec::new(),
        measures: Vec::new(),
    };
    driver::of_phase(&operator.spec(&LeafSet::all(6)), Phase::Whole)
}

fn pages(rows: &[Row]) -> Vec<Page> {
    let layout = RowLayout::full([LeafType::U64, LeafType::I64, LeafType::Valid, LeafType::Text]);
    let mut writer = RowWriter::new(Arc::new(layout), Memory::new(Budget::new(1 << 30), "rows"));
    for (key, number, text) in rows {
        let written = writer.visit(|mut leaves, mut claims| {
            let (keys, numbers, valid) = (leaves.plain::<u64>(), leaves.plain::<i64>(), leaves.plain::<u8>());
            let (texts, value) = (leaves.text(), text.as_deref().unwrap_or(""));
            let put = claims.put(texts.heap_bytes(value), |new, claims| {
                keys.write(new, *key);
                numbers.write(new, *number);
                valid.write(new, text.is_some().into());
                texts.write(new, value, claims);
            });
            assert!(put.is_some());
        });
        written.unwrap();
    }
    writer.seal();
    writer.take_sealed().collect()
}

/// The counts of rows with this much memory, and the bytes that were spilled. Memory is revoked
/// after every `revoked_every` windows.
fn run(rows: &[Row], memory_bytes: usize, revoked_every: usize) -> (Vec<Counted>, u64) {
    let budget = Budget::new(memory_bytes);
    let factory = counting();
    let memory = Memory::spilling(budget.clone(), "counts", factory.minimum_bytes.unwrap());
    let later = Arc::new(DeferredBlocking::default());
    let context = TaskContext { blocking: later.clone(), ..TaskContext::alone(memory.clone()) };
    let mut driver: Box<dyn Driver> = factory.create(&context).unwrap();
    let mut out =
        Outputs::new(RowWriter::new(factory.layout.clone().unwrap(), Memory::new(Budget::new(1 << 30), "output")));
    let mut seen = 0;
    for page in pages(rows) {
        let added = windows(&page.batch(), |input| -> Result<()> {
            let mut cursor = 0;
            while driver.on_batch(0, input, &mut cursor, &mut out)? == Progress::Pending {
                later.run_all();
            }
            seen += 1;
            if seen % revoked_every == 0 {
                driver.revocable().unwrap().revoke(2 << 20)?;
            }
            Ok(())
        });
        added.unwrap();
    }
    let (mut found, mut cursor) = (Vec::new(), 0);
    loop {
        let progress = driver.on_round_end(0, Round { number: 1 }, &mut cursor, &mut out).unwrap();
        for page in out.pages().take_sealed() {
            let batch = page.batch();
            let bits = |leaf, row| batch.leaf_bits(leaf, row) as u64;
            let signed = |leaf, row| bits(leaf, row) as i64;
            let counted =
                |row| (bits(0, row), bits(1, row), bits(2, row), bits(3, row), signed(4, row), signed(5, row));
            found.extend((0..batch.rows()).map(counted));
        }
        match progress {
            Progress::Done => break,
            Progress::Pending => later.run_all(),
            Progress::Yield => {}
        }
    }
    let spilled = context.metrics.spilled_bytes.get();
    drop((driver, out, context, memory));
    assert_eq!(budget.used_bytes(), 0);
    found.sort_unstable();
    (found, spilled)
}

fn expected(rows: &[Row]) -> Vec<Counted> {
    let mut groups: BTreeMap<u64, Vec<&Row>> = BTreeMap::new();
    rows.iter().for_each(|row| groups.entry(row.0).or_default().push(row));
    let counted = |(key, group): (u64, Vec<&Row>)| {
        let numbers: BTreeSet<i64> = group.iter().map(|row| row.1).collect();
        let texts: BTreeSet<&str> = group.iter().filter_map(|row| row.2.as_deref()).collect();
        let sum = group.iter().map(|row| row.1).sum();
        (key, numbers.len() as u64, texts.len() as u64, 1, sum, *numbers.first().unwrap())
    };
    groups.into_iter().map(counted).collect()
}

/// Rows of few groups, of many, and of one large group among many. One key and one number are zero,
/// values repeat at short and long distances, and every third text is missing.
fn inputs(rows: u64) -> Vec<(&'static str, Vec<Row>)> {
    let make = |key: &dyn Fn(u64) -> u64| -> Vec<Row> {
        let row = |n: u64| {
            let spread = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
            let text = (!n.is_multiple_of(3)).then(|| format!("text {}", spread % 5_000).repeat(n as usize % 4));
            (key(n), -((spread % 20_000) as i64), text)
        };
        (0..rows).map(row).collect()
    };
    vec![("few", make(&|n| n % 3)), ("many", make(&|n| n)), ("hot", make(&|n| if n % 2 > 0 { 7 } else { n / 5 }))]
}

const AMPLE: usize = 256 << 20;

/// The minimum memory, and the slack that remains for operators that cannot spill.
const MINIMUM: usize = limits::COUNT_BYTES + limits::COUNT_BYTES / 8;

#[test]
fn distinct_values_are_counted_in_any_memory() {
    for (name, rows) in inputs(30_000) {
        let expected = expected(&rows);
        for (memory_bytes, revoked_every) in
            [AMPLE, 5 << 20, MINIMUM].into_iter().flat_map(|bytes| [(bytes, 1_000), (bytes, 13)])
        {
            let (found, spilled) = run(&rows, memory_bytes, revoked_every);
            assert!(found == expected, "{name} in {memory_bytes} bytes, revoked after {revoked_every}");
            assert_eq!(spilled > 0, (memory_bytes, revoked_every) != (AMPLE, 1_000), "{name} in {memory_bytes}");
        }
    }
}
