//! The strategies of hash joins.
//!
//! Their costs count the bytes of tables. One table for all tasks saves shipping the larger side,
//! if there is memory for it. With little memory, or if the table takes long to build, both sides
//! are shipped by their keys. A side whose rows are already in the task of their partners is not
//! shipped.

use std::sync::Arc;

use crate::join::SAMPLED_ROWS;
use crate::memory::limits::OPERATOR_MEMORY_SHARE;
use crate::operators::common::INDEX_BYTES;
use crate::strategy::{DriverFactory, InputEdge, Placement, Planning, Ship, Strategy, Work};

use super::{HashJoinOptions, JoinHint};

/// The sides of a join that can be built, and how they may be shipped.
pub(crate) struct BuildSideOptions<'j> {
    /// The key's leaves on each side. Sides without a key are not shipped by hash.
    pub(crate) keys: &'j [Vec<usize>; 2],
    /// Whether a build side may be shipped to all tasks. It may not if its own records are the
    /// output: each task would find partners for some of them.
    pub(crate) may_broadcast: &'j dyn Fn(usize) -> bool,
    /// The sides that can be built.
    pub(crate) build_sides: &'j [usize],
}

/// Hash strategies of a join: build either side, broadcast the build side or ship both by hash. If
/// a hint allows some of them, there are no others.
pub(crate) fn hash_strategies(
    planning: &Planning<'_>,
    sides: &BuildSideOptions<'_>,
    hint: Option<JoinHint>,
    factory: &dyn Fn(HashJoinOptions) -> DriverFactory,
) -> Vec<Strategy> {
    let allowed = |hint| {
        let builds = sides.build_sides.iter();
        builds.flat_map(|&build| BuildSideStrategies::new(planning, sides, hint, build).strategies(factory)).collect()
    };
    let hinted = hint.map(|hint| allowed(Some(hint))).filter(|found: &Vec<Strategy>| !found.is_empty());
    hinted.unwrap_or_else(|| allowed(None))
}

/// The strategies with one build side.
struct BuildSideStrategies<'j> {
    planning: &'j Planning<'j>,
    sides: &'j BuildSideOptions<'j>,
    hint: Option<JoinHint>,
    options: HashJoinOptions,
}

impl<'j> BuildSideStrategies<'j> {
    fn new(planning: &'j Planning<'j>, sides: &'j BuildSideOptions<'j>, hint: Option<JoinHint>, build: usize) -> Self {
        let options = HashJoinOptions {
            build,
            is_hinted: hint.is_some(),
            keeps_build: planning.constant[build] && (sides.may_broadcast)(build),
            is_shared: false,
            breaks_partitioning: planning.properties[1 - build].placement == Placement::Anywhere,
            reverses: hint.is_none().then_some(SAMPLED_ROWS),
        };
        BuildSideStrategies { planning, sides, hint, options }
    }

    /// The strategies that the hint allows.
    fn strategies(&self, factory: &dyn Fn(HashJoinOptions) -> DriverFactory) -> Vec<Strategy> {
        let (planning, keys, build) = (self.planning, self.sides.keys, self.options.build);
        let probe_tasks = planning.properties[1 - build].tasks;
        let is_alone = probe_tasks == 1 && planning.properties[build].tasks == 1;
        let mut variants = Vec::new();
        if probe_tasks == 1 || (self.sides.may_broadcast)(build) {
            let mut ships = [Ship::Forward, Ship::Forward];
            if !is_alone {
                ships[build] = Ship::Broadcast;
            }
            variants.push((ships, false, probe_tasks));
        }
        if planning.tasks > 1 && !keys[build].is_empty() && !is_alone {
            variants.extend(planning.together(keys).into_iter().map(|(ships, tasks)| (ships, true, tasks)));
        }
        let allows = |is_partitioned| self.hint.is_none_or(|hint| hint.allows(build, is_partitioned, planning.tasks));
        let allowed = variants.into_iter().filter(|&(_, is_partitioned, _)| allows(is_partitioned));
        allowed.map(|(ships, is_partitioned, tasks)| self.strategy(ships, is_partitioned, tasks, factory)).collect()
    }

    fn strategy(
        &self,
        ships: [Ship; 2],
        is_partitioned: bool,
        tasks: usize,
        factory: &dyn Fn(HashJoinOptions) -> DriverFactory,
    ) -> Strategy {
        let (planning, build) = (self.planning, self.options.build);
        let is_shared = ships[build] == Ship::Broadcast && tasks > 1;
        let options = HashJoinOptions { is_shared, ..self.options };
        // A side that is built once serves all rounds.
        let times = if options.keeps_build { 1.0 / planning.rounds } else { 1.0 };
        let work = self.work(is_partitioned, is_shared, times, tasks);
        let edge = |(ship, key): (Ship, &Vec<usize>)| match is_partitioned {
            true => InputEdge::ship(ship).needing(key),
            false => InputEdge::ship(ship),
        };
        let mut edges: Vec<InputEdge> = ships.into_iter().zip(self.sides.keys).map(edge).collect();
        edges[build].shipped_rows = Some(planning.inputs[build].rows * times);
        let (driver, kept) = (Arc::new(factory(options)), options.keeps_build.then_some(build));
        Strategy { edges, driver, tasks, streamed: 1 - build, kept, work }
    }

    /// The work in a round, if the table is built `times` times in each.
    fn work(&self, is_partitioned: bool, is_shared: bool, times: f64, tasks: usize) -> Work {
        let (planning, build) = (self.planning, self.options.build);
        let [build_side, probe_side] = [planning.inputs[build], planning.inputs[1 - build]];
        let table_bytes = build_side.rows * (build_side.row_bytes + INDEX_BYTES);
        // Without memory for one table, both sides are partitioned on disk (`join::sharing`), after
        // each task has read all build rows. An exchange is better then, so the strategy costs as
        // if each task built its own table.
        let is_alone = is_shared && table_bytes > planning.memory_bytes as f64 * OPERATOR_MEMORY_SHARE;
        let built = build_side.rows * times * if is_alone { tasks as f64 } else { 1.0 };
        // For a shared table, each task hashes all rows and copies its share. One lookup per row
        // and other task stands for the index: tasks wait for the task that makes a dense index,
        // and each node makes its own.
        let others = if is_shared && !is_alone { (tasks - 1) as f64 } else { 0.0 };
        // Rows without a partner have no result.
        let found = probe_side.rows.min(planning.output.rows);
        let work = Work {
            rows: others * built,
            inserts: built,
            lookups: found + others * built,
            misses: probe_side.rows - found,
            following_bytes: probe_side.bytes(),
            ..Work::default()
        };
        match (is_partitioned, is_alone) {
            (true, _) => work.in_tables(table_bytes, tasks),
            (false, false) => work.in_tables(table_bytes, 1),
            (false, true) => work.in_tables(table_bytes * tasks as f64, tasks),
        }
    }
}
