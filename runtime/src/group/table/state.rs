//! States of groups, which kernels read and write in place, with the rows of an input.

use std::cell::OnceCell;
use std::marker::PhantomData;

use crate::group::table::GroupTable;
use crate::group::table::groups::Groups;
use crate::page::{Claims, Input, LeafPtr, LeafReader, NewRow, Plain, Row, RowIds, SinkLeaves};
use crate::row::{Physical, RowLayout};

impl GroupTable {
    /// Calls `f` with the input's leaves, the groups' leaves, and pairs of an input row and its
    /// group's row.
    #[inline(always)]
    pub fn visit<R>(
        &mut self,
        input: &Input<'_>,
        groups: &Groups,
        f: impl for<'b, 't> FnOnce(LeafReader<'b>, StateReader<'t>, StateRows<'b, 't>) -> R,
    ) -> R {
        let places = if self.knows(input, groups) { &groups.places[..] } else { &[] };
        let (leaves, scratch) = (OnceCell::new(), self.aside.scratch());
        let (base, layout, claims) =
            (self.store.in_place.start_mut(), &*self.store.layout, Some(Claims::of(&mut self.aside)));
        let states = StateReader { base, scratch, layout, leaves: &leaves, claims, next: 0, brand: PhantomData };
        input.visit(|leaves, rows| f(leaves, states, StateRows { rows, places, brand: PhantomData }))
    }
}

type Brand<'t> = PhantomData<fn(&'t ()) -> &'t ()>;

/// Returns the leaves of a table's rows in order.
pub struct StateReader<'t> {
    base: *mut u8,
    /// The target of writes to dead leaves.
    scratch: *mut u8,
    layout: &'t RowLayout,
    /// All leaves, whose "row number" is the place; made when a record is read.
    leaves: &'t OnceCell<Box<[LeafPtr]>>,
    claims: Option<Claims<'t>>,
    next: usize,
    brand: Brand<'t>,
}

impl<'t> StateReader<'t> {
    /// Skips leaves.
    pub fn skip(&mut self, leaves: usize) {
        self.next += leaves;
    }

    /// The next leaf; `None` if it has no plain values of this type.
    pub fn plain<P: Plain>(&mut self) -> Option<StateSlot<'t, P>> {
        let leaf = self.next;
        self.next += 1;
        let ty = *self.layout.types().get(leaf)?;
        (ty.physical() != Physical::Slot && ty.width() == size_of::<P>()).then_some(())?;
        Some(StateSlot { base: self.base.wrapping_add(self.layout.offset(leaf)?), of: PhantomData })
    }

    /// The claims for writing records in place; `None` after the first call.
    pub fn claims(&mut self) -> Option<Claims<'t>> {
        self.claims.take()
    }

    /// The next leaves, of a record of plain values that is read and written in place. `None` if
    /// one of them has other values.
    pub fn record(&mut self, leaves: usize) -> Option<(LeafReader<'t>, SinkLeaves<'t>)> {
        let range = self.next..self.next + leaves;
        self.next = range.end;
        let types = self.layout.types();
        // There are no references into a leaf without slots, so it may be written while others are
        // read.
        let is_plain = |leaf: usize| types[leaf].physical() != Physical::Slot && self.layout.offset(leaf).is_some();
        (range.end <= types.len() && range.clone().all(is_plain)).then_some(())?;
        let stored = |leaf: usize| LeafPtr::stored(self.layout, self.base, leaf);
        let all = self.leaves.get_or_init(|| (0..types.len()).map(stored).collect());
        let sinks = SinkLeaves::in_place((self.base, self.scratch), self.layout, range.clone());
        Some((LeafReader::of(&all[range]), sinks))
    }
}

/// A plain leaf of a table's rows.
pub struct StateSlot<'t, P> {
    base: *mut u8,
    of: PhantomData<(Brand<'t>, P)>,
}

impl<P> Clone for StateSlot<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P> Copy for StateSlot<'_, P> {}

/// A row of the table.
#[derive(Clone, Copy)]
pub struct StateRow<'t> {
    place: usize,
    brand: Brand<'t>,
}

impl<'t> StateRow<'t> {
    /// The row, to be read through the leaves of [`StateReader::record`].
    #[inline(always)]
    #[must_use]
    pub fn row(self) -> Row<'t> {
        Row { index: self.place, brand: PhantomData }
    }

    /// The row, to be written through the sinks of [`StateReader::record`].
    #[inline(always)]
    #[must_use]
    pub fn in_place(self) -> NewRow<'t> {
        NewRow::at(self.place)
    }
}

impl<'t, P: Plain> StateSlot<'t, P> {
    /// The value of a row.
    #[inline(always)]
    #[must_use]
    pub fn get(self, row: StateRow<'t>) -> P {
        // SAFETY: slot and row share a brand, so the row belongs to the table, which `visit`
        // borrows mutably.
        unsafe { self.base.add(row.place).cast::<P>().read_unaligned() }
    }

    /// Sets the value of a row.
    #[inline(always)]
    pub fn set(self, row: StateRow<'t>, value: P) {
        // SAFETY: as `get`. Nothing else reads or writes the table meanwhile, and there is no
        // reference into it.
        unsafe { self.base.add(row.place).cast::<P>().write_unaligned(value) }
    }
}

/// The rows of an input with the rows of their groups.
#[derive(Clone, Copy)]
pub struct StateRows<'b, 't> {
    rows: RowIds<'b>,
    places: &'t [usize],
    brand: Brand<'t>,
}

impl<'b, 't> StateRows<'b, 't> {
    /// Number of rows.
    #[inline(always)]
    #[must_use]
    pub fn len(self) -> usize {
        self.places.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.places.is_empty()
    }

    /// The row at a position of the input, and its group's row.
    #[inline(always)]
    #[must_use]
    pub fn get(self, position: usize) -> Option<(Row<'b>, StateRow<'t>)> {
        let place = *self.places.get(position)?;
        Some((self.rows.get(position), StateRow { place, brand: PhantomData }))
    }

    /// The rows, each with its group's row.
    #[inline(always)]
    pub fn iter(self) -> impl Iterator<Item = (Row<'b>, StateRow<'t>)> {
        let group = |place| StateRow { place, brand: PhantomData };
        self.rows.iter().zip(self.places).map(move |(row, &place)| (row, group(place)))
    }
}
