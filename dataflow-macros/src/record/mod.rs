//! `#[derive(Record)]`: the layout of a struct or an enum, its borrowed twin and the symbols of its
//! fields.
//!
//! 1. `input` reads the record, with `attributes` and `generics`. `invalid_types` checks the
//!    spelling of its types. Mistakes are reported at their own tokens.
//! 2. `spelling` classifies the types of its fields. `borrowing` decides whether closures get the
//!    twin, with borrowed texts and lists, or the record itself.
//! 3. `twin`, `symbols` and `implementation` emit the three parts of the expansion. `structs` and
//!    `enums` have the differences between them. `type_guard` ensures that a field that is not a
//!    record gets one message, at its type.

mod attributes;
mod borrowing;
mod counterparts;
mod generics;
mod implementation;
mod input;
mod parts;
mod invalid_types;
mod spelling;
mod stored;
mod symbols;
#[cfg(test)]
mod tests;
mod trust;
mod twin;
mod type_guard;

use proc_macro2::TokenStream;
use quote::quote;

use input::RecordInput;

/// The expansion of `#[derive(Record)]`.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let (record, errors) = match RecordInput::read(input) {
        Ok(read) => read,
        Err(error) => return error.into_compile_error(),
    };
    let guard = type_guard::definition(&record);
    let twin = twin::definition(&record);
    let symbols = symbols::definition(&record);
    let implementation = implementation::write(&record);
    let errors = errors.map(syn::Error::into_compile_error);
    quote!(#errors #guard #twin #symbols #implementation)
}
