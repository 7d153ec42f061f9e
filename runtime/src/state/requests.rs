//! Requests to a table: rows, and the operation on them.

use crate::error::Result;
use crate::group::{FoundRows, GroupTable, GroupUpdate, Groups, KeyCursor, Rows, UnplacedRows, probe};
use crate::kernel::{JoinKernel, Outputs};
use crate::page::{Input, Page, Selection};

/// An operation on rows whose key groups are in memory.
pub trait StateRequest: Send {
    /// The leaves by which the rows are looked up: the table's key, or the key without its sub-key,
    /// for all rows of a key.
    fn key(&self) -> &[usize];

    /// Returns `true` if it may change the table.
    fn writes(&self) -> bool {
        true
    }

    /// Runs on rows of one window. Rows are put into `left` if they find no room in the table, or
    /// if they follow a row that closed a page of `out`. Rows of the same key arrive in the order
    /// of the requests.
    ///
    /// # Errors
    /// Fails if a kernel fails.
    fn run(
        &mut self,
        table: &mut GroupTable,
        input: &Input<'_>,
        out: &mut Outputs,
        left: &mut UnplacedRows,
    ) -> Result<()>;
}

/// Puts whole records. Each replaces the record with its key, if there is one. The rows have the
/// leaves of the table.
pub struct Put {
    key: Box<[usize]>,
    copied: Vec<(usize, usize)>,
    groups: Groups,
    found: Selection,
}

impl Put {
    /// A request for rows with `leaves` leaves, of which the leaves `key` are the key.
    #[must_use]
    pub fn new(leaves: usize, key: impl Into<Box<[usize]>>) -> Self {
        let copied = (0..leaves).map(|leaf| (leaf, leaf)).collect();
        Put { key: key.into(), copied, groups: Groups::default(), found: Selection::default() }
    }
}

impl StateRequest for Put {
    fn key(&self) -> &[usize] {
        &self.key
    }

    fn run(
        &mut self,
        table: &mut GroupTable,
        input: &Input<'_>,
        _: &mut Outputs,
        left: &mut UnplacedRows,
    ) -> Result<()> {
        let by = (&self.key[..], &self.copied[..]);
        let found = probe(table, input, by, &mut self.groups, &mut self.found, left)?;
        table.put(&found, &self.groups)?;
        left.uncombined(table, &found, &self.groups);
        table.compact(false)?;
        Ok(())
    }
}

/// Deletes the rows of keys, if there are any.
pub struct Delete {
    key: Box<[usize]>,
    found: FoundRows,
}

impl Delete {
    /// Deletes by these leaves of the rows: the row of each key, or all rows of the key if the
    /// sub-key is left out.
    #[must_use]
    pub fn new(key: impl Into<Box<[usize]>>) -> Self {
        Delete { key: key.into(), found: FoundRows::default() }
    }
}

impl StateRequest for Delete {
    fn key(&self) -> &[usize] {
        &self.key
    }

    fn run(&mut self, table: &mut GroupTable, input: &Input<'_>, _: &mut Outputs, _: &mut UnplacedRows) -> Result<()> {
        if !table.is_without_sub_key(&self.key) {
            table.find(input, &self.key, &mut self.found)?;
            table.delete(self.found.groups())?;
        } else {
            // Deleted rows are not found again.
            while {
                let is_left = table.find_rows(input, &self.key, &mut KeyCursor::default(), &mut self.found)?;
                table.delete(self.found.groups())?;
                is_left
            } {}
        }
        table.compact(false)?;
        Ok(())
    }
}

/// Adds rows to the states of their keys by a [`GroupUpdate`].
pub struct Update<U>(pub U);

impl<U: GroupUpdate> StateRequest for Update<U> {
    fn key(&self) -> &[usize] {
        self.0.key(Rows::New)
    }

