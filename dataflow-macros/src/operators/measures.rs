//! The table of measures: aggregates of a group's records in `aggregate`.

use proc_macro2::Ident;

use crate::words::is_one_of;

/// A measure of the language.
pub(crate) struct Measure {
    /// The word that the user writes.
    pub(crate) word: &'static str,
    /// Its arguments.
    pub(crate) takes: MeasureArguments,
    /// How `emit` writes it, alone and together with other measures.
    pub(crate) lowering: MeasureLowering,
    /// Whether the message about an unknown measure lists it.
    pub(crate) is_listed: bool,
}

/// The arguments of a measure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MeasureArguments {
    /// None, or one closure over a record.
    OptionalRecord,
    /// One closure over a record.
    Record,
    /// Two closures over a record: the compared value, then the returned value.
    TwoRecordClosures,
    /// One closure that names fields.
    Symbols,
    /// A value, then a closure over a record.
    ValueThenRecord,
    /// A share from 0 to 1, then a closure over a record.
    ShareThenRecord,
    /// A value, a closure over an accumulator and a record, and a closure over two accumulators.
    Accumulators,
}

impl MeasureArguments {
    /// The number of closures in a call with `arguments` arguments.
    pub(crate) fn closures(self, arguments: usize) -> usize {
        match self {
            MeasureArguments::OptionalRecord => arguments.min(1),
            MeasureArguments::TwoRecordClosures | MeasureArguments::Accumulators => 2,
            _ => 1,
        }
    }

    /// The number of values before the closures.
    pub(crate) fn values(self) -> usize {
        let has_one = matches!(
            self,
            MeasureArguments::ValueThenRecord | MeasureArguments::ShareThenRecord | MeasureArguments::Accumulators
        );
        usize::from(has_one)
    }

    /// The number of parameters of each closure.
    pub(crate) fn parameters(self) -> usize {
        if self == MeasureArguments::Accumulators { 2 } else { 1 }
    }
}

impl Measure {
    /// Returns `true` if the measure needs groups that end. It is then not available on streams and
    /// windows.
    pub(crate) fn needs_bounded_groups(&self) -> bool {
        matches!(self.lowering, MeasureLowering::Quantile | MeasureLowering::CountDistinct)
    }
}

/// How `emit` writes a measure in the builder API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MeasureLowering {
    /// As the user wrote it.
    AsWritten,
    /// As written. If a mean is computed from this sum and a count, then in parts.
    Sum,
    /// As written, or as a quotient if the same aggregate has its sum and its count.
    Mean,
    /// As written without a closure. With a closure, the number of records with a value.
    Count,
    /// As written. Not available together with a quantile.
    CountDistinct,
    /// As written, or by this method if each closure only names a field.
    Extreme { of_field: &'static str },
    /// Quantiles of the same values are computed together. All records of a group are then in one
    /// task.
    Quantile,
    /// As written, or as `first_seen` if a quantile puts all records of a group in one task.
    First,
}

impl Measure {
    const fn unlisted(self) -> Self {
        Measure { is_listed: false, ..self }
    }
}

/// Finds the measure with this word.
pub(crate) fn find(word: &Ident) -> Option<&'static Measure> {
    MEASURES.iter().find(|measure| word == measure.word)
}

/// The replacement for a word of another system.
pub(crate) fn replacement_of(word: &Ident) -> Option<&'static str> {
    FOREIGN_WORDS.iter().find(|(others, _)| is_one_of(word, others)).map(|(_, instead)| *instead)
}

/// The listed measures, written as calls.
pub(crate) fn listed() -> String {
    let written = |measure: &Measure| match measure.takes {
        MeasureArguments::OptionalRecord => format!("`.{}()`", measure.word),
        _ => format!("`.{}(..)`", measure.word),
    };
    MEASURES.iter().filter(|measure| measure.is_listed).map(written).collect::<Vec<_>>().join(", ")
}

const fn row(word: &'static str, takes: MeasureArguments, lowering: MeasureLowering) -> Measure {
    Measure { word, takes, lowering, is_listed: true }
}

use MeasureArguments::{
    Accumulators, OptionalRecord, Record, ShareThenRecord, Symbols, TwoRecordClosures, ValueThenRecord,
};
use MeasureLowering::{AsWritten, Count, CountDistinct, Extreme, First, Mean, Quantile, Sum};

static MEASURES: &[Measure] = &[
    row("sum", Record, Sum),
    row("min", Record, Extreme { of_field: "min_field" }),
    row("max", Record, Extreme { of_field: "max_field" }),
    row("avg", Record, Mean),
    row("median", Record, Quantile),
    row("percentile", ShareThenRecord, Quantile),
    row("variance", Record, AsWritten),
    row("variance_pop", Record, AsWritten).unlisted(),
    row("stddev", Record, AsWritten),
    row("stddev_pop", Record, AsWritten).unlisted(),
    row("count", OptionalRecord, Count),
    row("count_if", Record, AsWritten),
    row("count_distinct", Symbols, CountDistinct),
    row("min_by", TwoRecordClosures, Extreme { of_field: "min_by_field" }),
    row("max_by", TwoRecordClosures, Extreme { of_field: "max_by_field" }),
    row("first", Symbols, First),
    row("fold", Accumulators, AsWritten).unlisted(),
    row("fold_with", ValueThenRecord, AsWritten).unlisted(),
];

/// Words of other systems, and their replacements.
static FOREIGN_WORDS: &[(&str, &str)] = &[
    (
        "filter",
        "`.count_if(|record| …)`, or the condition in a measure, `.sum(|record| if … { record.field } else { 0 })`",
    ),
    ("map", "what is computed of a record in a measure, `.sum(|record| record.a * record.b)`"),
    ("mean average", "`.avg(|record| record.field)`"),
    ("std std_dev sd", "`.stddev(|record| record.field)`"),
    ("var", "`.variance(|record| record.field)`"),
    ("n_unique nunique distinct approx_distinct", "`.count_distinct(|record| record.field)`"),
    ("len size n", "`.count()`"),
    ("quantile", "`.percentile(0.95, |record| record.field)`"),
    ("arg_max argmax max_by_key", "`.max_by(|record| record.price, |record| record.seller)`"),
    ("arg_min argmin min_by_key", "`.min_by(|record| record.price, |record| record.seller)`"),
];
