//! `count_distinct`: counts distinct values of fields in the engine, without a kernel.

use std::sync::Arc;

use runtime::operators::{Fold, StateLeaf};
use runtime::row::LeafType;

use crate::flow::aggregate::Aggregates;
use crate::flow::{AnyMode, KeepsValues};
use crate::kernel::slot;
use crate::key::{Key, OfFields};
use crate::record::Record;

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// Counts the distinct values of a field, or of several fields together: `|r| (r.name, r.day)`.
    /// The count is exact. `None` is not counted.
    ///
    /// # Cost
    /// A lookup per record, and memory per distinct value of each group: the leaves of the value
    /// and some 20 bytes. Values that do not fit into memory are spilled with the key of their
    /// group. Records with the same key and the same counted fields are combined before they are
    /// shipped, if there are many of them.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn suppliers(parts: DataSet<(String, u32)>) -> DataSet<(String, u64)> {
    ///     parts.group_by(|p| p.0).aggregate(|g| (g.key, g.count_distinct(|p| p.1)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let parts = Env::embedded().collection([("bolt", 1u32), ("bolt", 2), ("bolt", 1)])?;
    /// assert_eq!(suppliers(parts).collect()?, [("bolt".to_owned(), 2)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn count_distinct<C: Key<T> + OfFields>(
        self,
        field: impl FnOnce(T::Fields<T>) -> C,
    ) -> Aggregates<T, K, M, (S, CountDistinct)>
    where
        M: KeepsValues<T>,
    {
        self.with(CountDistinct(field(T::fields(0)).leaves().into()))
    }
}

/// The number of distinct values of some fields.
#[derive(Clone)]
pub struct CountDistinct(Arc<[usize]>);

slot!([] CountDistinct, u64, u64, (),
    keeps DISTINCT_VALUES,
    leaves(slot) vec![StateLeaf { ty: LeafType::U64, fold: Fold::Distinct(slot.0.clone()) }],
    places(reader) reader.skip(1),
    add(_slot, _at, _group, _record) {},
    value(value) value);
