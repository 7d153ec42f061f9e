//! Pairs of rows with which the closure of a join is called.

use crate::page::Input;

/// The least share of rows that a filter must reject to be worth its cost.
const MIN_ABSENT_SHARE: f64 = 0.25;

/// The number of inputs after which a filter that rejected too few rows is tried again.
const UNFILTERED_INPUTS: u32 = 64;

/// Pairs of a probe row and a built row, listed window by window.
#[derive(Default)]
pub struct Pairs {
    /// The table that was probed.
    pub(crate) table: u64,
    /// The number of rows of the probed batch.
    pub(crate) batch_rows: usize,
    /// For each row of the input, its hash, or its slot in a dense index.
    pub(crate) hashes: Vec<u64>,
    /// The positions of the input's rows that may have a partner. `present` has their hashes or
    /// slots.
    pub(crate) positions: Vec<u32>,
    pub(crate) present: Vec<u64>,
    /// The number of inputs for which the filter is still skipped, because it rejected too few
    /// rows.
    unfiltered: u32,
    /// For each row of the input, the first built row with its key. 0 if there is none.
    pub(crate) heads: Vec<usize>,
    /// Probe rows that have more partners, with the next partner of each.
    pub(crate) chains: Vec<(usize, usize)>,
    pub(crate) probed: Vec<usize>,
    pub(crate) built: Vec<usize>,
    pub(crate) kind: PairKind,
    /// For the probed and the built side, whether the closure receives its record as an `Option`.
    pub(crate) optional: [bool; 2],
    /// Rows of the input that have no partner.
    unmatched: Vec<usize>,
}

/// The kind of the listed pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PairKind {
    /// A row of each side.
    #[default]
    Both,
    /// A probed row without a partner.
    UnmatchedProbe,
    /// A built row that has had no partner.
    UnmatchedBuild,
}

impl Pairs {
    /// No pairs. `optional` is whether the closure receives the probed and the built record as an
    /// `Option`. Rows of the other side may then have no partner.
    #[must_use]
    pub fn new(optional: [bool; 2]) -> Self {
        Pairs { optional, ..Pairs::default() }
    }

    /// Drops the rows that certainly have no partner. A filter that rejects less than
    /// [`MIN_ABSENT_SHARE`] of an input is skipped for the next inputs.
    pub(crate) fn drop_absent(&mut self, is_present: Option<impl Fn(u64) -> bool>) {
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
        // Each row is written to the next free place, which advances only if the row is kept. So
        // there is no branch to mispredict.
        for (position, &hash) in self.hashes.iter().enumerate() {
            self.positions[kept] = position as u32;
            self.present[kept] = hash;
            kept += usize::from(is_present(hash));
        }
        self.positions.truncate(kept);
        self.present.truncate(kept);
        if kept as f64 > rows as f64 * (1.0 - MIN_ABSENT_SHARE) {
            self.unfiltered = UNFILTERED_INPUTS;
        }
    }

    /// Starts an empty list of this kind.
    pub(crate) fn list(&mut self, kind: PairKind) {
        self.kind = kind;
        self.probed.clear();
        self.built.clear();
    }

    /// Notes the rows of a probed input that have no partner. Must be called before pairs are
    /// listed, which consumes the heads.
    pub fn note_unmatched(&mut self, input: &Input<'_>) {
        self.unmatched.clear();
        if self.batch_rows != input.batch().rows() {
            return; // another batch than the probed one
        }
        let rows = input.selection().rows().iter().zip(&self.heads);
        self.unmatched.extend(rows.filter(|&(_, &head)| head == 0).map(|(&row, _)| row as usize));
    }

    /// Lists the noted rows.
    pub fn list_unmatched(&mut self) {
        self.list(PairKind::UnmatchedProbe);
        std::mem::swap(&mut self.probed, &mut self.unmatched);
        self.built.resize(self.probed.len(), 0);
    }

    /// Returns `true` if the row at a position of the input has a partner.
    #[must_use]
    pub fn matched(&self, position: usize) -> bool {
        self.heads.get(position).is_some_and(|&head| head != 0)
    }

    /// Removes the partners of rows in which one of these validity leaves is zero: null equals
    /// nothing.
    pub fn remove_null_keys(&mut self, input: &Input<'_>, validity: &[usize]) {
        if validity.is_empty() {
            return;
        }
        for (head, &row) in self.heads.iter_mut().zip(input.selection().rows()) {
            if validity.iter().any(|&leaf| input.batch().leaf_bits(leaf, row as usize) == 0) {
                *head = 0;
            }
        }
    }

    /// The number of listed pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.probed.len()
    }

    /// Returns `true` if no pair is listed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.probed.is_empty()
    }
}
