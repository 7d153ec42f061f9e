//! The parts of an enum's implementation.
//!
//! An enum is stored as a tag of one byte, then the leaves of all variants. The leaves of all
//! variants but the value's own are zero.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt as _;

use super::{ImplementationParts, record_type};
use crate::record::borrowing::Borrowing;
use crate::record::input::{RecordInput, VariantInput};
use crate::record::parts;
use crate::record::stored::boxed;

pub(super) fn implementation_parts(record: &RecordInput, variants: &[VariantInput]) -> ImplementationParts {
    // The tag is the first part. A part follows for each variant with values.
    let full: Vec<&VariantInput> = variants.iter().filter(|variant| !variant.fields.is_empty()).collect();
    let place = |index: usize| parts::path(index, 1 + full.len());
    let place_of = |variant: &VariantInput| {
        let index = full.iter().position(|other| other.name == variant.name);
        place(1 + index.unwrap_or_default())
    };
    let tag = place(0);
    let types = full.iter().map(|variant| variant.parts());
    let all_types = std::iter::once(quote!(u8)).chain(types).collect();

    let at_type = at_type(record);
    let tags = tags(variants, &at_type);
    let compared_tags = &tags;
    let read = read(variants.iter().map(|variant| variant.read(&at_type, &place_of(variant))));
    let heap_bytes = variants.iter().map(|variant| variant.heap_bytes(&at_type, &place_of(variant)));
    let written = full.iter().map(|variant| variant.write(&at_type, &place_of(variant)));
    let compared = full.iter().map(|variant| variant.compare(&at_type));
    let owned = variants.iter().map(|variant| variant.own(&at_type, &record.name));
    let (name, variants) = (record.name.clone(), variants.to_vec());
    let arguments = record.generics.arguments();
    ImplementationParts {
        parts: parts::nest(all_types),
        symbols: quote!(__dataflow::Field<__Root, #name<#arguments>>),
        fields: quote!(__dataflow::field_at(__first_leaf)),
        ty: enum_type(&name, &variants),
        at: quote! {
            match <u8 as __Record>::at(__cursor #tag, __row) { #read }
        },
        heap_bytes: quote!(match __at { #(#heap_bytes)* }),
        write: quote! {
            let __tag: u8 = match __at { #(#tags)* };
            <u8 as __Record>::write(__tag, __sink #tag, __row, __claims);
            #(#written)*
        },
        own: quote!(match __at { #(#owned)* }),
        compare: quote! {
            let __tag = |__at: Self::At<'_>| -> u8 { match __at { #(#compared_tags)* } };
            match (__left, __right) {
                #(#compared)*
                (__left, __right) => ::core::cmp::Ord::cmp(&__tag(__left), &__tag(__right)),
            }
        },
        twin: Box::new(move |of| {
            let arms = variants.iter().map(|variant| variant.twin(&at_type, of, *of == name));
            quote!(match *__this { #(#arms)* })
        }),
    }
}

/// Match arms from variants to their numbers.
fn tags(variants: &[VariantInput], at_type: &Ident) -> Vec<TokenStream> {
    let arm = |(index, variant): (usize, &VariantInput)| {
        let (number, path) = (Literal::u8_unsuffixed(index as u8), &variant.name);
        quote!(#at_type::#path { .. } => #number,)
    };
    variants.iter().enumerate().map(arm).collect()
}

/// Match arms that read the variant of each number. An unknown number reads as the first variant.
fn read(mut variants: impl Iterator<Item = TokenStream>) -> TokenStream {
    let first = variants.next();
    let numbered = variants.zip(1..=u8::MAX).map(|(read, number)| {
        let number = Literal::u8_unsuffixed(number);
        quote!(#number => #read,)
    });
    quote!(#(#numbered)* _ => #first)
}

/// The name of the type that closures get. It exists even if the fields have mistakes. It is an
/// alias if nested records decide the type.
fn at_type(record: &RecordInput) -> Ident {
    match record.borrowing {
        Borrowing::Itself => record.name.clone(),
        Borrowing::Twin => record.twin(),
        Borrowing::AsNested => Ident::new("__At", record.name.span()),
    }
}

/// The type of an enum. An enum without values is a leaf.
fn enum_type(name: &Ident, variants: &[VariantInput]) -> TokenStream {
    let text = name.unraw().to_string();
    let names = variants.iter().map(|variant| &variant.column);
    let tag = quote!(&__dataflow::Tag { of: #text, variants: &[#(#names),*] });
    if variants.iter().all(|variant| variant.fields.is_empty()) {
        return quote!(__dataflow::RecordType::Leaf(__dataflow::LeafType::Tag(#tag)));
    }
    let variants = variants.iter().map(|variant| {
        let (ident, column) = (variant.name.unraw().to_string(), &variant.column);
        let is_named = !variant.is_tuple && !variant.fields.is_empty();
        let ty = record_type(&if is_named { quote!(#column) } else { quote!("") }, &variant.fields);
        quote!(__dataflow::FieldType { ident: #ident, name: #column, is_source_file: false, ty: &#ty })
    });
    quote!(__dataflow::RecordType::Enum { tag: #tag, variants: &[#(#variants),*] })
}

impl VariantInput {
    /// The variant's values as a record: nested tuples.
    fn parts(&self) -> TokenStream {
        let types = self.fields.iter().map(|field| &field.stored);
        let nested = parts::nest(types.map(|ty| quote!(#ty)).collect());
        quote!(__Known<#nested>)
    }

    /// `{ url: __0, at: __1 }`
    fn pattern(&self) -> TokenStream {
        let (members, bindings) =
            (self.fields.iter().map(|field| &field.member), self.fields.iter().map(|field| &field.binding));
        quote!({ #(#members: #bindings,)* })
    }

    fn bindings(&self) -> TokenStream {
        parts::nest(self.fields.iter().map(|field| &field.binding).map(|name| quote!(#name)).collect())
    }

    fn read(&self, at_type: &Ident, place: &TokenStream) -> TokenStream {
        let (name, parts) = (&self.name, self.parts());
        if self.fields.is_empty() {
            return quote!(#at_type::#name {});
        }
        let count = self.fields.len();
        let members = self.fields.iter().map(|field| &field.member);
        let places = (0..count).map(|index| parts::path(index, count));
        quote! {{
            let __parts = <#parts as __Record>::at(__cursor #place, __row);
            #at_type::#name { #(#members: __parts #places,)* }
        }}
    }

    fn heap_bytes(&self, at_type: &Ident, place: &TokenStream) -> TokenStream {
        let (name, parts, pattern, bindings) = (&self.name, self.parts(), self.pattern(), self.bindings());
        if self.fields.is_empty() {
            return quote!(#at_type::#name {} => 0,);
        }
        quote!(#at_type::#name #pattern => <#parts as __Record>::heap_bytes(#bindings, __sink #place),)
    }

    fn write(&self, at_type: &Ident, place: &TokenStream) -> TokenStream {
        let (name, parts, pattern, bindings) = (&self.name, self.parts(), self.pattern(), self.bindings());
        quote! {
            match __at {
                #at_type::#name #pattern => <#parts as __Record>::write(#bindings, __sink #place, __row, __claims),
                _ => <#parts as __Record>::write_null(__sink #place, __row, __claims),
            }
        }
    }

    /// The match arm that compares two values of the variant.
    fn compare(&self, at_type: &Ident) -> TokenStream {
        let (name, parts, left, right) = (&self.name, self.parts(), self.pattern(), self.other_pattern());
        let bindings = self.bindings();
        let others = parts::nest(self.others().map(|name| quote!(#name)).collect());
        quote! {
            (#at_type::#name #left, #at_type::#name #right) => <#parts as __Record>::compare(#bindings, #others),
        }
    }

    fn others(&self) -> impl Iterator<Item = Ident> {
        self.fields.iter().map(|field| format_ident!("{}_other", field.binding))
    }

    fn other_pattern(&self) -> TokenStream {
        let (members, others) = (self.fields.iter().map(|field| &field.member), self.others());
        quote!({ #(#members: #others,)* })
    }

    fn own(&self, at_type: &Ident, record: &Ident) -> TokenStream {
        let (name, pattern) = (&self.name, self.pattern());
        let owned = self.fields.iter().map(|field| {
            let (member, binding, stored) = (&field.member, &field.binding, &field.stored);
            let value = boxed(quote!(<__Known<#stored> as __Record>::own(#binding)), &field.ty);
            quote!(#member: #value,)
        });
        quote!(#at_type::#name #pattern => #record::#name { #(#owned)* },)
    }

    /// The match arm that converts the variant of `of`, the record or its twin, to the twin's
    /// variant.
    fn twin(&self, at_type: &Ident, of: &Ident, is_record: bool) -> TokenStream {
        let name = &self.name;
        let members: Vec<_> = self.fields.iter().map(|field| &field.member).collect();
        let bindings: Vec<_> = self.fields.iter().map(|field| &field.binding).collect();
        // The types go through the type guard, because the name of a variant cannot.
        let types = self.fields.iter().map(|field| &field.ty);
        let of_record = quote!(#(#members: <__Known<#types> as __Value>::twin(#bindings),)*);
        let of_twin = quote!(#(#members: __Value::twin(#bindings),)*);
        let values = if is_record { of_record } else { of_twin };
        quote!(#of::#name { #(#members: ref #bindings,)* } => #at_type::#name { #values },)
    }
}
