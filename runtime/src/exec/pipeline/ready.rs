//! The items of a step that wait for the next step.
//!
//! A closure cannot be interrupted while it emits rows, and one call may emit more than fits in
//! memory. Pages beyond the first few overflow. They stay in memory while half of the budget is
//! free, and are spilled from then on. They are read back one at a time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Result;
use crate::kernel::TaskContext;
use crate::memory::Memory;
use crate::page::{Page, RowWriter};
use crate::row::RowLayout;
use crate::spill::{Spilled, SpilledReader, Spiller};
use crate::stream::Item;

/// The items of a step, in the order in which the next step takes them.
#[derive(Default)]
pub(in crate::exec) struct ReadyItems {
    items: VecDeque<ReadyItem>,
    overflow: Option<Arc<Mutex<Overflow>>>,
}

enum ReadyItem {
    Item(Item),
    /// The next pages of the overflow, this many.
    Overflow(usize),
}

/// Overflowing pages: the first of them in memory, later ones on disk.
struct Overflow {
    layout: Arc<RowLayout>,
    memory: Memory,
    spiller: Spiller,
    kept: VecDeque<Page>,
    reader: Option<SpilledReader>,
    spilled: Spilled,
    /// Pages since the last [`Overflow::take_new`], and their rows.
    new: usize,
    new_rows: usize,
}

impl ReadyItems {
    /// Lets a writer overflow: takes the pages that it seals beyond the first few of a call.
    pub(in crate::exec) fn enable_overflow(&mut self, writer: &mut RowWriter, memory: Memory, context: &TaskContext) {
        let overflow = Arc::new(Mutex::new(Overflow {
            layout: writer.layout().clone(),
            memory,
            spiller: context.spiller(),
            kept: VecDeque::new(),
            reader: None,
            spilled: Spilled::default(),
            new: 0,
            new_rows: 0,
        }));
        let to = overflow.clone();
        writer.overflow_to(move |page| lock(&to).push(page));
        self.overflow = Some(overflow);
    }

    pub(super) fn push(&mut self, item: Item) {
        self.items.push_back(ReadyItem::Item(item));
    }

    /// Adds the pages that overflowed since the last call. Returns the number of their rows.
    pub(super) fn push_overflow(&mut self) -> usize {
        let Some(overflow) = &self.overflow else { return 0 };
        let (pages, rows) = lock(overflow).take_new();
        if pages > 0 {
            self.items.push_back(ReadyItem::Overflow(pages));
        }
        rows
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Drops all items.
    pub(super) fn clear(&mut self) {
        *self = ReadyItems::default();
    }

    /// Takes the next item. Without `accepts_rows`, rows and their ends
    /// [wait](Item::accept_filter).
    ///
    /// # Errors
    /// Fails if a page cannot be read from disk.
    pub(super) fn pop(&mut self, accepts_rows: bool) -> Result<Option<Item>> {
        let may_take = Item::accept_filter(accepts_rows);
        match self.items.front_mut() {
            Some(ReadyItem::Item(item)) if !may_take(item) => return Ok(None),
            Some(ReadyItem::Overflow(_)) if !accepts_rows => return Ok(None),
            Some(ReadyItem::Overflow(pages)) if *pages > 1 => *pages -= 1,
            _ => match self.items.pop_front() {
                Some(ReadyItem::Item(item)) => return Ok(Some(item)),
                Some(ReadyItem::Overflow(_)) => {}
                None => return Ok(None),
            },
        }
        let page = self.overflow.as_ref().map_or(Ok(None), |overflow| lock(overflow).pop())?;
        Ok(page.map(Item::Page))
    }
}

fn lock(overflow: &Mutex<Overflow>) -> MutexGuard<'_, Overflow> {
    overflow.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Overflow {
    fn push(&mut self, page: Page) {
        (self.new, self.new_rows) = (self.new + 1, self.new_rows + page.rows());
        let is_on_disk = self.reader.is_some() || !self.spilled.is_empty();
        if !is_on_disk && self.memory.budget().is_half_free() {
            self.kept.push_back(page);
        } else {
            self.spiller.write_now(&mut self.spilled, page);
        }
    }

    /// The number of pages since the last call, and their rows.
    fn take_new(&mut self) -> (usize, usize) {
        (std::mem::take(&mut self.new), std::mem::take(&mut self.new_rows))
    }

    fn pop(&mut self) -> Result<Option<Page>> {
        if let Some(page) = self.kept.pop_front() {
            return Ok(Some(page));
        }
        self.spiller.check()?;
        loop {
            if let Some(reader) = &mut self.reader {
                if let Some(page) = reader.next_now()? {
                    return Ok(Some(page));
                }
                self.reader = None;
            }
            if self.spilled.is_empty() {
                return Ok(None);
            }
            let spilled = std::mem::take(&mut self.spilled);
            self.reader = Some(self.spiller.read(spilled, &self.layout, 1, &self.memory));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Budget;
    use crate::row::{LeafSet, LeafType};
    use crate::stream::Control;

    fn write(writer: &mut RowWriter, numbers: std::ops::Range<u64>) {
        let text = "x".repeat(1_000);
        writer
            .visit(|mut leaves, mut claims| {
                let (number, words) = (leaves.plain::<u64>(), leaves.text());
                for value in numbers {
                    claims.put(words.heap_bytes(&text), |row, claims| {
                        number.write(row, value);
                        words.write(row, &text, claims);
                    });
                }
            })
            .unwrap();
        writer.seal();
    }

    #[test]
    fn overflowing_rows_of_one_call_keep_their_order() {
        let memory = Memory::new(Budget::new(2 << 20), "test");
        let context = TaskContext::alone(memory.clone());
        let layout = Arc::new(RowLayout::new(vec![LeafType::U64, LeafType::Text], &LeafSet::all(2)));
        let (mut writer, mut ready) = (RowWriter::new(layout, memory.clone()), ReadyItems::default());
        ready.enable_overflow(&mut writer, memory.clone(), &context);
        for call in 0..2 {
            write(&mut writer, 5_000 * call..5_000 * (call + 1));
            writer.take_sealed().for_each(|page| ready.push(Item::Page(page)));
            ready.push_overflow();
        }
        ready.push(Item::Control(Control::End));
        assert!(context.metrics.spilled_bytes.get() > 5 << 20);
        assert!(ready.pop(false).unwrap().is_none(), "rows that nobody wants stay before the end");
        let mut numbers = Vec::new();
        while let Some(Item::Page(page)) = ready.pop(true).unwrap() {
            let batch = page.batch();
            numbers.extend((0..page.rows()).map(|row| batch.leaf_bits(0, row) as u64));
        }
        assert!(numbers.into_iter().eq(0..10_000) && ready.is_empty());
        assert_eq!(memory.budget().used_bytes(), 0);
    }
}
