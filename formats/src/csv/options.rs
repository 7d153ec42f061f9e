//! The dialect of CSV files.

use crate::{TextEncoding, TimeForms};
use runtime::error::{Error, Result};
use runtime::source::Lenient;

/// How CSV files are read and written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// The byte between fields.
    pub delimiter: u8,
    /// The byte around quoted fields. With `None`, quotes have no special meaning.
    pub quote: Option<u8>,
    /// `true` if the first record of each file names the columns.
    pub header: bool,
    /// The text that an `Option` reads as null, if it is not in quotes.
    pub null: String,
    /// `true` if quoted fields may hold newlines. `false` saves a pass over large files. A newline
    /// in a field is then an error.
    pub multiline: bool,
    /// If set, records that cannot be read are skipped and logged. If `None`, the first one ends
    /// the job. Each line is then a record, so `multiline` must be `false`.
    pub lenient: Option<Lenient>,
    /// Formats of dates and timestamps other than ISO 8601.
    pub times: TimeForms,
    /// The byte that makes the next byte of a field literal, as in `"a \\" b"` or `a\\, b`. Quotes
    /// may also be doubled. With an escape, fields hold no newlines.
    pub escape: Option<u8>,
    /// Reading only: lines that begin with this text are skipped. Quoted fields then hold no
    /// newlines.
    pub comment_prefix: Option<String>,
    /// Reading only: number of lines that are skipped at the beginning of each file, before the
    /// header.
    pub skip_lines: usize,
    /// Reading only: `true` if a record may have too few fields. The missing ones are null.
    pub null_padding: bool,
    /// Reading only: `true` if an integer may be written as a float without fraction, `1.0` or
    /// `1e+18`. pandas writes integers of columns with nulls in this way.
    pub whole_floats: bool,
    /// Reading only: the encoding of the text.
    pub encoding: TextEncoding,
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions {
            delimiter: b',',
            quote: Some(b'"'),
            header: true,
            null: String::new(),
            multiline: true,
            lenient: None,
            times: TimeForms::default(),
            escape: None,
            comment_prefix: None,
            skip_lines: 0,
            null_padding: false,
            whole_floats: false,
            encoding: TextEncoding::Utf8,
        }
    }
}

impl CsvOptions {
    /// Skips bad records and logs them. Each line is then a record, because a quote that is not
    /// closed would otherwise swallow all following records. If fields hold newlines, the lines
    /// within them are read as records.
    #[must_use]
    pub fn lenient(self, lenient: Lenient) -> Self {
        CsvOptions { lenient: Some(lenient), multiline: false, ..self }
    }

    /// Sets the formats of dates and timestamps: `TimeForms::default().dates("%d.%m.%Y")`.
    #[must_use]
    pub fn times(self, times: TimeForms) -> Self {
        CsvOptions { times, ..self }
    }

    /// Returns `true` if quoted fields may hold newlines. That needs a count of quotes, which is
    /// not possible with escaped quotes or quotes in comments.
    pub(super) fn is_multiline(&self) -> bool {
        self.multiline && self.escape.is_none() && self.comment_prefix.is_none()
    }

    pub(super) fn check(&self) -> Result<()> {
        check_delimiter(self.delimiter)?;
        if let Some(escape) = self.escape
            && (escape == self.delimiter || Some(escape) == self.quote || !is_free_mark(escape))
        {
            return Err(Error::Plan(format!(
                "CSV cannot be read with the escape `{}`: it must be a mark of one byte that stands in no number, other than the delimiter and \
                 the quote; a quote that is doubled needs no option",
                escape.escape_ascii()
            )));
        }
        if self.comment_prefix.as_ref().is_some_and(|prefix| prefix.is_empty() || prefix.contains('\n')) {
            return Err(Error::Plan(
                "CSV cannot be read with an empty `comment_prefix`, or one with a newline: all lines would be comments, or none".to_owned(),
            ));
        }
        if self.lenient.is_some() && self.multiline {
            return Err(Error::Plan(
                "CSV cannot be read leniently with `multiline: true`: where a quote is missing, nobody knows where records begin; \
                 call `lenient` last, which sets it to false, or read without it where fields hold newlines"
                    .to_owned(),
            ));
        }
        match self.quote {
            Some(quote) if quote == self.delimiter || !is_free_mark(quote) => Err(Error::Plan(format!(
                "CSV cannot be read with the quote `{}`: it must be a mark of one byte that stands in no number, other than the delimiter",
                quote.escape_ascii()
            ))),
            _ => Ok(()),
        }
    }
}

/// # Errors
/// Fails if numbers, dates or names could contain the delimiter.
fn check_delimiter(delimiter: u8) -> Result<()> {
    if is_free_mark(delimiter) && delimiter != b'"' {
        return Ok(());
    }
    Err(Error::Plan(format!(
        "CSV cannot have the delimiter `{}`: it must be a mark of one byte that stands in no number, such as `,`, `;`, `|` or `\\t`",
        delimiter.escape_ascii()
    )))
}

/// Returns `true` if numbers, dates and times do not contain this byte.
fn is_free_mark(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\n\r\0+-.:".contains(&byte)
}
