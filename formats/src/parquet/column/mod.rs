//! Flat columns, decoded to leaves without a stop: numbers, dates, decimals, timestamps and texts, in a dictionary or as they are.
//!
//! * [`flat`]: one column; [`pages`]: its pages; [`codes`]: positions in a dictionary, and levels; [`values`]: values in the width of their leaf.
//! * [`filtered`]: columns of which filters keep some rows: what these read is decoded first, and what they ask of one column they ask of its
//!   dictionary; of the other columns only the rows that stay are looked up.
//!
//! A dictionary is converted to the leaf's type once, and its values are looked up in that type: what the conversion of a batch would check and
//! compute for each row is done once for each different value. On lineitem this takes 0.6 ns a value, the `parquet` crate 2 to 2.5 where
//! dictionaries are small, and 6 where they are as large as its columns of keys and prices.
//!
//! Every other column is decoded by the crate: lists, columns of groups, other encodings, and where a dictionary cannot be converted, so that
//! errors are found in one place and name the row.

mod codes;
mod filtered;
mod flat;
mod kept;
mod pages;
mod values;

use std::sync::Arc;

use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::ChunkReader;

use super::fit::{FileFit, LeafPlan};
use super::hold::ColumnFault;
pub(super) use codes::{Codes, WINDOW};
use filtered::Advanced;
pub(super) use filtered::FilterError;
use flat::FlatColumn;
use kept::Kept;
use runtime::error::Result;
use runtime::page::Columns;
use runtime::row::{LeafSet, LeafType, Schema};
use values::Values;

/// The columns of a row group that are decoded here.
pub(super) struct FlatColumns<R: ChunkReader> {
    columns: Vec<FlatColumn<R>>,
    /// Of the row group before, by their leaf. What is allocated for each row group anew, the kernel clears anew.
    spare: Vec<(usize, Buffers)>,
    /// What the dictionary of one column after the other is decompressed into.
    dictionary: Vec<u8>,
    /// Rows of the row group.
    group_rows: usize,
    /// Rows of it that filters were asked of, and those that they kept.
    filtered: Advanced,
    /// The leaves of the batch, where filters were asked, and not all are read behind them.
    live: Option<LeafSet>,
    /// The rows that filters keep of those that were decoded last.
    kept: Kept,
    /// What filters say of the values of a dictionary, and of null behind them, by the filters' number.
    answers: Vec<Option<Vec<bool>>>,
}

/// What a column is decoded into.
struct Buffers {
    page: Vec<u8>,
    /// Of the file, and one more behind them: what stands under a null.
    dictionary: Values,
    codes: Vec<u32>,
    /// Those of the rows that are kept.
    taken: Vec<u32>,
    levels: Box<[u32; WINDOW]>,
    /// The batch, and which of its values there are.
    values: Values,
    valid: Vec<u8>,
    /// Which values there are of the rows that were decoded last.
    present: Vec<u8>,
    /// Rows that filters are asked of: where some have values that are in no dictionary all of them, and those that are kept so far.
    undropped: Values,
    asked: Values,
    asked_valid: Vec<u8>,
}

impl Buffers {
    /// `None` for a leaf that flat columns are not decoded to.
    fn of(ty: LeafType) -> Option<Self> {
        Some(Buffers {
            page: Vec::new(),
            dictionary: Values::of(ty)?,
            codes: vec![0; WINDOW],
            taken: Vec::new(),
            levels: Box::new([0; WINDOW]),
            values: Values::of(ty)?,
            valid: Vec::new(),
            present: Vec::new(),
            undropped: Values::of(ty)?,
            asked: Values::of(ty)?,
            asked_valid: Vec::new(),
        })
    }

    fn bytes(&self) -> usize {
        let values = [&self.dictionary, &self.values, &self.undropped, &self.asked].map(Values::capacity_bytes);
        let bytes = [&self.page, &self.valid, &self.present, &self.asked_valid].map(Vec::capacity);
        let codes = size_of_val(&*self.levels) + size_of::<u32>() * (self.codes.capacity() + self.taken.capacity());
        values.iter().sum::<usize>() + bytes.iter().sum::<usize>() + codes
    }
}

