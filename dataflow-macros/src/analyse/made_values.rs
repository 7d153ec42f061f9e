//! Finds the values that a closure makes, and the fields that they copy from its records.
//!
//! `|l, o| Revenue { order: o.id, revenue: l.price * 2 }` makes one value, whose field `order` is
//! the `id` of the second record. So a filter on `order` may run on `id`, before the closure.
//! Records that were hashed by `id` are also partitioned by `order`.
//!
//! A field counts as copied only if
//! * all values of the closure copy it from the same field path;
//! * syntax shows all names that the closure binds.
//!
//! The type of a struct must also show that its fields are those of its record, by name. See
//! [`MadeValues::has_struct`].

use syn::{Expr, ExprClosure, Stmt};

use crate::analyse::hygiene::binds_unseen;
use crate::analyse::paths::{FieldPlace, RecordName, place_of, roots};
use crate::analyse::returns::needs_its_closure;
use crate::operators::RecordOperation;
use crate::syntax::Call;
use crate::syntax::names::{member_text, peeled, plain_path};
use crate::syntax::patterns::{mutable_names, names_bound_inside};

/// The values of a closure over records.
pub(crate) struct MadeValues<'a> {
    made: Vec<&'a Expr>,
    roots: Vec<RecordName<'a>>,
}

impl<'a> MadeValues<'a> {
    /// The values of an operator's closure. `None` if syntax does not show all of them.
    pub(crate) fn of(call: &'a Call) -> Option<Self> {
        match call.operator?.plain_record_operation()? {
            RecordOperation::Map => MadeValues::of_closure(call.record_closure()?, false),
            RecordOperation::FilterMap => MadeValues::of_closure(call.record_closure()?, true),
            RecordOperation::FlatMap | RecordOperation::Filter => None,
        }
    }

    /// The values that a closure makes, or with `is_optional` the contents of the options that it
    /// makes.
    pub(crate) fn of_closure(closure: &'a ExprClosure, is_optional: bool) -> Option<Self> {
        if needs_its_closure(closure, false) || binds_unseen(closure) {
            return None;
        }
        let mut tails = Vec::new();
        tails_of(&closure.body, &mut tails);
        let mut values = Vec::new();
        let known = tails
            .into_iter()
            .all(|tail| if is_optional { add_option_value(tail, &mut values) } else { add_value(tail, &mut values) });
        (known && !values.is_empty()).then(|| MadeValues { made: values, roots: stable_roots(closure) })
    }

    /// The place in the closure's records from which all values copy the field at `path`. `None` if
    /// there is no such place.
    pub(crate) fn place(&self, path: &[String]) -> Option<FieldPlace> {
        let mut places = self.made.iter().map(|value| place_in(value, path, &self.roots));
        let first = places.next()??;
        places.all(|place| place.as_ref() == Some(&first)).then_some(first)
    }

    /// Returns `true` if at least one of the values is a struct. Its type is then to be checked.
    pub(crate) fn has_struct(&self) -> bool {
        self.made.iter().any(|value| matches!(peeled(value), Expr::Struct(_)))
    }

    /// The paths of the fields that the values set: elements of tuples and fields of structs, also
    /// nested ones.
    pub(crate) fn named_fields(&self) -> Vec<Vec<String>> {
        let mut named = Vec::new();
        self.made.iter().for_each(|value| names_in(value, &mut Vec::new(), &mut named));
        let mut once: Vec<Vec<String>> = Vec::new();
        for path in named {
            if !once.contains(&path) {
                once.push(path);
            }
        }
        once
    }

    /// The place from which the values copy the fields that they do not name: `p` in
    /// `Page { rank, ..p }`.
    pub(crate) fn rest(&self) -> Option<FieldPlace> {
        let mut places = self.made.iter().map(|value| match peeled(value) {
            Expr::Struct(made) => place_of(made.rest.as_deref()?, &self.roots),
            _ => None,
        });
        let first = places.next()??;
        places.all(|place| place.as_ref() == Some(&first)).then_some(first)
    }
}

