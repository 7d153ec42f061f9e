use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::error::Origin;
use crate::exec::channel::{QueuePlace, Wake};
use crate::exec::inline::LeadingFilters;
use crate::exec::job::Job;
use crate::memory::{Budget, Memory};
use crate::row::LeafSet;
use crate::source::{Feed, ReaderContext, Scan, Source};
use crate::spill::tests::InlineBlocking;

struct NoTask;

impl Wake for NoTask {
    fn wake(self: Arc<Self>, _: QueuePlace) {}
}

/// The head of task `task.0` of `task.1`, which continues from positions.
fn head(feed: &Feed, task: (usize, usize), starts: &[SplitPosition]) -> SourceHead {
    head_idle_after(feed, task, starts, Duration::from_secs(3600))
}

fn head_idle_after(feed: &Feed, task: (usize, usize), starts: &[SplitPosition], idle_after: Duration) -> SourceHead {
    let source: Arc<dyn Source> = Arc::new(feed.clone());
    let memory = Memory::new(Budget::new(64 << 20), "a head");
    let scan = Scan { live: LeafSet::all(1), bounds: Vec::new() };
    let reader = CheckedReader::of(&*source, &scan, ReaderContext::on_this_thread(memory)).unwrap();
    let list = source.splits(&scan).unwrap();
    let mut splits = AssignedSplits::of(task, idle_after);
    splits.assign(&list);
    splits.restore(starts, |_, _| {});
    let listing = Arc::new(Listing::new(source, scan, Arc::new(InlineBlocking), list));
    let task_to_wake: Arc<dyn Wake> = Arc::new(NoTask);
    let splits = HeadSplits::Assigned(AssignedSource { listing, splits, alarm: Alarm::of(&task_to_wake) });
    SourceHead::new(0, reader, false, splits)
}

/// Waits until the list is old, and lists the splits again.
fn list_again(head: &SourceHead) {
    std::thread::sleep(Duration::from_millis(60));
    if let HeadSplits::Assigned(assigned) = &head.splits {
        assigned.listing.splits().unwrap();
    }
}

fn scope() -> OperatorScope {
    let origin = Origin { name: "read".into(), operator: "read".into(), file: "tests.rs".into(), line: 1, column: 1 };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    OperatorScope::new(Job::new(Arc::new(pool), vec![(origin, 1)]), 0)
}

/// Adds the rows of at most `max_batches` batches to `found`, by split. Returns the result of
/// `advance` that was not a batch, if any.
fn take(
    head: &mut SourceHead,
    max_batches: usize,
    scope: &OperatorScope,
    found: &mut [Vec<u64>],
) -> Option<Option<SourceItem>> {
    for _ in 0..max_batches {
        match head.advance(&mut LeadingFilters::of(&mut [], scope), scope).unwrap() {
            Some(SourceItem::Batch(split)) => {
                let batch = head.batch().unwrap();
                found[split].extend((0..batch.rows()).map(|row| batch.leaf_bits(0, row) as u64));
            }
            other => return Some(other),
        }
    }
    None
}

/// Heads stop after each number of batches. Another number of heads resumes, and reads the rest of
/// each split in order.
#[test]
fn a_head_resumes_from_positions() {
    let (feed, scope) = (Feed::new(3), scope());
    for block in 0..10 {
        (0..3).for_each(|split| feed.append(split, 10 * block..10 * block + 10));
    }
    let expected = vec![(0..120).collect::<Vec<u64>>(); 3];
    for batches in 0..=10 {
        let (mut found, mut heads) = (vec![Vec::new(); 3], vec![head(&feed, (0, 2), &[]), head(&feed, (1, 2), &[])]);
        heads.iter_mut().for_each(|head| _ = take(head, batches, &scope, &mut found));
        let positions: Vec<SplitPosition> = heads.iter().flat_map(SourceHead::positions).collect();
        if batches == 10 {
            // The resumed heads also read later records.
            (0..3).for_each(|split| feed.append(split, 100..120));
            feed.seal_all();
        }
        let mut rest: Vec<SourceHead> = (0..4).map(|task| head(&feed, (task, 4), &positions)).collect();
        for head in &mut rest {
            let ended = take(head, usize::MAX, &scope, &mut found);
            let is_sealed = batches == 10;
            assert_eq!(ended == Some(Some(SourceItem::Control(Control::RoundEnd(1)))), is_sealed, "{ended:?}");
        }
        let count = if batches == 10 { 120 } else { 100 };
        assert!(found.iter().zip(&expected).all(|(found, expected)| found[..] == expected[..count]), "{found:?}");
    }
}

