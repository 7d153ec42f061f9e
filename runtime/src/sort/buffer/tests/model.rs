//! Compares sorts of any leaves in any order with `sort_by` on their values.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::error::Result;
use crate::memory::{Budget, Memory};
use crate::page::tests::*;
use crate::page::{Input, Page, RowWriter, Selection};
use crate::row::{Datum, Element, LeafType, Physical, RowLayout, Tag, compare_leaf};
use crate::sort::buffer::SortBuffer;
use crate::sort::in_memory::InMemorySort;
use crate::sort::key::order_prefixes;
use crate::sort::merge::{Merge, MergeStep};
use crate::sort::order::OrderKey;
use crate::sort::small_rows::SharedSplitters;

type Values = Vec<Datum>;

static TAG: Tag = Tag { of: "Kind", variants: &["A", "B", "C"] };

const LEAVES: [LeafType; 23] = [
    LeafType::Bool,
    LeafType::I8,
    LeafType::I16,
    LeafType::I32,
    LeafType::I64,
    LeafType::I128,
    LeafType::U8,
    LeafType::U16,
    LeafType::U32,
    LeafType::U64,
    LeafType::U128,
    LeafType::F32,
    LeafType::F64,
    LeafType::Char,
    LeafType::Date,
    LeafType::Timestamp,
    LeafType::TimeDelta,
    LeafType::Decimal(2),
    LeafType::Text,
    LeafType::Bytes,
    LeafType::List(Element::F64),
    LeafType::Valid,
    LeafType::Tag(&TAG),
];

/// The distribution of the values of one leaf.
#[derive(Clone, Copy)]
struct Style {
    ty: LeafType,
    /// The number of bits that differ, above a constant.
    bits: u32,
    /// The common beginning of texts, and the greatest number of bytes after it.
    common: usize,
    longest: usize,
}

impl Style {
    fn new(random: &mut Random) -> Self {
        let ty = LEAVES[random.below(LEAVES.len())];
        let longest = [0, 3, 7, 13, 15, 16, 40][random.below(7)];
        Style { ty, bits: random.below(129) as u32, common: [0, 0, 5, 30, 200][random.below(5)], longest }
    }

    fn value(self, random: &mut Random) -> Datum {
        let wide = u128::from(random.next()) << 64 | u128::from(random.next());
        let bits = wide.checked_shr(128 - self.bits).unwrap_or(0);
        let width = self.ty.width() as u32;
        match self.ty {
            LeafType::Text | LeafType::Bytes => {
                let mut text = vec![b'x'; self.common];
                // Few letters, and the zero byte among them. Padding zeros in a key must not be
                // taken for letters.
                text.extend((0..random.below(self.longest + 1)).map(|_| random.below(3) as u8));
                Datum::Bytes(text.into())
            }
            LeafType::List(_) => {
                let element = |random: &mut Random| float(random).to_le_bytes();
                Datum::Bytes((0..random.below(4)).flat_map(|_| element(random)).collect())
            }
            LeafType::F64 => Datum::Fixed(float(random).to_bits().into()),
            LeafType::F32 => Datum::Fixed((float(random) as f32).to_bits().into()),
            LeafType::Bool | LeafType::Valid => Datum::Fixed(bits & 1),
            LeafType::Tag(_) => Datum::Fixed(bits % 3),
            LeafType::Char => Datum::Fixed(bits % 0xD800),
            // Values near the least, the greatest, or zero of the type.
            _ => {
                let middle = [0, 1 << (8 * width - 1), u128::MAX][self.common % 3];
                Datum::Fixed(bits.wrapping_add(middle) & (u128::MAX >> (128 - 8 * width)))
            }
        }
    }
}

fn float(random: &mut Random) -> f64 {
    let edges = [0.0, -0.0, 1.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -f64::NAN, 5e-324, f64::MIN];
    if random.below(3) == 0 { f64::from_bits(random.next()) } else { edges[random.below(edges.len())] }
}

