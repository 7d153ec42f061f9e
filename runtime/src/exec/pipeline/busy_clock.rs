//! Measures the working time of operators.

use std::time::{Duration, Instant};

use crate::exec::inline::OperatorScope;

/// Adds the time of each turn to an operator. One reading of the clock ends a turn and starts the
/// next.
pub(super) struct BusyClock {
    turn_started: Instant,
    /// The operator of the current turn.
    operator: Option<usize>,
}

impl BusyClock {
    pub(super) fn new() -> Self {
        BusyClock { turn_started: Instant::now(), operator: None }
    }

    /// Starts the first turn of a poll.
    pub(super) fn start(&mut self) {
        self.turn_started = Instant::now();
    }

    /// Sets the operator of the current turn. Without one, the time is not counted.
    pub(super) fn count_for(&mut self, operator: usize) {
        self.operator = Some(operator);
    }

    /// Ends the turn, and starts the next one.
    pub(super) fn end_turn(&mut self, scope: &OperatorScope) {
        let now = Instant::now();
        if let Some(operator) = self.operator.take() {
            let nanos = now.duration_since(self.turn_started).as_nanos() as u64;
            scope.metrics(operator).busy_nanos.add(nanos);
        }
        self.turn_started = now;
    }

    /// The time from an instant to the end of the last turn.
    pub(super) fn since(&self, instant: Instant) -> Duration {
        self.turn_started.duration_since(instant)
    }
}
