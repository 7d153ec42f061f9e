//! Columns over arrays of Arrow.

use arrow_array::types::ByteViewType;
use arrow_array::{BinaryViewArray, GenericByteViewArray, StringViewArray};
use arrow_buffer::{Buffer, NullBuffer};

use super::Columns;
use crate::error::Result;
use crate::row::LeafType;

impl<'a> Columns<'a> {
    /// Adds a leaf of texts, from an array of Arrow.
    ///
    /// # Errors
    /// Fails if there are fewer texts than rows.
    pub fn arrow_text(&mut self, array: &'a StringViewArray) -> Result<()> {
        // Arrow checks views and UTF-8 when the array is made.
        self.views(LeafType::Text, array.views(), buffer_starts(array.data_buffers()))
    }

    /// Adds a leaf of byte strings, from an array of Arrow.
    ///
    /// # Errors
    /// Fails if there are fewer byte strings than rows.
    pub fn arrow_bytes(&mut self, array: &'a BinaryViewArray) -> Result<()> {
        self.views(LeafType::Bytes, array.views(), buffer_starts(array.data_buffers()))
    }
}

fn buffer_starts(buffers: &[Buffer]) -> Box<[*const u8]> {
    buffers.iter().map(Buffer::as_ptr).collect()
}

/// Replaces nulls by empty values, so that equal records have equal bytes. Does not validate the
/// texts again, as Arrow's safe constructor does, because that takes longer than decoding them.
pub fn empty_where_null<T: ByteViewType>(
    array: &GenericByteViewArray<T>,
    nulls: Option<&NullBuffer>,
) -> GenericByteViewArray<T> {
    let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else {
        return array.clone();
    };
    let mut views = array.views().to_vec();
    for null in (!nulls.inner()).set_indices() {
        views[null] = 0;
    }
    // SAFETY: each view is the array's, which was checked against these buffers, or zero, which is
    // the empty value in any.
    unsafe { GenericByteViewArray::new_unchecked(views.into(), array.data_buffers().clone(), None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_become_empty_values() {
        let texts = ["a text that does not fit a view", "short", "another text that lies in a buffer"];
        let array = StringViewArray::from_iter_values(texts);
        let valid = |bits: [bool; 3]| empty_where_null(&array, Some(&NullBuffer::from(bits.to_vec())));
        assert_eq!(valid([false, true, true]).iter().flatten().collect::<Vec<_>>(), ["", texts[1], texts[2]]);
        assert_eq!(valid([true, false, false]).iter().flatten().collect::<Vec<_>>(), [texts[0], "", ""]);
        assert_eq!(valid([true; 3]), array);
        assert_eq!(empty_where_null(&array, None), array);
    }
}
