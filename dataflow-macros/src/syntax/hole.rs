//! Holes: placeholders in the syntax tree for the flow expressions that were taken out.
//!
//! A hole is a verbatim expression that is a single literal. The parser never produces one: it
//! parses literals as literal expressions, and keeps only unknown syntax verbatim.

use proc_macro2::{Literal, TokenStream, TokenTree};
use syn::Expr;

use crate::syntax::ids::FlowId;

/// The hole of a flow.
pub(crate) fn hole(flow: FlowId) -> Expr {
    Expr::Verbatim(TokenStream::from(TokenTree::Literal(Literal::usize_unsuffixed(flow.0))))
}

/// The flow that the hole `expr` stands for. `None` if `expr` is not a hole.
pub(crate) fn flow_of(expr: &Expr) -> Option<FlowId> {
    let Expr::Verbatim(tokens) = expr else { return None };
    let mut tokens = tokens.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Literal(literal)), None) => literal.to_string().parse().ok().map(FlowId),
        _ => None,
    }
}