#[test]
fn a_head_ends_after_all_splits_and_numbers_its_batches() {
    let (feed, scope) = (Feed::new(2), scope());
    let mut head = head(&feed, (0, 1), &[]);
    let mut found = vec![Vec::new(); 3];
    assert_eq!(take(&mut head, 1, &scope, &mut found), Some(None));
    feed.append(1, 0..5);
    assert_eq!(take(&mut head, 2, &scope, &mut found), Some(None));
    feed.seal();
    feed.add(1);
    feed.append(2, 5..9);
    list_again(&head);
    assert_eq!(take(&mut head, 2, &scope, &mut found), Some(None));
    assert_eq!(found, [vec![], (0..5).collect(), (5..9).collect()]);
    assert!(!head.is_at_end());
    feed.seal_all();
    list_again(&head);
    let items: Vec<_> = (0..3).map(|_| take(&mut head, 1, &scope, &mut found).unwrap()).collect();
    let ends = Control::END_OF_INPUT.map(|control| Some(SourceItem::Control(control)));
    assert_eq!(items, [ends[0], ends[1], None]);
    let bytes = feed.bytes();
    let metrics = &scope.job.metrics;
    assert_eq!((metrics.source_rows.get(), metrics.source_total_bytes.get()), (9, bytes));
    assert_eq!(metrics.source_bytes.get(), bytes, "nothing is left to be read");
}

/// A head with a large backlog reads one split for a long time.
#[test]
fn read_bytes_are_counted_while_a_split_is_read() {
    let (feed, scope) = (Feed::new(1), scope());
    (0..3).for_each(|block| feed.append(0, 10 * block..10 * block + 10));
    let mut head = head(&feed, (0, 1), &[]);
    let mut found = vec![Vec::new()];
    let mut counted = Vec::new();
    for _ in 0..3 {
        assert_eq!(take(&mut head, 1, &scope, &mut found), None);
        counted.push(scope.job.metrics.source_bytes.get());
        std::thread::sleep(TURN);
    }
    assert!(counted[0] < counted[1] && counted[1] < counted[2], "{counted:?}");
    assert_eq!(take(&mut head, 1, &scope, &mut found), Some(None));
    assert_eq!(scope.job.metrics.source_bytes.get(), scope.job.metrics.source_total_bytes.get());
}

/// After its rows have ended, a head injects no barriers: the task contributes its final state.
#[test]
fn barriers_are_injected_between_rows_and_never_after_them() {
    let (feed, scope) = (Feed::new(1), scope());
    let requested_epoch = Arc::new(AtomicU64::new(4));
    let mut head =
        head(&feed, (0, 1), &[]).with_barriers(Some(Barriers::from(requested_epoch.clone(), Arc::default(), 4)));
    let mut found = vec![Vec::new()];
    feed.append(0, 0..5);
    assert_eq!(take(&mut head, 1, &scope, &mut found), None);
    requested_epoch.store(5, Ordering::SeqCst);
    let barrier = Some(SourceItem::Control(Control::Barrier(5)));
    let items: Vec<_> = (0..2).map(|_| take(&mut head, 1, &scope, &mut found).unwrap()).collect();
    assert_eq!(items, [barrier, None]);
    feed.seal_all();
    list_again(&head);
    let ends = Control::END_OF_INPUT.map(|control| Some(SourceItem::Control(control)));
    assert_eq!(take(&mut head, 1, &scope, &mut found), Some(ends[0]));
    requested_epoch.store(6, Ordering::SeqCst);
    let items: Vec<_> = (0..2).map(|_| take(&mut head, 1, &scope, &mut found).unwrap()).collect();
    assert_eq!(items, [ends[1], None]);
}

/// The only split with records continues after its turn.
#[test]
fn the_only_split_with_records_keeps_its_turn() {
    let (feed, scope) = (Feed::new(2), scope());
    let mut head = head(&feed, (0, 1), &[]);
    let mut found = vec![Vec::new(); 2];
    for round in 0..4 {
        feed.append((round % 2) as usize, 10 * round..10 * round + 10);
        assert_eq!(take(&mut head, 1, &scope, &mut found), None);
        std::thread::sleep(TURN);
        assert_eq!(take(&mut head, 1, &scope, &mut found), Some(None));
    }
    assert_eq!(found, [(0..10).chain(20..30).collect::<Vec<u64>>(), (10..20).chain(30..40).collect()]);
    let positions = head.positions();
    let names: Vec<&str> = positions.iter().map(|position| &*position.split).collect();
    assert_eq!(names, ["split-0", "split-1"]);
}

#[test]
fn a_head_reports_idleness_once() {
    let (feed, scope) = (Feed::new(2), scope());
    let mut head = head_idle_after(&feed, (0, 1), &[], Duration::ZERO);
    let mut found = vec![Vec::new(); 2];
    let idle = Some(SourceItem::Control(Control::Idle));
    for round in 0..3 {
        let items: Vec<_> = (0..3).map(|_| take(&mut head, 1, &scope, &mut found).unwrap()).collect();
        assert_eq!(items, [idle, None, None]);
        feed.append(1, round..round + 1);
        assert_eq!(take(&mut head, 1, &scope, &mut found), None);
        std::thread::sleep(TURN);
    }
    assert_eq!(found[1], [0, 1, 2]);
}
