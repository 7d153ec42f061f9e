//! Tests of single rows. Two of them may have the same lifetime, which is therefore no brand.

use super::super::{LeafReader, ReadRow, Row, Strided};
use super::*;

/// Keeps a cursor with its row, and reads another row by it.
struct Keep;

impl ReadRow for Keep {
    type Out<'r> = (Strided<'r, u64>, Row<'r>);

    fn read<'r>(mut leaves: LeafReader<'r>, row: Row<'r>) -> Self::Out<'r> {
        (leaves.plain(), row)
    }
}

#[test]
fn cursor_of_one_row_reads_only_that_row() {
    let items = Random(5).items(3_000);
    let (many, one) = (pages(&items), pages(&items[..1]));
    assert!(many[0].rows() > 100);
    for row in [0, 1, many[0].rows() - 1] {
        let (cursor, far) = many[0].row(row).unwrap().read::<Keep>();
        let (other, near) = one[0].row(0).unwrap().read::<Keep>();
        assert_eq!((cursor.read(far), other.read(near)), (items[row].key, items[0].key));
        assert_eq!((cursor.read(near), other.read(far)), (items[row].key, items[0].key));
    }
}
