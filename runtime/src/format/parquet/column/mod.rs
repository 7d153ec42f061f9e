//! Flat columns, decoded to leaves without a stop: numbers, dates, decimals, timestamps and texts, in a dictionary or as they are.
//!
//! * [`pages`]: the pages of a column; [`codes`]: positions in a dictionary, and levels; [`values`]: values in the width of their leaf.
//!
//! A dictionary is converted to the leaf's type once, and its values are looked up in that type: what the conversion of a batch would check and
//! compute for each row is done once for each different value. On lineitem this takes 0.6 ns a value, the `parquet` crate 2 to 2.5 where
//! dictionaries are small, and 6 where they are as large as its columns of keys and prices.
//!
//! Every other column is decoded by the crate: lists, columns of groups, other encodings, and where a dictionary cannot be converted, so that
//! errors are found in one place and name the row.

mod codes;
mod pages;
mod values;

use std::sync::Arc;

use arrow_schema::DataType;
use bytes::Bytes;
use parquet::basic::{Encoding, Type as PhysicalType};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;

use super::convert;
use super::fit::{FileFit, LeafPlan, path};
use super::hold::{OTHER_ROWS, Wrong, unexpected_nulls};
use crate::error::Result;
use crate::page::{Columns, TextColumn, Utf8};
use crate::row::{LeafSet, LeafType, Schema};
use codes::{Codes, WINDOW};
use pages::{Content, Page, Pages};
use values::{Texts, Values, plain_array};

/// The columns of a row group that are decoded here.
pub(super) struct FlatColumns<R: ChunkReader> {
    columns: Vec<FlatColumn<R>>,
    /// Of the row group before, by their leaf. What is allocated for each row group anew, the kernel clears anew.
    spare: Vec<(usize, Buffers)>,
    /// What the dictionary of one column after the other is decompressed into.
    dictionary: Vec<u8>,
}

/// What a column is decoded into.
struct Buffers {
    page: Vec<u8>,
    /// Of the file, and one more behind them: what stands under a null.
    dictionary: Values,
    codes: Box<[u32; WINDOW]>,
    levels: Box<[u32; WINDOW]>,
    /// The batch.
    values: Values,
    valid: Vec<u8>,
}

impl Buffers {
    /// `None` for a leaf that flat columns are not decoded to.
    fn of(ty: LeafType) -> Option<Self> {
        Some(Buffers {
            page: Vec::new(),
            dictionary: Values::of(ty)?,
            codes: Box::new([0; WINDOW]),
            levels: Box::new([0; WINDOW]),
            values: Values::of(ty)?,
            valid: Vec::new(),
        })
    }

    fn bytes(&self) -> usize {
        let values = self.dictionary.capacity_bytes() + self.values.capacity_bytes();
        self.page.capacity() + values + self.valid.capacity() + 2 * size_of_val(&*self.codes)
    }
}

impl<R: ChunkReader + 'static> FlatColumns<R> {
    /// None.
    pub(super) fn none() -> Self {
        FlatColumns { columns: Vec::new(), spare: Vec::new(), dictionary: Vec::new() }
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
    }

    /// Whether a column of the file is one of them.
    pub(super) fn has(&self, column: usize) -> bool {
        self.columns.iter().any(|flat| flat.column == column)
    }

    /// Decodes the next rows.
    pub(super) fn advance(&mut self, rows: usize) -> Result<(), Wrong> {
        self.columns.iter_mut().try_for_each(|column| column.advance(rows))
    }

    /// Adds a leaf to a batch, if it is one of these columns.
    pub(super) fn push<'a>(&'a self, leaf: usize, ty: LeafType, columns: &mut Columns<'a>) -> Option<Result<()>> {
        let column = self.columns.iter().find(|column| column.leaf == leaf || column.validity == Some(leaf))?;
        Some(if column.leaf == leaf {
            column.buffers.values.push(ty, columns)
        } else if column.nulls == 0 {
            columns.all_valid();
            Ok(())
        } else {
            columns.plain(ty, &column.buffers.valid)
        })
    }
}

/// One of them.
struct FlatColumn<R: ChunkReader> {
    column: usize,
    /// What it is read into, and the leaf that says which values there are, where the record has an `Option`.
    leaf: usize,
    validity: Option<usize>,
    ty: LeafType,
    physical: PhysicalType,
    data_type: DataType,
    is_nullable: bool,
    path: String,
    pages: Pages<R>,
    page: Option<Open>,
    /// How many values there are in the dictionary of the file.
    dictionary_values: usize,
    buffers: Buffers,
    /// Nulls of the batch.
    nulls: usize,
}

/// A page of values.
struct Open {
    page: Page,
    /// Values that are left, with those that are null.
    left: usize,
    /// Where the levels lie in the page, if some are zero, and they do not lie apart.
    levels: Option<(Codes, Option<Bytes>)>,
    encoded: Encoded,
}

enum Encoded {
    Codes(Codes),
    /// From where on.
    Plain(usize),
}