/// Rows, their leaves, and an order of them.
struct Case {
    layout: Arc<RowLayout>,
    order: Vec<OrderKey>,
    rows: Vec<Values>,
}

impl Case {
    fn new(random: &mut Random, rows: usize) -> Self {
        let styles: Vec<Style> = (0..1 + random.below(4)).map(|_| Style::new(random)).collect();
        Self::of(styles, random, rows)
    }

    /// Rows that a bucket sort can move.
    fn small(random: &mut Random, rows: usize) -> Self {
        let mut styles = Vec::new();
        while styles.is_empty() || random.below(4) > 0 {
            let style = Style::new(random);
            let width = styles.iter().map(|style: &Style| style.ty.width()).sum::<usize>() + style.ty.width();
            if style.ty.physical() != Physical::Slot && width <= 32 {
                styles.push(style);
            }
        }
        Self::of(styles, random, rows)
    }

    fn of(styles: Vec<Style>, random: &mut Random, rows: usize) -> Self {
        let layout = Arc::new(RowLayout::full(styles.iter().map(|style| style.ty).collect::<Vec<_>>()));
        let mut order: Vec<OrderKey> = Vec::new();
        for _ in 0..1 + random.below(styles.len()) {
            let leaf = random.below(styles.len());
            if order.iter().all(|key| key.leaf != leaf) {
                order.push(OrderKey { leaf, descending: random.below(2) == 0 });
            }
        }
        let row = |random: &mut Random| styles.iter().map(|style| style.value(random)).collect();
        let rows = (0..rows).map(|_| row(random)).collect();
        let mut case = Case { layout, order, rows };
        match random.below(4) {
            0 => case.sort(),
            1 => {
                case.sort();
                case.rows.reverse();
            }
            _ => {}
        }
        case
    }

