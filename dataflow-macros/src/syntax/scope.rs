//! The names in scope.
//!
//! A scope is a list that only grows at its head and shares its tail, so each call of a chain keeps its own scope for the
//! price of a pointer.

use std::rc::Rc;

use proc_macro2::Ident;

use crate::syntax::ids::NameId;
use crate::syntax::names::{Mention, MentionKind};
use crate::syntax::patterns::looks_like_a_constant;

/// The local names that an expression can see, innermost first.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    innermost: Option<Rc<Local>>,
    /// Whether there is code around the scope that the macro cannot see: so it is inside of `dataflow! { … }`.
    open: bool,
}

struct Local {
    name: Ident,
    kind: LocalKind,
    outer: Option<Rc<Local>>,
}

/// What a local name stands for, as far as syntax tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LocalKind {
    Value,
    /// A parameter that is written as a reference: its target may end with the function.
    Borrowed,
    /// An environment: its methods `read_*` and `collection` are sources.
    Env,
    Flow(NameId),
    /// The solution set of a loop, in its body.
    Solution,
}

impl Scope {
    /// A scope of which the macro does not see the outer part.
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

    /// Whether a closure that mentions a name captures a local by it.
    ///
    /// In an open scope a name that is not bound may be a local outside of the macro, or a constant, or a function.
    /// Functions can be captured as well. Constants are told by their case. A name that is called is not captured, as a
    /// generic function has no single value.
    pub(crate) fn captures(&self, mention: &Mention) -> bool {
        self.find(mention.name).is_some()
            || (self.open
                && mention.how == MentionKind::Value
                && *mention.name != "self"
                && !looks_like_a_constant(mention.name))
    }
}
