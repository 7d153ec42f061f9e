//! JSON lines with types: a record is a line (RFC 8259; jsonlines.org).
//!
//! * [`program`]: a record's shape as a tree of nodes that directs the parser.
//! * [`parse`], [`plain`]: parse lines into leaves.
//! * [`reader`], [`source`]: read files. [`encoder`]: writes files.
//!
//! Tokens come from `runtime::value::json`.
//!
//! # Types
//! | field | JSON |
//! |---|---|
//! | integers, floats | a number; `"NaN"`, `"inf"` and `"-inf"` are strings |
//! | `bool` | `true`, `false` |
//! | `String`, `char` | a string |
//! | `Vec<u8>` | a string of hexadecimal digits |
//! | `Date`, `Timestamp` | a string: `"2024-02-29"`, `"2024-02-29T12:30:00Z"` |
//! | `TimeDelta` | a string: `"PT1H30M"` |
//! | `Decimal<S>` | a number, or a number in a string; never converted to a float |
//! | `Vec` of plain values or texts | an array |
//! | nested record | an object; fields that the record does not have are skipped |
//! | tuple | an array with one element per value |
//! | `Option` | the value; `null` or a missing field is null |
//!
//! A record of one plain value is that value on a line. A byte-order mark at the beginning of a
//! file is skipped. A field that occurs twice in an object is an error. In fields that are not
//! read, only the ends of strings and the nesting of brackets are checked.
//!
//! A file may also be one array of objects, if the record has named fields. A record is then an
//! element of the array. One task reads such a file, in constant memory.
//!
//! # Limits
//! An `Option` directly inside an `Option` is refused. A number with a point or an exponent is
//! accepted for an integer or a decimal only if it is exact: `1.0`, `1e3`.
//!
//! # Why not `sonic-rs` or `simd-json`
//! Both are fastest for structs that the compiler knows, but the engine knows records only at run
//! time. Times per row of the test `speed`:
//!
//! | reader | ns per row |
//! |---|---|
//! | this module, all fields into columns | 805 to 999 |
//! | `sonic-rs`, walk over the fields | 1,148 |
//! | `sonic-rs`, into a struct | 1,040 |
//! | `simd-json`, into a struct | 851 |
//!
//! The other readers' times do not include columns, places of errors, or exact decimals.

mod encoder;
mod parse;
mod plain;
mod program;
mod reader;
mod source;

pub use encoder::JsonFormat;
pub use source::{JsonOptions, JsonSource};
