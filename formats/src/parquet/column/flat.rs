//! One flat column: from its pages to the values of a batch.

use std::sync::Arc;

use arrow_schema::DataType;
use bytes::Bytes;
use parquet::basic::{Encoding, Type as PhysicalType};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;

use super::Buffers;
use super::codes::{Codes, WINDOW};
use super::kept::Kept;
use super::pages::{Content, Page, Pages};
use super::values::{Texts, Values, plain_array};
use crate::parquet::convert;
use crate::parquet::fit::{FileFit, LeafPlan, path};
use crate::parquet::hold::{OTHER_ROWS, ParseFault, unexpected_nulls};
use runtime::error::Result;
use runtime::page::{Columns, TextColumn, Utf8, look_up};
use runtime::row::{LeafSet, LeafType};

/// A column of a row group.
pub(super) struct FlatColumn<R: ChunkReader> {
    pub(super) column: usize,
    /// What it is read into, and the leaf that says which values there are, where the record has an `Option`.
    pub(super) leaf: usize,
    pub(super) validity: Option<usize>,
    ty: LeafType,
    physical: PhysicalType,
    data_type: DataType,
    is_nullable: bool,
    path: String,
    pages: Pages<R>,
    page: Option<Open>,
    /// How many values there are in the dictionary of the file.
    pub(super) dictionary_values: usize,
    buffers: Buffers,
    /// Nulls of the batch.
    nulls: usize,
    form: Form,
    /// What the values were made of that a filter is asked of.
    asked_of: Option<u64>,
}

/// Codes are picked where filters keep one row of so many at most: to pick one takes as long as to decode three.
const PICKED_OF: usize = 4;

