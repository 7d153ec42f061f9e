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
        let (ship, tasks) = match self.input_tasks[0] {
            1 => (Ship::Forward, 1),
            tasks if tasks == self.tasks && self.hashed_by[0].as_deref() == Some(key) => (Ship::Forward, tasks),
            _ if key.is_empty() => (Ship::Gather, 1),
            _ => (Ship::Hash(key.to_vec()), self.tasks),
        };
        let before = combiner.filter(|_| self.is_combined() && ship != Ship::Forward).map(Arc::new);
        self.of_one(Way { before, ship }, driver, tasks, row_seconds)
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

    /// Whether a combiner runs before rows are shipped by a key.
    #[must_use]
    pub fn is_combined(&self) -> bool {
        self.combines && self.input_tasks[0] > 1
    }

    /// A driver for the rows of the only input, in so many tasks.
    #[must_use]
    pub fn of_one(&self, way: Way, driver: DriverFactory, tasks: usize, row_seconds: f64) -> Strategy {
        let cost = self.inputs[0].rows * row_seconds / tasks as f64;
        Strategy { ways: vec![way], driver: Arc::new(driver), tasks, streamed: 0, kept: None, cost }
    }
}
