//! Q19: the revenue of parts that are sold in certain ways.

use dataflow::prelude::*;

use super::{LineItem, Part, PartRef};

/// A brand in certain containers and sizes, sold in certain quantities.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The brand.
    pub brand: &'static str,
    /// The prefix of the containers' names.
    pub container: &'static str,
    /// The suffixes of the containers' names.
    pub endings: &'static [&'static str],
    /// The least and the greatest quantity.
    pub quantity: (i64, i64),
    /// The greatest size. The least is 1.
    pub size: i32,
}

impl Choice {
    fn takes(&self, quantity: Decimal<2>, part: PartRef<'_>) -> bool {
        let container = part.container.strip_prefix(self.container).and_then(|rest| rest.strip_prefix(' '));
        part.brand == self.brand
            && (1..=self.size).contains(&part.size)
            && quantity >= self.quantity.0
            && quantity <= self.quantity.1
            && container.is_some_and(|ending| self.endings.contains(&ending))
    }
}

/// The revenue of all lines that match one of the choices, shipped by air and delivered in person.
#[dataflow]
pub fn discounted_revenue(items: DataSet<LineItem>, parts: DataSet<Part>, choices: Vec<Choice>) -> DataSet<Decimal<4>> {
    items
        .filter(|l| l.shipinstruct == "DELIVER IN PERSON")
        .filter(|l| l.shipmode == "AIR" || l.shipmode == "AIR REG")
        .join(parts)
        .on(|l| l.partkey, |p| p.partkey)
        .filter(|l, p| choices.iter().any(|choice| choice.takes(l.quantity, p)))
        .map(|l, _| l.extendedprice * (1 - l.discount))
        .aggregate(|g| g.sum(|revenue| revenue))
}
