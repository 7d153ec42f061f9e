//! The strategies that all hash joins have.
//!
//! **A join counts what its tables take.** A table for all tasks saves shipping the larger side, as long as there is memory for it; beyond
//! half of the budget a join pays for what goes to disk of either side, and how often, so both are shipped by their keys where memory is little.

use std::sync::Arc;

use crate::memory::limits::SPILL_PARTS;
use crate::strategy::{DriverFactory, Estimate, Planning, Ship, Strategy, Way};

use super::{HashWay, JoinHint};
use crate::operators::common::{HASH_SECONDS, SHIP_SECONDS, SPILL_SECONDS};

/// What a table takes for a row beside its leaves: a link, and a slot or two.
const INDEX_BYTES: f64 = 24.0;

/// Which sides of a join can be built, and how they may be shipped.
pub(crate) struct Sharing<'j> {
    /// The key's leaves on each side. Without a key there is nothing to ship by.
    pub(crate) keys: &'j [Vec<usize>; 2],
    /// Whether a build side may be shipped to all tasks. One whose own records are the output may not: each task would find partners for
    /// others of them.
    pub(crate) shared: &'j dyn Fn(usize) -> bool,
    /// The sides that can be built.
    pub(crate) builds: &'j [usize],
}

/// Hash strategies of a join: build either side, ship the build side to everybody or both by hash. Where some of them are what the program
/// wants, there are no others.
pub(crate) fn hash_strategies(
    planning: &Planning<'_>,
    sharing: &Sharing<'_>,
    hint: Option<JoinHint>,
    factory: impl Fn(HashWay) -> DriverFactory,
) -> Vec<Strategy> {
    let hinted = hint.map(|hint| allowed(planning, sharing, Some(hint), &factory)).filter(|found| !found.is_empty());
    hinted.unwrap_or_else(|| allowed(planning, sharing, None, &factory))
}

/// The cost of what goes to disk where tables of so many rows in all do not fit: as large a part of both sides as does not, and again where its parts
/// do not fit either. Other operators need memory, too; half of it is for this one.
fn spilling(planning: &Planning<'_>, rows: f64, build_side: Estimate, probe_side: Estimate) -> f64 {
    let memory = (planning.memory_bytes as f64 / 2.0).max(1.0);
    let tables = (rows * (build_side.row_bytes + INDEX_BYTES)).max(1.0);
    let beyond = (1.0 - memory / tables).max(0.0);
    let passes = (tables / memory).log(SPILL_PARTS as f64).max(1.0);
    let bytes = rows * build_side.row_bytes + probe_side.bytes();
    beyond * passes * bytes * SPILL_SECONDS / planning.tasks as f64
}

/// The strategies that a hint allows.
fn allowed(
    planning: &Planning<'_>,
    sharing: &Sharing<'_>,
    hint: Option<JoinHint>,
    factory: &dyn Fn(HashWay) -> DriverFactory,
) -> Vec<Strategy> {
    let &Sharing { keys, shared, builds } = sharing;
    let mut strategies = Vec::new();
    for &build in builds {
        let probe = 1 - build;
        let way = HashWay {
            build,
            is_hinted: hint.is_some(),
            keeps_build: planning.constant[build] && shared(build),
            is_shared: false,
        };
        // What is built once is there in all rounds.
        let times = if way.keeps_build { 1.0 / planning.rounds } else { 1.0 };
        let (build_side, probe_side) = (planning.inputs[build], planning.inputs[probe]);
        let mut add = |ships: [Ship; 2], tasks: usize, cost: f64| {
            if hint.is_some_and(|hint| !hint.allows(build, &ships, planning.tasks)) {
                return;
            }
            let way = HashWay { is_shared: ships[build] == Ship::Broadcast && tasks > 1, ..way };
            strategies.push(Strategy {
                ways: ships.into_iter().map(Way::ship).collect(),
                driver: Arc::new(factory(way)),
                tasks,
                streamed: probe,
                kept: way.keeps_build.then_some(build),
                cost,
            });
        };
        let side =
            |of_build: Ship, of_probe: Ship| if build == 0 { [of_build, of_probe] } else { [of_probe, of_build] };
        let probe_tasks = planning.input_tasks[probe];
        let probing = probe_side.rows * HASH_SECONDS / probe_tasks as f64;
        // Building costs a copy, a hash and a random write: about twice a lookup.
        let building = build_side.rows * HASH_SECONDS * 2.0 * times;
        let all = if planning.input_tasks[build] == 1 && probe_tasks == 1 { Ship::Forward } else { Ship::Broadcast };
        let shipped = build_side.bytes() * times * SHIP_SECONDS * probe_tasks as f64;
        if probe_tasks == 1 || shared(build) {
            let spilled = spilling(planning, build_side.rows, build_side, probe_side);
            add(side(all, Ship::Forward), probe_tasks, shipped + building / probe_tasks as f64 + probing + spilled);
        }
        if planning.tasks > 1 && !keys[build].is_empty() {
            let tasks = planning.tasks as f64;
            let shipped = (build_side.bytes() * times + probe_side.bytes()) * SHIP_SECONDS * 2.0 / tasks;
            let [build_ship, probe_ship] = [build, probe].map(|side| Ship::Hash(keys[side].clone()));
            let spilled = spilling(planning, build_side.rows, build_side, probe_side);
            let cost = shipped + (building + probe_side.rows * HASH_SECONDS * 2.0) / tasks + spilled;
            add(side(build_ship, probe_ship), planning.tasks, cost);
        }
    }
    strategies
}
