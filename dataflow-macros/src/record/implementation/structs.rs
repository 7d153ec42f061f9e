//! The parts of a struct's implementation.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;

use super::{ImplementationParts, record_type};
use crate::record::input::{FieldInput, RecordInput};
use crate::record::stored::boxed;
use crate::record::{parts, symbols};

pub(super) fn implementation_parts(record: &RecordInput, fields: &[FieldInput]) -> ImplementationParts {
    let (name, symbols) = (&record.name, symbols::name(record));
    let arguments = record.generics.arguments();
    let count = fields.len();
    let members: Vec<_> = fields.iter().map(|field| &field.member).collect();
    let places: Vec<_> = (0..count).map(|index| parts::path(index, count)).collect();
    let from_parts = quote!(#(#members: __parts #places,)*);
    let parts_of = |at: TokenStream| parts::nest(members.iter().map(|member| quote!(#at.#member)).collect());
    let at_parts = parts_of(quote!(__at));
    let (left, right) = (parts_of(quote!(__left)), parts_of(quote!(__right)));
    let owned = fields.iter().zip(&places).map(|(field, place)| boxed(quote!(__parts #place), &field.ty));
    let record_name = name.unraw().to_string();
    ImplementationParts {
        parts: parts::nest(record.types().map(|ty| quote!(#ty)).collect()),
        symbols: quote!(#symbols<__Root, #arguments>),
        fields: quote! {
            let __parts = <__Parts<#arguments> as __Record>::fields(__first_leaf);
            __Known::<#symbols<__Root, #arguments>> { #from_parts }
        },
        ty: record_type(&quote!(#record_name), fields),
        at: quote! {
            let __parts = <__Parts<#arguments> as __Record>::at(__cursor, __row);
            __At { #from_parts }
        },
        heap_bytes: quote!(<__Parts<#arguments> as __Record>::heap_bytes(#at_parts, __sink)),
        write: quote!(<__Parts<#arguments> as __Record>::write(#at_parts, __sink, __row, __claims);),
        own: quote! {
            let __parts = <__Parts<#arguments> as __Record>::own(#at_parts);
            #name { #(#members: #owned,)* }
        },
        compare: quote!(<__Parts<#arguments> as __Record>::compare(#left, #right)),
        twin: Box::new({
            let members: Vec<_> = members.into_iter().cloned().collect();
            move |_| quote!(__At { #(#members: __Value::twin(&__this.#members),)* })
        }),
    }
}
