//! Sorted rows in windows of whole groups.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::TaskContext;
use crate::memory::Memory;
use crate::memory::limits::PAGE_BYTES;
use crate::page::{Input, Page, RowWriter, Selection, windows};
use crate::row::RowLayout;
use crate::sort::buffer::SortBuffer;
use crate::sort::external::large::LargeGroup;
use crate::sort::external::sorter::Sorter;
use crate::sort::order::OrderKey;
use crate::spill::{Spilled, Spiller};
use crate::strategy::{Cursor, Progress, ready};

/// The smallest window if memory is scarce, in bytes. The rest of `SORTED_GROUPS_BYTES` holds a
/// copy of its last group, and the next page.
const MIN_WINDOW_BYTES: usize = 2 * PAGE_BYTES;

/// Sorts rows, then shows them in windows of whole groups.
///
/// If memory holds all rows, there is one window. Else a window has as many groups as fit. A group
/// that does not fit is written to disk on its own, and read row by row ([`LargeGroup`]).
pub struct GroupSorter {
    layout: Arc<RowLayout>,
    sorter: Sorter,
    leading: usize,
    /// The number of rows that are needed of each group. `None` if all are.
    rows_per_group: Option<usize>,
    is_sorted: bool,
    /// Rows are on disk, and the first window is complete.
    has_window: bool,
    is_advancing: bool,
    window: Window,
    memory: Memory,
    spiller: Arc<Spiller>,
}

/// The window, if rows are on disk.
struct Window {
    /// Rows of whole groups, or only the first row of a large group.
    rows: SortBuffer,
    /// The first rows of a group whose end has not been read.
    next: SortBuffer,
    /// Writer of the merged rows.
    pages: RowWriter,
    /// The rows of the group that is larger than a window. `rows` has its first row.
    large: Option<Spilled>,
    /// The end of the large group has been read.
    large_ended: bool,
    /// All rows have been read. The last ones are in `next`.
    ended: bool,
}

impl GroupSorter {
    /// Creates a sorter. Rows are a group if they agree in the first `leading` leaves of the order.
    ///
    /// # Errors
    /// Fails as [`Sorter::new`].
    pub fn new(layout: Arc<RowLayout>, order: Vec<OrderKey>, leading: usize, context: &TaskContext) -> Result<Self> {
        let buffer = || SortBuffer::new(layout.clone(), order.clone(), &context.memory);
        let window = Window {
            rows: buffer()?,
            next: buffer()?,
            pages: RowWriter::new(layout.clone(), context.memory.clone()),
            large: None,
            large_ended: false,
            ended: false,
        };
        let (memory, spiller) = (context.memory.clone(), Arc::new(context.spiller()));
        let sorter = Sorter::indexed(layout.clone(), order, context)?;
        Ok(GroupSorter {
            layout,
            sorter,
            leading,
            rows_per_group: None,
            is_sorted: false,
            has_window: false,
            is_advancing: false,
            window,
            memory,
            spiller,
        })
    }

    /// As [`GroupSorter::new`], but windows have only the first `count` rows of each group. A large
    /// group may have more.
    ///
    /// # Errors
    /// Fails as [`Sorter::new`].
    pub fn first_of_groups(
        layout: Arc<RowLayout>,
        order: Vec<OrderKey>,
        leading: usize,
        count: usize,
        context: &TaskContext,
    ) -> Result<Self> {
        let sorter = Sorter::first_of_groups(layout.clone(), order.clone(), count, leading, context)?;
        Ok(GroupSorter { sorter, rows_per_group: Some(count), ..Self::new(layout, order, leading, context)? })
    }

    /// As [`Sorter::add`].
    ///
    /// # Errors
    /// As [`Sorter::add`].
    pub fn add(&mut self, input: &Input<'_>, cursor: &mut Cursor) -> Result<Progress> {
        self.sorter.add(input, cursor)
    }

    /// As [`Sorter::finish`]. Then also prepares the first window.
    ///
    /// # Errors
    /// As [`Sorter::add`].
    pub fn finish(&mut self) -> Result<Progress> {
        if !self.is_sorted {
            ready!(self.sorter.finish()?);
            self.is_sorted = true;
        }
        if self.has_window || self.sorter.in_memory().is_some() {
            return Ok(Progress::Done);
        }
        let progress = self.advance()?;
        self.has_window = progress == Progress::Done;
        Ok(progress)
    }

    /// As [`Sorter::revoke`]. Must not be called after the first window has been read.
    pub fn revoke(&mut self) {
        self.sorter.revoke();
        self.is_sorted = false;
    }

