//! What CSV files leave open.

use crate::error::{Error, Result};

/// How CSV files are read.
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
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions { delimiter: b',', quote: Some(b'"'), header: true, null: String::new(), multiline: true }
    }
}

impl CsvOptions {
    pub(super) fn check(&self) -> Result<()> {
        check_delimiter(self.delimiter)?;
        match self.quote {
            Some(quote) if quote == self.delimiter || !is_mark(quote) => Err(Error::Plan(format!(
                "CSV cannot be read with the quote `{}`: it must be a mark of one byte other than the delimiter",
                quote.escape_ascii()
            ))),
            _ => Ok(()),
        }
    }
}

/// # Errors
/// Where values could hold the delimiter themselves.
pub(super) fn check_delimiter(delimiter: u8) -> Result<()> {
    if is_mark(delimiter) && !b"\"+-.:".contains(&delimiter) {
        return Ok(());
    }
    Err(Error::Plan(format!(
        "CSV cannot have the delimiter `{}`: it must be a mark of one byte that stands in no number, such as `,`, `;`, `|` or `\\t`",
        delimiter.escape_ascii()
    )))
}

fn is_mark(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'\n' | b'\r' | 0)
}
