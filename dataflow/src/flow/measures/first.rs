//! `first`: fields of the first record of a group, which the engine stores without a kernel.

use std::marker::PhantomData;

use runtime::operators::{Fold, StateLeaf};
use runtime::row::Schema;
use runtime::value::Overflow;

use crate::flow::AnyMode;
use crate::flow::aggregate::Aggregates;
use crate::kernel::{RecordLifetime, Room, Summary, no_value, slot, slot_type};
use crate::key::{Named, OfFields, Projection};
use crate::record::{Record, Value};

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// Returns fields of any one record of the group. Use it for fields that are equal in all
    /// records of a group.
    ///
    /// Fields that are named together come from one record.
    ///
    /// # Cost
    /// No work per record. A field that is not part of the key is neither hashed nor compared.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn turnover(sales: DataSet<(u32, String, i64)>) -> DataSet<(String, i64)> {
    ///     sales.group_by(|s| s.0).aggregate(|g| (g.first(|s| s.1), g.sum(|s| s.2)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let sales = Env::embedded().collection([(7u32, "Ann", 2i64), (7, "Ann", 3)])?;
    /// assert_eq!(turnover(sales).collect()?, [("Ann".to_owned(), 5)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn first<P: Projection<T> + OfFields>(
        self,
        field: impl FnOnce(T::Fields<T>) -> P,
    ) -> Aggregates<T, K, M, (S, First<P::Value>)> {
        self.with(First { leaves: field(T::fields(0)).leaves(), of: PhantomData })
    }
}

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// Like `first`, in an aggregate with a quantile.
    #[doc(hidden)]
    pub fn first_seen<P: Projection<T> + OfFields, F>(
        self,
        _: impl FnOnce(T::Fields<T>) -> P,
        closure: F,
    ) -> Aggregates<T, K, M, (S, FirstSeen<P::Value, F>)>
    where
        F: for<'a> Fn(<P as Named<T>>::Record<'a>, RecordLifetime<'a>) -> <P::Value as Record>::At<'a>
            + Clone
            + Send
            + 'static,
    {
        self.with(FirstSeen(closure, PhantomData))
    }
}

/// Fields of the first record of a group.
pub struct First<V> {
    leaves: Vec<usize>,
    of: PhantomData<fn() -> V>,
}

impl<V> Clone for First<V> {
    fn clone(&self) -> Self {
        First { leaves: self.leaves.clone(), of: self.of }
    }
}

/// The state of a value that is at these leaves of a record.
#[inline(never)]
fn first_leaves(leaves: &[usize], schema: &Schema) -> Vec<StateLeaf> {
    let leaf = |(&leaf, ty)| StateLeaf { ty, fold: Fold::First(leaf) };
    leaves.iter().zip(schema.types()).map(leaf).collect()
}

slot!([V: Record] First<V>, V, V::At<'a>, (),
    leaves(slot) first_leaves(&slot.leaves, &V::schema()),
    places(reader) reader.skip(V::LEAVES),
    add(_slot, _at, _group, _record) {},
    value(value) value);

slot_type! {
    /// Fields of the first record of a group, read by a closure.
    FirstSeen<V>
}

impl<T: Record, V: Record, F> Summary<T> for FirstSeen<V, F>
where
    F: for<'a> Fn(T::At<'a>, RecordLifetime<'a>) -> V::At<'a> + Clone + Send + 'static,
{
    type State = Option<V>;
    type Value<'a> = V::At<'a>;
    fn begin(&self, _: Room) -> Option<V> {
        None
    }
    fn add(&self, first: &mut Option<V>, record: T::At<'_>) {
        if first.is_none() {
            *first = Some(V::own((self.0)(record, RecordLifetime::default())));
        }
    }
    fn value<'a>(&self, first: &'a mut Option<V>) -> Result<V::At<'a>, Overflow> {
        first.as_ref().map(Value::twin).ok_or_else(no_value::<V>)
    }
}
