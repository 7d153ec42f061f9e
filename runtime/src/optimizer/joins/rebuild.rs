//! Makes the nodes of a join order.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::enumerate::Order;
use super::region::{Class, Part, Region, RelationLeaf, Relations};
use crate::plan::{Forwards, NewJoin, Node, PairCall, PairRecord, PairRecords, RecordOf};
use crate::row::{LeafSet, Schema};

/// Returns the uppermost join of a region in this order. `None` if the facts of the joins
/// contradict each other: the region then stays as written. `rewritten` has the rewritten nodes, by
/// the sequence numbers of the nodes that they replace.
pub(super) fn rebuild(region: &Region, order: &Order, rewritten: &HashMap<u64, Arc<Node>>) -> Option<Arc<Node>> {
    let mut rebuilding = Rebuilding { region, rewritten, named: HashSet::new() };
    let mut open = vec![order];
    while let Some(order) = open.pop() {
        if let Order::Join(sides) = order {
            open.extend(sides.iter());
            rebuilding.named.extend(rebuilding.closure_of(order.set()));
        }
    }
    rebuilding.built(order).map(|built| built.node)
}

struct Rebuilding<'r> {
    region: &'r Region,
    rewritten: &'r HashMap<u64, Arc<Node>>,
    /// The joins as written whose name and origin are in use in the new order.
    named: HashSet<usize>,
}

/// A node of the new order.
struct BuiltNode {
    node: Arc<Node>,
    set: Relations,
    /// The parts of the node's record, each with its first leaf.
    parts: Vec<(Part, usize)>,
}

