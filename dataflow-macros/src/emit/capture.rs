//! Emits closures that own their captures.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Stmt, parse_quote};

use crate::analyse::captures::Capture;

/// Emits a `move` closure in a block that first copies its captures, so that the originals stay
/// usable. A captured flow is a compiler error at its name in the closure.
///
/// `word` is the span of the operator. The compiler reports mistakes in the closure as a whole
/// there.
pub(super) fn around(captures: &[Capture], word: Span, closure: TokenStream) -> TokenStream {
    if captures.is_empty() {
        return closure;
    }
    let copies = captures.iter().map(copy);
    quote_spanned! {word=>
        {
            #(#copies)*
            #closure
        }
    }
}

/// The statement that imports the methods that copy captures.
pub(crate) fn import_copy_methods() -> Stmt {
    parse_quote! {
        #[allow(unused_imports)]
        use ::dataflow::__private::copying::*;
    }
}

fn copy(Capture { name, is_guess, is_changed }: &Capture) -> TokenStream {
    let allow = is_guess.then(|| quote!(#[allow(unused_variables)]));
    let copied = Ident::new(if *is_changed { "__capture_changed" } else { "__capture" }, name.span());
    quote_spanned!(name.span()=> #allow let #name = #name.#copied();)
}
