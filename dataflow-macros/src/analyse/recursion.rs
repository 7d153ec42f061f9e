//! Reports pipelines that call themselves. The plan is built before anything runs, so the recursion
//! would never end.

use syn::Signature;

use crate::diagnostics::{Diagnostics, message};
use crate::syntax::Pipeline;

pub(crate) fn check(pipeline: &Pipeline, signature: &Signature, mistakes: &mut Diagnostics) {
    for callee in pipeline.called.iter().filter(|callee| **callee == signature.ident) {
        mistakes.report(callee.span(), message::recursion(callee));
    }
}
