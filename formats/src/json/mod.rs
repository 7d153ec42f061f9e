//! JSON lines with types: a record is a line (RFC 8259; jsonlines.org).
//!
//! * [`program`]: a record's shape as what a reader does with it.
//! * [`tokens`]: strings, numbers, brackets; what nobody reads is skipped.
//! * [`parse`], [`plain`]: lines as leaves; [`reader`], [`source`]: files as records.
//! * [`encoder`]: records as lines.
//! * [`value`]: what is no record: plans, decisions, manifests.
//!
//! # Types
//! | field | JSON |
//! |---|---|
//! | integers, floats | a number; a float that is none is `"NaN"`, `"inf"` or `"-inf"` |
//! | `bool` | `true`, `false` |
//! | `String`, `char` | a string |
//! | `Vec<u8>` | a string of hexadecimal digits |
//! | `Date`, `Timestamp` | a string: `"2024-02-29"`, `"2024-02-29T12:30:00Z"` |
//! | `TimeDelta` | a string: `"PT1H30M"` |
//! | `Decimal<S>` | a number, or a string of one; never by way of a float |
//! | `Vec` of plain values or texts | an array |
//! | nested record | an object; a field that the record does not have is skipped |
//! | tuple | an array of as many values |
//! | `Option` | the value; `null`, or no such field |
//!
//! A file that is one array of objects is read, too, if the record has named fields: by one task, in constant memory. The record is an element of the array then.
//!
//! A byte-order mark at the beginning of a file is passed over. A record of one plain value is that value on a line. A field that stands twice in an object is an error. Fields that nobody reads
//! are skipped: their strings must end and their brackets must match, and what else stands there is not looked at.
//!
//! # Limits
//! An `Option` directly inside an `Option` is refused. A number with a point or an exponent is an integer or a decimal where it is one exactly:
//! `1.0`, `1e3`.
//!
//! # Why not `sonic-rs` or `simd-json`
//! Both are quickest at structs that the compiler knows, and the engine knows records at run time only. On the rows of the test `speed`, in ns a row: ours reads all
//! fields into columns in 805 to 999; `sonic-rs` takes 1,148 to walk the fields alone, and 1,040 for a struct, `simd-json` 851 for a struct, all of them without
//! columns, the place of a mistake, and exact decimals.

mod encoder;
mod parse;
mod plain;
mod program;
mod reader;
mod source;

pub use encoder::JsonFormat;
pub use source::{JsonOptions, JsonSource};
