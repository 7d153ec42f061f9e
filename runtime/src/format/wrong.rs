//! What is wrong with a record.

/// What is wrong, and where its offending byte stands in the block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) message: String,
}

impl Wrong {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Wrong { at, message: message.into() }
    }
}

/// What stands in a file, as it is shown in a message.
pub(super) fn shown(found: &[u8]) -> String {
    let shown: String = String::from_utf8_lossy(found).chars().take(40).collect();
    format!("`{shown}`")
}
