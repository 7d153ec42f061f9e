//! Measures that the body of an `aggregate` evaluates only under a condition.
//!
//! All measures are computed in one pass, before the body runs. So a measure in a branch is also
//! computed for groups that do not take the branch. The result must not depend on that:
//!
//! * The closure of such a measure must have a value for every record. [`check`] rejects closures
//!   for which syntax does not show that. The compiler checks the types ([`proofs_of`]).
//! * A sum that overflows ends the job only if the sum is used ([`read_deferred_sums`]).

use proc_macro2::Span;
use quote::format_ident;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, parse_quote};

use super::{MeasureCall, slot};
use crate::analyse::proofs::{self, TypeQuestion};
use crate::diagnostics::{Diagnostics, message};
use crate::operators::measures::MeasureArguments;
use crate::syntax::names::plain_path;
use crate::syntax::scope::Scope;

/// The condition under which a measure is evaluated.
#[derive(Clone, Copy)]
pub(crate) struct Condition {
    /// The span of its token.
    pub(crate) at: Span,
    /// Its token.
    pub(crate) token: &'static str,
}

impl Condition {
    pub(super) fn new(at: Span, token: &'static str) -> Self {
        Condition { at, token }
    }

    /// An expression that may exit the closure, so that the code after it may not run.
    pub(super) fn of_exit(expr: &Expr) -> Option<Self> {
        Some(match expr {
            Expr::Try(tried) => Condition::new(tried.question_token.span, "?"),
            Expr::Return(leaving) => Condition::new(leaving.return_token.span, "return"),
            Expr::Break(leaving) => Condition::new(leaving.break_token.span, "break"),
            Expr::Continue(leaving) => Condition::new(leaving.continue_token.span, "continue"),
            _ => return None,
        })
    }
}

/// Reports a measure under a condition if its closure may fail, as far as syntax shows.
pub(super) fn check(measures: &[MeasureCall], scope: &Scope, mistakes: &mut Diagnostics) {
    let fails = |measure: &&MeasureCall| measure.condition.is_some() && proofs_of(measure, scope).is_none();
    if let Some((measure, condition)) = measures.iter().find(fails).and_then(|it| Some((it, it.condition?))) {
        mistakes.report(condition.at, message::conditional_measure(&measure.word, condition.token));
    }
}

/// For each closure of a measure, the values whose types decide whether it has a value for every
/// record. `None` if its syntax already rules that out.
pub(crate) fn proofs_of(measure: &MeasureCall, scope: &Scope) -> Option<Vec<Vec<TypeQuestion>>> {
    match measure.measure.takes {
        // They only name fields.
        MeasureArguments::Symbols => Some(Vec::new()),
        MeasureArguments::Accumulators | MeasureArguments::ValueThenRecord => None,
        _ => measure.closures.iter().map(|closure| proofs::of_value(closure, scope)).collect(),
    }
}

/// Replaces the slot of a sum that is only used under conditions by `slot.sum()`.
pub(super) fn read_deferred_sums(measures: &[MeasureCall], body: &mut Expr) {
    let is_read = |(_, measure): &(usize, &MeasureCall)| measure.is_deferred_sum();
    let slots = measures.iter().enumerate().filter(is_read).map(|(index, _)| slot(index).to_string());
    let mut reading = Reading(slots.collect());
    if !reading.0.is_empty() {
        reading.visit_expr_mut(body);
    }
}

/// Replaces these slots by their sums.
struct Reading(Vec<String>);

impl VisitMut for Reading {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match plain_path(expr) {
            Some(name) if self.0.contains(&name.to_string()) => {
                let sum = format_ident!("sum", span = name.span());
                *expr = parse_quote!(#name.#sum());
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }
}
