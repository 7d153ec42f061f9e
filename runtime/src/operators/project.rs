//! Projections: the same rows with other leaves. Nothing is copied.

use crate::error::Result;
use crate::plan::{Operator, Table};
use crate::row::{Datum, HiddenLeaf, LeafSet, Schema};
use crate::strategy::{InPlace, Role};

use super::common::names;

/// Selects and reorders leaves.
pub struct Project {
    /// For EXPLAIN: `project`.
    pub word: &'static str,
    /// The records that it receives.
    pub input: Schema,
    /// The records that it emits.
    pub output: Schema,
    /// For each leaf of the output, the leaf of the input.
    pub leaves: Vec<usize>,
}

impl Operator for Project {
    fn name(&self) -> &'static str {
        self.word
    }

    fn details(&self) -> String {
        names(&self.input, &self.leaves)
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        live.iter().filter_map(|leaf| self.leaves.get(leaf).copied()).collect()
    }

    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        Some(self.leaves.iter().copied().map(Some).collect())
    }

    fn projects(&self) -> Option<&[usize]> {
        Some(&self.leaves)
    }

    fn needs_hidden(&self) -> Option<(usize, HiddenLeaf)> {
        let time = self.output.event_time()?;
        Some((self.leaves.get(time).copied().unwrap_or(usize::MAX), HiddenLeaf::EventTime))
    }

    fn role(&self) -> Role {
        Role::InPlace(InPlace::Project(self.leaves.clone()))
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let pick = |row: &Vec<Datum>| self.leaves.iter().map(|&leaf| row[leaf].clone()).collect();
        Ok(Table { types: self.output.types(), rows: inputs[0].rows.iter().map(pick).collect() })
    }
}
