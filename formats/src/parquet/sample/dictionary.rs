//! A column's dictionary without what the sampled rows do not refer to.
//!
//! A writer adds a value to a dictionary when it comes for the first time, so what the first rows refer to stands at the beginning. Where most values differ, a
//! dictionary has a megabyte, of which a sample needs a tenth: decompressing the rest would be most of its work. Where a dictionary is in another order more
//! of it is decompressed, up to all of it.

use std::sync::Arc;

use bytes::{BufMut, Bytes};
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page, PageReader};
use parquet::errors::Result;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;

use crate::parquet::snappy::decompress_beginning;

/// Smaller dictionaries are not worth the trouble.
const LEAST_BYTES: usize = 32 << 10;
/// Nor are those with fewer values than so many for each row.
const LEAST_SHARE: usize = 3;
/// The header of a dictionary's page is shorter.
const HEADER_BYTES: usize = 64;
/// What is read beyond what a part of a dictionary takes if all parts of it are compressed alike.
const MARGIN_BYTES: usize = 4 << 10;

/// A column chunk whose dictionary has fewer values than in the file, and is not compressed. Its other pages follow, moved by as much as it is shorter or longer.
pub(super) struct ShortChunk {
    /// Where the chunk begins in the file, and ends.
    begin: u64,
    end: u64,
    /// The page of the dictionary.
    dictionary: Bytes,
    /// How many bytes of the file it stands for.
    stands_for: usize,
}

/// Where bytes of a column chunk are.
pub(super) enum Place {
    /// Here, and so on.
    Dictionary(Bytes),
    /// In the file.
    File(u64),
}

impl ShortChunk {
    /// Of a column of which so many rows are read, from the first one on. None where the dictionary is small, or cannot be had in part.
    ///
    /// # Errors
    /// Where the file cannot be read, or is damaged.
    pub(super) fn of<R: ChunkReader + 'static>(
        file: &Arc<R>,
        column: &ColumnChunkMetaData,
        rows: usize,
    ) -> Result<Option<Self>> {
        let is_nested = column.column_descr().max_rep_level() > 0;
        // Readers that go on to the end of a chunk would find less there than its length says.
        let is_part = (rows as i64) < column.num_values();
        let dictionary = if is_part && !is_nested { Dictionary::of(&**file, column)? } else { None };
        // Each row refers to one value more at most.
        let is_worthwhile = |dictionary: &Dictionary| rows.saturating_mul(LEAST_SHARE) <= dictionary.values;
        let Some(dictionary) = dictionary.filter(is_worthwhile) else { return Ok(None) };
        let stands_for = dictionary.page_bytes;
        let behind = column
            .clone()
            .into_builder()
            .set_dictionary_page_offset(None)
            .set_total_compressed_size(column.compressed_size() - stands_for as i64)
            .build()?;
        let mut pages = SerializedPageReader::new(file.clone(), &behind, column.num_values() as usize, None)?;
        let (mut seen, mut values, mut page_bytes) = (0, 1, 0);
        while seen < rows {
            let Some(page) = pages.get_next_page()? else { break };
            let Some(referred) = values_referred_to(&page, column) else { return Ok(None) };
            values = values.max(referred);
            seen += page.num_values() as usize;
            page_bytes += 2 * page.buffer().len() + MARGIN_BYTES;
        }
        let (begin, length) = column.byte_range();
        let page = dictionary.first_values(&**file, column, values)?;
        // The pages that are read have to have a place in the chunk.
        let fits = page.filter(|page| (page.len() + page_bytes) as u64 <= length);
        Ok(fits.map(|dictionary| ShortChunk { begin, end: begin + length, dictionary, stands_for }))
    }

    /// Where its bytes from here on are; none where they are not its.
    pub(super) fn place(&self, start: u64) -> Option<Place> {
        let at = start.checked_sub(self.begin).filter(|_| start < self.end)?;
        match usize::try_from(at).ok().filter(|&at| at < self.dictionary.len()) {
            Some(at) => Some(Place::Dictionary(self.dictionary.slice(at..))),
            None => Some(Place::File(start + self.stands_for as u64 - self.dictionary.len() as u64)),
        }
    }
}

/// Where a dictionary lies in the file.
struct Dictionary {
    /// Its page, the header with it.
    page_bytes: usize,
    values_at: u64,
    compressed_bytes: usize,
    bytes: usize,
    values: usize,
}

