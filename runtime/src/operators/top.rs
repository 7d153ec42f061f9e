//! `first` in an order: of all records, or of each group. Each task keeps only its own first
//! records before it sends them.
//!
//! The first of all records are merged from sorted runs, page by page, so `count` may exceed
//! memory. The records of groups are sorted by key and order, and most others are dropped before
//! that: see [`of_groups`].

mod cutoff;
mod of_groups;

use std::sync::Arc;

use crate::row::RowLayout;
use crate::sort::OrderKey;
use crate::strategy::{Grouping, Planning, Strategy, Work};

use super::common::group_bytes;
use super::sorted_rows;

/// Ways to keep the `count` first rows of each group.
pub(super) fn strategies(
    layout: Arc<RowLayout>,
    key: &[usize],
    count: usize,
    order: &[OrderKey],
    planning: &Planning<'_>,
) -> Vec<Strategy> {
    if key.is_empty() {
        let driver = || sorted_rows::first(layout.clone(), count, order.to_vec());
        let grouping = Grouping {
            driver: &|_| driver(),
            combiner: Some(&driver),
            key_of_combined: key,
            of_row: Work::rows(1.0),
            counts: 0,
            sorts_by: &[],
            kept_bytes: group_bytes(planning),
        };
        return planning.by_key(key, &grouping);
    }
    let order = OrderKey::ascending(key).chain(order.iter().copied()).collect();
    let top = of_groups::TopOfGroups { layout, count, key_leaves: key.len(), order };
    let grouping = Grouping {
        driver: &|combined| top.driver(!combined),
        combiner: Some(&|| top.combiner()),
        key_of_combined: key,
        of_row: Work::rows(1.0),
        counts: 0,
        sorts_by: &top.order,
        kept_bytes: planning.inputs[0].bytes(),
    };
    planning.by_key(key, &grouping)
}
