//! Parameters of closures over records that say a type.

/// Implemented for what a record is to a closure: a value of the type itself.
#[diagnostic::on_unimplemented(
    message = "a closure over records sees `{Self}`, and not `{T}`",
    label = "another type than the closure gets",
    note = "leave the type out, `|record| …`: a closure sees a record with its texts and lists borrowed"
)]
pub trait SeenAs<T> {
    /// The same value.
    fn seen(self) -> T;
}

#[diagnostic::do_not_recommend]
impl<T> SeenAs<T> for T {
    fn seen(self) -> T {
        self
    }
}

/// What a closure gets, where its parameter says a type. Written by `#[dataflow]`.
#[inline]
pub fn seen_as<T, S: SeenAs<T>>(seen: S) -> T {
    seen.seen()
}
