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

struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>, _: QueuePlace) {}
}

/// A head over all splits of a log, or those of one of several tasks.
fn head(feed: &Feed, task: (usize, usize), starts: &[SplitPosition]) -> SourceHead {
    head_idle_after(feed, task, starts, Duration::from_secs(3600))
}

fn head_idle_after(feed: &Feed, task: (usize, usize), starts: &[SplitPosition], idle_after: Duration) -> SourceHead {
    let source: Arc<dyn Source> = Arc::new(feed.clone());
    let memory = Memory::new(Budget::new(64 << 20), "a head");
    let scan = Scan { live: LeafSet::all(1), bounds: Vec::new() };
    let reader = CheckedReader::of(&*source, &scan, ReaderContext::on_this_thread(memory)).unwrap();
    let list = source.splits(&scan).unwrap();
    let mut splits = Followed::of(task, idle_after);
    splits.assign(&list);
    splits.restore(starts, |_, _| {});
    let listing = Arc::new(Listing::new(source, scan, Arc::new(InlineBlocking), list));
    let task_to_wake: Arc<dyn Wake> = Arc::new(Nobody);
    let splits = HeadSplits::Followed(FollowedSource { listing, splits, alarm: Alarm::of(&task_to_wake) });
    SourceHead::new(0, reader, false, splits)
}

/// Waits until the splits are listed again.
fn list_again(head: &SourceHead) {
    std::thread::sleep(Duration::from_millis(60));
    if let HeadSplits::Followed(followed) = &head.splits {
        followed.listing.splits().unwrap();
    }
}

fn watch() -> Watch {
    let origin = Origin { name: "read".into(), operator: "read".into(), file: "tests.rs".into(), line: 1, column: 1 };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    Watch::new(Job::new(Arc::new(pool), vec![(origin, 1)]), 0)
}

/// Takes so many batches at most: by split, what they hold. Whether there was nothing more for now, or for good.
fn take(head: &mut SourceHead, most: usize, watch: &Watch, found: &mut [Vec<u64>]) -> Option<Option<SourceItem>> {
    for _ in 0..most {
        match head.advance(&mut LeadingFilters::of(&mut [], watch), watch).unwrap() {
            Some(SourceItem::Batch(split)) => {
                let batch = head.batch().unwrap();
                found[split].extend((0..batch.rows()).map(|row| batch.leaf_bits(0, row) as u64));
            }
            other => return Some(other),
        }
    }
    None
}

/// Stopped behind any batch, by however many tasks, others that begin at the positions give the rest, split by split in order.
#[test]
fn a_head_goes_on_from_the_positions_of_others() {
    let (feed, watch) = (Feed::new(3), watch());
    for block in 0..10 {
        (0..3).for_each(|split| feed.append(split, 10 * block..10 * block + 10));
    }
    let expected = vec![(0..120).collect::<Vec<u64>>(); 3];
    for batches in 0..=10 {
        let (mut found, mut heads) = (vec![Vec::new(); 3], vec![head(&feed, (0, 2), &[]), head(&feed, (1, 2), &[])]);
        heads.iter_mut().for_each(|head| _ = take(head, batches, &watch, &mut found));
        let positions: Vec<SplitPosition> = heads.iter().flat_map(SourceHead::positions).collect();
        if batches == 10 {
            // What comes later is theirs, too.
            (0..3).for_each(|split| feed.append(split, 100..120));
            feed.seal_all();
        }
        let mut rest: Vec<SourceHead> = (0..4).map(|task| head(&feed, (task, 4), &positions)).collect();
        for head in &mut rest {
            let ended = take(head, usize::MAX, &watch, &mut found);
            let is_sealed = batches == 10;
            assert_eq!(ended == Some(Some(SourceItem::Control(Control::RoundEnd(1)))), is_sealed, "{ended:?}");
        }
        let count = if batches == 10 { 120 } else { 100 };
        assert!(found.iter().zip(&expected).all(|(found, expected)| found[..] == expected[..count]), "{found:?}");
    }
}

