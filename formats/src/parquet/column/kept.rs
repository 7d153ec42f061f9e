//! Which rows filters keep.

/// The rows that filters keep, ascending.
#[derive(Default)]
pub(super) struct Kept {
    rows: Vec<u32>,
    of: usize,
    /// Another one whenever they have changed.
    number: u64,
}

impl Kept {
    /// All of the next rows.
    pub(super) fn begin(&mut self, rows: usize) {
        self.rows.clear();
        self.rows.extend(0..rows as u32);
        self.of = rows;
        self.number += 1;
    }

    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// How many rows there were.
    pub(super) fn of(&self) -> usize {
        self.of
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn are_all(&self) -> bool {
        self.rows.len() == self.of
    }

    /// Keeps the first ones, into whose place others have come.
    fn truncate(&mut self, rows: usize) {
        self.number += u64::from(rows < self.rows.len());
        self.rows.truncate(rows);
    }

    /// Keeps the rows whose codes stand for values that are kept.
    pub(super) fn retain(&mut self, codes: &[u32], answers: &[bool]) {
        let (mut kept, rows) = (0, &mut self.rows[..]);
        // Without a branch on the answer, which nobody can predict.
        for position in 0..rows.len() {
            let row = rows[position];
            rows[kept] = row;
            kept += usize::from(answers[codes[row as usize] as usize]);
        }
        self.truncate(kept);
    }

    /// Keeps the rows at these positions, which are ascending.
    pub(super) fn retain_positions(&mut self, positions: &[u32]) {
        for (kept, &position) in positions.iter().enumerate() {
            self.rows[kept] = self.rows[position as usize];
        }
        self.truncate(positions.len());
    }
}
