//! Errors of jobs and of fallible closures.

use std::fmt;

use runtime::value::Overflow;

/// The result type of pipelines and of the engine.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error that ended a job, or kept it from running. The message names the operator, its file
/// and line, and the place in the data.
///
/// `Debug` prints the same message. So `fn main() -> dataflow::Result<()>` ends with one readable
/// line and exit code 1.
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] runtime::error::Error);

impl Error {
    /// Returns the engine's error, for programs that distinguish causes.
    #[must_use]
    pub fn cause(&self) -> &runtime::error::Error {
        &self.0
    }

    /// Returns `true` if the job was [cancelled](crate::JobHandle::cancel) and nothing else failed.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0, runtime::error::Error::Cancelled)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The error of a fallible closure. `?` converts any error into it.
pub struct UserError(Box<dyn std::error::Error + Send + Sync>);

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for UserError {
    fn from(error: E) -> Self {
        UserError(error.into())
    }
}

impl fmt::Debug for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl UserError {
    /// Converts to the engine's error, without the record.
    pub(crate) fn without_record(self) -> runtime::error::Error {
        match self.0.downcast::<Overflow>() {
            Ok(overflow) => runtime::error::Error::Overflow { what: overflow.what },
            Err(error) => runtime::error::Error::User(error),
        }
    }

    /// Converts to the engine's error, and adds the record that the closure was called with. An
    /// overflow keeps its own message, without the record.
    pub(crate) fn with_record(self, record: &str) -> runtime::error::Error {
        match self.0.downcast::<Overflow>() {
            Ok(overflow) => runtime::error::Error::Overflow { what: overflow.what },
            Err(error) => runtime::error::Error::User(format!("{error}, in the record {record}").into()),
        }
    }
}
