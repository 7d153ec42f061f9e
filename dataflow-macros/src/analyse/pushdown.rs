//! Filter pushdown: moves filters out of bodies, before earlier closures and to one side of a join.
//!
//! A filter after a closure is a branch in the closure's body. A filter before the closure is an
//! operator: it selects whole windows of rows, the optimizer can move it further, and a source may
//! answer it from statistics. A conjunct of a filter moves if
//!
//! 1. it has a value for every record and no side effects, because it will get more records;
//! 2. the closures that it passes [copy](MadeValues) each of its fields unchanged;
//! 3. these closures cannot fail and have no side effects, because they will get fewer records;
//! 4. it reads only one side of a join, and a filter may run [on that
//!    side](crate::operators::JoinKind::filterable_sides).
//!
//! Conditions 1 and 3 also depend on types: a closure that captures only plain values has no
//! accumulator. So the moved filter exists only if the types [prove](proofs) both conditions. The
//! body evaluates the conjunct only if they do not. Both decisions use the same types.
//!
//! The macro cannot move a filter past a variable or a grouping. The optimizer does, by [forwarded
//! fields](super::forwarded_fields).

use proc_macro2::{Ident, Span};
use syn::{BinOp, Expr, ExprClosure, parse_quote_spanned};

use crate::analyse::captures::Capture;
use crate::analyse::made_values::MadeValues;
use crate::analyse::paths::FieldPlace;
use crate::analyse::proofs;
use crate::analyse::rewriting::{read_places, with_places, with_plain_parameters};
use crate::analyse::steps::ChainStep;
use crate::analyse::{captures, conjuncts, hygiene};
use crate::operators::{self, ChainState, RecordOperation};
use crate::spans::generated;
use crate::syntax::Call;
use crate::syntax::patterns::plain_name;

/// The moved filters of a body.
#[derive(Default)]
pub(crate) struct MovedFilters {
    /// The body's calls without the moved conjuncts. Used for the plan that is shown, and for read
    /// sets.
    pub(crate) shown: Vec<Call>,
    /// The body's calls as they are emitted. A moved conjunct is still evaluated here if the types
    /// forbid the move.
    pub(crate) emitted: Vec<Call>,
    /// The filters before the body.
    pub(crate) filters: Vec<MovedFilter>,
    /// Proofs about captured values, by the name of their variable in the moved filters and in the
    /// body. Each value is checked once. A proof includes the earlier proofs.
    pub(crate) capture_proofs: Vec<(Ident, Expr)>,
    /// The captured values that have a proof.
    proven_captures: Vec<Ident>,
}

impl MovedFilters {
    /// The name of the last proof about captured values.
    fn last_capture_proof(&self) -> Option<&Ident> {
        self.capture_proofs.last().map(|(name, _)| name)
    }

    /// The proof about the captures of a body, without those that have a proof.
    pub(crate) fn of_captures(&self, captures: &[Capture], word: Span) -> Expr {
        proofs::answers(&proofs::of_captures(&self.unproven(captures)), self.last_capture_proof(), generated(word))
    }

    fn unproven(&self, captures: &[Capture]) -> Vec<Capture> {
        captures.iter().filter(|capture| !self.proven_captures.contains(&capture.name)).cloned().collect()
    }
}

/// A filter before a body.
pub(crate) struct MovedFilter {
    /// The side of the join that it filters. 0 without a join.
    pub(crate) side: usize,
    /// The filter as a call.
    pub(crate) call: Call,
    /// A closure over the same record whose type decides whether the filter may move.
    pub(crate) proof: ExprClosure,
}

/// Moves the filters of a body. Returns `None` if none moves.
pub(crate) fn of(step: &ChainStep<'_>, stages: &[&Call]) -> Option<MovedFilters> {
    if stages.iter().any(|stage| stage.is_as_written) {
        return None;
    }
    let mut moved = MovedFilters::default();
    for (index, call) in stages.iter().enumerate() {
        match filter_closure(call) {
            Some(closure) => split(step, stages, index, closure, &mut moved),
            None => {
                moved.shown.push((*call).clone());
                moved.emitted.push((*call).clone());
            }
        }
    }
    (!moved.filters.is_empty()).then_some(moved)
}

