//! Decodes the values and codes of a page.

use arrow_schema::DataType;
use parquet::basic::Type as PhysicalType;
use parquet::file::reader::ChunkReader;

use super::page::Encoded;
use super::{FlatColumn, RowState};
use crate::parquet::column::codes::{Codes, WINDOW};
use crate::parquet::column::values::{PageTexts, Values, plain_array, plain_texts};
use crate::parquet::convert;
use crate::parquet::extract::{ColumnFault, ROW_COUNT_MISMATCH};
use runtime::row::LeafType;

impl<R: ChunkReader + 'static> FlatColumn<R> {
    /// Decodes at most `max_rows` rows, beginning with row `first` of the batch. Returns their
    /// number.
    pub(super) fn decode(&mut self, max_rows: usize, first: usize) -> Result<usize, ColumnFault> {
        if self.page.as_ref().is_none_or(|page| page.left == 0) {
            self.read_page().map_err(|reason| damaged(&reason))?;
        }
        let page = self.page.as_mut().ok_or_else(ended)?;
        let buffers = &mut self.buffers;
        if self.state == RowState::Codes && matches!(page.encoded, Encoded::Plain(_)) {
            self.state = RowState::Unfiltered;
            buffers.unfiltered.look_up(&buffers.dictionary, &buffers.codes[..first]).ok_or_else(ended)?;
        }
        let out = if self.state == RowState::Unfiltered { &mut buffers.unfiltered } else { &mut buffers.values };
        let body = self.pages.body(&page.page);
        let mut rows = max_rows.min(page.left);
        if page.levels.is_some() || matches!(page.encoded, Encoded::Codes(_)) {
            rows = rows.min(WINDOW);
        }
        let levels = match &mut page.levels {
            None => None,
            Some((levels, separate)) => {
                let window = &mut buffers.levels[..rows];
                levels.decode(separate.as_deref().unwrap_or(body), window).ok_or_else(ended)?;
                Some(&*window)
            }
        };
        let present = levels.map_or(rows, |levels| levels.iter().filter(|&&level| level != 0).count());
        let window = Window { first, rows, present, levels };
        match &mut page.encoded {
            Encoded::Codes(codes) => {
                let keeps_codes = self.state == RowState::Codes;
                let begin = if keeps_codes { first } else { 0 };
                let decoded = &mut buffers.codes[begin..begin + rows];
                window.codes(codes, body, self.dictionary_values, decoded)?;
                if !keeps_codes {
                    out.look_up(&buffers.dictionary, decoded).ok_or_else(ended)?;
                }
            }
            Encoded::Plain(at) => {
                let stored = Stored { physical: self.physical, data_type: &self.data_type, ty: self.ty };
                let bytes = body.get(*at..).unwrap_or_default();
                *at += window.plain(bytes, &stored, &self.path, out)?;
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

/// Rows of a page that are decoded in one step.
struct Window<'l> {
    /// Index of the first row in the batch.
    first: usize,
    rows: usize,
    /// Number of rows that are not null.
    present: usize,
    /// By row: zero for a null. `None` if no row is null.
    levels: Option<&'l [u32]>,
}

/// The types of a column in the file and of its leaf.
struct Stored<'t> {
    physical: PhysicalType,
    data_type: &'t DataType,
    ty: LeafType,
}

impl Window<'_> {
    /// Decodes the codes of the rows. A null gets the code after the last value of the dictionary.
    fn codes(&self, codes: &mut Codes, body: &[u8], values: usize, out: &mut [u32]) -> Result<(), ColumnFault> {
        let mut next = self.present;
        codes.decode(body, &mut out[..next]).ok_or_else(ended)?;
        check_codes(&out[..next], values)?;
        for (row, &level) in self.levels.unwrap_or_default().iter().enumerate().rev() {
            next -= usize::from(level != 0);
            out[row] = if level == 0 { values as u32 } else { out[next] };
        }
        Ok(())
    }

    /// Appends the plain values at the start of `bytes`. Returns their length in bytes.
    fn plain(&self, bytes: &[u8], stored: &Stored<'_>, path: &str, out: &mut Values) -> Result<usize, ColumnFault> {
        let Stored { physical, data_type, ty } = *stored;
        if let Values::Text(out) = out {
            return plain_texts(bytes, self.rows, self.levels, out).ok_or_else(ended);
        }
        if self.levels.is_none() && out.append_same((physical, data_type), ty, bytes, self.rows).is_some() {
            return Ok(plain_bytes(physical, bytes, self.rows));
        }
        let array = plain_array(physical, data_type, bytes, self.present).ok_or_else(ended)?;
        let held = convert::leaf(&array, ty, None).map_err(|(position, reason)| {
            let row = self.levels.map_or(position, |levels| nth_present(levels, position));
            ColumnFault { row: Some(self.first + row), message: format!("column `{path}`: {reason}") }
        })?;
        out.append(&held, self.levels).ok_or_else(ended)?;
        Ok(plain_bytes(physical, bytes, self.present))
    }
}

fn damaged(reason: &str) -> ColumnFault {
    ColumnFault { row: None, message: format!("the data is damaged: {reason}") }
}

pub(super) fn ended() -> ColumnFault {
    ColumnFault { row: None, message: ROW_COUNT_MISMATCH.to_owned() }
}

/// Checks that a dictionary has the values of all codes.
pub(super) fn check_codes(codes: &[u32], values: usize) -> Result<(), ColumnFault> {
    // Tests the signs of differences. These compile to vector instructions, unlike comparisons of
    // unsigned numbers.
    let are_known = match i32::try_from(values) {
        Ok(values) => {
            codes.iter().fold(-1, |signs, &code| signs & (code as i32).wrapping_sub(values) & !(code as i32)) < 0
        }
        Err(_) => codes.iter().all(|&code| (code as usize) < values),
    };
    if are_known { Ok(()) } else { Err(damaged("a value is none of its dictionary")) }
}

/// Returns the row of the n-th value that is not null.
fn nth_present(levels: &[u32], position: usize) -> usize {
    let present = levels.iter().enumerate().filter(|(_, level)| **level != 0);
    present.map(|(row, _)| row).nth(position).unwrap_or(0)
}

/// Returns the length in bytes of the first `count` values of a page.
fn plain_bytes(physical: PhysicalType, bytes: &[u8], count: usize) -> usize {
    match physical {
        PhysicalType::INT32 | PhysicalType::FLOAT => 4 * count,
        PhysicalType::INT64 | PhysicalType::DOUBLE => 8 * count,
        _ => {
            let mut texts = PageTexts(bytes);
            (0..count).for_each(|_| _ = texts.next());
            bytes.len() - texts.0.len()
        }
    }
}
