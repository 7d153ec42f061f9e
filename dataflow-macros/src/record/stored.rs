//! Boxes are not stored: the content of a `Box` is stored in its place.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use super::spelling::{TypeSpelling, spelling};

/// The type without its boxes. A `HashMap` is stored as a `BTreeMap`.
pub(super) fn stored(ty: &Type) -> Type {
    match spelling(ty) {
        TypeSpelling::Boxed(inner) => stored(inner),
        _ if !is_boxed(ty) => ty.clone(),
        TypeSpelling::Map(_, key, value) => syn::parse_quote!(::std::collections::BTreeMap<#key, #value>),
        TypeSpelling::Optional(inner) => {
            let inner = stored(inner);
            syn::parse_quote!(::core::option::Option<#inner>)
        }
        TypeSpelling::Array(element, length) => {
            let element = stored(element);
            syn::parse_quote!([#element; #length])
        }
        TypeSpelling::Tuple(parts) => {
            let parts = parts.into_iter().map(stored);
            syn::parse_quote!((#(#parts,)*))
        }
        _ => ty.clone(),
    }
}

/// Converts an expression of the stored type to the type with boxes.
pub(super) fn boxed(expression: TokenStream, ty: &Type) -> TokenStream {
    if !is_boxed(ty) {
        return expression;
    }
    match spelling(ty) {
        TypeSpelling::Boxed(inner) => {
            let inner = boxed(expression, inner);
            quote!(::std::boxed::Box::new(#inner))
        }
        TypeSpelling::Optional(inner) | TypeSpelling::Array(inner, _) => {
            let inner = boxed(quote!(__inner), inner);
            quote!(#expression.map(|__inner| #inner))
        }
        TypeSpelling::Map(..) => {
            quote!(::core::iter::Iterator::collect(::core::iter::IntoIterator::into_iter(#expression)))
        }
        TypeSpelling::Tuple(parts) => {
            let names: Vec<_> = (0..parts.len()).map(|index| format_ident!("__part{index}")).collect();
            let boxes = names.iter().zip(parts).map(|(name, part)| boxed(quote!(#name), part));
            quote!({ let (#(#names,)*) = #expression; (#(#boxes,)*) })
        }
        _ => expression,
    }
}

fn is_boxed(ty: &Type) -> bool {
    match spelling(ty) {
        TypeSpelling::Boxed(_) | TypeSpelling::Map(true, ..) => true,
        TypeSpelling::Optional(inner) | TypeSpelling::Array(inner, _) => is_boxed(inner),
        TypeSpelling::Tuple(parts) => parts.into_iter().any(is_boxed),
        _ => false,
    }
}
