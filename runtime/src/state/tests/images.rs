//! Marks whose images are emitted late, and the state that is restored from them.

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::error::Error;
use crate::group::{GroupTable, Groups, GrowthPolicy};
use crate::hash::{HASH_VERSION, hash_rows};
use crate::memory::{Budget, Memory};
use crate::page::tests::Random;
use crate::page::{FIRST_ROW, PageImage, windows};
use crate::row::{Datum, LeafSet, LeafType};
use crate::state::marks::MarkedPages;
use crate::state::tests::model::{Bench, Operation, Row, Shape, group_of, shapes};
use crate::state::{StateLeaf, StateSpec, key_groups_of_task};

const AMPLE: usize = 1 << 30;

/// Restores a snapshot in `tasks` tasks, each of which gets its own rows.
pub(super) fn restores(shape: &Shape, expected: &[Row], bytes: &[u8], tasks: usize) {
    let mut found = Vec::new();
    let mut first = None;
    for task in 0..tasks {
        let mut bench = Bench::of_task(shape, AMPLE, task, tasks);
        bench.restore(bytes).unwrap();
        let rows = bench.scan(None);
        let range = key_groups_of_task(task, tasks);
        assert!(rows.iter().step_by(97).all(|row| range.contains(&group_of(shape, row))));
        found.extend(rows);
        first.get_or_insert(bench);
    }
    first.unwrap().same(found, expected.to_vec());
}

/// Random operations with occasional marks. Checks each mark when its images have been emitted,
/// which may be many operations later.
pub(super) fn operate_while_marked(bench: &mut Bench, keys: u64, is_skewed: bool, steps: u64, random: &mut Random) {
    let shape = bench.shape.clone();
    let mut checked = 0;
    for step in 0..steps {
        match bench.marked {
            None if random.below(3) == 0 => bench.mark(step),
            Some(_) => {
                if let Some((rows, bytes)) = bench.emit(random.below(6)) {
                    restores(&shape, &rows, &bytes, 1 + checked % 3);
                    checked += 1;
                }
            }
            None => {}
        }
        bench.run_some(keys, is_skewed, random);
    }
    if let Some((rows, bytes)) = bench.emit(usize::MAX) {
        restores(&shape, &rows, &bytes, 2);
    }
    bench.check();
}

#[test]
fn mark_has_the_former_rows_after_any_operations() {
    for shape in shapes() {
        for (seed, keys, is_skewed) in [(1, 40, false), (2, 4_000, false), (3, 800, true)] {
            let (mut bench, mut random) = (Bench::new(&shape, AMPLE), Random(seed));
            operate_while_marked(&mut bench, keys, is_skewed, 40, &mut random);
        }
    }
}

/// Many rows are deleted and put between a mark and its images. A second mark follows the first.
#[test]
fn mark_keeps_deleted_rows() {
    for shape in shapes().into_iter().filter(|shape| shape.deletes) {
        let (mut bench, mut random) = (Bench::new(&shape, AMPLE), Random(7));
        let rows: Vec<Row> = (0..20_000).map(|key| shape.row(key, &mut random)).collect();
        bench.run(Operation::Put, &rows);
        bench.mark(1);
        bench.run(Operation::Delete, &rows[..15_000]);
        bench.run(Operation::Put, &rows[10_000..]);
        assert!(bench.table.mark(2, 0).is_err(), "one at a time");
        let (rows, bytes) = bench.emit(usize::MAX).unwrap();
        restores(&shape, &rows, &bytes, 3);
        bench.check();
        bench.mark(3);
        let again: Vec<Row> = (0..3_000).map(|key| shape.row(key, &mut random)).collect();
        bench.run(Operation::Put, &again);
        let (rows, bytes) = bench.emit(usize::MAX).unwrap();
        restores(&shape, &rows, &bytes, 1);
    }
}

/// Marked pages are emitted as they were, if they stay in the table, are evicted, or are shed.
#[test]
fn marked_pages_of_groups_outlive_their_table() {
    let (shape, mut random) = (shapes().remove(2), Random(7));
    let layout = GroupTable::layout_of(shape.types.clone(), &LeafSet::all(3));
    let memory = Memory::new(Budget::new(AMPLE), "test");
    let rows: Vec<Row> = (0..9_000).map(|key| shape.row(key, &mut random)).collect();
    for change in 0..4 {
        let mut table =
            GroupTable::new(layout.clone(), [1], &memory).unwrap().growing(GrowthPolicy::Spilling { aside: 0 });
        for page in shape.pages(&rows) {
            windows(&page.batch(), |input| table.probe(input, &[1], &[(0, 0), (1, 1), (2, 2)], &mut Groups::default()))
                .unwrap();
        }
        let mut marks = MarkedPages::default();
        marks.mark(&mut table, &[false; 16]).unwrap();
        match change {
            0 => assert!(table.store.is_split() && !table.compact(true).unwrap()),
            1 => {
                let parts = table.evict(&[true; 16]);
                marks.keep(&mut table, parts.iter().flat_map(|(_, pages)| pages));
                let pages = table.shed();
                marks.keep(&mut table, &pages);
            }
            2 => drop(table.drain().unwrap()),
            _ => {}
        }
        let mut given = 0;
        let mut give = |part: usize, image: &PageImage<'_>| {
            assert!(part < 16);
            given += image.sizes().0 as usize;
        };
        if change == 2 {
            assert!(marks.next(&mut table, 0, &mut give).is_err(), "a table that is drained gives nothing more");
            continue;
        }
        while marks.next(&mut table, 0, &mut give).unwrap() {}
        assert_eq!(given, rows.len());
    }
}

