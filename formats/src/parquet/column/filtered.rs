//! Decodes columns, and keeps the rows that filters select.

use parquet::file::reader::ChunkReader;

use super::FlatColumns;
use super::flat::FlatColumn;
use super::kept::KeptRows;
use crate::BATCH_ROWS;
use crate::parquet::extract::ColumnFault;
use runtime::error::{Error, Result};
use runtime::page::{Columns, Selection, WINDOW_ROWS};
use runtime::row::{LeafSet, Schema};
use runtime::source::RowFilters;

/// Rows that are filtered in one step. Their values in a few columns stay in the first-level cache.
const FILTERED_ROWS: usize = WINDOW_ROWS;

/// Largest number of rows that are decoded for one batch, if few of them are kept.
const MAX_DECODED_ROWS: usize = 8 * BATCH_ROWS;

/// Largest share of kept rows at which filtering while decoding pays. Picking rows costs a tenth of
/// decoding them.
const MAX_KEPT_SHARE: f64 = 0.9;

/// Why rows cannot be filtered.
pub(in crate::parquet) enum FilterError {
    /// The file is damaged, or does not fit the record.
    Data(ColumnFault),
    /// A filter has failed.
    Filter(Error),
}

impl FilterError {
    /// Moves the row of an error by `rows`.
    fn moved_by(self, rows: usize) -> Self {
        match self {
            FilterError::Data(fault) => {
                FilterError::Data(ColumnFault { row: fault.row.map(|row| row + rows), ..fault })
            }
            FilterError::Filter(_) => self,
        }
    }
}

impl From<ColumnFault> for FilterError {
    fn from(fault: ColumnFault) -> Self {
        FilterError::Data(fault)
    }
}

impl From<Error> for FilterError {
    fn from(error: Error) -> Self {
        FilterError::Filter(error)
    }
}

/// Numbers of rows.
#[derive(Clone, Copy, Default)]
pub(in crate::parquet) struct RowCounts {
    /// Decoded rows.
    pub(in crate::parquet) rows: usize,
    /// Kept rows.
    pub(in crate::parquet) kept: usize,
}

