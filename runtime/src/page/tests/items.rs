//! Lists of records: written in place, in the one way there is, whatever was there before.

use super::super::{Claims, NewItems, OutBytes, OutText, PutItems, SinkLeaves, StoredItems};
use super::*;
use crate::row::{Datum, Items, Schema, SchemaBuilder, Shape};

type Given = (String, Vec<Vec<u8>>);

/// Records of a text, a list of byte strings and a byte, which leaves seven open.
struct Records<'r>(&'r [Given]);

struct Strings<'r>(&'r [Vec<u8>]);

impl PutItems for Strings<'_> {
    fn stored(&self) -> Option<StoredItems<'_>> {
        None
    }
    fn count(&self) -> usize {
        self.0.len()
    }
    fn heap_bytes(&self, mut leaves: SinkLeaves<'_>) -> usize {
        let bytes: OutBytes<'_> = leaves.bytes();
        self.0.iter().map(|value| bytes.heap_bytes(value)).sum()
    }
    fn write<'i>(&self, mut leaves: SinkLeaves<'i>, rows: NewItems<'i>, claims: &mut Claims<'i>) {
        let bytes = leaves.bytes();
        self.0.iter().zip(rows).for_each(|(value, row)| bytes.write(row, value, claims));
    }
}

impl PutItems for Records<'_> {
    fn stored(&self) -> Option<StoredItems<'_>> {
        None
    }
    fn count(&self) -> usize {
        self.0.len()
    }
    fn heap_bytes(&self, mut leaves: SinkLeaves<'_>) -> usize {
        let (text, list): (OutText<'_>, _) = (leaves.text(), leaves.items());
        let heap = |(value, strings): &Given| text.heap_bytes(value) + list.heap_bytes(&Strings(strings));
        self.0.iter().map(heap).sum()
    }
    fn write<'i>(&self, mut leaves: SinkLeaves<'i>, rows: NewItems<'i>, claims: &mut Claims<'i>) {
        let (text, list, byte) = (leaves.text(), leaves.items(), leaves.plain());
        for ((value, strings), row) in self.0.iter().zip(rows) {
            text.write(row, value, claims);
            list.write(row, &Strings(strings), claims);
            byte.write(row, 7_u8);
        }
    }
}

fn strings() -> Schema {
    SchemaBuilder::build(|b| b.leaf(LeafType::Bytes))
}

fn items() -> &'static Items {
    Items::list(SchemaBuilder::build(|b| {
        let (text, list) = (b.field("text", |b| b.leaf(LeafType::Text)), b.field("strings", |b| b.list(strings())));
        let fields = vec![text, list, b.field("byte", |b| b.leaf(LeafType::U8))];
        Shape::Record { name: "Record", fields }
    }))
}

fn list_writer() -> RowWriter {
    RowWriter::new(Arc::new(RowLayout::full([LeafType::Items(items())])), memory())
}

/// The bytes of the lists as they are written leaf by leaf, without pages.
fn encoded(records: &[Given]) -> Vec<u8> {
    let row = |(text, strings): &Given| {
        let strings: Vec<[Datum; 1]> = strings.iter().map(|value| [Datum::Bytes(value.as_slice().into())]).collect();
        let list = Items::list(self::strings()).encode(strings.iter().map(<[Datum; 1]>::as_slice));
        vec![Datum::Bytes(text.as_bytes().into()), Datum::Bytes(list.into()), Datum::Fixed(7)]
    };
    let rows: Vec<Vec<Datum>> = records.iter().map(row).collect();
    items().encode(rows.iter().map(Vec::as_slice))
}

fn records(random: &mut Random) -> Vec<Given> {
    random.items(7).into_iter().map(|item| (item.text, vec![item.bytes.clone(), vec![1; 13], item.bytes])).collect()
}

fn write_lists(writer: &mut RowWriter, lists: &[Vec<Given>]) -> crate::error::Result<()> {
    writer.visit(|mut leaves, mut claims| {
        let sink = leaves.items();
        for list in lists {
            let Some(row) = claims.claim(sink.heap_bytes(&Records(list))) else { return };
            sink.write(row, &Records(list), &mut claims);
        }
    })
}

