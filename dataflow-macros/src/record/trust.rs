//! `unsafe impl TrustedRecord`: the promise that the engine needs from a record, made for what the derive writes and for nothing else.
//!
//! A crate that forbids unsafe code may derive records: the word `unsafe` has a span of the macro, so the compiler takes it for the macro's crate.
//! Nobody else can make the promise without writing `unsafe`.

use proc_macro2::TokenStream;
use quote::quote;

use super::input::RecordInput;

pub(super) fn implementation(record: &RecordInput) -> TokenStream {
    let (name, generics) = (&record.name, &record.generics);
    let (declared, arguments, predicates) = generics.parts();
    quote! {
        // SAFETY: all leaves are in `TYPE`, and are read and written by the parts' own implementations, through nested tuples, each of them once.
        #[automatically_derived]
        unsafe impl<#declared> __dataflow::TrustedRecord<Self> for #name<#arguments> where #predicates {}
    }
}
