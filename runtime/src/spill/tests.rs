mod blocking;

use std::sync::Arc;
use std::task::Poll;

pub(crate) use blocking::{DeferredBlocking, InlineBlocking};

use super::*;
use crate::memory::{Budget, Memory};
use crate::page::{Input, RowWriter, Selection};
use crate::row::{LeafSet, LeafType, RowLayout};

fn spiller(folders: &[std::path::PathBuf]) -> Spiller {
    Spiller::new(&SpillSpace::new(folders), Arc::new(InlineBlocking), Arc::default())
}

/// Pages of numbered rows with a text. Some rows take several pages.
fn pages(layout: &Arc<RowLayout>, memory: &Memory, rows: u64) -> Vec<Page> {
    let mut writer = RowWriter::new(layout.clone(), memory.clone());
    for row in 0..rows {
        let text = "spilled ".repeat(if row % 500 == 499 { 20_000 } else { row as usize % 40 });
        writer
            .visit(|mut leaves, mut claims| {
                let (number, words) = (leaves.plain::<u64>(), leaves.text());
                claims.put(words.heap_bytes(&text), |new, claims| {
                    number.write(new, row);
                    words.write(new, &text, claims);
                });
            })
            .unwrap();
    }
    writer.seal();
    writer.take_sealed().collect()
}

fn layout() -> Arc<RowLayout> {
    Arc::new(RowLayout::new(vec![LeafType::U64, LeafType::Text], &LeafSet::all(2)))
}

fn rows(page: &Page) -> Vec<(u64, String)> {
    let batch = page.batch();
    let text = |row| String::from_utf8(batch.leaf_bytes(1, row).to_vec()).unwrap();
    (0..page.rows()).map(|row| (batch.leaf_bits(0, row) as u64, text(row))).collect()
}

#[test]
fn restored_pages_can_be_spilled_again() {
    let folder = tempfile::tempdir().unwrap();
    let layout = layout();
    let memory = Memory::new(Budget::new(1 << 30), "test");
    let spiller = spiller(&[folder.path().to_owned()]);
    let written = pages(&layout, &memory, 600);
    let expected: Vec<_> = written.iter().flat_map(rows).collect();
    let mut pages = written;
    for _ in 0..3 {
        let mut spilled = Spilled::default();
        spiller.write(&mut spilled, pages);
        let mut reader = spiller.read(spilled, &layout, 1, &memory);
        pages = std::iter::from_fn(|| reader.next_now().unwrap()).collect();
    }
    assert!(pages.iter().flat_map(rows).eq(expected));
}

#[test]
fn pages_round_trip_through_several_folders() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let paths = folders.each_ref().map(|folder| folder.path().to_owned());
    let (layout, budget) = (layout(), Budget::new(1 << 30));
    let memory = Memory::new(budget.clone(), "test");
    let spiller = spiller(&paths);
    let (mut first, mut second) = (Spilled::default(), Spilled::default());
    let written = pages(&layout, &memory, 3000);
    let expected: Vec<_> = written.iter().flat_map(rows).collect();
    for page in written {
        spiller.write(&mut second, [page.clone()]);
        spiller.write(&mut first, [page]);
    }
    assert_eq!((spiller.unwritten_bytes(), budget.used_bytes()), (0, 0));
    spiller.check().unwrap();
    assert!(paths.iter().all(|path| path.read_dir().unwrap().next().is_none()), "files have no names");
    for spilled in [first, second] {
        assert_eq!(spilled.rows(), 3000);
        let mut reader = spiller.read(spilled, &layout, 3, &memory);
        let mut found = Vec::new();
        while let Poll::Ready(Some(page)) = reader.poll().unwrap() {
            found.extend(rows(&page));
        }
        assert_eq!(found, expected);
    }
}

#[test]
fn reading_a_changed_page_fails() {
    let folder = tempfile::tempdir().unwrap();
    let (layout, memory) = (layout(), Memory::new(Budget::new(1 << 30), "test"));
    let page = || pages(&layout, &memory, 100).remove(0);
    let end = page().bytes();
    for at in (0..64).chain((64..end).step_by(997)) {
        let spiller = spiller(&[folder.path().to_owned()]);
        let mut spilled = Spilled::default();
        let image = page();
        let gap = 64 + image.rows() * layout.width()..64 + image.rows() * layout.width() + image.image(0).gap;
        spiller.write(&mut spilled, [image]);
        spiller.shared.files[0].damage(at as u64);
        let read = spiller.read(spilled, &layout, 1, &memory).poll();
        // The checksum does not cover the gap between rows and texts.
        assert_eq!(read.is_err(), !gap.contains(&at), "byte {at}");
        if let Err(error) = read {
            assert!(error.to_string().contains("a spilled page, byte 0"), "{error}");
        }
    }
}

