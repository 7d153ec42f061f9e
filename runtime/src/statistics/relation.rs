//! Estimates of the records of a flow: their number, their columns and their keys.

mod combined;

use std::sync::Arc;

use crate::kernel::{ChainFactory, PredicateFactory};
use crate::row::{LeafSet, Schema};
use crate::source::{Bound, Comparison, Sample};
use crate::strategy::Estimate;

use super::distinct::expected_distinct;
use super::rows::{Effort, SampleRows};

/// The number of rows per key, if the values of the key are not known.
const ROWS_OF_KEY: f64 = 10.0;
/// The share of rows with a given value, for a leaf whose values are not known.
const EQUAL_SHARE: f64 = 0.1;
/// The share of rows that a condition keeps, without a sample.
const KEPT_SHARE: f64 = 0.5;

/// The estimated records of a flow.
#[derive(Clone)]
pub struct Relation {
    /// Their number.
    pub rows: f64,
    columns: Arc<[Column]>,
    /// A sample of them.
    sampled: Option<Sampled>,
    /// Keys with at most one record each.
    unique: Arc<[Vec<usize>]>,
}

#[derive(Clone)]
struct Sampled {
    rows: SampleRows,
    /// The number of records that they are a sample of. For a source, filters after it may exclude
    /// some of its records.
    of: f64,
}

/// The statistics of a leaf that do not come from a sample.
#[derive(Clone, Default)]
struct Column {
    /// Bytes outside of a row's fixed part.
    outside_bytes: Option<f64>,
    /// The most distinct values.
    distinct: Option<f64>,
    /// The sampled relation that it is copied from, and the leaf there.
    origin: Option<Origin>,
}

type Origin = (Arc<Relation>, usize);

impl Column {
    fn limit_distinct(&mut self, most: f64) {
        self.distinct = Some(self.distinct.map_or(most, |known| known.min(most)));
    }
}

impl Relation {
    /// Records whose only known property is their number.
    #[must_use]
    pub fn unknown(rows: f64, schema: &Schema) -> Self {
        let columns = schema.leaves().iter().map(|_| Column::default()).collect();
        Relation { rows, columns, sampled: None, unique: Arc::new([]) }
    }

    /// Records of a source with a sample.
    #[must_use]
    pub fn of_sample(rows: f64, sample: &Sample, schema: &Schema, effort: &Arc<Effort>) -> Self {
        let sampled = SampleRows::new(sample, schema.types(), effort.clone());
        Relation { sampled: Some(Sampled { rows: sampled, of: sample.population }), ..Self::unknown(rows, schema) }
    }

    /// The number of rows, and the bytes of one row's live leaves in a page.
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

