//! Sort orders of rows.

/// One leaf of a sort order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OrderKey {
    /// The leaf.
    pub leaf: usize,
    /// `true` if the largest values are first.
    pub descending: bool,
}

impl OrderKey {
    /// The ascending order by these leaves.
    pub fn ascending(leaves: &[usize]) -> impl Iterator<Item = OrderKey> {
        leaves.iter().map(|&leaf| OrderKey { leaf, descending: false })
    }
}
