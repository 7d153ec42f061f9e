//! Reports functions that cannot be pipelines.

use syn::spanned::Spanned;
use syn::{FnArg, GenericParam, Ident, Safety, Signature, Type, TypeParam};

use crate::diagnostics::{Diagnostics, message};
use crate::syntax::types;

/// Reports parts of a signature that a pipeline must not have. Its body is then not emitted,
/// because its meaning would be wrong.
pub(crate) fn check(signature: &Signature, mistakes: &mut Diagnostics) {
    if let Some(receiver) = signature.receiver() {
        mistakes.report_fatal(receiver.self_token.span, message::METHOD);
    }
    if let Some(token) = signature.asyncness {
        mistakes.report_fatal(token.span, message::ASYNC);
    }
    if let Some(token) = signature.constness {
        mistakes.report_fatal(token.span, message::CONST);
    }
    if let Safety::Unsafe(token) = &signature.safety {
        mistakes.report_fatal(token.span(), message::UNSAFE);
    }
    if let Some(abi) = &signature.abi {
        mistakes.report_fatal(abi.extern_token.span, message::EXTERN);
    }
    if let Some(name) = unbound_record(signature) {
        mistakes.report_fatal(name.span(), message::bound_missing(name));
    }
}

/// A type parameter that is the record type of a flow and has no bound.
fn unbound_record(signature: &Signature) -> Option<&Ident> {
    if signature.generics.where_clause.is_some() {
        return None;
    }
    let mut parameters = signature.generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(TypeParam { ident, bounds, .. }) if bounds.is_empty() => Some(ident),
        _ => None,
    });
    let records = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) if types::is_flow(&input.ty) => match types::record_of(&input.ty)? {
            Type::Path(record) => record.path.get_ident(),
            _ => None,
        },
        _ => None,
    });
    let records = records.collect::<Vec<_>>();
    parameters.find(|name| records.contains(name))
}
