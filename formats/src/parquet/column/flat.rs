//! Decodes a flat column from its pages to the values of a batch.
//!
//! * [`page`]: reads pages, and the dictionary before them.
//! * [`decode`]: decodes the values and codes of a page.

mod decode;
mod page;

use std::sync::Arc;

use arrow_schema::DataType;
use parquet::basic::{Encoding, Type as PhysicalType};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;

use super::Buffers;
use super::kept::KeptRows;
use super::pages::Pages;
use super::values::{Values, plain_array};
use crate::parquet::extract::{ColumnFault, unexpected_nulls};
use crate::parquet::mapping::{FileMapping, LeafPlan, path};
use runtime::error::Result;
use runtime::page::{Columns, look_up};
use runtime::row::{LeafSet, LeafType};

use decode::{check_codes, ended};
use page::{Encoded, OpenPage};

/// A column of a row group.
pub(super) struct FlatColumn<R: ChunkReader> {
    pub(super) column: usize,
    /// The leaf that the column is read into. If the field is an `Option`, `validity` is its
    /// validity leaf.
    pub(super) leaf: usize,
    pub(super) validity: Option<usize>,
    ty: LeafType,
    physical: PhysicalType,
    data_type: DataType,
    is_nullable: bool,
    path: String,
    pages: Pages<R>,
    page: Option<OpenPage>,
    /// Number of values in the dictionary.
    pub(super) dictionary_values: usize,
    buffers: Buffers,
    /// Number of nulls in the batch.
    nulls: usize,
    state: RowState,
    /// Version of the kept rows from which the filter input was made.
    filter_input_version: Option<u64>,
}

/// Codes are picked only if at most one row in this number is kept. Picking a code takes the time
/// of decoding three.
const ROWS_PER_PICK: usize = 4;

/// State of the current rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RowState {
    /// Decoded to the values of the batch.
    Values,
    /// Not decoded.
    Undecoded,
    /// Decoded to codes.
    Codes,
    /// Decoded to the values of all rows, of which the kept ones are taken.
    Unfiltered,
}

