//! Strategies that most operators have: rows stay in their tasks, are sent to the task of their
//! key, or the rows of a key of two inputs are sent to one task.

use std::sync::Arc;

use crate::memory::limits::COMBINER_SHARE;
use crate::row::OrderKey;
use crate::strategy::{DriverFactory, Estimate, InputEdge, Planning, Properties, Ship, Strategy, Work};

/// The facts of an operator that gathers the rows of a key, for [`Planning::by_key`].
pub struct Grouping<'g> {
    /// Makes the driver that receives all rows of a key. The argument is whether these are a
    /// combiner's.
    pub driver: &'g dyn Fn(bool) -> DriverFactory,
    /// Makes the combiner that may run before rows are sent.
    pub combiner: Option<&'g dyn Fn() -> DriverFactory>,
    /// The key's leaves in the combiner's rows.
    pub key_of_combined: &'g [usize],
    /// The work of either driver for one row, without sorting.
    pub of_row: Work,
    /// The number of tables in which the driver looks up each row to count distinct values.
    pub counts: usize,
    /// The order that the driver sorts rows by; empty if it does not sort.
    pub sorts_by: &'g [OrderKey],
    /// Bytes that all tasks hold together.
    pub kept_bytes: f64,
}

impl Grouping<'_> {
    /// The work of the driver for all rows, without sorting.
    fn work(&self, rows: f64, tasks: usize, output: &Estimate) -> Work {
        let of_row = self.of_row + Work::lookups(self.counts as f64);
        (of_row * rows + self.creation(output.rows + output.counted_values)).in_tables(self.kept_bytes, tasks)
    }

    /// The work of creating groups, if rows are looked up.
    fn creation(&self, groups: f64) -> Work {
        Work { groups: if self.of_row.lookups > 0.0 { groups } else { 0.0 }, ..Work::default() }
    }

    /// The work of sorting shipped rows.
    fn sort(&self, rows: f64) -> Work {
        if self.sorts_by.is_empty() { Work::default() } else { Work::sort(rows) }
    }
}

