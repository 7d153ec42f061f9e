//! Compares joins of more rows than memory holds with a nested loop.

mod merge;
mod reversal;
mod rig;
mod shared_table;

use super::{JoinKind, Nulls};
use rig::{Case, Row, rows};

const KEYED: [JoinKind; 4] = [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full];

/// Numbers in an order that looks random.
fn mixed(count: u64) -> impl Iterator<Item = u64> {
    (0..count).map(move |number| (number * 7_919) % count)
}

#[test]
fn fitting_join_stays_in_memory() {
    let case = Case {
        memory_bytes: 64 << 20,
        ..Case::new(JoinKind::Full, 0, rows(mixed(9_000), 100), rows(mixed(12_000), 50))
    };
    let metrics = case.run();
    assert_eq!((metrics.spilled_bytes.get(), metrics.passes.get()), (0, 0));
}

#[test]
fn spilled_partitions_are_joined_for_either_build_side() {
    for kind in KEYED {
        for build in [0, 1] {
            let (left, right) = (rows(mixed(12_000), 1_000), rows(mixed(20_000).map(|key| key / 2 + 3_000), 400));
            let metrics = Case { memory_bytes: 6 << 20, ..Case::new(kind, build, left, right) }.run();
            assert!(metrics.spilled_parts.get() > 2 && metrics.passes.get() == 1, "{kind:?} {build}: {metrics:?}");
        }
    }
}

/// The rows of a loop are joined with the same rows of another flow in each round.
#[test]
fn build_side_is_kept_over_rounds() {
    for (kind, build) in [(JoinKind::Inner, 0), (JoinKind::Inner, 1), (JoinKind::Left, 1), (JoinKind::Right, 0)] {
        for (memory_bytes, count, text_bytes) in
            [(64 << 20, 4_000, 400), (6 << 20, 8_000, 1_000), (3 << 20, 2_000, 5_000)]
        {
            let other = rows(mixed(count).map(|key| key / 2 + count / 3), 100);
            let built = rows(mixed(count), text_bytes);
            let (left, right) = if build == 0 { (built, other) } else { (other, built) };
            let metrics = Case { memory_bytes, rounds: 3, ..Case::new(kind, build, left, right) }.run();
            assert_eq!(metrics.spilled_bytes.get() > 0, memory_bytes < 64 << 20, "{kind:?} {build}: {metrics:?}");
        }
    }
    let other = rows(mixed(40), 100);
    let cross = Case { rounds: 3, ..Case::new(JoinKind::Cross, 1, other.clone(), rows(mixed(700), 5_000)) };
    assert!(cross.run().spilled_bytes.get() > 0);
    let one = Case { rounds: 3, memory_bytes: 4 << 20, ..Case::new(JoinKind::With, 1, other, rows([7], 100)) };
    one.run();
    // One key cannot be partitioned, so it is joined in blocks. Then an empty side.
    let (same, few) = (rows((0..900).map(|_| 7), 8_000), rows([7, 7, 8], 100));
    Case { rounds: 2, ..Case::new(JoinKind::Left, 1, few.clone(), same) }.run();
    Case { rounds: 2, ..Case::new(JoinKind::Left, 1, few, vec![]) }.run();
}

/// Otherwise the second task would spill all rows that do not fit, and work on after the first is
/// done.
#[test]
fn tasks_spill_evenly() {
    for memory_bytes in [40 << 20, 44 << 20, 56 << 20] {
        let side = rows(mixed(200_000), 70);
        let case = Case { memory_bytes, ..Case::new(JoinKind::Inner, 0, side, vec![]) };
        let [first, second] = case.spilled_parts_of_two_tasks();
        assert!(first > 0 && second > 0 && first.abs_diff(second) < 2, "{first} and {second} in {memory_bytes} bytes");
    }
}

/// A thread is not blocked while all rows are partitioned.
#[test]
fn revoking_continues_in_steps_without_input() {
    let case = Case { memory_bytes: 64 << 20, ..Case::new(JoinKind::Inner, 0, rows(mixed(20_000), 1_000), vec![]) };
    let (given, calls) = case.revoke_while_idle(4 << 20);
    assert!((4 << 20..10 << 20).contains(&given) && calls > 4, "{given} {calls}");
}

#[test]
fn minimum_memory_suffices_with_repeated_partitioning() {
    let (left, right) = (rows(mixed(8_000), 9_000), rows(mixed(9_000), 8_000));
    let metrics = Case::new(JoinKind::Full, 1, left, right).run();
    assert!(metrics.spilled_parts.get() > 32 && metrics.passes.get() >= 2, "{metrics:?}");
}

