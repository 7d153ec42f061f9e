//! Measures of groups whose records are together. A measure that keeps state of any size, as a quantile keeps numbers, cannot lie in a table's row.
//!
//! Each slot of an aggregate also has this form, so that all measures of a group are taken in one pass over its records.

use runtime::value::Overflow;

use crate::record::Record;

/// How much of a group a slot may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// A number for each of so many records.
    For(usize),
    /// Only what does not grow with the group.
    None,
}

/// A slot over records that are together.
pub trait Summary<T: Record>: Clone + Send + 'static {
    /// The state of a group.
    type State;
    /// The value of a group.
    type Value<'a>;
    /// Bytes that the state takes, however large a group is.
    fn aside(&self) -> usize {
        0
    }
    /// Bytes that the state takes for each record where there is [room](Room::For).
    fn number_bytes(&self) -> usize {
        0
    }
    /// The mistake in its arguments, if there is one.
    fn refused(&self) -> Option<String> {
        None
    }
    /// The state of a group without records.
    fn begin(&self, room: Room) -> Self::State;
    /// Adds a record.
    fn add(&self, state: &mut Self::State, record: T::At<'_>);
    /// Whether the slot needs another pass over all records.
    fn again(&self, _: &mut Self::State) -> bool {
        false
    }
    /// Adds a record in such a pass.
    fn add_again(&self, _: &mut Self::State, _: T::At<'_>) {}
    /// The group's value.
    ///
    /// # Errors
    /// Where a sum does not fit.
    fn value<'a>(&self, state: &'a mut Self::State) -> Result<Self::Value<'a>, Overflow>;
}

/// A list of slots over records that are together, nested as [`Slots`](super::Slots) are.
#[diagnostic::on_unimplemented(
    message = "a measure of this aggregate cannot be taken beside a median or a percentile",
    note = "take `count_distinct` in an `aggregate` of its own, and join both by the key"
)]
pub trait Summaries<T: Record>: Clone + Send + 'static {
    /// The states of a group.
    type State;
    /// The values that the closure behind the slots gets.
    type Values<'a>;
    /// As [`Summary::aside`].
    fn aside(&self) -> usize;
    /// As [`Summary::number_bytes`].
    fn number_bytes(&self) -> usize;
    /// As [`Summary::refused`].
    fn refused(&self) -> Option<String>;
    /// As [`Summary::begin`].
    fn begin(&self, room: Room) -> Self::State;
    /// As [`Summary::add`].
    fn add(&self, state: &mut Self::State, record: T::At<'_>);
    /// As [`Summary::again`].
    fn again(&self, state: &mut Self::State) -> bool;
    /// As [`Summary::add_again`].
    fn add_again(&self, state: &mut Self::State, record: T::At<'_>);
    /// As [`Summary::value`].
    ///
    /// # Errors
    /// As there.
    fn values<'a>(&self, state: &'a mut Self::State) -> Result<Self::Values<'a>, Overflow>;
}

impl<T: Record> Summaries<T> for () {
    type State = ();
    type Values<'a> = ();
    fn aside(&self) -> usize {
        0
    }
    fn number_bytes(&self) -> usize {
        0
    }
    fn refused(&self) -> Option<String> {
        None
    }
    fn begin(&self, _: Room) {}
    fn add(&self, (): &mut (), _: T::At<'_>) {}
    fn again(&self, (): &mut ()) -> bool {
        false
    }
    fn add_again(&self, (): &mut (), _: T::At<'_>) {}
    fn values<'a>(&self, (): &'a mut ()) -> Result<Self::Values<'a>, Overflow> {
        Ok(())
    }
}

impl<T: Record, S: Summaries<T>, A: Summary<T>> Summaries<T> for (S, A) {
    type State = (S::State, A::State);
    type Values<'a> = (S::Values<'a>, A::Value<'a>);
    fn aside(&self) -> usize {
        self.0.aside() + self.1.aside()
    }
    fn number_bytes(&self) -> usize {
        self.0.number_bytes() + self.1.number_bytes()
    }
    fn refused(&self) -> Option<String> {
        self.0.refused().or_else(|| self.1.refused())
    }
    fn begin(&self, room: Room) -> Self::State {
        (self.0.begin(room), self.1.begin(room))
    }
    #[inline(always)]
    fn add(&self, state: &mut Self::State, record: T::At<'_>) {
        self.0.add(&mut state.0, record);
        self.1.add(&mut state.1, record);
    }
    fn again(&self, state: &mut Self::State) -> bool {
        let before = self.0.again(&mut state.0);
        self.1.again(&mut state.1) || before
    }
    fn add_again(&self, state: &mut Self::State, record: T::At<'_>) {
        self.0.add_again(&mut state.0, record);
        self.1.add_again(&mut state.1, record);
    }
    fn values<'a>(&self, state: &'a mut Self::State) -> Result<Self::Values<'a>, Overflow> {
        Ok((self.0.values(&mut state.0)?, self.1.value(&mut state.1)?))
    }
}

/// A slot's [`Summary`]: its state, how it begins, how a record is added, its value.
macro_rules! summary {
    ([$($generics:tt)*] $slot:ty, $state:ty, $value:ty,
     add($of:ident, $state_name:ident, $record:ident) $add:block, value($taken:ident) $out:expr) => {
        impl<T: $crate::record::Record, $($generics)*> $crate::kernel::Summary<T> for $slot {
            type State = $state;
            type Value<'a> = $value;
            fn begin(&self, _: $crate::kernel::Room) -> $state {
                <$state>::default()
            }
            #[inline(always)]
            fn add(&self, $state_name: &mut $state, $record: T::At<'_>) {
                let $of = self;
                $add
            }
            fn value(&self, $taken: &mut $state) -> Result<$value, ::runtime::value::Overflow> {
                Ok($out)
            }
        }
    };
}
pub(crate) use summary;
