//! Forwarded fields: what an operator's output takes over from its input unchanged.
//!
//! The runtime moves filters by them, through operators that the macro cannot see together.

use syn::{ExprClosure, parse_quote};

use crate::analyse::hygiene;
use crate::analyse::measures;
use crate::analyse::paths::FieldPlace;
use crate::analyse::values::MadeValues;
use crate::operators::RecordOperation;
use crate::syntax::Call;

/// What is taken over.
#[derive(Default)]
pub(crate) struct ForwardedFields {
    /// Fields of the output, by path, and where they come from.
    pub(crate) fields: Vec<(Vec<String>, FieldPlace)>,
    /// Where the fields come from that the output's value does not name, and those that it names.
    pub(crate) rest: Option<(FieldPlace, Vec<String>)>,
    /// Whether the output's value is a struct: its type has to say whether its fields are its record's.
    pub(crate) of_struct: bool,
}

impl ForwardedFields {
    /// Whether nothing is taken over.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.rest.is_none()
    }
}

/// What the output of a body takes over from the records that its first stage sees. Nothing, where a stage may fail: then each record counts.
/// So it does where a stage
/// acts on anything outside, which types say.
pub(crate) fn of(stages: &[&Call]) -> ForwardedFields {
    let is_unknown = |stage: &&Call| stage.record_closure().is_some_and(hygiene::calls_unknown_macros);
    if stages.iter().any(|stage| stage.is_as_written || is_unknown(stage)) {
        return ForwardedFields::default();
    }
    let is_filter = |call: &Call| call.is(|operator| operator.of_each_alone() == Some(RecordOperation::Filter));
    let makers = stages.iter().filter(|stage| !is_filter(stage));
    let Some(mut makers) = makers.map(|stage| MadeValues::of(stage)).collect::<Option<Vec<_>>>() else {
        return ForwardedFields::default();
    };
    match makers.pop() {
        Some(last) => taken_over(&last, &makers),
        None => ForwardedFields::default(),
    }
}

/// What a group's record takes over from the group's key.
pub(crate) fn of_group(call: &Call) -> ForwardedFields {
    let Some(aggregation) = measures::of(call).filter(|_| !call.is_as_written) else {
        return ForwardedFields::default();
    };
    let (key, body) = (measures::key(), &aggregation.body);
    let closure: ExprClosure = parse_quote!(|#key| #body);
    MadeValues::of_closure(&closure, false).map(|values| taken_over(&values, &[])).unwrap_or_default()
}

/// What the values of `last` take over from the records of the first of the closures before it.
fn taken_over(last: &MadeValues<'_>, before: &[MadeValues<'_>]) -> ForwardedFields {
    let first = |place: FieldPlace| before.iter().rev().try_fold(place, |place, maker| maker.place(&place.path));
    let field = |path: Vec<String>| Some((path.clone(), first(last.place(&path)?)?));
    let named = last.named();
    let rest = last.rest().filter(|_| before.is_empty());
    let rest = rest.map(|place| (place, named.iter().filter_map(|path| path.first().cloned()).collect()));
    ForwardedFields { fields: named.into_iter().filter_map(field).collect(), rest, of_struct: last.are_structs() }
}
