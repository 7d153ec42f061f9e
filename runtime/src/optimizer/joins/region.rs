//! Regions: inner joins that may be made in any order, found in a plan.

use std::sync::Arc;

use crate::plan::{InnerJoin, Node};

/// The most relations of a region; a join below so many is taken for a relation. Orders are kept as
/// JSON, in which lists may not nest deeper than 64.
const MOST_RELATIONS: usize = 48;

/// A set of a region's relations, a bit each.
pub(super) type Relations = u64;

/// Joins that may be made in any order.
pub(super) struct Region {
    /// The nodes that joins of the region read and that are no joins of the region.
    pub(super) relations: Vec<Arc<Node>>,
    /// The joins as the program has them, each before those that it reads: the uppermost one first.
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
    /// What gives the records of this side, below projections.
    pub(super) of: Part,
    /// For each leaf of the record that the join reads, the leaf of the record below projections.
    pub(super) leaves: Vec<usize>,
}

/// What gives records within a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A relation, by number.
    Relation(usize),
    /// The closure of a join as written, by the join's number.
    Join(usize),
}

/// A leaf of a relation: the relation's number, and the leaf's.
pub(super) type End = (usize, usize);

/// An equivalence class: leaves of different relations that are equal to each other in every record
/// of the region.
#[derive(Default)]
pub(super) struct Class {
    pub(super) ends: Vec<End>,
    /// The joins as written that have two of these leaves in their keys.
    pub(super) joins: Vec<usize>,
}

impl Class {
    /// The relations that have a leaf of this class.
    pub(super) fn set(&self) -> Relations {
        self.ends.iter().fold(0, |set, &(relation, _)| set | 1 << relation)
    }
}

impl Region {
    /// The region whose uppermost join is `root`; `None` if no other join belongs to it. `is_alone`
    /// says whether a node has one consumer.
    pub(super) fn below(root: &Arc<Node>, is_alone: impl Fn(&Node) -> bool) -> Option<Self> {
        let mut region = Region { relations: Vec::new(), joins: Vec::new(), classes: Vec::new() };
        // Joins that are found, and the leaves of their records that joins above them join by.
        let mut found: Vec<(Arc<Node>, Vec<usize>)> = vec![(root.clone(), Vec::new())];
        while let Some((node, wanted)) = found.get(region.joins.len()).cloned() {
            let join = node.operator.as_inner_join()?;
            let sides = [0, 1].map(|side| {
                let input = node.inputs.get(side)?;
                let (below, leaves) = through_projections(input, &is_alone);
                let taken = wanted.iter().filter_map(|&leaf| forwarded(&join, leaf)).filter(|from| from.0 == side);
                let keys = join.keys[side].iter().copied().chain(taken.map(|from| from.1));
                let keys: Option<Vec<usize>> = keys.map(|leaf| leaves.get(leaf).copied()).collect();
                let keys = keys.filter(|keys| is_alone(&below) && may_join_later(&below, keys));
                Some(match keys.filter(|_| found.len() + 1 < MOST_RELATIONS) {
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

    /// The leaf of a relation whose value a leaf of a part's record takes over; `None` for a
    /// computed leaf.
    pub(super) fn end_of(&self, mut part: Part, mut leaf: usize) -> Option<End> {
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

    /// `None` where two leaves of one relation would be in a class: they would have to be compared
    /// within the relation, and no join does that.
    fn gather_classes(&mut self) -> Option<()> {
        for number in 0..self.joins.len() {
            let join = &self.joins[number];
            let facts = join.node.operator.as_inner_join()?;
            for keys in facts.keys[0].iter().zip(&facts.keys[1]) {
                let end = |side: usize, key: usize| {
                    let side = &join.sides[side];
                    self.end_of(side.of, *side.leaves.get(key)?)
                };
                let ends = [end(0, *keys.0)?, end(1, *keys.1)?];
                let mut of_both = Class { ends: ends.to_vec(), joins: vec![number] };
                let (same, others) = std::mem::take(&mut self.classes)
                    .into_iter()
                    .partition::<Vec<Class>, _>(|class| class.ends.iter().any(|end| ends.contains(end)));
                for class in same {
                    of_both.ends.extend(class.ends);
                    of_both.joins.extend(class.joins);
                }
                of_both.ends.sort_unstable();
                of_both.ends.dedup();
                if of_both.set().count_ones() as usize != of_both.ends.len() {
                    return None;
                }
                self.classes = others;
                self.classes.push(of_both);
            }
        }
        Some(())
    }
}

/// The input, 0 or 1, that a leaf of a join's records is taken over from, and the leaf of that
/// input.
pub(super) fn forwarded(join: &InnerJoin<'_>, leaf: usize) -> Option<(usize, usize)> {
    let of = |side: usize| Some((side, join.forwards.of(side, leaf + 1).get(leaf).copied().flatten()?));
    of(0).or_else(|| of(1))
}

/// Whether a node is a join that may be made later than joins above it, which have the leaves
/// `keys` of its records in their keys.
fn may_join_later(node: &Node, keys: &[usize]) -> bool {
    let takes_over = |join: InnerJoin<'_>| join.maps && keys.iter().all(|&leaf| forwarded(&join, leaf).is_some());
    node.operator.as_inner_join().is_some_and(takes_over)
}

/// The node below projections that have one consumer each; and for each leaf above the projections,
/// the leaf of that node's records.
fn through_projections(node: &Arc<Node>, is_alone: &impl Fn(&Node) -> bool) -> (Arc<Node>, Vec<usize>) {
    let mut leaves: Vec<usize> = (0..node.schema().leaves().len()).collect();
    let mut node = node.clone();
    while let Some(below) = node.inputs.first().filter(|_| is_alone(&node)).cloned()
        && let Some(projected) = node.operator.projects()
        && let Some(through) = leaves.iter().map(|&leaf| projected.get(leaf).copied()).collect()
    {
        (node, leaves) = (below, through);
    }
    (node, leaves)
}
