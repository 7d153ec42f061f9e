//! Error messages for types that the user writes: of closure parameters, pipeline parameters, and
//! fields of twins.

use super::Flow;

/// Implemented for a type itself. `Self` is the type that a closure over records receives, and `T`
/// the type that its parameter names.
#[diagnostic::on_unimplemented(
    message = "a closure over records sees `{Self}`, and not `{T}`",
    label = "another type than the closure gets",
    note = "leave the type out, `|record| …`: a closure sees a record with its texts and lists borrowed"
)]
pub trait SeenAs<T> {
    /// Returns the value unchanged.
    fn seen(self) -> T;
}

#[diagnostic::do_not_recommend]
impl<T> SeenAs<T> for T {
    fn seen(self) -> T {
        self
    }
}

/// Implemented for `Option`s, which a closure of `filter_map` returns.
#[diagnostic::on_unimplemented(
    message = "a closure of `filter_map` gives an `Option`, and not `{Self}`",
    label = "no `Option`",
    note = "of a `Result`, write `.ok()` to leave out what fails, or `try_filter_map` to end the job with it; a condition alone is a `filter`"
)]
pub trait GivesOption {
    /// The type of the value.
    type Of;
    /// Returns the value unchanged.
    fn option(self) -> Option<Self::Of>;
}

impl<T> GivesOption for Option<T> {
    type Of = T;
    #[inline(always)]
    fn option(self) -> Option<T> {
        self
    }
}

/// Checks the result of a closure of `filter_map`. Only `#[dataflow]` calls this.
#[inline(always)]
pub fn option<O: GivesOption<Of = T>, T>(given: O) -> Option<T> {
    given.option()
}

/// Checks the type that a closure parameter names. Only `#[dataflow]` calls this.
#[inline]
pub fn seen_as<T, S: SeenAs<T>>(seen: S) -> T {
    seen.seen()
}

/// Implemented for the type of a twin's field itself.
#[diagnostic::on_unimplemented(
    message = "a field of a borrowed record is `{F}`, and this makes a new `{Self}`",
    label = "borrow it: write `&` before it",
    note = "as in `UserRef {{ name: &u.name.to_uppercase() }}`: the text lives until the record is written"
)]
pub trait FieldOfTwin<F> {
    /// Returns the value unchanged.
    fn field(self) -> F;
}

#[diagnostic::do_not_recommend]
impl<F> FieldOfTwin<F> for F {
    #[inline(always)]
    fn field(self) -> F {
        self
    }
}

/// A second implementation, so that the compiler does not infer a `String` as the type of the field
/// before it has examined the field.
#[diagnostic::do_not_recommend]
impl FieldOfTwin<NoField> for String {
    fn field(self) -> NoField {
        NoField
    }
}

/// The type of no field.
#[derive(Debug)]
pub struct NoField;

/// Checks a value for the field of a twin. Only `#[dataflow]` calls this.
#[inline(always)]
pub fn field_of_twin<V: FieldOfTwin<F>, F>((value,): (V,)) -> F {
    value.field()
}

/// Implemented by nothing. A parameter is a flow, but its type has another name.
#[diagnostic::on_unimplemented(
    message = "`#[dataflow]` tells flows by how their types are written, and this is another name for `{Self}`",
    label = "a flow by another name",
    note = "write `DataSet<..>`, `DataStream<..>`, `TimedStream<..>` or `UpdateStream<..>` as the parameter's type"
)]
pub trait WrittenAsFlow {
    /// Returns a value of any type, so that the compiler reports no errors where the parameter is
    /// used.
    fn taken<B>() -> B;
}

/// A parameter of a pipeline whose type is not written as a flow.
#[derive(Debug)]
pub struct Parameter<P>(pub P);

impl<T, M> Parameter<Flow<T, M>> {
    /// Rejects a flow. Only `#[dataflow]` calls this.
    #[must_use]
    pub fn taken<B>(self) -> B
    where
        Flow<T, M>: WrittenAsFlow,
    {
        <Flow<T, M> as WrittenAsFlow>::taken()
    }
}

/// Parameters that are not flows. The compiler finds this method only if the one above does not
/// apply.
pub trait OtherParameter {
    /// The type of the parameter.
    type Value;
    /// Returns the parameter.
    fn taken(self) -> Self::Value;
}

impl<P> OtherParameter for Parameter<P> {
    type Value = P;
    #[inline(always)]
    fn taken(self) -> P {
        self.0
    }
}
