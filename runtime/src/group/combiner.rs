//! Combiners: pre-aggregate rows before they are shipped, and emit incomplete groups if memory
//! ends.
//!
//! A combiner is useful only if rows share groups, which is not known before and may change. So it
//! measures that. It judges its table when it is larger than the caches, or as large as it may be.
//! If hardly any row shared a group, it changes to small tables. These fit a core's second cache,
//! and still combine frequent groups. If a small table finds none either, the next 15 are filled
//! without lookups: each row is a group of its own. After 256 small tables, some millions of rows,
//! it tries a large table again.

use crate::error::Result;
use crate::group::bypass::{AggregationBypass, is_useless};
use crate::group::table::{GroupTable, GrowthPolicy};
use crate::group::unplaced::UnplacedRows;
use crate::group::{GroupUpdate, Rows};
use crate::kernel::Outputs;
use crate::memory::limits::COMBINE_BYTES;
use crate::page::{Input, Selection};

/// Bytes of a table of many groups: by then it shows whether rows meet.
const JUDGED_BYTES: usize = 8 << 20;

/// The same, where it may not have that many, or does not get them.
const LEAST_JUDGED_BYTES: usize = COMBINE_BYTES / 2;

/// Bytes of a table that stays in a core's second cache.
const NEAR_BYTES: usize = 768 << 10;

/// How often a small table is filled before a large one is tried again.
const SMALL_TABLES: u32 = 256;

/// What a task folds of its rows before it ships them. It keeps a bounded part of the budget, and no more than it gets.
pub(crate) struct Combiner {
    table: GroupTable,
    most_bytes: usize,
    /// Rows since it last gave its groups.
    rows: usize,
    /// So many more tables stay small.
    small: u32,
    /// Which of these have a group for each row.
    bypass: AggregationBypass,
    /// A small table that has more bytes is given.
    most_near: usize,
    unplaced: UnplacedRows,
    rest: Selection,
    /// Somebody else needs the memory.
    gives_up: bool,
}

impl Combiner {
    /// Groups in an empty table, that are given up beyond `most_bytes`.
    pub(crate) fn new(table: GroupTable, most_bytes: usize) -> Self {
        Combiner {
            table: table.growing(GrowthPolicy::IfIdle),
            most_bytes,
            rows: 0,
            small: 0,
            bypass: AggregationBypass::default(),
            most_near: NEAR_BYTES,
            unplaced: UnplacedRows::default(),
            rest: Selection::default(),
            gives_up: false,
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
                // What an empty table cannot hold, nothing can.
                self.table.set_must_grow(self.table.is_empty());
                self.rows -= self.rest.rows().len();
                self.judge_what_there_is();
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
        if bytes > self.most_bytes || std::mem::take(&mut self.gives_up) {
            self.judge_what_there_is();
            return self.flush(out);
        }
        if self.small > 0 && bytes > self.most_near {
            self.next_small();
            return self.pass_on(out);
        }
        if self.small == 0 && bytes > JUDGED_BYTES && self.judge() { self.flush(out) } else { Ok(()) }
    }

    /// Keeps to small tables for a while, if a large one was not worth its room: whether it does from now on.
    fn judge(&mut self) -> bool {
        let gives_in = is_useless(self.table.len(), self.rows);
        if gives_in {
            self.small = SMALL_TABLES;
        }
        gives_in
    }

    /// A small table is full: what the next one is.
    fn next_small(&mut self) {
        self.small -= 1;
        let is_apart = self.bypass.next(self.table.len(), self.rows);
        self.table.set_bypass(self.small > 0 && is_apart);
    }

    /// A table is as large as it can be here, be that less than is asked of others: it is judged as it is, if there is something to judge by.
    fn judge_what_there_is(&mut self) {
        match self.table.bytes() > LEAST_JUDGED_BYTES {
            true if self.small > 0 => self.next_small(),
            true => _ = self.judge(),
            false => {}
        }
    }

    /// Gives the pages that are closed, and forgets all groups.
    fn pass_on(&mut self, out: &mut Outputs) -> Result<()> {
        if self.table.store.has_replaced() {
            return self.flush(out);
        }
        for (_, pages) in self.table.pass_on(1) {
            pages.into_iter().for_each(|page| out.pages().adopt(page));
        }
        self.rows = 0;
        // The index stays as large as it was, which is more than small groups take.
        self.most_near = NEAR_BYTES.max(self.table.bytes() + NEAR_BYTES / 2);
        Ok(())
    }

    /// Has its groups given with the next rows: its memory is asked back.
    pub(crate) fn give_up(&mut self) {
        self.gives_up = true;
    }

    /// Gives its groups.
    pub(crate) fn flush(&mut self, out: &mut Outputs) -> Result<()> {
        self.rows = 0;
        self.table.begin_drain();
        while let Some(page) = self.table.next_page()? {
            out.pages().adopt(page);
        }
        Ok(())
    }
}
