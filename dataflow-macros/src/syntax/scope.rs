//! The names in scope.
//!
//! A scope is a linked list that grows only at its head and shares its tail. So each call of a
//! chain can keep its own scope, at the cost of a pointer.

use std::rc::Rc;

use proc_macro2::Ident;

use crate::syntax::ids::NameId;
use crate::syntax::names::{Mention, MentionKind};
use crate::syntax::patterns::looks_like_a_constant;

/// The local names that are visible to an expression, innermost first.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    innermost: Option<Rc<Local>>,
    /// Whether the surrounding code is not visible to the macro: inside of `dataflow! { … }`.
    open: bool,
}

struct Local {
    name: Ident,
    kind: LocalKind,
    outer: Option<Rc<Local>>,
}

/// The meaning of a local name, as far as syntax shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LocalKind {
    Value,
    /// A parameter that is a reference. Its target may end with the function.
    Borrowed,
    /// An environment. Its methods `read_*` and `collection` are sources.
    Env,
    Flow(NameId),
    /// The solution set, in the body of its loop.
    Solution,
}

impl Scope {
    /// A scope whose outer part the macro does not see.
    pub(crate) fn open() -> Self {
        Scope { innermost: None, open: true }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    pub(crate) fn bind(&mut self, name: Ident, kind: LocalKind) {
        let outer = self.innermost.take();
        self.innermost = Some(Rc::new(Local { name, kind, outer }));
    }

    pub(crate) fn find(&self, name: &Ident) -> Option<LocalKind> {
        let mut next = self.innermost.as_deref();
        while let Some(local) = next {
            if local.name == *name {
                return Some(local.kind);
            }
            next = local.outer.as_deref();
        }
        None
    }

    /// Returns `true` if a closure that mentions the name captures a local.
    ///
    /// In an open scope, an unbound name may be a local outside of the macro, a constant or a
    /// function. A function can be captured, too. A constant is recognised by its case. The name of
    /// a called function is not captured, because a generic function has no single value.
    pub(crate) fn captures(&self, mention: &Mention) -> bool {
        self.find(mention.name).is_some()
            || (self.open
                && mention.kind == MentionKind::Value
                && *mention.name != "self"
                && !looks_like_a_constant(mention.name))
    }
}