impl<R: ChunkReader + 'static> FlatColumns<R> {
    /// None.
    pub(super) fn none() -> Self {
        FlatColumns {
            columns: Vec::new(),
            spare: Vec::new(),
            dictionary: Vec::new(),
            group_rows: 0,
            filtered: Advanced::default(),
            live: None,
            kept: Kept::default(),
            answers: Vec::new(),
        }
    }

    /// Frees the row group. What its columns were decoded into is kept for the next one.
    pub(super) fn finish(&mut self) {
        self.spare.extend(self.columns.drain(..).map(|column| (column.leaf, column.into_buffers())));
    }

    /// Bytes that are kept for the next row group.
    pub(super) fn spare_bytes(&self) -> usize {
        self.spare.iter().map(|(_, buffers)| buffers.bytes()).sum::<usize>() + self.dictionary.capacity()
    }

    /// Frees them.
    pub(super) fn drop_spare(&mut self) {
        self.spare.clear();
        self.dictionary = Vec::new();
    }

    /// Begins a row group: with those of its columns that can be decoded here.
    pub(super) fn begin(
        &mut self,
        input: &Arc<R>,
        fit: &FileFit,
        schema: &Schema,
        live: &LeafSet,
        group: &RowGroupMetaData,
    ) {
        let leaf = |leaf: usize| Some((leaf, schema.leaves().get(leaf)?.ty, fit.plan(leaf)?));
        let leaves: Vec<(usize, LeafType, &LeafPlan)> = live.iter().filter_map(leaf).collect();
        let is_alone = |plan: &LeafPlan| {
            let of_column =
                |&&(_, ty, other): &&(usize, LeafType, &LeafPlan)| ty != LeafType::Valid && other.column == plan.column;
            leaves.iter().filter(of_column).count() == 1
        };
        // What a validity leaf is read from has to be read here, too.
        let has_validity = |plan: &LeafPlan| {
            let validity = plan.levels.last().and_then(|level| level.validity);
            validity.is_none_or(|leaf| fit.plan(leaf).is_some_and(|valid| valid.column == plan.column))
        };
        let values =
            leaves.iter().filter(|(_, ty, plan)| *ty != LeafType::Valid && is_alone(plan) && has_validity(plan));
        let mut spare = std::mem::take(&mut self.spare);
        let column = |&(leaf, ty, plan): &(usize, LeafType, &LeafPlan)| {
            let kept = spare.iter().position(|(of, _)| *of == leaf).map(|kept| spare.swap_remove(kept).1);
            FlatColumn::new(input, fit, (leaf, ty, plan), group, kept, &mut self.dictionary)
        };
        self.columns = values.filter_map(column).collect();
        self.group_rows = usize::try_from(group.num_rows()).unwrap_or(0);
        self.filtered = Advanced::default();
        self.answers.clear();
    }

    /// Whether a column of the file is one of them.
    pub(super) fn has(&self, column: usize) -> bool {
        self.columns.iter().any(|flat| flat.column == column)
    }

    /// Decodes the next rows.
    pub(super) fn advance(&mut self, rows: usize) -> Result<(), ColumnFault> {
        self.live = None;
        self.columns.iter_mut().try_for_each(|column| {
            column.begin_batch(rows);
            column.advance(rows)
        })
    }

    /// Adds a leaf to a batch, if it is one of these columns.
    pub(super) fn push<'a>(&'a self, leaf: usize, ty: LeafType, columns: &mut Columns<'a>) -> Option<Result<()>> {
        let column = self.columns.iter().find(|column| column.leaf == leaf || column.validity == Some(leaf))?;
        Some(match &self.live {
            Some(live) if !column.is_among(live) => {
                columns.dead(ty);
                Ok(())
            }
            _ => column.push(leaf, ty, columns),
        })
    }
}
