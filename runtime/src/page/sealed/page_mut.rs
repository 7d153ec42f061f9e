//! [`PageMut`]: a closed page with one owner, which still writes in it.
//!
//! A table writes sums, links and marks into rows of pages that are full. So it holds them as
//! [`PageMut`]s, one handle each. It [freezes](PageMut::freeze) a page before it shares it: a
//! [`Page`] cannot be written. The way back, [`Page::try_into_mut`], needs the only handle on the
//! page.
//!
//! `BytesMut` and `Bytes` of the `bytes` crate are such a pair, and Arrow's `MutableBuffer` and
//! `Buffer`.

use std::sync::Arc;

use crate::error::Result;
use crate::memory::Memory;
use crate::page::batch::Batch;
use crate::page::run::FIRST_ROW;
use crate::row::Physical;

use super::{Page, heap_start};

/// A closed page with one owner, who may write in it. Once given up, as a [`Page`], nobody writes it any more.
///
/// ```
/// use runtime::page::{Page, PageMut};
///
/// fn invert(mut page: PageMut) -> Page {
///     page.map_leaves(&[0], |bits| !bits);
///     page.freeze()
/// }
/// ```
/// A page that others may read has nothing to write it by:
/// ```compile_fail,E0599
/// fn invert(page: &mut runtime::page::Page) {
///     page.map_leaves(&[0], |bits| !bits);
/// }
/// ```
/// nor has one that was given up,
/// ```compile_fail,E0382
/// fn invert(mut page: runtime::page::PageMut) -> runtime::page::Page {
///     let shared = page.freeze();
///     page.map_leaves(&[0], |bits| !bits);
///     shared
/// }
/// ```
/// and while it is read it is not written:
/// ```compile_fail,E0502
/// fn invert(mut page: runtime::page::PageMut) -> usize {
///     let batch = page.batch();
///     page.map_leaves(&[0], |bits| !bits);
///     batch.rows()
/// }
/// ```
#[derive(Debug)]
pub struct PageMut(
    /// The only handle on its run. It is not lent, as it could be cloned.
    Page,
);

impl Page {
    /// The same page, to be written in; as it is, where somebody else has a handle on it.
    ///
    /// # Errors
    /// The page, where it is shared.
    pub fn try_into_mut(mut self) -> Result<PageMut, Page> {
        if Arc::get_mut(&mut self.run).is_some() { Ok(PageMut(self)) } else { Err(self) }
    }

    /// The same page, to be written in; where somebody else has a handle on it, a copy, which `memory` pays for.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory), where it is copied.
    pub fn into_mut(self, memory: &Memory) -> Result<PageMut> {
        self.try_into_mut().or_else(|shared| {
            let (bytes, layout) = (shared.as_bytes(), shared.layout());
            Page::copy_of(bytes, shared.rows, heap_start(bytes) as u32, layout, memory).map(PageMut)
        })
    }
}

impl PageMut {
    /// A page that a writer has closed and given no handle on away.
    pub(in crate::page) fn of_writer(mut page: Page) -> Self {
        debug_assert!(Arc::get_mut(&mut page.run).is_some(), "a page of a table is shared");
        PageMut(page)
    }

    /// The page, to be shared: it is not written any more.
    #[must_use]
    pub fn freeze(self) -> Page {
        self.0
    }

    /// How many rows it holds.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.0.rows()
    }

    /// Bytes that it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// Its rows.
    #[must_use]
    pub fn batch(&self) -> Batch<'_> {
        self.0.batch()
    }

    /// Its bytes, as [`Page::as_bytes`].
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The place of its first row in the region.
    pub(crate) fn first_row(&self) -> usize {
        self.0.first_row()
    }

    /// Where its variable parts begin.
    pub(crate) fn heap_start(&self) -> usize {
        heap_start(self.0.as_bytes())
    }

    /// Changes some plain leaves of all rows, bits by bits.
    pub fn map_leaves(&mut self, leaves: &[usize], change: impl Fn(u128) -> u128) {
        let (rows, layout) = (self.rows(), self.0.layout.clone());
        let Some(run) = Arc::get_mut(&mut self.0.run) else { return };
        for &leaf in leaves {
            let width = layout.types()[leaf].width();
            let Some(offset) = layout.offset(leaf).filter(|_| layout.types()[leaf].physical() != Physical::Slot) else {
                continue;
            };
            for row in 0..rows {
                let start = FIRST_ROW + row * layout.width() + offset;
                let bytes = &mut run.as_mut_slice()[start..start + width];
                let mut wide = [0; 16];
                wide[..width].copy_from_slice(bytes);
                bytes.copy_from_slice(&change(u128::from_le_bytes(wide)).to_le_bytes()[..width]);
            }
        }
    }
}
