//! `#[derive(Record)]`: the layout of a struct or an enum, its borrowed twin and the symbols of its fields.
//!
//! 1. `input` reads the record, with `attributes` and `generics`; `refusals` checks the spelling of its types. Mistakes are
//!    reported at their own tokens.
//! 2. `spelling` reads the types of its fields, and `borrowing` decides what closures see: a twin with the texts and lists borrowed, or the
//!    record itself.
//! 3. `twin`, `symbols` and `implementation` write the three parts of the expansion, with `structs` and `enums` for their
//!    differences; `type_guard` makes a field which is no record one message, at its type.

mod attributes;
mod borrowing;
mod counterparts;
mod generics;
mod implementation;
mod input;
mod parts;
mod refusals;
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

/// What `#[derive(Record)]` adds to a type.
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
