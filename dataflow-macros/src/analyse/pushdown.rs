//! Filters move out of bodies: in front of the closures that they stand behind, and to the side of the join that they look at.
//!
//! A filter that stands behind a closure is a branch in the closure's body. A filter that stands in front of the closure is an operator: it selects
//! whole windows, the optimizer can move it further, and a source may answer it from statistics. A conjunct of a filter moves where
//!
//! * the conjunct has an answer for every record, and does nothing else, because it will see more records than before;
//! * the closures that the conjunct passes [take over](MadeValues) each of its fields unchanged;
//! * those closures cannot fail and do not act on anything outside, because they will see fewer records than before;
//! * the conjunct looks at one side of the join only, and the join drops that side's records where they have no partner.
//!
//! The first and the third condition also depend on types: a closure that captures plain values only has no accumulator. So the filter in front
//! exists only if the types [prove](proofs) both conditions, and the body evaluates the conjunct only if they do not. The compiler decides both by
//! the same types.
//!
//! Where a variable or a grouping stands between, the macro cannot move a filter; the optimizer moves it by facts of the same kind.

use proc_macro2::{Ident, Span};
use syn::{BinOp, Expr, ExprClosure, parse_quote_spanned};

use crate::analyse::captures::Capture;
use crate::analyse::paths::FieldPlace;
use crate::analyse::proofs;
use crate::analyse::renamed::{looked_at, seen_from, with_plain_parameters};
use crate::analyse::steps::ChainStep;
use crate::analyse::values::MadeValues;
use crate::analyse::{captures, conjuncts, hygiene};
use crate::operators::{self, ChainState, RecordOperation};
use crate::spans::generated;
use crate::syntax::Call;
use crate::syntax::patterns::plain_name;

/// A body whose filters have moved.
#[derive(Default)]
pub(crate) struct MovedFilters {
    /// The body's calls without the conjuncts that have moved: for the plan as it is shown, and for what the body reads.
    pub(crate) left: Vec<Call>,
    /// The body's calls as they are emitted: a conjunct that has moved is evaluated in the body only where the types forbid the move.
    pub(crate) asking: Vec<Call>,
    /// The filters in front.
    pub(crate) fronts: Vec<MovedFilter>,
    /// The proofs about captured values, by the names of their variables in the filters in front and in the body. Each value is asked for once; a proof
    /// includes the proofs before it.
    pub(crate) proven: Vec<(Ident, Expr)>,
    /// The captured values that have a proof.
    captured: Vec<Ident>,
}

impl MovedFilters {
    /// The name of the last proof about captured values.
    fn last_proven(&self) -> Option<&Ident> {
        self.proven.last().map(|(name, _)| name)
    }

    /// The proof about the values that a body's closures capture, most of which may be proven already.
    pub(crate) fn of_captures(&self, captures: &[Capture], word: Span) -> Expr {
        proofs::answers(&proofs::of_captures(&self.unasked(captures)), self.last_proven(), generated(word))
    }

    fn unasked(&self, captures: &[Capture]) -> Vec<Capture> {
        captures.iter().filter(|capture| !self.captured.contains(&capture.name)).cloned().collect()
    }
}

/// A filter in front of a body.
pub(crate) struct MovedFilter {
    /// The side of the join that the filter stands on; 0 where there is no join.
    pub(crate) side: usize,
    /// The filter as a call of its own.
    pub(crate) call: Call,
    /// A closure over the same record whose type says whether the filter may move.
    pub(crate) proof: ExprClosure,
}

/// Moves the filters of a body; `None` where all of them stay.
pub(crate) fn of(step: &ChainStep<'_>, stages: &[&Call]) -> Option<MovedFilters> {
    if stages.iter().any(|stage| stage.is_as_written) {
        return None;
    }
    let mut moved = MovedFilters::default();
    for (index, call) in stages.iter().enumerate() {
        match filter_closure(call) {
            Some(closure) => split(step, stages, index, closure, &mut moved),
            None => {
                moved.left.push((*call).clone());
                moved.asking.push((*call).clone());
            }
        }
    }
    (!moved.fronts.is_empty()).then_some(moved)
}