/// What some rows are decoded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The values of the batch, at once.
    Values,
    /// Nothing yet.
    Undecoded,
    /// Codes.
    Codes,
    /// Values, of which those are taken that are kept.
    Undropped,
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
    pub(super) fn new(
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
            form: Form::Values,
            asked_of: None,
        };
        column.read_page().ok()?;
        *dictionary = column.pages.take_dictionary();
        Some(column)
    }

    pub(super) fn into_buffers(self) -> Buffers {
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
            plain_texts(body, page.values, None, texts).ok_or_else(damaged)?;
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

    /// Begins a batch.
    pub(super) fn begin_batch(&mut self, rows: usize) {
        let Buffers { dictionary, undropped, values, valid, .. } = &mut self.buffers;
        for values in [undropped, &mut *values] {
            values.clear();
            // The buffers of its texts come before those of pages.
            let _ = values.look_up(dictionary, &[]);
        }
        values.reserve(rows);
        valid.clear();
        self.nulls = 0;
    }

    /// Begins the next rows, of which nothing is decoded before somebody asks.
    pub(super) fn begin_rows(&mut self) {
        self.form = Form::Undecoded;
    }

    /// Decodes the next rows, and adds all of them to the batch.
    pub(super) fn advance(&mut self, rows: usize) -> Result<(), ParseFault> {
        self.form = Form::Values;
        self.decode_all(rows)?;
        if self.is_nullable {
            self.buffers.valid.extend_from_slice(&self.buffers.present);
        }
        Ok(())
    }

    /// Decodes the next rows, if that was not done.
    pub(super) fn decode_undropped(&mut self, rows: usize) -> Result<(), ParseFault> {
        if self.form != Form::Undecoded {
            return Ok(());
        }
        self.form = Form::Codes;
        self.buffers.undropped.truncate(0);
        if self.buffers.codes.len() < rows {
            self.buffers.codes.resize(rows, 0);
        }
        self.decode_all(rows)
    }

    fn decode_all(&mut self, rows: usize) -> Result<(), ParseFault> {
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

    /// The codes of the rows that were decoded, where they have no values but those of the dictionary. The code behind that of its last value stands for
    /// null.
    pub(super) fn codes(&self) -> Option<&[u32]> {
        (self.form == Form::Codes).then_some(&self.buffers.codes)
    }

    /// Passes the next rows, none of which is added.
    pub(super) fn pass(&mut self, rows: usize) -> Result<(), ParseFault> {
        if self.pick(rows, &[])? { Ok(()) } else { self.decode_undropped(rows) }
    }

    /// Adds a few of the next `of` rows to the batch, or none, without decoding the others; whether that can be done, which it can if nobody has decoded
    /// them, and all are codes of one page.
    fn pick(&mut self, of: usize, rows: &[u32]) -> Result<bool, ParseFault> {
        if self.form != Form::Undecoded || PICKED_OF * rows.len() > of {
            return Ok(false);
        }
        let Some(Open { page, left, levels: None, encoded: Encoded::Codes(codes) }) = &mut self.page else {
            return Ok(false);
        };
        if *left < of {
            return Ok(false);
        }
        let Buffers { dictionary, taken, values, valid, .. } = &mut self.buffers;
        taken.clear();
        codes.pick(self.pages.body(page), of, rows, taken).ok_or_else(ended)?;
        check_codes(taken, self.dictionary_values)?;
        values.look_up(dictionary, taken).ok_or_else(ended)?;
        if self.is_nullable {
            valid.resize(valid.len() + rows.len(), 1);
        }
        *left -= of;
        Ok(true)
    }

    /// Adds the rows that are kept to the batch.
    pub(super) fn add(&mut self, kept: &Kept) -> Result<(), ParseFault> {
        if self.pick(kept.of(), kept.rows())? {
            return Ok(());
        }
        // Texts of pages would come to lie in other buffers than those that are taken.
        if self.form == Form::Undecoded && kept.are_all() && self.ty != LeafType::Text {
            return self.advance(kept.of());
        }
        self.decode_undropped(kept.of())?;
        self.take(kept, false).ok_or_else(ended)
    }

    /// Makes the values of the rows that are kept so far, for a filter to be asked of, if that was not done.
    pub(super) fn make_asked(&mut self, kept: &Kept) -> Result<(), ParseFault> {
        self.decode_undropped(kept.of())?;
        if self.asked_of == Some(kept.number()) {
            return Ok(());
        }
        self.buffers.asked.clear();
        self.buffers.asked_valid.clear();
        self.take(kept, true).ok_or_else(ended)?;
        self.asked_of = Some(kept.number());
        Ok(())
    }

    /// Adds the rows that are kept to what a filter is asked of, or to the batch.
    fn take(&mut self, kept: &Kept, are_asked: bool) -> Option<()> {
        let Buffers { dictionary, codes, taken, undropped, values, valid, asked, asked_valid, present, .. } =
            &mut self.buffers;
        let (values, valid) = if are_asked { (asked, asked_valid) } else { (values, valid) };
        if self.form == Form::Undropped {
            values.look_up(undropped, kept.rows())?;
        } else if kept.are_all() {
            values.look_up(dictionary, codes.get(..kept.of())?)?;
        } else {
            taken.clear();
            look_up(codes, kept.rows(), taken)?;
            values.look_up(dictionary, taken)?;
        }
        if self.is_nullable { look_up(present, kept.rows(), valid) } else { Some(()) }
    }

    /// Whether one of its leaves is among some.
    pub(super) fn is_among(&self, leaves: &LeafSet) -> bool {
        leaves.contains(self.leaf) || self.validity.is_some_and(|validity| leaves.contains(validity))
    }

    /// Adds one of its leaves to the batch.
    pub(super) fn push<'a>(&'a self, leaf: usize, ty: LeafType, columns: &mut Columns<'a>) -> Result<()> {
        self.push_of(leaf, ty, (&self.buffers.values, &self.buffers.valid), columns)
    }

    /// Adds one of its leaves to what a filter is asked of.
    pub(super) fn push_asked<'a>(&'a self, leaf: usize, ty: LeafType, columns: &mut Columns<'a>) -> Result<()> {
        self.push_of(leaf, ty, (&self.buffers.asked, &self.buffers.asked_valid), columns)
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

    /// Adds one of its leaves to a batch of all values of the dictionary, and null behind them; `valid` says of these which are there.
    pub(super) fn push_dictionary<'a>(
        &'a self,
        leaf: usize,
        ty: LeafType,
        valid: &'a [u8],
        columns: &mut Columns<'a>,
    ) -> Result<()> {
        if leaf == self.leaf { self.buffers.dictionary.push(ty, columns) } else { columns.plain(ty, valid) }
    }

    /// Decodes up to so many rows, the first of which is row `first` of the batch.
    fn decode(&mut self, most: usize, first: usize) -> Result<usize, ParseFault> {
        if self.page.as_ref().is_none_or(|page| page.left == 0) {
            self.read_page().map_err(|reason| damaged(&reason))?;
        }
        let page = self.page.as_mut().ok_or_else(ended)?;
        let buffers = &mut self.buffers;
        if self.form == Form::Codes && matches!(page.encoded, Encoded::Plain(_)) {
            self.form = Form::Undropped;
            buffers.undropped.look_up(&buffers.dictionary, &buffers.codes[..first]).ok_or_else(ended)?;
        }
        let out = if self.form == Form::Undropped { &mut buffers.undropped } else { &mut buffers.values };
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
                let keeps_codes = self.form == Form::Codes;
                let begin = if keeps_codes { first } else { 0 };
                let window = &mut buffers.codes[begin..begin + rows];
                codes.decode(body, &mut window[..present]).ok_or_else(ended)?;
                check_codes(&window[..present], self.dictionary_values)?;
                let values = self.dictionary_values as u32;
                if let Some(levels) = levels {
                    let mut next = present;
                    for (row, &level) in levels.iter().enumerate().rev() {
                        next -= usize::from(level != 0);
                        window[row] = if level == 0 { values } else { window[next] };
                    }
                }
                if !keeps_codes {
                    out.look_up(&buffers.dictionary, window).ok_or_else(ended)?;
                }
            }
            Encoded::Plain(at) => {
                let bytes = body.get(*at..).unwrap_or_default();
                if let Values::Text(out) = out {
                    *at += plain_texts(bytes, rows, levels, out).ok_or_else(ended)?;
                } else if levels.is_none() && out.append_same(stored, self.ty, bytes, rows).is_some() {
                    *at += plain_bytes(self.physical, bytes, rows);
                } else {
                    let array = plain_array(self.physical, &self.data_type, bytes, present).ok_or_else(ended)?;
                    *at += plain_bytes(self.physical, bytes, present);
                    let held = convert::leaf(&array, self.ty, None).map_err(|(position, reason)| {
                        let row = levels.map_or(position, |levels| nth_present(levels, position));
                        ParseFault { row: Some(first + row), message: format!("column `{}`: {reason}", self.path) }
                    })?;
                    out.append(&held, levels).ok_or_else(ended)?;
                }
            }
        }
        if self.is_nullable {
            self.nulls += rows - present;
            match levels {
                Some(levels) => buffers.present.extend(levels.iter().map(|&level| u8::from(level != 0))),
                None => buffers.present.resize(first + rows, 1),
            }
        }
        page.left -= rows;
        Ok(rows)
    }
}

