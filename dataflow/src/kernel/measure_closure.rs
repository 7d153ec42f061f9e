//! Closures that compute the value of a measure from a record.

use crate::record::Record;

/// A closure that computes the value of a measure from a record.
pub trait MeasureClosure<T: Record, V>: Clone + Send + 'static {
    /// Computes the value.
    fn read(&self, record: T::At<'_>) -> V;
}

impl<T: Record, V, F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static> MeasureClosure<T, V> for F {
    #[inline(always)]
    fn read(&self, record: T::At<'_>) -> V {
        self(record)
    }
}

/// A closure that returns the twin of a field, which can borrow from the record. Its second
/// parameter names the lifetime of the record.
#[derive(Clone)]
pub struct OfField<F>(pub(crate) F);

impl<T: Record, V, F> MeasureClosure<T, V> for OfField<F>
where
    V: for<'a> Record<At<'a> = V>,
    F: for<'a> Fn(T::At<'a>, RecordLifetime<'a>) -> V::At<'a> + Clone + Send + 'static,
{
    #[inline(always)]
    fn read(&self, record: T::At<'_>) -> V {
        (self.0)(record, RecordLifetime::default())
    }
}

/// The lifetime of a record in a closure.
pub type RecordLifetime<'a> = std::marker::PhantomData<&'a ()>;
