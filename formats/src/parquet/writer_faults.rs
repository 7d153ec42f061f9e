//! Faults of early writers, which readers work around. Files are not changed.
//!
//! | writer | fault |
//! |---|---|
//! | parquet-mr before 1.2.9 | the size of a column lacks the header of its dictionary page |
//! | parquet-cpp before 2.0 | compressed pages of version 2 are marked as not compressed |
//! | parquet-cpp before 2.0 | a column of nulls has type 24, which was not in the specification |
//! | Dremio 3 | a column has a list in field 15, which is now the length of a Bloom filter |

use bytes::Bytes;

use super::thrift::{FALSE, I32, LIST, STRUCT, TRUE, Thrift, each_column, each_schema_element};

/// Field ids of a column: its metadata, and the length of a Bloom filter in the metadata.
const METADATA: i16 = 3;
const BLOOM_FILTER_LENGTH: i16 = 15;

/// Field id of a schema element's converted type. There are 22 types.
const CONVERTED_TYPE: i16 = 6;
const CONVERTED_TYPES: std::ops::Range<i64> = 0..22;

/// Field ids of a page header: type, size, and the header of a page of version 2. `IS_COMPRESSED`
/// is a field of the latter.
const PAGE_TYPE: i16 = 1;
const PAGE_BYTES: i16 = 3;
const VERSION_2: i16 = 8;
const IS_COMPRESSED: i16 = 7;

const DICTIONARY_PAGE: i64 = 2;

/// Largest size of a dictionary page's header.
pub(super) const DICTIONARY_HEADER_BYTES: usize = 100;

/// Returns `true` if a file is from the writer `name` in a version before `version`.
fn is_before(created_by: Option<&str>, name: &str, version: [u64; 3]) -> bool {
    let Some(rest) = created_by.and_then(|writer| writer.strip_prefix(name)) else { return false };
    let Some(stated) = rest.strip_prefix(" version ") else { return rest.is_empty() };
    let mut numbers = stated.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().unwrap_or(0));
    [0; 3].map(|_: u64| numbers.next().unwrap_or(0)) < version
}

/// Returns `true` if the sizes of columns may lack the header of a dictionary page.
pub(super) fn lacks_dictionary_headers(created_by: Option<&str>) -> bool {
    is_before(created_by, "parquet-mr", [1, 2, 9])
}

/// Returns `true` if pages of version 2 are compressed, even if they state otherwise.
pub(super) fn always_compresses(created_by: Option<&str>) -> bool {
    is_before(created_by, "parquet-cpp", [2, 0, 0])
}

/// Returns the length of the header at the begin of a column, if it is that of a dictionary page.
pub(super) fn dictionary_header(column: &[u8]) -> Option<usize> {
    let (mut bytes, mut page_type) = (Thrift { bytes: column }, None);
    bytes.fields(&mut |bytes, id, ty| match (id, ty) {
        (PAGE_TYPE, I32) => bytes.number().map(|found| page_type = Some(found)),
        _ => bytes.skip(ty),
    })?;
    (page_type == Some(DICTIONARY_PAGE)).then_some(column.len() - bytes.bytes.len())
}

/// Removes fields that some writers have invented from a footer: the types of columns of nulls, and
/// lists in place of a number.
pub(super) fn without_nonstandard_fields(footer: Vec<u8>) -> Vec<u8> {
    // Collects the bytes of these fields. A field is removed only if it is the last of its struct,
    // because the heads of later fields are relative to it. Its head must be one byte: the step
    // from the field before, and the type.
    let mut found = Vec::new();
    let mut note = |before: usize, after: &[u8], ty: u8| {
        let (head, end) = (footer.len() - before - 1, footer.len() - after.len());
        if after.first() == Some(&0) && footer[head] >> 4 != 0 && footer[head] & 15 == ty {
            found.push(head..end);
        }
    };
    let _ = each_schema_element(&footer, &mut |bytes, id, ty| {
        let before = bytes.bytes.len();
        if (id, ty) != (CONVERTED_TYPE, I32) {
            return bytes.skip(ty);
        }
        if !CONVERTED_TYPES.contains(&bytes.number()?) {
            note(before, bytes.bytes, ty);
        }
        Some(())
    });
    let _ = each_column(&footer, &mut |bytes, _, id, ty| {
        if (id, ty) != (METADATA, STRUCT) {
            return bytes.skip(ty);
        }
        bytes.fields(&mut |bytes, id, ty| {
            let before = bytes.bytes.len();
            bytes.skip(ty)?;
            if (id, ty) == (BLOOM_FILTER_LENGTH, LIST) {
                note(before, bytes.bytes, ty);
            }
            Some(())
        })
    });
    if found.is_empty() { footer } else { without(&footer, found) }
}