fn damaged(reason: &str) -> ParseFault {
    ParseFault { row: None, message: format!("the data is damaged: {reason}") }
}

/// Codes of values that a dictionary has.
fn check_codes(codes: &[u32], values: usize) -> Result<(), ParseFault> {
    // By the signs of differences, which one instruction makes of several codes, as it does not of comparisons of numbers without a sign.
    let are_known = match i32::try_from(values) {
        Ok(values) => {
            codes.iter().fold(-1, |signs, &code| signs & (code as i32).wrapping_sub(values) & !(code as i32)) < 0
        }
        Err(_) => codes.iter().all(|&code| (code as usize) < values),
    };
    if are_known { Ok(()) } else { Err(damaged("a value is none of its dictionary")) }
}

fn ended() -> ParseFault {
    ParseFault { row: None, message: OTHER_ROWS.to_owned() }
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

/// Adds the texts of a page, in one buffer, and the empty one where levels say that there is none; how many bytes of the page they take. `None` where
/// there are fewer.
fn plain_texts(body: &[u8], count: usize, levels: Option<&[u32]>, column: &mut TextColumn) -> Option<usize> {
    // A page with levels is read in small parts.
    let mut all = Vec::with_capacity(if levels.is_none() { body.len() } else { 0 });
    let mut ends = Vec::with_capacity(count.min(body.len()));
    let mut texts = Texts(body);
    for row in 0..count {
        if levels.is_none_or(|levels| levels[row] != 0) {
            all.extend_from_slice(texts.next()?.as_bytes());
        }
        ends.push(all.len());
    }
    column.add_buffer(Utf8::check(all.into()).ok()?);
    let mut start = 0;
    for end in ends {
        column.push_range(start..end);
        start = end;
    }
    Some(body.len() - texts.0.len())
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
