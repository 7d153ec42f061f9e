//! Validates pages from outside of the process, before a cursor follows their offsets. A checksum
//! does not show that values are valid.

use std::fmt::Write as _;

use crate::row::{Datum, LeafType, Physical};

use super::run::FIRST_ROW;
use super::sealed::{Page, heap_start};
use super::slot::{self, INLINE_BYTES};
use super::writer::LIST_ALIGN;

/// Checks that all rows of a page for which `is_live` returns `true` are values of their types, in
/// canonical form. [`Page::restore`] has already checked that rows and variable parts are within
/// the page.
///
/// # Errors
/// Returns the row, the leaf, and a message about its value.
pub(crate) fn validate_rows(page: &Page, is_live: impl Fn(usize) -> bool) -> Result<(), (usize, usize, String)> {
    let (layout, bytes) = (page.layout().clone(), page.as_bytes());
    let heap = heap_start(bytes);
    for row in (0..page.rows()).filter(|&row| is_live(row)) {
        for (leaf, &ty) in layout.types().iter().enumerate() {
            let Some(offset) = layout.offset(leaf) else { continue };
            let at = FIRST_ROW + row * layout.width() + offset;
            let mut bits = [0; 16];
            bits[..ty.width()].copy_from_slice(&bytes[at..at + ty.width()]);
            let bits = u128::from_le_bytes(bits);
            let checked = match ty.physical() {
                Physical::Slot => validate_slot(ty, bits, bytes, heap),
                _ => validate_plain(ty, bits),
            };
            checked.map_err(|message| (row, leaf, message))?;
        }
    }
    Ok(())
}

fn validate_plain(ty: LeafType, bits: u128) -> Result<(), String> {
    let is_value = match ty {
        LeafType::Bool | LeafType::Valid => bits <= 1,
        LeafType::Tag(tag) => bits < tag.variants.len() as u128,
        LeafType::Char => u32::try_from(bits).ok().and_then(char::from_u32).is_some(),
        _ => true,
    };
    if is_value { Ok(()) } else { Err(format!("found the bits {bits:#x}, which are no {ty}")) }
}

/// Checks that the value is in the slot, or after the page's rows.
fn validate_slot(ty: LeafType, slot: u128, page: &[u8], heap: usize) -> Result<(), String> {
    let (width, length) = (ty.element_width(), slot::length(slot));
    let refused = |what: &str| {
        let mut message = format!("found a value of {length} elements, ");
        let _ = write!(message, "{what}");
        Err(message)
    };
    let inline = slot.to_le_bytes();
    let value = if length == 0 || (width == 1 && length <= INLINE_BYTES) {
        if inline[4 + length..].iter().any(|&byte| byte != 0) {
            return refused("with something behind its end");
        }
        &inline[4..4 + length]
    } else {
        let place = slot::place(slot);
        let end = length.checked_mul(width).and_then(|bytes| bytes.checked_add(place));
        let Some(value) = end.filter(|_| place >= heap).and_then(|end| page.get(place..end)) else {
            return refused("which lies outside of its page");
        };
        let prefix = if width == 1 { &value[..4] } else { &[0; 4] };
        if slot::buffer(slot) != 0 || inline[4..8] != *prefix {
            return refused("whose first bytes are not those of its slot");
        }
        if width > 1 && !place.is_multiple_of(LIST_ALIGN) {
            return refused("which is not aligned");
        }
        value
    };
    // Elements of lists of plain values may have any bits.
    let is_value = match ty {
        LeafType::Text | LeafType::Texts | LeafType::Items(_) => Datum::Bytes(value.into()).is_canonical(ty),
        _ => true,
    };
    if is_value { Ok(()) } else { refused(&format!("whose bytes are no {ty}")) }
}
