//! Rows, engines and memory sizes of the table, and the measures computed by plain iterators.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use dataflow::prelude::*;
use dataflow::{Env, Result};
use runtime::error::Error;
use tests::{Folder, embedded, local, with_memory};

/// A key, a value and a nullable value.
pub(crate) type Row<V> = (u32, V, Option<V>);

/// Enough groups to exceed the minimum memory. A few are large, some have one record, some have
/// only nulls.
pub(crate) fn rows<V>(value: impl Fn(u64) -> V) -> Vec<Row<V>> {
    let row = |n: u64| {
        let spread = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        let key = if n.is_multiple_of(8) { n / 8 % 9 } else { 10 + n % 6_000 } as u32;
        let perhaps = (spread(n + 7) % 3 > 0 && !key.is_multiple_of(5)).then(|| value(spread(n + 1_000_000)));
        (key, value(spread(n)), perhaps)
    };
    (0..12_000).map(row).collect()
}

/// The values of each group, and its non-null optional values.
pub(crate) fn groups<V: Clone>(rows: &[Row<V>]) -> BTreeMap<u32, (Vec<V>, Vec<V>)> {
    let mut groups: BTreeMap<u32, (Vec<V>, Vec<V>)> = BTreeMap::new();
    for (key, value, perhaps) in rows {
        let (plain, some) = groups.entry(*key).or_default();
        plain.push(value.clone());
        some.extend(perhaps.clone());
    }
    groups
}

pub(crate) fn present<V: Clone>(rows: &[Row<V>]) -> Vec<V> {
    rows.iter().filter_map(|row| row.2.clone()).collect()
}

pub(crate) fn least<V: PartialOrd + Clone>(values: &[V]) -> Option<V> {
    values.iter().cloned().reduce(|a, b| if b < a { b } else { a })
}

pub(crate) fn greatest<V: PartialOrd + Clone>(values: &[V]) -> Option<V> {
    values.iter().cloned().reduce(|a, b| if b > a { b } else { a })
}

pub(crate) fn extremes<V: PartialOrd + Clone>(values: &[V]) -> (Option<V>, Option<V>) {
    (least(values), greatest(values))
}

pub(crate) fn different<V: Ord>(values: &[V]) -> u64 {
    values.iter().collect::<BTreeSet<_>>().len() as u64
}

pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The deviation, with the number of values minus `less` as divisor.
pub(crate) fn deviation(values: &[f64], less: usize) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > less)?;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some((squares / (values.len() - less) as f64).sqrt())
}

/// The quantile at `share`, interpolated linearly between two values.
pub(crate) fn quantile(share: f64, values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = share * values.len().checked_sub(1)? as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(low + (high - low) * place.fract())
}

/// Returns `true` if two floats are equal except for rounding.
pub(crate) fn close(left: Option<f64>, right: Option<f64>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => (left - right).abs() <= 1e-9 * (1.0 + left.abs().max(right.abs())),
        (left, right) => left == right,
    }
}

/// Runs a pipeline on the embedded engine, and on one and two tasks in ample and in minimum memory.
pub(crate) fn same_on_all_engines<V, U>(
    rows: &[Row<V>],
    pipeline: impl Fn(DataSet<Row<V>>) -> DataSet<U>,
    expected: &[U],
    same: impl Fn(&U, &U) -> bool,
) where
    V: Record,
    U: Record + PartialOrd + Debug,
{
    let check = |engine: &str, mut found: Vec<U>| {
        found.sort_by(|left, right| left.partial_cmp(right).unwrap());
        let differs = found.iter().zip(expected).find(|(found, expected)| !same(found, expected));
        assert!(
            differs.is_none() && found.len() == expected.len(),
            "{engine}: {} records for {}; the first that differs, and what it should be: {differs:?}",
            found.len(),
            expected.len()
        );
    };
    let run = |env: &Env, path: &str| -> Result<Vec<U>> { pipeline(env.read_native(path)?).collect() };
    check("embedded", pipeline(embedded().collection(rows).unwrap()).collect().unwrap());
    let folder = Folder::default();
    let (path, output) = (folder.join("input"), folder.join("output"));
    let ample = local(2);
    ample.collection(rows).unwrap().write_native(&path);
    ample.run().unwrap();
    for tasks in [1, 2] {
        check(&format!("{tasks} tasks"), run(&local(tasks), &path).unwrap());
        let scarce = |memory_bytes: usize| -> Result<()> {
            let env = with_memory(tasks, memory_bytes);
            pipeline(env.read_native(&path)?).write_native(&output);
            env.run().map(drop)
        };
        let least = match scarce(1).unwrap_err().cause() {
            Error::TooLittleMemory { need, .. } => *need,
            error => panic!("{error}"),
        };
        scarce(least).unwrap();
        let found = local(1).read_native(&output).unwrap().collect().unwrap();
        check(&format!("{tasks} tasks in {least} bytes"), found);
    }
}
