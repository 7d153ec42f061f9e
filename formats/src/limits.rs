//! Compile-time checks that a format can hold a record's type. A refused type fails the build.
//!
//! The same limits are checked at run time, when encoders and sources are made, for plans without
//! Rust types. A test compares both checks.

use runtime::row::{BuildMessage, Element, FieldPath, FieldType, LeafType, RecordType, leaves_of};

/// A file format, or the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// CSV.
    Csv,
    /// JSON lines.
    Json,
    /// Parquet.
    Parquet,
    /// Plain values back to back.
    Binary,
    /// The engine's own format.
    Native,
    /// A log.
    Log,
    /// One value per line.
    Text,
}

/// Fails the build if the format cannot hold the record.
#[track_caller]
pub const fn must_hold(kind: FileKind, record: &'static RecordType) {
    check(kind, record, false);
}

/// As [`must_hold`], if the names of folders may hold some of the record's fields.
#[track_caller]
pub const fn must_hold_in_folders(kind: FileKind, record: &'static RecordType) {
    check(kind, record, true);
}

/// Fails the build if records cannot be written to folders that are named by `key`. `is_computed`
/// states that the key is computed and not made of fields.
#[track_caller]
#[allow(clippy::panic, reason = "called in constants only: the compiler reports the text")]
pub const fn must_name_folders(record: &'static RecordType, key: &'static RecordType, is_computed: bool) {
    if is_computed {
        panic!("the names of folders are fields, and this key is computed: compute a field of it in a `map` before");
    }
    if key.leaf_count() == 0 {
        panic!("no field of the record is in the names of folders: name at least one");
    }
    if !is_of_single_values(key) {
        panic!(
            "the name of a folder cannot hold a list, a map, an Option of a record or an enum whose variants hold values: use a text, a number or a date"
        );
    }
    if key.leaf_count() >= record.leaf_count() {
        panic!("all fields of the record are in the names of folders: files must hold at least one");
    }
}

/// Fails the build if a nested record marks a field as `source_file`.
#[track_caller]
#[allow(clippy::panic, reason = "called in constants only: the compiler reports the text")]
pub const fn must_mark_own_field(record: &'static RecordType) {
    if let Some(path) = nested_source_file(record, FieldPath::RECORD, true) {
        let message =
            BuildMessage::of("the field `").and_path(&path).and("` is marked `source_file` in a nested record; ");
        panic!("{}", message.and("mark a field of the record that is read").text());
    }
}

/// Returns the first field that a nested record marks as `source_file`. Elements of lists and maps
/// are not searched.
const fn nested_source_file(ty: &'static RecordType, path: FieldPath, is_own: bool) -> Option<FieldPath> {
    match ty {
        RecordType::Leaf(_) | RecordType::List(_) | RecordType::Map(_) | RecordType::Array(_, 0) => None,
        RecordType::Optional(inner) | RecordType::Array(inner, _) => nested_source_file(inner, path, false),
        RecordType::Record { fields, .. } | RecordType::Enum { variants: fields, .. } => {
            let mut index = 0;
            while index < fields.len() {
                let FieldType { name, ty, is_source_file, .. } = fields[index];
                let path = path.then(name);
                if is_source_file && !is_own {
                    return Some(path);
                }
                let found = nested_source_file(ty, path, false);
                if found.is_some() {
                    return found;
                }
                index += 1;
            }
            None
        }
    }
}

#[track_caller]
#[allow(clippy::panic, reason = "called in constants only: the compiler reports the text")]
const fn check(kind: FileKind, record: &'static RecordType, in_folders: bool) {
    if let Some((path, reason)) = first_refused(kind, record, in_folders) {
        let message = match path.is_record() {
            true => BuildMessage::of("the record"),
            false => BuildMessage::of("the field `").and_path(&path).and("`"),
        };
        panic!("{}", message.and(" ").and(reason).text());
    }
}

/// Returns the first part of a record that the format cannot hold, and the reason.
const fn first_refused(
    kind: FileKind,
    record: &'static RecordType,
    in_folders: bool,
) -> Option<(FieldPath, &'static str)> {
    if in_folders && let RecordType::Record { fields, .. } = record {
        return refused_in_files(kind, fields, FieldPath::RECORD);
    }
    match (kind, record.leaf_count()) {
        (FileKind::Text, 1) => refused(kind, record, FieldPath::RECORD),
        (FileKind::Text, _) => Some((
            FieldPath::RECORD,
            "is not one value, and a text file holds one value a line; write it as CSV or Parquet, or map it to a String",
        )),
        (FileKind::Binary, 0) => Some((FieldPath::RECORD, "has no values")),
        (FileKind::Native | FileKind::Log, 0x1_0000..) => {
            Some((FieldPath::RECORD, "has more than 65,535 values, which is too much for a native file or a log"))
        }
        _ => refused(kind, record, FieldPath::RECORD),
    }
}

/// As [`first_refused`], for fields that may be in the names of folders.
const fn refused_in_files(
    kind: FileKind,
    fields: &'static [FieldType],
    path: FieldPath,
) -> Option<(FieldPath, &'static str)> {
    let mut index = 0;
    while index < fields.len() {
        let FieldType { name, ty, is_source_file, .. } = fields[index];
        if !is_source_file && let Some(refused) = refused_part_in_files(kind, ty, path.then(name)) {
            return Some(refused);
        }
        index += 1;
    }
    None
}

