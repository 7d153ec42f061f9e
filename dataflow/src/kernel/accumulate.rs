//! The kernel of aggregates: adds records to the states of their groups, in one loop for all slots.

use std::marker::PhantomData;

use runtime::error::{Error, Result};
use runtime::group::{Accumulate, AccumulateFactory, GroupTable, Groups};
use runtime::page::Input;

use crate::record::Record;

use super::Slots;
use super::shared::{Guarded, kernel_factory};

struct SlotKernel<T, S> {
    slots: Guarded<S>,
    key_leaves: usize,
    of: PhantomData<fn() -> T>,
}

/// Makes a kernel that adds records to the slots. In a group's row, the slots' leaves follow the
/// key's.
pub(crate) fn accumulate<T: Record, S: Slots<T>>(slots: S, key_leaves: usize) -> AccumulateFactory {
    kernel_factory(slots, move |slots| -> Box<dyn Accumulate> {
        Box::new(SlotKernel::<T, S> { slots, key_leaves, of: PhantomData })
    })
}

impl<T: Record, S: Slots<T>> Accumulate for SlotKernel<T, S> {
    fn accumulate(&mut self, table: &mut GroupTable, input: &Input<'_>, groups: &Groups) -> Result<()> {
        let slots = &*self.slots;
        table.visit(input, groups, |mut leaves, mut states, rows| {
            let cursor = T::cursor(&mut leaves);
            states.skip(self.key_leaves);
            let (Some(places), Some(mut claims)) = (S::places(&mut states), states.claims()) else {
                return Err(leaf_mismatch());
            };
            for (row, group) in rows.iter() {
                slots.add(places, group, T::at(cursor, row), &mut claims);
            }
            Ok(())
        })
    }

    fn merge(&mut self, table: &mut GroupTable, input: &Input<'_>, groups: &Groups) -> Result<()> {
        if !S::MERGES {
            return Ok(());
        }
        let slots = &*self.slots;
        table.visit(input, groups, |mut leaves, mut states, rows| {
            leaves.skip(self.key_leaves);
            let cursor = S::Record::cursor(&mut leaves);
            states.skip(self.key_leaves);
            let (Some(places), Some(mut claims)) = (S::places(&mut states), states.claims()) else {
                return Err(leaf_mismatch());
            };
            for (row, group) in rows.iter() {
                slots.merge(places, group, S::Record::at(cursor, row), &mut claims);
            }
            Ok(())
        })
    }
}

fn leaf_mismatch() -> Error {
    Error::Internal("a group's state has other leaves than its slots".to_owned())
}
