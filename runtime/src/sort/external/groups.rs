//! Sorted rows, group by group.

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

/// A window of groups is no smaller than this, where memory is scarce: the rest of `SORTED_GROUPS_BYTES` is for its last group, and a page that comes.
const LEAST_WINDOW: usize = 2 * PAGE_BYTES;

/// Sorts rows, then shows them in windows of whole groups: all at once where memory holds them, else as many as it holds. A group that is larger
/// goes to disk by itself, and is lent row by row.
pub struct GroupSorter {
    layout: Arc<RowLayout>,
    sorter: Sorter,
    leading: usize,
    /// How many rows of each group are asked for, where not all are.
    first: Option<usize>,
    is_sorted: bool,
    /// The first window was there, of rows from the disk.
    is_shown: bool,
    is_advancing: bool,
    window: Window,
    memory: Memory,
    spiller: Arc<Spiller>,
}

/// What is shown of rows that come from the disk.
struct Window {
    /// Rows of whole groups; of a large group the first row alone.
    rows: SortBuffer,
    /// The first rows of a group whose end is not known.
    next: SortBuffer,
    /// Where merged rows are written.
    pages: RowWriter,
    /// The group that `rows` has the first row of, where it is larger than a window.
    large: Option<Spilled>,
    /// Whether the end of that group is known.
    large_ended: bool,
    /// Whether no row follows `next`.
    ended: bool,
}

