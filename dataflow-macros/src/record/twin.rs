//! `NameRef<'a>`: the record with its texts and lists borrowed.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::borrowing::Borrowing;
use super::counterparts::borrowed;
use super::input::{FieldInput, RecordBody, RecordInput, VariantInput};

/// The twin, unless the record is surely its own.
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

/// What the twin is beside: `Clone`, `Copy`, and `Debug` and `PartialEq` where the nested records are.
pub(super) fn derives(record: &RecordInput) -> TokenStream {
    if record.borrowing == Borrowing::Itself {
        return TokenStream::new();
    }
    let (name, generics) = (record.twin(), &record.generics);
    let (declared, arguments, predicates) = (generics.declared(), generics.arguments(), generics.predicates());
    let of_twin = quote!(#name<'a, #arguments> where #predicates);
    // A bound that mentions a lifetime may be false: the impl is then there for nobody.
    let nested: Vec<_> = record.types().filter(|ty| !record.is_spelled_out(ty)).collect();
    let patterns = TwinPatterns::of(record, &name);
    let (shown, equal) = (patterns.shown(), patterns.equal());
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

/// The twin's parts as patterns: a struct is one of them, an enum one for each variant.
struct TwinPatterns<'r> {
    paths: Vec<TokenStream>,
    names: Vec<String>,
    fields: Vec<&'r [FieldInput]>,
    are_tuples: Vec<bool>,
}

impl<'r> TwinPatterns<'r> {
    fn of(record: &'r RecordInput, twin: &Ident) -> Self {
        match &record.body {
            RecordBody::Struct(fields) => TwinPatterns {
                paths: vec![quote!(#twin)],
                names: vec![twin.to_string()],
                fields: vec![fields],
                are_tuples: vec![false],
            },
            RecordBody::Enum(variants) => {
                let path = |variant: &VariantInput| {
                    let name = &variant.name;
                    quote!(#twin::#name)
                };
                TwinPatterns {
                    paths: variants.iter().map(path).collect(),
                    names: variants.iter().map(|variant| variant.name.to_string()).collect(),
                    fields: variants.iter().map(|variant| variant.fields.as_slice()).collect(),
                    are_tuples: variants.iter().map(|variant| variant.is_tuple).collect(),
                }
            }
        }
    }

    /// Arms that write each part as `#[derive(Debug)]` would.
    fn shown(&self) -> Vec<TokenStream> {
        let arm = |index: usize| {
            let (path, name, fields) = (&self.paths[index], &self.names[index], self.fields[index]);
            let (members, bindings) =
                (fields.iter().map(|field| &field.member), fields.iter().map(|field| &field.binding));
            let written = if self.are_tuples[index] {
                let values = fields.iter().map(|field| &field.binding);
                quote!(__f.debug_tuple(#name)#(.field(#values))*.finish())
            } else if fields.is_empty() {
                quote!(__f.write_str(#name))
            } else {
                let values = fields.iter().map(|field| &field.binding);
                let names = fields.iter().map(FieldInput::ident);
                quote!(__f.debug_struct(#name)#(.field(#names, #values))*.finish())
            };
            quote!(#path { #(#members: ref #bindings,)* } => #written,)
        };
        (0..self.paths.len()).map(arm).collect()
    }

    /// Arms for two of the same part.
    fn equal(&self) -> Vec<TokenStream> {
        let arm = |(path, fields): (&TokenStream, &&[FieldInput])| {
            let members: Vec<_> = fields.iter().map(|field| &field.member).collect();
            let left: Vec<_> = fields.iter().map(|field| &field.binding).collect();
            let right: Vec<_> = left.iter().map(|name| format_ident!("{name}_other")).collect();
            quote!((#path { #(#members: ref #left,)* }, #path { #(#members: ref #right,)* }) => true #(&& #left == #right)*,)
        };
        self.paths.iter().zip(&self.fields).map(arm).collect()
    }
}
