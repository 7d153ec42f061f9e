//! Type guard: limits a field type that is not a record to one compiler message.
//!
//! The expansion mentions the types of fields in dozens of places. All of them would be errors if
//! one type is not a record. So the expansion names the types through a type guard: an alias for
//! `T` that goes through an array, whose length checks the types. If the length cannot be computed,
//! the compiler reports the reason once, and nothing about types that go through the guard.
//!
//! The array's length also has the errors of types that the macro itself rejects. It cannot check
//! types that contain type parameters, so [`checks`] emits a function for them.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::Type;

use super::borrowing::Borrowing;
use super::input::RecordInput;

/// The type guard, which resolves to `T` if all fields are records. It is defined next to the
/// struct, because the fields of the twin use it.
pub(super) fn definition(record: &RecordInput) -> TokenStream {
    let name = record.type_guard();
    let checks = record.types().filter(|ty| !record.generics.occur_in(ty)).map(leaves);
    let rejected = record.rejected.clone().map(syn::Error::into_compile_error);
    quote! {
        #[allow(dead_code, missing_docs)]
        type #name<__T> = <[__T; {
            use ::dataflow::__private::Record as __Record;
            #rejected
            #(let _ = #checks;)*
            1
        }] as ::core::iter::IntoIterator>::Item;
    }
}

/// A function that checks the types that contain parameters, given only that the parameters are
/// records.
pub(super) fn checks(record: &RecordInput) -> TokenStream {
    let generics = &record.generics;
    if generics.composed().is_empty() {
        return TokenStream::new();
    }
    let (declared, user_predicates) = (generics.declared(), generics.user_predicates());
    let checks = generics.composed().iter().map(leaves);
    quote! {
        #[allow(dead_code)]
        fn __composed<#declared>() where #user_predicates {
            #(let _ = #checks;)*
        }
    }
}

/// An expression for `BORROWS`, whether closures get a twin. If the spelling does not determine it,
/// the nested records do.
pub(super) fn borrows(record: &RecordInput) -> TokenStream {
    let guard = record.type_guard();
    match record.borrowing {
        Borrowing::Itself => quote!(false),
        Borrowing::Twin => quote!(true),
        Borrowing::AsNested => {
            let nested = record.types().filter(|ty| !record.is_written_out(ty));
            quote!(#(<#guard<#nested> as ::dataflow::__private::Record>::BORROWS)||*)
        }
    }
}

/// `<Type as Record>::LEAVES`. If the type is not a record, the error spans it from its first to
/// its last token.
fn leaves(ty: &Type) -> TokenStream {
    let mut spans = ty.to_token_stream().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    let last = spans.last().unwrap_or(first);
    let open = quote_spanned!(first=> <);
    let close = quote_spanned!(last=> as __Record>::LEAVES);
    quote!(#open #ty #close)
}

/// `__Known<T>`, the type guard that all other code uses, and `__At<'a>`, the type that closures
/// get.
pub(super) fn aliases(record: &RecordInput) -> TokenStream {
    let (guard, name, twin) = (record.type_guard(), &record.name, record.twin());
    if record.borrowing == Borrowing::Twin {
        let arguments = record.generics.arguments();
        return quote! {
            use #guard as __Known;
            type __At<'a, #arguments> = __Known<#twin<'a, #arguments>>;
        };
    }
    let borrows = borrows(record);
    let (choice, seen, copied) = match record.borrowing {
        Borrowing::AsNested => {
            let choice = quote! {
                pub struct __Borrows<const YES: bool>;
                pub trait __Choose<Yes, No> { type Out; }
                impl<Yes, No> __Choose<Yes, No> for __Borrows<true> { type Out = Yes; }
                impl<Yes, No> __Choose<Yes, No> for __Borrows<false> { type Out = No; }
                type __Nested = __Borrows<{ #borrows }>;
            };
            let seen = quote!(<__Nested as __Choose<#twin<'a>, #name>>::Out);
            (choice, seen, quote_spanned!(name.span()=> <__Nested as __Choose<(), #name>>::Out))
        }
        Borrowing::Itself | Borrowing::Twin => (TokenStream::new(), quote!(#name), quote!(#name)),
    };
    let message = format!("`{name}` has nothing to borrow, so it must be `Copy`: add `#[derive(Clone, Copy)]`");
    let check = quote_spanned!(name.span()=> <#guard<#copied> as __OwnTwin>::IS_COPY);
    quote! {
        #choice
        #[diagnostic::on_unimplemented(message = #message, label = "closures see copies of this record")]
        pub trait __OwnTwin { const IS_COPY: usize = 1; }
        // The compiler then reports that the record is not `__OwnTwin`, with the message above,
        // instead of not `Copy`.
        #[diagnostic::do_not_recommend]
        impl<__T: ::core::marker::Copy + __Record> __OwnTwin for __T {}
        type __Known<__T> = <[#guard<__T>; #check] as ::core::iter::IntoIterator>::Item;
        type __At<'a> = __Known<#seen>;
    }
}