#[test]
fn snapshots_are_restored_by_another_number_of_tasks() {
    let shape = shapes().remove(2);
    let (mut files, mut all) = (Vec::new(), Vec::new());
    for task in 0..3 {
        let mut bench = Bench::of_task(&shape, AMPLE, task, 3);
        let mut random = Random(11);
        let rows: Vec<Row> = (0..3_000).map(|key| shape.row(key, &mut random)).collect();
        let own = |row: &Row| key_groups_of_task(task, 3).contains(&group_of(&shape, row));
        let rows: Vec<Row> = rows.into_iter().filter(own).collect();
        bench.run(Operation::Put, &rows);
        bench.mark(9);
        let (rows, bytes) = bench.emit(usize::MAX).unwrap();
        all.extend(rows);
        files.push(bytes);
    }
    assert_eq!(all.len(), 3_000);
    for tasks in [1, 2, 4] {
        let mut found = Vec::new();
        for task in 0..tasks {
            let mut bench = Bench::of_task(&shape, AMPLE, task, tasks);
            files.iter().for_each(|bytes| bench.restore(bytes).unwrap());
            found.extend(bench.scan(None));
        }
        Bench::new(&shape, AMPLE).same(found, all.clone());
    }
}

/// A few rows of each kind, some deleted.
fn small(shape: &Shape) -> (Vec<Row>, Vec<u8>) {
    let (mut bench, mut random) = (Bench::new(shape, AMPLE), Random(13));
    let mut rows: Vec<Row> = (0..5).map(|key| shape.row(key, &mut random)).collect();
    rows[2].iter_mut().zip(&shape.types).enumerate().for_each(|(leaf, (datum, ty))| {
        if *ty == LeafType::Text && !shape.key.contains(&leaf) {
            *datum = Datum::Bytes("a text that is not in its slot: größer".as_bytes().into());
        }
    });
    bench.run(Operation::Put, &rows);
    if shape.deletes {
        bench.run(Operation::Delete, &rows[3..4]);
    }
    bench.mark(1);
    bench.emit(usize::MAX).unwrap()
}

