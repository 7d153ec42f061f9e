//! What is known of a relation: the records of a flow.

use std::sync::Arc;

use crate::kernel::{ChainFactory, JoinFactory, PredicateFactory};
use crate::row::{LeafSet, Schema};
use crate::source::{Bound, Comparison, Sample};
use crate::strategy::Estimate;

use super::distinct::drawn;
use super::rows::{Effort, Rows};

/// Rows of a key, as a guess where nothing is known of its values.
const ROWS_OF_KEY: f64 = 10.0;
/// The part of rows that are equal to a value, as a guess where nothing is known of its leaf.
const EQUAL_SHARE: f64 = 0.1;
/// The part of rows that a condition keeps of which nothing else is known.
const KEPT_SHARE: f64 = 0.5;
/// The part of rows at least that an anti-join keeps: keys of both sides are never known to be the same.
const WITHOUT_PARTNER: f64 = 0.05;

/// What is expected of the records of a flow.
#[derive(Clone)]
pub struct Relation {
    /// How many there are.
    pub rows: f64,
    columns: Arc<[Column]>,
    /// Rows that stand for them.
    sampled: Option<Sampled>,
    /// Keys that no two records share.
    unique: Arc<[Vec<usize>]>,
}

#[derive(Clone)]
struct Sampled {
    rows: Rows,
    /// How many they stand for: all, but for a source's, of which the filters behind it exclude some.
    of: f64,
}

/// What is known of a leaf beside a sample.
#[derive(Clone, Default)]
struct Column {
    /// Bytes outside of a row's fixed part.
    outside_bytes: Option<f64>,
    /// It has no more different values than this.
    distinct: Option<f64>,
    /// A sampled relation that it comes from, and the leaf there.
    origin: Option<Origin>,
}

type Origin = (Arc<Relation>, usize);

impl Relation {
    /// So many records, of which nothing else is known.
    #[must_use]
    pub fn unknown(rows: f64, schema: &Schema) -> Self {
        let columns = schema.leaves().iter().map(|_| Column::default()).collect();
        Relation { rows, columns, sampled: None, unique: Arc::new([]) }
    }

    /// So many records of a source of which there is a sample.
    #[must_use]
    pub fn of_sample(rows: f64, sample: &Sample, schema: &Schema, effort: &Arc<Effort>) -> Self {
        let sampled = Rows::new(sample, schema.types(), effort.clone());
        Relation { sampled: Some(Sampled { rows: sampled, of: sample.population }), ..Self::unknown(rows, schema) }
    }

    /// Rows, and the bytes of one row's live leaves: what a page holds of it.
    #[must_use]
    pub fn estimate(&self, schema: &Schema, live: &LeafSet) -> Estimate {
        let width = |leaf: usize| Some(schema.leaves().get(leaf)?.ty.width() as f64 + self.outside_bytes(leaf));
        let row_bytes = live.iter().filter_map(width).sum::<f64>().max(1.0);
        Estimate { rows: self.rows, row_bytes, ..Estimate::NOTHING }
    }

    fn outside_bytes(&self, leaf: usize) -> f64 {
        match &self.sampled {
            Some(sampled) if sampled.rows.len() > 0 => sampled.rows.outside_bytes(leaf),
            _ => self.columns.get(leaf).and_then(|column| column.outside_bytes).unwrap_or(0.0),
        }
    }

    /// How many different keys there are, by these leaves; without leaves all records have one.
    #[must_use]
    pub fn distinct(&self, key: &[usize]) -> f64 {
        if key.is_empty() {
            return self.rows.min(1.0);
        }
        if self.is_unique(key) {
            return self.rows;
        }
        let seen = self.sampled.as_ref().filter(|sampled| sampled.rows.len() > 0);
        let seen = seen.map(|sampled| sampled.rows.values(key, self.rows.max(sampled.of)).distinct);
        let (before, is_known) = self.distinct_before(key);
        let values = match seen {
            Some(seen) if is_known => seen.min(before),
            Some(seen) => seen,
            None if is_known => before,
            None => before.max(self.rows / ROWS_OF_KEY),
        };
        values.min(self.rows).max(self.rows.min(1.0))
    }

    /// The share of the records that have the most frequent key, by these leaves, as far as a sample tells; that of the relation that all of them come from, where these
    /// have none.
    #[must_use]
    pub fn hottest(&self, key: &[usize]) -> f64 {
        if self.is_unique(key) {
            return 0.0;
        }
        match (&self.sampled, self.origin_of(key)) {
            (Some(sampled), _) => sampled.rows.values(key, self.rows.max(sampled.of)).hottest,
            (None, Some((relation, there))) => relation.hottest(&there),
            (None, None) => 0.0,
        }
    }

