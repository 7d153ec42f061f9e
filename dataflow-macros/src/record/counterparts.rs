//! The counterparts of a field's type in the record's twin and in its symbols.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use super::input::RecordInput;
use super::spelling::{TypeSpelling, spelling};

/// The type of the twin's field for a field that is stored as `ty`.
///
/// The type is written out if the spelling determines it. `&'a str` reads better in documentation
/// than a projection, and makes the twin covariant. All other types go through the record's type
/// guard.
pub(super) fn borrowed(record: &RecordInput, ty: &Type) -> TokenStream {
    let guard = record.type_guard();
    if record.generics.occur_in(ty) {
        return quote!(<#ty as ::dataflow::__private::Record>::At<'a>);
    }
    match spelling(ty) {
        TypeSpelling::Plain => quote!(#ty),
        TypeSpelling::Text => quote!(&'a str),
        TypeSpelling::Texts => quote!(::dataflow::__private::Texts<'a>),
        TypeSpelling::List(element) => quote!(&'a [#element]),
        TypeSpelling::Records(element) => quote!(::dataflow::__private::List<'a, #element>),
        TypeSpelling::Optional(inner) => {
            let inner = borrowed(record, inner);
            quote!(::core::option::Option<#inner>)
        }
        TypeSpelling::Map(_, key, value) => quote!(::dataflow::__private::Map<'a, #key, #value>),
        TypeSpelling::Tuple(parts) => {
            let parts = parts.into_iter().map(|part| borrowed(record, part));
            quote!((#(#parts,)*))
        }
        TypeSpelling::Array(element, length) => {
            let element = borrowed(record, element);
            quote!([#element; #length])
        }
        TypeSpelling::Boxed(_) | TypeSpelling::Other | TypeSpelling::Unknown => {
            quote!(<#guard<#ty> as ::dataflow::__private::Record>::At<'a>)
        }
    }
}

/// The type of the symbol for a field.
pub(super) fn symbol(record: &RecordInput, ty: &Type) -> TokenStream {
    let guard = record.type_guard();
    if record.generics.occur_in(ty) {
        return quote!(<#ty as ::dataflow::__private::Record>::Fields<__Root>);
    }
    match spelling(ty) {
        TypeSpelling::Tuple(_) | TypeSpelling::Boxed(_) | TypeSpelling::Other => {
            quote!(<#guard<#ty> as ::dataflow::__private::Record>::Fields<__Root>)
        }
        _ => quote!(::dataflow::__private::Field<__Root, #ty>),
    }
}
