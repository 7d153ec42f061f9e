//! Methods by which `#[dataflow]` describes the next operator of a flow.

use std::any::Any;
use std::panic::Location;

use runtime::row::Schema;
use runtime::source::{Bound, Comparison};

use super::step::{NextStep, Step};
use super::{AnyMode, Flow, Handle};
use crate::record::{Record, bound_value};

impl<T: Record, M: AnyMode> Flow<T, M> {
    /// Describes the next operator. Only `#[dataflow]` calls this. Without it, an operator has its
    /// own name, and all fields count as read.
    #[track_caller]
    pub fn step(&self, step: &'static Step) -> Self {
        self.handle.step(step, Location::caller()).typed()
    }

    /// Adds a bound to the next filter: in every record that it keeps, the field compares with
    /// `value` in this way. A source may use the bound to skip data by its statistics. A value of
    /// another type than the field's is ignored.
    pub fn bounded(&self, path: &'static str, comparison: Comparison, value: &dyn Any) -> Self {
        self.handle.bounded(&T::schema(), path, comparison, value).typed()
    }
}

impl Handle {
    #[inline(never)]
    fn step(&self, step: &'static Step, location: &'static Location<'static>) -> Handle {
        let evaluates_filters = self.next.evaluates_filters;
        let next = NextStep { step: Some(step), location: Some(location), evaluates_filters, ..NextStep::default() };
        self.with_next(next)
    }

    /// Sets whether the closure of the next operator evaluates a filter that could not be moved
    /// here.
    pub(super) fn with_evaluated_filters(&self, evaluates_filters: bool) -> Handle {
        self.with_next(NextStep { evaluates_filters, ..NextStep::default() })
    }

    #[inline(never)]
    fn bounded(&self, schema: &Schema, path: &str, comparison: Comparison, value: &dyn Any) -> Handle {
        let mut handle = self.clone();
        let leaf = schema.leaves_at(path).and_then(|leaves| leaves.iter().last());
        if let Some(leaf) = leaf
            && let Some(value) = bound_value(schema.leaves()[leaf].ty, value)
        {
            handle.next.bounds.push(Bound { leaf, comparison, value });
        }
        handle
    }
}
