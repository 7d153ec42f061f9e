//! What is asked of a table: rows, and what is done with them.

use crate::error::Result;
use crate::group::{FoundRows, GroupTable, GroupUpdate, Groups, Rows, UnplacedRows, probe};
use crate::kernel::{JoinKernel, Outputs};
use crate::page::{Input, Selection};

/// What is done with rows for which the table has all that there is: the rows of their key groups are in memory.
pub trait StateRequest: Send {
    /// The leaves of the rows that are looked up.
    fn key(&self) -> &[usize];

    /// Whether it may change the table.
    fn writes(&self) -> bool {
        true
    }

    /// Does it, for rows of one window. Rows are left that find no room in the table, in their order, or behind those that closed a page of `out`. Rows of
    /// the same key come in the order in which they were asked.
    ///
    /// # Errors
    /// What kernels give.
    fn run(
        &mut self,
        table: &mut GroupTable,
        input: &Input<'_>,
        out: &mut Outputs,
        left: &mut UnplacedRows,
    ) -> Result<()>;
}

/// Puts whole records: each is its key's from then on, whether there was one or not. The rows' leaves are the table's.
pub struct Put {
    key: Box<[usize]>,
    copied: Vec<(usize, usize)>,
    groups: Groups,
    found: Selection,
}

impl Put {
    /// Of rows with so many leaves, which the leaves `key` tell apart.
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

/// Deletes the rows of keys, where there are any.
pub struct Delete {
    key: Box<[usize]>,
    found: FoundRows,
}

impl Delete {
    /// Of the keys that these leaves of the rows are.
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
        table.find(input, &self.key, &mut self.found)?;
        table.delete(self.found.groups())?;
        table.compact(false)?;
        Ok(())
    }
}

/// Adds rows to the states of their keys, by whatever adds rows to groups.
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

/// Joins rows with the table by its key: a kernel gets each row beside the row that it finds.
pub struct Probe {
    key: Box<[usize]>,
    found: FoundRows,
    stored_left: bool,
    kernel: Box<dyn JoinKernel>,
}

impl Probe {
    /// Of the keys that these leaves of the rows are. The table is the join's left side or its right one; where it is `optional`, rows that find nothing
    /// come with a record that is not there.
    #[must_use]
    pub fn new(key: impl Into<Box<[usize]>>, stored_left: bool, optional: bool, kernel: Box<dyn JoinKernel>) -> Self {
        Probe { key: key.into(), found: FoundRows::new(optional), stored_left, kernel }
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
        table.find(input, &self.key, &mut self.found)?;
        let done = self.kernel.run(&table.row_pairs(input, &self.found, self.stored_left), 0, out.pages())?;
        left.leave(self.found.rows_from(done));
        if self.found.is_optional() {
            self.found.list_absent();
            // Where a page is closed already, it stops before the first.
            let done = self.kernel.run(&table.row_pairs(input, &self.found, self.stored_left), 0, out.pages())?;
            left.leave(self.found.rows_from(done));
        }
        Ok(())
    }
}
