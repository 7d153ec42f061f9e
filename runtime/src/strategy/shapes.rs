//! The shapes that most operators of one input have: where their rows are, or in the task of their key.

use std::sync::Arc;

use crate::strategy::{DriverFactory, Planning, Ship, Strategy, Way};

impl Planning<'_> {
    /// The rows of the only input stay in their tasks. `row_seconds` is what a row costs a core.
    #[must_use]
    pub fn forwarded(&self, driver: DriverFactory, row_seconds: f64) -> Strategy {
        self.of_one(Way::ship(Ship::Forward), driver, self.input_tasks[0], row_seconds)
    }

    /// The rows of a key come to one task; without a key all rows do. `combiner` runs before they are shipped, if they are and the rules let it:
    /// see [`Planning::is_combined`].
    #[must_use]
    pub fn by_key(
        &self,
        key: &[usize],
        combiner: Option<DriverFactory>,
        driver: DriverFactory,
        row_seconds: f64,
    ) -> Strategy {
        self.by_key_of_combined(key, (combiner, key), driver, row_seconds)
    }

    /// As [`Planning::by_key`], where the rows of the combiner have the key in other leaves.
    #[must_use]
    pub fn by_key_of_combined(
        &self,
        key: &[usize],
        (combiner, key_of_combined): (Option<DriverFactory>, &[usize]),
        driver: DriverFactory,
        row_seconds: f64,
    ) -> Strategy {
        let (ship, tasks) = self.ship_by(key);
        let before = combiner.filter(|_| self.is_combined(key)).map(Arc::new);
        let ship = match ship {
            Ship::Hash(_) if before.is_some() => Ship::Hash(key_of_combined.to_vec()),
            ship => ship,
        };
        self.of_one(Way { before, ship }, driver, tasks, row_seconds)
    }

    /// How the only input's rows of a key come to one task, and how many tasks there are.
    fn ship_by(&self, key: &[usize]) -> (Ship, usize) {
        match self.input_tasks[0] {
            1 => (Ship::Forward, 1),
            _ if key.is_empty() => (Ship::Gather, 1),
            tasks if tasks == self.tasks && self.hashed_by[0].as_deref() == Some(key) => (Ship::Forward, tasks),
            _ => (Ship::Hash(key.to_vec()), self.tasks),
        }
    }

    /// The rows of a key of both inputs come to one task. `seconds` is what all of them cost a core.
    #[must_use]
    pub fn both_by_key(&self, keys: &[Vec<usize>; 2], driver: DriverFactory, seconds: f64) -> Strategy {
        let is_alone = self.input_tasks.iter().all(|&tasks| tasks == 1);
        let tasks = if is_alone { 1 } else { self.tasks };
        let way = |key: &Vec<usize>| Way::ship(if is_alone { Ship::Forward } else { Ship::Hash(key.clone()) });
        let (ways, cost) = (keys.iter().map(way).collect(), seconds / tasks as f64);
        Strategy { ways, driver: Arc::new(driver), tasks, streamed: 0, kept: None, cost }
    }

    /// Whether a combiner runs before the only input's rows of a key come to one task: they are shipped for that, and the rules let it.
    #[must_use]
    pub fn is_combined(&self, key: &[usize]) -> bool {
        self.combines && self.ship_by(key).0 != Ship::Forward
    }

    /// A driver for the rows of the only input, in so many tasks.
    #[must_use]
    pub fn of_one(&self, way: Way, driver: DriverFactory, tasks: usize, row_seconds: f64) -> Strategy {
        let cost = self.inputs[0].rows * row_seconds / tasks as f64;
        Strategy { ways: vec![way], driver: Arc::new(driver), tasks, streamed: 0, kept: None, cost }
    }
}