/// Reading one side several times is better than writing both once more. Rows of a streamed side
/// have no marks, so a side that needs marks is partitioned again.
#[test]
fn partitions_of_few_blocks_are_not_partitioned_again() {
    let (left, right) = (rows(mixed(8_000), 9_000), rows(mixed(8_000), 10_000));
    for (kind, build, times) in
        [(JoinKind::Inner, 0, 1), (JoinKind::Inner, 1, 1), (JoinKind::Left, 0, 1), (JoinKind::Right, 0, 2)]
    {
        let metrics = Case { memory_bytes: 4 << 20, ..Case::new(kind, build, left.clone(), right.clone()) }.run();
        let spilled = metrics.spilled_bytes.get() as f64 / (8_000.0 * 19_000.0);
        assert_eq!(spilled.round() as u64, times, "{kind:?} {build}: {metrics:?}");
    }
}

#[test]
fn spilled_partitions_build_their_smaller_side() {
    // A few keys on the probe side: spilled partitions are joined without another partitioning.
    let (left, right) = (rows(mixed(8_000), 8_000), rows(mixed(8_000).filter(|key| key % 20 == 0), 200));
    for kind in [JoinKind::Inner, JoinKind::Full] {
        let metrics = Case::new(kind, 0, left.clone(), right.clone()).run();
        assert!(metrics.spilled_parts.get() == 16 && metrics.passes.get() == 1, "{kind:?}: {metrics:?}");
    }
}

#[test]
fn one_key_on_both_sides_is_a_product() {
    // Some of the other keys, which are on one side only, are in the same partitions as this key.
    let hot = |large: u64| {
        let keys = (0..large * 26).map(|row| if row % 26 == 0 { 7 } else { row + large * 1_000 });
        let mut side = rows(keys, 30);
        side.iter_mut().step_by(26).for_each(|row| row.text_bytes = 40_000);
        side
    };
    for kind in KEYED {
        for build in [0, 1] {
            let (left, right) = (hot(120), hot(113));
            let metrics = Case::new(kind, build, left, right).run();
            assert!(metrics.passes.get() >= 3, "{kind:?} {build}: {metrics:?}");
        }
    }
}

#[test]
fn records_larger_than_pages_are_joined() {
    for kind in [JoinKind::Inner, JoinKind::Full] {
        let large = |rows: &mut Vec<Row>| rows.iter_mut().step_by(40).for_each(|row| row.text_bytes = 300_000);
        let (mut left, mut right) = (rows(mixed(2_000), 3_000), rows(mixed(2_500), 2_000));
        large(&mut left);
        large(&mut right);
        let metrics = Case::new(kind, 1, left, right).run();
        assert!(metrics.spilled_bytes.get() > 10 << 20);
    }
}

#[test]
fn nulls_are_kept_and_equal_each_other_only_if_specified() {
    for (kind, nulls) in KEYED.into_iter().flat_map(|kind| [(kind, Nulls::Differ), (kind, Nulls::Equal)]) {
        let with_nulls = |mut rows: Vec<Row>, every: usize| {
            rows.iter_mut().step_by(every).for_each(|row| row.key = None);
            rows
        };
        let (left, right) = (with_nulls(rows(mixed(1_800), 5_000), 30), with_nulls(rows(mixed(1_600), 5_500), 20));
        Case { nulls, ..Case::new(kind, 0, left.clone(), right.clone()) }.run();
        // The build side has few keys that are not null.
        Case { nulls: Nulls::Differ, ..Case::new(kind, 1, left, with_nulls(right, 2)) }.run();
    }
}

#[test]
fn rows_without_partners_are_not_spilled() {
    let (left, right) = (rows(0..20_000, 500), rows(100_000..130_000, 500));
    for kind in KEYED {
        let metrics = Case::new(kind, 0, left.clone(), right.clone()).run();
        let most = 20_000 * 600 * 3 / 2;
        assert!((1..most).contains(&metrics.spilled_bytes.get()), "{kind:?}: {metrics:?}");
    }
}

#[test]
fn sides_without_keys_probe_blocks() {
    for build in [0, 1] {
        let metrics = Case::new(JoinKind::Cross, build, rows(0..180, 40_000), rows(0..170, 42_000)).run();
        assert!(metrics.passes.get() > 2, "{metrics:?}");
    }
}

#[test]
fn empty_side_has_no_pairs() {
    for kind in KEYED {
        let all = rows(0..9_000, 1_000);
        Case::new(kind, 0, all.clone(), Vec::new()).run();
        Case::new(kind, 0, Vec::new(), all).run();
    }
}

#[test]
fn revoked_memory_is_given_back() {
    for kind in KEYED {
        let (left, right) = (rows(mixed(9_000), 1_000), rows(mixed(8_000), 1_100));
        let metrics = Case { memory_bytes: 1 << 30, revokes: true, ..Case::new(kind, 0, left, right) }.run();
        assert!(metrics.spilled_parts.get() > 0 && metrics.passes.get() == 1, "{metrics:?}");
    }
}
