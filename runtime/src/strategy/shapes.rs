//! The shapes that most operators have: rows stay where they are, come to the task of their key, or those of two inputs come together by their keys.

use std::sync::Arc;

use crate::memory::limits::COMBINER_SHARE;
use crate::row::OrderKey;
use crate::strategy::{DriverFactory, Planning, Properties, Ship, Strategy, Way, Work};

/// An operator that gathers the rows of a key, as [`Planning::by_key`] wants to know it.
pub struct Grouping<'g> {
    /// What runs where all rows of a key are; whether these are a combiner's.
    pub driver: &'g dyn Fn(bool) -> DriverFactory,
    /// What may run before rows are shipped.
    pub combiner: Option<&'g dyn Fn() -> DriverFactory>,
    /// The key's leaves in the combiner's rows.
    pub key_of_combined: &'g [usize],
    /// What either of them does with a row, beside sorting.
    pub of_row: Work,
    /// In how many tables of values the driver looks up each row, to count those that are distinct.
    pub counts: usize,
    /// What the driver puts rows in order by, if it does.
    pub sorts_by: &'g [OrderKey],
    /// The bytes that all tasks keep.
    pub kept_bytes: f64,
}

impl Planning<'_> {
    /// The tasks of the only input's rows.
    #[must_use]
    pub fn input_tasks(&self) -> usize {
        self.properties[0].tasks
    }

    /// The rows of the only input stay in their tasks.
    #[must_use]
    pub fn forwarded(&self, driver: DriverFactory, work: Work) -> Strategy {
        self.of_one(Way::ship(Ship::Forward), driver, self.input_tasks(), work)
    }

    /// A driver for the rows of the only input, in so many tasks.
    #[must_use]
    pub fn of_one(&self, way: Way, driver: DriverFactory, tasks: usize, work: Work) -> Strategy {
        Strategy { ways: vec![way], driver: Arc::new(driver), tasks, streamed: 0, kept: None, work }
    }

    /// The rows of a key come to one task, with and without a combiner before; without a key all rows do. Where they are together, nothing is shipped.
    #[must_use]
    pub fn by_key(&self, key: &[usize], grouping: &Grouping<'_>) -> Vec<Strategy> {
        let (tasks, rows) = (self.input_tasks(), self.inputs[0].rows);
        let is_hashed = grouping.of_row.lookups > 0.0;
        let begun = |groups: f64| Work { groups: if is_hashed { groups } else { 0.0 }, ..Work::default() };
        let values = self.output.counted_values;
        let whole = begun(self.output.rows + values);
        let of_row = grouping.of_row + Work::lookups(grouping.counts as f64);
        let work = |rows: f64, tasks: usize| (of_row * rows + whole).in_tables(grouping.kept_bytes, tasks);
        let sort = |rows: f64| if grouping.sorts_by.is_empty() { Work::default() } else { Work::sort(rows) };
        if self.properties[0].has_together(key) {
            let way = Way::sorted_by(Ship::Forward, grouping.sorts_by);
            return vec![self.of_one(
                way,
                (grouping.driver)(false),
                tasks,
                work(rows, tasks) + self.sort(0, grouping.sorts_by),
            )];
        }
        let (ship, to): (fn(&[usize]) -> Ship, usize) = match key {
            [] => (|_| Ship::Gather, 1),
            _ => (|key| Ship::Hash(key.to_vec()), self.tasks),
        };
        let combined = grouping.combiner.filter(|_| self.combines).map(|combiner| {
            // Each task has some rows of each group, or of each value that a group counts, as far as there are so many.
            let shipped = rows.min(self.output.rows.max(values) * tasks as f64);
            // A combiner has all groups, in a bounded part of the budget.
            let table_bytes = grouping.kept_bytes.min((self.memory_bytes / COMBINER_SHARE / tasks) as f64);
            let combining = Work { table_bytes, ..grouping.of_row * rows + begun(shipped) };
            let way = Way::through(combiner(), combining, ship(grouping.key_of_combined));
            let way = Way { key: Some(key.into()), shipped_rows: Some(shipped), ..way };
            self.of_one(way, (grouping.driver)(true), to, work(shipped, to) + sort(shipped))
        });
        // All rows in one task are many: what a combiner can do before, it does.
        let uncombined = (combined.is_none() || !key.is_empty())
            .then(|| self.of_one(Way::ship(ship(key)), (grouping.driver)(false), to, work(rows, to) + sort(rows)));
        combined.into_iter().chain(uncombined).collect()
    }

    /// The rows of a key come to the task that has the key's group: that of the hash of these leaves in this order, and no other. State is found there that outlives a
    /// job.
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
        self.of_one(Way::ship(ship), driver, tasks, work)
    }

    /// How the rows of a key of both inputs come to one task, and how many tasks there are: both are shipped, or what is not yet where the other's rows are.
    #[must_use]
    pub fn together(&self, keys: &[Vec<usize>; 2]) -> Vec<([Ship; 2], usize)> {
        if self.properties.iter().all(|properties| properties.tasks == 1) {
            return vec![([Ship::Forward, Ship::Forward], 1)];
        }
        if keys[0].is_empty() {
            return vec![([Ship::Gather, Ship::Gather], 1)];
        }
        // The part of the key that says where the rows of an input are, as places in the key.
        let part = |input: usize| {
            let properties = self.properties[input];
            let leaves = properties.hashed_by().filter(|_| properties.tasks == self.tasks)?;
            leaves.iter().map(|leaf| keys[input].iter().position(|key| key == leaf)).collect::<Option<Vec<usize>>>()
        };
        let parts = [part(0), part(1)];
        let ships = |part: &[usize]| {
            [0, 1].map(|input| match &parts[input] {
                Some(lies) if lies == part => Ship::Forward,
                _ => Ship::Hash(part.iter().map(|&place| keys[input][place]).collect()),
            })
        };
        let whole: Vec<usize> = (0..keys[0].len()).collect();
        let mut ways = vec![(ships(&whole), self.tasks)];
        for part in parts.iter().flatten() {
            let way = (ships(part), self.tasks);
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
        ways
    }

    /// The rows of an input are put in order in their tasks, as far as they are not yet: then they are looked at.
    #[must_use]
    pub fn sort(&self, input: usize, order: &[OrderKey]) -> Work {
        match self.inputs[input].rows {
            _ if order.is_empty() => Work::default(),
            rows if self.properties[input].is_sorted_by(order) => Work::rows(rows),
            rows => Work::sort(rows),
        }
    }

    /// The rows of a key of both inputs come to one task, where they are put in these orders.
    #[must_use]
    pub fn both_by_key(
        &self,
        keys: &[Vec<usize>; 2],
        orders: &[Vec<OrderKey>; 2],
        driver: &dyn Fn() -> DriverFactory,
    ) -> Vec<Strategy> {
        let strategy = |(ships, tasks): ([Ship; 2], usize)| {
            let mut work = Work::default();
            let mut ways = Vec::new();
            for (input, ship) in ships.into_iter().enumerate() {
                let (of_input, order) = (self.inputs[input], &orders[input]);
                let sort = if ship == Ship::Forward { self.sort(input, order) } else { Work::sort(of_input.rows) };
                work = work + (sort + Work::rows(of_input.rows)).keeping(of_input.bytes());
                ways.push(Way::sorted_by(ship, order));
            }
            Strategy { ways, driver: Arc::new(driver()), tasks, streamed: 0, kept: None, work }
        };
        self.together(keys).into_iter().map(strategy).collect()
    }
}
