//! Finds measures that are computed from other measures of the same aggregate, without a slot of
//! their own.

use super::{MeasureCall, text};
use crate::operators::measures::MeasureLowering;

/// Finds the means whose sum and count are also measures of the aggregate.
pub(super) fn derive_means(measures: &mut [MeasureCall]) {
    let counts_all =
        |measure: &MeasureCall| measure.measure.lowering == MeasureLowering::Count && measure.closures.is_empty();
    let Some(count) = measures.iter().position(counts_all) else { return };
    for index in (0..measures.len())
        .filter(|&index| measures[index].measure.lowering == MeasureLowering::Mean)
        .collect::<Vec<_>>()
    {
        let measured = text(&measures[index].closures);
        let sum = |known: &MeasureCall| {
            known.measure.lowering == MeasureLowering::Sum
                && !known.is_deferred_sum()
                && text(&known.closures) == measured
        };
        measures[index].quotient = measures.iter().position(sum).map(|sum| (sum, count));
    }
}

/// Finds the quantiles over the same values.
pub(super) fn group_quantiles(measures: &mut [MeasureCall]) {
    let is_quantile = |known: &MeasureCall| known.measure.lowering == MeasureLowering::Quantile;
    for index in 0..measures.len() {
        if is_quantile(&measures[index]) {
            let values = text(&measures[index].closures);
            let same = |known: &MeasureCall| is_quantile(known) && text(&known.closures) == values;
            measures[index].quantile_group = measures.iter().position(same);
        }
    }
}
