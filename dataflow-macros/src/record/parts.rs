//! The fields of a record as nested tuples of at most eight parts, because larger tuples are not
//! records.
//!
//! The tuples implement all work per leaf, and are compiled once, in the library. The derive only
//! emits the conversion of fields to tuples and back.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// The largest number of parts of a tuple that is a record.
const MAX_PARTS: usize = 8;

/// Nests items: `((a, b, …), (i, j, …))`.
pub(super) fn nest(items: Vec<TokenStream>) -> TokenStream {
    if items.len() <= MAX_PARTS {
        return quote!((#(#items,)*));
    }
    nest(items.chunks(MAX_PARTS).map(|chunk| quote!((#(#chunk,)*))).collect())
}

/// The path of the item at `index` in the nesting of `count` items: `.0.3`.
pub(super) fn path(index: usize, count: usize) -> TokenStream {
    let inner = Literal::usize_unsuffixed(index % MAX_PARTS);
    if count <= MAX_PARTS {
        return quote!(.#inner);
    }
    let outer = path(index / MAX_PARTS, count.div_ceil(MAX_PARTS));
    quote!(#outer.#inner)
}