impl Dictionary {
    /// None where it is small, or of a kind that is not known here.
    fn of<R: ChunkReader>(file: &R, column: &ColumnChunkMetaData) -> Result<Option<Self>> {
        let is_known = matches!(column.compression(), Compression::SNAPPY | Compression::UNCOMPRESSED);
        let begin = column.dictionary_page_offset().and_then(|offset| u64::try_from(offset).ok());
        let Some(begin) = begin.filter(|_| is_known) else { return Ok(None) };
        let page_bytes = u64::try_from(column.data_page_offset()).unwrap_or(0).saturating_sub(begin) as usize;
        if page_bytes < LEAST_BYTES || page_bytes as i64 > column.compressed_size() {
            return Ok(None);
        }
        let head = file.get_bytes(begin, HEADER_BYTES)?;
        let mut rest = &head[..];
        let mut header = Header::default();
        if header.read(&mut rest, &mut Vec::new()).is_none() {
            return Ok(None);
        }
        let head_bytes = head.len() - rest.len();
        // Dictionaries are plain; the second number is an older name for that.
        let is_plain = matches!(header.encoding, PLAIN | 2);
        let is_whole =
            head_bytes + header.compressed_bytes == page_bytes && header.bytes as i64 <= column.uncompressed_size();
        let dictionary = Dictionary {
            page_bytes,
            values_at: begin + head_bytes as u64,
            compressed_bytes: header.compressed_bytes,
            bytes: header.bytes,
            values: header.values,
        };
        Ok((header.page_type == DICTIONARY_PAGE && is_plain && is_whole && header.values > 0).then_some(dictionary))
    }

    /// A page of so many of its values.
    fn first_values<R: ChunkReader>(
        &self,
        file: &R,
        column: &ColumnChunkMetaData,
        values: usize,
    ) -> Result<Option<Bytes>> {
        let values = values.min(self.values);
        let page = |bytes: Bytes| page(&bytes, values, column.compression());
        let width = match column.column_type() {
            Type::INT32 | Type::FLOAT => 4,
            Type::INT64 | Type::DOUBLE => 8,
            Type::INT96 => 12,
            Type::FIXED_LEN_BYTE_ARRAY => usize::try_from(column.column_descr().type_length()).unwrap_or(0),
            Type::BOOLEAN => 0,
            Type::BYTE_ARRAY => {
                // As much as they take in the mean and a quarter more; where that is not enough, all.
                let likely = (self.bytes / self.values * values).saturating_mul(5) / 4 + MARGIN_BYTES;
                for wanted in [likely.min(self.bytes), self.bytes] {
                    let Some(bytes) = self.first_bytes(file, column.compression(), wanted)? else { return Ok(None) };
                    if let Some(end) = end_of_texts(&bytes, values) {
                        return Ok(Some(page(bytes.slice(..end))));
                    }
                }
                return Ok(None);
            }
        };
        let wanted = values.saturating_mul(width);
        if wanted == 0 || wanted > self.bytes {
            return Ok(None);
        }
        Ok(self.first_bytes(file, column.compression(), wanted)?.map(page))
    }

    /// So many of its bytes, decompressed. What has to be read for them is not known before, so it may be that all is read.
    fn first_bytes<R: ChunkReader>(&self, file: &R, compression: Compression, wanted: usize) -> Result<Option<Bytes>> {
        let share = wanted as f64 / self.bytes.max(1) as f64;
        let likely = (1.25 * share * self.compressed_bytes as f64) as usize + MARGIN_BYTES;
        for read in [likely.min(self.compressed_bytes), self.compressed_bytes] {
            let compressed = file.get_bytes(self.values_at, read)?;
            let bytes = match compression {
                Compression::SNAPPY => decompress_beginning(&compressed, wanted).map(Bytes::from),
                _ => (wanted <= read).then(|| compressed.slice(..wanted)),
            };
            if bytes.is_some() {
                return Ok(bytes);
            }
        }
        Ok(None)
    }
}

/// A page with these values. What is compressed by Snappy may be one literal.
fn page(bytes: &[u8], values: usize, compression: Compression) -> Bytes {
    const LITERAL_OF_ANY_LENGTH: u8 = 63 << 2;
    let mut body = Vec::with_capacity(bytes.len() + HEADER_BYTES);
    if compression == Compression::SNAPPY {
        put_varint(&mut body, bytes.len());
        body.push(LITERAL_OF_ANY_LENGTH);
        body.put_u32_le(bytes.len() as u32 - 1);
    }
    body.extend_from_slice(bytes);
    let mut page = Vec::with_capacity(body.len() + HEADER_BYTES);
    let number = |page: &mut Vec<u8>, number: usize| {
        page.push(1 << 4 | NUMBER);
        put_varint(page, number << 1);
    };
    number(&mut page, DICTIONARY_PAGE);
    number(&mut page, bytes.len());
    number(&mut page, body.len());
    page.push((DICTIONARY_FIELD - 3) << 4 | STRUCTURE);
    number(&mut page, values);
    number(&mut page, PLAIN);
    page.extend([0, 0]);
    page.extend(body);
    page.into()
}

