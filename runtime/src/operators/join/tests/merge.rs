//! Compares merge joins of more rows than memory holds with a nested loop.

use super::super::{JoinKind, Nulls};
use super::rig::{Case, Row, rows};
use super::{KEYED, mixed};

#[test]
fn fitting_inputs_are_merged_in_memory() {
    for build in [0, 1] {
        let (left, right) = (rows(mixed(9_000), 100), rows(mixed(12_000).map(|key| key / 2), 50));
        let case = Case { memory_bytes: 64 << 20, ..Case::merging(JoinKind::Full, build, left, right) };
        assert_eq!(case.run().spilled_bytes.get(), 0);
    }
}

#[test]
fn sorted_runs_are_merged_whichever_side_is_built() {
    for kind in KEYED {
        for build in [0, 1] {
            let (left, right) = (rows(mixed(6_000), 1_000), rows(mixed(9_000).map(|key| key / 2 + 1_500), 400));
            let metrics = Case::merging(kind, build, left, right).run();
            assert!(metrics.spilled_parts.get() > 4, "{kind:?} {build}: {metrics:?}");
        }
    }
}

/// `count` rows of one key that both sides have, and other rows of the side's own keys.
fn with_hot_key(count: u64, text_bytes: usize, side: u64) -> Vec<Row> {
    let mut rows = rows((0..count).map(|_| 7).chain((0..300).map(|row| row * 2 + side)), text_bytes);
    rows.iter_mut().skip(count as usize).for_each(|row| row.text_bytes = 30);
    rows
}

/// Bytes of a text that takes two pages, and the memory that such records need in addition to the
/// minimum.
const LARGE: (usize, usize) = (120_000, 16 * (120 << 10));

#[test]
fn large_product_of_one_key_is_merged_in_little_memory() {
    for kind in KEYED {
        for (left, right) in [((60, LARGE.0), (56, LARGE.0)), ((60, LARGE.0), (3, 9)), ((2, 9), (60, LARGE.0))] {
            let (left, right) = (with_hot_key(left.0, left.1, 0), with_hot_key(right.0, right.1, 1));
            let case = Case::merging(kind, 1, left, right);
            Case { memory_bytes: case.memory_bytes + LARGE.1, ..case }.run();
        }
    }
}

#[test]
fn large_key_stays_in_memory_if_it_fits() {
    for kind in KEYED {
        let (left, right) = (with_hot_key(700, 1_000, 0), with_hot_key(800, 1_000, 1));
        let case = Case::merging(kind, 0, left, right);
        let metrics = Case { memory_bytes: case.memory_bytes + (1 << 20), ..case }.run();
        assert_eq!(metrics.spilled_bytes.get(), 0, "{kind:?}");
    }
}

#[test]
fn large_keys_without_partners_are_kept_or_dropped() {
    for kind in KEYED {
        let alone = |key: u64| {
            let mut rows = rows((0..60).map(|_| key).chain(0..500), 30);
            rows.iter_mut().take(60).for_each(|row| row.text_bytes = LARGE.0);
            rows
        };
        let case = Case::merging(kind, 0, alone(1_000), alone(2_000));
        Case { memory_bytes: case.memory_bytes + LARGE.1, ..case }.run();
    }
}

#[test]
fn records_larger_than_pages_are_merged() {
    for kind in [JoinKind::Inner, JoinKind::Full] {
        let large = |rows: &mut Vec<Row>| rows.iter_mut().step_by(40).for_each(|row| row.text_bytes = 300_000);
        let (mut left, mut right) = (rows(mixed(400), 3_000), rows(mixed(500), 2_000));
        large(&mut left);
        large(&mut right);
        Case { memory_bytes: 24 << 20, ..Case::merging(kind, 1, left, right) }.run();
    }
}

#[test]
fn nulls_have_no_partner_or_equal_each_other() {
    for (kind, nulls) in KEYED.into_iter().flat_map(|kind| [(kind, Nulls::Differ), (kind, Nulls::Equal)]) {
        let with_nulls = |mut rows: Vec<Row>, every: usize| {
            rows.iter_mut().step_by(every).for_each(|row| row.key = None);
            rows
        };
        let (left, right) = (with_nulls(rows(mixed(6_000), 1_000), 30), with_nulls(rows(mixed(5_600), 1_100), 20));
        Case { nulls, ..Case::merging(kind, 0, left, right) }.run();
    }
}

#[test]
fn empty_side_has_no_pairs() {
    for kind in KEYED {
        let all = rows(0..9_000, 1_000);
        Case::merging(kind, 0, all.clone(), Vec::new()).run();
        Case::merging(kind, 0, Vec::new(), all).run();
        Case::merging(kind, 1, Vec::new(), Vec::new()).run();
    }
}

#[test]
fn revoked_memory_spills_rows() {
    for kind in KEYED {
        let (left, right) = (rows(mixed(9_000), 1_000), rows(mixed(8_000), 1_100));
        let case = Case { memory_bytes: 1 << 30, revokes: true, ..Case::merging(kind, 0, left, right) };
        assert!(case.run().spilled_parts.get() > 0);
    }
}
