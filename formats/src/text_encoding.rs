//! Encodings of text other than UTF-8, and their conversion to UTF-8.

use bytes::Bytes;
use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::compression::{Compression, Damaged, Decompressor};
use runtime::error::Result;

/// The encoding of a file's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TextEncoding {
    /// UTF-8, with or without a byte-order mark.
    #[default]
    Utf8,
    /// UTF-16, in the byte order of its byte-order mark. Without a mark, in the byte order in which
    /// its first character is ASCII.
    Utf16,
    /// ISO 8859-1: each byte is the character of that number.
    Latin1,
    /// Windows-1252: Latin-1 with quotes, dashes and the euro sign from 0x80 to 0x9f.
    Windows1252,
}

/// Decodes a file that is compressed, or not UTF-8, or both.
pub(super) struct ContentDecoder {
    decompressor: Option<Decompressor>,
    text: Option<TextDecoder>,
    /// Bytes that the text decoder has read.
    text_bytes: u64,
}

enum TextDecoder {
    Latin1,
    /// UTF-16 before its first bytes, which decide the byte order.
    Utf16,
    Encoded(Box<Decoder>),
}

impl ContentDecoder {
    /// Creates a decoder for the beginning of a file. Returns `None` if the file needs no decoding.
    ///
    /// # Errors
    /// Fails if the compression library cannot be set up.
    pub(super) fn of(compression: Option<Compression>, encoding: TextEncoding) -> Result<Option<Self>> {
        let decompressor = compression.map(Decompressor::new).transpose()?;
        let text = match encoding {
            TextEncoding::Utf8 => None,
            TextEncoding::Utf16 => Some(TextDecoder::Utf16),
            TextEncoding::Latin1 => Some(TextDecoder::Latin1),
            TextEncoding::Windows1252 => Some(TextDecoder::encoded(WINDOWS_1252)),
        };
        let is_needed = decompressor.is_some() || text.is_some();
        Ok(is_needed.then_some(ContentDecoder { decompressor, text, text_bytes: 0 }))
    }

    /// Returns the number of bytes of the file that were used.
    pub(super) fn used(&self) -> u64 {
        self.decompressor.as_ref().map_or(self.text_bytes, Decompressor::used)
    }

    /// As [`Decompressor::run`].
    ///
    /// # Errors
    /// Fails if the input is damaged, or is not in the encoding.
    pub(super) fn run(&mut self, input: &mut Bytes, out: &mut Vec<u8>, enough: usize) -> Result<(), Damaged> {
        let Some(text) = &mut self.text else {
            return self.decompressor.as_mut().map_or(Ok(()), |decompressor| decompressor.run(input, out, enough));
        };
        let raw: Bytes = match &mut self.decompressor {
            // Runs at least one step, even if its output is less than a character.
            Some(decompressor) => {
                let mut raw = Vec::new();
                decompressor.run(input, &mut raw, enough.saturating_sub(out.len()).max(1))?;
                raw.into()
            }
            None => std::mem::take(input),
        };
        let begin = self.text_bytes;
        self.text_bytes += raw.len() as u64;
        text.decode(&raw, out, false).map_err(|(at, message)| Damaged { at: begin + at as u64, message })
    }

    /// As [`Decompressor::finish`].
    ///
    /// # Errors
    /// Fails if the file is truncated or damaged.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Damaged> {
        let Some(text) = &mut self.text else {
            return self.decompressor.as_mut().map_or(Ok(()), |decompressor| decompressor.finish(out));
        };
        let mut raw = Vec::new();
        if let Some(decompressor) = &mut self.decompressor {
            decompressor.finish(&mut raw)?;
        }
        let begin = self.text_bytes;
        text.decode(&raw, out, true).map_err(|(at, message)| Damaged { at: begin + at as u64, message })?;
        self.text = Some(TextDecoder::Latin1);
        Ok(())
    }
}

impl TextDecoder {
    fn encoded(encoding: &'static encoding_rs::Encoding) -> Self {
        TextDecoder::Encoded(Box::new(encoding.new_decoder_with_bom_removal()))
    }

    /// Appends decoded text to `out`. Fails with the offset of bytes that are not in the encoding.
    fn decode(&mut self, mut bytes: &[u8], out: &mut Vec<u8>, is_last: bool) -> Result<(), (usize, String)> {
        if let (TextDecoder::Utf16, false) = (&self, bytes.is_empty()) {
            let is_big_endian = bytes.starts_with(&[0xfe, 0xff]) || bytes[0] == 0;
            *self = TextDecoder::encoded(if is_big_endian { UTF_16BE } else { UTF_16LE });
        }
        let decoder = match self {
            TextDecoder::Utf16 => return Ok(()),
            TextDecoder::Latin1 => {
                let mut char = [0; 4];
                bytes.iter().for_each(|&byte| {
                    out.extend_from_slice(char::from(byte).encode_utf8(&mut char).as_bytes());
                });
                return Ok(());
            }
            TextDecoder::Encoded(decoder) => decoder,
        };
        let mut at = 0;
        loop {
            let begin = out.len();
            out.resize(begin + 3 * bytes.len() + 16, 0);
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(bytes, &mut out[begin..], is_last);
            out.truncate(begin + written);
            (bytes, at) = (&bytes[read..], at + read);
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    let message = format!("expected {}, found bytes that are none", decoder.encoding().name());
                    return Err((at, message));
                }
            }
        }
    }
}