#[test]
fn only_empty_unlocked_spill_files_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let (left, used) = ("dataflow-spill-1-0", "dataflow-spill-1-1");
    let others = ["results.csv", "dataflow-spill-report.csv", "dataflow-spill-2-", "dataflow-spill-1-0-1"];
    let written = "dataflow-spill-1-2";
    [left, used].iter().chain(&others).for_each(|name| std::fs::write(folder.path().join(name), "").unwrap());
    std::fs::write(folder.path().join(written), "x").unwrap();
    let in_use = std::fs::File::open(folder.path().join(used)).unwrap();
    in_use.lock().unwrap();
    let pipe = folder.path().join("dataflow-spill-1-3");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let _space = SpillSpace::new(&[folder.path().to_owned()]);
    assert!(!folder.path().join(left).exists());
    for name in [used, written].iter().chain(&others) {
        assert!(folder.path().join(name).exists(), "{name}");
    }
    assert!(pipe.exists());
}

#[test]
fn compressed_pages_round_trip_and_damage_is_detected() {
    let folder = tempfile::tempdir().unwrap();
    let (layout, memory) = (layout(), Memory::new(Budget::new(1 << 30), "test"));
    let space = SpillSpace::compressing(&[folder.path().to_owned()]);
    let spiller = Spiller::new(&space, Arc::new(InlineBlocking), Arc::default());
    let mut spilled = Spilled::default();
    let mut written = pages(&layout, &memory, 3_000);
    // Texts that do not compress.
    let mut writer = RowWriter::new(layout.clone(), memory.clone());
    let noise = |row: u64| (row + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for row in 0..3_000 {
        writer
            .visit(|mut leaves, mut claims| {
                let (number, words) = (leaves.plain::<u64>(), leaves.text());
                let text: String = (0..20).map(|at| char::from(33 + (noise(row * 31 + at) >> 40) as u8 % 90)).collect();
                let put = claims.put(words.heap_bytes(&text), |new, claims| {
                    number.write(new, noise(row));
                    words.write(new, &text, claims);
                });
                assert!(put.is_some());
            })
            .unwrap();
    }
    writer.seal();
    written.extend(writer.take_sealed());
    let expected: Vec<_> = written.iter().flat_map(rows).collect();
    spiller.write(&mut spilled, written);
    let mut found = Vec::new();
    let mut reader = spiller.read_again(&spilled, &layout, 3, &memory);
    while let Poll::Ready(Some(page)) = reader.poll().unwrap() {
        found.extend(rows(&page));
    }
    assert!(found == expected);
    assert!(spiller.shared.files[0].written_bytes() < spilled.bytes() / 2, "{spilled:?}");
    for at in [0, 5, 2_000] {
        spiller.shared.files[0].damage(at);
        let mut reader = spiller.read_again(&spilled, &layout, 1, &memory);
        let message = reader.poll().unwrap_err().to_string();
        assert!(message.contains("not to be trusted"), "{at}: {message}");
        spiller.shared.files[0].damage(at);
    }
}

#[test]
fn missing_folder_is_named_in_the_error() {
    let (layout, memory) = (layout(), Memory::new(Budget::new(1 << 30), "test"));
    let spiller = spiller(&["/nowhere/at/all".into()]);
    let mut spilled = Spilled::default();
    spiller.write(&mut spilled, pages(&layout, &memory, 10));
    let message = spiller.check().unwrap_err().to_string();
    assert!(message.contains("/nowhere/at/all"), "{message}");
}

#[test]
fn rows_of_restored_pages_can_be_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (layout, memory) = (layout(), Memory::new(Budget::new(1 << 30), "test"));
    let (spiller, mut spilled) = (spiller(&[folder.path().to_owned()]), Spilled::default());
    spiller.write(&mut spilled, pages(&layout, &memory, 100));
    let mut reader = spiller.read(spilled, &layout, 1, &memory);
    let Poll::Ready(Some(page)) = reader.poll().unwrap() else { panic!("no page") };
    let mut copy = RowWriter::new(layout, memory);
    let mut all = Selection::default();
    all.set(0..page.rows() as u32);
    copy.append(&Input::new(&page.batch(), &all), None).unwrap();
    copy.seal();
    assert_eq!(rows(&copy.take_sealed().next().unwrap()), rows(&page));
}

