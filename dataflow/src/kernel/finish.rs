//! What makes records of groups' states.

use runtime::kernel::ChainFactory;

use super::chain::{process, try_process};
use super::{Emitter, Measure, Slots};
use crate::error::UserError;
use crate::record::Record;

/// Calls `body` with each group's key and slot values; a sum that does not fit ends the job.
pub(crate) fn finish<T: Record, K: Record, S: Slots<T>, U: Record, F>(body: F) -> ChainFactory
where
    F: for<'a> Fn(K::At<'a>, S::Values, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    try_process::<(K, S::Record), U, _>(move |(key, state), out| {
        let values = S::values(state).map_err(UserError::from)?;
        body(key, values, out);
        Ok(())
    })
}

/// Divides sums by counts.
pub(crate) fn finish_mean<K: Record, V: Measure>() -> ChainFactory {
    process::<(K, (V::Sum, u64)), (K, f64), _>(|(key, (sum, count)), out| out.emit_twin((key, V::mean(sum, count))))
}