impl<R: ChunkReader + 'static> FlatColumns<R> {
    /// Decodes some of the next `left` rows. The batch has those that filters keep.
    pub(in crate::parquet) fn advance_where(
        &mut self,
        left: usize,
        schema: &Schema,
        filters: &mut dyn RowFilters,
    ) -> Result<RowCounts, FilterError> {
        self.columns.iter_mut().for_each(|column| column.begin_batch(0));
        self.live = filters.live().cloned();
        self.value_results.resize(filters.count(), None);
        let mut kept = std::mem::take(&mut self.kept);
        let mut done = RowCounts { rows: 0, kept: 0 };
        while done.rows < left.min(if done.kept < WINDOW_ROWS { MAX_DECODED_ROWS } else { BATCH_ROWS }) {
            kept.begin(FILTERED_ROWS.min(left - done.rows));
            self.decode_kept(&mut kept, schema, filters).map_err(|error| error.moved_by(done.rows))?;
            done = RowCounts { rows: done.rows + kept.total(), kept: done.kept + kept.rows().len() };
        }
        self.kept = kept;
        let RowCounts { rows, kept } = self.filtered;
        self.filtered = RowCounts { rows: rows + done.rows, kept: kept + done.kept };
        Ok(done)
    }

    /// Returns `true` if filters drop enough rows of the row group for filtering to pay, or if no
    /// row was filtered yet.
    pub(in crate::parquet) fn pays_to_filter(&self) -> bool {
        let RowCounts { rows, kept } = self.filtered;
        (kept as f64) <= MAX_KEPT_SHARE * rows as f64
    }

    /// Decodes the next rows, and adds those to the batch that filters keep.
    fn decode_kept(
        &mut self,
        kept: &mut KeptRows,
        schema: &Schema,
        filters: &mut dyn RowFilters,
    ) -> Result<(), FilterError> {
        self.columns.iter_mut().for_each(FlatColumn::begin_rows);
        for filter in 0..filters.count() {
            let before = kept.rows().len();
            if before == 0 {
                break;
            }
            let Some(reads) = filters.reads(filter).cloned() else { continue };
            let mut call = FilterCall { filter, reads, schema, filters: &mut *filters };
            if !self.filter_by_dictionary(&mut call, kept)? {
                self.filter_by_row(&mut call, kept)?;
            }
            filters.note(filter, before, kept.rows().len());
        }
        for column in &mut self.columns {
            if kept.rows().is_empty() || self.live.as_ref().is_some_and(|live| !column.is_among(live)) {
                column.skip(kept.total())?;
            } else {
                column.add(kept)?;
            }
        }
        Ok(())
    }

    /// Evaluates a filter of one column on the values of its dictionary. Returns `false` if that is
    /// not possible or does not pay.
    fn filter_by_dictionary(&mut self, call: &mut FilterCall<'_>, kept: &mut KeptRows) -> Result<bool, FilterError> {
        let FilterCall { filter, reads, .. } = call;
        let mut columns = self.columns.iter_mut().filter(|column| column.is_among(reads));
        let (Some(column), None) = (columns.next(), columns.next()) else { return Ok(false) };
        // All values are evaluated, also those whose rows were dropped by earlier filters.
        if !call.filters.is_of_values(*filter) || 2 * column.dictionary_values > self.group_rows {
            return Ok(false);
        }
        column.ensure_decoded(kept.total())?;
        let Some(codes) = column.codes() else { return Ok(false) };
        let value_results = match &mut self.value_results[*filter] {
            Some(value_results) => value_results,
            value_results => value_results.insert(call.results_of(column)?),
        };
        kept.retain(codes, value_results);
        Ok(true)
    }

    /// Evaluates a filter on each row.
    fn filter_by_row(&mut self, call: &mut FilterCall<'_>, kept: &mut KeptRows) -> Result<(), FilterError> {
        let FilterCall { filter, reads, schema, filters } = call;
        for column in self.columns.iter_mut().filter(|column| column.is_among(reads)) {
            column.prepare_filter_input(kept)?;
        }
        let mut batch = Columns::new(kept.rows().len());
        for (index, leaf) in schema.leaves().iter().enumerate() {
            let is_read = |column: &&FlatColumn<R>| column.leaf == index || column.validity == Some(index);
            match self.columns.iter().filter(|column| column.is_among(reads)).find(is_read) {
                Some(column) => column.push_filter_input(index, leaf.ty, &mut batch)?,
                None => batch.dead(leaf.ty),
            }
        }
        let (batch, mut window) = (batch.finish(), Selection::default());
        window.fill(0..batch.rows());
        filters.select(*filter, &batch, &mut window)?;
        kept.retain_positions(window.rows());
        Ok(())
    }
}

/// One filter, and what it needs.
struct FilterCall<'f> {
    filter: usize,
    reads: LeafSet,
    schema: &'f Schema,
    filters: &'f mut dyn RowFilters,
}

impl FilterCall<'_> {
    /// Returns the filter's result for each value of a column's dictionary, and for null.
    fn results_of<R: ChunkReader + 'static>(&mut self, column: &FlatColumn<R>) -> Result<Vec<bool>> {
        let mut value_results = vec![false; column.dictionary_values + 1];
        let mut valid = vec![1; value_results.len()];
        valid[column.dictionary_values] = 0;
        // Without an `Option` there is no null.
        let values = column.dictionary_values + usize::from(column.validity.is_some());
        let mut batch = Columns::new(values);
        for (index, leaf) in self.schema.leaves().iter().enumerate() {
            if index == column.leaf || column.validity == Some(index) {
                column.push_dictionary(index, leaf.ty, &valid, &mut batch)?;
            } else {
                batch.dead(leaf.ty);
            }
        }
        let batch = batch.finish();
        let (mut next, mut window) = (0, Selection::default());
        while next < values {
            next = window.fill(next..values);
            self.filters.select(self.filter, &batch, &mut window)?;
            window.rows().iter().for_each(|&value| value_results[value as usize] = true);
        }
        Ok(value_results)
    }
}
