//! The rows that filters keep.

/// Indexes of the kept rows, ascending.
#[derive(Default)]
pub(super) struct KeptRows {
    rows: Vec<u32>,
    total: usize,
    /// Changes whenever the rows change.
    version: u64,
}

impl KeptRows {
    /// Begins the next `rows` rows. All are kept.
    pub(super) fn begin(&mut self, rows: usize) {
        self.rows.clear();
        self.rows.extend(0..rows as u32);
        self.total = rows;
        self.version += 1;
    }

    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Returns the number of rows before filtering.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn are_all(&self) -> bool {
        self.rows.len() == self.total
    }

    /// Keeps the first `rows` entries, after the kept rows were moved there.
    fn truncate(&mut self, rows: usize) {
        self.version += u64::from(rows < self.rows.len());
        self.rows.truncate(rows);
    }

    /// Keeps the rows whose code has `true` in `value_results`.
    pub(super) fn retain(&mut self, codes: &[u32], value_results: &[bool]) {
        let (mut kept, rows) = (0, &mut self.rows[..]);
        // Without a branch, because the result is unpredictable.
        for position in 0..rows.len() {
            let row = rows[position];
            rows[kept] = row;
            kept += usize::from(value_results[codes[row as usize] as usize]);
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
