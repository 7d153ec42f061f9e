//! In which order inner joins are made, as a value: what a plan says of it, and what can be decided.

use std::fmt;

use crate::value::json::Value;

/// An order is clearly better than another one if it carries at most this share of the other's bytes.
const CLEARLY_BETTER: f64 = 0.8;

/// An order of inner joins: a binary tree of relations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinOrder {
    /// The identity of an operator whose records come to the joins. Where the records of one operator come to several of the joins, the second time
    /// it is `identity@2`, and so on.
    Relation(String),
    /// What the left and the right order give, joined.
    Join(Box<[JoinOrder; 2]>),
}

impl JoinOrder {
    /// What two orders give, joined.
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

    /// As JSON: a relation is a text, a join a list of two.
    pub(crate) fn value(&self) -> Value {
        match self {
            JoinOrder::Relation(identity) => identity.as_str().into(),
            JoinOrder::Join(sides) => sides.iter().map(JoinOrder::value).collect(),
        }
    }

    /// Of [`JoinOrder::value`]. JSON that nests deeper than the engine's own is no value.
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

/// An order of joins, and what its joins are expected to carry.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderEstimate {
    /// The order.
    pub order: JoinOrder,
    /// The records that all joins but the uppermost one give. The uppermost one gives the same in each order.
    pub rows: f64,
    /// What these records take in tables and exchanges, in bytes.
    pub bytes: f64,
}

impl OrderEstimate {
    /// Whether the optimizer takes this order where `other` is written: estimates are not exact, so a small difference changes nothing.
    #[must_use]
    pub fn is_clearly_better_than(&self, other: &OrderEstimate) -> bool {
        self.bytes <= other.bytes * CLEARLY_BETTER
    }
}

/// A region: inner joins of at least three relations that may be made in any order.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinRegion {
    /// The identity of the region's uppermost join.
    pub join: String,
    /// The order in which the program has the joins.
    pub written: OrderEstimate,
    /// The order in which the plan has them.
    pub chosen: OrderEstimate,
    /// The order that carries least, as far as orders were looked at.
    pub best: OrderEstimate,
}

impl JoinRegion {
    /// Whether the plan has the joins in another order than the program.
    #[must_use]
    pub fn is_reordered(&self) -> bool {
        self.written.order != self.chosen.order
    }
}