#[test]
fn lists_have_the_same_bytes_wherever_they_are_written() {
    let lists: Vec<_> = (0..600).map(|seed| records(&mut Random(seed))).collect();
    let mut writer = list_writer();
    for _ in 0..2 {
        write_lists(&mut writer, &lists).unwrap();
        writer.seal();
        let pages: Vec<Page> = writer.take_sealed().collect();
        assert!((4..200).contains(&pages.len()), "{}", pages.len());
        let found = pages.iter().flat_map(|page| {
            let batch = page.batch();
            (0..page.rows()).map(|row| batch.leaf_bytes(0, row).to_vec()).collect::<Vec<_>>()
        });
        for (found, list) in found.zip(&lists) {
            assert_eq!(found, encoded(list));
        }
        // The next time, all pages hold something else.
        let mut dirty = RowWriter::new(Arc::new(RowLayout::full([LeafType::Bytes])), memory());
        drop(pages);
        for _ in 0..20 {
            dirty.append_datums(&[Datum::Bytes(vec![0xff; 64 << 10].into())]).unwrap();
        }
    }
}

#[test]
fn a_list_without_the_room_that_it_needs_is_empty() {
    let list = records(&mut Random(1));
    let mut writer = list_writer();
    let room = writer.visit(|mut leaves, _| leaves.items().heap_bytes(&Records(&list))).unwrap();
    for claimed in [0, 16, room / 2] {
        let mut writer = list_writer();
        writer
            .visit(|mut leaves, mut claims| {
                let sink = leaves.items();
                let row = claims.claim(claimed).unwrap();
                // Another row takes what is left of the page.
                while claims.writer().room() > 0 {
                    let next = claims.claim(0).unwrap();
                    sink.write_empty(next);
                }
                sink.write(row, &Records(&list), &mut claims);
            })
            .unwrap();
        writer.seal();
        let page = writer.take_sealed().next().unwrap();
        assert_eq!(page.batch().leaf_bytes(0, 0), b"", "{claimed}");
    }
}

/// Claims a row where records are written.
struct Claiming;

impl PutItems for Claiming {
    fn stored(&self) -> Option<StoredItems<'_>> {
        None
    }
    fn count(&self) -> usize {
        1
    }
    fn heap_bytes(&self, _: SinkLeaves<'_>) -> usize {
        0
    }
    fn write<'i>(&self, _: SinkLeaves<'i>, _: NewItems<'i>, claims: &mut Claims<'i>) {
        assert!(claims.claim(0).is_none());
    }
}

#[test]
fn no_row_is_claimed_while_a_list_is_written() {
    let mut writer = list_writer();
    let written = writer.visit(|mut leaves, mut claims| {
        let sink = leaves.items();
        let row = claims.claim(sink.heap_bytes(&Claiming)).unwrap();
        sink.write(row, &Claiming, &mut claims);
        assert!(claims.claim(0).is_some());
    });
    assert!(written.unwrap_err().to_string().contains("while a list was written"));
}

/// A list that is copied as it lies, if it is of this kind.
struct Stored<'b>(StoredItems<'b>);

impl PutItems for Stored<'_> {
    fn stored(&self) -> Option<StoredItems<'_>> {
        Some(self.0)
    }
    fn count(&self) -> usize {
        self.0.len()
    }
    fn heap_bytes(&self, _: SinkLeaves<'_>) -> usize {
        0
    }
    fn write<'i>(&self, _: SinkLeaves<'i>, _: NewItems<'i>, _: &mut Claims<'i>) {}
}

#[test]
fn only_lists_of_one_kind_are_copied_as_bytes() {
    let mut writer = list_writer();
    let list = records(&mut Random(5));
    write_lists(&mut writer, std::slice::from_ref(&list)).unwrap();
    writer.seal();
    let page = writer.take_sealed().next().unwrap();
    for (ty, expected) in
        [(LeafType::Items(items()), encoded(&list)), (LeafType::Items(Items::list(strings())), Vec::new())]
    {
        let mut copies = RowWriter::new(Arc::new(RowLayout::full([ty])), memory());
        let (batch, mut selection) = (page.batch(), Selection::default());
        selection.fill(0..1);
        Input::new(&batch, &selection).visit(|mut leaves, rows| {
            let stored = Stored(leaves.items().read(rows.get(0)));
            let written = copies.visit(|mut leaves, mut claims| {
                let sink = leaves.items();
                let row = claims.claim(sink.heap_bytes(&stored)).unwrap();
                sink.write(row, &stored, &mut claims);
            });
            written.unwrap();
        });
        copies.seal();
        assert_eq!(copies.take_sealed().next().unwrap().batch().leaf_bytes(0, 0), expected);
    }
}
