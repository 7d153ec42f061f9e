//! Pairs sorted by key, consumed in order.

use dataflow::prelude::*;
use dataflow::{Accumulated, Accumulator};

use super::{env, failed};
use crate::answer::{Answer, Case, Resources};
use crate::checksum::Checksum;
use crate::data::pairs::Pair;
use crate::error::Result;
use crate::workspace::Paths;

/// The digest of a task's pairs in order.
#[derive(Clone, Default)]
pub(super) struct Consumed(Checksum);

impl Accumulator for Consumed {
    type Item = Pair;
    type Value = Checksum;

    fn add(&mut self, pair: Pair) {
        self.0.add(pair.key, pair.value);
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }

    fn value(&self) -> Checksum {
        self.0.clone()
    }
}

/// The filter after the sort sees each pair, and keeps none.
#[dataflow]
pub(super) fn consumed_in_order(pairs: DataSet<Pair>, consumed: Accumulated<Consumed>) -> DataSet<Pair> {
    pairs.sort(|p| p.key).filter(|p| {
        consumed.add(p);
        false
    })
}

/// Sorts the pairs of the binary file.
pub(super) fn run(_: &Case, paths: &Paths, resources: &Resources) -> Result<Answer> {
    let env = env(resources);
    let consumed = env.accumulator("consumed", Consumed::default());
    let pairs = env.read_binary::<Pair>(paths.pairs().to_string_lossy()).map_err(failed)?;
    consumed_in_order(pairs, consumed.clone()).count().map_err(failed)?;
    Ok(consumed.value().map_err(failed)?.into_answer())
}
