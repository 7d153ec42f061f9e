//! Distinct records: a grouping by all leaves that folds nothing.

use super::aggregate::Aggregate;
use super::fold::{Fold, StateLeaf};
use crate::plan::Reads;
use crate::row::Schema;

/// Keeps one of all records that are equal.
#[must_use]
pub fn distinct(schema: Schema) -> Aggregate {
    let types = schema.types();
    let state = types.iter().enumerate().map(|(leaf, &ty)| StateLeaf { ty, fold: Fold::Key(leaf) }).collect();
    Aggregate {
        word: "distinct",
        input: schema.clone(),
        output: schema,
        key: (0..types.len()).collect(),
        state,
        kernel: None,
        kernel_reads: Reads::All,
    }
}
