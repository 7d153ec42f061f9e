//! Finds the local values that a closure captures.

use proc_macro2::Ident;
use syn::ExprClosure;

use crate::analyse::hygiene::binds_unseen;
use crate::analyse::keys;
use crate::analyse::mutations;
use crate::syntax::Call;
use crate::syntax::names::free_names_of_closure;
use crate::syntax::scope::Scope;

/// A captured local.
#[derive(Clone)]
pub(crate) struct Capture {
    /// The name as it is in the closure, so that compiler messages point there.
    pub(crate) name: Ident,
    /// Whether the closure may not use the local: the name is among the tokens of a macro call, or
    /// the closure contains items.
    pub(crate) is_guess: bool,
    /// Whether the closure calls a method on the local that would change a collection, or borrows
    /// it mutably.
    pub(crate) is_changed: bool,
}

/// The locals that a closure names, each once, in order of their first mention.
pub(crate) fn of(closure: &ExprClosure, scope: &Scope) -> Vec<Capture> {
    let mentions = free_names_of_closure(closure);
    let mut captures: Vec<Capture> = Vec::new();
    // An item of the closure may define the name.
    let is_guess = binds_unseen(closure);
    let changed = mutations::by_methods(closure);
    let is_changed = |name: &Ident| !is_guess && changed.contains(&name);
    for name in mentions.plain.iter().filter(|mention| scope.captures(mention)).map(|mention| mention.name) {
        add(&mut captures, Capture { name: name.clone(), is_guess, is_changed: is_changed(name) });
    }
    for name in mentions.opaque.iter().filter(|name| scope.find(name).is_some()) {
        add(&mut captures, Capture { name: name.clone(), is_guess: true, is_changed: false });
    }
    captures
}

/// The locals that the closures over records of a call certainly name.
pub(super) fn of_record_closures(call: &Call) -> Vec<Ident> {
    let runs_per_record = |closure: &&ExprClosure| call.is(|operator| keys::runs_per_record(operator, closure));
    let closures = call.closures().filter(runs_per_record);
    let captures = closures.flat_map(|closure| of(closure, &call.scope));
    captures.filter(|capture| !capture.is_guess).map(|capture| capture.name).collect()
}

/// The locals that the closures of one body name.
pub(crate) fn of_all<'a>(closures: impl IntoIterator<Item = (&'a ExprClosure, &'a Scope)>) -> Vec<Capture> {
    let mut captures: Vec<Capture> = Vec::new();
    for capture in closures.into_iter().flat_map(|(closure, scope)| of(closure, scope)) {
        add(&mut captures, capture);
    }
    captures
}

fn add(captures: &mut Vec<Capture>, capture: Capture) {
    match captures.iter_mut().find(|known| known.name == capture.name) {
        Some(known) => {
            known.is_guess &= capture.is_guess;
            known.is_changed |= capture.is_changed;
        }
        None => captures.push(capture),
    }
}