#[test]
fn every_damaged_byte_and_every_cut_is_an_error() {
    for shape in shapes() {
        let (rows, bytes) = small(&shape);
        restores(&shape, &rows, &bytes, 1);
        let mut damaged = bytes.clone();
        for at in 0..bytes.len() {
            for change in [1, 0x80] {
                damaged[at] = bytes[at] ^ change;
                let error = Bench::new(&shape, AMPLE).restore(&damaged).unwrap_err();
                assert!(matches!(&error, Error::Data { path, .. } if path.ends_with("state.dfst")), "{at}: {error}");
            }
            damaged[at] = bytes[at];
            assert!(Bench::new(&shape, AMPLE).restore(&bytes[..at]).is_err(), "cut at {at}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(Bench::new(&shape, AMPLE).restore(&longer).is_err());
    }
}

/// The offset of the first image's page, and the length of its head.
fn first_page(bytes: &[u8]) -> (usize, usize) {
    let header = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let head = bytes[header + 4..].windows(4).position(|word| word == b"dfpg").unwrap() + 4;
    (header + head, head)
}

/// Forged bytes with correct checksums are an error, or rows with values of their types.
#[test]
fn forged_bytes_give_no_invalid_values() {
    let mut refused = 0;
    for shape in shapes() {
        let (_, bytes) = small(&shape);
        let (page, head) = first_page(&bytes);
        let end = bytes.len() - head;
        for at in page + FIRST_ROW..end {
            for change in [1, 0x10, 0x80, 0xff] {
                let mut forged = bytes.clone();
                forged[at] ^= change;
                forged[page + 24..page + 32].fill(0);
                let mut sum = Xxh3::with_seed(0);
                sum.update(&forged[page..end]);
                let sum = sum.digest();
                forged[page + 24..page + 32].copy_from_slice(&sum.to_le_bytes());
                let mut bench = Bench::new(&shape, AMPLE);
                if bench.restore(&forged).is_err() {
                    refused += 1;
                    continue;
                }
                let rows = bench.scan(None);
                // If a value had two representations, its key would not be found.
                bench.map = rows.iter().map(|row| (shape.key_of(row), row.clone())).collect();
                bench.run(Operation::Find, &rows);
                for row in rows {
                    assert!(row.iter().zip(&shape.types).all(|(datum, &ty)| datum.is_canonical(ty)), "{at}: {row:?}");
                    let is_bool = |ty| matches!(ty, LeafType::Bool | LeafType::Valid);
                    assert!(row.iter().zip(&shape.types).all(|(datum, &ty)| !is_bool(ty) || datum.bits() <= 1));
                }
            }
        }
    }
    assert!(refused > 500, "{refused}");
}

/// Forged heads, which claim more than the file has.
#[test]
fn forged_heads_are_errors() {
    let shape = shapes().remove(2);
    let (_, bytes) = small(&shape);
    let (page, head) = first_page(&bytes);
    for at in page - head + 4..page - 8 {
        for value in [0, 1, 0x7f, 0xff] {
            let mut forged = bytes.clone();
            forged[at] = value;
            let sum = xxh3_64(&forged[page - head..page - 8]);
            forged[page - 8..page].copy_from_slice(&sum.to_le_bytes());
            let mut bench = Bench::new(&shape, AMPLE);
            // Other key groups select other rows of the image.
            if bench.restore(&forged).is_ok() {
                assert!(forged == bytes || at >= page - head + 24, "{at}");
            }
        }
    }
}

#[test]
fn leaves_are_found_by_name_and_type() {
    let shape = shapes().remove(4);
    let (_, bytes) = small(&shape);
    let spec = |change: &dyn Fn(&mut Vec<StateLeaf>), key: &[usize]| {
        let mut leaves = shape.spec().leaves;
        change(&mut leaves);
        StateSpec::new(leaves, key).deletable()
    };
    let restore = |spec: StateSpec| {
        let mut bench = Bench::new(&shape, AMPLE);
        bench.table = crate::state::StateTable::new(spec, 0..1024, 0, &bench.context).unwrap();
        bench.restore(&bytes).map(|()| bench.table.resident_rows())
    };
    assert_eq!(restore(spec(&|_| (), &[0, 1])).unwrap(), 4);
    // Fewer leaves, in another order.
    let fewer = |leaves: &mut Vec<StateLeaf>| {
        leaves.remove(5);
        leaves.swap(0, 4);
    };
    assert_eq!(restore(spec(&fewer, &[4, 1])).unwrap(), 4);
    for (change, key) in [
        (&(|leaves: &mut Vec<StateLeaf>| leaves[2].name.push('x')) as &dyn Fn(&mut Vec<StateLeaf>), &[0, 1][..]),
        (&|leaves| leaves[2].ty = LeafType::I64, &[0, 1]),
        (&|_| (), &[1, 0]),
        (&|_| (), &[1]),
    ] {
        assert!(matches!(restore(spec(change, key)), Err(Error::Schema { .. })));
    }
}

#[test]
fn state_of_another_definition_or_version_is_rejected() {
    let shape = shapes().remove(0);
    let bench = |definition: &str| {
        let mut bench = Bench::new(&shape, AMPLE);
        let spec = shape.spec().defined_as(definition.to_owned());
        bench.table = crate::state::StateTable::new(spec, 0..1024, 0, &bench.context).unwrap();
        bench
    };
    let mut written = bench("sum of hits");
    written.mark(1);
    let (_, bytes) = written.emit(usize::MAX).unwrap();
    bench("sum of hits").restore(&bytes).unwrap();
    let error = bench("max of hits").restore(&bytes).unwrap_err().to_string();
    assert!(error.contains("in the snapshot: sum of hits\n  in the program:  max of hits\n"), "{error}");
    let mut older = bytes;
    older[4] = 1;
    let error = bench("sum of hits").restore(&older).unwrap_err().to_string();
    assert!(error.contains("version 1 of the format, and this program reads 3"), "{error}");
}

/// A changed hash function needs a new version. Otherwise snapshots would be restored by the wrong
/// tasks.
#[test]
fn hashes_match_their_version() {
    let mut all = Vec::new();
    for shape in shapes().into_iter().filter(|shape| shape.sub_key == 0) {
        let mut random = Random(1);
        let rows: Vec<Row> = (0..50).map(|key| shape.row(key, &mut random)).collect();
        let mut hashes = Vec::new();
        windows(&shape.pages(&rows)[0].batch(), |input| {
            hash_rows(input, &shape.key, &mut hashes);
            Ok::<(), Error>(())
        })
        .unwrap();
        all.extend(hashes.iter().flat_map(|hash| hash.to_le_bytes()));
    }
    assert_eq!((HASH_VERSION, xxh3_64(&all)), (1, 993_857_646_509_789_088));
}

/// The key group of a row follows from its key without the sub-key. So another sub-key changes the
/// key.
#[test]
fn state_of_another_sub_key_is_rejected() {
    let shape = shapes().into_iter().find(|shape| shape.name == "long sub-key").unwrap();
    let mut bench = Bench::new(&shape, AMPLE);
    bench.run(Operation::Put, &(0..50).map(|key| shape.row(key, &mut Random(1))).collect::<Vec<_>>());
    bench.mark(1);
    let (rows, bytes) = bench.emit(usize::MAX).unwrap();
    restores(&shape, &rows, &bytes, 2);
    for sub_key in [0, 1] {
        let other = Shape { sub_key, ..shape.clone() };
        let error = Bench::new(&other, AMPLE).restore(&bytes).unwrap_err().to_string();
        assert!(error.contains("another key in the snapshot"), "{error}");
    }
}
