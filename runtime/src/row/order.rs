//! What rows are in order by.

/// One leaf of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OrderKey {
    /// The leaf.
    pub leaf: usize,
    /// Largest first.
    pub descending: bool,
}

impl OrderKey {
    /// The order by these leaves, the least values first.
    pub fn ascending(leaves: &[usize]) -> impl Iterator<Item = OrderKey> {
        leaves.iter().map(|&leaf| OrderKey { leaf, descending: false })
    }
}
