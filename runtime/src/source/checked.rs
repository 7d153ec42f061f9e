//! Readers whose batches are compared with the schema of their source.
//!
//! A reader of a connector can return a batch with other columns than the records of its source.
//! Closures would then read zeros, so the job ends with an error instead. The comparison takes one
//! step per leaf and batch.

use std::ops::{Deref, DerefMut};

use super::{ReadProgress, ReaderContext, RowFilters, Scan, Source, SplitReader};
use crate::error::{Error, Result};
use crate::kernel::catching;
use crate::page::Batch;
use crate::row::Schema;

/// A reader that checks each batch.
pub(crate) struct CheckedReader {
    reader: Box<dyn SplitReader>,
    schema: Schema,
    rows: usize,
}

impl CheckedReader {
    /// A reader of the source.
    ///
    /// # Errors
    /// Fails if memory is refused.
    pub(crate) fn of(source: &dyn Source, scan: &Scan, context: ReaderContext) -> Result<Self> {
        let reader = catching(|| source.reader(scan, context))?;
        Ok(CheckedReader { reader, schema: source.schema().clone(), rows: 0 })
    }

    /// As [`SplitReader::advance`].
    ///
    /// # Errors
    /// As there, and if the batch does not have the leaves of the schema.
    pub(crate) fn advance(&mut self, filters: &mut dyn RowFilters) -> Result<ReadProgress> {
        let progress = self.reader.advance(filters)?;
        if let ReadProgress::Batch { .. } = progress {
            let batch = self.reader.batch()?;
            check(&batch, &self.schema)?;
            self.rows = batch.rows();
        }
        Ok(progress)
    }

    /// Number of rows of the last batch.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }
}

impl Deref for CheckedReader {
    type Target = dyn SplitReader;

    fn deref(&self) -> &Self::Target {
        &*self.reader
    }
}

impl DerefMut for CheckedReader {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut *self.reader
    }
}

fn check(batch: &Batch<'_>, schema: &Schema) -> Result<()> {
    let leaves = schema.leaves();
    let other = leaves
        .iter()
        .enumerate()
        .find(|&(leaf, expected)| leaf >= batch.leaf_count() || batch.leaf(leaf).ty != expected.ty);
    if other.is_none() && batch.leaf_count() == leaves.len() {
        return Ok(());
    }
    let found = match other {
        Some((leaf, expected)) if leaf < batch.leaf_count() => {
            let found = batch.leaf(leaf).ty;
            format!("column {} of a batch has the type {found}, and `{}` is {}", leaf + 1, expected.path, expected.ty)
        }
        Some((_, missing)) => format!(
            "a batch has {} columns, and records have {} leaves: `{}` ({}) is missing",
            batch.leaf_count(),
            leaves.len(),
            missing.path,
            missing.ty
        ),
        None => format!("a batch has {} columns, and records have {} leaves", batch.leaf_count(), leaves.len()),
    };
    Err(Error::Connector(format!(
        "{found}; the reader of this source must return one column for each of `Schema::leaves`, in their order"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Columns;
    use crate::row::{LeafType, SchemaBuilder};

    #[test]
    fn batches_with_other_columns_are_refused() {
        let schema = SchemaBuilder::build(|builder| builder.leaf(LeafType::U32));
        let message = |types: &[LeafType]| {
            let mut columns = Columns::new(0);
            types.iter().for_each(|&ty| columns.dead(ty));
            check(&columns.finish(), &schema).err().map(|error| error.to_string())
        };
        assert_eq!(message(&[LeafType::U32]), None);
        let missing = message(&[]).unwrap();
        assert!(missing.contains("0 columns") && missing.contains("(u32) is missing"), "{missing}");
        let surplus = message(&[LeafType::U32, LeafType::U32]).unwrap();
        assert!(surplus.contains("2 columns, and records have 1 leaves"), "{surplus}");
        let other = message(&[LeafType::F32]).unwrap();
        assert!(other.contains("column 1 of a batch has the type f32"), "{other}");
    }
}
