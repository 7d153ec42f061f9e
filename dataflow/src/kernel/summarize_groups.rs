//! Aggregates that need all records of a group together, such as quantiles. A group is read once,
//! or several times if its values do not fit in memory.

use std::marker::PhantomData;
use std::sync::Arc;

use runtime::error::Result;
use runtime::kernel::TaskContext;
use runtime::memory::{Memory, Reservation};
use runtime::page::{LeafReader, NextRow, ReadRow, Row, RowWriter};
use runtime::sort::{GROUP_ROWS, GroupFactory, GroupKernel, SortBuffer};
use runtime::value::Overflow;

use crate::error::UserError;
use crate::record::Record;

use super::emitter::with_emitter;
use super::shared::{Guarded, SharedClosure};
use super::{Emitter, Room, Summaries};

/// The types of records, of their keys, and of results.
type Types<T, K, U> = PhantomData<fn() -> (T, K, U)>;

/// Makes a kernel over rows of a record and its key. It calls `body` with each group's key and slot
/// values. An overflow of a sum ends the job.
pub(crate) fn summarize_groups<T: Record, K: Record, S: Summaries<T>, U: Record, F>(slots: S, body: F) -> GroupFactory
where
    F: for<'a> Fn(K::At<'a>, S::Values<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    let (slots, body) = (SharedClosure::new(slots), SharedClosure::new(body));
    Arc::new(move |context: &TaskContext| -> Result<Box<dyn GroupKernel>> {
        let (slots, body, memory) = (slots.get(), body.get(), context.memory.clone());
        let fixed_reservation = memory.reserve(slots.aside())?;
        Ok(Box::new(SummaryKernel::<T, K, S, U, F> { slots, body, memory, fixed_reservation, of: PhantomData }))
    })
}

struct SummaryKernel<T, K, S, U, F> {
    slots: Guarded<S>,
    body: Guarded<F>,
    memory: Memory,
    /// Reserves the bytes that the slots need for any group.
    fixed_reservation: Reservation,
    of: Types<T, K, U>,
}

/// Reads a record and the key after it.
struct ReadKeyed<T, K>(PhantomData<fn() -> (T, K)>);

impl<T: Record, K: Record> ReadRow for ReadKeyed<T, K> {
    type Out<'r> = (T::At<'r>, K::At<'r>);

    fn read<'r>(mut leaves: LeafReader<'r>, row: Row<'r>) -> Self::Out<'r> {
        let (record, key) = (T::cursor(&mut leaves), K::cursor(&mut leaves));
        (T::at(record, row), K::at(key, row))
    }
}

impl<T: Record, K: Record, S: Summaries<T>, U: Record, F> SummaryKernel<T, K, S, U, F>
where
    F: for<'a> Fn(K::At<'a>, S::Values<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    /// Returns the room for a group of `records` records, and its reservation. Returns `Room::None`
    /// if memory is refused.
    fn reserve_room(&self, records: usize) -> (Room, Option<Reservation>) {
        let bytes = self.slots.number_bytes().saturating_mul(records);
        if bytes <= self.fixed_reservation.bytes() {
            return (Room::For(records), None);
        }
        let reserved = if self.memory.try_reserve_idle(bytes) { self.memory.reserve(bytes).ok() } else { None };
        (if reserved.is_some() { Room::For(records) } else { Room::None }, reserved)
    }

    fn emit_group(&self, key: &K, state: &mut S::State, out: &mut Emitter<'_, U>) -> Result<(), Overflow> {
        (self.body)(key.twin(), self.slots.values(state)?, out);
        Ok(())
    }
}

impl<T: Record, K: Record, S: Summaries<T>, U: Record, F> GroupKernel for SummaryKernel<T, K, S, U, F>
where
    F: for<'a> Fn(K::At<'a>, S::Values<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    fn run(&mut self, rows: &SortBuffer, leading: usize, from: usize, out: &mut RowWriter) -> Result<usize> {
        let (position, failed) = with_emitter::<U, _>(out, |out| {
            rows.visit(|mut leaves, sorted| {
                let (record, key) = (T::cursor(&mut leaves), K::cursor(&mut leaves));
                let mut position = from;
                while position < sorted.len() && position < from + GROUP_ROWS && !out.is_full() {
                    let end = rows.group_end(position, leading);
                    let group = sorted.slice(position..end);
                    let (room, _reserved) = self.reserve_room(group.len());
                    let mut state = self.slots.begin(room);
                    let rows_of_group = || {
                        (0..group.len()).filter_map(|row| {
                            rows.prefetch_after(position + row);
                            group.get(row)
                        })
                    };
                    rows_of_group().for_each(|row| self.slots.add(&mut state, T::at(record, row)));
                    while self.slots.again(&mut state) {
                        rows_of_group().for_each(|row| self.slots.add_again(&mut state, T::at(record, row)));
                    }
                    let emitted = group.get(0).map(|row| self.emit_group(&K::own(K::at(key, row)), &mut state, out));
                    if let Some(Err(overflow)) = emitted {
                        return (position, Some(overflow));
                    }
                    position = end;
                }
                (position, None)
            })
        })?;
        failed.map_or(Ok(position), |overflow| Err(UserError::from(overflow).without_record()))
    }

    fn run_large(&mut self, group: &mut dyn NextRow, out: &mut RowWriter) -> Result<()> {
        let failed = with_emitter::<U, _>(out, |out| {
            let (room, _reserved) = self.reserve_room(group.left());
            let (mut state, mut first_key) = (self.slots.begin(room), None);
            while let Some(row) = group.next() {
                let (record, key) = row.read::<ReadKeyed<T, K>>();
                first_key.get_or_insert_with(|| K::own(key));
                self.slots.add(&mut state, record);
            }
            while self.slots.again(&mut state) && group.rewind() {
                while let Some(row) = group.next() {
                    self.slots.add_again(&mut state, row.read::<ReadKeyed<T, K>>().0);
                }
            }
            first_key.map_or(Ok(()), |key| self.emit_group(&key, &mut state, out))
        })?;
        failed.map_err(|overflow| UserError::from(overflow).without_record())
    }

    fn reads_again(&self) -> bool {
        true
    }
}