/// Splits a filter into moved and remaining conjuncts.
fn split(step: &ChainStep<'_>, stages: &[&Call], index: usize, written: &ExprClosure, moved: &mut MovedFilters) {
    let call = stages[index];
    let conjuncts = conjuncts::of(&with_plain_parameters(written));
    let texts = conjuncts::texts(written, &call.text, conjuncts.len());
    let before = moved.filters.len();
    let (mut staying, mut emitted) = (Vec::new(), Vec::new());
    let captured = PassedCaptures::of(step, &stages[..=index], moved);
    for (conjunct, text) in conjuncts.into_iter().zip(texts) {
        match moved_filter(step, stages, index, &conjunct, &captured) {
            Some((mut filter, answers)) => {
                filter.call.text = text.clone();
                emitted.push((unless_proven(&conjunct, &answers, call.span()), text));
                moved.filters.push(filter);
            }
            None => {
                staying.push((conjunct.clone(), text.clone()));
                emitted.push((conjunct, text));
            }
        }
    }
    if moved.filters.len() == before {
        moved.shown.push(call.clone());
        moved.emitted.push(call.clone());
        return;
    }
    moved.proven_captures = captured.all.into_iter().map(|capture| capture.name).collect();
    moved.capture_proofs.extend(captured.proof_name.zip(captured.new_proof));
    let with = |(closure, text): (ExprClosure, String)| {
        let args = [Expr::Closure(closure)].into_iter().collect();
        Call { args, text, ..call.clone() }
    };
    moved.shown.extend(staying.into_iter().reduce(conjunction).map(with));
    moved.emitted.extend(emitted.into_iter().reduce(conjunction).map(with));
}

/// The closure of a filter that has no state and cannot fail.
fn filter_closure(call: &Call) -> Option<&ExprClosure> {
    let is_filter = call.is(|operator| operator.plain_record_operation() == Some(RecordOperation::Filter));
    call.closures().next().filter(|_| is_filter)
}

/// The captures of a filter and of the closures that it passes. None of them may hold an
/// accumulator.
struct PassedCaptures {
    all: Vec<Capture>,
    /// The name of the proof about these values.
    proof_name: Option<Ident>,
    new_proof: Option<Expr>,
}

impl PassedCaptures {
    fn of(step: &ChainStep<'_>, passed: &[&Call], moved: &MovedFilters) -> Self {
        let index = passed.len().saturating_sub(1);
        // Closures of join keys count as well: no key is computed for a record that was dropped
        // before the join.
        let keys = step.heads.iter().flat_map(|head| head.closures().map(|closure| (closure, &head.scope)));
        let closures = passed.iter().filter_map(|stage| Some((stage.record_closure()?, &stage.scope)));
        let all = captures::of_all(keys.chain(closures));
        let (unproven, span) = (moved.unproven(&all), generated(passed[index].span()));
        if unproven.is_empty() {
            return PassedCaptures { all, proof_name: moved.last_capture_proof().cloned(), new_proof: None };
        }
        let answers = proofs::answers(&proofs::of_captures(&unproven), moved.last_capture_proof(), span);
        PassedCaptures {
            all,
            proof_name: Some(Ident::new(&format!("__proven{index}"), span)),
            new_proof: Some(answers),
        }
    }
}

/// The moved filter of a conjunct, and the proof that lets the body skip the conjunct.
fn moved_filter(
    step: &ChainStep<'_>,
    stages: &[&Call],
    index: usize,
    conjunct: &ExprClosure,
    captured: &PassedCaptures,
) -> Option<(MovedFilter, Expr)> {
    let call = stages[index];
    let questions = proofs::of(conjunct, &call.scope)?;
    let FilterTarget { side, places, below } = target(step, stages, index, conjunct)?;
    let questions = proofs::without_captures(&questions, &captured.all);
    let answers = proofs::answers(&questions, captured.proof_name.as_ref(), generated(call.span()));
    let proof = ExprClosure { body: Box::new(answers.clone()), ..conjunct.clone() };
    let call = Call {
        args: [Expr::Closure(with_places(conjunct, &places))].into_iter().collect(),
        operator: operators::filter_on_flow(),
        moved_below: Some(below),
        ..call.clone()
    };
    Some((MovedFilter { side, call, proof: with_places(&proof, &places) }, answers))
}

