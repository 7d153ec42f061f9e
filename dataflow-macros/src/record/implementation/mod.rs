//! Emits `impl Record` and `impl Value`.

mod enums;
mod structs;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::borrowing::Borrowing;
use super::input::{FieldInput, RecordBody, RecordInput};
use super::{symbols, trust, twin, type_guard};

/// The function bodies and types of an implementation that differ between structs and enums.
pub(super) struct ImplementationParts {
    /// The record of all leaves: nested tuples.
    pub(super) parts: TokenStream,
    /// The type of the symbols.
    pub(super) symbols: TokenStream,
    pub(super) fields: TokenStream,
    /// The record's type, as a constant.
    pub(super) ty: TokenStream,
    pub(super) at: TokenStream,
    pub(super) heap_bytes: TokenStream,
    pub(super) write: TokenStream,
    pub(super) own: TokenStream,
    /// The order of `__left` and `__right`.
    pub(super) compare: TokenStream,
    /// The twin of `__this`, a value of the type with this name.
    pub(super) twin: Box<dyn Fn(&Ident) -> TokenStream>,
}

/// The implementations, in a block of their own, so that their helpers are not visible outside.
pub(super) fn write(record: &RecordInput) -> TokenStream {
    let pieces = match &record.body {
        RecordBody::Struct(fields) => structs::implementation_parts(record, fields),
        RecordBody::Enum(variants) => enums::implementation_parts(record, variants),
    };
    let (guard, checks) = (type_guard::aliases(record), type_guard::checks(record));
    let record_impl = record_impl(record, &pieces);
    let value_impls = value_impls(record, &pieces);
    let (equality, trust) = (equality(record), trust::implementation(record));
    let symbols = symbols::copies(record);
    let twin = twin::derives(record);
    let (parts, arguments) = (&pieces.parts, record.generics.arguments());
    quote! {
        #[allow(unreachable_pub, unreachable_patterns, unused_variables, clippy::all, clippy::pedantic)]
        const _: () = {
            use ::dataflow::__private::{self as __dataflow, Record as __Record, Value as __Value};
            #guard
            #checks
            type __Parts<#arguments> = __Known<#parts>;
            #symbols
            #twin
            #record_impl
            #trust
            #value_impls
            #equality
        };
    }
}

/// The type of a record with this name. The name of a tuple is empty.
pub(super) fn record_type(name: &TokenStream, fields: &[FieldInput]) -> TokenStream {
    let fields = fields.iter().map(|field| {
        let (ident, column, ty, is_source_file) = (field.ident(), &field.column, &field.stored, field.is_source_file);
        quote! {
            __dataflow::FieldType {
                ident: #ident,
                name: #column,
                is_source_file: #is_source_file,
                ty: <__Known<#ty> as __Record>::TYPE,
            }
        }
    });
    quote!(__dataflow::RecordType::Record { name: #name, fields: &[#(#fields),*] })
}

fn record_impl(record: &RecordInput, pieces: &ImplementationParts) -> TokenStream {
    let (name, generics, borrows) = (&record.name, &record.generics, type_guard::borrows(record));
    let (declared, arguments, predicates) = generics.parts();
    let ImplementationParts { symbols, fields, ty, at, own, compare, .. } = pieces;
    let parts = quote!(<__Parts<#arguments> as __Record>);
    let writing = writing(pieces, &parts);
    quote! {
        #[automatically_derived]
        impl<#declared> __Record for #name<#arguments> where #predicates {
            type At<'a> = __At<'a, #arguments>;
            type Fields<__Root> = #symbols;
            type Cursor<'b> = #parts::Cursor<'b>;
            type Sink<'w> = #parts::Sink<'w>;
            type List = __dataflow::AsItems;
            type WriteDeriveRecordInstead = Self;
            const TYPE: &'static __dataflow::RecordType = &#ty;
            const BORROWS: bool = #borrows;
            fn fields<__Root>(__first_leaf: usize) -> Self::Fields<__Root> {
                #fields
            }
            fn cursor<'b>(__leaves: &mut __dataflow::LeafReader<'b>) -> Self::Cursor<'b> {
                #parts::cursor(__leaves)
            }
            #[inline(always)]
            fn at<'b>(__cursor: Self::Cursor<'b>, __row: __dataflow::Row<'b>) -> Self::At<'b> {
                #at
            }
            fn sink<'w>(__leaves: &mut __dataflow::SinkLeaves<'w>) -> Self::Sink<'w> {
                #parts::sink(__leaves)
            }
            #writing
            fn own(__at: Self::At<'_>) -> Self {
                #own
            }
            // Inline, so that it is compiled only where lists or maps are compared.
            #[inline]
            fn compare(__left: Self::At<'_>, __right: Self::At<'_>) -> ::core::cmp::Ordering {
                #compare
            }
        }
    }
}

