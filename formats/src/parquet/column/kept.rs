//! The rows that filters keep.

/// Indexes of the kept rows, ascending.
#[derive(Default)]
pub(super) struct Kept {
    rows: Vec<u32>,
    of: usize,
    /// Changes whenever the rows change.
    number: u64,
}

impl Kept {
    /// Begins the next `rows` rows. All are kept.
    pub(super) fn begin(&mut self, rows: usize) {
        self.rows.clear();
        self.rows.extend(0..rows as u32);
        self.of = rows;
        self.number += 1;
    }

    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Returns the number of rows before filtering.
    pub(super) fn of(&self) -> usize {
        self.of
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn are_all(&self) -> bool {
        self.rows.len() == self.of
    }

    /// Keeps the first `rows` entries, after the kept rows were moved there.
    fn truncate(&mut self, rows: usize) {
        self.number += u64::from(rows < self.rows.len());
        self.rows.truncate(rows);
    }

    /// Keeps the rows whose code has `true` in `answers`.
    pub(super) fn retain(&mut self, codes: &[u32], answers: &[bool]) {
        let (mut kept, rows) = (0, &mut self.rows[..]);
        // Without a branch, because the result is unpredictable.
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
