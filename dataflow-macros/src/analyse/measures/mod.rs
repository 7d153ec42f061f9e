//! The measures of `aggregate(|g| Out { a: g.key, b: g.sum(|r| r.q), n: g.count() })`.
//!
//! The closure never runs as written. All measures are computed in one pass over the records of a
//! group. The rest of the body runs once per group, with the values of the measures. So the handle
//! `g` exists only where the body calls a measure or reads the key.

pub(crate) mod conditions;
mod derived;
mod extraction;

use proc_macro2::{Ident, Span};
use quote::{ToTokens, format_ident};
use syn::{Expr, ExprClosure, Pat};

use self::conditions::Condition;
use crate::analyse::reads::{self, ReadSet};
use crate::diagnostics::{Diagnostics, message};
use crate::operators::measures::{Measure, MeasureArguments, MeasureLowering};
use crate::operators::{ChainState, ClosureArguments};
use crate::syntax::names::{free_names_of_closure, plain_path};
use crate::syntax::patterns::{bound_names, names_bound_inside, plain_name};
use crate::syntax::{Call, Pipeline};

/// An aggregation, split into measures and body.
pub(crate) struct Aggregation {
    /// Each measure once, in order of its first call.
    pub(crate) measures: Vec<MeasureCall>,
    /// The body, with a name from [`slot`] or [`key`] in place of each measure and of the key.
    pub(crate) body: Expr,
    /// Whether the body reads the key.
    pub(crate) uses_key: bool,
}

/// A call of a measure.
pub(crate) struct MeasureCall {
    pub(crate) word: Ident,
    pub(crate) measure: &'static Measure,
    /// The plain argument: the initial accumulator of a fold, its aggregator, or a share.
    pub(crate) value: Option<Expr>,
    /// The closures over records. A count may have none.
    pub(crate) closures: Vec<ExprClosure>,
    /// The condition under which the body evaluates it. `None` if it is evaluated for each group.
    pub(crate) condition: Option<Condition>,
    /// For a mean: the indices of its sum and its count, if both are measures. The mean then has no
    /// slot.
    pub(crate) quotient: Option<(usize, usize)>,
    /// For a quantile: the index of the first quantile of the same values. All of these are
    /// selected together.
    pub(crate) quantile_group: Option<usize>,
}

impl MeasureCall {
    /// Returns `true` if the measure has no slot, because it is computed from others.
    pub(crate) fn is_derived(&self, index: usize) -> bool {
        self.quotient.is_some() || self.quantile_group.is_some_and(|first| first != index)
    }

    /// Returns `true` for a sum that may overflow in groups that do not use it.
    pub(crate) fn is_deferred_sum(&self) -> bool {
        self.measure.lowering == MeasureLowering::Sum && self.condition.is_some()
    }
}

impl Aggregation {
    /// Returns `true` if all records of a group must be in one place, because a quantile needs all
    /// values.
    pub(crate) fn needs_whole_groups(&self) -> bool {
        self.measures.iter().any(|measure| measure.quantile_group.is_some())
    }
}

/// Returns `true` if a closure only names a field of the record.
pub(crate) fn names_field(closure: &ExprClosure) -> bool {
    // Any other pattern names the record's type, which is not the type of symbols.
    if !closure.inputs.iter().all(|input| matches!(input, Pat::Ident(_) | Pat::Tuple(_))) {
        return false;
    }
    let mut place = &*closure.body;
    while let Expr::Field(field) = place {
        place = &field.base;
    }
    let bound = closure.inputs.iter().flat_map(bound_names).collect::<Vec<_>>();
    plain_path(place).is_some_and(|name| bound.contains(&name))
}

/// The name of the value of the measure at `index`.
pub(crate) fn slot(index: usize) -> Ident {
    format_ident!("{SLOT}{index}", span = Span::mixed_site())
}

/// Returns `true` if a name stands for the value of a measure.
pub(crate) fn is_slot(name: &Ident) -> bool {
    name.to_string().starts_with(SLOT)
}

/// Prefix of the names of measures' values.
const SLOT: &str = "__slot";

/// The name of the group's key.
pub(crate) fn key() -> Ident {
    Ident::new("__key", Span::mixed_site())
}

/// Splits an aggregation. Mistakes are ignored, because [`check`] has reported them.
pub(crate) fn of(call: &Call) -> Option<Aggregation> {
    read(call, &mut Diagnostics::default())
}

/// The fields that all measures read of a record.
pub(crate) fn reads(aggregation: &Aggregation) -> ReadSet {
    let of_closures = |measure: &MeasureCall| -> Vec<ReadSet> {
        let of_all = measure.closures.iter().map(reads::of);
        match measure.measure.takes {
            // The first closure gets an accumulator and a record, the second one two accumulators.
            MeasureArguments::Accumulators => of_all.take(1).flat_map(|reads| reads.into_iter().skip(1)).collect(),
            _ => of_all.flatten().collect(),
        }
    };
    aggregation.measures.iter().flat_map(of_closures).fold(ReadSet::nothing(), ReadSet::and)
}

pub(super) fn check(pipeline: &Pipeline, mistakes: &mut Diagnostics) {
    for call in pipeline.calls().filter(|call| call.is(|operator| operator.takes == ClosureArguments::Handle)) {
        read(call, mistakes);
    }
}

fn read(call: &Call, mistakes: &mut Diagnostics) -> Option<Aggregation> {
    let Some(closure) = call.closures().next() else {
        mistakes.report_fatal(call.span(), message::handle_expected(&call.word));
        return None;
    };
    let parameter = closure.inputs.first()?;
    let mut body = (*closure.body).clone();
    let Some(handle) = plain_name(parameter) else {
        if !matches!(parameter, Pat::Wild(_)) {
            mistakes.report_fatal(call.span(), message::HANDLE_IS_A_NAME);
        }
        return Some(Aggregation { measures: Vec::new(), body, uses_key: false });
    };
    let has_window = call.is(|operator| operator.from == ChainState::Windowed);
    let has_key = has_window || call.is(|operator| operator.from == ChainState::Grouped);
    let (mut measures, uses_key) = extraction::of(handle, (has_key, has_window), &mut body, mistakes);
    if let Some(name) = inner_variable(&measures, &body) {
        mistakes.report_fatal(name.span(), message::inner_variable(&name));
    } else {
        conditions::check(&measures, &call.scope, mistakes);
    }
    derived::derive_means(&mut measures);
    derived::group_quantiles(&mut measures);
    let counted = measures.iter().find(|measure| measure.measure.lowering == MeasureLowering::CountDistinct);
    if let Some(counted) = counted.filter(|_| measures.iter().any(|measure| measure.quantile_group.is_some())) {
        mistakes.report_fatal(counted.word.span(), message::COUNT_DISTINCT_WITH_QUANTILE);
        return None;
    }
    Some(Aggregation { measures, body, uses_key })
}

/// A variable of the body that a measure's closure names. It does not exist where the measures are
/// computed.
fn inner_variable(measures: &[MeasureCall], body: &Expr) -> Option<Ident> {
    let inner = names_bound_inside(body);
    let closures = measures.iter().flat_map(|measure| &measure.closures);
    closures.into_iter().find_map(|closure| {
        let mentions = free_names_of_closure(closure);
        let mut plain = mentions.plain.iter().map(|mention| mention.name);
        plain.find(|name| inner.contains(name)).cloned()
    })
}

fn text<'a>(parts: impl IntoIterator<Item = &'a (impl ToTokens + 'a)>) -> Vec<String> {
    parts.into_iter().map(|part| part.to_token_stream().to_string()).collect()
}
