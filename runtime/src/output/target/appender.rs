//! Appends encoded bytes to a file or a stream. All outputs use it.

use std::io::{ErrorKind, Result as IoResult, Write};

use super::Target;

/// Appends bytes to a file of an output, or to a stream. May block.
pub struct Appender {
    out: Box<dyn Write + Send>,
    /// The output, if it is a stream. Its reader may close it.
    stream: Option<Target>,
}

impl Appender {
    pub(super) fn to_file(out: impl Write + Send + 'static) -> Self {
        Appender { out: Box::new(out), stream: None }
    }

    pub(super) fn to_stream(out: impl Write + Send + 'static, target: Target) -> Self {
        Appender { out: Box::new(out), stream: Some(target) }
    }

    /// Appends bytes. If the reader of a stream has closed it, the bytes are dropped without an
    /// error.
    ///
    /// # Errors
    /// Fails with the error of the system.
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
