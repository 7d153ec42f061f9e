//! Combiners: pre-aggregate rows before they are shipped, and emit incomplete groups if memory is
//! refused.
//!
//! A combiner is useful only if rows share groups. This is not known in advance and may change, so
//! a combiner measures it. It checks its table when the table is larger than the caches, or as
//! large as it may be. If almost no rows shared a group, it changes to small tables. These fit in
//! the second-level cache of a core and still combine frequent groups. If a small table finds
//! almost none either, the next 15 are filled without lookups: each row is a group of its own.
//! After 256 small tables, that is, some million rows, it tries a large table again.

use crate::error::Result;
use crate::group::bypass::{AggregationBypass, is_useless};
use crate::group::table::{GroupTable, GrowthPolicy};
use crate::group::unplaced::UnplacedRows;
use crate::group::{GroupUpdate, Rows};
use crate::kernel::Outputs;
use crate::memory::limits::COMBINE_BYTES;
use crate::page::{Input, Selection};

/// The size of a table of many groups at which it is checked whether rows share groups.
const JUDGED_BYTES: usize = 8 << 20;

/// The least size for that check if the table cannot grow to `JUDGED_BYTES`.
const MIN_JUDGED_BYTES: usize = COMBINE_BYTES / 2;

/// The size of a table that fits in the second-level cache of a core.
const SMALL_TABLE_BYTES: usize = 768 << 10;

/// The number of small tables before a large one is tried again.
const SMALL_TABLES: u32 = 256;

/// Combines the rows of a task before they are shipped. Its memory is bounded, and it never asks
/// others to spill.
pub(crate) struct Combiner {
    table: GroupTable,
    max_bytes: usize,
    /// The number of rows since its groups were last emitted.
    rows: usize,
    /// The number of further tables that stay small.
    small_tables_left: u32,
    /// Decides which of these are filled without lookups.
    bypass: AggregationBypass,
    /// The size in bytes beyond which a small table is emitted.
    max_small_bytes: usize,
    unplaced: UnplacedRows,
    rest: Selection,
    /// Whether the memory was revoked.
    is_revoked: bool,
}

impl Combiner {
    /// A combiner with an empty table. It emits its groups if they take more than `max_bytes`.
    pub(crate) fn new(table: GroupTable, max_bytes: usize) -> Self {
        Combiner {
            table: table.growing(GrowthPolicy::IfIdle),
            max_bytes,
            rows: 0,
            small_tables_left: 0,
            bypass: AggregationBypass::default(),
            max_small_bytes: SMALL_TABLE_BYTES,
            unplaced: UnplacedRows::default(),
            rest: Selection::default(),
            is_revoked: false,
        }
    }

    /// Adds a window of rows.
    pub(crate) fn add(&mut self, update: &mut dyn GroupUpdate, input: &Input<'_>, out: &mut Outputs) -> Result<()> {
        self.unplaced.clear();
        update.add(&mut self.table, input, Rows::New, &mut self.unplaced)?;
        self.rows += input.len();
        while !self.unplaced.is_empty() {
            self.rest.set(self.unplaced.rows());
            if self.unplaced.refused {
                // A row that does not fit in an empty table must grow it, or fail.
                self.table.set_must_grow(self.table.is_empty());
                self.rows -= self.rest.rows().len();
                self.judge_at_limit();
                self.flush(out)?;
                self.rows = self.rest.rows().len();
            }
            self.unplaced.clear();
            let rest = Input::new(input.batch(), &self.rest);
            let added = update.add(&mut self.table, &rest, Rows::New, &mut self.unplaced);
            self.table.set_must_grow(false);
            added?;
        }
        let bytes = self.table.bytes();
        if bytes > self.max_bytes || std::mem::take(&mut self.is_revoked) {
            self.judge_at_limit();
            return self.flush(out);
        }
        if self.small_tables_left > 0 && bytes > self.max_small_bytes {
            self.next_small();
            return self.pass_on(out);
        }
        if self.small_tables_left == 0 && bytes > JUDGED_BYTES && self.judge() { self.flush(out) } else { Ok(()) }
    }

    /// Checks whether rows share groups. If not, changes to small tables and returns `true`.
    fn judge(&mut self) -> bool {
        let is_table_useless = is_useless(self.table.len(), self.rows);
        if is_table_useless {
            self.small_tables_left = SMALL_TABLES;
        }
        is_table_useless
    }

    /// Called when a small table is full. Decides whether the next one is filled without lookups.
    fn next_small(&mut self) {
        self.small_tables_left -= 1;
        let bypasses = self.bypass.next(self.table.len(), self.rows);
        self.table.set_bypass(self.small_tables_left > 0 && bypasses);
    }

    /// Checks a table that cannot grow further, if it is large enough for that.
    fn judge_at_limit(&mut self) {
        match self.table.bytes() > MIN_JUDGED_BYTES {
            true if self.small_tables_left > 0 => self.next_small(),
            true => _ = self.judge(),
            false => {}
        }
    }

    /// Emits the closed pages, and drops all groups.
    fn pass_on(&mut self, out: &mut Outputs) -> Result<()> {
        if self.table.store.has_replaced() {
            return self.flush(out);
        }
        for (_, pages) in self.table.pass_on(1) {
            pages.into_iter().for_each(|page| out.pages().adopt(page));
        }
        self.rows = 0;
        // The index keeps its size, which is more than small groups need.
        self.max_small_bytes = SMALL_TABLE_BYTES.max(self.table.bytes() + SMALL_TABLE_BYTES / 2);
        Ok(())
    }

    /// Releases memory: the groups are emitted with the next rows.
    pub(crate) fn release_memory(&mut self) {
        self.is_revoked = true;
    }

    /// Emits all groups.
    pub(crate) fn flush(&mut self, out: &mut Outputs) -> Result<()> {
        self.rows = 0;
        self.table.begin_drain();
        while let Some(page) = self.table.next_page()? {
            out.pages().adopt(page);
        }
        Ok(())
    }
}