    /// As [`Sorter::continue_revoking`].
    ///
    /// # Errors
    /// As [`Sorter::continue_revoking`].
    pub fn continue_revoking(&mut self) -> Result<Progress> {
        self.sorter.continue_revoking()
    }

    /// As [`Sorter::has_room_for`].
    #[must_use]
    pub fn has_room_for(&self, input: &Input<'_>) -> bool {
        self.sorter.has_room_for(input)
    }

    /// Returns `true` if rows are on disk or are being written.
    #[must_use]
    pub fn is_on_disk(&self) -> bool {
        self.sorter.is_on_disk()
    }

    /// Bytes of rows in memory that can be spilled.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.sorter.bytes()
    }

    /// The window, after [`GroupSorter::finish`] or [`GroupSorter::advance`] has returned `Done`.
    #[must_use]
    pub fn window(&self) -> &SortBuffer {
        self.sorter.in_memory().unwrap_or(&self.window.rows)
    }

    /// Emits the next rows of the window until a page of `out` is sealed. Returns `true` if rows
    /// are left.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory) if memory for a page is
    /// refused.
    pub fn emit(&mut self, out: &mut RowWriter) -> Result<bool> {
        match self.sorter.in_memory() {
            Some(_) => self.sorter.buffer.emit(out),
            None => self.window.rows.emit(out),
        }
    }

    /// Returns `true` if the window is the first row of a large group. [`GroupSorter::take_large`]
    /// returns that group.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.window.large.is_some()
    }

    /// Returns `true` if no rows follow the window.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.sorter.in_memory().is_some()
            || (self.window.ended && self.window.next.is_empty() && self.window.large.is_none())
    }

    /// Returns `true` unless a call of [`GroupSorter::advance`] must be repeated.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.is_advancing
    }

    /// Moves on to the next window. Called until it returns `Done`, after all groups of this window
    /// have been read.
    ///
    /// # Errors
    /// As [`Sorter::add`].
    pub fn advance(&mut self) -> Result<Progress> {
        self.is_advancing = true;
        let progress = self.fill_window()?;
        self.is_advancing = progress != Progress::Done;
        Ok(progress)
    }

    fn fill_window(&mut self) -> Result<Progress> {
        if self.window.large.is_none() {
            self.window.rows.clear();
        }
        while !(self.window.ended || self.window.large_ended) {
            if self.window.large.is_none() && self.is_full() && self.start_window()? {
                return Ok(Progress::Done);
            }
            self.spiller.check()?;
            if self.spiller.unwritten_bytes() > MIN_WINDOW_BYTES.max(self.window.next.largest_page_bytes()) {
                return Ok(Progress::Pending);
            }
            match self.sorter.emit(&mut self.window.pages)? {
                Progress::Pending => return Ok(Progress::Pending),
                Progress::Yield => {}
                Progress::Done => {
                    self.window.pages.seal();
                    self.window.ended = true;
                }
            }
            let pages: Vec<Page> = self.window.pages.take_sealed().collect();
            pages.into_iter().try_for_each(|page| self.add_page(page))?;
        }
        if self.window.large.is_some() {
            self.spiller.check()?;
            return Ok(if self.spiller.unwritten_bytes() > 0 { Progress::Pending } else { Progress::Done });
        }
        // No rows follow, so the last groups are complete.
        std::mem::swap(&mut self.window.rows, &mut self.window.next);
        self.window.rows.sort();
        self.drop_excess_rows();
        Ok(Progress::Done)
    }

    /// Drops rows of the window that are not needed.
    fn drop_excess_rows(&mut self) {
        if let Some(count) = self.rows_per_group {
            self.window.rows.truncate_groups(count, self.leading);
        }
    }

    /// Returns `true` if the next page may not fit.
    fn is_full(&self) -> bool {
        let next = &self.window.next;
        // The last group is copied to the next window, and a page is read.
        next.bytes() >= MIN_WINDOW_BYTES && !self.memory.try_reserve(2 * next.largest_page_bytes() + next.bytes())
    }

    /// Makes the whole groups of `next` the window. Returns `false` if there is none: the only
    /// group is then written to disk.
    fn start_window(&mut self) -> Result<bool> {
        let window = &mut self.window;
        window.next.sort();
        let last = window.next.last_group(self.leading);
        let mut pages = RowWriter::new(self.layout.clone(), self.memory.clone());
        if last == 0 {
            let mut spilled = Spilled::default();
            let mut more = true;
            while more {
                more = window.next.emit(&mut pages)?;
                if !more {
                    pages.seal();
                }
                // Written on this thread, since no memory is left for pages that wait.
                pages.take_sealed().for_each(|page| self.spiller.write_now(&mut spilled, page));
            }
            self.spiller.count_part();
            window.next.copy_to(0..1, &mut pages)?;
            window.next.clear();
            add_all(&mut window.rows, &pages.take_sealed().collect::<Vec<_>>())?;
            window.rows.sort();
            window.large = Some(spilled);
            return Ok(false);
        }
        std::mem::swap(&mut window.rows, &mut window.next);
        // Copied in steps: the last group may be nearly all of the window, and memory holds only
        // one copy.
        let (mut start, rows) = (last, window.rows.len());
        while start < rows {
            let end = window.rows.page_end(start, rows);
            window.rows.copy_to(start..end, &mut pages)?;
            add_all(&mut window.next, &pages.take_sealed().collect::<Vec<_>>())?;
            start = end;
        }
        window.rows.truncate(last);
        self.drop_excess_rows();
        Ok(true)
    }

    /// Adds the next sorted rows: to the large group on disk if they belong to it, else to `next`.
    fn add_page(&mut self, page: Page) -> Result<()> {
        let window = &mut self.window;
        let Some(spilled) = window.large.as_mut().filter(|_| !window.large_ended) else {
            return add_all(&mut window.next, &[page]);
        };
        let of_group = window.rows.rows_of_group(0, &page, self.leading);
        if of_group == page.rows() {
            self.spiller.write(spilled, [page]);
            return Ok(());
        }
        window.large_ended = true;
        let mut pages = RowWriter::new(self.layout.clone(), self.memory.clone());
        let (batch, mut part) = (page.batch(), Selection::default());
        part.set(0..of_group as u32);
        pages.append(&Input::new(&batch, &part), None)?;
        pages.seal();
        self.spiller.write(spilled, pages.take_sealed());
        part.set(of_group as u32..page.rows() as u32);
        window.next.add(&Input::new(&batch, &part))
    }

    /// Takes the large group of the window. Then the caller must [advance](GroupSorter::advance).
    pub fn take_large(&mut self) -> Option<LargeGroup> {
        self.take_large_pages().map(|spilled| self.large_group(spilled))
    }

    /// As [`GroupSorter::take_large`], for a closure that may read the group again from its first
    /// row. Also returns the pages, which the caller must [forget](Spiller::forget) afterwards.
    pub fn take_large_rewindable(&mut self) -> Option<(LargeGroup, Spilled)> {
        let spilled = self.take_large_pages()?;
        let (spiller, layout, memory) = (self.spiller.clone(), self.layout.clone(), self.memory.clone());
        let pages = spilled.slice(0..spilled.pages());
        let rows = spilled.rows() as usize;
        let group = LargeGroup::rewindable(move || (spiller.read_again(&pages, &layout, 1, &memory), rows));
        Some((group, spilled))
    }

    /// As [`GroupSorter::take_large`], for a caller that reads the pages itself, perhaps several
    /// times.
    pub fn take_large_pages(&mut self) -> Option<Spilled> {
        let spilled = self.window.large.take()?;
        self.window.large_ended = false;
        Some(spilled)
    }

    /// The spiller of large groups.
    #[must_use]
    pub fn spiller(&self) -> &Spiller {
        &self.spiller
    }

    /// Writes rows of the window to disk, to read them row by row as those of a large group.
    ///
    /// # Errors
    /// Fails if the disk fails.
    pub fn as_large(&mut self, positions: std::ops::Range<usize>) -> Result<LargeGroup> {
        let mut pages = RowWriter::new(self.layout.clone(), self.memory.clone());
        let mut spilled = Spilled::default();
        self.sorter.in_memory().unwrap_or(&self.window.rows).copy_to(positions, &mut pages)?;
        pages.take_sealed().for_each(|page| self.spiller.write_now(&mut spilled, page));
        self.spiller.check()?;
        Ok(self.large_group(spilled))
    }

    fn large_group(&self, spilled: Spilled) -> LargeGroup {
        let rows = spilled.rows() as usize;
        LargeGroup::new(self.spiller.read(spilled, &self.layout, 1, &self.memory), rows)
    }

    /// Drops all rows and frees their memory. Called after all groups have been read.
    pub fn clear(&mut self) {
        self.sorter.clear();
        self.window.rows.clear();
        self.memory.shrink();
    }
}

fn add_all(to: &mut SortBuffer, pages: &[Page]) -> Result<()> {
    pages.iter().try_for_each(|page| windows(&page.batch(), |input| to.add(input)))
}
