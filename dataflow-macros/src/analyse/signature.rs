//! Functions that cannot be pipelines.

use syn::spanned::Spanned;
use syn::{Safety, Signature};

use crate::diagnostics::{Diagnostics, message};

/// Reports what a pipeline's signature must not have. Its body is not written out then: without the error it would
/// not mean what it says.
pub(crate) fn check(signature: &Signature, found: &mut Diagnostics) {
    if let Some(receiver) = signature.receiver() {
        found.report_unwritable(receiver.self_token.span, message::METHOD);
    }
    if let Some(token) = signature.asyncness {
        found.report_unwritable(token.span, message::ASYNC);
    }
    if let Some(token) = signature.constness {
        found.report_unwritable(token.span, message::CONST);
    }
    if let Safety::Unsafe(token) = &signature.safety {
        found.report_unwritable(token.span(), message::UNSAFE);
    }
    if let Some(abi) = &signature.abi {
        found.report_unwritable(abi.extern_token.span, message::EXTERN);
    }
}
