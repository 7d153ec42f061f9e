//! `NameFields<Root>`: the fields as symbols, which key closures see.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::borrowing::symbol;
use super::gate;
use super::input::RecordInput;

/// The symbols' name.
pub(super) fn name(record: &RecordInput) -> Ident {
    format_ident!("{}Fields", record.name)
}

/// The symbols' struct.
pub(super) fn definition(record: &RecordInput) -> TokenStream {
    let (name, gate) = (name(record), gate::name(record));
    let visibility = &record.visibility;
    let docs = format!("The fields of [`{}`] as symbols: what key closures see.", record.name);
    let fields = record.fields.iter().map(|field| {
        let (visibility, name, docs) = (&field.visibility, &field.name, &field.docs);
        let ty = symbol(&field.ty, &gate);
        quote!(#(#docs)* #visibility #name: #ty)
    });
    quote! {
        #[doc = #docs]
        #[allow(missing_docs, dead_code)]
        #visibility struct #name<Root> { #(#fields,)* }
    }
}

/// `Copy`, whatever the root.
pub(super) fn copies(record: &RecordInput) -> TokenStream {
    let name = name(record);
    quote! {
        #[automatically_derived]
        impl<Root> ::core::clone::Clone for #name<Root> {
            #[inline]
            fn clone(&self) -> Self {
                let __this: &__Known<Self> = self;
                *__this
            }
        }
        #[automatically_derived]
        impl<Root> ::core::marker::Copy for #name<Root> {}
    }
}
