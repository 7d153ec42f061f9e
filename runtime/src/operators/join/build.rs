//! The build side of hash joins, and the strategies that all of them have.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::TaskContext;
use crate::page::{Input, JoinTable, Pairs, Selection};
use crate::row::{LeafSet, LeafType};
use crate::strategy::{DriverFactory, Planning, Ship, Strategy, Way};

use super::JoinHint;
use crate::operators::{HASH_SECONDS, SHIP_SECONDS};

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
/// wants, there are no others; `factory` is told the side to build, and whether the program asked for it.
pub(crate) fn hash_strategies(
    planning: &Planning<'_>,
    sharing: &Sharing<'_>,
    hint: Option<JoinHint>,
    factory: impl Fn(usize, bool) -> Arc<dyn DriverFactory>,
) -> Vec<Strategy> {
    let hinted = hint.map(|hint| allowed(planning, sharing, Some(hint), &factory)).filter(|found| !found.is_empty());
    hinted.unwrap_or_else(|| allowed(planning, sharing, None, &factory))
}

/// The strategies that a hint allows.
fn allowed(
    planning: &Planning<'_>,
    sharing: &Sharing<'_>,
    hint: Option<JoinHint>,
    factory: &dyn Fn(usize, bool) -> Arc<dyn DriverFactory>,
) -> Vec<Strategy> {
    let &Sharing { keys, shared, builds } = sharing;
    let mut strategies = Vec::new();
    for &build in builds {
        let probe = 1 - build;
        let (build_side, probe_side) = (planning.inputs[build], planning.inputs[probe]);
        let mut add = |ships: [Ship; 2], tasks: usize, cost: f64| {
            if hint.is_some_and(|hint| !hint.allows(build, &ships, planning.tasks)) {
                return;
            }
            strategies.push(Strategy {
                ways: ships.into_iter().map(Way::ship).collect(),
                driver: factory(build, hint.is_some()),
                tasks,
                streamed: probe,
                cost,
            });
        };
        let side =
            |of_build: Ship, of_probe: Ship| if build == 0 { [of_build, of_probe] } else { [of_probe, of_build] };
        let probe_tasks = planning.input_tasks[probe];
        let probing = probe_side.rows * HASH_SECONDS / probe_tasks as f64;
        // Building costs a copy, a hash and a random write: about twice a lookup.
        let building = build_side.rows * HASH_SECONDS * 2.0;
        let all = if planning.input_tasks[build] == 1 && probe_tasks == 1 { Ship::Forward } else { Ship::Broadcast };
        let shipped = build_side.bytes() * SHIP_SECONDS * probe_tasks as f64;
        if probe_tasks == 1 || shared(build) {
            add(side(all, Ship::Forward), probe_tasks, shipped + building + probing);
        }
        if planning.tasks > 1 && !keys[build].is_empty() {
            let tasks = planning.tasks as f64;
            let shipped = (build_side.bytes() + probe_side.bytes()) * SHIP_SECONDS * 2.0 / tasks;
            let [build_ship, probe_ship] = [build, probe].map(|side| Ship::Hash(keys[side].clone()));
            let cost = shipped + (building + probe_side.rows * HASH_SECONDS * 2.0) / tasks;
            add(side(build_ship, probe_ship), planning.tasks, cost);
        }
    }
    strategies
}

/// The build side of a hash join of any kind, and what is needed to probe it.
pub(crate) struct Build {
    pub(crate) side: usize,
    pub(crate) table: JoinTable,
    probe_key: Vec<usize>,
    nullable: [Vec<usize>; 2],
    /// Whether rows with a null in their key are kept, though they join nothing.
    pub(crate) keeps_nulls: bool,
    built: bool,
}

impl Build {
    pub(crate) fn new(
        side: usize,
        types: &[LeafType],
        live: &LeafSet,
        keys: &[Vec<usize>; 2],
        nullable: &[Vec<usize>; 2],
        context: &TaskContext,
    ) -> Result<Self> {
        Ok(Build {
            side,
            table: JoinTable::new(types.to_vec(), live, keys[side].clone(), &context.memory)?,
            probe_key: keys[1 - side].clone(),
            nullable: nullable.clone(),
            keeps_nulls: false,
            built: false,
        })
    }

    /// The build side comes first.
    pub(crate) fn wants(&self, port: usize) -> bool {
        (port == self.side) != self.built
    }

    pub(crate) fn add(&mut self, input: &Input<'_>) -> Result<()> {
        let nullable: &[usize] = if self.keeps_nulls { &[] } else { &self.nullable[self.side] };
        with_keys(nullable, input, |input| self.table.add(input))
    }

    pub(crate) fn finish(&mut self) -> Result<()> {
        self.built = true;
        self.table.build()
    }

    pub(crate) fn probe(&self, input: &Input<'_>, pairs: &mut Pairs) {
        self.table.probe(input, &self.probe_key, pairs);
        pairs.forget(input, &self.nullable[1 - self.side]);
    }
}

/// Calls `f` with the rows whose validity leaves are all set.
fn with_keys(nullable: &[usize], input: &Input<'_>, f: impl FnOnce(&Input<'_>) -> Result<()>) -> Result<()> {
    if nullable.is_empty() {
        return f(input);
    }
    let batch = input.batch();
    let present = |&&row: &&u32| nullable.iter().all(|&leaf| batch.leaf_bits(leaf, row as usize) != 0);
    let mut kept = Selection::default();
    kept.set(input.selection().rows().iter().filter(present).copied());
    f(&Input::new(batch, &kept))
}
