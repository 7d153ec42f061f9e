//! Orders of inner joins as a value: those that a plan has, and those that a decision sets.

use std::fmt;

use crate::value::json::Value;

/// An order is clearly better than another one if it passes at most this share of the other's
/// bytes.
const CLEARLY_BETTER: f64 = 0.8;

/// An order of inner joins: a binary tree of relations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinOrder {
    /// The identity of an operator that the joins read. If several joins read the same operator,
    /// its second occurrence is `identity@2`, and so on.
    Relation(String),
    /// The join of the left and the right order.
    Join(Box<[JoinOrder; 2]>),
}

impl JoinOrder {
    /// The join of two orders.
    #[must_use]
    pub fn join(left: JoinOrder, right: JoinOrder) -> Self {
        JoinOrder::Join(Box::new([left, right]))
    }

    /// `(orders ⋈ customer) ⋈ nation`, with the relations' names.
    pub(crate) fn text(&self, name: &impl Fn(&str) -> String) -> String {
        let side = |side: &JoinOrder| match side {
            JoinOrder::Relation(_) => side.text(name),
            JoinOrder::Join(_) => format!("({})", side.text(name)),
        };
        match self {
            JoinOrder::Relation(identity) => name(identity),
            JoinOrder::Join(sides) => format!("{} ⋈ {}", side(&sides[0]), side(&sides[1])),
        }
    }

    /// The order as JSON: a relation is a text, and a join a list of two.
    pub(crate) fn value(&self) -> Value {
        match self {
            JoinOrder::Relation(identity) => identity.as_str().into(),
            JoinOrder::Join(sides) => sides.iter().map(JoinOrder::value).collect(),
        }
    }

    /// Reads the value of [`JoinOrder::value`]. `None` if it is no order.
    pub(crate) fn of_value(value: &Value) -> Option<Self> {
        if let Some(identity) = value.as_str() {
            return Some(JoinOrder::Relation(identity.to_owned()));
        }
        let sides: [JoinOrder; 2] = value.all(Self::of_value)?.try_into().ok()?;
        Some(JoinOrder::Join(Box::new(sides)))
    }
}

impl fmt::Display for JoinOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(&str::to_owned))
    }
}

/// An order of joins, with the estimated size of its intermediate results.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderEstimate {
    /// The order.
    pub order: JoinOrder,
    /// The records that all joins except the uppermost one emit. The uppermost join emits the same
    /// records in each order.
    pub rows: f64,
    /// The bytes of these records in tables and exchanges.
    pub bytes: f64,
}

impl OrderEstimate {
    /// Returns `true` if the optimizer prefers this order to `other`, the order as written.
    /// Estimates are not exact, so small differences do not count.
    #[must_use]
    pub fn is_clearly_better_than(&self, other: &OrderEstimate) -> bool {
        self.bytes <= other.bytes * CLEARLY_BETTER
    }
}

/// A region: inner joins of at least three relations that may run in any order.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinRegion {
    /// The identity of the region's uppermost join.
    pub join: String,
    /// The order of the joins in the program.
    pub written: OrderEstimate,
    /// The order of the joins in the plan.
    pub chosen: OrderEstimate,
    /// The best order that was found.
    pub best: OrderEstimate,
}

impl JoinRegion {
    /// Returns `true` if the plan has another order than the program.
    #[must_use]
    pub fn is_reordered(&self) -> bool {
        self.written.order != self.chosen.order
    }
}
