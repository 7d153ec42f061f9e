//! Reads the pages of a flat column, and the dictionary before them.

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::file::reader::ChunkReader;

use super::FlatColumn;
use crate::parquet::column::codes::Codes;
use crate::parquet::column::pages::{Content, Page};
use crate::parquet::column::values::{Values, plain_array, plain_texts};
use crate::parquet::convert;

/// The current page of values.
pub(super) struct OpenPage {
    pub(super) page: Page,
    /// Values that were not decoded yet, including nulls.
    pub(super) left: usize,
    /// The definition levels, unless no value is null, and their bytes if they are outside of the
    /// body.
    pub(super) levels: Option<(Codes, Option<Bytes>)>,
    pub(super) encoded: Encoded,
}

pub(super) enum Encoded {
    /// Codes of a dictionary.
    Codes(Codes),
    /// Plain values from this offset of the body on.
    Plain(usize),
}

impl<R: ChunkReader + 'static> FlatColumn<R> {
    /// Reads the next page of values, and a dictionary before it.
    ///
    /// # Errors
    /// Fails with a message if the file is damaged.
    pub(super) fn read_page(&mut self) -> Result<(), String> {
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
        // The number that the page states may be wrong. A page has no more values than bytes.
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

    fn open(&self, page: Page, encoding: Encoding) -> Result<OpenPage, String> {
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
                // All values are null.
                None => Encoded::Codes(Codes::default()),
            },
            encoding => return Err(format!("a page is encoded as {encoding}, which the footer does not say")),
        };
        Ok(OpenPage { left: page.values, page, levels, encoded })
    }
}