/// The conjunct, evaluated only if it could not move.
fn unless_proven(conjunct: &ExprClosure, answers: &Expr, word: Span) -> ExprClosure {
    let (condition, span) = (&conjunct.body, generated(word));
    let body = parse_quote_spanned!(span=> (::dataflow::__private::holds(#answers) || (#condition)));
    ExprClosure { body: Box::new(body), ..conjunct.clone() }
}

/// The place to which a predicate moves.
struct FilterTarget {
    side: usize,
    /// For each field that the predicate reads: its place in the records that it gets now, and in
    /// those that it will get.
    places: Vec<(FieldPlace, FieldPlace)>,
    /// The word of the last operator that the predicate passes.
    below: Ident,
}

/// The place before the body, for a conjunct of the filter at `index`.
fn target(step: &ChainStep<'_>, stages: &[&Call], index: usize, conjunct: &ExprClosure) -> Option<FilterTarget> {
    let mut places = read_places(conjunct)?;
    let mut below = None;
    // The filter itself counts, because the conjuncts before this one are not moved.
    let mut keys = step.heads.iter().flat_map(|head| head.closures());
    if hygiene::calls_unknown_macros(stages[index].record_closure()?) || keys.any(hygiene::calls_unknown_macros) {
        return None;
    }
    for stage in stages[..index].iter().rev() {
        if hygiene::calls_unknown_macros(stage.record_closure()?) {
            return None;
        }
        if filter_closure(stage).is_none() {
            places = map_places(&MadeValues::of(stage)?, &places)?;
            below = Some(stage.word.clone());
        }
    }
    match step.heads.first() {
        Some(join) => side(join, places),
        // A join that is bound to a variable: its sides are not part of this chain.
        None if stages.first()?.operator?.from != ChainState::Flow => None,
        None => Some(FilterTarget { side: 0, places, below: below? }),
    }
}

/// The side of the join that has all these places, if filters may run on that side.
fn side(join: &Call, places: Vec<(FieldPlace, FieldPlace)>) -> Option<FilterTarget> {
    let side = places.first()?.1.record;
    let is_filterable = join.operator?.join?.filterable_sides().get(side).copied();
    if is_filterable != Some(true) || places.iter().any(|(_, place)| place.record != side) {
        return None;
    }
    let places = places.into_iter().map(|(seen, place)| (seen, FieldPlace { record: 0, ..place })).collect();
    Some(FilterTarget { side, places, below: join.word.clone() })
}

/// Maps places in the made values to places in the records of their closure.
fn map_places(values: &MadeValues<'_>, places: &[(FieldPlace, FieldPlace)]) -> Option<Vec<(FieldPlace, FieldPlace)>> {
    let passed = |(seen, place): &(FieldPlace, FieldPlace)| Some((seen.clone(), values.place(&place.path)?));
    places.iter().map(passed).collect()
}
/// The conjunction of two predicates, and its text.
fn conjunction((left, text): (ExprClosure, String), (right, other): (ExprClosure, String)) -> (ExprClosure, String) {
    let inputs = left.inputs.iter().zip(&right.inputs);
    // A conjunct has no name for a record that it does not mention.
    let inputs = inputs.map(|(left, right)| if plain_name(left).is_none() { right } else { left }.clone()).collect();
    let (first, second, op) = (operand(&left.body), operand(&right.body), BinOp::And(Default::default()));
    let body = Expr::Binary(syn::ExprBinary { attrs: Vec::new(), left: first, op, right: second });
    let text = format!("{text} && {}", other.split_once("| ").map_or(other.as_str(), |(_, condition)| condition));
    (ExprClosure { inputs, body: Box::new(body), ..left }, text)
}

/// An operand of `&&`, in parentheses if needed.
fn operand(expr: &Expr) -> Box<Expr> {
    let binds_less = match expr {
        Expr::Binary(binary) => matches!(binary.op, BinOp::Or(_)),
        Expr::Range(_) | Expr::Closure(_) | Expr::Let(_) => true,
        _ => false,
    };
    let expr = Box::new(expr.clone());
    Box::new(match binds_less {
        true => Expr::Paren(syn::ExprParen { attrs: Vec::new(), paren_token: Default::default(), expr }),
        false => return expr,
    })
}
