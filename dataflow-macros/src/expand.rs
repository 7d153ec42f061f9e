//! Expands the macros: runs the stages in order. Decides what is emitted after a mistake.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::{Attribute, Block, Expr, Item, ItemFn, Stmt, parse_quote, parse_quote_spanned};

use crate::diagnostics::{Diagnostics, message};
use crate::spans::first_span;
use crate::syntax::{Pipeline, read_expression, read_function};
use crate::{analyse, emit};

/// Expands `#[dataflow]` on an item.
///
/// Input that does not parse is returned unchanged next to the error, so completion keeps working
/// while it is typed.
pub(crate) fn function(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Diagnostics::default();
    let is_as_written = read_arguments(arguments, &mut mistakes);
    let expanded = match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => write_function(function, is_as_written, &mut mistakes),
        Err(error) => {
            match syn::parse2::<Item>(item.clone()) {
                Ok(item) => mistakes.report(first_span(&item), message::NOT_A_FUNCTION),
                Err(_) => mistakes.report(error.span(), error),
            }
            item
        }
    };
    let errors = mistakes.into_compile_errors();
    quote!(#expanded #errors)
}

/// Expands `dataflow! { … }`.
pub(crate) fn expression(tokens: TokenStream) -> TokenStream {
    let mut mistakes = Diagnostics::default();
    let mut body = match Block::parse_within.parse2(tokens.clone()) {
        Ok(stmts) => Block { brace_token: Default::default(), stmts },
        Err(error) => {
            mistakes.report(error.span(), error);
            let errors = mistakes.into_compile_errors();
            return quote!({ #errors #tokens });
        }
    };
    let pipeline = read_expression(&mut body);
    analyse::check_expression(&pipeline, &mut mistakes);
    if mistakes.can_emit_body() {
        emit::fill_holes(&pipeline, &mut body);
    } else {
        body.stmts = vec![unreachable()];
    }
    let errors = mistakes.into_compile_errors();
    let stmts = &body.stmts;
    let copying = emit::import_copy_methods();
    quote!({ #errors #copying #(#stmts)* })
}

/// Returns `true` if the argument `as_written` is given: the pipeline then runs as written. Reports
/// other arguments.
fn read_arguments(arguments: TokenStream, mistakes: &mut Diagnostics) -> bool {
    let mut is_as_written = false;
    for argument in arguments {
        match argument {
            TokenTree::Ident(word) if word == "as_written" => is_as_written = true,
            argument => {
                mistakes.report(argument.span(), message::UNKNOWN_ARGUMENT);
                break;
            }
        }
    }
    is_as_written
}

fn write_function(mut function: ItemFn, is_as_written: bool, mistakes: &mut Diagnostics) -> TokenStream {
    analyse::check_signature(&function.sig, mistakes);
    let mut pipeline = read_function(&function.sig, &mut function.block);
    if is_as_written {
        pipeline.keep_filters_in_place();
    }
    if mistakes.is_empty() {
        analyse::check_function(&pipeline, &function.sig, mistakes);
    }
    if !mistakes.is_empty() {
        // Warnings would follow from the mistakes.
        function.attrs.push(parse_quote!(#[allow(warnings)]));
    }
    if !mistakes.can_emit_body() {
        // The signature remains, so that callers get no errors of their own.
        function.block.stmts = vec![unreachable()];
        return function.into_token_stream();
    }
    // Before `fill_holes`: the documentation shows the plan as written.
    function.attrs.extend(documentation(&pipeline));
    let checked = emit::parameter_checks(&function.sig, &function.block, &pipeline);
    emit::fill_holes(&pipeline, &mut function.block);
    let enter = [emit::import_copy_methods(), emit::enter_scope(&function.sig.ident)].into_iter();
    function.block.stmts.splice(0..0, enter.chain(checked));
    // Flows are handles passed by value, even if the function does not consume them.
    function.attrs.push(parse_quote!(#[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]));
    function.into_token_stream()
}

/// A statement that fits as a body of any type.
fn unreachable() -> Stmt {
    Stmt::Expr(Expr::Verbatim(quote!(::core::unreachable!())), None)
}

fn documentation(pipeline: &Pipeline) -> Vec<Attribute> {
    let span = Span::mixed_site();
    let lines = emit::plan_lines(pipeline);
    lines.iter().map(|line| parse_quote_spanned!(span=> #[doc = #line])).collect()
}
