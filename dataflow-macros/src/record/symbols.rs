//! `NameFields<Root>`: the fields as symbols, which key closures get.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::counterparts::symbol;
use super::input::{RecordBody, RecordInput};

/// The name of the struct of symbols.
pub(super) fn name(record: &RecordInput) -> Ident {
    format_ident!("{}Fields", record.name)
}

/// The struct of symbols. An enum has none, because it is a key as a whole.
pub(super) fn definition(record: &RecordInput) -> TokenStream {
    let RecordBody::Struct(fields) = &record.body else { return TokenStream::new() };
    let (name, declared, predicates) = (name(record), record.generics.declared(), record.generics.predicates());
    let visibility = &record.visibility;
    let docs = format!("The fields of [`{}`] as symbols: what key closures see.", record.name);
    let fields = fields.iter().map(|field| {
        let (visibility, name, docs) = (&field.visibility, &field.member, &field.docs);
        let ty = symbol(record, &field.stored);
        quote!(#(#docs)* #visibility #name: #ty)
    });
    quote! {
        #[doc = #docs]
        #[allow(missing_docs, dead_code)]
        #visibility struct #name<__Root, #declared> where #predicates { #(#fields,)* }
    }
}

/// Implements `Copy` for any root, and `Symbols`.
pub(super) fn copies(record: &RecordInput) -> TokenStream {
    let RecordBody::Struct(_) = &record.body else { return TokenStream::new() };
    let (name, generics) = (name(record), &record.generics);
    let (declared, arguments, predicates) = generics.parts();
    quote! {
        #[automatically_derived]
        impl<__Root, #declared> ::core::clone::Clone for #name<__Root, #arguments> where #predicates {
            #[inline]
            fn clone(&self) -> Self {
                let __this: &__Known<Self> = self;
                *__this
            }
        }
        #[automatically_derived]
        impl<__Root, #declared> ::core::marker::Copy for #name<__Root, #arguments> where #predicates {}
        #[automatically_derived]
        impl<__Root, #declared> ::dataflow::__private::Symbols for #name<__Root, #arguments> where #predicates {
            type Root = __Root;
        }
    }
}
