//! The small pipelines whose times are subtracted from each other.

use dataflow::Accumulated;
use dataflow::accumulators::Count;
use dataflow::prelude::*;

/// A row of 16 bytes.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub(super) struct Narrow {
    pub(super) key: u64,
    pub(super) value: u64,
}

/// A row of 64 bytes.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub(super) struct Wide {
    pub(super) key: u64,
    pub(super) a: u64,
    pub(super) b: u64,
    pub(super) c: u64,
    pub(super) d: u64,
    pub(super) e: u64,
    pub(super) f: u64,
    pub(super) g: u64,
}

/// The end of every pipeline: one row with the sum of all bytes that arrive.
#[dataflow]
pub(super) fn sum_of_narrow(rows: DataSet<Narrow>) -> DataSet<(u64, u64)> {
    rows.aggregate(|g| (g.count(), g.sum(|r| (r.key ^ r.value) & 1)))
}

#[dataflow]
pub(super) fn sum_of_wide(rows: DataSet<Wide>) -> DataSet<(u64, u64)> {
    rows.aggregate(|g| (g.count(), g.sum(|r| (r.key ^ r.a ^ r.b ^ r.c ^ r.d ^ r.e ^ r.f ^ r.g) & 1)))
}

/// Each row passes a closure, and is written to a page.
#[dataflow]
pub(super) fn mapped(rows: DataSet<Narrow>) -> DataSet<(u64, u64)> {
    sum_of_narrow(rows.map(|r| Narrow { key: r.key ^ r.value, value: r.value + 1 }))
}

#[dataflow]
pub(super) fn narrow_by_hash(rows: DataSet<Narrow>) -> DataSet<(u64, u64)> {
    sum_of_narrow(rows.partition_by(|r| r.key))
}

#[dataflow]
pub(super) fn wide_by_hash(rows: DataSet<Wide>) -> DataSet<(u64, u64)> {
    sum_of_wide(rows.partition_by(|r| r.key))
}

/// Builds a table of the right rows, and looks each left row up in it.
#[dataflow]
pub(super) fn joined(probe: DataSet<Narrow>, build: DataSet<Narrow>) -> DataSet<(u64, u64)> {
    let pairs = probe.join(build).hint(BuildRight).on(|p| p.key, |b| b.key);
    sum_of_narrow(pairs.map(|p, b| Narrow { key: p.key ^ b.value, value: p.value + 1 }))
}

#[dataflow]
pub(super) fn grouped(rows: DataSet<Narrow>) -> DataSet<(u64, u64)> {
    let groups = rows.group_by(|r| r.key).aggregate(|g| Narrow { key: g.key, value: g.sum(|r| r.value) });
    sum_of_narrow(groups)
}

/// The filter sees each row in order, and keeps none.
#[dataflow]
pub(super) fn sorted(rows: DataSet<Narrow>, seen: Accumulated<Count>) -> DataSet<Narrow> {
    rows.sort(|r| r.key).filter(|r| {
        seen.add(r.value & 1);
        false
    })
}

#[dataflow]
pub(super) fn unsorted(rows: DataSet<Narrow>, seen: Accumulated<Count>) -> DataSet<Narrow> {
    rows.filter(|r| {
        seen.add((r.key ^ r.value) & 1);
        false
    })
}

#[dataflow]
pub(super) fn sorted_texts(rows: DataSet<String>, seen: Accumulated<Count>) -> DataSet<String> {
    rows.sort(|text| text).filter(|text| {
        seen.add(text.len() as u64);
        false
    })
}

#[dataflow]
pub(super) fn unsorted_texts(rows: DataSet<String>, seen: Accumulated<Count>) -> DataSet<String> {
    rows.filter(|text| {
        seen.add(text.len() as u64);
        false
    })
}