    fn compare(&self, left: &[Datum], right: &[Datum], leading: usize) -> Ordering {
        let part = |key: &OrderKey| {
            let order = compare_leaf(self.layout.types()[key.leaf], &left[key.leaf], &right[key.leaf]);
            if key.descending { order.reverse() } else { order }
        };
        self.order[..leading].iter().map(part).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    fn sort(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_by(|left, right| self.compare(left, right, self.order.len()));
        self.rows = rows;
    }

    /// Pages of `rows`, each with `rows_of_page` rows.
    fn pages(&self, rows: &[Values], rows_of_page: usize) -> Vec<Page> {
        let mut writer = RowWriter::new(self.layout.clone(), memory());
        for chunk in rows.chunks(rows_of_page) {
            chunk.iter().for_each(|row| writer.append_datums(row).unwrap());
            writer.seal();
        }
        writer.take_sealed().collect()
    }

    /// A buffer of the rows. Checks that `add` reserves no more than `bytes_for` returned, and that
    /// nothing is reserved later.
    fn buffer(&self, memory: &Memory) -> SortBuffer {
        match self.by_index(memory) {
            InMemorySort::ByIndex(buffer) => buffer,
            InMemorySort::ByBuckets(_) => panic!("made of an index"),
        }
    }

    fn by_index(&self, memory: &Memory) -> InMemorySort {
        let buffer = SortBuffer::new(self.layout.clone(), self.order.clone(), memory).unwrap();
        self.filled(InMemorySort::ByIndex(buffer), memory)
    }

    fn by_moving(&self, memory: &Memory) -> InMemorySort {
        self.filled(InMemorySort::new(Arc::default(), self.layout.clone(), &self.order, memory).unwrap(), memory)
    }

    /// As [`Case::by_moving`], but rows are spread while they are added once there are `from_bytes`
    /// bytes of them.
    fn spreading(&self, memory: &Memory, from_bytes: usize) -> InMemorySort {
        self.filled(self.empty_spreading(memory, from_bytes), memory)
    }

    fn empty_spreading(&self, memory: &Memory, from_bytes: usize) -> InMemorySort {
        let splitters = Arc::new(SharedSplitters::with_min_bytes(from_bytes));
        InMemorySort::new(splitters, self.layout.clone(), &self.order, memory).unwrap()
    }

    fn filled(&self, mut buffer: InMemorySort, memory: &Memory) -> InMemorySort {
        self.fill(&mut buffer, memory);
        let (bytes, peak) = (buffer.bytes(), memory.budget().peak_bytes());
        buffer.sort();
        assert_eq!((buffer.bytes(), memory.budget().used_bytes(), memory.budget().peak_bytes()), (bytes, bytes, peak));
        buffer
    }

    fn fill(&self, buffer: &mut InMemorySort, memory: &Memory) {
        // It may still hold memory of previous rows.
        let peak_before = memory.budget().peak_bytes();
        for page in self.pages(&self.rows, 5_000) {
            windows(&page.batch(), |input| {
                let (before, most) = (buffer.bytes(), buffer.bytes_for(input));
                assert_eq!(before, memory.budget().used_bytes());
                buffer.add(input).unwrap();
                assert!(buffer.bytes() <= before + most);
            });
        }
        let (bytes, peak) = (buffer.bytes(), memory.budget().peak_bytes());
        assert_eq!((buffer.len(), bytes.max(peak_before)), (self.rows.len(), peak));
    }

    fn read(&self, page: &Page) -> Vec<Values> {
        let types = self.layout.types().iter().enumerate();
        let row = |row| types.clone().map(|(leaf, &ty)| page.batch().datum(leaf, ty, row)).collect();
        (0..page.rows()).map(row).collect()
    }

    fn emitted(&self, buffer: &mut impl Emit) -> Vec<Values> {
        let (mut out, mut found) = (RowWriter::new(self.layout.clone(), memory()), Vec::new());
        loop {
            let more = buffer.emit(&mut out).unwrap();
            found.extend(out.take_sealed().flat_map(|page| self.read(&page)));
            if !more {
                break;
            }
        }
        out.seal();
        found.extend(out.take_sealed().flat_map(|page| self.read(&page)));
        found
    }

    /// Checks that `found` is sorted as the case's rows, which are sorted. Checks for equal rows if
    /// `are_same`, else rows that are equal in the order may differ.
    fn assert_sorted(&self, found: &[Values], are_same: bool) {
        assert_eq!(found.len(), self.rows.len());
        for (found, expected) in found.iter().zip(&self.rows) {
            assert!(self.compare(found, expected, self.order.len()).is_eq(), "{:?}", self.order);
        }
        if are_same {
            let sorted = |rows: &[Values]| {
                let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
                rows.sort();
                rows
            };
            assert!(sorted(found) == sorted(&self.rows));
        }
    }
}

fn cases() -> impl Iterator<Item = (Random, Case)> {
    (0..240).map(|seed| {
        let mut random = Random(7_000 + seed);
        let rows = match seed % 40 {
            0 => 20_000,
            1..4 => 3_000,
            4..20 => random.below(200),
            _ => random.below(5),
        };
        let case = Case::new(&mut random, rows);
        (random, case)
    })
}

/// A sort that emits its rows in order.
trait Emit {
    fn emit(&mut self, out: &mut RowWriter) -> Result<bool>;
}

impl Emit for SortBuffer {
    fn emit(&mut self, out: &mut RowWriter) -> Result<bool> {
        self.emit(out)
    }
}

impl Emit for InMemorySort {
    fn emit(&mut self, out: &mut RowWriter) -> Result<bool> {
        self.emit(out)
    }
}

#[test]
fn any_rows_are_sorted_by_any_order() {
    for (mut random, mut case) in cases() {
        let mut buffer = case.buffer(&Memory::new(Budget::new(1 << 30), "test"));
        case.sort();
        let found = case.emitted(&mut buffer);
        case.assert_sorted(&found, true);
        let leading = random.below(case.order.len() + 1);
        let mut start = 0;
        while start < case.rows.len() {
            let end = buffer.group_end(start, leading);
            let same = |row: &&Values| case.compare(&case.rows[start], row, leading).is_eq();
            assert_eq!(end, start + case.rows[start..].iter().take_while(same).count(), "{:?}", case.order);
            start = end;
        }
        buffer.clear();
        assert!(buffer.is_empty() && buffer.bytes() == 0 && case.emitted(&mut buffer).is_empty());
    }
}

#[test]
fn small_rows_are_moved() {
    for seed in 0..240 {
        let mut random = Random(9_000 + seed);
        let rows = match seed % 40 {
            0 => 60_000,
            1..5 => 20_000,
            _ => random.below(3_000),
        };
        let (mut case, memory) = (Case::small(&mut random, rows), memory());
        let from_bytes = if seed < 120 { usize::MAX } else { [1, 8 << 10, 100 << 10][random.below(3)] };
        let mut buffer = case.spreading(&memory, from_bytes);
        case.sort();
        for _ in 0..2 {
            let found = case.emitted(&mut buffer);
            case.assert_sorted(&found, true);
            // If the order takes more than 16 bytes, the rows themselves are compared, so they are
            // not moved.
            let bytes: usize = case.order.iter().map(|key| case.layout.types()[key.leaf].width()).sum();
            assert!(bytes > 16 || buffer.is_empty() && memory.budget().used_bytes() == 0);
            buffer.clear();
            buffer = case.filled(buffer, &memory);
        }
        buffer.clear();
        assert_eq!(memory.budget().used_bytes(), 0);
    }
}

#[test]
fn rows_are_added_in_selection_order_with_projected_leaves() {
    let layout = Arc::new(RowLayout::full([LeafType::U64, LeafType::U64]));
    let rows: Vec<Values> = (0..100).map(|row| vec![Datum::Fixed(row), Datum::Fixed(row + 1_000)]).collect();
    let case = Case { layout: layout.clone(), order: Vec::new(), rows };
    let page = case.pages(&case.rows, 100).remove(0);
    let swapped = page.batch();
    let swapped = swapped.project(&[1, 0]);
    let mut selection = Selection::default();
    for picked in [vec![3, 4, 5, 6], vec![6, 5, 4], vec![1, 2, 4], vec![9], vec![]] {
        selection.set(picked.iter().copied());
        let mut buffer = SortBuffer::new(layout.clone(), [], &memory()).unwrap();
        buffer.add(&Input::new(&page.batch(), &selection)).unwrap();
        buffer.add(&Input::new(&swapped, &selection)).unwrap();
        let straight = picked.iter().map(|&row| case.rows[row as usize].clone());
        let turned = straight.clone().map(|mut row| {
            row.reverse();
            row
        });
        assert_eq!(case.emitted(&mut buffer), straight.chain(turned).collect::<Vec<_>>());
    }
}

#[test]
fn bucket_sort_rejects_rows_while_sorted_ones_are_left() {
    let layout = Arc::new(RowLayout::full([LeafType::U64]));
    let rows = (0..10).map(|row| vec![Datum::Fixed(row ^ 1)]).collect();
    let case = Case { layout, order: vec![OrderKey { leaf: 0, descending: false }], rows };
    let (memory, page) = (memory(), case.pages(&case.rows, 100).remove(0));
    let mut buffer = case.by_moving(&memory);
    windows(&page.batch(), |input| assert!(buffer.add(input).is_err()));
    assert_eq!(case.emitted(&mut buffer).len(), 10);
    windows(&page.batch(), |input| buffer.add(input).unwrap());
}

/// One key, few keys, and few keys among many that are far from each other.
#[test]
fn skewed_keys_are_split_until_they_fit() {
    let layout = Arc::new(RowLayout::full([LeafType::U64, LeafType::U32]));
    let order = [OrderKey { leaf: 0, descending: false }, OrderKey { leaf: 1, descending: true }];
    let few = |random: &mut Random| [1 << 63, 7, 0][random.below(3)];
    let near = |random: &mut Random| if random.below(1_000) == 0 { random.next() } else { random.next() >> 47 };
    let keys: [fn(&mut Random) -> u64; 3] = [|_| 5, few, near];
    for (key, numbers) in keys.into_iter().zip([5, 1, 9]) {
        let mut random = Random(71);
        let row = |random: &mut Random| {
            vec![Datum::Fixed(key(random).into()), Datum::Fixed((random.next() % numbers).into())]
        };
        let rows = (0..70_000).map(|_| row(&mut random)).collect();
        let mut case = Case { layout: layout.clone(), order: order.to_vec(), rows };
        let budget = || Memory::new(Budget::new(1 << 30), "test");
        let mut buffers = [case.by_index(&budget()), case.by_moving(&budget()), case.spreading(&budget(), 10 << 10)];
        case.sort();
        for buffer in &mut buffers {
            assert!(case.emitted(buffer) == case.rows);
        }
    }
}

/// The first rows do not represent the later ones: some or most of these are outside of the
/// estimated ranges.
#[test]
fn rows_outside_of_estimated_ranges_are_sorted() {
    // Some of these rows have no bytes between their leaves, so they are spread without being
    // packed.
    let types = [
        (LeafType::U64, LeafType::U64),
        (LeafType::I32, LeafType::U32),
        (LeafType::F64, LeafType::U64),
        (LeafType::I128, LeafType::U128),
        (LeafType::U16, LeafType::U16),
        (LeafType::U64, LeafType::U32),
        (LeafType::I128, LeafType::U16),
    ];
    let leaves = |ty| if ty == LeafType::I128 { 1 } else { 2 };
    let types = types.into_iter().flat_map(|types| [(types, false), (types, true)]);
    for (seed, ((ty, other), descending)) in (0..).zip(types) {
        for (outside, before) in [(0, false), (1, false), (9, true), (60, false), (60, true), (100, false)] {
            let mut random = Random(400 + seed);
            let row = |number: usize| {
                let some = random.next() as u128 % 20_000;
                // First, rows of 4 KiB, from which the ranges are estimated.
                let is_outside = number >= 2_048 && random.below(100) < outside;
                let value = match () {
                    () if !is_outside => 20_000 + some,
                    () if before => some,
                    () => 40_000 + some,
                };
                // Floats are given as bits, and some are negative. They agree in the exponent.
                let float = |value: f64| value.signum() * (value.abs() / 100.0).exp2();
                let value = if ty == LeafType::F64 { float(value as f64 - 3e4).to_bits().into() } else { value };
                vec![Datum::Fixed(value), Datum::Fixed(random.next() as u16 as u128)]
            };
            let rows = (0..16_000).map(row).collect();
            let layout = Arc::new(RowLayout::full([ty, other]));
            // At most 16 bytes of keys, so that rows are moved.
            let order = (0..leaves(ty)).map(|leaf| OrderKey { leaf, descending: descending ^ (leaf > 0) }).collect();
            let (mut case, memory) = (Case { layout, order, rows }, memory());
            let mut buffer = case.empty_spreading(&memory, 4 << 10);
            case.fill(&mut buffer, &memory);
            let (spread, found_outside, still_spreads) = buffer.by_buckets().unwrap().spread_so_far();
            // The first thousand rows do not contain the least and the greatest value.
            assert_eq!((found_outside > 60, still_spreads), (outside > 0, outside < 12), "{outside} % of {ty:?}");
            assert!(spread > if still_spreads { 10_000 } else { 0 }, "{spread} rows of {ty:?} were spread");
            buffer.sort();
            case.sort();
            let found = case.emitted(&mut buffer);
            case.assert_sorted(&found, true);
            assert_eq!(memory.budget().used_bytes(), 0);
        }
    }
}

#[test]
fn first_rows_are_kept_and_more_can_be_added() {
    for (mut random, mut case) in cases() {
        let (memory, count) = (memory(), random.below(case.rows.len() + 2));
        let mut buffer = case.buffer(&memory);
        buffer.keep_first(count).unwrap();
        assert_eq!((buffer.len(), buffer.bytes()), (count.min(case.rows.len()), memory.budget().used_bytes()));
        let kept = case.emitted(&mut buffer);
        for page in case.pages(&case.rows, 700) {
            windows(&page.batch(), |input| buffer.add(input).unwrap());
        }
        let (all, again) = (case.rows.clone(), case.rows.len());
        case.sort();
        case.rows.truncate(count);
        case.assert_sorted(&kept, false);
        case.rows.extend(all);
        case.sort();
        buffer.sort();
        let found = case.emitted(&mut buffer);
        case.assert_sorted(&found, count >= again);
    }
}

#[test]
fn merging_any_streams_equals_sorting_all_rows() {
    for (mut random, case) in cases() {
        let (streams, rows_of_page) =
            (1 + random.below(20), [1, 2, 30, 10_000][random.below(4)].max(case.rows.len() / 4_000));
        let mut parts = vec![Vec::new(); streams];
        // Few streams have most rows, and some have none.
        let skewed = |random: &mut Random| random.below(streams).min(random.below(streams));
        case.rows.iter().for_each(|row| parts[skewed(&mut random)].push(row.clone()));
        let mut case = Case { rows: Vec::new(), ..case };
        let mut fed = Vec::new();
        for part in parts {
            let mut part = Case { layout: case.layout.clone(), order: case.order.clone(), rows: part };
            part.sort();
            fed.push(case.pages(&part.rows, rows_of_page).into_iter());
            case.rows.extend(part.rows);
        }
        let mut merge = Merge::new(case.layout.clone(), case.order.clone(), streams).unwrap();
        let (mut out, mut found) = (RowWriter::new(case.layout.clone(), memory()), Vec::new());
        fed.iter_mut().enumerate().for_each(|(stream, pages)| merge.feed(stream, pages.next()));
        loop {
            match merge.run(&mut out).unwrap() {
                MergeStep::Full => assert!(out.has_sealed()),
                MergeStep::Needs(stream) => merge.feed(stream, fed[stream].next()),
                MergeStep::Done => break,
            }
            found.extend(out.take_sealed().flat_map(|page| case.read(&page)));
        }
        out.seal();
        found.extend(out.take_sealed().flat_map(|page| case.read(&page)));
        // The model's sort is stable, and so is the merge.
        case.sort();
        assert!(found == case.rows, "{:?}, {streams} streams", case.order);
    }
}

#[test]
fn long_texts_are_sorted_within_reserved_memory() {
    let mut random = Random(70);
    let layout = Arc::new(RowLayout::full([LeafType::Text, LeafType::U32]));
    let order = vec![OrderKey { leaf: 0, descending: false }, OrderKey { leaf: 1, descending: true }];
    let text = |random: &mut Random| {
        let mut text = vec![b'a'; if random.below(2) == 0 { 150_000 } else { 10 }];
        text.push(b'a' + random.below(4) as u8);
        text
    };
    let row = |random: &mut Random| vec![Datum::Bytes(text(random).into()), Datum::Fixed(random.below(9) as u128)];
    let mut case = Case { layout, order, rows: (0..300).map(|_| row(&mut random)).collect() };
    let mut buffer = case.buffer(&Memory::new(Budget::new(1 << 30), "test"));
    case.sort();
    assert!(case.emitted(&mut buffer) == case.rows);
}

#[test]
fn prefixes_are_sorted_and_separate_most_rows() {
    let mut distinct = 0;
    for (_, mut case) in cases() {
        case.sort();
        let (mut found, mut prefixes) = (Vec::new(), Vec::new());
        for page in case.pages(&case.rows, 5_000) {
            windows(&page.batch(), |input| {
                order_prefixes(input, &case.order, &mut prefixes);
                found.extend_from_slice(&prefixes);
            });
        }
        assert_eq!(found.len(), case.rows.len());
        assert!(found.is_sorted(), "{:?} of {:?}", case.order, case.layout.types());
        found.dedup();
        distinct += found.len();
    }
    assert!(distinct > 10_000, "{distinct}");
}