/// Counts the submitted work. Reads must come from the page cache.
struct CountsSubmits(AtomicUsize);

impl Blocking for CountsSubmits {
    fn submit(&self, work: Box<dyn FnOnce() + Send>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        work();
    }

    fn reads_cached(&self) -> bool {
        true
    }
}

/// Pages that were just written are in the page cache, compressed or not. No work is submitted for
/// them, and their checksum is compared.
#[test]
fn cached_pages_are_read_on_the_calling_thread() {
    let folder = tempfile::tempdir().unwrap();
    let (layout, memory) = (layout(), Memory::new(Budget::new(1 << 30), "test"));
    for compresses in [false, true] {
        let folders = [folder.path().to_owned()];
        let space = if compresses { SpillSpace::compressing(&folders) } else { SpillSpace::new(&folders) };
        let blocking = Arc::new(CountsSubmits(AtomicUsize::new(0)));
        let (spiller, mut spilled) = (Spiller::new(&space, blocking.clone(), Arc::default()), Spilled::default());
        let written = pages(&layout, &memory, 2_000);
        let expected: Vec<_> = written.iter().flat_map(rows).collect();
        spiller.write(&mut spilled, written);
        let writes = blocking.0.load(Ordering::Relaxed);
        let (mut reader, mut found) = (spiller.read_again(&spilled, &layout, 2, &memory), Vec::new());
        while let Poll::Ready(Some(page)) = reader.poll().unwrap() {
            found.extend(rows(&page));
        }
        assert!(found == expected && blocking.0.load(Ordering::Relaxed) == writes, "{compresses}");
        spiller.shared.files[0].damage(100);
        let message = spiller.read(spilled, &layout, 2, &memory).poll().unwrap_err().to_string();
        assert!(message.contains("not to be trusted"), "{message}");
    }
}

#[test]
fn read_again_keeps_the_pages() {
    let folder = tempfile::tempdir().unwrap();
    let (layout, memory) = (layout(), Memory::new(Budget::new(1 << 30), "test"));
    let (spiller, mut spilled) = (spiller(&[folder.path().to_owned()]), Spilled::default());
    let written = pages(&layout, &memory, 2_000);
    let (expected, largest) =
        (written.iter().flat_map(rows).collect::<Vec<_>>(), written.iter().map(Page::bytes).max());
    spiller.write(&mut spilled, written);
    assert_eq!(Some(spilled.largest_page_bytes()), largest);
    let read = |mut reader: SpilledReader| {
        let mut found = Vec::new();
        while let Poll::Ready(Some(page)) = reader.poll().unwrap() {
            found.extend(rows(&page));
        }
        found
    };
    for _ in 0..2 {
        assert_eq!(read(spiller.read_again(&spilled, &layout, 2, &memory)), expected);
    }
    assert_eq!(read(spiller.read(spilled, &layout, 2, &memory)), expected);
}

/// A queue with a budget of `bytes`, pages for it that another budget holds, and the metrics.
fn queue(folder: &std::path::Path, bytes: usize) -> (SpillQueue, Vec<Page>, Arc<OperatorMetrics>) {
    let (layout, budget, metrics) = (layout(), Budget::new(bytes), Arc::<OperatorMetrics>::default());
    let elsewhere = Memory::new(Budget::new(1 << 30), "elsewhere");
    let memory = Memory::spilling(budget, "test", 0);
    let written = pages(&layout, &elsewhere, 20_000);
    let spiller = Spiller::new(&SpillSpace::new(&[folder.to_owned()]), Arc::new(InlineBlocking), metrics.clone());
    (SpillQueue::new(layout, spiller, &memory), written, metrics)
}

/// Polls until the queue is empty.
fn drain(queue: &mut SpillQueue) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    while let Poll::Ready(Some(page)) = queue.poll().unwrap() {
        found.extend(rows(&page));
    }
    assert!(queue.is_empty());
    found
}

#[test]
fn queue_filled_then_emptied_keeps_order() {
    let folder = tempfile::tempdir().unwrap();
    for revoked in [0, 1 << 20, usize::MAX / 2] {
        let (mut queue, pages, metrics) = queue(folder.path(), 64 << 20);
        let expected: Vec<_> = pages.iter().flat_map(rows).collect();
        let half = pages.len() / 2;
        for (number, page) in pages.into_iter().enumerate() {
            queue.push(page);
            if number == half {
                queue.revoke(revoked);
            }
        }
        // A second request before the queue has been polled.
        queue.revoke(revoked);
        assert_eq!(metrics.spilled_bytes.get() > 0, revoked > 0);
        assert_eq!(drain(&mut queue), expected, "{revoked}");
    }
}

