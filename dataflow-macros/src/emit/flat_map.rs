//! `flat_map` and `try_flat_map`: any number of records from each.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use crate::emit::body::Stage;
use crate::emit::closure::Closure;
use crate::emit::next::Next;
use crate::emit::precedence::before_block;

/// `flat_map(|r| items)`: `for item in items { out.emit(item) }`
pub(crate) const FLAT_MAP: FlatMap = FlatMap { is_fallible: false };
/// `try_flat_map(|r| result)`: `for item in result? { out.emit(item) }`
pub(crate) const TRY_FLAT_MAP: FlatMap = FlatMap { is_fallible: true };

pub(crate) struct FlatMap {
    is_fallible: bool,
}

impl Stage for FlatMap {
    fn is_fallible(&self) -> bool {
        self.is_fallible
    }

    fn write(&self, this: &Closure<'_>, next: &Next) -> TokenStream {
        let span = this.span;
        let (item, run) = next.each(span);
        this.each_value(&|items| {
            let items = before_block(items);
            // Of an `Option`, too: the user wrote no `for` that could be an `if let`.
            quote_spanned!(span=> { #[allow(for_loops_over_fallibles)] for #item in #items { #run } })
        })
    }
}
