//! Hash joins: the driver of all kinds of joins and semi-joins.

use crate::error::{Error, Result};
use crate::join::{HybridHashJoin, JoinEmitter, Side};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::JOIN_BYTES;
use crate::page::Input;
use crate::strategy::{
    Cursor, Demand, Driver, DriverFactory, DriverProperties, FilteredPort, PortSet, Progress, Revocable, Round,
};

use super::{JoinParts, by_hint};

/// How many records the build side has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuildRows {
    /// Any number; what memory does not hold of them goes to disk.
    Any,
    /// One, which is kept for good. Anything else is an error.
    One,
}

/// How a hash join is to run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashJoinOptions {
    /// The side that is built.
    pub(crate) build: usize,
    /// Whether the program asked for it.
    pub(crate) is_hinted: bool,
    /// Whether it is built once for all rounds of the other side.
    pub(crate) keeps_build: bool,
    /// Whether it is broadcast: all tasks receive all of its rows, and build one table of them.
    pub(crate) is_shared: bool,
    /// Whether rows may leave in another task than that in which they came, where a build side that is broadcast does not fit into memory.
    pub(crate) moves_rows: bool,
    /// Where it may build the other side instead: of how many rows at most, where the side to build has more. See `join::reversal`.
    pub(crate) reverses: Option<usize>,
}

impl HashJoinOptions {
    /// The ports whose rows may be dropped early, where those with keys here give nothing without a partner.
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
    /// The driver of a hash join, by the `rows` that its build side has.
    pub(crate) fn hash(&self, name: &str, rows: BuildRows, options: HashJoinOptions) -> DriverFactory {
        let JoinParts { sides, emitter, layout, emitter_bytes } = self.clone();
        let HashJoinOptions { build, is_hinted, keeps_build, is_shared, moves_rows, reverses } = options;
        let spills = rows == BuildRows::Any;
        let is_keyed = !sides[build].key.is_empty();
        let create = move |context: &TaskContext| {
            let joining = HybridHashJoin::new(sides.clone(), build, spills, context)?;
            let joining = if keeps_build { joining.keeping_build() } else { joining };
            let joining = if is_shared && spills { joining.building_together(moves_rows, context)? } else { joining };
            // In a loop a driver lasts for a round, and the plan counts on all of them.
            let reverses = reverses.filter(|_| spills && is_keyed && !keeps_build && context.superstep == 0);
            let joining = match reverses {
                Some(rows) => joining.reversing(rows, context),
                None => joining,
            };
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
    /// Rows of the side that is built, where there may be one.
    found: usize,
    emitter: Box<dyn JoinEmitter + Send>,
}

impl Driver for HashJoinDriver {
    fn demand(&self) -> Demand {
        self.joining.demand()
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
        self.joining.on_end(&mut *self.emitter, port, out)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for HashJoinDriver {
    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.joining.revoke(bytes);
        Ok(())
    }

    fn continue_revoking(&mut self) -> Result<Progress> {
        self.joining.continue_revoking()
    }
}