impl GroupSorter {
    /// A sorter of rows which are a group where they agree in the first `leading` leaves of the order.
    ///
    /// # Errors
    /// When the region of pages cannot be had.
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
        let sorter = Sorter::seen(layout.clone(), order, context)?;
        Ok(GroupSorter {
            layout,
            sorter,
            leading,
            first: None,
            is_sorted: false,
            is_shown: false,
            is_advancing: false,
            window,
            memory,
            spiller,
        })
    }

    /// As [`GroupSorter::new`], for the first `count` rows of each group: a window has no others. Of a large group there may be more.
    ///
    /// # Errors
    /// As there.
    pub fn first_of_groups(
        layout: Arc<RowLayout>,
        order: Vec<OrderKey>,
        leading: usize,
        count: usize,
        context: &TaskContext,
    ) -> Result<Self> {
        let sorter = Sorter::first_of_groups(layout.clone(), order.clone(), count, leading, context)?;
        Ok(GroupSorter { sorter, first: Some(count), ..Self::new(layout, order, leading, context)? })
    }

    /// As [`Sorter::add`].
    ///
    /// # Errors
    /// As there.
    pub fn add(&mut self, input: &Input<'_>, cursor: &mut Cursor) -> Result<Progress> {
        self.sorter.add(input, cursor)
    }

    /// As [`Sorter::finish`]; then the first window is there.
    ///
    /// # Errors
    /// As there.
    pub fn finish(&mut self) -> Result<Progress> {
        if !self.is_sorted {
            ready!(self.sorter.finish()?);
            self.is_sorted = true;
        }
        if self.is_shown || self.sorter.in_memory().is_some() {
            return Ok(Progress::Done);
        }
        let progress = self.advance()?;
        self.is_shown = progress == Progress::Done;
        Ok(progress)
    }

    /// As [`Sorter::revoke`]; not to be called once groups were seen.
    pub fn revoke(&mut self) {
        self.sorter.revoke();
        self.is_sorted = false;
    }

    /// As [`Sorter::continue_revoking`].
    ///
    /// # Errors
    /// As there.
    pub fn continue_revoking(&mut self) -> Result<Progress> {
        self.sorter.continue_revoking()
    }

    /// As [`Sorter::has_room_for`].
    #[must_use]
    pub fn has_room_for(&self, input: &Input<'_>) -> bool {
        self.sorter.has_room_for(input)
    }

    /// Whether some rows are on disk, or on their way there.
    #[must_use]
    pub fn is_on_disk(&self) -> bool {
        self.sorter.is_on_disk()
    }

    /// Bytes of memory that rows take which could go to disk.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.sorter.bytes()
    }

    /// The groups at hand, once [`GroupSorter::finish`] or [`GroupSorter::advance`] has answered `Done`.
    #[must_use]
    pub fn window(&self) -> &SortBuffer {
        self.sorter.in_memory().unwrap_or(&self.window.rows)
    }

    /// Writes the next rows of the window until a page of `out` is closed; whether rows are left.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn emit(&mut self, out: &mut RowWriter) -> Result<bool> {
        match self.sorter.in_memory() {
            Some(_) => self.sorter.buffer.emit(out),
            None => self.window.rows.emit(out),
        }
    }

    /// Whether the window is the first row of a large group, which [`GroupSorter::take_large`] gives.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.window.large.is_some()
    }

    /// Whether no rows come behind the window.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.sorter.in_memory().is_some()
            || (self.window.ended && self.window.next.is_empty() && self.window.large.is_none())
    }

    /// Whether the window is complete: [`GroupSorter::advance`] has answered `Done`.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.is_advancing
    }

    /// Goes on to the next window, when all groups of this one have been seen: to be called until it answers `Done`.
    ///
    /// # Errors
    /// As [`Sorter::add`].
    pub fn advance(&mut self) -> Result<Progress> {
        self.is_advancing = true;
        let progress = self.go_on()?;
        self.is_advancing = progress != Progress::Done;
        Ok(progress)
    }

    fn go_on(&mut self) -> Result<Progress> {
        if self.window.large.is_none() {
            self.window.rows.clear();
        }
        while !(self.window.ended || self.window.large_ended) {
            if self.window.large.is_none() && self.is_full() && self.show()? {
                return Ok(Progress::Done);
            }
            self.spiller.check()?;
            if self.spiller.unwritten_bytes() > LEAST_WINDOW.max(self.window.next.largest_page_bytes()) {
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
            pages.into_iter().try_for_each(|page| self.take(page))?;
        }
        if self.window.large.is_some() {
            self.spiller.check()?;
            return Ok(if self.spiller.unwritten_bytes() > 0 { Progress::Pending } else { Progress::Done });
        }
        // The last groups are whole.
        std::mem::swap(&mut self.window.rows, &mut self.window.next);
        self.window.rows.sort();
        self.forget_rest();
        Ok(Progress::Done)
    }

    /// Shows no more of each group than is asked for.
    fn forget_rest(&mut self) {
        if let Some(count) = self.first {
            self.window.rows.forget_rest_of_groups(count, self.leading);
        }
    }

    /// Whether the next page might not fit.
    fn is_full(&self) -> bool {
        let next = &self.window.next;
        // A window's last group is copied to the next, and a page comes.
        next.bytes() >= LEAST_WINDOW && !self.memory.try_reserve(2 * next.largest_page_bytes() + next.bytes())
    }

    /// Shows the whole groups of what came; whether there is one. A group that is the only one goes to disk.
    fn show(&mut self) -> Result<bool> {
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
                // At once: there is no memory for pages that wait.
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
        // Some rows at a time: the last group may be nearly all of the window, and there is room for one copy of it.
        let (mut start, rows) = (last, window.rows.len());
        while start < rows {
            let end = window.rows.page_end(start, rows);
            window.rows.copy_to(start..end, &mut pages)?;
            add_all(&mut window.next, &pages.take_sealed().collect::<Vec<_>>())?;
            start = end;
        }
        window.rows.truncate(last);
        self.forget_rest();
        Ok(true)
    }

    /// Takes the next sorted rows: those of a large group go to disk, others come to the window.
    fn take(&mut self, page: Page) -> Result<()> {
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

    /// The large group that is next; then the window is to be advanced.
    pub fn take_large(&mut self) -> Option<LargeGroup> {
        self.take_large_pages().map(|spilled| self.lent(spilled))
    }

    /// As [`GroupSorter::take_large`], for a closure that may begin again with its first row; what reads its pages ([`GroupSorter::spiller`]) is to forget them then.
    pub fn take_large_again(&mut self) -> Option<(LargeGroup, Spilled)> {
        let spilled = self.take_large_pages()?;
        let (spiller, layout, memory) = (self.spiller.clone(), self.layout.clone(), self.memory.clone());
        let pages = spilled.part(0..spilled.pages());
        let rows = spilled.rows() as usize;
        let group = LargeGroup::again(move || (spiller.read_again(&pages, &layout, 1, &memory), rows));
        Some((group, spilled))
    }

    /// As [`GroupSorter::take_large`], for who reads its pages more than once.
    pub fn take_large_pages(&mut self) -> Option<Spilled> {
        let spilled = self.window.large.take()?;
        self.window.large_ended = false;
        Some(spilled)
    }

    /// What reads those pages.
    #[must_use]
    pub fn spiller(&self) -> &Spiller {
        &self.spiller
    }

    /// Some rows of the window, to be lent row by row as those of a large group are.
    ///
    /// # Errors
    /// What the disk says.
    pub fn as_large(&mut self, positions: std::ops::Range<usize>) -> Result<LargeGroup> {
        let mut pages = RowWriter::new(self.layout.clone(), self.memory.clone());
        let mut spilled = Spilled::default();
        self.sorter.in_memory().unwrap_or(&self.window.rows).copy_to(positions, &mut pages)?;
        pages.take_sealed().for_each(|page| self.spiller.write_now(&mut spilled, page));
        self.spiller.check()?;
        Ok(self.lent(spilled))
    }

    fn lent(&self, spilled: Spilled) -> LargeGroup {
        let rows = spilled.rows() as usize;
        LargeGroup::new(self.spiller.read(spilled, &self.layout, 1, &self.memory), rows)
    }

    /// Gives all memory back, when all groups have been seen.
    pub fn clear(&mut self) {
        self.sorter.clear();
        self.window.rows.clear();
        self.memory.shrink();
    }
}

fn add_all(to: &mut SortBuffer, pages: &[Page]) -> Result<()> {
    pages.iter().try_for_each(|page| windows(&page.batch(), |input| to.add(input)))
}
