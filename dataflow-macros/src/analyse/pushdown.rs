//! Filters move down: below the `map` before them, out of the closures after a join, and to the side of the join that they look at.
//!
//! A filter that stands behind a closure is a branch in its body; in front of it, it is an operator that selects whole windows, that the
//! optimizer can move further, and that a source may answer from its statistics. A conjunct moves where
//!
//! * it is [total](total::is_total), as it will see records that it would not have seen;
//! * each field that it looks at is [taken over](Values) unchanged by the closures that it passes;
//! * those closures cannot fail and do not act on anything outside, so that nobody misses the records that they no longer see;
//! * it looks at one side of the join only, and that side's records are dropped where they have no partner.
//!
//! What moves no further here, because a variable or a grouping stands between, the optimizer may move by the same facts.

use proc_macro2::Ident;
use syn::{BinOp, Expr, ExprClosure};

use crate::analyse::conjuncts;
use crate::analyse::paths::Place;
use crate::analyse::renamed::{looked_at, seen_from, with_plain_parameters};
use crate::analyse::total;
use crate::analyse::values::Values;
use crate::operators::{self, Stand};
use crate::syntax::hole::flow_of;
use crate::syntax::patterns::plain_name;
use crate::syntax::{Call, FlowId, Pipeline};

/// Moves all filters of a pipeline as far down as they may go.
pub(crate) fn apply(pipeline: &mut Pipeline) {
    // From the last flow to the first: what moves into an argument, which stands before its chain, may move on there.
    for flow in (0..pipeline.flows.len()).rev() {
        // From the first call to the last, so that what has moved is in the place where the next one finds it.
        let mut at = 0;
        while at < pipeline.flows[flow].calls.len() {
            at = push_one(pipeline, FlowId(flow), at) + 1;
        }
    }
}

/// Moves the conjuncts of the call at `at`, if it is a filter; gives the position at which what follows it is found.
fn push_one(pipeline: &mut Pipeline, flow: FlowId, at: usize) -> usize {
    let calls = &pipeline.flows[flow.0].calls;
    let Some(written) = filter_closure(&calls[at]) else { return at };
    let conjuncts = conjuncts::of(&with_plain_parameters(written));
    let (mut staying, mut moving) = (Vec::new(), Vec::new());
    // What a conjunct counts are the records that those before it let pass, whatever those after it say.
    let mut may_count = false;
    let texts = conjuncts::texts(written, &calls[at].text, conjuncts.len());
    for (conjunct, text) in conjuncts.into_iter().zip(texts) {
        match destination(pipeline, flow, at, &conjunct).filter(|_| !may_count) {
            Some(target) => moving.push((target, conjunct, text)),
            None => {
                may_count |= !total::is_movable(&conjunct) && total::closure_may_act(&conjunct, &calls[at].scope);
                staying.push((conjunct, text));
            }
        }
    }
    if moving.is_empty() {
        return at;
    }
    let original = pipeline.flows[flow.0].calls[at].clone();
    let mut end = at;
    match staying.into_iter().reduce(both) {
        Some((rest, text)) => {
            let staying = &mut pipeline.flows[flow.0].calls[at];
            (staying.args, staying.text) = ([Expr::Closure(rest)].into_iter().collect(), text);
        }
        None => {
            pipeline.flows[flow.0].calls.remove(at);
            end -= 1;
        }
    }
    // From the last position to the first, which leaves those before in their places; conjuncts of one position keep their order.
    moving.sort_by_key(|(target, ..)| target.position);
    for (target, conjunct, text) in moving.into_iter().rev() {
        let Target { flow: to, position, places, below } = target;
        let call = Call {
            args: [Expr::Closure(seen_from(&conjunct, &places))].into_iter().collect(),
            operator: operators::find("filter", Stand::Flow),
            below: Some(below),
            text,
            ..original.clone()
        };
        pipeline.flows[to.0].calls.insert(position, call);
        end += usize::from(to == flow);
    }
    end
}

/// Where a predicate may run instead.
struct Target {
    flow: FlowId,
    /// Before which call.
    position: usize,
    /// For each field that it looks at, where that is in the records there.
    places: Vec<(Place, Place)>,
    /// The word of the operator that it passed last.
    below: Ident,
}

/// The closure of a filter that cannot fail.
fn filter_closure(call: &Call) -> Option<&ExprClosure> {
    let is_filter = call.operator.is_some_and(|operator| operator.word == "filter" && operator.is_predicate());
    call.closures().next().filter(|_| is_filter)
}