impl<R: ChunkReader + 'static> FlatColumn<R> {
    /// Creates a column. Returns `None` if it is not flat, or is not decoded here.
    pub(super) fn new(
        input: &Arc<R>,
        mapping: &FileMapping,
        (leaf, ty, plan): (usize, LeafType, &LeafPlan),
        group: &RowGroupMetaData,
        kept: Option<Buffers>,
        dictionary: &mut Vec<u8>,
    ) -> Option<Self> {
        let ([level], None) = (plan.levels.as_slice(), &plan.items) else { return None };
        let chunk = group.column(plan.column);
        let field = mapping.metadata.schema().field_with_name(&level.name).ok()?;
        let (physical, data_type) = (chunk.column_type(), field.data_type().clone());
        let is_nullable = chunk.column_descr().max_def_level() == 1;
        if !is_decoded_here(chunk, is_nullable) || plain_array(physical, &data_type, &[], 0).is_none() {
            return None;
        }
        let rows = usize::try_from(group.num_rows()).ok()?;
        let mut buffers = kept.or_else(|| Buffers::of(ty))?;
        // A column that has only nulls may lack a dictionary.
        buffers.dictionary.clear();
        buffers.dictionary.push_default();
        let mut column = FlatColumn {
            column: plan.column,
            leaf,
            validity: level.validity,
            ty,
            physical,
            data_type,
            is_nullable,
            path: path(&plan.levels).to_owned(),
            pages: Pages::new(input, chunk, rows, std::mem::take(&mut buffers.page), std::mem::take(dictionary))
                .ok()?,
            page: None,
            dictionary_values: 0,
            buffers,
            nulls: 0,
            state: RowState::Values,
            filter_input_version: None,
        };
        column.read_page().ok()?;
        *dictionary = column.pages.take_dictionary();
        Some(column)
    }

    pub(super) fn into_buffers(self) -> Buffers {
        Buffers { page: self.pages.into_buffer(), ..self.buffers }
    }

    /// Begins a batch.
    pub(super) fn begin_batch(&mut self, rows: usize) {
        let Buffers { dictionary, unfiltered, values, valid, .. } = &mut self.buffers;
        for values in [unfiltered, &mut *values] {
            values.clear();
            // Adds the dictionary's buffers of texts first, before those of pages.
            let _ = values.look_up(dictionary, &[]);
        }
        values.reserve(rows);
        valid.clear();
        self.nulls = 0;
    }

    /// Begins the next rows. They are decoded on demand.
    pub(super) fn begin_rows(&mut self) {
        self.state = RowState::Undecoded;
    }

    /// Decodes the next rows, and adds all of them to the batch.
    pub(super) fn advance(&mut self, rows: usize) -> Result<(), ColumnFault> {
        self.state = RowState::Values;
        self.decode_all(rows)?;
        if self.is_nullable {
            self.buffers.valid.extend_from_slice(&self.buffers.present);
        }
        Ok(())
    }

    /// Decodes the next rows, unless that was done.
    pub(super) fn ensure_decoded(&mut self, rows: usize) -> Result<(), ColumnFault> {
        if self.state != RowState::Undecoded {
            return Ok(());
        }
        self.state = RowState::Codes;
        self.buffers.unfiltered.truncate(0);
        if self.buffers.codes.len() < rows {
            self.buffers.codes.resize(rows, 0);
        }
        self.decode_all(rows)
    }

    fn decode_all(&mut self, rows: usize) -> Result<(), ColumnFault> {
        self.buffers.present.clear();
        let (mut done, nulls) = (0, self.nulls);
        while done < rows {
            done += self.decode(rows - done, done)?;
        }
        if self.nulls > nulls && self.validity.is_none() {
            return Err(unexpected_nulls(&self.path, self.nulls - nulls, rows));
        }
        Ok(())
    }

    /// Returns the codes of the decoded rows, if all their values are in the dictionary. The code
    /// after the last value stands for null.
    pub(super) fn codes(&self) -> Option<&[u32]> {
        (self.state == RowState::Codes).then_some(&self.buffers.codes)
    }

    /// Skips the next rows.
    pub(super) fn skip(&mut self, rows: usize) -> Result<(), ColumnFault> {
        if self.pick(rows, &[])? { Ok(()) } else { self.ensure_decoded(rows) }
    }

    /// Adds the given ones of the next `of` rows to the batch, without decoding the others. Returns
    /// `false` if that is not possible. It is possible if the rows are not decoded, and all are
    /// codes of one page without nulls.
    fn pick(&mut self, of: usize, rows: &[u32]) -> Result<bool, ColumnFault> {
        if self.state != RowState::Undecoded || ROWS_PER_PICK * rows.len() > of {
            return Ok(false);
        }
        let Some(OpenPage { page, left, levels: None, encoded: Encoded::Codes(codes) }) = &mut self.page else {
            return Ok(false);
        };
        if *left < of {
            return Ok(false);
        }
        let Buffers { dictionary, picked_codes, values, valid, .. } = &mut self.buffers;
        picked_codes.clear();
        codes.pick(self.pages.body(page), of, rows, picked_codes).ok_or_else(ended)?;
        check_codes(picked_codes, self.dictionary_values)?;
        values.look_up(dictionary, picked_codes).ok_or_else(ended)?;
        if self.is_nullable {
            valid.resize(valid.len() + rows.len(), 1);
        }
        *left -= of;
        Ok(true)
    }

    /// Adds the kept rows to the batch.
    pub(super) fn add(&mut self, kept: &KeptRows) -> Result<(), ColumnFault> {
        if self.pick(kept.total(), kept.rows())? {
            return Ok(());
        }
        // Texts of pages would be in other buffers than those that were picked.
        if self.state == RowState::Undecoded && kept.are_all() && self.ty != LeafType::Text {
            return self.advance(kept.total());
        }
        self.ensure_decoded(kept.total())?;
        self.take(kept, false).ok_or_else(ended)
    }

    /// Prepares the values of the rows kept so far as the input of a filter, unless that was done.
    pub(super) fn prepare_filter_input(&mut self, kept: &KeptRows) -> Result<(), ColumnFault> {
        self.ensure_decoded(kept.total())?;
        if self.filter_input_version == Some(kept.version()) {
            return Ok(());
        }
        self.buffers.filter_input.clear();
        self.buffers.filter_input_valid.clear();
        self.take(kept, true).ok_or_else(ended)?;
        self.filter_input_version = Some(kept.version());
        Ok(())
    }

    /// Adds the kept rows to the input of a filter, or to the batch.
    fn take(&mut self, kept: &KeptRows, for_filter: bool) -> Option<()> {
        let Buffers {
            dictionary,
            codes,
            picked_codes,
            unfiltered,
            values,
            valid,
            filter_input,
            filter_input_valid,
            present,
            ..
        } = &mut self.buffers;
        let (values, valid) = if for_filter { (filter_input, filter_input_valid) } else { (values, valid) };
        if self.state == RowState::Unfiltered {
            values.look_up(unfiltered, kept.rows())?;
        } else if kept.are_all() {
            values.look_up(dictionary, codes.get(..kept.total())?)?;
        } else {
            picked_codes.clear();
            look_up(codes, kept.rows(), picked_codes)?;
            values.look_up(dictionary, picked_codes)?;
        }
        if self.is_nullable { look_up(present, kept.rows(), valid) } else { Some(()) }
    }

    /// Returns `true` if one of its leaves is in `leaves`.
    pub(super) fn is_among(&self, leaves: &LeafSet) -> bool {
        leaves.contains(self.leaf) || self.validity.is_some_and(|validity| leaves.contains(validity))
    }

    /// Adds one of its leaves to the batch.
    pub(super) fn push<'a>(&'a self, leaf: usize, ty: LeafType, columns: &mut Columns<'a>) -> Result<()> {
        self.push_of(leaf, ty, (&self.buffers.values, &self.buffers.valid), columns)
    }

    /// Adds one of its leaves to the input of a filter.
    pub(super) fn push_filter_input<'a>(&'a self, leaf: usize, ty: LeafType, columns: &mut Columns<'a>) -> Result<()> {
        self.push_of(leaf, ty, (&self.buffers.filter_input, &self.buffers.filter_input_valid), columns)
    }

    fn push_of<'a>(
        &'a self,
        leaf: usize,
        ty: LeafType,
        (values, valid): (&'a Values, &'a [u8]),
        columns: &mut Columns<'a>,
    ) -> Result<()> {
        if leaf == self.leaf {
            values.push(ty, columns)
        } else if self.nulls == 0 {
            columns.all_valid();
            Ok(())
        } else {
            columns.plain(ty, valid)
        }
    }

    /// Adds one of its leaves to a batch of all values of the dictionary, with null as the last
    /// row. `valid` has the validity of these rows.
    pub(super) fn push_dictionary<'a>(
        &'a self,
        leaf: usize,
        ty: LeafType,
        valid: &'a [u8],
        columns: &mut Columns<'a>,
    ) -> Result<()> {
        if leaf == self.leaf { self.buffers.dictionary.push(ty, columns) } else { columns.plain(ty, valid) }
    }
}

/// Returns `true` if a column is flat and has only encodings that are decoded here. Texts outside
/// of a dictionary are decoded by the `parquet` crate, which does not copy them.
fn is_decoded_here(chunk: &ColumnChunkMetaData, is_nullable: bool) -> bool {
    let known = |encoding| match encoding {
        Encoding::PLAIN | Encoding::RLE | Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => true,
        // Levels of very old files. A column without levels may list this encoding too.
        #[expect(deprecated, reason = "old files")]
        Encoding::BIT_PACKED => !is_nullable,
        _ => false,
    };
    let descriptor = chunk.column_descr();
    let is_flat = descriptor.max_rep_level() == 0 && descriptor.max_def_level() <= 1;
    let of_values = chunk.page_encoding_stats_mask();
    let has_plain = chunk.dictionary_page_offset().is_none()
        || of_values.is_some_and(|encodings| encodings.is_set(Encoding::PLAIN));
    is_flat && chunk.encodings().all(known) && (chunk.column_type() != PhysicalType::BYTE_ARRAY || !has_plain)
}
