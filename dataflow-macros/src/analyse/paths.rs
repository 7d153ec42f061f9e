//! Field paths, such as `o.home.zip`, and the record of a closure that they start at.

use proc_macro2::Ident;
use syn::{Expr, Pat};

use crate::syntax::names::{member_text, peeled, plain_path};

/// A place in one of a closure's records.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FieldPlace {
    /// The index of the record among the closure's parameters.
    pub(crate) record: usize,
    /// The fields that lead to the place. Empty for the record itself.
    pub(crate) path: Vec<String>,
}

impl FieldPlace {
    /// The place of a field in this place.
    pub(crate) fn then(mut self, path: &[String]) -> Self {
        self.path.extend_from_slice(path);
        self
    }
}

/// A name that a parameter's pattern binds, and its place in the records.
pub(crate) struct RecordName<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) place: FieldPlace,
}

/// The names that the pattern of a closure's parameter binds. `None` if the pattern has an
/// unsupported form.
pub(crate) fn roots(record: usize, pattern: &Pat) -> Option<Vec<RecordName<'_>>> {
    let mut roots = Vec::new();
    let mut place = FieldPlace { record, path: Vec::new() };
    find(pattern, &mut place, &mut roots).then_some(roots)
}

/// The place of a field path.
pub(crate) fn place_of(expr: &Expr, roots: &[RecordName<'_>]) -> Option<FieldPlace> {
    match peeled(expr) {
        Expr::Field(field) => Some(place_of(&field.base, roots)?.then(&[member_text(&field.member)])),
        expr => {
            let name = plain_path(expr)?;
            roots.iter().find(|root| root.name == name).map(|root| root.place.clone())
        }
    }
}

fn find<'a>(pattern: &'a Pat, place: &mut FieldPlace, roots: &mut Vec<RecordName<'a>>) -> bool {
    match pattern {
        Pat::Wild(_) | Pat::Rest(_) => true,
        Pat::Ident(binding) if binding.subpat.is_none() => {
            roots.push(RecordName { name: &binding.ident, place: place.clone() });
            true
        }
        Pat::Type(typed) => find(&typed.pat, place, roots),
        Pat::Paren(inner) => find(&inner.pat, place, roots),
        Pat::Tuple(tuple) => find_elements(tuple.elems.iter(), place, roots),
        Pat::TupleStruct(tuple) => find_elements(tuple.elems.iter(), place, roots),
        Pat::Struct(record) => record.fields.iter().all(|field| {
            place.path.push(member_text(&field.member));
            let known = find(&field.pat, place, roots);
            place.path.pop();
            known
        }),
        _ => false,
    }
}

/// Elements are named by their position. The positions after a `..` are unknown.
fn find_elements<'a>(
    elements: impl Iterator<Item = &'a Pat>,
    place: &mut FieldPlace,
    roots: &mut Vec<RecordName<'a>>,
) -> bool {
    let mut after_rest = false;
    for (position, element) in elements.enumerate() {
        let ignored = matches!(element, Pat::Wild(_) | Pat::Rest(_));
        if after_rest && !ignored {
            return false;
        }
        after_rest |= matches!(element, Pat::Rest(_));
        place.path.push(position.to_string());
        let known = find(element, place, roots);
        place.path.pop();
        if !known {
            return false;
        }
    }
    true
}
