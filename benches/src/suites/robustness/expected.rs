//! The expected answers of the pipelines, by plain loops.

use std::collections::HashMap;

use super::pipelines::{Digest, Pair};

fn digest(rows: impl Iterator<Item = Pair>) -> Digest {
    rows.fold((0, 0), |(count, sum), row| (count + 1, sum + ((row.key ^ row.value) & 0xFFFF_FFFF)))
}

fn values(rows: &[Pair]) -> HashMap<u64, u64> {
    rows.iter().map(|row| (row.key, row.value)).collect()
}

pub(super) fn grouped(rows: &[Pair]) -> Digest {
    let mut sums: HashMap<u64, u64> = HashMap::new();
    for row in rows {
        *sums.entry(row.key).or_default() += row.value;
    }
    digest(sums.into_iter().map(|(key, value)| Pair { key, value }))
}

pub(super) fn joined(facts: &[Pair], dimension: &[Pair]) -> Digest {
    let dimension = values(dimension);
    let pair = |fact: &Pair| dimension.get(&fact.key).map(|value| Pair { key: fact.key ^ value, value: fact.value });
    digest(facts.iter().filter_map(pair))
}

pub(super) fn joined_twice(facts: &[Pair], few: &[Pair], many: &[Pair]) -> Digest {
    let few = values(few);
    let some = |fact: &Pair| few.get(&fact.key).map(|value| Pair { value: fact.value ^ value, ..*fact });
    joined(&facts.iter().filter_map(some).collect::<Vec<_>>(), many)
}