impl<R: ChunkReader + 'static> FlatColumn<R> {
    /// `None` where it is none, or cannot be decoded here.
    fn new(
        input: &Arc<R>,
        fit: &FileFit,
        (leaf, ty, plan): (usize, LeafType, &LeafPlan),
        group: &RowGroupMetaData,
        kept: Option<Buffers>,
        dictionary: &mut Vec<u8>,
    ) -> Option<Self> {
        let ([level], None) = (plan.levels.as_slice(), &plan.items) else { return None };
        let chunk = group.column(plan.column);
        let field = fit.metadata.schema().field_with_name(&level.name).ok()?;
        let (physical, data_type) = (chunk.column_type(), field.data_type().clone());
        let descriptor = chunk.column_descr();
        let is_nullable = descriptor.max_def_level() == 1;
        if descriptor.max_rep_level() > 0
            || descriptor.max_def_level() > 1
            || !is_decoded_here(chunk, is_nullable)
            || plain_array(physical, &data_type, &[], 0).is_none()
        {
            return None;
        }
        let rows = usize::try_from(group.num_rows()).ok()?;
        let mut buffers = kept.or_else(|| Buffers::of(ty))?;
        // A column of nulls alone may have no dictionary.
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
        };
        column.read_page().ok()?;
        *dictionary = column.pages.take_dictionary();
        Some(column)
    }

    fn into_buffers(self) -> Buffers {
        Buffers { page: self.pages.into_buffer(), ..self.buffers }
    }

    /// Reads the next page of values, and the dictionary before it; an error says what is wrong with the file.
    fn read_page(&mut self) -> Result<(), String> {
        self.page = None;
        while let Some(page) = self.pages.next()? {
            match page.content {
                Content::Dictionary => self.read_dictionary(&page)?,
                Content::Values { .. } if page.values == 0 => {}
                Content::Values { encoding } => {
                    self.page = Some(self.open(page, encoding)?);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn read_dictionary(&mut self, page: &Page) -> Result<(), String> {
        let body = self.pages.body(page);
        let damaged = || "a dictionary cannot be read".to_owned();
        let values = &mut self.buffers.dictionary;
        values.clear();
        // As many as the page can have, whatever it says.
        values.reserve(page.values.min(body.len()) + 1);
        if let Values::Text(texts) = values {
            dictionary_texts(body, page.values, texts).ok_or_else(damaged)?;
        } else if values.append_same((self.physical, &self.data_type), self.ty, body, page.values).is_none() {
            let array = plain_array(self.physical, &self.data_type, body, page.values).ok_or_else(damaged)?;
            let held = convert::leaf(&array, self.ty, None).map_err(|(_, message)| message)?;
            values.append(&held, None).ok_or_else(damaged)?;
        }
        values.push_default();
        self.dictionary_values = page.values;
        Ok(())
    }

    fn open(&self, page: Page, encoding: Encoding) -> Result<Open, String> {
        let body = self.pages.body(&page);
        let (mut at, mut levels) = (0, None);
        if self.is_nullable {
            let (mut codes, bytes) = match &page.levels {
                Some(levels) => (Codes::new(1, 0), &levels[..]),
                None => {
                    let (length, _) = body.split_first_chunk().ok_or("a page is shorter than its levels")?;
                    at = size_of::<u32>() + u32::from_le_bytes(*length) as usize;
                    let bytes = body.get(..at).ok_or("a page is shorter than its levels")?;
                    (Codes::new(1, size_of::<u32>()), bytes)
                }
            };
            let all_present = codes.as_mut().is_some_and(|codes| codes.are_all(bytes, 1, page.values));
            levels = codes.filter(|_| !all_present).map(|codes| (codes, page.levels.clone()));
        }
        let encoded = match encoding {
            Encoding::PLAIN => Encoded::Plain(at),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => match body.get(at) {
                Some(&width) => Encoded::Codes(Codes::new(width.into(), at + 1).ok_or("a page has too wide codes")?),
                // All are null.
                None => Encoded::Codes(Codes::default()),
            },
            encoding => return Err(format!("a page is encoded as {encoding}, which the footer does not say")),
        };
        Ok(Open { left: page.values, page, levels, encoded })
    }

    /// Decodes the next rows.
    fn advance(&mut self, rows: usize) -> Result<(), Wrong> {
        self.buffers.values.clear();
        self.buffers.values.reserve(rows);
        self.buffers.valid.clear();
        self.nulls = 0;
        let mut done = 0;
        while done < rows {
            done += self.decode(rows - done, done)?;
        }
        if self.nulls > 0 && self.validity.is_none() {
            return Err(unexpected_nulls(&self.path, self.nulls, rows));
        }
        Ok(())
    }

    /// Decodes up to so many rows, the first of which is row `first` of the batch.
    fn decode(&mut self, most: usize, first: usize) -> Result<usize, Wrong> {
        let damaged = |reason: &str| Wrong { row: None, message: format!("the data is damaged: {reason}") };
        let ended = || Wrong { row: None, message: OTHER_ROWS.to_owned() };
        if self.page.as_ref().is_none_or(|page| page.left == 0) {
            self.read_page().map_err(|reason| damaged(&reason))?;
        }
        let page = self.page.as_mut().ok_or_else(ended)?;
        let buffers = &mut self.buffers;
        let body = self.pages.body(&page.page);
        let mut rows = most.min(page.left);
        if page.levels.is_some() || matches!(page.encoded, Encoded::Codes(_)) {
            rows = rows.min(WINDOW);
        }
        let stored = (self.physical, &self.data_type);
        let levels = match &mut page.levels {
            None => None,
            Some((levels, apart)) => {
                let window = &mut buffers.levels[..rows];
                levels.decode(apart.as_deref().unwrap_or(body), window).ok_or_else(ended)?;
                Some(&*window)
            }
        };
        let present = levels.map_or(rows, |levels| levels.iter().filter(|&&level| level != 0).count());
        match &mut page.encoded {
            Encoded::Codes(codes) => {
                let window = &mut buffers.codes[..rows];
                codes.decode(body, &mut window[..present]).ok_or_else(ended)?;
                let values = self.dictionary_values as u32;
                if window[..present].iter().fold(false, |beyond, &code| beyond | (code >= values)) {
                    return Err(damaged("a value is none of its dictionary"));
                }
                if let Some(levels) = levels {
                    let mut next = present;
                    for (row, &level) in levels.iter().enumerate().rev() {
                        next -= usize::from(level != 0);
                        window[row] = if level == 0 { values } else { window[next] };
                    }
                }
                buffers.values.look_up(&buffers.dictionary, window).ok_or_else(ended)?;
            }
            Encoded::Plain(at) => {
                let bytes = body.get(*at..).unwrap_or_default();
                if let Values::Text(out) = &mut buffers.values {
                    let mut texts = Texts(bytes);
                    for row in 0..rows {
                        let is_null = levels.is_some_and(|levels| levels[row] == 0);
                        out.push_str(if is_null { "" } else { texts.next().ok_or_else(ended)? });
                    }
                    *at += bytes.len() - texts.0.len();
                } else if levels.is_none() && buffers.values.append_same(stored, self.ty, bytes, rows).is_some() {
                    *at += plain_bytes(self.physical, bytes, rows);
                } else {
                    let array = plain_array(self.physical, &self.data_type, bytes, present).ok_or_else(ended)?;
                    *at += plain_bytes(self.physical, bytes, present);
                    let held = convert::leaf(&array, self.ty, None).map_err(|(position, reason)| {
                        let row = levels.map_or(position, |levels| nth_present(levels, position));
                        Wrong { row: Some(first + row), message: format!("column `{}`: {reason}", self.path) }
                    })?;
                    buffers.values.append(&held, levels).ok_or_else(ended)?;
                }
            }
        }
        if self.is_nullable {
            self.nulls += rows - present;
            match levels {
                Some(levels) => buffers.valid.extend(levels.iter().map(|&level| u8::from(level != 0))),
                None => buffers.valid.resize(first + rows, 1),
            }
        }
        page.left -= rows;
        Ok(rows)
    }
}

/// The row of the value at a position among those that are there.
fn nth_present(levels: &[u32], position: usize) -> usize {
    let present = levels.iter().enumerate().filter(|(_, level)| **level != 0);
    present.map(|(row, _)| row).nth(position).unwrap_or(0)
}

/// Bytes of the first values of a page.
fn plain_bytes(physical: PhysicalType, bytes: &[u8], count: usize) -> usize {
    match physical {
        PhysicalType::INT32 | PhysicalType::FLOAT => 4 * count,
        PhysicalType::INT64 | PhysicalType::DOUBLE => 8 * count,
        _ => {
            let mut texts = Texts(bytes);
            (0..count).for_each(|_| _ = texts.next());
            bytes.len() - texts.0.len()
        }
    }
}

/// The texts of a dictionary, which lie in one buffer.
fn dictionary_texts(body: &[u8], count: usize, column: &mut TextColumn) -> Option<()> {
    let (mut all, mut ends) = (Vec::with_capacity(body.len()), Vec::with_capacity(count.min(body.len())));
    let mut texts = Texts(body);
    for _ in 0..count {
        all.extend_from_slice(texts.next()?.as_bytes());
        ends.push(all.len());
    }
    column.add_buffer(Utf8::check(all.into()).ok()?);
    let mut start = 0;
    for end in ends {
        column.push_range(start..end);
        start = end;
    }
    Some(())
}

/// Whether the footer says that all pages of a column are encoded so that they can be decoded here. Texts that stand outside a dictionary are
/// left to the crate, which does not copy them.
fn is_decoded_here(chunk: &ColumnChunkMetaData, is_nullable: bool) -> bool {
    let known = |encoding| match encoding {
        Encoding::PLAIN | Encoding::RLE | Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => true,
        // Levels of files that are very old. A column without levels has it in its list all the same.
        #[expect(deprecated, reason = "old files")]
        Encoding::BIT_PACKED => !is_nullable,
        _ => false,
    };
    let of_values = chunk.page_encoding_stats_mask();
    let has_plain = chunk.dictionary_page_offset().is_none()
        || of_values.is_some_and(|encodings| encodings.is_set(Encoding::PLAIN));
    chunk.encodings().all(known) && (chunk.column_type() != PhysicalType::BYTE_ARRAY || !has_plain)
}
