//! Pairs of rows that the closure behind a join is called with.

use crate::page::Input;

/// The share of rows that a filter must hold back to be worth its cost.
const LEAST_ABSENT: f64 = 0.25;

/// How many inputs go by before a filter that was not worth it is tried again.
const UNFILTERED_INPUTS: u32 = 64;

/// Pairs of a probe row and a built row, some at a time.
#[derive(Default)]
pub struct Pairs {
    /// The table that was probed.
    pub(crate) table: u64,
    /// How many rows the probed batch had.
    pub(crate) batch_rows: usize,
    /// Of each row of the input the hash, or the slot of an index.
    pub(crate) hashes: Vec<u64>,
    /// The rows of the input that may have a partner, by position, and theirs.
    pub(crate) positions: Vec<u32>,
    pub(crate) present: Vec<u64>,
    /// Inputs for which the filter is not asked, as it held back too few rows of one before.
    unfiltered: u32,
    /// For each row of the input, the first built row with its key; 0 where there is none.
    pub(crate) heads: Vec<usize>,
    /// Probe rows that have more partners, and the next one of each.
    pub(crate) chains: Vec<(usize, usize)>,
    pub(crate) probed: Vec<usize>,
    pub(crate) built: Vec<usize>,
    pub(crate) of: Of,
    /// For the probed and the built side, whether the closure sees its record as an `Option`.
    pub(crate) optional: [bool; 2],
    /// Rows of the input that have no partner.
    alone: Vec<usize>,
}

/// What the pairs at hand are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Of {
    /// A row of each side.
    #[default]
    Both,
    /// A probed row without a partner.
    ProbedAlone,
    /// A built row that has had no partner.
    BuiltAlone,
}

impl Pairs {
    /// No pairs yet. A side that is `optional` (the probed one, the built one) is seen as an `Option` of its record, so that rows of the
    /// other side may come without a partner.
    #[must_use]
    pub fn new(optional: [bool; 2]) -> Self {
        Pairs { optional, ..Pairs::default() }
    }

    /// Sorts out the rows that have no partner for sure. A filter that holds back less than [`LEAST_ABSENT`] of an input is not asked
    /// about the next ones.
    pub(crate) fn keep_present(&mut self, is_present: Option<impl Fn(u64) -> bool>) {
        let rows = self.hashes.len();
        self.positions.clear();
        self.present.clear();
        let Some(is_present) = is_present.filter(|_| self.unfiltered == 0) else {
            self.unfiltered = self.unfiltered.saturating_sub(1);
            self.positions.extend(0..rows as u32);
            std::mem::swap(&mut self.present, &mut self.hashes);
            return;
        };
        self.positions.resize(rows, 0);
        self.present.resize(rows, 0);
        let mut kept = 0;
        // Each row is written to the next free place, which moves on only where the row is kept: no branch to guess.
        for (position, &hash) in self.hashes.iter().enumerate() {
            self.positions[kept] = position as u32;
            self.present[kept] = hash;
            kept += usize::from(is_present(hash));
        }
        self.positions.truncate(kept);
        self.present.truncate(kept);
        if kept as f64 > rows as f64 * (1.0 - LEAST_ABSENT) {
            self.unfiltered = UNFILTERED_INPUTS;
        }
    }

    /// Begins a list.
    pub(crate) fn list(&mut self, of: Of) {
        self.of = of;
        self.probed.clear();
        self.built.clear();
    }

    /// Remembers which rows of a probed input have no partner. To be called before pairs are listed, which uses them up.
    pub fn remember_alone(&mut self, input: &Input<'_>) {
        self.alone.clear();
        if self.batch_rows != input.batch().rows() {
            return; // another batch than the probed one
        }
        let rows = input.selection().rows().iter().zip(&self.heads);
        self.alone.extend(rows.filter(|&(_, &head)| head == 0).map(|(&row, _)| row as usize));
    }

    /// Lists the remembered rows.
    pub fn list_alone(&mut self) {
        self.list(Of::ProbedAlone);
        std::mem::swap(&mut self.probed, &mut self.alone);
        self.built.resize(self.probed.len(), 0);
    }

    /// Whether the row at a position of the input has a partner.
    #[must_use]
    pub fn matched(&self, position: usize) -> bool {
        self.heads.get(position).is_some_and(|&head| head != 0)
    }

    /// Forgets the partners of rows where one of these validity leaves is zero: a null equals nothing.
    pub fn forget(&mut self, input: &Input<'_>, validity: &[usize]) {
        if validity.is_empty() {
            return;
        }
        for (head, &row) in self.heads.iter_mut().zip(input.selection().rows()) {
            if validity.iter().any(|&leaf| input.batch().leaf_bits(leaf, row as usize) == 0) {
                *head = 0;
            }
        }
    }

    /// How many pairs are ready.
    #[must_use]
    pub fn len(&self) -> usize {
        self.probed.len()
    }

    /// Whether none is ready.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.probed.is_empty()
    }
}
