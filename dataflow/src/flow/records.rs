//! The records of a result, in memory.

use std::io::Write;
use std::marker::PhantomData;

use formats::LinesFormat;
use runtime::error::Error as EngineError;
use runtime::page::{Input, Page, windows};
use runtime::plan::unbounded_memory;
use runtime::source::Format;

use crate::error::Result;
use crate::record::Record;

/// The records of a flow, in the engine's pages. They are read as borrowed twins and copied only on
/// request.
///
/// The pages count against the environment's memory budget until this is dropped.
pub struct Records<T> {
    pages: Vec<Page>,
    of: PhantomData<fn() -> T>,
}

impl<T: Record> Records<T> {
    pub(super) fn new(pages: Vec<Page>) -> Self {
        Records { pages, of: PhantomData }
    }

    /// The number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pages.iter().map(Page::rows).sum()
    }

    /// Returns `true` if there are no records.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls `body` for each record, in order.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// let words = Env::embedded().collection(["to", "be"])?.records()?;
    /// let mut all = String::new();
    /// words.for_each(|word| all.push_str(word));
    /// assert_eq!(all, "tobe");
    /// # Ok(())
    /// # }
    /// ```
    pub fn for_each(&self, mut body: impl for<'a> FnMut(T::At<'a>)) {
        let result = self.windows(|input| {
            input.visit(|mut leaves, rows| {
                let cursor = T::cursor(&mut leaves);
                (0..rows.len()).for_each(|position| body(T::at(cursor, rows.get(position))));
            });
            Ok::<_, std::convert::Infallible>(())
        });
        match result {
            Ok(()) => {}
        }
    }

    fn windows<E>(&self, mut f: impl FnMut(&Input<'_>) -> Result<(), E>) -> Result<(), E> {
        self.pages.iter().try_for_each(|page| windows(&page.batch(), &mut f))
    }

    /// Writes each record as a line of tab-separated values, like [`print`](crate::Flow::print).
    ///
    /// # Errors
    /// Fails if writing to `out` fails.
    pub fn write_lines(&self, out: &mut dyn Write) -> Result<()> {
        let mut encoder = LinesFormat.encoder(&T::schema(), &unbounded_memory())?;
        self.windows(|input| {
            encoder.encode(input)?;
            let bytes = encoder.output();
            out.write_all(bytes).map_err(EngineError::io("write", "records"))?;
            bytes.clear();
            Ok(())
        })
    }

    /// Returns copies of all records.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// let words = Env::embedded().collection(["to", "be"])?.records()?;
    /// assert_eq!(words.to_vec(), ["to", "be"]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn to_vec(&self) -> Vec<T> {
        let mut records = Vec::with_capacity(self.len());
        self.for_each(|record| records.push(T::own(record)));
        records
    }
}
