//! Parameters that are flows.

use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{FnArg, Pat, PatType, Signature, Stmt};

use crate::spans::generated;
use crate::syntax::patterns::plain_name;
use crate::syntax::{Pipeline, types};

/// `let pages = of_records(pages);` for each flow that the body uses: a type that is no record is reported at the parameter, and not at each
/// operator.
pub(crate) fn checked(signature: &Signature, pipeline: &Pipeline) -> Vec<Stmt> {
    let typed = signature.inputs.iter().filter_map(|parameter| match parameter {
        FnArg::Typed(parameter) => Some(parameter),
        FnArg::Receiver(_) => None,
    });
    typed.filter_map(|parameter| check(parameter, pipeline)).collect()
}

fn check(parameter: &PatType, pipeline: &Pipeline) -> Option<Stmt> {
    let name = plain_name(&parameter.pat)?;
    if matches!(&*parameter.pat, Pat::Ident(pattern) if pattern.mutability.is_some()) {
        return None;
    }
    let is_used = pipeline.names.iter().any(|known| known.used && known.ident == *name);
    if !is_used || !types::is_flow(&parameter.ty) || types::is_reference(&parameter.ty) {
        return None;
    }
    let span = generated(types::record_of(&parameter.ty)?.span());
    syn::parse2(quote_spanned!(span=> let #name = ::dataflow::__private::of_records(#name);)).ok()
}
