//! Chains that make records of the states of groups.

use runtime::kernel::ChainFactory;
use runtime::plan::Reads;

use super::chain::{process, try_process};
use super::shared::Guarded;
use super::{Emitter, Measure, Measured, Slots, SumOf};
use crate::error::UserError;
use crate::record::Record;

/// Makes a chain that calls `body` with each group's key and slot values. An overflow of a sum ends
/// the job.
pub(crate) fn finish<T: Record, K: Record, S: Slots<T>, U: Record, F>(slots: S, body: F) -> ChainFactory
where
    F: for<'a> Fn(K::At<'a>, S::Values<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    // Both contain closures of the program.
    let (slots, body) = (Guarded::new(slots), Guarded::new(body));
    try_process::<(K, S::Record), U, _>(
        move |(key, state), out| {
            body(key, slots.values(state).map_err(UserError::from)?, out);
            Ok(())
        },
        Reads::All,
    )
}

/// Makes a chain that divides sums by counts.
pub(crate) fn finish_mean<K: Record, V: Measured<Of<f64>: Record>>() -> ChainFactory
where
    for<'a> V::Of<f64>: Record<At<'a> = V::Of<f64>>,
{
    process::<(K, (SumOf<V>, u64)), (K, V::Of<f64>), _>(|(key, (sum, count)), out| {
        out.emit_twin((key, V::of(V::Number::mean(sum, count), count)));
    })
}
