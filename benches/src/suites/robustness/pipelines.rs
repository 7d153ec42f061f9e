//! Joins and groupings, with right hints about their inputs and with wrong ones.

use dataflow::prelude::*;

/// A row of either side.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) key: u64,
    pub(super) value: u64,
}

/// The end of every pipeline: its number of rows, and a sum over them.
pub(super) type Digest = (u64, u64);

#[dataflow]
fn digest(rows: DataSet<Pair>) -> DataSet<Digest> {
    rows.aggregate(|g| (g.count(), g.sum(|r| (r.key ^ r.value) & 0xFFFF_FFFF)))
}

#[dataflow]
pub(super) fn grouped(rows: DataSet<Pair>) -> DataSet<Digest> {
    digest(rows.group_by(|r| r.key).aggregate(|g| Pair { key: g.key, value: g.sum(|r| r.value) }))
}

#[dataflow]
pub(super) fn joined(facts: DataSet<Pair>, dimension: DataSet<Pair>) -> DataSet<Digest> {
    let pairs = facts.join(dimension).on(|f| f.key, |d| d.key);
    digest(pairs.map(|f, d| Pair { key: f.key ^ d.value, value: f.value }))
}

/// The plan for memory that does not hold a table of one side.
#[dataflow]
pub(super) fn joined_by_hash(facts: DataSet<Pair>, dimension: DataSet<Pair>) -> DataSet<Digest> {
    let pairs = facts.join(dimension).hint(Repartition).on(|f| f.key, |d| d.key);
    digest(pairs.map(|f, d| Pair { key: f.key ^ d.value, value: f.value }))
}

/// Two joins, of which the first keeps few rows.
#[dataflow]
pub(super) fn joined_twice(facts: DataSet<Pair>, few: DataSet<Pair>, many: DataSet<Pair>) -> DataSet<Digest> {
    let some = facts.join(few).on(|f| f.key, |d| d.key).map(|f, d| Pair { key: f.key, value: f.value ^ d.value });
    let pairs = some.join(many).on(|f| f.key, |d| d.key);
    digest(pairs.map(|f, d| Pair { key: f.key ^ d.value, value: f.value }))
}