/// The lowest place that a conjunct of the filter at `at` may move to, if that is not where it is.
fn destination(pipeline: &Pipeline, flow: FlowId, at: usize, conjunct: &ExprClosure) -> Option<Target> {
    if !total::is_movable(conjunct) {
        return None;
    }
    let calls = &pipeline.flows[flow.0].calls;
    let mut places = looked_at(conjunct)?;
    let mut target = None;
    let mut position = at;
    while let Some(before) = position.checked_sub(1) {
        let call = &calls[before];
        let Some(operator) = call.operator else { break };
        if operator.is_predicate() && operator.word == "filter" && !total::may_act(call) {
            position = before;
            continue;
        }
        match (operator.from, Values::of(call).filter(|_| !total::may_act(call))) {
            // The closure after a join: to its pairs, and on to a side below.
            (stand @ (Stand::Flow | Stand::Joined), Some(values)) => {
                let Some(found) = passed(&values, &places) else { break };
                places = found;
                if stand == Stand::Flow {
                    let below = call.word.clone();
                    target = Some(Target { flow, position: before, places: places.clone(), below });
                }
                position = before;
            }
            // The keys of a join, and whatever else is said of it: its sides are what stands before its word.
            (Stand::Join | Stand::Flow, _) if operator.to == Stand::Joined || operator.from == Stand::Join => {
                let Some(found) = side(pipeline, flow, before, &places) else { break };
                let is_left = found.flow == flow;
                (position, places) = (found.position, found.places.clone());
                target = Some(found);
                if !is_left {
                    break;
                }
            }
            _ => break,
        }
    }
    target
}

/// The side of a join that these places of its pairs all lie in, where it may be filtered; `at` is one of the words between the join's
/// word and its closure.
fn side(pipeline: &Pipeline, flow: FlowId, at: usize, places: &[(Place, Place)]) -> Option<Target> {
    let calls = &pipeline.flows[flow.0].calls;
    let word = (0..=at).rev().find(|&position| calls[position].operator.is_none_or(|op| op.from == Stand::Flow))?;
    let join = &calls[word];
    let side = places.first()?.1.record;
    let may_drop: &[usize] = match join.operator?.word {
        "join" | "cross" | "cross_with_tiny" | "cross_with_huge" => &[0, 1],
        "left_join" | "with" | "with_all" => &[0],
        "right_join" => &[1],
        _ => return None,
    };
    if !may_drop.contains(&side) || places.iter().any(|(_, place)| place.record != side) {
        return None;
    }
    let places = places.iter().map(|(seen, place)| (seen.clone(), Place { record: 0, ..place.clone() })).collect();
    let below = join.word.clone();
    match side {
        0 => Some(Target { flow, position: word, places, below }),
        _ => {
            let right = flow_of(join.args.first()?)?;
            // Another chain may end in this one's value, but for arguments: those are nobody else's.
            let argument = &pipeline.flows[right.0];
            let is_its_own = argument.is_argument && argument.is_flow() && argument.stand == Stand::Flow;
            is_its_own.then_some(Target { flow: right, position: argument.calls.len(), places, below })
        }
    }
}

/// The same fields, as the closure that makes these values finds them.
fn passed(values: &Values<'_>, places: &[(Place, Place)]) -> Option<Vec<(Place, Place)>> {
    let passed = |(seen, place): &(Place, Place)| Some((seen.clone(), values.place(&place.path)?));
    places.iter().map(passed).collect()
}

/// One predicate that holds where both do, and their text.
fn both((left, text): (ExprClosure, String), (right, other): (ExprClosure, String)) -> (ExprClosure, String) {
    let inputs = left.inputs.iter().zip(&right.inputs);
    // A parameter that a conjunct does not mention was taken out of it.
    let inputs = inputs.map(|(left, right)| if plain_name(left).is_none() { right } else { left }.clone()).collect();
    let (first, second, op) = (operand(&left.body), operand(&right.body), BinOp::And(Default::default()));
    let body = Expr::Binary(syn::ExprBinary { attrs: Vec::new(), left: first, op, right: second });
    let text = format!("{text} && {}", other.split_once("| ").map_or(other.as_str(), |(_, condition)| condition));
    (ExprClosure { inputs, body: Box::new(body), ..left }, text)
}

/// An operand of `&&`, in the parentheses that were taken off when conjuncts were told apart.
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
