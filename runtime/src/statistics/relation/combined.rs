//! Estimates of records that come from several relations: unions and joins.

use std::sync::Arc;

use super::{Column, Relation, kept_share};
use crate::kernel::JoinFactory;
use crate::row::Schema;

/// The minimum share of rows that an anti-join keeps: it is never certain that all keys have
/// partners.
const WITHOUT_PARTNER: f64 = 0.05;

impl Relation {
    /// The records of all inputs.
    #[must_use]
    pub fn union(inputs: &[Relation], schema: &Schema) -> Self {
        if let [only] = inputs {
            return only.clone();
        }
        let rows: f64 = inputs.iter().map(|input| input.rows).sum();
        let column = |leaf: usize| {
            let bytes: f64 = inputs.iter().map(|input| input.rows * input.outside_bytes(leaf)).sum();
            // Inputs may share values.
            let distinct: f64 = inputs.iter().map(|input| input.distinct(&[leaf])).sum();
            let is_known = inputs.iter().all(|input| input.sampled.is_some() || input.distinct_by_origin(&[leaf]).1);
            Column { outside_bytes: Some(bytes / rows.max(1.0)), distinct: is_known.then_some(distinct), origin: None }
        };
        let columns = (0..schema.leaves().len()).map(column).collect();
        Relation { rows, columns, sampled: None, unique: Arc::new([]) }
    }

    /// The number of pairs of two relations with equal keys. All keys of the side that has fewer of
    /// them before filters count as keys of the other side.
    #[must_use]
    pub fn pairs(inputs: &[Relation], keys: &[Vec<usize>; 2]) -> f64 {
        let domains = [0, 1].map(|side| inputs[side].domain(&keys[side]));
        inputs[0].rows * inputs[1].rows / domains[0].max(domains[1]).max(1.0)
    }

    /// The records that a closure emits for `rows` pairs with equal keys. `kernel` runs over
    /// sampled pairs, if it has no effects. `forwards` are the leaves that the records copy from
    /// each side.
    #[must_use]
    pub fn joined(
        inputs: &[Relation],
        keys: &[Vec<usize>; 2],
        kernel: Option<&JoinFactory>,
        forwards: [&[Option<usize>]; 2],
        schema: &Schema,
        rows: f64,
    ) -> Self {
        let sampled = [0, 1].map(|side| inputs[side].sampled.as_ref());
        let made = match (sampled, kernel) {
            ([Some(left), Some(right)], Some(kernel)) => left.rows.paired(&right.rows, kernel, schema.types()),
            _ => None,
        };
        let rows = made.as_ref().map_or(rows, |(made, shown)| rows * kept_share(made.len(), *shown, || None));
        let [left, right] = [0, 1].map(|side| inputs[side].columns_of(forwards[side]));
        let sides = left.iter().zip(right.iter()).zip(forwards[0]);
        let columns = sides.map(|((left, right), leaf)| if leaf.is_some() { left } else { right });
        let mut columns: Vec<Column> = columns.cloned().collect();
        if let Some((made, _)) = made.filter(|(made, _)| made.len() > 0) {
            let computed = (0..columns.len()).filter(|&leaf| forwards.iter().all(|leaves| leaves[leaf].is_none()));
            for leaf in computed {
                let (distinct, outside_bytes) = (made.values(&[leaf], rows).distinct, Some(made.outside_bytes(leaf)));
                columns[leaf] = Column { distinct: Some(distinct), outside_bytes, origin: None };
            }
        }
        // Both sides share the key values of the side that has fewer.
        let fewest = [0, 1].map(|side| inputs[side].distinct(&keys[side])).into_iter().fold(f64::INFINITY, f64::min);
        let mut unique = Vec::new();
        for side in [0, 1] {
            if !keys[1 - side].is_empty() && inputs[1 - side].is_unique(&keys[1 - side]) {
                unique.extend(inputs[side].unique_in(forwards[side]));
            }
            if let [key] = keys[side][..] {
                let of_key = forwards[side].iter().zip(&mut columns).filter(|(leaf, _)| **leaf == Some(key));
                of_key.for_each(|(_, column)| column.limit_distinct(fewest));
            }
        }
        Relation { rows, columns: columns.into(), sampled: None, unique: unique.into() }
    }

    /// The records whose key is among the keys of `other`, or is not.
    #[must_use]
    pub fn semi_joined(&self, other: &Relation, keys: &[Vec<usize>; 2], matched: bool) -> Self {
        let own = self.distinct(&keys[0]).max(1.0);
        let domain = self.domain(&keys[0]).max(other.domain(&keys[1])).max(1.0);
        let share = (other.distinct(&keys[1]) / domain).min(1.0);
        let share = if matched { share } else { (1.0 - share).max(WITHOUT_PARTNER) };
        let mut left = self.with_rows(self.rows * share);
        if let [key] = keys[0][..] {
            let mut columns = left.columns.to_vec();
            if let Some(column) = columns.get_mut(key) {
                column.limit_distinct(own * share);
            }
            left.columns = columns.into();
        }
        left
    }
}
