//! Forwarded fields: the fields that an operator copies from its input to its output.
//!
//! The runtime uses them to move filters through operators that the macro does not see together.

use syn::{ExprClosure, parse_quote};

use crate::analyse::hygiene;
use crate::analyse::made_values::MadeValues;
use crate::analyse::measures;
use crate::analyse::paths::FieldPlace;
use crate::operators::RecordOperation;
use crate::syntax::Call;

/// The copied fields.
#[derive(Default)]
pub(crate) struct ForwardedFields {
    /// Paths of output fields, and the places that they are copied from.
    pub(crate) fields: Vec<(Vec<String>, FieldPlace)>,
    /// The place from which all fields are copied that the output's value does not set, and the
    /// names of the fields that it does set.
    pub(crate) rest: Option<(FieldPlace, Vec<String>)>,
    /// Whether an output value is a struct. Its type must then show that its fields are those of
    /// its record.
    pub(crate) of_struct: bool,
}

impl ForwardedFields {
    /// Returns `true` if nothing is copied.
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.rest.is_none()
    }
}

/// The fields that a body copies from the records of its first stage.
///
/// Empty if a stage may fail, keeps a state, is a `flat_map`, or calls an unknown macro: then no
/// record may be dropped before it. The types rule out other side effects.
pub(crate) fn of(stages: &[&Call]) -> ForwardedFields {
    let is_unknown = |stage: &&Call| stage.record_closure().is_some_and(hygiene::calls_unknown_macros);
    if stages.iter().any(|stage| stage.is_as_written || is_unknown(stage)) {
        return ForwardedFields::default();
    }
    let is_filter =
        |call: &Call| call.is(|operator| operator.plain_record_operation() == Some(RecordOperation::Filter));
    let makers = stages.iter().filter(|stage| !is_filter(stage));
    let Some(mut makers) = makers.map(|stage| MadeValues::of(stage)).collect::<Option<Vec<_>>>() else {
        return ForwardedFields::default();
    };
    match makers.pop() {
        Some(last) => copied_fields(&last, &makers),
        None => ForwardedFields::default(),
    }
}

/// The fields that a group's record copies from its key.
pub(crate) fn of_group(call: &Call) -> ForwardedFields {
    let Some(aggregation) = measures::of(call).filter(|_| !call.is_as_written) else {
        return ForwardedFields::default();
    };
    let (key, body) = (measures::key(), &aggregation.body);
    let closure: ExprClosure = parse_quote!(|#key| #body);
    MadeValues::of_closure(&closure, false).map(|values| copied_fields(&values, &[])).unwrap_or_default()
}

/// The fields that the values of `last` copy from the records of the first closure in `before`.
fn copied_fields(last: &MadeValues<'_>, before: &[MadeValues<'_>]) -> ForwardedFields {
    let first = |place: FieldPlace| before.iter().rev().try_fold(place, |place, maker| maker.place(&place.path));
    let field = |path: Vec<String>| Some((path.clone(), first(last.place(&path)?)?));
    let named = last.named_fields();
    let rest = last.rest().filter(|_| before.is_empty());
    let rest = rest.map(|place| (place, named.iter().filter_map(|path| path.first().cloned()).collect()));
    ForwardedFields { fields: named.into_iter().filter_map(field).collect(), rest, of_struct: last.has_struct() }
}
