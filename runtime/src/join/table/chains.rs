//! Chains: lists the pairs of many probe rows with the built rows of their keys.
//!
//! Rows of one key are anywhere in memory, and each holds the place of the next. If pairs were
//! listed probe row by probe row, each pair would wait for a cache miss. So each row of a window
//! lists one pair and prefetches its next partner. The prefetch is mostly complete at the row's
//! next turn.
//!
//! # Cost
//! A table of 16 rows per key that is larger than the caches is listed in a seventh of the time. If
//! few keys have many of the rows, it takes a fifth. Rows sorted by key would be no faster in the
//! first case, and up to four times faster in the second. But sorting takes the time of one to
//! three listings, and the memory of the rows again.
//!
//! Source: Kocberber and others, *Asynchronous Memory Access Chaining*, 2015.

use crate::hash::prefetch_row;
use crate::join::table::pairs::PairKind;
use crate::join::table::{JoinTable, MATCHED, Pairs};
use crate::page::{Input, WINDOW_ROWS};

impl JoinTable {
    /// Lists the next pairs of a probed input, at most [`WINDOW_ROWS`]. Returns whether there are
    /// more. The pairs of one probe row have the order of its partners, but pairs of other rows are
    /// between them. `from` and `pairs` hold the position.
    pub fn next_pairs(&self, input: &Input<'_>, from: &mut usize, pairs: &mut Pairs) -> bool {
        pairs.list(PairKind::Both);
        if pairs.table != self.id || pairs.batch_rows != input.batch().rows() {
            return false; // pairs of another table, or of another batch
        }
        let rows = input.selection().rows();
        if pairs.chains.is_empty() {
            let begun = rows.iter().zip(&pairs.heads).skip(*from).take(WINDOW_ROWS);
            *from = rows.len().min(*from + WINDOW_ROWS);
            for (&row, &head) in begun.filter(|(_, head)| **head != 0) {
                pairs.probed.push(row as usize);
                pairs.built.push(head);
            }
            if self.is_chained() {
                pairs.chains.extend(pairs.probed.iter().copied().zip(pairs.built.iter().copied()));
                self.advance(&mut pairs.chains);
            }
        }
        while !pairs.chains.is_empty() && pairs.probed.len() + pairs.chains.len() <= WINDOW_ROWS {
            for &(row, place) in &pairs.chains {
                pairs.probed.push(row);
                pairs.built.push(place);
            }
            self.advance(&mut pairs.chains);
        }
        !pairs.chains.is_empty() || *from < rows.len()
    }

    /// Replaces each row with the next row of its key. Drops rows without a next one.
    fn advance(&self, chains: &mut Vec<(usize, usize)>) {
        let mut kept = 0;
        // Each row is written to the next free place, which advances only if there is a next row.
        // So there is no branch to mispredict.
        for at in 0..chains.len() {
            let (row, place) = chains[at];
            let next = (self.hidden(place) & !MATCHED) as usize;
            prefetch_row(self.in_place.start().wrapping_add(next), self.hidden_leaf);
            chains[kept] = (row, next);
            kept += usize::from(next != 0);
        }
        chains.truncate(kept);
    }

    /// Marks the built rows that a probed input found: they have a partner. Must be called before
    /// pairs are listed.
    pub fn mark(&mut self, pairs: &Pairs) {
        if pairs.table != self.id {
            return;
        }
        for &head in &pairs.heads {
            let mut place = head;
            while place != 0 {
                let hidden = self.hidden(place);
                if hidden & MATCHED != 0 {
                    break; // the rows after it are marked, too
                }
                self.set_hidden(place, hidden | MATCHED);
                place = hidden as usize;
            }
        }
    }
}
