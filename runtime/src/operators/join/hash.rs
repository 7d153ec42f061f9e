//! Hash joins: the driver of all kinds of joins and semi-joins.

use crate::error::{Error, Result};
use crate::join::{HybridHashJoin, JoinEmitter};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::JOIN_BYTES;
use crate::page::Input;
use crate::strategy::{Cursor, Driver, DriverFactory, Progress, Round};

use super::{JoinParts, by_hint};

/// How many records the build side has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuildRows {
    /// Any number; what memory does not hold of them goes to disk.
    Any,
    /// One, which is kept for good. Anything else is an error.
    One,
}

impl JoinParts {
    /// The driver of a hash join; `hinted` says whether the program asked for it.
    pub(crate) fn hash(&self, name: &str, build: usize, hinted: bool, rows: BuildRows) -> DriverFactory {
        let JoinParts { sides, emitter, layout } = self.clone();
        let spills = rows == BuildRows::Any;
        let create = move |context: &TaskContext| {
            let joining = HybridHashJoin::new(sides.clone(), build, spills, context)?;
            Ok(HashJoinDriver { build, joining, rows, found: 0, emitter: emitter(context)? })
        };
        let side = if build == 0 { "left" } else { "right" };
        let factory = DriverFactory::new(format!("{name}, build {side}{}", by_hint(hinted)), create).emitting(layout);
        if spills { factory.spilling_beyond(JOIN_BYTES) } else { factory }
    }
}

struct HashJoinDriver {
    build: usize,
    joining: HybridHashJoin,
    rows: BuildRows,
    /// Rows of the side that is built, where there may be one.
    found: usize,
    emitter: Box<dyn JoinEmitter + Send>,
}

impl Driver for HashJoinDriver {
    fn wants(&self, port: usize) -> bool {
        self.joining.wants(port)
    }

    fn on_batch(&mut self, port: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if port == self.build && self.rows == BuildRows::One && *cursor == 0 {
            // All there is to do with more than one is to count them.
            self.found += input.len();
            *cursor = 1;
            if self.found > 1 {
                return Ok(Progress::Done);
            }
        }
        self.joining.on_batch(&mut *self.emitter, port, input, cursor, out)
    }

    fn on_round_end(&mut self, port: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if port == self.build && self.rows == BuildRows::One && self.found != 1 {
            return Err(Error::NotOneRecord { found: self.found });
        }
        self.joining.on_end(&mut *self.emitter, out)
    }

    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.joining.revoke(bytes);
        Ok(())
    }

    fn settle(&mut self) -> Result<Progress> {
        self.joining.settle()
    }
}
