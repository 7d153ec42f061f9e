//! How many records a set of relations has when it is joined, and how wide they are.
//!
//! Keys are expected to be found: that of a relation with fewer values is among those of one with more. A class of equal leaves then has as many values as the relation
//! has records, before anything was dropped from it, that has fewest: the one whose key it is. Keys of several leaves have no more values than either
//! relation has records.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::estimates::Estimates;
use super::region::{End, Region, Relations};
use crate::plan::Node;

/// What a record costs beside its bytes, as bytes: it is looked up, and its place is kept.
const RECORD_BYTES: f64 = 16.0;

/// Guesses of a region.
#[derive(Debug)]
pub(super) struct Sizes {
    rows: Vec<f64>,
    widths: Vec<f64>,
    /// For each relation its classes, by number, and how many records there were where its leaf comes from.
    classes_of: Vec<Vec<(usize, f64)>>,
    /// Of each class its relations, and how many values it has.
    classes: Vec<(Relations, f64)>,
    /// The widths of joins as they are written, by what they join: closures may give less than they are given.
    written: HashMap<Relations, f64>,
    /// For each relation those that share a class with it.
    linked: Vec<Relations>,
}

impl Sizes {
    /// Those of a region.
    pub(super) fn of(region: &Region, estimates: &Estimates) -> Self {
        let rows_of = |node: &Node| estimates.get(&node.sequence).map_or(0.0, |estimate| estimate.rows);
        let width_of = |node: &Node| estimates.get(&node.sequence).map_or(0.0, |estimate| estimate.row_bytes);
        let relations = region.relations.iter().map(|relation| (rows_of(relation), width_of(relation)));
        let born_rows = |&(relation, leaf): &End| (relation, rows_of(&born(&region.relations[relation], leaf)));
        let classes = region.classes.iter().map(|class| class.ends.iter().map(born_rows).collect());
        let written = region.joins.iter().map(|join| (join.set, width_of(&join.node)));
        Sizes { written: written.collect(), ..Sizes::new(relations, classes) }
    }

    /// Those of relations with so many records of so many bytes. A class is said by its relations, and how many records there were where the leaf of each comes from.
    pub(super) fn new(
        relations: impl IntoIterator<Item = (f64, f64)>,
        classes: impl IntoIterator<Item = Vec<(usize, f64)>>,
    ) -> Self {
        let (rows, widths): (Vec<f64>, Vec<f64>) =
            relations.into_iter().map(|(rows, width)| (rows.max(1.0), width)).unzip();
        let mut classes_of = vec![Vec::new(); rows.len()];
        let mut linked = vec![0; rows.len()];
        let mut sets = Vec::new();
        for (number, class) in classes.into_iter().enumerate() {
            let set = class.iter().fold(0, |set: Relations, &(relation, _)| set | 1 << relation);
            for &(relation, born) in &class {
                classes_of[relation].push((number, born.max(1.0)));
                linked[relation] |= set & !(1 << relation);
            }
            sets.push((set, class.iter().map(|&(_, born)| born.max(1.0)).fold(f64::INFINITY, f64::min)));
        }
        Sizes { rows, widths, classes_of, classes: sets, written: HashMap::new(), linked }
    }

    /// The relations that share a class with one of these.
    pub(super) fn linked(&self, set: Relations) -> Relations {
        members(set).fold(0, |linked, relation| linked | self.linked[relation]) & !set
    }

    /// What the records of these relations take, when they are joined.
    pub(super) fn bytes(&self, set: Relations) -> f64 {
        self.bytes_of(set, self.cardinality(set))
    }

    /// As [`Sizes::bytes`], of so many records.
    pub(super) fn bytes_of(&self, set: Relations, rows: f64) -> f64 {
        let both: f64 = members(set).map(|relation| self.widths[relation]).sum();
        let width = self.written.get(&set).map_or(both, |&written| written.min(both));
        rows.max(1.0) * (width + RECORD_BYTES)
    }

    /// How many records the relations have when they are joined. It is the same however they are.
    pub(super) fn cardinality(&self, set: Relations) -> f64 {
        let mut joined = 0;
        let mut rows = 1.0;
        for relation in self.in_order(set) {
            rows *= self.factor(joined, relation);
            joined |= 1 << relation;
        }
        rows
    }

    /// The relation of a set that is counted last, and the others. The largest are counted first.
    pub(super) fn without_last(&self, set: Relations) -> (usize, Relations) {
        let last = members(set).min_by(|&one, &other| self.rows[one].total_cmp(&self.rows[other])).unwrap_or_default();
        (last, set & !(1 << last))
    }

    fn in_order(&self, mut set: Relations) -> Vec<usize> {
        let mut order = Vec::with_capacity(set.count_ones() as usize);
        while set != 0 {
            let (last, others) = self.without_last(set);
            order.push(last);
            set = others;
        }
        order.reverse();
        order
    }

    /// How many times as many records there are when a relation comes to those that are joined.
    pub(super) fn factor(&self, joined: Relations, relation: usize) -> f64 {
        // A class is a part of the key with the relation that shares most classes with this one.
        let shared = |other: usize| {
            self.classes_of[relation].iter().filter(|(class, _)| self.classes[*class].0 & 1 << other != 0).count()
        };
        let mut keys: Vec<(usize, f64, f64)> = Vec::new();
        for &(class, own_rows) in &self.classes_of[relation] {
            let (set, values) = self.classes[class];
            let Some(other) = members(set & joined).max_by_key(|&other| (shared(other), std::cmp::Reverse(other)))
            else {
                continue;
            };
            let other_rows =
                self.classes_of[other].iter().find(|(of, _)| *of == class).map_or(own_rows, |found| found.1);
            let most = own_rows.min(other_rows);
            match keys.iter_mut().find(|key| key.0 == other) {
                Some(key) => (key.1, key.2) = (key.1 * values, key.2.max(most)),
                None => keys.push((other, values, most)),
            }
        }
        self.rows[relation] / keys.iter().map(|&(_, values, most)| values.min(most)).product::<f64>()
    }
}

/// The relations of a set.
pub(super) fn members(mut set: Relations) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let next = (set != 0).then(|| set.trailing_zeros() as usize);
        set &= set.wrapping_sub(1);
        next
    })
}

/// Where the values of a leaf come from: the lowest node that the leaf is taken over from, record by record or in part.
fn born(node: &Arc<Node>, leaf: usize) -> Arc<Node> {
    let (mut node, mut leaf) = (node.clone(), leaf);
    loop {
        let input =
            |number: usize| Some((number, node.operator.lets_filters_pass(number)?.get(leaf).copied().flatten()?));
        let below = (0..node.inputs.len()).find_map(input);
        let Some((input, from)) = below.and_then(|(number, from)| Some((node.inputs.get(number)?.clone(), from)))
        else {
            return node;
        };
        (node, leaf) = (input, from);
    }
}
