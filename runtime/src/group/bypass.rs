//! Small tables that are filled one after the other, some of them without lookups.

/// If a table has more groups than this per hundred rows, its lookups are not worth their cost.
const USELESS_PERCENT: usize = 80;

/// The number of tables that are then filled without lookups, before lookups are tried again.
const BYPASSED_TABLES: u32 = 15;

/// Returns `true` if almost no row shares its group with another row.
pub(crate) fn is_useless(groups: usize, rows: usize) -> bool {
    100 * groups > USELESS_PERCENT * rows
}

/// Decides for each table whether it is filled without lookups. If one table found almost no shared
/// groups, the next ones have a group for each row.
#[derive(Debug, Default)]
pub(crate) struct AggregationBypass {
    tables: u32,
}

impl AggregationBypass {
    /// Called when a table is full. Returns `true` if the next table is filled without lookups:
    /// each row then opens a group of its own.
    pub(crate) fn next(&mut self, groups: usize, rows: usize) -> bool {
        self.tables = match self.tables.checked_sub(1) {
            Some(tables) => tables,
            None if is_useless(groups, rows) => BYPASSED_TABLES,
            None => 0,
        };
        self.tables > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn useless_table_bypasses_the_next_ones() {
        let mut bypass = AggregationBypass::default();
        assert!(!bypass.next(80, 100));
        let decisions: Vec<bool> = (0..2 * BYPASSED_TABLES + 2).map(|_| bypass.next(81, 100)).collect();
        let round = [vec![true; BYPASSED_TABLES as usize], vec![false]].concat();
        assert_eq!(decisions, [round.clone(), round].concat());
    }
}
