//! Tests of lists of records: their form is canonical, whatever the page contained before.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::super::{Claims, NewItems, OutBytes, OutText, PutItems, SinkLeaves, StoredItems};
use super::*;
use crate::row::{Datum, Items, Schema, SchemaBuilder, Shape};

type Given = (String, Vec<Vec<u8>>);

/// Records of a text, a list of byte strings, and a byte, which leaves seven bytes of padding.
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

/// The bytes of a list that is encoded leaf by leaf, without pages.
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
            claims.put(sink.heap_bytes(&Records(list)), |row, claims| sink.write(row, &Records(list), claims));
        }
    })
}

#[test]
fn lists_have_the_same_bytes_on_every_page() {
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
        // The next time, all pages have other content.
        let mut dirty = RowWriter::new(Arc::new(RowLayout::full([LeafType::Bytes])), memory());
        drop(pages);
        for _ in 0..20 {
            dirty.append_datums(&[Datum::Bytes(vec![0xff; 64 << 10].into())]).unwrap();
        }
    }
}

#[test]
fn list_with_too_few_claimed_bytes_fails_the_visit() {
    let list = records(&mut Random(1));
    let mut writer = list_writer();
    let room = writer.visit(|mut leaves, _| leaves.items().heap_bytes(&Records(&list))).unwrap();
    for left in [0, 16, room / 2] {
        let mut writer = list_writer();
        let written = writer.visit(|mut leaves, mut claims| {
            let sink = leaves.items();
            // Other rows take the space of the list.
            while claims.writer().free_rows() == 0 || claims.writer().free_bytes() >= left + 2 * 16 {
                claims.put(0, |row, _| sink.write_empty(row)).unwrap();
            }
            claims.put(0, |row, claims| sink.write(row, &Records(&list), claims)).unwrap();
        });
        assert!(written.unwrap_err().to_string().contains("changed while it was written"), "{left}");
        writer.seal();
        let page = writer.take_sealed().next().unwrap();
        assert_eq!(page.batch().leaf_bytes(0, page.rows() - 1), b"", "{left}");
    }
}

/// Records with a wrong count or wrong bytes, or that claim a row while they are written.
struct FaultyRecords {
    count: usize,
    heap: usize,
    puts: bool,
}

impl PutItems for FaultyRecords {
    fn stored(&self) -> Option<StoredItems<'_>> {
        None
    }
    fn count(&self) -> usize {
        self.count
    }
    fn heap_bytes(&self, _: SinkLeaves<'_>) -> usize {
        self.heap
    }
    fn write<'i>(&self, _: SinkLeaves<'i>, rows: NewItems<'i>, claims: &mut Claims<'i>) {
        assert!(rows.count() <= self.count);
        assert!(!self.puts || claims.put(0, |_, _| ()).is_none());
    }
}

/// Puts one list between two empty ones. Returns the number of rows, and the result of the visit.
fn put_between(list: &FaultyRecords) -> (usize, crate::error::Result<()>) {
    let mut writer = list_writer();
    let written = writer.visit(|mut leaves, mut claims| {
        let sink = leaves.items();
        claims.put(0, |row, _| sink.write_empty(row));
        claims.put(sink.heap_bytes(list), |row, claims| sink.write(row, list, claims));
        claims.put(0, |row, _| sink.write_empty(row));
    });
    writer.seal();
    let pages: Vec<Page> = writer.take_sealed().collect();
    assert!(pages.iter().all(|page| (0..page.rows()).all(|row| page.batch().leaf_bytes(0, row).len() < 1_000)));
    (pages.iter().map(Page::rows).sum(), written)
}

#[test]
fn rows_cannot_be_claimed_while_a_list_is_open() {
    let (rows, written) = put_between(&FaultyRecords { count: 1, heap: 0, puts: true });
    assert!(written.unwrap_err().to_string().contains("not written to its end"));
    assert_eq!(rows, 3);
}

#[test]
fn huge_sizes_are_rejected_without_wrapping() {
    let most = usize::MAX;
    for heap in [most, most - 1, most - 15, most - 16, most - 64, most - 4_096, most - (1 << 16), most / 2, 1 << 33] {
        let (_, written) = put_between(&FaultyRecords { count: 1, heap, puts: false });
        assert!(written.unwrap_err().to_string().contains("4 GiB"), "{heap}");
    }
    for count in [most, most / 2, most / 16, 1 << 60] {
        let (_, written) = put_between(&FaultyRecords { count, heap: 0, puts: false });
        assert!(written.unwrap_err().to_string().contains("4 GiB"), "{count}");
    }
}

/// Records of which one panics while it is written.
struct Panicking;

impl PutItems for Panicking {
    fn stored(&self) -> Option<StoredItems<'_>> {
        None
    }
    fn count(&self) -> usize {
        3
    }
    fn heap_bytes(&self, _: SinkLeaves<'_>) -> usize {
        100
    }
    fn write<'i>(&self, mut leaves: SinkLeaves<'i>, mut rows: NewItems<'i>, claims: &mut Claims<'i>) {
        leaves.text().write(rows.next().unwrap(), "a text beyond its slot", claims);
        panic!("the second record");
    }
}

#[test]
fn row_that_panicked_is_dropped_and_fails_the_visit() {
    for after in [false, true] {
        let mut writer = list_writer();
        write_lists(&mut writer, &vec![records(&mut Random(3)); 20]).unwrap();
        let before = writer.open_rows();
        let written = writer.visit(|mut leaves, mut claims| {
            let sink = leaves.items();
            let put = catch_unwind(AssertUnwindSafe(|| {
                claims.put(sink.heap_bytes(&Panicking), |row, claims| sink.write(row, &Panicking, claims))
            }));
            assert!(put.is_err());
            assert!(!after || claims.put(0, |row, _| sink.write_empty(row)).is_none());
        });
        assert!(written.unwrap_err().to_string().contains("not written to its end"));
        assert_eq!(writer.open_rows(), before);
        // The writer can be used again. The incomplete row is dropped.
        write_lists(&mut writer, &[records(&mut Random(3))]).unwrap();
        writer.seal();
        let pages: Vec<Page> = writer.take_sealed().collect();
        let lists = pages.iter().flat_map(|page| (0..page.rows()).map(|row| page.batch().leaf_bytes(0, row)));
        assert!(lists.map(<[u8]>::to_vec).all(|list| list == encoded(&records(&mut Random(3)))));
        assert_eq!(pages.iter().map(Page::rows).sum::<usize>(), 21);
    }
}

/// A list that is copied in stored form, if it is of this type.
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
fn only_lists_of_the_same_type_are_copied_as_bytes() {
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
                claims.put(sink.heap_bytes(&stored), |row, claims| sink.write(row, &stored, claims)).unwrap();
            });
            written.unwrap();
        });
        copies.seal();
        assert_eq!(copies.take_sealed().next().unwrap().batch().leaf_bytes(0, 0), expected);
    }
}
