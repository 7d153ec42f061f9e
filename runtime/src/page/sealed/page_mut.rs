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

/// A closed page with one owner, which may write in it. [`PageMut::freeze`] turns it into a
/// [`Page`], which is immutable.
///
/// ```
/// use runtime::page::{Page, PageMut};
///
/// fn invert(mut page: PageMut) -> Page {
///     page.map_leaves(&[0], |bits| !bits);
///     page.freeze()
/// }
/// ```
/// A shared page cannot be written:
/// ```compile_fail,E0599
/// fn invert(page: &mut runtime::page::Page) {
///     page.map_leaves(&[0], |bits| !bits);
/// }
/// ```
/// nor can a page after it was frozen,
/// ```compile_fail,E0382
/// fn invert(mut page: runtime::page::PageMut) -> runtime::page::Page {
///     let shared = page.freeze();
///     page.map_leaves(&[0], |bits| !bits);
///     shared
/// }
/// ```
/// nor while it is read:
/// ```compile_fail,E0502
/// fn invert(mut page: runtime::page::PageMut) -> usize {
///     let batch = page.batch();
///     page.map_leaves(&[0], |bits| !bits);
///     batch.rows()
/// }
/// ```
#[derive(Debug)]
pub struct PageMut(
    /// The only handle on its run. It is never lent, because a borrower could clone it.
    Page,
);

impl Page {
    /// Makes the page writable.
    ///
    /// # Errors
    /// Returns the page unchanged if it has other handles.
    pub fn try_into_mut(mut self) -> Result<PageMut, Page> {
        if Arc::get_mut(&mut self.run).is_some() { Ok(PageMut(self)) } else { Err(self) }
    }

    /// Makes the page writable. If it has other handles, copies it. `memory` pays for the copy.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory), if the page has to be copied.
    pub fn into_mut(self, memory: &Memory) -> Result<PageMut> {
        self.try_into_mut().or_else(|shared| {
            let (bytes, layout) = (shared.as_bytes(), shared.layout());
            Page::copy_of(bytes, shared.rows, heap_start(bytes) as u32, layout, memory).map(PageMut)
        })
    }
}

impl PageMut {
    /// A page that a writer has just closed, without other handles.
    pub(in crate::page) fn of_writer(mut page: Page) -> Self {
        debug_assert!(Arc::get_mut(&mut page.run).is_some(), "a page of a table is shared");
        PageMut(page)
    }

    /// Makes the page immutable, so that it can be shared.
    #[must_use]
    pub fn freeze(self) -> Page {
        self.0
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.0.rows()
    }

    /// Bytes of the page in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// The rows as a batch.
    #[must_use]
    pub fn batch(&self) -> Batch<'_> {
        self.0.batch()
    }

    /// All bytes of the page, as [`Page::as_bytes`].
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Place of the first row in the region.
    pub(crate) fn first_row(&self) -> usize {
        self.0.first_row()
    }

    /// Offset of the variable parts.
    pub(crate) fn heap_start(&self) -> usize {
        heap_start(self.0.as_bytes())
    }

    /// Replaces each value of some plain leaves, in all rows, by `change` of its bits. Leaves of
    /// slots, and leaves that the layout does not store, are skipped.
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
