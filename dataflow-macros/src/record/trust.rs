//! `unsafe impl TrustedRecord`: what the engine takes for granted of a record, said of what the derive writes and of nothing else.
//!
//! A crate that forbids unsafe code may derive records: to the compiler this word stands in the macro's crate, since the macro writes it
//! with a span of its own. Nobody else can say it without writing `unsafe`.

use proc_macro2::TokenStream;
use quote::quote;

use super::input::RecordInput;

pub(super) fn implementation(record: &RecordInput) -> TokenStream {
    let (name, generics) = (&record.name, &record.generics);
    let (declared, arguments, predicates) = (generics.declared(), generics.arguments(), generics.predicates());
    quote! {
        // SAFETY: all leaves are described, read and written by the parts' own implementations, through nested tuples, each of them once.
        #[automatically_derived]
        unsafe impl<#declared> __dataflow::TrustedRecord<Self> for #name<#arguments> where #predicates {}
    }
}