    fn run(
        &mut self,
        table: &mut GroupTable,
        input: &Input<'_>,
        _: &mut Outputs,
        left: &mut UnplacedRows,
    ) -> Result<()> {
        self.0.add(table, input, Rows::New, left)
    }
}

/// Joins rows with the table by its key: a kernel receives each row with each row that it finds.
pub struct Probe {
    key: Box<[usize]>,
    found: FoundRows,
    stored_left: bool,
    kernel: Box<dyn JoinKernel>,
}

impl Probe {
    /// Joins by these leaves of the rows: with the row of each key, or with all rows of the key if
    /// the sub-key is left out. `stored_left` is whether the table is the left side of the join. If
    /// it is `optional`, a row without a match is paired with a missing record.
    #[must_use]
    pub fn new(key: impl Into<Box<[usize]>>, stored_left: bool, optional: bool, kernel: Box<dyn JoinKernel>) -> Self {
        Probe { key: key.into(), found: FoundRows::new(optional), stored_left, kernel }
    }

    /// Joins each row with all rows of its key. Stops between two rows after a page was closed. The
    /// results of one row may close several pages.
    fn run_all(
        &mut self,
        table: &GroupTable,
        input: &Input<'_>,
        out: &mut Outputs,
        left: &mut UnplacedRows,
    ) -> Result<()> {
        let (mut cursor, mut closed) = (KeyCursor::default(), Vec::new());
        loop {
            let continues = cursor.is_in_row();
            let is_left = table.find_rows(input, &self.key, &mut cursor, &mut self.found)?;
            let done = self.run_pairs(table, input, continues, out, &mut closed)?;
            let (rows, stopped) = (input.selection().rows(), self.found.row_of(done));
            let end = rows.iter().position(|&row| stopped == Some(row)).unwrap_or(rows.len());
            left.leave(rows[end..].iter().copied());
            if self.found.is_optional() {
                self.found.list_absent();
                let done = self.run_pairs(table, input, false, out, &mut closed)?;
                left.leave(self.found.rows_from(done).filter(|row| rows[..end].contains(row)));
            }
            if stopped.is_some() || !is_left {
                break;
            }
        }
        closed.into_iter().for_each(|page| out.pages().push_sealed(page));
        Ok(())
    }

    /// Runs the listed pairs, to the end or to the first row after a page was closed. Returns the
    /// number of pairs that were run.
    fn run_pairs(
        &mut self,
        table: &GroupTable,
        input: &Input<'_>,
        continues: bool,
        out: &mut Outputs,
        closed: &mut Vec<Page>,
    ) -> Result<usize> {
        let pairs = table.row_pairs(input, &self.found, self.stored_left);
        let mut done = 0;
        while done < self.found.len() {
            closed.extend(out.pages().take_sealed());
            let begins = if done == 0 { !continues } else { self.found.begins_row(done) };
            if begins && !closed.is_empty() {
                break;
            }
            done = self.kernel.run(&pairs, done, out.pages())?;
        }
        Ok(done)
    }
}

impl StateRequest for Probe {
    fn key(&self) -> &[usize] {
        &self.key
    }

    fn writes(&self) -> bool {
        false
    }

    fn run(
        &mut self,
        table: &mut GroupTable,
        input: &Input<'_>,
        out: &mut Outputs,
        left: &mut UnplacedRows,
    ) -> Result<()> {
        if table.is_without_sub_key(&self.key) {
            return self.run_all(table, input, out, left);
        }
        table.find(input, &self.key, &mut self.found)?;
        let done = self.kernel.run(&table.row_pairs(input, &self.found, self.stored_left), 0, out.pages())?;
        left.leave(self.found.rows_from(done));
        if self.found.is_optional() {
            self.found.list_absent();
            // If a page is closed already, it stops before the first row.
            let done = self.kernel.run(&table.row_pairs(input, &self.found, self.stored_left), 0, out.pages())?;
            left.leave(self.found.rows_from(done));
        }
        Ok(())
    }
}
