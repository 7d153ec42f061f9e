//! What CSV files leave open.

use crate::{TextEncoding, TimeForms};
use runtime::error::{Error, Result};
use runtime::source::Lenient;

/// How CSV files are read and written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// Between fields.
    pub delimiter: u8,
    /// Around fields; `None` where quotes are bytes like others.
    pub quote: Option<u8>,
    /// Whether the first record of each file names the columns.
    pub header: bool,
    /// What an `Option` reads as null, where it stands without quotes.
    pub null: String,
    /// Whether quoted fields may hold newlines. `false` saves a pass over large files; a newline in a field is an error then.
    pub multiline: bool,
    /// Whether records that cannot be read are left out, and where they go; they end the job unless this is set. A record is a line then:
    /// `multiline` must be `false`.
    pub lenient: Option<Lenient>,
    /// How dates and timestamps are written, where not by ISO 8601.
    pub times: TimeForms,
    /// The byte that takes the next one of a field as it is, as in `"a \\" b"` or `a\\, b`. A quote may be doubled, too. Fields hold no newlines
    /// then.
    pub escape: Option<u8>,
    /// Read: lines that begin with this text are passed over. Quoted fields hold no newlines then.
    pub comment_prefix: Option<String>,
    /// Read: lines at the beginning of each file that are passed over, before the header.
    pub skip_lines: usize,
    /// Read: whether a record may have too few fields, of which the rest are null.
    pub null_padding: bool,
    /// Read: whether an integer may be written as a float without fraction, `1.0` or `1e+18`, as pandas writes integers of columns with nulls.
    pub whole_floats: bool,
    /// Read: how the text is encoded.
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
    /// Leaves bad records out. One that is not closed would take all others with it, so a record is a line: where fields hold newlines, the
    /// lines within them are taken for records.
    #[must_use]
    pub fn lenient(self, lenient: Lenient) -> Self {
        CsvOptions { lenient: Some(lenient), multiline: false, ..self }
    }

    /// With dates and timestamps in forms of their own: `TimeForms::default().dates("%d.%m.%Y")`.
    #[must_use]
    pub fn times(self, times: TimeForms) -> Self {
        CsvOptions { times, ..self }
    }

    /// Whether quoted fields may hold newlines. Quotes that are escaped, or stand in comments, cannot be counted.
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
/// Where values could hold the delimiter themselves.
fn check_delimiter(delimiter: u8) -> Result<()> {
    if is_free_mark(delimiter) && delimiter != b'"' {
        return Ok(());
    }
    Err(Error::Plan(format!(
        "CSV cannot have the delimiter `{}`: it must be a mark of one byte that stands in no number, such as `,`, `;`, `|` or `\\t`",
        delimiter.escape_ascii()
    )))
}

/// Whether a byte is a mark that numbers, dates and times do not have.
fn is_free_mark(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\n\r\0+-.:".contains(&byte)
}
