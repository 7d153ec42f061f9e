//! Decodes the body of a block into leaves.

use bytes::Bytes;

use super::frame::check_body;
use super::leaf::StoredType;
use super::mapping::LeafPlan;
use crate::binary::first_invalid;
use runtime::error::Result;
use runtime::page::{Batch, Columns, ListColumn, TextColumn, Utf8};
use runtime::row::{LeafType, Physical, Schema};
use runtime::value::Texts;

/// A fault in a block.
pub(crate) struct BlockFault {
    /// The record, if one is at fault: `, record 3 of the block`.
    pub(crate) place: String,
    pub(crate) message: String,
}

/// Decodes the leaves of a block, as `plans` state. `rows` and `checksum` are from the block's
/// head, `columns` from the file's header.
///
/// # Errors
/// Fails if the body does not match its head, or if bytes are not a value of their type.
pub(crate) fn block(
    body: &Bytes,
    (rows, checksum): (usize, u64),
    columns: &[StoredType],
    plans: &[Option<LeafPlan>],
    schema: &Schema,
) -> Result<Vec<LeafColumn>, BlockFault> {
    let whole = check_body(body, checksum).and_then(|()| column_parts(body, rows, columns));
    let columns = whole.map_err(|message| BlockFault { place: String::new(), message })?;
    let held = |(plan, of_record): (&Option<LeafPlan>, &runtime::row::Leaf)| {
        let held = plan.as_ref().map_or(Ok(LeafColumn::Dead), |plan| leaf(plan, of_record.ty, &columns));
        held.map_err(|(row, message)| BlockFault {
            place: format!(", record {} of the block", row + 1),
            message: format!("column `{}`: {message}", of_record.path),
        })
    };
    plans.iter().zip(schema.leaves()).map(held).collect()
}

/// Returns the rows of a block as a batch. Without rows, all leaves are dead.
///
/// # Errors
/// Fails only because of a defect in the reader.
pub(crate) fn batch_of<'h>(held: &'h [LeafColumn], rows: usize, schema: &Schema) -> Result<Batch<'h>> {
    let mut columns = Columns::new(rows);
    for (held, ty) in held.iter().zip(schema.types()) {
        held.push(ty, &mut columns)?;
    }
    if rows == 0 {
        schema.types().into_iter().for_each(|ty| columns.dead(ty));
    }
    Ok(columns.finish())
}

/// One leaf of a block.
pub(crate) enum LeafColumn {
    /// The leaf is not live.
    Dead,
    /// A validity leaf without a null.
    AllValid,
    /// Plain values, in the bytes that were read.
    Plain(Bytes),
    Text(TextColumn),
    List(ListColumn),
}

impl LeafColumn {
    /// Adds the leaf to a batch.
    fn push<'a>(&'a self, ty: LeafType, columns: &mut Columns<'a>) -> Result<()> {
        match self {
            LeafColumn::Dead => columns.dead(ty),
            LeafColumn::AllValid => columns.all_valid(),
            LeafColumn::Plain(bytes) => columns.within(ty, bytes, 0, ty.width())?,
            LeafColumn::Text(column) => columns.text(column)?,
            LeafColumn::List(column) => columns.list(column)?,
        }
        Ok(())
    }
}

/// Returns two parts for each column of a body: the lengths of its values, which plain columns do
/// not have, and the values.
///
/// # Errors
/// Fails if the columns do not fit the body.
fn column_parts(body: &Bytes, rows: usize, columns: &[StoredType]) -> Result<Vec<Bytes>, String> {
    let mut rest = body.clone();
    let mut next = |bytes: usize| (bytes <= rest.len()).then(|| rest.split_to(bytes));
    let mut column = |ty: &StoredType| match ty.physical() {
        Physical::Slot => {
            let lengths = next(4 * rows)?;
            let total: u64 = numbers(&lengths).map(u64::from).sum();
            let values = next(usize::try_from(total).ok()?)?;
            Some([lengths, values])
        }
        plain => next(plain.width().checked_mul(rows)?).map(|values| [Bytes::new(), values]),
    };
    let mut found = Vec::with_capacity(2 * columns.len());
    for ty in columns {
        let parts = column(ty).ok_or_else(|| "the block is damaged: its columns are longer than it is".to_owned())?;
        found.extend(parts);
    }
    match rest.is_empty() {
        true => Ok(found),
        false => Err(format!("the block is damaged: {} bytes are left over behind its columns", rest.len())),
    }
}