fn put_varint(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 128 {
        bytes.push(value as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
}

const DICTIONARY_PAGE: usize = 2;
const PLAIN: usize = 0;
/// The field of a page's header that tells of a dictionary.
const DICTIONARY_FIELD: u8 = 7;
/// Types of fields.
const NUMBER: u8 = 5;
const STRUCTURE: u8 = 12;

/// What the header of a dictionary's page says, in the compact protocol of Thrift: fields, each with the distance of its number from the one before and its type.
#[derive(Default)]
struct Header {
    page_type: usize,
    bytes: usize,
    compressed_bytes: usize,
    values: usize,
    encoding: usize,
}

impl Header {
    /// Reads the fields of a structure, which is the field of these numbers. None where it is not what headers of dictionaries are made of.
    fn read(&mut self, rest: &mut &[u8], of: &mut Vec<u8>) -> Option<()> {
        let mut number = 0_u8;
        loop {
            let field = take(rest)?;
            if field == 0 {
                return Some(());
            }
            // A distance of none is another way to write numbers, for large ones.
            number = number.checked_add(field >> 4).filter(|_| field >> 4 != 0)?;
            match field & 15 {
                // The two truth values have types of their own.
                1 | 2 => {}
                4..=6 => {
                    let value = varint(rest)?;
                    let value = usize::try_from(value >> 1).ok().filter(|_| value & 1 == 0);
                    match (of.as_slice(), number) {
                        ([], 1) => self.page_type = value?,
                        ([], 2) => self.bytes = value?,
                        ([], 3) => self.compressed_bytes = value?,
                        ([DICTIONARY_FIELD], 1) => self.values = value?,
                        ([DICTIONARY_FIELD], 2) => self.encoding = value?,
                        // A checksum may be any number.
                        _ => {}
                    }
                }
                STRUCTURE if of.is_empty() => {
                    of.push(number);
                    self.read(rest, of)?;
                    of.pop();
                }
                _ => return None,
            }
        }
    }
}

fn take(rest: &mut &[u8]) -> Option<u8> {
    let (&first, others) = rest.split_first()?;
    *rest = others;
    Some(first)
}

/// A number in groups of seven bits, the lowest first.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest)?;
        value |= u64::from(byte & 127) << shift;
        if byte < 128 {
            return Some(value);
        }
    }
    None
}

/// How many of a dictionary's values a page refers to at most: one more than its largest index, and none where it holds the values themselves. None where the page is
/// of another kind.
fn values_referred_to(page: &Page, column: &ColumnChunkMetaData) -> Option<usize> {
    let (buf, count, encoding, levels) = match page {
        Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } => {
            let has_levels = column.column_descr().max_def_level() > 0;
            let levels = match (has_levels, def_level_encoding) {
                (false, _) => 0,
                (true, Encoding::RLE) => 4 + u32::from_le_bytes(buf.first_chunk().copied()?) as usize,
                _ => return None,
            };
            (buf, *num_values, *encoding, levels)
        }
        Page::DataPageV2 { buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
            (buf, *num_values, *encoding, *def_levels_byte_len as usize + *rep_levels_byte_len as usize)
        }
        Page::DictionaryPage { .. } => return None,
    };
    match encoding {
        Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
            let (&width, indices) = buf.get(levels..)?.split_first()?;
            largest_index(indices, width, count as usize).map(|index| index + 1)
        }
        _ => Some(0),
    }
}

/// The largest of at most so many numbers in runs: some of one number many times, others of numbers of so many bits each.
fn largest_index(mut rest: &[u8], width: u8, count: usize) -> Option<usize> {
    if width > 32 {
        return None;
    }
    let (mut largest, mut left) = (0_u64, count);
    while left > 0 && !rest.is_empty() {
        let header = varint(&mut rest)?;
        let run = usize::try_from(header >> 1).ok()?;
        if header & 1 == 0 {
            let (value, others) = rest.split_at_checked(usize::from(width).div_ceil(8))?;
            largest = largest.max(value.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)));
            (rest, left) = (others, left.saturating_sub(run));
        } else {
            // The last of a page may be cut off behind its last value.
            let bytes = run.checked_mul(usize::from(width))?.min(rest.len());
            let (packed, others) = rest.split_at(bytes);
            largest = largest.max(largest_packed(packed, width, left.min(run.saturating_mul(8))));
            (rest, left) = (others, left.saturating_sub(run.saturating_mul(8)));
        }
    }
    usize::try_from(largest).ok()
}

fn largest_packed(packed: &[u8], width: u8, count: usize) -> u64 {
    let mask = (1 << width) - 1;
    let (mut bits, mut held, mut largest) = (0_u64, 0, 0);
    let (mut bytes, mut left) = (packed.iter(), count);
    while left > 0 {
        while held < width {
            let Some(&byte) = bytes.next() else { return largest };
            bits |= u64::from(byte) << held;
            held += 8;
        }
        largest = largest.max(bits & mask);
        bits >>= width;
        held -= width;
        left -= 1;
    }
    largest
}

/// Where so many texts end, each behind its length; none where there are fewer.
fn end_of_texts(bytes: &[u8], texts: usize) -> Option<usize> {
    let mut end = 0_usize;
    for _ in 0..texts {
        let length = u32::from_le_bytes(bytes.get(end..)?.first_chunk().copied()?) as usize;
        end = end.checked_add(4)?.checked_add(length).filter(|&end| end <= bytes.len())?;
    }
    Some(end)
}

#[cfg(test)]
mod tests;
