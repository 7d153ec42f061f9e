//! One mistake, one message.
//!
//! The expansion mentions the fields' types in dozens of places, and all of them are wrong if one type is not a record. So
//! the expansion names these types through a type guard: an alias for `T` that goes through an array, whose length checks
//! the types. If the length cannot be computed, the compiler reports why once, and reports nothing about types behind the
//! guard. Types that the macro itself refuses are reported there as well. The length cannot check types that are made of type parameters: `checks` does that, in a function of its own.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::Type;

use super::borrowing::Borrowing;
use super::input::RecordInput;

/// The type guard, which lets types pass if all fields are records. It is defined beside the struct, because the twin's fields use it.
pub(super) fn definition(record: &RecordInput) -> TokenStream {
    let name = record.type_guard();
    let checks = record.types().filter(|ty| !record.generics.is_in(ty)).map(leaves);
    let refused = record.refused.clone().map(syn::Error::into_compile_error);
    quote! {
        #[allow(dead_code, missing_docs)]
        type #name<__T> = <[__T; {
            use ::dataflow::__private::Record as __Record;
            #refused
            #(let _ = #checks;)*
            1
        }] as ::core::iter::IntoIterator>::Item;
    }
}

/// A function that checks the types which are made of parameters, where only the parameters are known to be records.
pub(super) fn checks(record: &RecordInput) -> TokenStream {
    let generics = &record.generics;
    if generics.composed().is_empty() {
        return TokenStream::new();
    }
    let (declared, given) = (generics.declared(), generics.given());
    let checks = generics.composed().iter().map(leaves);
    quote! {
        #[allow(dead_code)]
        fn __composed<#declared>() where #given {
            #(let _ = #checks;)*
        }
    }
}

/// Whether closures see a twin, as an expression: where the spelling does not tell, the nested records do.
pub(super) fn borrows(record: &RecordInput) -> TokenStream {
    let guard = record.type_guard();
    match record.borrowing {
        Borrowing::Itself => quote!(false),
        Borrowing::Twin => quote!(true),
        Borrowing::AsNested => {
            let nested = record.types().filter(|ty| !record.is_spelled_out(ty));
            quote!(#(<#guard<#nested> as ::dataflow::__private::Record>::BORROWS)||*)
        }
    }
}

/// `<Type as Record>::LEAVES`, which is an error from the type's first token to its last where it is not a record.
fn leaves(ty: &Type) -> TokenStream {
    let mut spans = ty.to_token_stream().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    let last = spans.last().unwrap_or(first);
    let open = quote_spanned!(first=> <);
    let close = quote_spanned!(last=> as __Record>::LEAVES);
    quote!(#open #ty #close)
}

/// `__Known<T>`, the type guard that all else goes through, and `__At<'a>`, what closures see of the record.
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
        // Lets the compiler say that the record is not `__OwnTwin`, in the words above, instead of not `Copy`.
        #[diagnostic::do_not_recommend]
        impl<__T: ::core::marker::Copy + __Record> __OwnTwin for __T {}
        type __Known<__T> = <[#guard<__T>; #check] as ::core::iter::IntoIterator>::Item;
        type __At<'a> = __Known<#seen>;
    }
}