const fn refused_part_in_files(
    kind: FileKind,
    ty: &'static RecordType,
    path: FieldPath,
) -> Option<(FieldPath, &'static str)> {
    match ty {
        RecordType::Record { fields: fields @ [_, ..], .. } => refused_in_files(kind, fields, path),
        RecordType::Array(element, 1..) => refused_part_in_files(kind, element, path),
        ty if is_single_value(ty) => None,
        ty => refused(kind, ty, path),
    }
}

/// Returns `true` if folder names can hold all values of this part of a record.
const fn is_of_single_values(ty: &RecordType) -> bool {
    match ty {
        RecordType::Record { fields, .. } => {
            let mut index = 0;
            while index < fields.len() {
                if !is_of_single_values(fields[index].ty) {
                    return false;
                }
                index += 1;
            }
            true
        }
        RecordType::Array(element, length) => *length == 0 || is_of_single_values(element),
        ty => is_single_value(ty),
    }
}

/// Returns `true` if a folder name can hold a value of this type.
const fn is_single_value(ty: &RecordType) -> bool {
    match ty {
        RecordType::Leaf(leaf) | RecordType::Optional(RecordType::Leaf(leaf)) => {
            !matches!(leaf, LeafType::List(_) | LeafType::Texts)
        }
        _ => false,
    }
}

/// As [`first_refused`], for a part of a record.
const fn refused(kind: FileKind, ty: &'static RecordType, path: FieldPath) -> Option<(FieldPath, &'static str)> {
    if let Some(reason) = reason(kind, ty) {
        return Some((path, reason));
    }
    match ty {
        RecordType::Leaf(_) => None,
        RecordType::List(inner) | RecordType::Map(inner) | RecordType::Optional(inner) => refused(kind, inner, path),
        RecordType::Array(_, 0) => None,
        RecordType::Array(element, _) => refused(kind, element, path),
        RecordType::Record { fields, .. } => refused_field(kind, fields, path),
        RecordType::Enum { variants, .. } => refused_field(kind, variants, path),
    }
}

const fn refused_field(
    kind: FileKind,
    fields: &'static [FieldType],
    path: FieldPath,
) -> Option<(FieldPath, &'static str)> {
    let mut index = 0;
    while index < fields.len() {
        if let Some(refused) = refused(kind, fields[index].ty, path.then(fields[index].name)) {
            return Some(refused);
        }
        index += 1;
    }
    None
}

/// Returns the reason why a format cannot hold a type, without regard to its parts.
const fn reason(kind: FileKind, ty: &RecordType) -> Option<&'static str> {
    use {FileKind as F, LeafType as L, RecordType as R};
    Some(match (kind, ty) {
        (F::Csv, R::Leaf(L::List(_) | L::Texts)) => {
            "is a list, which CSV cannot hold; use JSON, Parquet or the native format"
        }
        (F::Csv, R::List(_) | R::Map(_)) => "is a list of records or a map, which CSV cannot hold; use JSON or Parquet",
        (F::Csv, R::Optional(R::Optional(_))) => {
            "is an Option in an Option, which CSV cannot tell from one; use one Option"
        }
        (F::Json, R::Optional(R::Optional(_))) => {
            "is an Option in an Option, which JSON cannot tell from one; use one Option"
        }
        (F::Parquet, R::Optional(R::Optional(_))) => {
            "is an Option in an Option, which Parquet cannot tell from one; use one Option"
        }
        (F::Csv, R::Enum { .. }) => {
            "is an enum whose variants hold values, which CSV cannot hold; write it native, or make each variant a record of its own by a `filter_map`"
        }
        (F::Json, R::Enum { .. }) => {
            "is an enum whose variants hold values, which JSON cannot hold; write it native, or make each variant a record of its own by a `filter_map`"
        }
        (F::Parquet, R::Enum { .. }) => {
            "is an enum whose variants hold values, which Parquet cannot hold; write it native, or make each variant a record of its own by a `filter_map`"
        }
        (F::Parquet, R::Leaf(L::I128 | L::U128 | L::List(Element::I128 | Element::U128))) => {
            "has 128 bits, for which Parquet has no type; use 64 bits, or Decimal"
        }
        (F::Parquet, R::Leaf(L::Decimal(19..) | L::List(Element::Decimal(19..)))) => {
            "has more than 18 digits after the point, for which Parquet has no type"
        }
        (F::Parquet, R::Record { fields: [], .. } | R::Array(_, 0)) => "is a record without fields; leave it out",
        (F::Parquet, R::Map(R::Record { fields: [FieldType { ty: R::Optional(_), .. }, ..], .. })) => {
            "is a map whose keys may be null, which Parquet cannot hold; write a list of pairs"
        }
        (F::Binary, R::Optional(_)) => "is an Option, which has no plain bytes; the native format holds it",
        (F::Binary, R::Leaf(L::Text | L::Bytes | L::Texts | L::List(_))) => {
            "has values of different lengths, which have no plain bytes; the native format holds it"
        }
        (F::Binary, R::List(_) | R::Map(_)) => {
            "has values of different lengths, which have no plain bytes; JSON holds it"
        }
        (F::Binary, R::Enum { variants, .. }) if leaves_of(variants) > 0 => {
            "is an enum whose variants hold values, of which one is there; the native format holds it"
        }
        (F::Native | F::Log, R::List(_) | R::Map(_)) => {
            "is a list of records or a map, which native files and logs cannot hold; use JSON"
        }
        (F::Text, R::Leaf(L::List(_) | L::Texts) | R::List(_) | R::Map(_)) => {
            "is a list, and a text file holds one value a line; write it as JSON, or map it to a String"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
