//! The path of a node: the pipeline calls in the program that build it. It is part of the identity
//! of a node.

use std::cell::RefCell;
use std::sync::Arc;

/// Longest path of scopes. A deeper pipeline calls itself endlessly, and is stopped with a message
/// before the stack overflows.
const MAX_SCOPES: usize = 128;

thread_local! {
    static SCOPES: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// Opens the scope `name`: until the guard is dropped, nodes that this thread builds are inside of
/// it.
///
/// `#[dataflow]` opens one for its function, and one for each call that takes a flow, named by the
/// binding of the call.
#[must_use = "the scope ends when this is dropped"]
pub fn scope(name: &'static str) -> Scope {
    let depth = SCOPES.with_borrow_mut(|scopes| {
        scopes.push(name);
        scopes.len()
    });
    if depth > MAX_SCOPES {
        too_deep(name);
    }
    Scope { _private: () }
}

#[cold]
#[allow(clippy::panic, reason = "graph building has no error path, and the alternative is a stack overflow")]
fn too_deep(name: &str) -> ! {
    panic!("the pipeline `{name}` calls itself without end: a plan is a finite graph; use a loop over flows instead")
}

/// The guard of an open scope.
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
