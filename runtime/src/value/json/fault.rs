//! A fault in a text that is parsed, and the excerpt of the text that a message shows.

/// A fault in a record or value, and the place of the byte at fault.
#[derive(Debug, PartialEq, Eq)]
pub struct ParseFault {
    /// The byte, counted from the beginning of the block or text.
    pub at: usize,
    /// The fault.
    pub message: String,
}

impl ParseFault {
    /// A fault at a byte.
    pub fn new(at: usize, message: impl Into<String>) -> Self {
        ParseFault { at, message: message.into() }
    }
}

/// The first 40 characters of a text, quoted for a message.
#[must_use]
pub fn excerpt(found: &[u8]) -> String {
    let shown: String = String::from_utf8_lossy(found).chars().take(40).collect();
    format!("`{shown}`")
}