#[test]
fn queue_emptied_while_filled_keeps_order() {
    let folder = tempfile::tempdir().unwrap();
    let (mut queue, pages, metrics) = queue(folder.path(), 64 << 20);
    let expected: Vec<_> = pages.iter().flat_map(rows).collect();
    let mut found = Vec::new();
    for (number, page) in pages.into_iter().enumerate() {
        queue.push(page);
        if number % 7 == 3 {
            queue.revoke(number % 5 * 100_000);
        }
        if number % 3 == 0
            && let Poll::Ready(Some(page)) = queue.poll().unwrap()
        {
            found.extend(rows(&page));
        }
    }
    found.extend(drain(&mut queue));
    assert!(metrics.spilled_bytes.get() > 0);
    assert_eq!(found, expected);
}

#[test]
fn make_room_writes_until_memory_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let (mut queue, pages, metrics) = queue(folder.path(), 1 << 20);
    assert_eq!(queue.make_room(100 << 10).unwrap(), QueueRoom::Granted);
    assert_eq!(queue.make_room(2 << 20).unwrap(), QueueRoom::Refused, "more than there is, and nothing to write");
    let (count, expected) = (pages.len(), pages.iter().flat_map(rows).collect::<Vec<_>>());
    pages.into_iter().for_each(|page| queue.push(page));
    assert!(count > 20 && metrics.spilled_bytes.get() == 0);
    assert_eq!(queue.make_room(2 << 20).unwrap(), QueueRoom::Refused);
    assert!(metrics.spilled_bytes.get() >= (count as u64) << 16, "all of them");
    assert_eq!(drain(&mut queue), expected);
}

/// A store that was filled with a budget of `bytes`, the budget, and the rows in the store.
fn store(folder: &std::path::Path, bytes: usize) -> (Arc<Store>, Arc<Budget>, Vec<(u64, String)>) {
    let (layout, budget) = (layout(), Budget::new(bytes));
    let elsewhere = Memory::new(Budget::new(1 << 30), "elsewhere");
    let store = Store::new(layout.clone(), spiller(&[folder.to_owned()]), &Memory::new(budget.clone(), "test"));
    let written = pages(&layout, &elsewhere, 20_000);
    let expected: Vec<_> = written.iter().flat_map(rows).collect();
    written.into_iter().for_each(|page| store.push(page));
    store.seal().unwrap();
    assert_eq!(store.rows(), expected.len());
    (store, budget, expected)
}

fn reader(store: &Arc<Store>) -> impl Iterator<Item = Page> {
    let memory = Memory::new(Budget::new(1 << 30), "reader");
    let mut reader = StoreReader::new(store.clone(), Arc::new(InlineBlocking), &memory);
    std::iter::from_fn(move || match reader.poll().unwrap() {
        Poll::Ready(Some(page)) => Some(page),
        Poll::Ready(None) => None,
        Poll::Pending => panic!("everything is read at once"),
    })
}

#[test]
fn all_store_readers_get_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    for bytes in [0, 1 << 20, 2 << 20, 64 << 20] {
        let (store, budget, expected) = store(folder.path(), bytes);
        assert!(budget.used_bytes() <= bytes && (bytes > 64 << 10) == (budget.used_bytes() > 0), "{bytes}");
        for _ in 0..2 {
            assert!(reader(&store).flat_map(|page| rows(&page)).eq(expected.iter().cloned()), "{bytes}");
        }
    }
}

#[test]
fn store_spills_when_another_operator_needs_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (store, budget, expected) = store(folder.path(), 16 << 20);
    let before = budget.used_bytes();
    let (mut early, mut found) = (reader(&store), Vec::new());
    found.extend(early.by_ref().take(20).flat_map(|page| rows(&page)));
    let other = Memory::spilling(budget.clone(), "other", 0);
    let mut taken = Vec::new();
    while taken.len() < 6 {
        // Refused once; the store then frees memory.
        if other.try_reserve(1 << 20) {
            taken.push(other.reserve(1 << 20).unwrap());
        }
    }
    // The budget keeps a sixteenth free, and the rest does not hold both.
    let left = budget.used_bytes() - (6 << 20);
    assert!(left + (1 << 20) < before, "{left} of {before}");
    found.extend(early.flat_map(|page| rows(&page)));
    assert!(found == expected && reader(&store).flat_map(|page| rows(&page)).eq(expected));
    drop((store, taken, other));
    assert_eq!(budget.used_bytes(), 0);
}