    /// The relation that all of these leaves come from, if it is one, and the leaves there.
    fn origin_of(&self, key: &[usize]) -> Option<(&Arc<Relation>, Vec<usize>)> {
        let origins = key.iter().map(|&leaf| self.columns.get(leaf)?.origin.as_ref()).collect::<Option<Vec<_>>>()?;
        let (first, _) = origins.first()?;
        let is_one = origins.iter().all(|(other, _)| Arc::ptr_eq(first, other));
        is_one.then(|| (first, origins.iter().map(|(_, leaf)| *leaf).collect()))
    }

    /// How many keys there can be by what is known of the relations that the leaves come from; and whether that is all of them, or only some.
    fn distinct_before(&self, key: &[usize]) -> (f64, bool) {
        let (mut values, mut is_known) = (1.0, true);
        let mut left = key.to_vec();
        while let Some(column) = left.first().map(|&leaf| self.columns.get(leaf).cloned().unwrap_or_default()) {
            let is_together = |leaf: usize| match (&column.origin, self.columns.get(leaf).map(|other| &other.origin)) {
                (Some((this, _)), Some(Some((other, _)))) => Arc::ptr_eq(this, other),
                _ => false,
            };
            let (mut together, rest): (Vec<usize>, Vec<usize>) = left.iter().partition(|&&leaf| is_together(leaf));
            if together.is_empty() {
                together.push(left.remove(0));
            } else {
                left = rest;
            }
            let known: Vec<&Column> = together.iter().filter_map(|&leaf| self.columns.get(leaf)).collect();
            let there: Vec<usize> = known.iter().filter_map(|known| Some(known.origin.as_ref()?.1)).collect();
            let by_origin = column.origin.as_ref().map(|(relation, _)| drawn(relation.distinct(&there), self.rows));
            let by_limits = known.iter().map(|known| known.distinct).product::<Option<f64>>();
            let by_limits = by_limits.filter(|_| !known.is_empty());
            match (by_origin, by_limits) {
                (Some(left), Some(right)) => values *= left.min(right),
                (Some(one), None) | (None, Some(one)) => values *= one,
                (None, None) => is_known = false,
            }
        }
        (values, is_known)
    }

    /// From how many keys these records' keys are: how many different ones there were before anything was dropped. Of two relations that are filtered apart, the
    /// keys of each are taken for any of these.
    #[must_use]
    pub fn domain(&self, key: &[usize]) -> f64 {
        let before = self.origin_of(key).map_or(0.0, |(relation, there)| relation.domain(&there));
        before.max(self.distinct(key))
    }

    /// Whether no two records have these leaves in common.
    #[must_use]
    pub fn is_unique(&self, key: &[usize]) -> bool {
        self.unique.iter().any(|unique| unique.iter().all(|leaf| key.contains(leaf)))
    }

    /// As many of these records, whichever.
    #[must_use]
    pub fn with_rows(&self, rows: f64) -> Self {
        let sampled = self.sampled.clone().map(|sampled| Sampled { of: rows, ..sampled });
        Relation { rows, sampled, ..self.clone() }
    }

    /// Records that take over leaves of these, one of each: for each leaf the one whose value it has, as far as there is one.
    #[must_use]
    pub fn viewed(&self, leaves: &[Option<usize>], schema: &Schema) -> Self {
        let whole = leaves.iter().all(Option::is_some);
        let sampled = self.sampled.as_ref().filter(|_| whole);
        let sampled =
            sampled.map(|sampled| Sampled { rows: sampled.rows.viewed(leaves, schema.types()), of: sampled.of });
        let columns = match sampled {
            Some(_) => self.columns_by(leaves, |_, known| known),
            None => self.columns_of(leaves),
        };
        Relation { rows: self.rows, columns, sampled, unique: self.unique_in(leaves).into() }
    }

    /// The columns of records that take over these leaves, and have no sample: what is known of them is what this one tells.
    fn columns_of(&self, leaves: &[Option<usize>]) -> Arc<[Column]> {
        let this = self.sampled.is_some().then(|| Arc::new(self.clone()));
        self.columns_by(leaves, |leaf, known| this.clone().map(|this| (this, leaf)).or(known))
    }

    /// The same for records with a sample of their own, which is smaller: a leaf comes from the first relation that it was sampled in. That one is kept without what
    /// it comes from itself, so that however many operators follow each other, no relation holds a long line of others.
    fn columns_behind(&self, leaves: &[Option<usize>]) -> Arc<[Column]> {
        let columns = vec![Column::default(); self.columns.len()].into();
        let this = self.sampled.is_some().then(|| Arc::new(Relation { columns, ..self.clone() }));
        self.columns_by(leaves, |leaf, known| known.or_else(|| this.clone().map(|this| (this, leaf))))
    }

