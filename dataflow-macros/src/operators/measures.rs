//! The table of measures: what is computed of the records of a group in `aggregate`.

use proc_macro2::Ident;

use crate::words::is_one_of;

/// One measure of the language.
pub(crate) struct Measure {
    /// What the user writes.
    pub(crate) word: &'static str,
    /// What its arguments are.
    pub(crate) takes: MeasureArguments,
    /// How `emit` writes it, and what comes of others beside it.
    pub(crate) lowering: MeasureLowering,
    /// Whether it is named where a word is none of these.
    pub(crate) is_listed: bool,
}

/// What a measure takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MeasureArguments {
    /// None, or one closure, of one record.
    PerhapsRecord,
    /// One closure, of one record.
    Record,
    /// Two closures, each of one record: what is compared, and what is kept.
    RecordTwice,
    /// One closure that names fields.
    Symbols,
    /// A value, then a closure of one record.
    ValueThenRecord,
    /// A share from 0 to 1, then a closure of one record.
    ShareThenRecord,
    /// A value, then a closure of an accumulator and a record, and one of two accumulators.
    Accumulators,
}

impl MeasureArguments {
    /// How many closures there are, of so many arguments.
    pub(crate) fn closures(self, arguments: usize) -> usize {
        match self {
            MeasureArguments::PerhapsRecord => arguments.min(1),
            MeasureArguments::RecordTwice | MeasureArguments::Accumulators => 2,
            _ => 1,
        }
    }

    /// How many values stand before the closures.
    pub(crate) fn values(self) -> usize {
        let has_one = matches!(
            self,
            MeasureArguments::ValueThenRecord | MeasureArguments::ShareThenRecord | MeasureArguments::Accumulators
        );
        usize::from(has_one)
    }

    /// How many parameters each closure has.
    pub(crate) fn parameters(self) -> usize {
        if self == MeasureArguments::Accumulators { 2 } else { 1 }
    }
}

impl Measure {
    /// Whether it is of groups that end: groups of streams and of windows do not have it.
    pub(crate) fn needs_the_end(&self) -> bool {
        matches!(self.lowering, MeasureLowering::Quantile | MeasureLowering::CountDistinct)
    }
}

/// How `emit` writes a measure in the builder API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MeasureLowering {
    /// As the user wrote it.
    AsWritten,
    /// As written; where a mean is computed of it and a count, in parts.
    Sum,
    /// As written, or as a quotient where its sum and count are measured anyway.
    Mean,
    /// As written, or as the number of records with a value where there is a closure.
    Count,
    /// As written. Not beside a quantile.
    CountDistinct,
    /// As written, or by this word where each closure gives a field as it is.
    Extreme { of_field: &'static str },
    /// Together with those of the same values; the records of a group are then together as well.
    Quantile,
    /// As written, or as it is seen where the records of a group are together.
    First,
}

impl Measure {
    const fn unlisted(self) -> Self {
        Measure { is_listed: false, ..self }
    }
}

/// Finds the measure that a word means.
pub(crate) fn find(word: &Ident) -> Option<&'static Measure> {
    MEASURES.iter().find(|measure| word == measure.word)
}

/// What to write for a word that others have for a measure.
pub(crate) fn instead_of(word: &Ident) -> Option<&'static str> {
    WORDS_OF_OTHERS.iter().find(|(others, _)| is_one_of(word, others)).map(|(_, instead)| *instead)
}

/// The measures that are named where a word is none of them, as one writes them.
pub(crate) fn listed() -> String {
    let written = |measure: &Measure| match measure.takes {
        MeasureArguments::PerhapsRecord => format!("`.{}()`", measure.word),
        _ => format!("`.{}(..)`", measure.word),
    };
    MEASURES.iter().filter(|measure| measure.is_listed).map(written).collect::<Vec<_>>().join(", ")
}

const fn row(word: &'static str, takes: MeasureArguments, lowering: MeasureLowering) -> Measure {
    Measure { word, takes, lowering, is_listed: true }
}

use MeasureArguments::{Accumulators, PerhapsRecord, Record, RecordTwice, ShareThenRecord, Symbols, ValueThenRecord};
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
    row("count", PerhapsRecord, Count),
    row("count_if", Record, AsWritten),
    row("count_distinct", Symbols, CountDistinct),
    row("min_by", RecordTwice, Extreme { of_field: "min_by_field" }),
    row("max_by", RecordTwice, Extreme { of_field: "max_by_field" }),
    row("first", Symbols, First),
    row("fold", Accumulators, AsWritten).unlisted(),
    row("fold_with", ValueThenRecord, AsWritten).unlisted(),
];

/// Words that others have for measures, and what to write instead.
static WORDS_OF_OTHERS: &[(&str, &str)] = &[
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
