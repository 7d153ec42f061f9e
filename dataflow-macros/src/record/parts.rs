//! A record's fields as nested tuples of at most eight, the widest that are records themselves.
//!
//! All that the implementation does leaf by leaf is done by the tuples, which are compiled once, in the library: the
//! derive writes only how the fields go into the tuples and come out again.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// The widest tuple that is a record.
const WIDEST: usize = 8;

/// Nests items: `((a, b, …), (i, j, …))`.
pub(super) fn nest(items: Vec<TokenStream>) -> TokenStream {
    if items.len() <= WIDEST {
        return quote!((#(#items,)*));
    }
    nest(items.chunks(WIDEST).map(|chunk| quote!((#(#chunk,)*))).collect())
}

/// Where an item of `count` lies in the nesting: `.0.3`.
pub(super) fn place(index: usize, count: usize) -> TokenStream {
    let inner = Literal::usize_unsuffixed(index % WIDEST);
    if count <= WIDEST {
        return quote!(.#inner);
    }
    let outer = place(index / WIDEST, count.div_ceil(WIDEST));
    quote!(#outer.#inner)
}