    fn columns_by(
        &self,
        leaves: &[Option<usize>],
        origin: impl Fn(usize, Option<Origin>) -> Option<Origin>,
    ) -> Arc<[Column]> {
        let column = |leaf: usize| {
            let Column { distinct, origin: known, .. } = self.columns.get(leaf).cloned().unwrap_or_default();
            Column { outside_bytes: Some(self.outside_bytes(leaf)), distinct, origin: origin(leaf, known) }
        };
        leaves.iter().map(|leaf| leaf.map(column).unwrap_or_default()).collect()
    }

    /// The keys that are unique, by the leaves that take them over.
    fn unique_in(&self, leaves: &[Option<usize>]) -> Vec<Vec<usize>> {
        let place = |&leaf: &usize| leaves.iter().position(|&other| other == Some(leaf));
        self.unique.iter().filter_map(|key| key.iter().map(place).collect()).collect()
    }

    /// Those for which a predicate holds, if it may be asked; `bounds` are what it implies.
    #[must_use]
    pub fn filtered(&self, predicate: Option<&PredicateFactory>, bounds: &[Bound]) -> Self {
        let kept = self.sampled.as_ref().zip(predicate);
        let kept = kept.and_then(|(sampled, predicate)| Some((sampled, sampled.rows.filtered(predicate)?)));
        let all: Vec<Option<usize>> = (0..self.columns.len()).map(Some).collect();
        let columns = if kept.is_some() { self.columns_behind(&all) } else { self.columns_of(&all) };
        let unique = self.unique.clone();
        match kept {
            Some((sampled, kept)) if sampled.rows.len() > 0 || sampled.of == 0.0 => {
                let rows = seen_share(kept.len(), sampled.rows.len(), || self.equal_share(bounds)) * sampled.of;
                Relation {
                    rows,
                    columns,
                    sampled: (kept.len() > 0).then_some(Sampled { rows: kept, of: rows }),
                    unique,
                }
            }
            _ => Relation { rows: self.rows * self.share(bounds), columns, sampled: None, unique },
        }
    }

    /// The part of the records that fulfils bounds, by the number of values that there are.
    fn share(&self, bounds: &[Bound]) -> f64 {
        let other = if bounds.is_empty() { KEPT_SHARE } else { 1.0 };
        let share = |bound: &Bound| match bound.comparison {
            Comparison::Equal => self.equal_to(bound.leaf).unwrap_or(EQUAL_SHARE),
            _ => KEPT_SHARE,
        };
        bounds.iter().map(share).product::<f64>() * other
    }

    /// The part that is equal to the values that bounds name; none where no bound does.
    fn equal_share(&self, bounds: &[Bound]) -> Option<f64> {
        let equal = bounds.iter().filter(|bound| bound.comparison == Comparison::Equal);
        equal.filter_map(|bound| self.equal_to(bound.leaf)).reduce(f64::min)
    }

    /// The part of the records that has a value of a leaf, where it is known how many there are.
    fn equal_to(&self, leaf: usize) -> Option<f64> {
        let is_known = self.sampled.is_some() || self.distinct_before(&[leaf]).1;
        is_known.then(|| 1.0 / self.distinct(&[leaf]).max(1.0))
    }

    /// What a chain makes of them: `forwards` are the leaves that its records take over, and `guess` is how many it gives for one where it cannot be run over
    /// sampled rows.
    #[must_use]
    pub fn chained(
        &self,
        chain: Option<&ChainFactory>,
        forwards: &[Option<usize>],
        schema: &Schema,
        guess: f64,
    ) -> Self {
        let emitted = self.sampled.as_ref().zip(chain);
        let emitted =
            emitted.and_then(|(sampled, chain)| Some((sampled, sampled.rows.chained(chain, schema.types())?)));
        let columns = if emitted.is_some() { self.columns_behind(forwards) } else { self.columns_of(forwards) };
        match emitted {
            Some((sampled, emitted)) if sampled.rows.len() > 0 => {
                let rows = seen_share(emitted.len(), sampled.rows.len(), || None) * sampled.of;
                // Where one record gives several, none of its keys is unique.
                let unique = if emitted.len() <= sampled.rows.len() && guess <= 1.0 {
                    self.unique_in(forwards)
                } else {
                    Vec::new()
                };
                let sampled = (emitted.len() > 0).then_some(Sampled { rows: emitted, of: rows });
                Relation { rows, columns, sampled, unique: unique.into() }
            }
            _ => {
                let unique = if guess <= 1.0 { self.unique_in(forwards) } else { Vec::new() };
                Relation { rows: self.rows * guess, columns, sampled: None, unique: unique.into() }
            }
        }
    }

