//! Inner joins whose order the optimizer may change: the facts of a join in the program, and the
//! description of a join that the optimizer makes.

use std::sync::Arc;

use crate::error::Origin;
use crate::kernel::JoinFactory;
use crate::row::{LeafSet, LeafType, Schema};

use super::Operator;
use crate::plan::{Forwards, Reads};

/// An inner join by keys whose records do not depend on the join's strategy.
#[derive(Clone, Copy)]
pub struct InnerJoin<'o> {
    /// The left and right records.
    pub inputs: &'o [Schema; 2],
    /// The key's leaves on each side, in the same order. A null among them equals nothing.
    pub keys: &'o [Vec<usize>; 2],
    /// The leaves that its records copy from the sides.
    pub forwards: &'o Forwards,
    /// The closure after the join.
    pub kernel: &'o JoinFactory,
    /// The leaves of each side that the closure reads.
    pub reads: &'o [Reads; 2],
    /// Whether the closure emits exactly one record for each pair. It may then be called later.
    pub maps: bool,
    /// Makes a join in another order.
    pub rebuild: fn(NewJoin) -> Arc<dyn Operator>,
}

/// An inner join that the optimizer makes.
pub struct NewJoin {
    /// The left and right records.
    pub inputs: [Schema; 2],
    /// The key's leaves on each side, in the same order. A null among them equals nothing.
    pub keys: [Vec<usize>; 2],
    /// The records that the join emits.
    pub output: Schema,
    /// The leaves that these records copy from the sides.
    pub forwards: Forwards,
    /// The records that it makes of the pairs.
    pub records: PairRecords,
}

/// The records of a join that the optimizer makes.
pub enum PairRecords {
    /// The leaves of the left record, then those of the right one.
    Both,
    /// The records of the last of these closures. Each closure before it emits one record for each
    /// pair.
    Calls(Vec<PairCall>),
}

/// The closure of a join as written, which another join calls.
#[derive(Clone)]
pub struct PairCall {
    /// The closure.
    pub kernel: JoinFactory,
    /// The two records that the closure reads.
    pub sides: [PairRecord; 2],
    /// The types of the leaves of the record that the closure emits.
    pub types: Vec<LeafType>,
    /// The leaves of that record that a later closure reads.
    pub live: LeafSet,
    /// The place of the closure in the program.
    pub origin: Origin,
}

/// A record that a closure reads, as a part of another record.
#[derive(Clone)]
pub struct PairRecord {
    /// The record that this one is a part of.
    pub of: RecordOf,
    /// For each leaf of the closure's record: its number in the other record, and its type. A leaf
    /// that the closure does not read may have no number.
    pub leaves: Vec<(Option<usize>, LeafType)>,
}

/// The record that the record of a closure is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordOf {
    /// The left record, 0, or the right one.
    Side(usize),
    /// The record of a closure that was called before, by the number of its call.
    Call(usize),
}
