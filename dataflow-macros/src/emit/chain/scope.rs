//! Scopes of the graph: the name of an operator includes the path of calls that leads to it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::{Expr, Stmt, parse_quote_spanned};

use super::Emission;
use crate::syntax::hole::flow_of;
use crate::syntax::text::of_name;

/// The statement that enters a function's scope.
pub(crate) fn enter_scope(name: &Ident) -> Stmt {
    let span = Span::mixed_site().located_at(name.span());
    let name = of_name(name);
    parse_quote_spanned!(span=> let _scope = ::dataflow::scope(#name);)
}

/// Emits a call in a scope. Arguments with operators are evaluated before the scope is entered,
/// because their operators do not belong to the called function.
pub(super) fn around(emission: &Emission<'_>, call: &Expr, name: &Ident) -> TokenStream {
    let span = Span::mixed_site().located_at(name.span());
    let mut call = call.clone();
    let mut before = Vec::new();
    for argument in arguments(&mut call) {
        if let Some(flow) = flow_of(argument).filter(|flow| !emission.is_variable(*flow)) {
            let variable = format_ident!("flow{}", before.len(), span = span);
            let value = emission.flow(flow);
            before.push(quote_spanned!(span=> let #variable = #value;));
            *argument = Expr::Verbatim(quote_spanned!(span=> #variable));
        }
    }
    let call = emission.filled(&call);
    let name = of_name(name);
    quote_spanned! {span=>
        {
            #(#before)*
            let _scope = ::dataflow::scope(#name);
            #call
        }
    }
}

fn arguments(call: &mut Expr) -> impl Iterator<Item = &mut Expr> {
    let arguments = match call {
        Expr::Call(call) => Some(&mut call.args),
        Expr::MethodCall(call) => Some(&mut call.args),
        _ => None,
    };
    arguments.into_iter().flatten()
}
