//! `filter_map` and `try_filter_map`: a record from some.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::Expr;

use crate::emit::body::Stage;
use crate::emit::closure::{Closure, constructor};
use crate::emit::next::Next;
use crate::syntax::names::plain_path;

/// `filter_map(|r| option)`: `if let Some(value) = option { out.emit(value) }`
pub(crate) const FILTER_MAP: FilterMap = FilterMap { is_fallible: false };
/// `try_filter_map(|r| result)`: `if let Some(value) = result? { out.emit(value) }`
pub(crate) const TRY_FILTER_MAP: FilterMap = FilterMap { is_fallible: true };

pub(crate) struct FilterMap {
    is_fallible: bool,
}

/// What is in a `Some`, as it stands.
fn kept(option: &Expr) -> Option<&Expr> {
    constructor(option).filter(|(name, _)| *name == "Some").map(|(_, value)| value)
}

impl Stage for FilterMap {
    fn is_fallible(&self) -> bool {
        self.is_fallible
    }

    fn write(&self, this: &Closure<'_>, next: &Next) -> TokenStream {
        let span = this.span;
        let (value, run) = next.each(span);
        this.each_typed_value(kept, &|option| match (constructor(option), plain_path(option)) {
            // Branches that name `Some` and `None` may be of different types: a borrowed record here, an owned there.
            (Some((name, value)), _) if name == "Some" => next.take(value, span),
            (_, Some(name)) if name == "None" => quote_spanned!(span=> ()),
            _ => {
                // As a call, for the compiler to say there what else the value is.
                let option = this.called_with(&quote_spanned!(span=> ::dataflow::__private::option), option);
                quote_spanned!(span=> if let ::core::option::Option::Some(#value) = #option { #run })
            }
        })
    }
}
