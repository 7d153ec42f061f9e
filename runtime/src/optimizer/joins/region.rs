//! Regions: trees of inner joins that may run in any order.

use std::sync::Arc;

use crate::plan::{InnerJoin, Node};

/// The greatest number of relations of a region. A join beyond that becomes a relation. Orders are
/// kept as JSON, in which lists may not nest deeper than 64.
const MAX_RELATIONS: usize = 48;

/// A set of a region's relations, one bit each.
pub(super) type Relations = u64;

/// Joins that may run in any order.
pub(super) struct Region {
    /// The nodes that joins of the region read and that are no joins of the region.
    pub(super) relations: Vec<Arc<Node>>,
    /// The joins as written, each before the joins that it reads. The first one is the uppermost.
    pub(super) joins: Vec<RegionJoin>,
    /// Leaves that are equal to each other by the keys of the joins.
    pub(super) classes: Vec<Class>,
}

/// A join of a region.
pub(super) struct RegionJoin {
    pub(super) node: Arc<Node>,
    pub(super) sides: [RegionSide; 2],
    /// The relations below this join.
    pub(super) set: Relations,
}

/// A side of a join.
#[derive(Clone)]
pub(super) struct RegionSide {
    /// The part that emits the records of this side, below projections.
    pub(super) of: Part,
    /// For each leaf of the record that the join reads, the leaf of the record below projections.
    pub(super) leaves: Vec<usize>,
}

/// An origin of records in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A relation, by number.
    Relation(usize),
    /// The closure of a join as written, by the join's number.
    Join(usize),
}

/// A leaf of a relation: the number of the relation, and the number of the leaf.
pub(super) type RelationLeaf = (usize, usize);

/// An equivalence class: leaves of different relations that are equal to each other in every record
/// of the region.
#[derive(Default)]
pub(super) struct Class {
    pub(super) leaves: Vec<RelationLeaf>,
    /// The joins as written that have two of these leaves in their keys.
    pub(super) joins: Vec<usize>,
}

impl Class {
    /// The relations that have a leaf of this class.
    pub(super) fn set(&self) -> Relations {
        self.leaves.iter().fold(0, |set, &(relation, _)| set | 1 << relation)
    }
}

impl Region {
    /// Returns the region whose uppermost join is `root`. `None` if no other join belongs to it.
    /// `has_one_consumer` returns whether a node has only one consumer.
    pub(super) fn rooted_at(root: &Arc<Node>, has_one_consumer: impl Fn(&Node) -> bool) -> Option<Self> {
        let mut region = Region { relations: Vec::new(), joins: Vec::new(), classes: Vec::new() };
        // Found joins, and the leaves of their records that are in the keys of joins above them.
        let mut found: Vec<(Arc<Node>, Vec<usize>)> = vec![(root.clone(), Vec::new())];
        while let Some((node, wanted)) = found.get(region.joins.len()).cloned() {
            let join = node.operator.as_inner_join()?;
            let sides = [0, 1].map(|side| {
                let input = node.inputs.get(side)?;
                let (below, leaves) = through_projections(input, &has_one_consumer);
                let taken = wanted.iter().filter_map(|&leaf| forwarded(&join, leaf)).filter(|from| from.0 == side);
                let keys = join.keys[side].iter().copied().chain(taken.map(|from| from.1));
                let keys: Option<Vec<usize>> = keys.map(|leaf| leaves.get(leaf).copied()).collect();
                let keys = keys.filter(|keys| has_one_consumer(&below) && may_join_later(&below, keys));
                Some(match keys.filter(|_| found.len() + 1 < MAX_RELATIONS) {
                    Some(keys) => {
                        found.push((below, keys));
                        RegionSide { of: Part::Join(found.len() - 1), leaves }
                    }
                    None => {
                        region.relations.push(input.clone());
                        let leaves = (0..input.schema().leaves().len()).collect();
                        RegionSide { of: Part::Relation(region.relations.len() - 1), leaves }
                    }
                })
            });
            let [Some(left), Some(right)] = sides else { return None };
            region.joins.push(RegionJoin { node: node.clone(), sides: [left, right], set: 0 });
        }
        let has_time = |relation: &Arc<Node>| relation.schema().event_time().is_some();
        if region.joins.len() < 2 || region.relations.iter().any(has_time) {
            return None;
        }
        region.gather_sets();
        region.gather_classes()?;
        Some(region)
    }

