//! Where in the program a graph is being built: the path part of a node's identity.

use std::cell::RefCell;
use std::sync::Arc;

/// Deeper than any program that ends: a pipeline that builds itself without end is stopped with a message, not by the stack.
const MOST_SCOPES: usize = 128;

thread_local! {
    static SCOPES: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// Until the guard is dropped, nodes built on this thread are inside `name`. `#[dataflow]` opens one for the function, and one for each
/// call that takes a flow, named by its binding.
#[must_use = "the scope ends when this is dropped"]
pub fn scope(name: &'static str) -> Scope {
    let depth = SCOPES.with_borrow_mut(|scopes| {
        scopes.push(name);
        scopes.len()
    });
    if depth > MOST_SCOPES {
        too_deep(name);
    }
    Scope { _private: () }
}

#[cold]
#[allow(clippy::panic, reason = "graph building has no error path, and the alternative is a stack overflow")]
fn too_deep(name: &str) -> ! {
    panic!("the pipeline `{name}` calls itself without end: a plan is a finite graph; use a loop over flows instead")
}

/// An open scope.
pub struct Scope {
    _private: (),
}

impl Drop for Scope {
    fn drop(&mut self) {
        SCOPES.with_borrow_mut(|scopes| scopes.pop());
    }
}

/// The path of nodes that are built now.
pub(crate) fn path() -> Arc<str> {
    SCOPES.with_borrow(|scopes| scopes.join("/")).into()
}