fn numbers(lengths: &[u8]) -> impl Iterator<Item = u32> + '_ {
    lengths.as_chunks().0.iter().map(|&length: &[u8; 4]| u32::from_le_bytes(length))
}

/// Decodes the leaf that a plan describes, from the [`column_parts`] of a block's columns.
///
/// # Errors
/// Fails with the row and the message.
fn leaf(plan: &LeafPlan, ty: LeafType, column_parts: &[Bytes]) -> Result<LeafColumn, (usize, String)> {
    let parts = |column: usize| (column_parts[2 * column].clone(), column_parts[2 * column + 1].clone());
    match plan {
        LeafPlan::AllValid => Ok(LeafColumn::AllValid),
        LeafPlan::Tags(column, map) => {
            let (_, tags) = parts(*column);
            let own_tag = |(row, &tag): (usize, &u8)| {
                map.get(usize::from(tag))
                    .copied()
                    .ok_or_else(|| (row, format!("found the byte {tag}, which is no variant")))
            };
            let mapped = tags.iter().enumerate().map(own_tag).collect::<Result<Vec<u8>, _>>()?;
            Ok(LeafColumn::Plain(mapped.into()))
        }
        LeafPlan::Column(column) => {
            let (lengths, values) = parts(*column);
            match ty {
                LeafType::Text => texts(&lengths, values).map(LeafColumn::Text),
                LeafType::Bytes | LeafType::List(_) | LeafType::Texts => {
                    lists(ty, &lengths, &values).map(LeafColumn::List)
                }
                ty => match first_invalid(ty, &values, 0, ty.width()) {
                    None => Ok(LeafColumn::Plain(values)),
                    Some(wrong) => Err(wrong),
                },
            }
        }
    }
}

fn texts(lengths: &[u8], values: Bytes) -> Result<TextColumn, (usize, String)> {
    let not_utf8 = |row| (row, "expected UTF-8, found other bytes".to_owned());
    let text = Utf8::check(values).map_err(|at| not_utf8(row_at(lengths, at)))?;
    let mut column = TextColumn::default();
    column.add_buffer(text.clone());
    let mut begin = 0;
    for (row, length) in numbers(lengths).enumerate() {
        let end = begin + length as usize;
        if !text.as_str().is_char_boundary(end) {
            return Err(not_utf8(row));
        }
        column.push_range(begin..end);
        begin = end;
    }
    Ok(column)
}

fn lists(ty: LeafType, lengths: &[u8], values: &[u8]) -> Result<ListColumn, (usize, String)> {
    let mut column = ListColumn::new(ty);
    let mut rest = values;
    for (row, length) in numbers(lengths).enumerate() {
        let (value, behind) = rest.split_at_checked(length as usize).unwrap_or_default();
        rest = behind;
        if !value.len().is_multiple_of(ty.element_width()) {
            return Err((row, format!("expected {ty}, found {} bytes", value.len())));
        }
        if ty == LeafType::Texts && !Texts::are_stored(value) {
            return Err((row, format!("expected {ty}, found bytes that are none")));
        }
        column.push(value);
    }
    Ok(column)
}

/// Returns the row whose value contains a byte.
fn row_at(lengths: &[u8], at: usize) -> usize {
    let mut end = 0;
    numbers(lengths)
        .position(|length| {
            end += length as usize;
            at < end
        })
        .unwrap_or_default()
}
