//! Reads the part of the Thrift compact protocol that Parquet metadata uses.

/// Field types.
pub(super) const TRUE: u8 = 1;
pub(super) const FALSE: u8 = 2;
pub(super) const I32: u8 = 5;
pub(super) const LIST: u8 = 9;
pub(super) const STRUCT: u8 = 12;

/// Field ids: the schema and the row groups of a footer, the columns of a row group.
const SCHEMA: i16 = 2;
const ROW_GROUPS: i16 = 4;
const COLUMNS: i16 = 1;

/// Largest nesting of structs. Footers have six levels.
const DEEPEST: usize = 32;

/// The bytes that were not read yet. Methods return `None` if they end too early.
pub(super) struct Thrift<'f> {
    pub(super) bytes: &'f [u8],
}

/// Called with the id and the type of a field. It must read or skip the value.
type Visit<'v> = &'v mut dyn FnMut(&mut Thrift<'_>, i16, u8) -> Option<()>;

/// As [`Visit`], with the indexes of the row group and of the column.
type VisitColumn<'v> = &'v mut dyn FnMut(&mut Thrift<'_>, (usize, usize), i16, u8) -> Option<()>;

/// Visits the fields of each column of a footer.
pub(super) fn each_column(footer: &[u8], visit: VisitColumn<'_>) -> Option<()> {
    Thrift { bytes: footer }.fields(&mut |bytes, id, ty| {
        if (id, ty) != (ROW_GROUPS, LIST) {
            return bytes.skip(ty);
        }
        for group in 0..bytes.list_of_structs()? {
            bytes.fields(&mut |bytes, id, ty| {
                if (id, ty) != (COLUMNS, LIST) {
                    return bytes.skip(ty);
                }
                for column in 0..bytes.list_of_structs()? {
                    bytes.fields(&mut |bytes, id, ty| visit(bytes, (group, column), id, ty))?;
                }
                Some(())
            })?;
        }
        Some(())
    })
}

/// Visits the fields of each element of a footer's schema.
pub(super) fn each_schema_element(footer: &[u8], visit: Visit<'_>) -> Option<()> {
    Thrift { bytes: footer }.fields(&mut |bytes, id, ty| {
        if (id, ty) != (SCHEMA, LIST) {
            return bytes.skip(ty);
        }
        (0..bytes.list_of_structs()?).try_for_each(|_| bytes.fields(visit))
    })
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

    /// Reads a number of 16, 32 or 64 bits.
    pub(super) fn number(&mut self) -> Option<i64> {
        let zigzag = self.varint()?;
        Some((zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed()))
    }

    pub(super) fn skip_bytes(&mut self, count: u64) -> Option<()> {
        self.bytes = self.bytes.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    /// Visits the fields of a struct.
    pub(super) fn fields(&mut self, visit: Visit<'_>) -> Option<()> {
        let mut id = 0_i16;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            id = match head >> 4 {
                0 => i16::try_from(self.number()?).ok()?,
                step => id.checked_add(step.into())?,
            };
            visit(self, id, head & 15)?;
        }
    }

    /// Reads the type of a list's elements, and their count.
    fn list(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        Some((head & 15, count))
    }

    fn list_of_structs(&mut self) -> Option<usize> {
        let (ty, count) = self.list()?;
        usize::try_from(count).ok().filter(|_| ty == STRUCT)
    }

    /// Skips the value of a field.
    pub(super) fn skip(&mut self, ty: u8) -> Option<()> {
        self.skip_within(ty, DEEPEST)
    }

    fn skip_within(&mut self, ty: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match ty {
            // The value of a boolean field is in its type.
            TRUE | FALSE => Some(()),
            3 => self.skip_bytes(1),
            4..=6 => self.varint().map(drop),
            7 => self.skip_bytes(8),
            8 => {
                let length = self.varint()?;
                self.skip_bytes(length)
            }
            LIST | 10 => {
                let (ty, count) = self.list()?;
                (0..count).try_for_each(|_| if ty <= 2 { self.skip_bytes(1) } else { self.skip_within(ty, depth) })
            }
            STRUCT => self.fields(&mut |bytes, _, ty| bytes.skip_within(ty, depth)),
            // Footers have no maps.
            _ => None,
        }
    }
}
