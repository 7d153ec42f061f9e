//! Messages about the measures of a group.

use proc_macro2::Ident;

use crate::operators::measures::{self, MeasureArguments};

pub(crate) const SHARE_EXPECTED: &str =
    "a percentile is a share from 0 to 1: `.percentile(0.95, |record| record.field)`";
pub(crate) const COUNT_DISTINCT_WITH_QUANTILE: &str = "`count_distinct` and a median or percentile do not go together in one `aggregate`: take each in one \
     of its own, and join both by the key";
pub(crate) const HANDLE_ESCAPES: &str = "the handle of a group stays inside of `aggregate`: use its measures, \
    `.sum(..)`, `.min(..)`, `.max(..)`, `.avg(..)`, `.count()`, …, and its `.key`; what a macro such as `format!` takes of them is bound by `let` before";
pub(crate) const NO_KEY: &str = "a whole flow has no key: write `.group_by(..)` before `.aggregate(..)`";
pub(crate) const KEY_CALLED: &str = "the key of a group is a field of its handle: write `.key`";
pub(crate) const HANDLE_IS_A_NAME: &str = "give the group a plain name: `|g| …`";

pub(crate) fn inner_variable(name: &Ident) -> String {
    format!(
        "measures are taken of the records before anything else of this closure is computed, so they cannot use its `{name}`: compute with `{name}` and \
         what the measure gives, or make `{name}` before the pipeline"
    )
}

pub(crate) fn conditional_measure(word: &Ident, condition: &str) -> String {
    format!(
        "measures are computed for all groups, also for those that this `{condition}` leaves out, and the closure of `{word}` may fail: write \
         `let value = g.{word}(..);` before it, and guard what may fail in the closure, `|record| if … {{ … }} else {{ 0 }}`"
    )
}

pub(crate) fn field_of_handle(handle: &Ident, field: &Ident) -> String {
    format!(
        "a group has no field `{field}`, its records have: write `{handle}.key` for what they are grouped by, and a measure for all else, `{handle}.sum(|record| record.{field})`"
    )
}

pub(crate) fn field_of_window(handle: &Ident, field: &Ident) -> String {
    format!(
        "a window has no field `{field}`: write `{handle}.start` for its first instant, `{handle}.key` for the key, and a measure of its records for \
         all else, `{handle}.sum(|record| record.{field})`"
    )
}

pub(crate) fn unknown_measure(word: &Ident) -> String {
    if let Some(instead) = measures::replacement_of(word) {
        return format!("`{word}` is no measure of a group: write {instead}");
    }
    format!("`{word}` is no measure of a group: there are {}, and for all others `.fold(..)`", measures::listed())
}

/// A measure has other arguments.
pub(crate) fn measure_arguments_expected(word: &Ident, takes: MeasureArguments) -> String {
    match takes {
        MeasureArguments::OptionalRecord => {
            format!(
                "`{word}` takes nothing, `.{word}()`, and is the number of records; or a closure over one record, `.{word}(|record| record.field)`, and is the \
                 number of those that have a value in an `Option`"
            )
        }
        MeasureArguments::ValueThenRecord => {
            format!(
                "`{word}` takes an aggregator and a closure over one record of the group: write \
                 `.{word}(aggregator, |record| record.field)`"
            )
        }
        MeasureArguments::ShareThenRecord => {
            format!(
                "`{word}` takes a share from 0 to 1 and a closure over one record of the group: write `.{word}(0.95, |record| record.field)`"
            )
        }
        MeasureArguments::Accumulators => {
            format!(
                "`{word}` takes what to begin with, a closure that adds a record, and one that adds what another task has: write \
                 `.{word}(0, |sum, record| *sum += record.field, |sum, other| *sum += other)`"
            )
        }
        MeasureArguments::Record | MeasureArguments::Symbols => {
            format!("`{word}` takes a closure over one record of the group: write `.{word}(|record| record.field)`")
        }
        MeasureArguments::TwoRecordClosures => format!(
            "`{word}` takes two closures over one record of the group, what is compared and what is wanted: write `.{word}(|record| record.price, |record| record.seller)`"
        ),
    }
}
