//! Parameters and fields that say a type: of closures over records, of pipelines, of twins.

use super::Flow;

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

/// Implemented for `Option`s: what a closure of `filter_map` gives.
#[diagnostic::on_unimplemented(
    message = "a closure of `filter_map` gives an `Option`, and not `{Self}`",
    label = "no `Option`",
    note = "of a `Result`, write `.ok()` to leave out what fails, or `try_filter_map` to end the job with it; a condition alone is a `filter`"
)]
pub trait GivesOption {
    /// The type of the value in it.
    type Of;
    /// The same value.
    fn option(self) -> Option<Self::Of>;
}

impl<T> GivesOption for Option<T> {
    type Of = T;
    #[inline(always)]
    fn option(self) -> Option<T> {
        self
    }
}

/// What a closure of `filter_map` gives. Written by `#[dataflow]`.
#[inline(always)]
pub fn option<O: GivesOption<Of = T>, T>(given: O) -> Option<T> {
    given.option()
}

/// What a closure gets, where its parameter says a type. Written by `#[dataflow]`.
#[inline]
pub fn seen_as<T, S: SeenAs<T>>(seen: S) -> T {
    seen.seen()
}

/// Implemented for a value of a twin's field: the field's type itself.
#[diagnostic::on_unimplemented(
    message = "a field of a borrowed record is `{F}`, and this makes a new `{Self}`",
    label = "borrow it: write `&` before it",
    note = "as in `UserRef {{ name: &u.name.to_uppercase() }}`: the text lives until the record is written"
)]
pub trait FieldOfTwin<F> {
    /// The same value.
    fn field(self) -> F;
}

#[diagnostic::do_not_recommend]
impl<F> FieldOfTwin<F> for F {
    #[inline(always)]
    fn field(self) -> F {
        self
    }
}

/// Keeps the compiler from taking a text for the field's type before it has looked at the field.
#[diagnostic::do_not_recommend]
impl FieldOfTwin<NoField> for String {
    fn field(self) -> NoField {
        NoField
    }
}

/// The type of no field.
#[derive(Debug)]
pub struct NoField;

/// A value of a twin's field. Written by `#[dataflow]`.
#[inline(always)]
pub fn field_of_twin<V: FieldOfTwin<F>, F>((value,): (V,)) -> F {
    value.field()
}

/// Implemented by nothing: a parameter is a flow, and its type is written as something else.
#[diagnostic::on_unimplemented(
    message = "`#[dataflow]` tells flows by how their types are written, and this is another name for `{Self}`",
    label = "a flow by another name",
    note = "write `DataSet<..>`, `DataStream<..>`, `TimedStream<..>` or `UpdateStream<..>` as the parameter's type"
)]
pub trait WrittenAsFlow {
    /// A value of any type, so that the compiler reports nothing about the parameter's uses.
    fn taken<B>() -> B;
}

/// A parameter of a pipeline whose type is not written as that of a flow.
#[derive(Debug)]
pub struct Parameter<P>(pub P);

impl<T, M> Parameter<Flow<T, M>> {
    /// Refuses a flow. Written by `#[dataflow]`.
    #[must_use]
    pub fn taken<B>(self) -> B
    where
        Flow<T, M>: WrittenAsFlow,
    {
        <Flow<T, M> as WrittenAsFlow>::taken()
    }
}

/// Parameters that are no flows. The compiler looks here after the method above.
pub trait OtherParameter {
    /// The type of the parameter.
    type Value;
    /// The parameter.
    fn taken(self) -> Self::Value;
}

impl<P> OtherParameter for Parameter<P> {
    type Value = P;
    #[inline(always)]
    fn taken(self) -> P {
        self.0
    }
}
