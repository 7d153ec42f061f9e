//! `NameRef<'a>`: the record with borrowed texts and lists.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::borrowing::Borrowing;
use super::counterparts::borrowed;
use super::input::{FieldInput, RecordBody, RecordInput, VariantInput};

/// The twin. Empty if the record certainly is its own twin.
pub(super) fn definition(record: &RecordInput) -> TokenStream {
    if record.borrowing == Borrowing::Itself {
        return TokenStream::new();
    }
    let name = record.twin();
    let visibility = &record.visibility;
    let (declared, predicates) = (record.generics.declared(), record.generics.predicates());
    let docs = format!("[`{}`] with its texts and lists borrowed: what closures see of it.", record.name);
    let (kind, body) = match &record.body {
        RecordBody::Struct(fields) => {
            let fields = fields.iter().map(|field| named(record, field));
            (quote!(struct), quote!(#(#fields,)*))
        }
        RecordBody::Enum(variants) => {
            let variants = variants.iter().map(|variant| one_variant(record, variant));
            (quote!(enum), quote!(#(#variants,)*))
        }
    };
    quote! {
        #[doc = #docs]
        #[allow(missing_docs, dead_code)]
        #visibility #kind #name<'a, #declared> where #predicates { #body }
    }
}

fn named(record: &RecordInput, field: &FieldInput) -> TokenStream {
    let (visibility, name, docs) = (&field.visibility, &field.member, &field.docs);
    let ty = borrowed(record, &field.stored);
    quote!(#(#docs)* #visibility #name: #ty)
}

fn one_variant(record: &RecordInput, variant: &VariantInput) -> TokenStream {
    let VariantInput { name, docs, fields, is_tuple, .. } = variant;
    let body = if *is_tuple {
        let types = fields.iter().map(|field| borrowed(record, &field.stored));
        quote!((#(#types,)*))
    } else if fields.is_empty() {
        TokenStream::new()
    } else {
        let fields = fields.iter().map(|field| named(record, field));
        quote!({ #(#fields,)* })
    };
    quote!(#(#docs)* #name #body)
}

/// Implementations for the twin: `Clone` and `Copy`; `Debug` and `PartialEq` if the nested records
/// have them.
pub(super) fn derives(record: &RecordInput) -> TokenStream {
    if record.borrowing == Borrowing::Itself {
        return TokenStream::new();
    }
    let (name, generics) = (record.twin(), &record.generics);
    let (declared, arguments, predicates) = generics.parts();
    let of_twin = quote!(#name<'a, #arguments> where #predicates);
    // The compiler accepts a bound that mentions a lifetime even if it is false. The implementation
    // then applies to nothing.
    let nested: Vec<_> = record.types().filter(|ty| !record.is_written_out(ty)).collect();
    let patterns = TwinPattern::all(record, &name);
    let (shown, equal) = (patterns.iter().map(TwinPattern::shown), patterns.iter().map(TwinPattern::equal));
    quote! {
        #[automatically_derived]
        impl<'a, #declared> ::core::clone::Clone for #of_twin {
            #[inline]
            fn clone(&self) -> Self {
                let __this: &__Known<Self> = self;
                *__this
            }
        }
        #[automatically_derived]
        impl<'a, #declared> ::core::marker::Copy for #of_twin {}
        #[automatically_derived]
        impl<'a, #declared> ::core::fmt::Debug for #of_twin
            #(<__Known<#nested> as __Record>::At<'a>: ::core::fmt::Debug,)*
        {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let __this: &__Known<Self> = self;
                match *__this { #(#shown)* }
            }
        }
        #[automatically_derived]
        impl<'a, #declared> ::core::cmp::PartialEq for #of_twin
            #(<__Known<#nested> as __Record>::At<'a>: ::core::cmp::PartialEq,)*
        {
            fn eq(&self, __other: &Self) -> bool {
                let (__this, __other): (&__Known<Self>, &__Known<Self>) = (self, __other);
                match (*__this, *__other) { #(#equal)* _ => false }
            }
        }
    }
}

/// A pattern for the twin. A struct has one, an enum has one per variant.
struct TwinPattern<'r> {
    path: TokenStream,
    name: &'r Ident,
    fields: &'r [FieldInput],
    is_tuple: bool,
}

impl<'r> TwinPattern<'r> {
    fn all(record: &'r RecordInput, twin: &'r Ident) -> Vec<Self> {
        match &record.body {
            RecordBody::Struct(fields) => {
                vec![TwinPattern { path: quote!(#twin), name: twin, fields, is_tuple: false }]
            }
            RecordBody::Enum(variants) => {
                let pattern = |VariantInput { name, fields, is_tuple, .. }: &'r VariantInput| TwinPattern {
                    path: quote!(#twin::#name),
                    name,
                    fields,
                    is_tuple: *is_tuple,
                };
                variants.iter().map(pattern).collect()
            }
        }
    }

    /// The match arm that formats the pattern like `#[derive(Debug)]`.
    fn shown(&self) -> TokenStream {
        let TwinPattern { path, name, fields, is_tuple } = self;
        let name = name.to_string();
        let members = fields.iter().map(|field| &field.member);
        let bindings: Vec<_> = fields.iter().map(|field| &field.binding).collect();
        let written = if *is_tuple {
            quote!(__f.debug_tuple(#name)#(.field(#bindings))*.finish())
        } else if fields.is_empty() {
            quote!(__f.write_str(#name))
        } else {
            let names = fields.iter().map(FieldInput::ident);
            quote!(__f.debug_struct(#name)#(.field(#names, #bindings))*.finish())
        };
        quote!(#path { #(#members: ref #bindings,)* } => #written,)
    }

    /// The match arm that compares two values of the pattern.
    fn equal(&self) -> TokenStream {
        let TwinPattern { path, fields, .. } = self;
        let members: Vec<_> = fields.iter().map(|field| &field.member).collect();
        let left: Vec<_> = fields.iter().map(|field| &field.binding).collect();
        let right: Vec<_> = left.iter().map(|name| format_ident!("{name}_other")).collect();
        quote!((#path { #(#members: ref #left,)* }, #path { #(#members: ref #right,)* }) => true #(&& #left == #right)*,)
    }
}