    /// All relations.
    pub(super) fn all(&self) -> Relations {
        self.joins.first().map_or(0, |root| root.set)
    }

    /// The relations of a part.
    pub(super) fn set(&self, part: Part) -> Relations {
        match part {
            Part::Relation(relation) => 1 << relation,
            Part::Join(join) => self.joins[join].set,
        }
    }

    /// The leaf of a relation that a leaf of a part's record is copied from. `None` for a computed
    /// leaf.
    pub(super) fn origin_of(&self, mut part: Part, mut leaf: usize) -> Option<RelationLeaf> {
        loop {
            match part {
                Part::Relation(relation) => return Some((relation, leaf)),
                Part::Join(join) => {
                    let join = &self.joins[join];
                    let (side, from) = forwarded(&join.node.operator.as_inner_join()?, leaf)?;
                    (part, leaf) = (join.sides[side].of, *join.sides[side].leaves.get(from)?);
                }
            }
        }
    }

    fn gather_sets(&mut self) {
        for join in (0..self.joins.len()).rev() {
            let sides = &self.joins[join].sides;
            self.joins[join].set = self.set(sides[0].of) | self.set(sides[1].of);
        }
    }

    /// Fails with `None` if a class would have two leaves of one relation. They would have to be
    /// compared within the relation, and no join does that.
    fn gather_classes(&mut self) -> Option<()> {
        for number in 0..self.joins.len() {
            let join = &self.joins[number];
            let facts = join.node.operator.as_inner_join()?;
            for keys in facts.keys[0].iter().zip(&facts.keys[1]) {
                let origin = |side: usize, key: usize| {
                    let side = &join.sides[side];
                    self.origin_of(side.of, *side.leaves.get(key)?)
                };
                let origins = [origin(0, *keys.0)?, origin(1, *keys.1)?];
                let mut of_both = Class { leaves: origins.to_vec(), joins: vec![number] };
                let (same, others) = std::mem::take(&mut self.classes)
                    .into_iter()
                    .partition::<Vec<Class>, _>(|class| class.leaves.iter().any(|origin| origins.contains(origin)));
                for class in same {
                    of_both.leaves.extend(class.leaves);
                    of_both.joins.extend(class.joins);
                }
                of_both.leaves.sort_unstable();
                of_both.leaves.dedup();
                if of_both.set().count_ones() as usize != of_both.leaves.len() {
                    return None;
                }
                self.classes = others;
                self.classes.push(of_both);
            }
        }
        Some(())
    }
}

/// The origin of a leaf of a join's records: the input, 0 or 1, and the leaf of that input. `None`
/// for a computed leaf.
pub(super) fn forwarded(join: &InnerJoin<'_>, leaf: usize) -> Option<(usize, usize)> {
    let of = |side: usize| Some((side, join.forwards.of(side, leaf + 1).get(leaf).copied().flatten()?));
    of(0).or_else(|| of(1))
}

/// Returns `true` if a join may run after the joins above it. `keys` are the leaves of its records
/// that are in the keys of those joins.
fn may_join_later(node: &Node, keys: &[usize]) -> bool {
    let takes_over = |join: InnerJoin<'_>| join.maps && keys.iter().all(|&leaf| forwarded(&join, leaf).is_some());
    node.operator.as_inner_join().is_some_and(takes_over)
}

/// The node below projections that have only one consumer each. For each leaf above the
/// projections, the leaf of that node's records.
fn through_projections(node: &Arc<Node>, has_one_consumer: &impl Fn(&Node) -> bool) -> (Arc<Node>, Vec<usize>) {
    let mut leaves: Vec<usize> = (0..node.schema().leaves().len()).collect();
    let mut node = node.clone();
    while let Some(below) = node.inputs.first().filter(|_| has_one_consumer(&node)).cloned()
        && let Some(projected) = node.operator.projects()
        && let Some(through) = leaves.iter().map(|&leaf| projected.get(leaf).copied()).collect()
    {
        (node, leaves) = (below, through);
    }
    (node, leaves)
}
