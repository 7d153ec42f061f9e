//! Checks parameters that are flows.

use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, ExprMethodCall, FnArg, Ident, Pat, PatType, Signature, Stmt, Type};

use crate::operators;
use crate::spans::generated;
use crate::syntax::names::plain_path;
use crate::syntax::patterns::plain_name;
use crate::syntax::{Pipeline, types};

/// Emits `let pages = of_records(pages);` for each flow that the body uses. A type that is not a
/// record is then reported at the parameter, instead of at each operator.
///
/// A parameter of another type on which operators are called may be an alias of a flow,
/// `type Hits = DataSet<Hit>`. The statement `let hits = Parameter(hits).taken()` is an error if it
/// is one.
pub(crate) fn parameter_checks(signature: &Signature, body: &Block, pipeline: &Pipeline) -> Vec<Stmt> {
    let typed = signature.inputs.iter().filter_map(|parameter| match parameter {
        FnArg::Typed(parameter) => Some(parameter),
        FnArg::Receiver(_) => None,
    });
    typed.filter_map(|parameter| check(parameter, pipeline).or_else(|| check_other(parameter, body))).collect()
}

fn check_other(parameter: &PatType, body: &Block) -> Option<Stmt> {
    let name = plain_name(&parameter.pat)?;
    let is_plain = matches!(&*parameter.pat, Pat::Ident(pattern) if pattern.mutability.is_none());
    let is_named = matches!(&*parameter.ty, Type::Path(_)) && !types::is_flow(&parameter.ty);
    let mut operators = OperatorsOn { name, found: false };
    operators.visit_block(body);
    if !is_plain || !is_named || !operators.found {
        return None;
    }
    let span = generated(parameter.ty.span());
    let taken = quote_spanned! {span=>
        let #name = {
            #[allow(unused_imports)]
            use ::dataflow::__private::OtherParameter as _;
            ::dataflow::__private::Parameter(#name).taken()
        };
    };
    syn::parse2(taken).ok()
}

/// Finds an operator that is called on a name.
struct OperatorsOn<'n> {
    name: &'n Ident,
    found: bool,
}

impl<'ast> Visit<'ast> for OperatorsOn<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.found |= plain_path(&call.receiver) == Some(self.name) && operators::is_known(&call.method);
        visit::visit_expr_method_call(self, call);
    }
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