/// The names of a closure's records that keep their meaning in its whole body: never hidden and not
/// `mut`.
fn stable_roots(closure: &ExprClosure) -> Vec<RecordName<'_>> {
    let mut hidden = names_bound_inside(&closure.body);
    hidden.extend(closure.inputs.iter().flat_map(mutable_names));
    let all = closure.inputs.iter().enumerate().filter_map(|(record, pattern)| roots(record, pattern)).flatten();
    all.filter(|root| !hidden.contains(&root.name)).collect()
}

/// The expressions that make the value of `expr`.
fn tails_of<'a>(expr: &'a Expr, tails: &mut Vec<&'a Expr>) {
    match peeled(expr) {
        Expr::Block(block) if block.label.is_none() => tails_of_block(expr, &block.block.stmts, tails),
        Expr::If(branch) => match &branch.else_branch {
            Some((_, otherwise)) => {
                tails_of_block(expr, &branch.then_branch.stmts, tails);
                tails_of(otherwise, tails);
            }
            None => tails.push(expr),
        },
        Expr::Match(choice) => choice.arms.iter().for_each(|arm| tails_of(&arm.body, tails)),
        value => tails.push(value),
    }
}

fn tails_of_block<'a>(whole: &'a Expr, stmts: &'a [Stmt], tails: &mut Vec<&'a Expr>) {
    match stmts.last() {
        Some(Stmt::Expr(value, None)) => tails_of(value, tails),
        _ => tails.push(whole),
    }
}

/// Adds the value itself.
fn add_value<'a>(value: &'a Expr, values: &mut Vec<&'a Expr>) -> bool {
    values.push(value);
    true
}

/// Adds the value in an `Option`. Returns `false` if syntax does not show it.
fn add_option_value<'a>(option: &'a Expr, values: &mut Vec<&'a Expr>) -> bool {
    match option {
        Expr::Path(_) => plain_path(option).is_some_and(|name| name == "None"),
        Expr::Call(call) => match (plain_path(&call.func), call.args.first()) {
            (Some(name), Some(value)) if name == "Some" && call.args.len() == 1 => {
                tails_of(value, values);
                true
            }
            _ => false,
        },
        Expr::MethodCall(call) => match (call.method.to_string().as_str(), call.args.first()) {
            ("then_some", Some(value)) => add_value(value, values),
            ("then", Some(Expr::Closure(made))) if made.inputs.is_empty() => {
                tails_of(&made.body, values);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

fn place_in(value: &Expr, path: &[String], roots: &[RecordName<'_>]) -> Option<FieldPlace> {
    match (peeled(value), path.split_first()) {
        (Expr::Struct(made), Some((name, below))) => {
            match made.fields.iter().find(|field| member_text(&field.member) == *name) {
                Some(field) => place_in(&field.expr, below, roots),
                None => Some(place_of(made.rest.as_deref()?, roots)?.then(path)),
            }
        }
        (Expr::Tuple(made), Some((position, below))) => {
            let element = made.elems.iter().nth(position.parse().ok()?)?;
            // The type of a struct in a tuple is not checked to be a record.
            if matches!(peeled(element), Expr::Struct(_)) { None } else { place_in(element, below, roots) }
        }
        (Expr::Struct(_) | Expr::Tuple(_), None) => None,
        (value, _) => Some(place_of(value, roots)?.then(path)),
    }
}

fn names_in(value: &Expr, path: &mut Vec<String>, named: &mut Vec<Vec<String>>) {
    let mut below = |name: String, value: &Expr| {
        path.push(name);
        names_in(value, path, named);
        path.pop();
    };
    match peeled(value) {
        Expr::Struct(made) => made.fields.iter().for_each(|field| below(member_text(&field.member), &field.expr)),
        Expr::Tuple(made) => made.elems.iter().enumerate().for_each(|(at, value)| below(at.to_string(), value)),
        _ => named.push(path.clone()),
    }
}
