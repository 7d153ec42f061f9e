//! Estimates the number and width of the joined records of each set of relations.
//!
//! The numbers of rows and keys come from [`Relation`]. Two relations have `rows × rows / keys`
//! pairs. `keys` is the greater of the two sides' numbers of keys before any filter
//! ([`Relation::domain`]). This is the formula of [`Relation::pairs`], for sets of relations.

use std::collections::HashMap;

use super::super::estimates::{Estimates, Known};
use super::region::{Region, Relations};
use crate::plan::Node;
use crate::statistics::Relation;

/// The cost of a record besides its width, in bytes: each record is looked up in a table, and a
/// table stores the place of each.
const RECORD_BYTES: f64 = 16.0;

/// Estimates for the sets of a region's relations.
#[derive(Debug)]
pub(super) struct Sizes {
    rows: Vec<f64>,
    widths: Vec<f64>,
    /// For each relation, its classes by number, with the relation's number of distinct values of
    /// each.
    classes_of: Vec<Vec<(usize, f64)>>,
    /// The relations of each class.
    classes: Vec<Relations>,
    /// The number of distinct keys of a relation for several classes, by the relation and the
    /// classes.
    keys: HashMap<(usize, Vec<usize>), f64>,
    /// The widths of the records of joins as written, by the relations of the join. A closure may
    /// emit narrower records than the two that it reads.
    written: HashMap<Relations, f64>,
    /// For each relation, the relations that have a class in common with it.
    linked: Vec<Relations>,
}

impl Sizes {
    /// Estimates for a region.
    pub(super) fn of(region: &Region, known: &Known, estimates: &Estimates) -> Self {
        let width_of = |node: &Node| estimates.get(&node.sequence).map_or(0.0, |estimate| estimate.row_bytes);
        let known_of = |relation: usize| known.get(&region.relations[relation].sequence);
        let rows_of = |relation| known_of(relation).map_or(0.0, |known| known.rows);
        let relations = region.relations.iter().enumerate().map(|(at, node)| (rows_of(at), width_of(node)));
        let values = |relation, key: &[usize]| known_of(relation).map_or(1.0, |known: &Relation| known.domain(key));
        let classes = region
            .classes
            .iter()
            .map(|class| class.leaves.iter().map(|&(relation, leaf)| (relation, values(relation, &[leaf]))).collect());
        let written = region.joins.iter().map(|join| (join.set, width_of(&join.node)));
        let mut sizes = Sizes { written: written.collect(), ..Sizes::new(relations, classes) };
        sizes.set_keys(|relation, classes| {
            let origin = |class: &usize| region.classes[*class].leaves.iter().find(|origin| origin.0 == relation);
            let leaves: Vec<usize> = classes.iter().filter_map(origin).map(|origin| origin.1).collect();
            values(relation, &leaves)
        });
        sizes
    }

    /// Sets the number of distinct keys of each relation for each set of several classes that it
    /// has in common with another relation.
    pub(super) fn set_keys(&mut self, values: impl Fn(usize, &[usize]) -> f64) {
        for (relation, classes) in self.composite_keys() {
            let values = values(relation, &classes).max(1.0);
            self.keys.insert((relation, classes), values);
        }
    }

    /// Estimates for relations, each with its number of records and their width. A class is a list
    /// of relations, each with its number of distinct values of the class.
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
            for &(relation, values) in &class {
                classes_of[relation].push((number, values.max(1.0)));
                linked[relation] |= set & !(1 << relation);
            }
            sets.push(set);
        }
        Sizes { rows, widths, classes_of, classes: sets, keys: HashMap::new(), written: HashMap::new(), linked }
    }

    /// The classes that two relations have in common, if there are several. Each pair occurs once
    /// per side.
    fn composite_keys(&self) -> Vec<(usize, Vec<usize>)> {
        let pairs = (0..self.rows.len()).flat_map(|one| members(self.linked[one]).map(move |other| (one, other)));
        let common = |(one, other): (usize, usize)| {
            let classes = self.classes_of[one].iter().map(|&(class, _)| class);
            (one, classes.filter(|&class| self.classes[class] & 1 << other != 0).collect::<Vec<usize>>())
        };
        pairs.map(common).filter(|(_, classes)| classes.len() > 1).collect()
    }

    /// The number of distinct keys of a relation for these classes. If a join has only some of the
    /// classes that two relations have in common, their values are assumed to be independent.
    fn keys_of(&self, relation: usize, classes: &[usize]) -> f64 {
        let of = |class: usize| self.classes_of[relation].iter().find(|(of, _)| *of == class).map_or(1.0, |of| of.1);
        match classes {
            [class] => of(*class),
            _ => {
                let known = self.keys.get(&(relation, classes.to_vec())).copied();
                known.unwrap_or_else(|| classes.iter().map(|&class| of(class)).product())
            }
        }
    }

    /// The relations outside of a set that have a class in common with a relation in it.
    pub(super) fn linked(&self, set: Relations) -> Relations {
        members(set).fold(0, |linked, relation| linked | self.linked[relation]) & !set
    }

    /// The bytes of the joined records of these relations.
    pub(super) fn bytes(&self, set: Relations) -> f64 {
        self.bytes_of(set, self.cardinality(set))
    }

    /// As [`Sizes::bytes`], with a known number of records.
    pub(super) fn bytes_of(&self, set: Relations, rows: f64) -> f64 {
        let both: f64 = members(set).map(|relation| self.widths[relation]).sum();
        let width = self.written.get(&set).map_or(both, |&written| written.min(both));
        rows.max(1.0) * (width + RECORD_BYTES)
    }

    /// The number of joined records of these relations. It does not depend on the order of the
    /// joins.
    pub(super) fn cardinality(&self, set: Relations) -> f64 {
        let mut joined = 0;
        let mut rows = 1.0;
        for relation in self.in_order(set) {
            rows *= self.factor(joined, relation);
            joined |= 1 << relation;
        }
        rows
    }

    /// The relation of a set that [`Sizes::cardinality`] adds last, and the other relations.
    /// Relations are added by descending number of records.
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

    /// The factor by which the number of records changes when a relation is joined to others.
    pub(super) fn factor(&self, joined: Relations, relation: usize) -> f64 {
        // A class is in the key with the relation that shares the most classes with this one.
        let shared =
            |other: usize| self.classes_of[relation].iter().filter(|of| self.classes[of.0] & 1 << other != 0).count();
        let mut keys: Vec<(usize, Vec<usize>)> = Vec::new();
        for &(class, _) in &self.classes_of[relation] {
            let others = members(self.classes[class] & joined);
            let Some(other) = others.max_by_key(|&other| (shared(other), std::cmp::Reverse(other))) else { continue };
            match keys.iter_mut().find(|key| key.0 == other) {
                Some(key) => key.1.push(class),
                None => keys.push((other, vec![class])),
            }
        }
        let values = |(other, key): &(usize, Vec<usize>)| self.keys_of(relation, key).max(self.keys_of(*other, key));
        self.rows[relation] / keys.iter().map(values).product::<f64>()
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