impl Planning<'_> {
    /// The number of tasks of the only input.
    #[must_use]
    pub fn input_tasks(&self) -> usize {
        self.properties[0].tasks
    }

    /// The rows of the only input stay in their tasks.
    #[must_use]
    pub fn forwarded(&self, driver: DriverFactory, work: Work) -> Strategy {
        self.of_one(InputEdge::ship(Ship::Forward), driver, self.input_tasks(), work)
    }

    /// A driver of the rows of the only input, in `tasks` tasks.
    #[must_use]
    pub fn of_one(&self, edge: InputEdge, driver: DriverFactory, tasks: usize, work: Work) -> Strategy {
        Strategy { edges: vec![edge], driver: Arc::new(driver), tasks, streamed: 0, kept: None, work }
    }

    /// Sends the rows of a key to one task, with and without a combiner. Without a key, all rows
    /// are sent to one task. Rows that are together already stay in their tasks.
    #[must_use]
    pub fn by_key(&self, key: &[usize], grouping: &Grouping<'_>) -> Vec<Strategy> {
        let (tasks, rows) = (self.input_tasks(), self.inputs[0].rows);
        let strategy = |edge: InputEdge, is_combined: bool, tasks: usize, rows: f64, sort: Work| {
            let work = grouping.work(rows, tasks, &self.output) + sort;
            self.of_one(edge, (grouping.driver)(is_combined), tasks, work)
        };
        if self.properties[0].has_together(key) {
            let edge = InputEdge::sorted_by(Ship::Forward, grouping.sorts_by).needing(key);
            return vec![strategy(edge, false, tasks, rows, self.sort(0, grouping.sorts_by))];
        }
        let (ship, to): (fn(&[usize]) -> Ship, usize) = match key {
            [] => (|_| Ship::Gather, 1),
            _ => (|key| Ship::Hash(key.to_vec()), self.tasks),
        };
        let combined = grouping.combiner.filter(|_| self.combines).map(|combiner| {
            // Each task has rows of each group, or of each value that a group counts, up to the
            // number of rows.
            let shipped = rows.min(self.output.rows.max(self.output.counted_values) * tasks as f64);
            // A combiner holds all groups, in a bounded part of the budget.
            let table_bytes = grouping.kept_bytes.min((self.memory_bytes / COMBINER_SHARE / tasks) as f64);
            let combining = Work { table_bytes, ..grouping.of_row * rows + grouping.creation(shipped) };
            let of_combined = grouping.key_of_combined;
            let edge = InputEdge::through(combiner(), combining, ship(of_combined)).needing(of_combined);
            let edge = InputEdge { key: Some(key.into()), shipped_rows: Some(shipped), ..edge };
            strategy(edge, true, to, shipped, grouping.sort(shipped))
        });
        // Without a key one task receives all rows, so the combiner always runs.
        let uncombined = (combined.is_none() || !key.is_empty())
            .then(|| strategy(InputEdge::ship(ship(key)).needing(key), false, to, rows, grouping.sort(rows)));
        combined.into_iter().chain(uncombined).collect()
    }

    /// Sends the rows of a key to the task of its key group, which the hash of these leaves in this
    /// order selects. That task holds the state of the key from earlier jobs.
    #[must_use]
    pub fn by_key_group(&self, key: &[usize], driver: DriverFactory, work: Work) -> Strategy {
        let (ship, tasks) = match self.properties[0] {
            _ if key.is_empty() && self.input_tasks() > 1 => (Ship::Gather, 1),
            Properties { tasks: 1, .. } => (Ship::Forward, 1),
            Properties { tasks, .. } if *tasks == self.tasks && self.properties[0].hashed_by() == Some(key) => {
                (Ship::Forward, *tasks)
            }
            _ => (Ship::Hash(key.to_vec()), self.tasks),
        };
        self.of_one(InputEdge::ship(ship).needing_key_group(key), driver, tasks, work)
    }

    /// The ship strategies of two inputs that put the rows of a key into one task, with the number
    /// of tasks. Either both inputs are sent, or one input is sent to the tasks of the other.
    #[must_use]
    pub fn together(&self, keys: &[Vec<usize>; 2]) -> Vec<([Ship; 2], usize)> {
        if self.properties.iter().all(|properties| properties.tasks == 1) {
            return vec![([Ship::Forward, Ship::Forward], 1)];
        }
        if keys[0].is_empty() {
            return vec![([Ship::Gather, Ship::Gather], 1)];
        }
        // The part of the key whose hash placed the rows of an input, as positions in the key.
        let part = |input: usize| {
            let properties = self.properties[input];
            let leaves = properties.hashed_by().filter(|_| properties.tasks == self.tasks)?;
            leaves.iter().map(|leaf| keys[input].iter().position(|key| key == leaf)).collect::<Option<Vec<usize>>>()
        };
        let parts = [part(0), part(1)];
        let ships = |part: &[usize]| {
            [0, 1].map(|input| match &parts[input] {
                Some(hashed) if hashed == part => Ship::Forward,
                _ => Ship::Hash(part.iter().map(|&place| keys[input][place]).collect()),
            })
        };
        let whole: Vec<usize> = (0..keys[0].len()).collect();
        let mut alternatives = vec![(ships(&whole), self.tasks)];
        for part in parts.iter().flatten() {
            let alternative = (ships(part), self.tasks);
            if !alternatives.contains(&alternative) {
                alternatives.push(alternative);
            }
        }
        alternatives
    }

    /// The work of sorting the rows of an input in their tasks. Sorted rows are only read.
    #[must_use]
    pub fn sort(&self, input: usize, order: &[OrderKey]) -> Work {
        match self.inputs[input].rows {
            _ if order.is_empty() => Work::default(),
            rows if self.properties[input].is_sorted_by(order) => Work::rows(rows),
            rows => Work::sort(rows),
        }
    }

    /// Brings the rows of a key of both inputs to one task, which sorts them by these orders.
    #[must_use]
    pub fn both_by_key(
        &self,
        keys: &[Vec<usize>; 2],
        orders: &[Vec<OrderKey>; 2],
        driver: &dyn Fn() -> DriverFactory,
    ) -> Vec<Strategy> {
        let strategy = |(ships, tasks): ([Ship; 2], usize)| {
            let mut work = Work::default();
            let mut edges = Vec::new();
            for (input, ship) in ships.into_iter().enumerate() {
                let (of_input, order) = (self.inputs[input], &orders[input]);
                let sort = if ship == Ship::Forward { self.sort(input, order) } else { Work::sort(of_input.rows) };
                work = work + (sort + Work::rows(of_input.rows)).keeping(of_input.bytes());
                edges.push(InputEdge::sorted_by(ship, order).needing(&keys[input]));
            }
            Strategy { edges, driver: Arc::new(driver()), tasks, streamed: 0, kept: None, work }
        };
        self.together(keys).into_iter().map(strategy).collect()
    }
}
