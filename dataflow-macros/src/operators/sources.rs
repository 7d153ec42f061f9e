//! The words for sources: methods of an environment that give a flow.

use proc_macro2::Ident;

use crate::words::is_one_of;

/// The sources of `Env`. Each of them gives a `Result`.
const SOURCES: &str = "collection read_text read_csv read_csv_with read_json read_json_with read_parquet \
     read_parquet_with read_binary read_native read_log read_log_to_end read_from read_stream_from";

/// What sources of a program's own begin with: a convention of the language, as the macro does not see the methods of a type.
const PREFIX: &str = "read_";

/// The name of an environment whose type the macro does not see.
const ENVIRONMENT: &str = "env";

/// Whether a name is that of an environment.
pub(crate) fn is_environment(name: &Ident) -> bool {
    name == ENVIRONMENT
}

/// Whether a method of an environment is a source.
pub(crate) fn is_source(word: &Ident) -> bool {
    may_fail(word) || word.to_string().starts_with(PREFIX)
}

/// Whether a source is known to give a `Result`.
pub(crate) fn may_fail(word: &Ident) -> bool {
    is_one_of(word, SOURCES)
}
