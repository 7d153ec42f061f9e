//! The crate's error.

use std::fmt;

use runtime::value::Overflow;

/// The result of pipelines and of the engine.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a job did not run, or ended. The message names the operator, its file and line, and the place in the data.
///
/// `Debug` prints the same sentence, so that `fn main() -> dataflow::Result<()>` ends with one readable line and exit code 1.
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] runtime::error::Error);

impl Error {
    /// The engine's error, for programs that tell causes apart.
    #[must_use]
    pub fn cause(&self) -> &runtime::error::Error {
        &self.0
    }

    /// Whether the job was [cancelled](crate::JobHandle::cancel), and nothing went wrong.
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

/// The error of a fallible closure: any error becomes one through `?`.
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
    /// As the engine's error. What it was about is known by the operator alone.
    pub(crate) fn alone(self) -> runtime::error::Error {
        match self.0.downcast::<Overflow>() {
            Ok(overflow) => runtime::error::Error::Overflow { what: overflow.what },
            Err(error) => runtime::error::Error::User(error),
        }
    }

    /// As the engine's error, with the record that it was about. An overflow is the engine's own finding, about a record of its own.
    pub(crate) fn with_record(self, record: &str) -> runtime::error::Error {
        match self.0.downcast::<Overflow>() {
            Ok(overflow) => runtime::error::Error::Overflow { what: overflow.what },
            Err(error) => runtime::error::Error::User(format!("{error}, in the record {record}").into()),
        }
    }
}
