//! `filter` and `try_filter` in the middle of a body: a branch.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};

use crate::emit::body::Stage;
use crate::emit::closure::Closure;
use crate::emit::next::Next;
use crate::emit::precedence::before_block;

/// `filter(|r| condition)`: `if condition { … }`
pub(crate) const FILTER: Filter = Filter { is_fallible: false };
/// `try_filter(|r| result)`: `if result? { … }`
pub(crate) const TRY_FILTER: Filter = Filter { is_fallible: true };

pub(crate) struct Filter {
    is_fallible: bool,
}

impl Stage for Filter {
    fn is_fallible(&self) -> bool {
        self.is_fallible
    }

    fn write(&self, this: &Closure<'_>, next: &Next) -> TokenStream {
        let span = this.span;
        let then = next.pass(&this.records, span);
        if self.is_fallible {
            let keep = this.each_value(&|keep| keep.to_token_stream());
            return quote_spanned!(span=> if { #keep } { #then });
        }
        let condition = before_block(this.value());
        quote_spanned!(span=> if #condition { #then })
    }
}
