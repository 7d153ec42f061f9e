use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::enumerate::{Order, best};
use super::region::Relations;
use super::sizes::Sizes;

/// The bytes of the best order without products, found by trying all orders.
fn brute_force(all: Relations, set: Relations, sizes: &Sizes) -> Option<f64> {
    if set.count_ones() == 1 {
        return Some(0.0);
    }
    let own = if set == all { 0.0 } else { sizes.bytes(set) };
    let splits = (1..set).filter(|left| left & !set == 0 && sizes.linked(*left) & set & !left != 0);
    let bytes =
        splits.filter_map(|left| Some(brute_force(all, left, sizes)? + brute_force(all, set & !left, sizes)? + own));
    bytes.min_by(f64::total_cmp)
}

/// The bytes of the intermediate results of an order.
fn bytes_of(order: &Order, all: Relations, sizes: &Sizes) -> f64 {
    let Order::Join(sides) = order else { return 0.0 };
    assert_ne!(sizes.linked(sides[0].set()) & sides[1].set(), 0, "a product");
    let own = if order.set() == all { 0.0 } else { sizes.bytes(order.set()) };
    own + bytes_of(&sides[0], all, sizes) + bytes_of(&sides[1], all, sizes)
}

/// Relations that form a tree of links, and a few more links.
fn graphs(most: usize) -> impl Strategy<Value = (usize, Sizes)> {
    let relation = (1u32..1_000_000, 1u32..100, 1u32..4);
    let relations = proptest::collection::vec(relation, 2..=most);
    let links = proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..4);
    (relations, proptest::collection::vec(any::<prop::sample::Index>(), most), links).prop_map(
        |(relations, tree, links)| {
            let count = relations.len();
            let born = |relation: usize| (relation, f64::from(relations[relation].0 * relations[relation].2));
            let of_tree = (1..count).map(|relation| (tree[relation].index(relation), relation));
            let more = links
                .iter()
                .map(|(one, other)| (one.index(count), other.index(count)))
                .filter(|(one, other)| one != other);
            let classes: Vec<_> = of_tree.chain(more).map(|(one, other)| vec![born(one), born(other)]).collect();
            let of = relations.iter().map(|&(rows, width, _)| (f64::from(rows), f64::from(width)));
            (count, Sizes::new(of, classes))
        },
    )
}

fn all(count: usize) -> Relations {
    (1 << count) - 1
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn best_order_has_the_fewest_bytes((count, sizes) in graphs(6)) {
        let (order, bytes) = best(all(count), &sizes).unwrap();
        let least = brute_force(all(count), all(count), &sizes).unwrap();
        prop_assert!((bytes - least).abs() <= least * 1e-9, "{bytes} where {least} is enough: {order:?}");
        prop_assert!((bytes - bytes_of(&order, all(count), &sizes)).abs() <= bytes * 1e-9);
    }

    #[test]
    fn many_relations_are_joined_without_a_product((count, sizes) in graphs(20)) {
        let (order, bytes) = best(all(count), &sizes).unwrap();
        prop_assert_eq!(order.set(), all(count));
        prop_assert!((bytes - bytes_of(&order, all(count), &sizes)).abs() <= bytes * 1e-9);
    }
}

#[test]
fn unlinked_relations_have_no_order() {
    let sizes = Sizes::new([(10.0, 8.0); 3], [vec![(0, 10.0), (1, 10.0)]]);
    assert_eq!(best(all(3), &sizes), None);
}

#[test]
fn foreign_key_join_keeps_the_filtered_fraction() {
    // Four lines for each order, of which a tenth is left. Orders and lines have one of 25 nations
    // each.
    let mut sizes = Sizes::new(
        [(6e6, 8.0), (1.5e5, 8.0), (25.0, 8.0)],
        [vec![(0, 1.5e6), (1, 1.5e6)], vec![(0, 25.0), (1, 25.0), (2, 25.0)]],
    );
    fn close(sizes: &Sizes, set: Relations, rows: f64) {
        assert!((sizes.cardinality(set) / rows - 1.0).abs() < 1e-9, "{set:b}: {}", sizes.cardinality(set));
    }
    close(&sizes, 0b101, 6e6);
    close(&sizes, 0b110, 1.5e5);
    // The nation of an order is assumed to be independent of its number.
    close(&sizes, 0b011, 6e5 / 25.0);
    // Nation and number are one key of lines and orders. It has as many values as there are orders.
    sizes.set_keys(|_, _| 1.5e6);
    close(&sizes, 0b011, 6e5);
    close(&sizes, 0b111, 6e5);
}

#[test]
fn ten_linked_relations_are_ordered_fast() {
    let links =
        (0..10).flat_map(|one| (0..one).map(move |other| vec![(one, 1e3 + one as f64), (other, 1e3 + other as f64)]));
    let sizes = Sizes::new((0..10).map(|relation| (1e3 * f64::from(relation + 1), 8.0)), links);
    let start = Instant::now();
    assert!(best(all(10), &sizes).is_some());
    // Ten times as much for a build without optimizations on a busy machine.
    let most = Duration::from_millis(if cfg!(debug_assertions) { 100 } else { 10 });
    assert!(start.elapsed() < most, "{:?}", start.elapsed());
}