/// Returns bytes without some ranges, which do not overlap.
fn without(bytes: &[u8], mut ranges: Vec<std::ops::Range<usize>>) -> Vec<u8> {
    // Row groups may come before the schema.
    ranges.sort_unstable_by_key(|range| range.start);
    let (mut rest, mut from) = (Vec::with_capacity(bytes.len()), 0);
    for range in ranges {
        rest.extend_from_slice(&bytes[from..range.start]);
        from = range.end;
    }
    rest.extend_from_slice(&bytes[from..]);
    rest
}

/// Returns the pages of a column, with those of version 2 marked as compressed.
pub(super) fn marked_as_compressed(column: &Bytes) -> Bytes {
    let (mut pages, mut marks) = (Thrift { bytes: column }, Vec::new());
    let mut page = || {
        let mut page_bytes = None;
        pages.fields(&mut |bytes, id, ty| match (id, ty) {
            (PAGE_BYTES, I32) => bytes.number().map(|found| page_bytes = Some(found)),
            (VERSION_2, STRUCT) => bytes.fields(&mut |bytes, id, ty| {
                let head = column.len() - bytes.bytes.len() - 1;
                if id == IS_COMPRESSED && column[head] & 15 == FALSE {
                    marks.push(head);
                }
                bytes.skip(ty)
            }),
            _ => bytes.skip(ty),
        })?;
        pages.skip_bytes(u64::try_from(page_bytes?).ok()?)
    };
    while page().is_some() {}
    let mut column = column.to_vec();
    // The mark is the lower half of its field's head.
    marks.into_iter().for_each(|head| column[head] = column[head] & 0xf0 | TRUE);
    column.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_number_by_number() {
        for (writer, expected) in [
            (None, false),
            (Some(""), false),
            (Some("parquet-mr"), true),
            (Some("parquet-mr version 1.2.8"), true),
            (Some("parquet-mr version 1.2.9"), false),
            (Some("parquet-mr version 1.10.0 (build 1)"), false),
            (Some("parquet-mrs version 1.0.0"), false),
            (Some("impala version 1.0.0"), false),
        ] {
            assert_eq!(lacks_dictionary_headers(writer), expected, "{writer:?}");
        }
        assert!(always_compresses(Some("parquet-cpp version 1.5.1-SNAPSHOT")));
        assert!(!always_compresses(Some("parquet-cpp-arrow version 1.0.0")));
    }

    /// The fields of a footer may have any order.
    #[test]
    fn nonstandard_fields_are_removed_in_any_order() {
        const NULLS: [u8; 2] = [0x65, 48];
        // A schema element with the converted type 24, and a column whose metadata have a list in
        // field 15.
        let schema = |head: &[u8]| [&[head, &[0x1c]].concat()[..], &NULLS, &[0]].concat();
        let group = |head: &[u8]| [head, &[0x1c, 0x19, 0x1c, 0x3c, 0xf9, 0x05, 0, 0, 0]].concat();
        let without = |head: &[u8], rest: &[u8]| [head, rest].concat();
        let (schema_head, groups_head) = ([0x09, 4], [0x09, 8]);
        let (schema_rest, groups_rest) = ([0x1c, 0], [0x1c, 0x19, 0x1c, 0x3c, 0, 0, 0]);
        let end = [0u8];
        let (schema_left, groups_left) = (without(&schema_head, &schema_rest), without(&groups_head, &groups_rest));
        let footers = [
            ([schema(&schema_head), group(&groups_head)], [&schema_left, &groups_left]),
            ([group(&groups_head), schema(&schema_head)], [&groups_left, &schema_left]),
        ];
        for ([first, second], [first_left, second_left]) in footers {
            let footer = [&first[..], &second, &end].concat();
            assert_eq!(without_nonstandard_fields(footer), [&first_left[..], second_left, &end].concat());
        }
    }

    /// A field's head may take several bytes. Then the field stays, and the decoder reports it.
    #[test]
    fn nonstandard_fields_with_long_heads_stay() {
        let footer = vec![0x29, 0x1c, 0x05, 12, 48, 0, 0];
        assert_eq!(without_nonstandard_fields(footer.clone()), footer);
        let footer = vec![0x49, 0x1c, 0x19, 0x1c, 0x3c, 0x09, 30, 0x05, 0, 0, 0, 0];
        assert_eq!(without_nonstandard_fields(footer.clone()), footer);
    }
}
