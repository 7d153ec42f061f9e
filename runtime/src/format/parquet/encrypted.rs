//! Finds columns that a footer marks as encrypted.
//!
//! The `parquet` crate passes over these marks unless it is built with cryptography. The footer is
//! Thrift in its compact protocol; everything but the marks is skipped here.

/// Ids of fields: of the file its row groups, of a row group its columns, of a column the two marks.
const ROW_GROUPS: i16 = 4;
const COLUMNS: i16 = 1;
const MARKS: [i16; 2] = [8, 9];

/// Types of fields.
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// Structs in structs; footers have six.
const DEEPEST: usize = 32;

/// The row group and the column of the first column that is marked as encrypted. `None` if there is none, or the footer is damaged,
/// which its decoder reports.
pub(super) fn encrypted_column(footer: &[u8]) -> Option<(usize, usize)> {
    let (mut bytes, mut found) = (Thrift { bytes: footer }, None);
    let _ = bytes.fields(&mut |bytes, id, ty| {
        if (id, ty) != (ROW_GROUPS, LIST) {
            return bytes.skip(ty, DEEPEST);
        }
        for group in 0..bytes.list_of_structs()? {
            bytes.fields(&mut |bytes, id, ty| {
                if (id, ty) != (COLUMNS, LIST) {
                    return bytes.skip(ty, DEEPEST);
                }
                for column in 0..bytes.list_of_structs()? {
                    bytes.fields(&mut |bytes, id, ty| {
                        if MARKS.contains(&id) && found.is_none() {
                            found = Some((group, column));
                        }
                        bytes.skip(ty, DEEPEST)
                    })?;
                }
                Some(())
            })?;
        }
        Some(())
    });
    found
}

/// Bytes that were not read yet. Methods return `None` if they end too early.
struct Thrift<'f> {
    bytes: &'f [u8],
}

impl Thrift<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn pass(&mut self, count: u64) -> Option<()> {
        self.bytes = self.bytes.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    /// Calls `visit` with the id and the type of each field of a struct; it must read or skip the value.
    fn fields(&mut self, visit: &mut dyn FnMut(&mut Self, i16, u8) -> Option<()>) -> Option<()> {
        let mut id = 0_i16;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            id = match head >> 4 {
                0 => {
                    let zigzag = self.varint()?;
                    i16::try_from((zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed())).ok()?
                }
                step => id.checked_add(step.into())?,
            };
            visit(self, id, head & 15)?;
        }
    }

    /// The type of a list's elements, and their count.
    fn list(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        Some((head & 15, count))
    }

    fn list_of_structs(&mut self) -> Option<usize> {
        let (ty, count) = self.list()?;
        usize::try_from(count).ok().filter(|_| ty == STRUCT)
    }

    /// Passes over the value of a field.
    fn skip(&mut self, ty: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match ty {
            // Booleans of a field are in its type.
            1 | 2 => Some(()),
            3 => self.pass(1),
            4..=6 => self.varint().map(drop),
            7 => self.pass(8),
            8 => {
                let length = self.varint()?;
                self.pass(length)
            }
            LIST | 10 => {
                let (ty, count) = self.list()?;
                (0..count).try_for_each(|_| if ty <= 2 { self.pass(1) } else { self.skip(ty, depth) })
            }
            STRUCT => self.fields(&mut |bytes, _, ty| bytes.skip(ty, depth)),
            // Footers hold no maps.
            _ => None,
        }
    }
}
