//! Hash joins: the driver of all kinds of joins and semi-joins.

use crate::error::{Error, Result};
use crate::join::{HashJoinModes, HybridHashJoin, JoinEmitter, Side};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::JOIN_BYTES;
use crate::page::Input;
use crate::strategy::{
    Cursor, Demand, Driver, DriverFactory, DriverProperties, FilteredPort, PortSet, Progress, Revocable, Round,
};

use super::{JoinParts, by_hint};

/// Number of records of the build side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuildRows {
    /// Any number. They spill if memory is refused.
    Any,
    /// One, which is never dropped. Any other number is an error.
    One,
}

/// Options of a hash join.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashJoinOptions {
    /// The side that is built.
    pub(crate) build: usize,
    /// Whether the program chose it by a hint.
    pub(crate) is_hinted: bool,
    /// Whether it is built once for all rounds of the other side.
    pub(crate) keeps_build: bool,
    /// Whether it is broadcast: all tasks receive its rows and build one table of them.
    pub(crate) is_shared: bool,
    /// Whether results may leave in another task than their probe rows, if a broadcast build side
    /// does not fit into memory.
    pub(crate) breaks_partitioning: bool,
    /// The most rows of the other side for which it is built instead. See `join::reversal`.
    pub(crate) reverses: Option<usize>,
}

impl HashJoinOptions {
    /// The ports whose rows may be dropped early: those with a key in `keys` have no result without
    /// a partner.
    pub(crate) fn filtered(&self, keys: [Option<Vec<usize>>; 2]) -> Vec<FilteredPort> {
        let ports = keys.into_iter().enumerate().filter_map(|(port, key)| Some((port, key?)));
        let port = |(port, key): (usize, Vec<usize>)| {
            let reversed = if port == self.build { Some(self.reverses?) } else { None };
            Some(FilteredPort { port, key: key.into(), reversed })
        };
        ports.filter_map(port).collect()
    }
}

impl JoinParts {
    /// The driver of a hash join whose build side has `rows`.
    pub(crate) fn hash(&self, name: &str, rows: BuildRows, options: HashJoinOptions) -> DriverFactory {
        let JoinParts { sides, emitter, layout, emitter_bytes } = self.clone();
        let HashJoinOptions { build, is_hinted, keeps_build, is_shared, breaks_partitioning, reverses } = options;
        let spills = rows == BuildRows::Any;
        let samples = spills && !sides[build].key.is_empty() && !keeps_build;
        let create = move |context: &TaskContext| {
            // In a loop a driver lasts for one round, and the plan counts on all rounds.
            let sampled_rows = reverses.filter(|_| samples && context.superstep == 0);
            let modes = HashJoinModes { build, spills, keeps_build, is_shared, breaks_partitioning, sampled_rows };
            let joining = HybridHashJoin::new(sides.clone(), modes, context)?;
            Ok(HashJoinDriver { build, joining, rows, found: 0, emitter: emitter(context)? })
        };
        let side = if build == 0 { "left" } else { "right" };
        let kept = if keeps_build { " once" } else { "" };
        let name = format!("{name}, build {side}{kept}{}", by_hint(is_hinted));
        let key = |side: &Side| (spills && !side.keeps && !side.key.is_empty()).then(|| side.key.clone());
        let filtered = options.filtered(self.sides.each_ref().map(key));
        let properties = DriverProperties {
            fed_once: if keeps_build { PortSet::of(build) } else { PortSet::NONE },
            keeps_state_across_rounds: keeps_build,
            waits_for_end: if spills { PortSet::NONE } else { PortSet::of(build) },
            ..DriverProperties::default()
        };
        let factory = DriverFactory::new(name, create).with_properties(properties).emitting(layout).filtering(filtered);
        if spills { factory.spilling_beyond(JOIN_BYTES + emitter_bytes) } else { factory }
    }
}

struct HashJoinDriver {
    build: usize,
    joining: HybridHashJoin,
    rows: BuildRows,
    /// Rows of the build side so far, if one is allowed.
    found: usize,
    emitter: Box<dyn JoinEmitter + Send>,
}

impl Driver for HashJoinDriver {
    fn demand(&self) -> Demand {
        self.joining.demand()
    }

    fn on_batch(&mut self, port: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if port == self.build && self.rows == BuildRows::One && *cursor == 0 {
            // More than one row is an error at the end of the round, which reports their number.
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
        self.joining.on_end(&mut *self.emitter, port, out)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for HashJoinDriver {
    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.joining.revoke(bytes)
    }

    fn continue_revoking(&mut self) -> Result<Progress> {
        self.joining.continue_revoking()
    }
}
