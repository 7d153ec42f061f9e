//! `impl Record` and `impl Value`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;

use super::borrowing::{Sight, is_spelled_out};
use super::input::RecordInput;
use super::{gate, parts, symbols, twin};

/// The implementations, in a block of their own, so that their helpers have no names outside.
pub(super) fn write(record: &RecordInput) -> TokenStream {
    let gate = gate::aliases(record);
    let record_impl = record_impl(record);
    let value_impls = value_impls(record);
    let parts = parts::nest(record.types().map(|ty| quote!(#ty)).collect());
    let symbols = symbols::copies(record);
    let twin = twin::derives(record);
    quote! {
        #[allow(unreachable_pub, clippy::all, clippy::pedantic)]
        const _: () = {
            use ::dataflow::__private::{self as __dataflow, Record as __Record, Value as __Value};
            #gate
            type __Parts = __Known<#parts>;
            #symbols
            #twin
            #record_impl
            #value_impls
        };
    }
}

fn record_impl(record: &RecordInput) -> TokenStream {
    let RecordInput { name, fields, .. } = record;
    let symbols = symbols::name(record);
    let count = fields.len();
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    let places: Vec<_> = (0..count).map(|index| parts::place(index, count)).collect();
    let from_parts = quote!(#(#names: __parts #places,)*);
    let at_parts = parts::nest(names.iter().map(|name| quote!(__at.#name)).collect());
    let described = fields.iter().zip(record.types()).map(|(field, ty)| {
        let (ident, column) = (field.name.unraw().to_string(), &field.column);
        let describe = quote!(<__Known<#ty> as __Record>::describe);
        if column.value() == ident {
            quote!(__schema.field(#ident, #describe))
        } else {
            quote!(__schema.renamed(#ident, #column, #describe))
        }
    });
    let record_name = name.unraw().to_string();
    quote! {
        #[automatically_derived]
        impl __Record for #name {
            type At<'a> = __At<'a>;
            type Fields<Root> = #symbols<Root>;
            type Cursor<'b> = <__Parts as __Record>::Cursor<'b>;
            type Sink<'w> = <__Parts as __Record>::Sink<'w>;
            const LEAVES: usize = <__Parts as __Record>::LEAVES;
            fn describe(__schema: &mut __dataflow::SchemaBuilder) -> __dataflow::Shape {
                let __fields = ::std::vec![#(#described),*];
                __dataflow::Shape::Record { name: #record_name, fields: __fields }
            }
            fn fields<Root>(__first_leaf: usize) -> #symbols<Root> {
                let __parts = <__Parts as __Record>::fields(__first_leaf);
                __Known::<#symbols<Root>> { #from_parts }
            }
            fn cursor<'b>(__leaves: &mut __dataflow::LeafReader<'b>) -> Self::Cursor<'b> {
                <__Parts as __Record>::cursor(__leaves)
            }
            #[inline(always)]
            fn at<'b>(__cursor: Self::Cursor<'b>, __row: __dataflow::Row<'b>) -> Self::At<'b> {
                let __parts = <__Parts as __Record>::at(__cursor, __row);
                __At { #from_parts }
            }
            fn sink<'w>(__leaves: &mut __dataflow::SinkLeaves<'w>) -> Self::Sink<'w> {
                <__Parts as __Record>::sink(__leaves)
            }
            #[inline(always)]
            fn heap_bytes(__at: __At<'_>, __sink: Self::Sink<'_>) -> usize {
                <__Parts as __Record>::heap_bytes(#at_parts, __sink)
            }
            #[inline(always)]
            fn write<'w>(
                __at: __At<'_>,
                __sink: Self::Sink<'w>,
                __row: __dataflow::NewRow<'w>,
                __claims: &mut __dataflow::Claims<'w>,
            ) {
                <__Parts as __Record>::write(#at_parts, __sink, __row, __claims);
            }
            fn write_null<'w>(
                __sink: Self::Sink<'w>,
                __row: __dataflow::NewRow<'w>,
                __claims: &mut __dataflow::Claims<'w>,
            ) {
                <__Parts as __Record>::write_null(__sink, __row, __claims);
            }
            fn own(__at: __At<'_>) -> Self {
                let __parts = <__Parts as __Record>::own(#at_parts);
                #name { #from_parts }
            }
        }
    }
}

fn value_impls(record: &RecordInput) -> TokenStream {
    let name = &record.name;
    if record.sight == Sight::Itself {
        return quote! {
            #[automatically_derived]
            impl __Value for #name {
                type Record = #name;
                #[inline(always)]
                fn twin(&self) -> __At<'_> {
                    let __this: &__Known<Self> = self;
                    *__this
                }
            }
        };
    }
    let twin = twin::name(record);
    let names: Vec<_> = record.fields.iter().map(|field| &field.name).collect();
    // A twin of a twin is the twin, but for its lifetime, which what nested records make of it does not let shrink.
    let again = if record.types().all(is_spelled_out) {
        quote!(*__this)
    } else {
        quote!(__At { #(#names: __Value::twin(&__this.#names),)* })
    };
    quote! {
        #[automatically_derived]
        impl __Value for #name {
            type Record = #name;
            #[inline(always)]
            fn twin(&self) -> __At<'_> {
                let __this: &__Known<Self> = self;
                __At { #(#names: __Value::twin(&__this.#names),)* }
            }
        }
        #[automatically_derived]
        impl __Value for #twin<'_> {
            type Record = #name;
            #[inline(always)]
            fn twin(&self) -> __At<'_> {
                let __this: &__Known<Self> = self;
                #again
            }
        }
        #[automatically_derived]
        impl ::core::convert::From<#twin<'_>> for #name {
            fn from(__twin: __Known<#twin<'_>>) -> Self {
                <Self as __Record>::own(__Value::twin(&__twin))
            }
        }
    }
}
