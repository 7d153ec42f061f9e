//! `Vec<String>`: one leaf with a slot.

use std::cmp::Ordering;

use runtime::page::{Claims, LeafReader, NewRow, OutBytes, Row, SinkLeaves, StridedBytes};
use runtime::row::{LeafType, RecordType};
use runtime::value::Texts;

use super::Value;
use super::list_form::{ListForm, ListOf};

/// The representation of lists of texts: the bytes that [`Texts`] defines.
pub struct AsTexts;

impl ListForm<String> for AsTexts {
    type At<'a> = Texts<'a>;
    type Cursor<'b> = StridedBytes<'b>;
    type Sink<'w> = OutBytes<'w>;
    const TYPE: &'static RecordType = &RecordType::Leaf(LeafType::Texts);

    fn cursor<'b>(leaves: &mut LeafReader<'b>) -> Self::Cursor<'b> {
        leaves.texts()
    }
    #[inline(always)]
    fn at<'b>(cursor: Self::Cursor<'b>, row: Row<'b>) -> Texts<'b> {
        Texts::stored(cursor.read(row))
    }
    fn sink<'w>(leaves: &mut SinkLeaves<'w>) -> Self::Sink<'w> {
        leaves.texts()
    }
    fn heap_bytes(at: Texts<'_>, sink: Self::Sink<'_>) -> usize {
        sink.heap_bytes_of(at.stored_bytes())
    }
    fn write<'w>(at: Texts<'_>, sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
        at.with_stored(|bytes| sink.write(row, bytes, claims));
    }
    fn write_null<'w>(sink: Self::Sink<'w>, row: NewRow<'w>, claims: &mut Claims<'w>) {
        sink.write(row, &[], claims);
    }
    fn own(at: Texts<'_>) -> Vec<String> {
        at.iter().map(str::to_owned).collect()
    }
    fn compare(left: Texts<'_>, right: Texts<'_>) -> Ordering {
        left.iter().cmp(right.iter())
    }
}

macro_rules! lists {
    ($($ty:ty)*) => {$(
        impl ListOf<String, $ty> for AsTexts {
            #[inline(always)]
            fn twin<'l>(list: &'l $ty) -> Texts<'l> {
                Texts::from(list)
            }
        }
    )*};
}
lists!(Vec<String> [String] Vec<&str> [&str]);

impl Value for Texts<'_> {
    type Record = Vec<String>;
    #[inline(always)]
    fn twin(&self) -> Texts<'_> {
        *self
    }
}