#[test]
fn a_head_ends_once_when_all_is_sealed_and_says_where_batches_are_from() {
    let (feed, watch) = (Feed::new(2), watch());
    let mut head = head(&feed, (0, 1), &[]);
    let mut found = vec![Vec::new(); 3];
    assert_eq!(take(&mut head, 1, &watch, &mut found), Some(None));
    feed.append(1, 0..5);
    assert_eq!(take(&mut head, 2, &watch, &mut found), Some(None));
    feed.seal();
    feed.add(1);
    feed.append(2, 5..9);
    list_again(&head);
    assert_eq!(take(&mut head, 2, &watch, &mut found), Some(None));
    assert_eq!(found, [vec![], (0..5).collect(), (5..9).collect()]);
    assert!(!head.is_at_end());
    feed.seal_all();
    list_again(&head);
    let said: Vec<_> = (0..3).map(|_| take(&mut head, 1, &watch, &mut found).unwrap()).collect();
    let ends = Control::END_OF_INPUT.map(|control| Some(SourceItem::Control(control)));
    assert_eq!(said, [ends[0], ends[1], None]);
    let bytes = feed.bytes();
    let metrics = &watch.job.metrics;
    assert_eq!((metrics.source_rows.get(), metrics.source_total_bytes.get()), (9, bytes));
    assert_eq!(metrics.source_bytes.get(), bytes, "nothing is left to be read");
}

/// Who is far behind reads one split for long.
#[test]
fn what_is_read_of_a_split_is_counted_meanwhile() {
    let (feed, watch) = (Feed::new(1), watch());
    (0..3).for_each(|block| feed.append(0, 10 * block..10 * block + 10));
    let mut head = head(&feed, (0, 1), &[]);
    let mut found = vec![Vec::new()];
    let mut counted = Vec::new();
    for _ in 0..3 {
        assert_eq!(take(&mut head, 1, &watch, &mut found), None);
        counted.push(watch.job.metrics.source_bytes.get());
        std::thread::sleep(TURN);
    }
    assert!(counted[0] < counted[1] && counted[1] < counted[2], "{counted:?}");
    assert_eq!(take(&mut head, 1, &watch, &mut found), Some(None));
    assert_eq!(watch.job.metrics.source_bytes.get(), watch.job.metrics.source_total_bytes.get());
}

/// A barrier that is begun when the rows have ended is said by nobody: what this task has is in that snapshot with its end.
#[test]
fn a_head_says_barriers_between_its_rows_and_none_behind_them() {
    let (feed, watch) = (Feed::new(1), watch());
    let begun = Arc::new(AtomicU64::new(4));
    let mut head = head(&feed, (0, 1), &[]).with_barriers(Some(Barriers::from(begun.clone(), Arc::default(), 4)));
    let mut found = vec![Vec::new()];
    feed.append(0, 0..5);
    assert_eq!(take(&mut head, 1, &watch, &mut found), None);
    begun.store(5, Ordering::SeqCst);
    let barrier = Some(SourceItem::Control(Control::Barrier(5)));
    let said: Vec<_> = (0..2).map(|_| take(&mut head, 1, &watch, &mut found).unwrap()).collect();
    assert_eq!(said, [barrier, None]);
    feed.seal_all();
    list_again(&head);
    let ends = Control::END_OF_INPUT.map(|control| Some(SourceItem::Control(control)));
    assert_eq!(take(&mut head, 1, &watch, &mut found), Some(ends[0]));
    begun.store(6, Ordering::SeqCst);
    let said: Vec<_> = (0..2).map(|_| take(&mut head, 1, &watch, &mut found).unwrap()).collect();
    assert_eq!(said, [ends[1], None]);
}

/// Whose turn is over, and who is the only one with something, goes on as it was.
#[test]
fn a_turn_that_no_other_split_takes_changes_nothing() {
    let (feed, watch) = (Feed::new(2), watch());
    let mut head = head(&feed, (0, 1), &[]);
    let mut found = vec![Vec::new(); 2];
    for round in 0..4 {
        feed.append((round % 2) as usize, 10 * round..10 * round + 10);
        assert_eq!(take(&mut head, 1, &watch, &mut found), None);
        std::thread::sleep(TURN);
        assert_eq!(take(&mut head, 1, &watch, &mut found), Some(None));
    }
    assert_eq!(found, [(0..10).chain(20..30).collect::<Vec<u64>>(), (10..20).chain(30..40).collect()]);
    let positions = head.positions();
    let names: Vec<&str> = positions.iter().map(|position| &*position.split).collect();
    assert_eq!(names, ["split-0", "split-1"]);
}

#[test]
fn a_head_says_once_that_it_is_idle_until_records_come() {
    let (feed, watch) = (Feed::new(2), watch());
    let mut head = head_idle_after(&feed, (0, 1), &[], Duration::ZERO);
    let mut found = vec![Vec::new(); 2];
    let idle = Some(SourceItem::Control(Control::Idle));
    for round in 0..3 {
        let said: Vec<_> = (0..3).map(|_| take(&mut head, 1, &watch, &mut found).unwrap()).collect();
        assert_eq!(said, [idle, None, None]);
        feed.append(1, round..round + 1);
        assert_eq!(take(&mut head, 1, &watch, &mut found), None);
        std::thread::sleep(TURN);
    }
    assert_eq!(found[1], [0, 1, 2]);
}
