//! Inner joins that may be made in another order: what the optimizer has to know of one, and what it says of one that it makes.

use crate::error::Origin;
use crate::kernel::JoinFactory;
use crate::row::{LeafSet, LeafType, Schema};

use super::{Forwards, Reads};

/// An inner join by keys, whose records do not depend on how it runs.
#[derive(Clone, Copy)]
pub struct InnerJoin<'o> {
    /// The left and right records.
    pub inputs: &'o [Schema; 2],
    /// The key's leaves on each side, in the same order. A null among them equals nothing.
    pub keys: &'o [Vec<usize>; 2],
    /// What its records take over from the sides.
    pub forwards: &'o Forwards,
    /// The closure after the join.
    pub kernel: &'o JoinFactory,
    /// What that reads of each side.
    pub reads: &'o [Reads; 2],
    /// Whether the closure gives one record for each pair, no more and no fewer: then it may be called later.
    pub maps: bool,
}

/// An inner join that the optimizer makes.
pub struct NewJoin {
    /// The left and right records.
    pub inputs: [Schema; 2],
    /// The key's leaves on each side, in the same order. A null among them equals nothing.
    pub keys: [Vec<usize>; 2],
    /// The records it gives.
    pub output: Schema,
    /// What they take over from the sides.
    pub forwards: Forwards,
    /// How they are made.
    pub records: PairRecords,
}

/// How the records of a join are made that the optimizer has made.
pub enum PairRecords {
    /// The leaves of the left record, and behind them those of the right one.
    Both,
    /// By closures of the program: what the last one gives. Those before it give one record for each pair.
    Calls(Vec<PairCall>),
}

/// A closure of a join as it was written, which another join calls.
#[derive(Clone)]
pub struct PairCall {
    /// The closure.
    pub kernel: JoinFactory,
    /// The records that it sees.
    pub sides: [PairRecord; 2],
    /// The leaves of the record that it gives.
    pub types: Vec<LeafType>,
    /// Those of them that a later closure reads.
    pub live: LeafSet,
    /// Where it stands in the program.
    pub origin: Origin,
}

/// A record that a closure sees.
#[derive(Clone)]
pub struct PairRecord {
    /// What it is a part of.
    pub of: RecordOf,
    /// For each leaf that the closure knows, where it is there, and its type. What it does not read may be nowhere.
    pub leaves: Vec<(Option<usize>, LeafType)>,
}

/// What has a record that a closure sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordOf {
    /// The left record, 0, or the right one.
    Side(usize),
    /// What a closure before has given, by number.
    Call(usize),
}