    /// One record for each key, which has it in the leaves that `forwards` says.
    #[must_use]
    pub fn grouped(&self, key: &[usize], forwards: &[Option<usize>]) -> Self {
        let of_key: Vec<Option<usize>> = forwards.iter().map(|leaf| leaf.filter(|leaf| key.contains(leaf))).collect();
        let place = |&leaf: &usize| of_key.iter().position(|&other| other == Some(leaf));
        let unique: Option<Vec<usize>> = key.iter().map(place).collect();
        let unique = unique.into_iter().collect();
        Relation { rows: self.distinct(key), columns: self.columns_of(&of_key), sampled: None, unique }
    }

    /// At most `count` records of each key.
    #[must_use]
    pub fn first_of(&self, key: &[usize], count: usize) -> Self {
        self.with_rows((self.distinct(key) * count as f64).min(self.rows))
    }

    /// All of several relations.
    #[must_use]
    pub fn union(inputs: &[Relation], schema: &Schema) -> Self {
        if let [only] = inputs {
            return only.clone();
        }
        let rows: f64 = inputs.iter().map(|input| input.rows).sum();
        let column = |leaf: usize| {
            let bytes: f64 = inputs.iter().map(|input| input.rows * input.outside_bytes(leaf)).sum();
            // Values of one input may be those of another.
            let distinct: f64 = inputs.iter().map(|input| input.distinct(&[leaf])).sum();
            let is_known = inputs.iter().all(|input| input.sampled.is_some() || input.distinct_before(&[leaf]).1);
            Column { outside_bytes: Some(bytes / rows.max(1.0)), distinct: is_known.then_some(distinct), origin: None }
        };
        let columns = (0..schema.leaves().len()).map(column).collect();
        Relation { rows, columns, sampled: None, unique: Arc::new([]) }
    }

    /// Pairs of two relations with equal keys: as if all keys of the side that has fewer of them, before filters, were among the other's.
    #[must_use]
    pub fn pairs(inputs: &[Relation], keys: &[Vec<usize>; 2]) -> f64 {
        let domains = [0, 1].map(|side| inputs[side].domain(&keys[side]));
        inputs[0].rows * inputs[1].rows / domains[0].max(domains[1]).max(1.0)
    }

    /// What a closure makes of so many pairs of two relations with equal keys, if it may be asked; its leaves are those of either side that `forwards` says.
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
        let rows = made.as_ref().map_or(rows, |(made, shown)| rows * seen_share(made.len(), *shown, || None));
        let [left, right] = [0, 1].map(|side| inputs[side].columns_of(forwards[side]));
        let mut columns: Vec<Column> = Vec::with_capacity(left.len());
        for (leaf, (left, right)) in left.iter().zip(right.iter()).enumerate() {
            columns.push(if forwards[0][leaf].is_some() { left.clone() } else { right.clone() });
        }
        if let Some((made, _)) = made.filter(|(made, _)| made.len() > 0) {
            let computed = (0..columns.len()).filter(|&leaf| forwards.iter().all(|leaves| leaves[leaf].is_none()));
            for leaf in computed {
                let (distinct, outside_bytes) = (made.values(&[leaf], rows).distinct, Some(made.outside_bytes(leaf)));
                columns[leaf] = Column { distinct: Some(distinct), outside_bytes, origin: None };
            }
        }
        let mut unique = Vec::new();
        let fewest = [0, 1].map(|side| inputs[side].distinct(&keys[side])).into_iter().fold(f64::INFINITY, f64::min);
        for side in [0, 1] {
            if !keys[1 - side].is_empty() && inputs[1 - side].is_unique(&keys[1 - side]) {
                unique.extend(inputs[side].unique_in(forwards[side]));
            }
            // What both sides have of one leaf is what the side with fewer values has.
            if let [key] = keys[side][..] {
                let of_key = forwards[side].iter().zip(&mut columns).filter(|(leaf, _)| **leaf == Some(key));
                of_key.for_each(|(_, column)| {
                    column.distinct = Some(column.distinct.map_or(fewest, |known| known.min(fewest)))
                });
            }
        }
        Relation { rows, columns: columns.into(), sampled: None, unique: unique.into() }
    }

    /// Those whose key is among another's, or is not.
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
                column.distinct = Some(column.distinct.map_or(own * share, |known| known.min(own * share)));
            }
            left.columns = columns.into();
        }
        left
    }
}

/// The part of sampled rows that was kept, of so many. Where it is none there may still be some: as many as are equal to a value, or less than one of these.
fn seen_share(kept: usize, of: usize, equal: impl Fn() -> Option<f64>) -> f64 {
    let of = of.max(1) as f64;
    match kept {
        0 => equal().unwrap_or(0.5 / of).min(1.0 / of),
        kept => kept as f64 / of,
    }
}
