//! Prefixes of sort keys: 64 bits that an order compares first.

use crate::page::{Input, LeafPtr};
use crate::row::LeafType;
use crate::sort::key::encoding::text_start;
use crate::sort::key::number::{Number, with_numbers};
use crate::sort::order::OrderKey;

/// Computes for each row of an input the first 64 bits that an order compares. A row with a lesser
/// prefix is first. Rows with equal prefixes may be in any order.
///
/// # Cost
/// A few instructions for each row and leaf. Leaves are taken until one does not fit whole.
pub fn order_prefixes(input: &Input<'_>, order: &[OrderKey], prefixes: &mut Vec<u64>) {
    let rows = input.selection().rows();
    prefixes.clear();
    prefixes.resize(rows.len(), 0);
    let mut room = u64::BITS;
    let known = order.iter().filter(|key| key.leaf < input.batch().leaf_count());
    for key in known {
        let leaf = input.batch().leaf(key.leaf);
        let place = (room, key.descending);
        // SAFETY: rows of an input are rows of its batch; `Raw` has the leaf's width.
        let taken = unsafe {
            with_numbers!(leaf.ty, (Raw, number) => {
                let bits = 8 * size_of::<Raw>() as u32;
                let low = bits.saturating_sub(u64::BITS);
                append(rows, prefixes, place, bits - low, |row| (number(leaf.read::<Raw>(row)).wide() >> low) as u64);
                bits
            }, else {
                if matches!(leaf.ty, LeafType::Text | LeafType::Bytes) {
                    append(rows, prefixes, place, u64::BITS, |row| text_prefix(leaf, row));
                }
                // Values of variable length end at different bits, so no leaf can follow.
                room
            })
        };
        room = room.saturating_sub(taken);
        if room == 0 {
            break;
        }
    }
}

/// Sets the next bits of each prefix, of which the `room` lowest are unset. Uses the highest of the
/// `bits` bits of a row's value, as many as fit.
#[inline(always)]
fn append(
    rows: &[u32],
    prefixes: &mut [u64],
    (room, descending): (u32, bool),
    bits: u32,
    value: impl Fn(usize) -> u64,
) {
    let flip = if descending { u64::MAX >> (u64::BITS - bits) } else { 0 };
    for (&row, prefix) in rows.iter().zip(prefixes) {
        let value = value(row as usize) ^ flip;
        *prefix |= if bits <= room { value << (room - bits) } else { value >> (bits - room) };
    }
}

/// The first eight bytes of a text, padded with zeros.
///
/// # Safety
/// The leaf, of texts or byte strings, may be read at the row.
#[inline(always)]
unsafe fn text_prefix(leaf: LeafPtr, row: usize) -> u64 {
    // SAFETY: the caller's promise.
    let (start, _) = unsafe { text_start(leaf, row, 0) };
    (start >> u64::BITS) as u64
}