impl Rebuilding<'_> {
    /// The recursion is limited: an order is no deeper than the region has relations.
    fn built(&mut self, order: &Order) -> Option<BuiltNode> {
        match order {
            Order::Relation(relation) => {
                let node = self.region.relations.get(*relation)?;
                let node = self.rewritten.get(&node.sequence).unwrap_or(node).clone();
                Some(BuiltNode { node, set: order.set(), parts: vec![(Part::Relation(*relation), 0)] })
            }
            Order::Join(sides) => {
                let sides = [self.built(&sides[0])?, self.built(&sides[1])?];
                match self.closure_of(order.set()) {
                    Some(join) => self.as_written(join, &sides).or_else(|| self.calling_closure(join, &sides)),
                    None => self.both(&sides),
                }
            }
        }
    }

    /// The join as written whose closure is called by the join of exactly these relations. `None`
    /// if the program has no such join, or if the closure's record lacks a leaf that is in the key
    /// of a join above.
    fn closure_of(&self, set: Relations) -> Option<usize> {
        let join = self.region.joins.iter().position(|join| join.set == set)?;
        let part = [(Part::Join(join), 0)];
        let is_left = |class: &Class| {
            let (inside, outside) = (class.set() & set, class.set() & !set);
            inside == 0 || outside == 0 || self.column_of(class, set, &part).is_some()
        };
        self.region.classes.iter().all(is_left).then_some(join)
    }

    /// The join as written, if its sides are those of the program and its key has all classes that
    /// both sides have in common. A class that the program compares in a join above has to be
    /// compared here: the join above may compare other leaves of the class now.
    fn as_written(&self, join: usize, sides: &[BuiltNode; 2]) -> Option<BuiltNode> {
        let crosses = |class: &&Class| sides.iter().all(|side| class.set() & side.set != 0);
        if !self.region.classes.iter().filter(crosses).all(|class| class.joins.contains(&join)) {
            return None;
        }
        let join_number = join;
        let join = &self.region.joins[join];
        let is_whole = |side: usize, built: &BuiltNode| {
            let side = &join.sides[side];
            let is_same = built.parts.len() == 1 && built.parts[0].0 == side.of;
            is_same
                && side.leaves.len() == built.node.schema().leaves().len()
                && side.leaves.iter().enumerate().all(|(at, &leaf)| at == leaf)
        };
        let [left, right] = sides;
        let inputs = if is_whole(0, left) && is_whole(1, right) {
            [left, right]
        } else if is_whole(0, right) && is_whole(1, left) {
            [right, left]
        } else {
            return None;
        };
        let inputs: Vec<Arc<Node>> = inputs.map(|built| built.node.clone()).to_vec();
        Some(BuiltNode { node: join.node.over(inputs), set: join.set, parts: vec![(Part::Join(join_number), 0)] })
    }

    /// A join that calls the closure of a join as written. It first calls the closures whose
    /// records that one reads, unless a join below has called them.
    fn calling_closure(&self, join: usize, sides: &[BuiltNode; 2]) -> Option<BuiltNode> {
        let output = self.region.joins[join].node.schema().clone();
        let mut calls = Vec::new();
        self.call(join, &LeafSet::all(output.leaves().len()), sides, &mut calls)?;
        let mut forwards = Forwards::default();
        for leaf in 0..output.leaves().len() {
            let Some(origin) = self.region.origin_of(Part::Join(join), leaf) else { continue };
            let column = |side: usize| Some((side, self.column(origin, &sides[side].parts)?));
            if let Some((side, column)) = column(0).or_else(|| column(1)) {
                forwards.add((&[leaf], &output), side, (&[column], sides[side].node.schema()));
            }
        }
        let node = self.node(join, sides, output, forwards, PairRecords::Calls(calls))?;
        Some(BuiltNode { node, set: self.region.joins[join].set, parts: vec![(Part::Join(join), 0)] })
    }

    /// Adds the call of a join's closure to `calls`, after the calls of the closures whose records
    /// it reads. `live` are the leaves of its record that are read. Returns the number of the call.
    fn call(&self, join: usize, live: &LeafSet, sides: &[BuiltNode; 2], calls: &mut Vec<PairCall>) -> Option<usize> {
        let node = &self.region.joins[join].node;
        let facts = node.operator.as_inner_join()?;
        let mut records = Vec::new();
        for side in 0..2 {
            let (schema, of) = (&facts.inputs[side], &self.region.joins[join].sides[side]);
            let reads = facts.reads[side].of(schema);
            let place =
                |built: &BuiltNode| built.parts.iter().find(|(part, _)| *part == of.of).map(|&(_, first)| first);
            let at_hand = (0..2).find_map(|side| Some((side, place(&sides[side])?)));
            let (record, first) = match (at_hand, of.of) {
                (Some((side, first)), _) => (RecordOf::Side(side), first),
                (None, Part::Join(below)) => {
                    let live = reads.iter().filter_map(|leaf| of.leaves.get(leaf).copied()).collect();
                    (RecordOf::Call(self.call(below, &live, sides, calls)?), 0)
                }
                (None, Part::Relation(_)) => return None,
            };
            let leaf = |leaf: usize| reads.contains(leaf).then(|| of.leaves.get(leaf).map(|&at| first + at)).flatten();
            let leaves = schema.types().into_iter().enumerate().map(|(at, ty)| (leaf(at), ty)).collect();
            records.push(PairRecord { of: record, leaves });
        }
        let (kernel, origin) = (facts.kernel.clone(), node.origin.clone());
        let sides = records.try_into().ok()?;
        calls.push(PairCall { kernel, sides, types: node.schema().types(), live: live.clone(), origin });
        Some(calls.len() - 1)
    }

    /// A join that emits the leaves of both records and calls no closure.
    fn both(&mut self, sides: &[BuiltNode; 2]) -> Option<BuiltNode> {
        let [left, right] = sides;
        let own = left.node.schema().leaves().len();
        let output = left.node.schema().beside(right.node.schema());
        let mut forwards = Forwards::default();
        for (side, first) in [(0, 0), (1, own)] {
            let schema = sides[side].node.schema();
            let from: Vec<usize> = (0..schema.leaves().len()).collect();
            let to: Vec<usize> = from.iter().map(|leaf| first + leaf).collect();
            forwards.add((&to, &output), side, (&from, schema));
        }
        let join = self.name_for(sides)?;
        let node = self.node(join, sides, output, forwards, PairRecords::Both)?;
        let of_right = right.parts.iter().map(|&(part, first)| (part, own + first));
        let parts = left.parts.iter().copied().chain(of_right).collect();
        Some(BuiltNode { node, set: left.set | right.set, parts })
    }

    /// A node with the name and origin of a join as written.
    fn node(
        &self,
        join: usize,
        sides: &[BuiltNode; 2],
        output: Schema,
        forwards: Forwards,
        records: PairRecords,
    ) -> Option<Arc<Node>> {
        let written = &self.region.joins[join].node;
        let [left, right] = sides;
        let mut keys = [Vec::new(), Vec::new()];
        for class in &self.region.classes {
            if class.set() & left.set != 0 && class.set() & right.set != 0 {
                keys[0].push(self.column_of(class, left.set, &left.parts)?);
                keys[1].push(self.column_of(class, right.set, &right.parts)?);
            }
        }
        let inputs = sides.each_ref().map(|side| side.node.schema().clone());
        let rebuild = written.operator.as_inner_join()?.rebuild;
        let operator = rebuild(NewJoin { inputs, keys, output, forwards, records });
        Some(written.with_operator(operator, vec![left.node.clone(), right.node.clone()]))
    }

    /// The join as written whose name a join of both records gets. A free name of a join with the
    /// same classes in its key is preferred to other free names.
    fn name_for(&mut self, sides: &[BuiltNode; 2]) -> Option<usize> {
        let is_joined = |class: &&Class| sides.iter().all(|side| class.set() & side.set != 0);
        let preferred = self.region.classes.iter().filter(is_joined).flat_map(|class| class.joins.iter().copied());
        let mut candidates = preferred.chain(0..self.region.joins.len());
        let join = candidates.find(|join| !self.named.contains(join))?;
        self.named.insert(join);
        Some(join)
    }

    /// The first leaf of these parts that has the value of a class, copied from a relation of this
    /// set.
    fn column_of(&self, class: &Class, set: Relations, parts: &[(Part, usize)]) -> Option<usize> {
        let inside = class.leaves.iter().filter(|(relation, _)| set & 1 << relation != 0);
        inside.copied().find_map(|origin| self.column(origin, parts))
    }

    /// The leaf of these parts that is a copy of a relation's leaf.
    fn column(&self, origin: RelationLeaf, parts: &[(Part, usize)]) -> Option<usize> {
        parts.iter().find_map(|&(part, first)| {
            let leaf = match part {
                Part::Relation(relation) => (relation == origin.0).then_some(origin.1),
                Part::Join(join) => {
                    let leaves = self.region.joins[join].node.schema().leaves().len();
                    (0..leaves).find(|&leaf| self.region.origin_of(part, leaf) == Some(origin))
                }
            };
            leaf.map(|leaf| first + leaf)
        })
    }
}