    /// The number of distinct keys of these leaves. Without leaves, all records have one key.
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
        let (before, is_known) = self.distinct_by_origin(key);
        let values = match seen {
            Some(seen) if is_known => seen.min(before),
            Some(seen) => seen,
            None if is_known => before,
            None => before.max(self.rows / ROWS_OF_KEY),
        };
        values.min(self.rows).max(self.rows.min(1.0))
    }

    /// The share of the records with the most frequent key of these leaves, by the sample. Without
    /// one, that of the relation that all these leaves come from.
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

    /// The relation that all these leaves come from, if there is one, and the leaves there.
    fn origin_of(&self, key: &[usize]) -> Option<(&Arc<Relation>, Vec<usize>)> {
        let origins = key.iter().map(|&leaf| self.columns.get(leaf)?.origin.as_ref()).collect::<Option<Vec<_>>>()?;
        let (first, _) = origins.first()?;
        let is_one = origins.iter().all(|(other, _)| Arc::ptr_eq(first, other));
        is_one.then(|| (first, origins.iter().map(|(_, leaf)| *leaf).collect()))
    }

    /// The maximum number of keys, by the relations that the leaves come from. Returns `false` if
    /// some leaves have no known origin. These are left out.
    fn distinct_by_origin(&self, key: &[usize]) -> (f64, bool) {
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
            let by_origin =
                column.origin.as_ref().map(|(relation, _)| expected_distinct(relation.distinct(&there), self.rows));
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

    /// The number of distinct keys before any record was dropped. The keys of two relations that
    /// are filtered apart are estimated as random choices among these.
    #[must_use]
    pub fn domain(&self, key: &[usize]) -> f64 {
        let before = self.origin_of(key).map_or(0.0, |(relation, there)| relation.domain(&there));
        before.max(self.distinct(key))
    }

    /// Returns `true` if no two records are equal in these leaves.
    #[must_use]
    pub fn is_unique(&self, key: &[usize]) -> bool {
        self.unique.iter().any(|unique| unique.iter().all(|leaf| key.contains(leaf)))
    }

    /// A random choice of `rows` of these records.
    #[must_use]
    pub fn with_rows(&self, rows: f64) -> Self {
        let sampled = self.sampled.clone().map(|sampled| Sampled { of: rows, ..sampled });
        Relation { rows, sampled, ..self.clone() }
    }

    /// One record for each of these records, with copies of its leaves. `leaves` has for each new
    /// leaf the leaf that it copies, if any.
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

    /// The columns of records that copy these leaves and have no sample. Their statistics are those
    /// of this relation.
    fn columns_of(&self, leaves: &[Option<usize>]) -> Arc<[Column]> {
        let this = self.sampled.is_some().then(|| Arc::new(self.clone()));
        self.columns_by(leaves, |leaf, known| this.clone().map(|this| (this, leaf)).or(known))
    }

    /// As [`Relation::columns_of`], for records with a smaller sample of their own. The origin of a
    /// leaf is the first relation with a sample of it. That relation is stored without its own
    /// origins, so a long chain of operators makes no long chain of relations.
    fn columns_after_sampling(&self, leaves: &[Option<usize>]) -> Arc<[Column]> {
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

    /// The unique keys, as leaves that copy them.
    fn unique_in(&self, leaves: &[Option<usize>]) -> Vec<Vec<usize>> {
        let place = |&leaf: &usize| leaves.iter().position(|&other| other == Some(leaf));
        self.unique.iter().filter_map(|key| key.iter().map(place).collect()).collect()
    }

    /// The records that a predicate keeps. It runs over the sample, if it has no effects. `bounds`
    /// are the bounds of all kept records.
    #[must_use]
    pub fn filtered(&self, predicate: Option<&PredicateFactory>, bounds: &[Bound]) -> Self {
        let kept = self.sampled.as_ref().zip(predicate);
        let kept = kept.and_then(|(sampled, predicate)| Some((sampled, sampled.rows.filtered(predicate)?)));
        let all: Vec<Option<usize>> = (0..self.columns.len()).map(Some).collect();
        let columns = if kept.is_some() { self.columns_after_sampling(&all) } else { self.columns_of(&all) };
        let unique = self.unique.clone();
        match kept {
            Some((sampled, kept)) if sampled.rows.len() > 0 || sampled.of == 0.0 => {
                let rows = kept_share(kept.len(), sampled.rows.len(), || self.equal_share(bounds)) * sampled.of;
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

    /// The share of the records within bounds, by the number of distinct values.
    fn share(&self, bounds: &[Bound]) -> f64 {
        let other = if bounds.is_empty() { KEPT_SHARE } else { 1.0 };
        let share = |bound: &Bound| match bound.comparison {
            Comparison::Equal => self.equal_to(bound.leaf).unwrap_or(EQUAL_SHARE),
            _ => KEPT_SHARE,
        };
        bounds.iter().map(share).product::<f64>() * other
    }

    /// The share of the records that are equal to a bound. `None` if no bound names a value.
    fn equal_share(&self, bounds: &[Bound]) -> Option<f64> {
        let equal = bounds.iter().filter(|bound| bound.comparison == Comparison::Equal);
        equal.filter_map(|bound| self.equal_to(bound.leaf)).reduce(f64::min)
    }

    /// The share of the records with one value of a leaf, if the number of its values is known.
    fn equal_to(&self, leaf: usize) -> Option<f64> {
        let is_known = self.sampled.is_some() || self.distinct_by_origin(&[leaf]).1;
        is_known.then(|| 1.0 / self.distinct(&[leaf]).max(1.0))
    }

    /// The records that a chain emits. `forwards` are the leaves that they copy. `guess` is the
    /// number of records for each of these, if the chain cannot run over the sample.
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
        let columns = if emitted.is_some() { self.columns_after_sampling(forwards) } else { self.columns_of(forwards) };
        match emitted {
            Some((sampled, emitted)) if sampled.rows.len() > 0 => {
                let rows = kept_share(emitted.len(), sampled.rows.len(), || None) * sampled.of;
                // No key is unique if the chain emits several records for one.
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

    /// One record for each key. `forwards` are the leaves that it copies.
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
}

/// The share of `of` sampled rows that was kept. If no row was kept, records outside of the sample
/// may still be kept. The share is then that of one value, or less than one sampled row.
fn kept_share(kept: usize, of: usize, equal: impl Fn() -> Option<f64>) -> f64 {
    let of = of.max(1) as f64;
    match kept {
        0 => equal().unwrap_or(0.5 / of).min(1.0 / of),
        kept => kept as f64 / of,
    }
}
