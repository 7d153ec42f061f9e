//! `unsafe impl TrustedRecord`: the engine's requirement for a record, stated only for the output
//! of the derive.
//!
//! A crate that forbids unsafe code may derive records. The keyword `unsafe` has a span of the
//! macro, so the compiler attributes it to the macro's crate. A handwritten implementation needs
//! the keyword `unsafe`.

use proc_macro2::TokenStream;
use quote::quote;

use super::input::RecordInput;

pub(super) fn implementation(record: &RecordInput) -> TokenStream {
    let (name, generics) = (&record.name, &record.generics);
    let (declared, arguments, predicates) = generics.parts();
    quote! {
        // SAFETY: all leaves are in `TYPE`, and are read and written by the parts' own
        // implementations, through nested tuples, each of them once.
        #[automatically_derived]
        unsafe impl<#declared> __dataflow::TrustedRecord<Self> for #name<#arguments> where #predicates {}
    }
}
