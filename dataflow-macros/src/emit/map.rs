//! `map` and `try_map`: one record from each.

use proc_macro2::TokenStream;

use crate::emit::body::Stage;
use crate::emit::closure::{Closure, whole};
use crate::emit::next::Next;

/// `map(|r| value)`: `out.emit(value)`
pub(crate) const MAP: Map = Map { is_fallible: false };
/// `try_map(|r| result)`: `out.emit(result?)`
pub(crate) const TRY_MAP: Map = Map { is_fallible: true };

pub(crate) struct Map {
    is_fallible: bool,
}

impl Stage for Map {
    fn is_fallible(&self) -> bool {
        self.is_fallible
    }

    fn write(&self, this: &Closure<'_>, next: &Next) -> TokenStream {
        this.each_typed_value(whole, &|value| next.take(value, this.span))
    }
}
