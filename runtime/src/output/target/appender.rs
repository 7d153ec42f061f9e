//! The one place where encoded bytes are added to a file.

use std::io::{ErrorKind, Result as IoResult, Write};

use super::Target;

/// Adds bytes to a file of an output, or to a stream. It may block.
pub struct Appender {
    out: Box<dyn Write + Send>,
    /// For a stream, the output, whose reader may go away.
    stream: Option<Target>,
}

impl Appender {
    pub(super) fn to_file(out: impl Write + Send + 'static) -> Self {
        Appender { out: Box::new(out), stream: None }
    }

    pub(super) fn to_stream(out: impl Write + Send + 'static, target: Target) -> Self {
        Appender { out: Box::new(out), stream: Some(target) }
    }

    /// Adds bytes. A stream whose reader has gone takes them, and forgets them: nobody is wronged by what nobody reads.
    ///
    /// # Errors
    /// The system's.
    pub fn append(&mut self, bytes: &[u8]) -> IoResult<()> {
        if self.stream.as_ref().is_some_and(Target::is_abandoned) {
            return Ok(());
        }
        match (self.out.write_all(bytes).and_then(|()| self.out.flush()), &self.stream) {
            (Err(error), Some(target)) if error.kind() == ErrorKind::BrokenPipe => {
                target.abandon();
                Ok(())
            }
            (result, _) => result,
        }
    }
}
