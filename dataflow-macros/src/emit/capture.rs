//! Closures that own what they capture.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::analyse::captures::Capture;

/// Writes a `move` closure in a block that first copies what the closure captures, so that the originals stay with the
/// user. Captures of flows end in an error of the compiler at the name in the closure.
///
/// `word` is the operator's, where the compiler points to if the closure as a whole does not do.
pub(super) fn around(captures: &[Capture], word: Span, closure: TokenStream) -> TokenStream {
    if captures.is_empty() {
        return closure;
    }
    let copies = captures.iter().map(copy);
    quote_spanned! {word=>
        {
            #[allow(unused_imports)]
            use ::dataflow::__private::Capture as _;
            #(#copies)*
            #closure
        }
    }
}

fn copy(Capture { name, is_guess }: &Capture) -> TokenStream {
    let allow = is_guess.then(|| quote!(#[allow(unused_variables)]));
    quote_spanned!(name.span()=> #allow let #name = #name.__capture();)
}
