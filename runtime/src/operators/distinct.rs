//! Distinct records: an aggregation without measures. Its key is all leaves, or a given key; other
//! leaves are those of the group's first record.

use super::aggregate::Aggregate;
use super::fold::{Fold, StateLeaf};
use crate::plan::Reads;
use crate::row::Schema;

/// Keeps one of all equal records.
#[must_use]
pub fn distinct(schema: Schema) -> Aggregate {
    let key = (0..schema.leaves().len()).collect();
    one_each("distinct", schema, key)
}

/// Keeps one of all records with the same key: the first that arrives at the group's task.
#[must_use]
pub fn distinct_by(schema: Schema, key: Vec<usize>) -> Aggregate {
    one_each("distinct_by", schema, key)
}

fn one_each(word: &'static str, schema: Schema, key: Vec<usize>) -> Aggregate {
    let fold = |leaf: usize| if key.contains(&leaf) { Fold::Key(leaf) } else { Fold::First(leaf) };
    let types = schema.types().into_iter().enumerate();
    let state = types.map(|(leaf, ty)| StateLeaf { ty, fold: fold(leaf) }).collect();
    Aggregate {
        word,
        input: schema.clone(),
        output: schema,
        key,
        state,
        kernel: None,
        kernel_reads: Reads::All,
        closures: Vec::new(),
        measures: Vec::new(),
    }
}
