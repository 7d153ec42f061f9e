//! Small tables, filled one after the other, some of them without a look for whose group a row is.

/// As many groups for each row, in hundredths, are too many for a table to be worth its looks.
const USELESS_PERCENT: usize = 80;

/// Tables that are then filled without them before one is tried with again.
const APART_TABLES: u32 = 15;

/// Whether hardly any of so many rows met another of its group.
pub(crate) fn is_useless(groups: usize, rows: usize) -> bool {
    100 * groups > USELESS_PERCENT * rows
}

/// Decides for each table: where one has found hardly any group twice, the next ones have a group for each row.
#[derive(Debug, Default)]
pub(crate) struct AggregationBypass {
    tables: u32,
}

impl AggregationBypass {
    /// A table is full: so many groups of so many rows. Whether each row of the next one opens a group of its own.
    pub(crate) fn next(&mut self, groups: usize, rows: usize) -> bool {
        self.tables = match self.tables.checked_sub(1) {
            Some(tables) => tables,
            None if is_useless(groups, rows) => APART_TABLES,
            None => 0,
        };
        self.tables > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_finds_nothing_spares_the_next_ones_their_looks() {
        let mut bypass = AggregationBypass::default();
        assert!(!bypass.next(80, 100));
        let decisions: Vec<bool> = (0..2 * APART_TABLES + 2).map(|_| bypass.next(81, 100)).collect();
        let round = [vec![true; APART_TABLES as usize], vec![false]].concat();
        assert_eq!(decisions, [round.clone(), round].concat());
    }
}
