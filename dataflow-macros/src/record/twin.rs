//! `NameRef<'a>`: the record with its texts and lists borrowed.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::borrowing::{Sight, borrowed, is_spelled_out};
use super::gate;
use super::input::RecordInput;

/// The twin's name.
pub(super) fn name(record: &RecordInput) -> Ident {
    format_ident!("{}Ref", record.name)
}

/// The twin's struct, unless the record is surely its own twin.
pub(super) fn definition(record: &RecordInput) -> TokenStream {
    if record.sight == Sight::Itself {
        return TokenStream::new();
    }
    let (name, gate) = (name(record), gate::name(record));
    let visibility = &record.visibility;
    let docs = format!("[`{}`] with its texts and lists borrowed: what closures see of it.", record.name);
    let fields = record.fields.iter().map(|field| {
        let (visibility, name, docs) = (&field.visibility, &field.name, &field.docs);
        let ty = borrowed(&field.ty, &gate);
        quote!(#(#docs)* #visibility #name: #ty)
    });
    quote! {
        #[doc = #docs]
        #[allow(missing_docs, dead_code)]
        #visibility struct #name<'a> { #(#fields,)* }
    }
}

/// What the twin is beside: `Clone`, `Copy`, and `Debug` and `PartialEq` where the nested records are.
pub(super) fn derives(record: &RecordInput) -> TokenStream {
    if record.sight == Sight::Itself {
        return TokenStream::new();
    }
    let name = name(record);
    let text = name.to_string();
    let fields: Vec<_> = record.fields.iter().map(|field| &field.name).collect();
    let shown = fields.iter().map(|field| syn::ext::IdentExt::unraw(*field).to_string());
    // A bound that mentions a lifetime may be false: the impl is then there for nobody.
    let nested: Vec<_> = record.types().filter(|ty| !is_spelled_out(ty)).collect();
    quote! {
        #[automatically_derived]
        impl ::core::clone::Clone for #name<'_> {
            #[inline]
            fn clone(&self) -> Self {
                let __this: &__Known<Self> = self;
                *__this
            }
        }
        #[automatically_derived]
        impl ::core::marker::Copy for #name<'_> {}
        #[automatically_derived]
        impl<'a> ::core::fmt::Debug for #name<'a>
        where
            #(<__Known<#nested> as __Record>::At<'a>: ::core::fmt::Debug,)*
        {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let __this: &__Known<Self> = self;
                __f.debug_struct(#text)#(.field(#shown, &__this.#fields))*.finish()
            }
        }
        #[automatically_derived]
        impl<'a> ::core::cmp::PartialEq for #name<'a>
        where
            #(<__Known<#nested> as __Record>::At<'a>: ::core::cmp::PartialEq,)*
        {
            fn eq(&self, __other: &Self) -> bool {
                let (__this, __other): (&__Known<Self>, &__Known<Self>) = (self, __other);
                #(__this.#fields == __other.#fields)&&*
            }
        }
    }
}
