//! Rewrites predicates for new names of their records, or for other places of their fields.

use proc_macro2::Ident;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprClosure, FieldValue, Index, Member, Pat, Token, parse_quote_spanned};

use crate::analyse::hygiene::binds_unseen;
use crate::analyse::paths::{FieldPlace, RecordName, place_of, roots};
use crate::analyse::reads::{self, ReadSet};
use crate::syntax::names::free_names;
use crate::syntax::patterns::{binds_plainly, bound_names, generated_record, names_bound_inside, plain_name};

/// The predicate with a name instead of a pattern for each record, so that its conjuncts can be
/// separated. Returns a clone if that is not possible.
pub(crate) fn with_plain_parameters(closure: &ExprClosure) -> ExprClosure {
    if closure.inputs.iter().all(|input| plain_name(input).is_some()) {
        return closure.clone();
    }
    let is_shown = !is_named_in_macros(closure) && !binds_unseen(closure);
    let Some(places) = read_places(closure).filter(|_| is_shown) else { return closure.clone() };
    let records: Vec<Ident> = (0..closure.inputs.len()).map(generated_record).collect();
    let mut plain = closure.clone();
    FieldReplacement { roots: &all_roots(closure), places: &places, records: &records }.visit_expr_mut(&mut plain.body);
    plain.inputs = records.iter().map(|record| -> Pat { syn::parse_quote!(#record) }).collect();
    plain
}

/// Returns `true` if a macro call may use names that the patterns bind. Its tokens cannot be
/// rewritten.
fn is_named_in_macros(closure: &ExprClosure) -> bool {
    let mentions = free_names(&closure.body);
    closure.inputs.iter().flat_map(bound_names).any(|name| mentions.opaque.contains(name))
}

fn all_roots(closure: &ExprClosure) -> Vec<RecordName<'_>> {
    closure.inputs.iter().enumerate().filter_map(|(at, input)| roots(at, input)).flatten().collect()
}

/// The fields that a predicate reads, each as a pair of two equal places. `None` if syntax does not
/// show all of them.
pub(crate) fn read_places(closure: &ExprClosure) -> Option<Vec<(FieldPlace, FieldPlace)>> {
    if !closure.inputs.iter().all(binds_plainly) {
        return None;
    }
    let hidden = names_bound_inside(&closure.body);
    let mut places = Vec::new();
    for (record, pattern) in closure.inputs.iter().enumerate() {
        if roots(record, pattern)?.iter().any(|root| hidden.contains(&root.name)) {
            return None;
        }
        let ReadSet::Fields(fields) = reads::of_parameter(pattern, &closure.body) else { return None };
        for field in fields {
            let place = FieldPlace { record, path: field.split('.').map(str::to_owned).collect() };
            places.push((place.clone(), place));
        }
    }
    (!places.is_empty()).then_some(places)
}

/// The predicate rewritten for a record that has its fields at other places.
pub(crate) fn with_places(conjunct: &ExprClosure, places: &[(FieldPlace, FieldPlace)]) -> ExprClosure {
    let records = [generated_record("")];
    let record = &records[0];
    let mut moved = conjunct.clone();
    FieldReplacement { roots: &all_roots(conjunct), places, records: &records }.visit_expr_mut(&mut moved.body);
    let pattern: Pat = syn::parse_quote!(#record);
    moved.inputs = [pattern].into_iter().collect();
    moved
}

struct FieldReplacement<'a> {
    roots: &'a [RecordName<'a>],
    places: &'a [(FieldPlace, FieldPlace)],
    /// The new names of the records.
    records: &'a [Ident],
}

impl VisitMut for FieldReplacement<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let found = place_of(expr, self.roots).and_then(|place| self.places.iter().find(|(seen, _)| *seen == place));
        match found {
            Some((_, place)) => {
                if let Some(record) = self.records.get(place.record) {
                    *expr = path(expr, record, &place.path);
                }
            }
            None => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_field_value_mut(&mut self, field: &mut FieldValue) {
        // The shorthand `Point { x }` cannot hold another expression. `Point { x: … }` can.
        if place_of(&field.expr, self.roots).is_some() {
            field.colon_token.get_or_insert(Token![:](syn::spanned::Spanned::span(&field.member)));
        }
        visit_mut::visit_field_value_mut(self, field);
    }
}

/// Writes `record.home.zip` with the span of the user's path.
fn path(seen: &Expr, record: &Ident, fields: &[String]) -> Expr {
    let span = syn::spanned::Spanned::span(seen);
    fields.iter().fold(parse_quote_spanned!(span=> #record), |base, field| {
        let member = match field.parse::<u32>() {
            Ok(index) => Member::Unnamed(Index { index, span }),
            Err(_) => Member::Named(syn::parse_str(field).unwrap_or_else(|_| Ident::new_raw(field, span))),
        };
        let dot = Token![.](span);
        Expr::Field(syn::ExprField { attrs: Vec::new(), base: Box::new(base), dot_token: dot, member })
    })
}