/// The functions that write a record into a row.
fn writing(ImplementationParts { heap_bytes, write, .. }: &ImplementationParts, parts: &TokenStream) -> TokenStream {
    quote! {
        #[inline(always)]
        fn heap_bytes(__at: Self::At<'_>, __sink: Self::Sink<'_>) -> usize {
            #heap_bytes
        }
        #[inline(always)]
        fn write<'w>(
            __at: Self::At<'_>,
            __sink: Self::Sink<'w>,
            __row: __dataflow::NewRow<'w>,
            __claims: &mut __dataflow::Claims<'w>,
        ) {
            #write
        }
        fn write_null<'w>(
            __sink: Self::Sink<'w>,
            __row: __dataflow::NewRow<'w>,
            __claims: &mut __dataflow::Claims<'w>,
        ) {
            #parts::write_null(__sink, __row, __claims);
        }
    }
}

fn value_impls(record: &RecordInput, pieces: &ImplementationParts) -> TokenStream {
    let (name, generics) = (&record.name, &record.generics);
    let (declared, arguments, predicates) = generics.parts();
    let value = |of: TokenStream, body: TokenStream| {
        quote! {
            #[automatically_derived]
            impl<'a, #declared> __Value for #of where #predicates {
                type Record = #name<#arguments>;
                #[inline(always)]
                fn twin(&self) -> <Self::Record as __Record>::At<'_> {
                    let __this: &__Known<Self> = self;
                    #body
                }
            }
            #[automatically_derived]
            impl<'a, #declared> __dataflow::Fieldwise for #of where #predicates {}
        }
    };
    if record.borrowing == Borrowing::Itself {
        return value(quote!(#name<#arguments>), quote!(*__this));
    }
    let twin = record.twin();
    // The twin of a twin is the twin itself with a shorter lifetime. If nested records decide its
    // type, the compiler cannot shorten the lifetime.
    let is_plain = record.types().all(|ty| record.is_written_out(ty));
    let twin_of_twin = if is_plain { quote!(*__this) } else { (pieces.twin)(&twin) };
    let of_record = value(quote!(#name<#arguments>), (pieces.twin)(name));
    let of_twin = value(quote!(#twin<'a, #arguments>), twin_of_twin);
    quote! {
        #of_record
        #of_twin
        #[automatically_derived]
        impl<'a, #declared> ::core::convert::From<#twin<'a, #arguments>> for #name<#arguments> where #predicates {
            fn from(__twin: __Known<#twin<'a, #arguments>>) -> Self {
                <Self as __Record>::own(__Value::twin(&__twin))
            }
        }
    }
}

/// A record is a key if all its fields are.
fn equality(record: &RecordInput) -> TokenStream {
    let (name, generics) = (&record.name, &record.generics);
    let (declared, arguments, predicates) = generics.parts();
    let types = record.types();
    // The compiler accepts a bound that mentions a lifetime even if it is false. The implementation
    // then applies to nothing.
    quote! {
        #[automatically_derived]
        impl<'a, #declared> __dataflow::Equality for #name<#arguments>
        where
            #predicates
            #(__Known<#types>: __dataflow::EqualityIn<'a>,)*
        {}
    }
}