/// Takes a filter apart into what moves and what stays.
fn split(step: &ChainStep<'_>, stages: &[&Call], index: usize, written: &ExprClosure, moved: &mut MovedFilters) {
    let call = stages[index];
    let conjuncts = conjuncts::of(&with_plain_parameters(written));
    let texts = conjuncts::texts(written, &call.text, conjuncts.len());
    let before = moved.fronts.len();
    let (mut staying, mut asking) = (Vec::new(), Vec::new());
    let captured = PassedCaptures::of(step, &stages[..=index], moved);
    for (conjunct, text) in conjuncts.into_iter().zip(texts) {
        match front(step, stages, index, &conjunct, &captured) {
            Some((mut front, answers)) => {
                front.call.text = text.clone();
                asking.push((unless_proven(&conjunct, &answers, call.span()), text));
                moved.fronts.push(front);
            }
            None => {
                staying.push((conjunct.clone(), text.clone()));
                asking.push((conjunct, text));
            }
        }
    }
    if moved.fronts.len() == before {
        moved.left.push(call.clone());
        moved.asking.push(call.clone());
        return;
    }
    moved.captured = captured.all.into_iter().map(|capture| capture.name).collect();
    moved.proven.extend(captured.name.zip(captured.asked));
    let with = |(closure, text): (ExprClosure, String)| {
        let args = [Expr::Closure(closure)].into_iter().collect();
        Call { args, text, ..call.clone() }
    };
    moved.left.extend(staying.into_iter().reduce(both).map(with));
    moved.asking.extend(asking.into_iter().reduce(both).map(with));
}

/// The closure of a filter that cannot fail.
fn filter_closure(call: &Call) -> Option<&ExprClosure> {
    let is_filter = call.is(|operator| operator.of_each_alone() == Some(RecordOperation::Filter));
    call.closures().next().filter(|_| is_filter)
}

/// The values that a filter and the closures which it passes capture: none of these values may hold an accumulator.
struct PassedCaptures {
    all: Vec<Capture>,
    /// The name of the proof about these values, and the proof itself where it is new.
    name: Option<Ident>,
    asked: Option<Expr>,
}

impl PassedCaptures {
    fn of(step: &ChainStep<'_>, passed: &[&Call], moved: &MovedFilters) -> Self {
        let index = passed.len().saturating_sub(1);
        // The closures of join keys count as well: no key is computed of a record that is dropped before.
        let keys = step.heads.iter().flat_map(|head| head.closures().map(|closure| (closure, &head.scope)));
        let closures = passed.iter().filter_map(|stage| Some((stage.record_closure()?, &stage.scope)));
        let all = captures::of_all(keys.chain(closures));
        let (unasked, span) = (moved.unasked(&all), generated(passed[index].span()));
        if unasked.is_empty() {
            return PassedCaptures { all, name: moved.last_proven().cloned(), asked: None };
        }
        let answers = proofs::answers(&proofs::of_captures(&unasked), moved.last_proven(), span);
        PassedCaptures { all, name: Some(Ident::new(&format!("__proven{index}"), span)), asked: Some(answers) }
    }
}

/// The filter that a conjunct becomes in front of the body, and the proof for the body that the filter is there.
fn front(
    step: &ChainStep<'_>,
    stages: &[&Call],
    index: usize,
    conjunct: &ExprClosure,
    captured: &PassedCaptures,
) -> Option<(MovedFilter, Expr)> {
    let call = stages[index];
    let asked = proofs::of(conjunct, &call.scope)?;
    let FilterTarget { side, places, below } = target(step, stages, index, conjunct)?;
    let asked = proofs::of_others(&asked, &captured.all);
    let answers = proofs::answers(&asked, captured.name.as_ref(), generated(call.span()));
    let proof = ExprClosure { body: Box::new(answers.clone()), ..conjunct.clone() };
    let call = Call {
        args: [Expr::Closure(seen_from(conjunct, &places))].into_iter().collect(),
        operator: operators::filter_on_flow(),
        below: Some(below),
        ..call.clone()
    };
    Some((MovedFilter { side, call, proof: seen_from(&proof, &places) }, answers))
}

