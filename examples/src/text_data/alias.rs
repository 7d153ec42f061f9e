//! Draws ranks from a Zipf distribution in constant time, with Vose's alias method.

use crate::random::{Random, scale};

/// `slots[i]` returns `i` with probability `keep / 2^32`, and `alias` otherwise.
#[derive(Debug)]
pub(super) struct AliasTable {
    slots: Vec<Slot>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    keep: u32,
    alias: u32,
}

/// A chosen slot and a random number for it. Separate from [`AliasTable::resolve`], so that many
/// slots can be loaded from memory at the same time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw {
    slot: u32,
    coin: u32,
}

impl AliasTable {
    /// Creates a table in which rank r (from 0) has a probability proportional to 1/(r + 1).
    /// `ranks` is at most 2^24.
    pub(super) fn zipf(ranks: usize) -> Self {
        let harmonic: f64 = (1..=ranks).map(|rank| 1.0 / rank as f64).sum();
        // Each rank's probability times the number of slots: 1 fills a slot exactly.
        let mut weights: Vec<f64> = (1..=ranks).map(|rank| ranks as f64 / (rank as f64 * harmonic)).collect();
        let mut slots: Vec<Slot> = (0..ranks as u32).map(|rank| Slot { keep: u32::MAX, alias: rank }).collect();
        let (mut small, mut large): (Vec<u32>, Vec<u32>) =
            (0..ranks as u32).partition(|&rank| weights[rank as usize] < 1.0);
        while let (Some(&low), Some(&high)) = (small.last(), large.last()) {
            small.pop();
            slots[low as usize] = Slot { keep: (weights[low as usize] * f64::from(u32::MAX)) as u32, alias: high };
            weights[high as usize] -= 1.0 - weights[low as usize];
            if weights[high as usize] < 1.0 {
                large.pop();
                small.push(high);
            }
        }
        // Slots that remain because of rounding always return their own rank.
        Self { slots }
    }

    #[inline]
    pub(super) fn draw(&self, random: &mut Random) -> Draw {
        let bits = random.next();
        Draw { slot: scale((bits >> 32) as u32, self.slots.len() as u32), coin: bits as u32 }
    }

    #[inline]
    pub(super) fn resolve(&self, draw: Draw) -> u32 {
        let slot = self.slots[draw.slot as usize];
        if draw.coin < slot.keep { draw.slot } else { slot.alias }
    }
}
