//! Sources: methods of an environment that return a flow.

use proc_macro2::Ident;

use crate::words::is_one_of;

/// The sources of `Env`. Each returns a `Result`.
const SOURCES: &str = "collection read_text read_csv read_csv_with read_json read_json_with read_parquet \
     read_parquet_with read_binary read_native read_log read_log_to_end read_from read_stream_from";

/// Prefix of sources that a program defines. A convention of the language, because the macro does
/// not see the methods of a type.
const PREFIX: &str = "read_";

/// A variable with this name is an environment, even if its type is not visible.
const ENVIRONMENT: &str = "env";

/// Returns `true` if a variable with this name is an environment.
pub(crate) fn is_environment(name: &Ident) -> bool {
    name == ENVIRONMENT
}

/// Returns `true` if a method of an environment is a source.
pub(crate) fn is_source(word: &Ident) -> bool {
    may_fail(word) || word.to_string().starts_with(PREFIX)
}

/// Returns `true` if a source is known to return a `Result`.
pub(crate) fn may_fail(word: &Ident) -> bool {
    is_one_of(word, SOURCES)
}