/// The conjunct, evaluated only where it could not move.
fn unless_proven(conjunct: &ExprClosure, answers: &Expr, word: Span) -> ExprClosure {
    let (condition, span) = (&conjunct.body, generated(word));
    let body = parse_quote_spanned!(span=> (::dataflow::__private::holds(#answers) || (#condition)));
    ExprClosure { body: Box::new(body), ..conjunct.clone() }
}

/// Where a predicate may run instead.
struct FilterTarget {
    side: usize,
    /// For each field that the predicate reads, its place in the records that it sees now, and its place in those that it will see.
    places: Vec<(FieldPlace, FieldPlace)>,
    /// The word of the last operator that the predicate passed.
    below: Ident,
}

/// The place in front of the body, for a conjunct of the filter at `index`.
fn target(step: &ChainStep<'_>, stages: &[&Call], index: usize, conjunct: &ExprClosure) -> Option<FilterTarget> {
    let mut places = looked_at(conjunct)?;
    let mut below = None;
    // The filter itself counts, because the conjuncts before this one stay behind.
    let mut keys = step.heads.iter().flat_map(|head| head.closures());
    if hygiene::calls_unknown_macros(stages[index].record_closure()?) || keys.any(hygiene::calls_unknown_macros) {
        return None;
    }
    for stage in stages[..index].iter().rev() {
        if hygiene::calls_unknown_macros(stage.record_closure()?) {
            return None;
        }
        if filter_closure(stage).is_none() {
            places = passed(&MadeValues::of(stage)?, &places)?;
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

/// The side of the join that all these places are on, if filters may run on that side.
fn side(join: &Call, places: Vec<(FieldPlace, FieldPlace)>) -> Option<FilterTarget> {
    let side = places.first()?.1.record;
    let is_filterable = join.operator?.join?.filterable_sides().get(side).copied();
    if is_filterable != Some(true) || places.iter().any(|(_, place)| place.record != side) {
        return None;
    }
    let places = places.into_iter().map(|(seen, place)| (seen, FieldPlace { record: 0, ..place })).collect();
    Some(FilterTarget { side, places, below: join.word.clone() })
}

/// The places of the same fields in the records that the closure of these values sees.
fn passed(values: &MadeValues<'_>, places: &[(FieldPlace, FieldPlace)]) -> Option<Vec<(FieldPlace, FieldPlace)>> {
    let passed = |(seen, place): &(FieldPlace, FieldPlace)| Some((seen.clone(), values.place(&place.path)?));
    places.iter().map(passed).collect()
}
/// The conjunction of two predicates, and its text.
fn both((left, text): (ExprClosure, String), (right, other): (ExprClosure, String)) -> (ExprClosure, String) {
    let inputs = left.inputs.iter().zip(&right.inputs);
    // A conjunct has no name for a record that it does not mention.
    let inputs = inputs.map(|(left, right)| if plain_name(left).is_none() { right } else { left }.clone()).collect();
    let (first, second, op) = (operand(&left.body), operand(&right.body), BinOp::And(Default::default()));
    let body = Expr::Binary(syn::ExprBinary { attrs: Vec::new(), left: first, op, right: second });
    let text = format!("{text} && {}", other.split_once("| ").map_or(other.as_str(), |(_, condition)| condition));
    (ExprClosure { inputs, body: Box::new(body), ..left }, text)
}

/// An operand of `&&`, in the parentheses that it needs there.
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
