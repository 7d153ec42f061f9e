//! Measures of groups whose records are together.
//!
//! A quantile needs a state of variable size, which a row of a table cannot hold. If an aggregate
//! has one, all of its slots are computed in this form, in one pass over the records of a group.

use runtime::value::Overflow;

use crate::record::Record;

/// The memory that a slot may use for a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// One number for each of this many records.
    For(usize),
    /// Only a state that does not grow with the group.
    None,
}

/// A slot over the records of one group.
pub trait Summary<T: Record>: Clone + Send + 'static {
    /// The state of a group.
    type State;
    /// The value of a group.
    type Value<'a>;
    /// Returns the bytes that the state needs for any size of group.
    fn aside(&self) -> usize {
        0
    }
    /// Returns the bytes that the state needs per record, given [room](Room::For).
    fn number_bytes(&self) -> usize {
        0
    }
    /// Returns the error in the slot's arguments. `None` if they are valid.
    fn refused(&self) -> Option<String> {
        None
    }
    /// Returns the state of a group before its first record.
    fn begin(&self, room: Room) -> Self::State;
    /// Adds a record.
    fn add(&self, state: &mut Self::State, record: T::At<'_>);
    /// Returns `true` if the slot needs another pass over all records.
    fn again(&self, _: &mut Self::State) -> bool {
        false
    }
    /// Adds a record in another pass.
    fn add_again(&self, _: &mut Self::State, _: T::At<'_>) {}
    /// Returns the group's value.
    ///
    /// # Errors
    /// Fails if a sum overflows.
    fn value<'a>(&self, state: &'a mut Self::State) -> Result<Self::Value<'a>, Overflow>;
}

/// A list of slots over the records of one group, nested like [`Slots`](super::Slots).
#[diagnostic::on_unimplemented(
    message = "a measure of this aggregate cannot be taken beside a median or a percentile",
    note = "take `count_distinct` in an `aggregate` of its own, and join both by the key"
)]
pub trait Summaries<T: Record>: Clone + Send + 'static {
    /// The states of a group.
    type State;
    /// The values that the closure of the aggregate receives.
    type Values<'a>;
    /// Like [`Summary::aside`].
    fn aside(&self) -> usize;
    /// Like [`Summary::number_bytes`].
    fn number_bytes(&self) -> usize;
    /// Like [`Summary::refused`].
    fn refused(&self) -> Option<String>;
    /// Like [`Summary::begin`].
    fn begin(&self, room: Room) -> Self::State;
    /// Like [`Summary::add`].
    fn add(&self, state: &mut Self::State, record: T::At<'_>);
    /// Like [`Summary::again`].
    fn again(&self, state: &mut Self::State) -> bool;
    /// Like [`Summary::add_again`].
    fn add_again(&self, state: &mut Self::State, record: T::At<'_>);
    /// Like [`Summary::value`].
    ///
    /// # Errors
    /// Like [`Summary::value`].
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

/// Implements [`Summary`] for a slot: the type of its state, how a record is added, and its value.
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
