//! A fact table and its dimension for groups and joins, and the expected answers.

use std::path::Path;

use dataflow::prelude::*;

use super::random::random;
use super::{parquet_of_binary, write_binary, write_once};
use crate::error::Result;

const ID_SEED: u64 = 0x5EED_0003;
const AMOUNT_SEED: u64 = 0x5EED_0004;
const WEIGHT_SEED: u64 = 0x5EED_0005;

/// Bits of amounts and weights. They are small, so that no sum overflows.
const MEASURE_BITS: u32 = 10;

/// A prime greater than any number of ids, so that its multiples visit each id once.
const STRIDE: u64 = 2_654_435_761;

/// A row of the fact table.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fact {
    /// Uniform over the ids of the dimension.
    pub(crate) id: i64,
    /// A small number.
    pub(crate) amount: i64,
}

/// A row of the dimension. Each id occurs once, in shuffled order.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dimension {
    /// From 0.
    pub(crate) id: i64,
    /// A small number.
    pub(crate) weight: i64,
}

/// The fact at index `number`.
#[inline]
pub(crate) fn fact(number: u64, ids: u64) -> Fact {
    // The upper half of the product of a uniform 64-bit number and the number of ids.
    let id = (u128::from(random(ID_SEED, number)) * u128::from(ids)) >> 64;
    Fact { id: id as i64, amount: measure(AMOUNT_SEED, number) }
}

/// The dimension row at index `number`.
#[inline]
pub(crate) fn dimension(number: u64, ids: u64) -> Dimension {
    let id = (u128::from(number) * u128::from(STRIDE) % u128::from(ids)) as u64;
    Dimension { id: id.cast_signed(), weight: measure(WEIGHT_SEED, id) }
}

fn measure(seed: u64, number: u64) -> i64 {
    (random(seed, number) >> (64 - MEASURE_BITS)).cast_signed()
}

/// Generates `facts.bin`, `dimension.bin` and their Parquet files in a folder.
///
/// # Errors
/// Fails if one cannot be written.
pub(crate) fn ensure(folder: &Path, rows: u64, ids: u64) -> Result<()> {
    let (facts, dimensions) = (folder.join("facts.bin"), folder.join("dimension.bin"));
    write_once(&facts, |partial| {
        write_binary(partial, (0..rows).map(|number| fact(number, ids)).map(|fact| [fact.id, fact.amount]))
    })?;
    write_once(&dimensions, |partial| {
        write_binary(partial, (0..ids).map(|number| dimension(number, ids)).map(|row| [row.id, row.weight]))
    })?;
    parquet_of_binary::<Fact>(&folder.join("facts.parquet"), &facts)?;
    parquet_of_binary::<Dimension>(&folder.join("dimension.parquet"), &dimensions)
}

/// The expected answer of grouping facts by id: groups, sum of squared counts, sum of amounts, sum
/// of ids times their amounts.
pub(crate) fn expected_group(rows: u64, ids: u64) -> String {
    let mut groups = vec![(0_u64, 0_i64); ids as usize];
    for number in 0..rows {
        let Fact { id, amount } = fact(number, ids);
        let group = &mut groups[id as usize];
        *group = (group.0 + 1, group.1 + amount);
    }
    let present = groups.iter().filter(|(count, _)| *count > 0).count();
    let squares: u64 = groups.iter().map(|(count, _)| count * count).sum();
    let total: i64 = groups.iter().map(|(_, total)| total).sum();
    let by_id: i64 = groups.iter().zip(0..).map(|((_, total), id)| id * total).sum();
    format!("{present}\t{squares}\t{total}\t{by_id}")
}

/// The expected answer of joining facts and dimension: pairs, sum of amount times weight.
pub(crate) fn expected_join(rows: u64, ids: u64) -> String {
    let product = |fact: Fact| fact.amount * measure(WEIGHT_SEED, fact.id.cast_unsigned());
    let total: i64 = (0..rows).map(|number| product(fact(number, ids))).sum();
    format!("{rows}\t{total}")
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    #[test]
    fn each_id_occurs_once_in_the_dimension() {
        for ids in [1, 7, 1_000] {
            let seen: HashSet<i64> = (0..ids).map(|number| dimension(number, ids).id).collect();
            assert_eq!(seen, (0..ids.cast_signed()).collect());
        }
    }

    #[test]
    fn expected_answers_equal_plain_loops() {
        let (rows, ids) = (5_000, 700);
        let facts: Vec<Fact> = (0..rows).map(|number| fact(number, ids)).collect();
        let weights: HashMap<i64, i64> =
            (0..ids).map(|number| dimension(number, ids)).map(|row| (row.id, row.weight)).collect();
        let total: i64 = facts.iter().map(|fact| fact.amount * weights[&fact.id]).sum();
        assert_eq!(expected_join(rows, ids), format!("{rows}\t{total}"));
        let by_id: i64 = facts.iter().map(|fact| fact.id * fact.amount).sum();
        assert!(expected_group(rows, ids).ends_with(&format!("\t{by_id}")));
    }
}
