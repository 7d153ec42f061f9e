//! The reference implementation of joins: nested loops over plain rows.

use crate::error::{Error, Result};
use crate::join::{JoinKernel, JoinTable, Pairs};
use crate::kernel::TaskContext;
use crate::memory::Memory;
use crate::page::{Batch, Input, RowWriter, Selection};
use crate::plan::{Operator, Table, unbounded_memory};
use crate::row::{Datum, LeafSet};

use super::{Join, JoinKind, validity};

/// Whether the keys of two plain rows are equal. A null equals nothing if its leaf is in
/// `nullable`.
pub(crate) fn equal_keys(rows: [&Vec<Datum>; 2], keys: &[Vec<usize>; 2], nullable: &[Vec<usize>; 2]) -> bool {
    let present = |side: usize| nullable[side].iter().all(|&leaf| rows[side][leaf].bits() != 0);
    present(0) && present(1) && keys[0].iter().zip(&keys[1]).all(|(&l, &r)| rows[0][l] == rows[1][r])
}

/// The join of two tables.
pub(super) fn join(join: &Join, inputs: &[Table]) -> Result<Table> {
    if join.kind == JoinKind::With && inputs[1].rows.len() != 1 {
        return Err(Error::NotOneRecord { found: inputs[1].rows.len() });
    }
    let memory = unbounded_memory();
    let kernel = join.kernel.open(&TaskContext::alone(memory.clone()))?;
    let mut output = Table::new(join.output.types());
    let mut calls = PartnerCalls { join, kernel, writer: output.writer(), memory };
    let nullable = validity(&join.inputs, &join.keys, join.nulls);
    let joins = |left: &Vec<Datum>, right: &Vec<Datum>| equal_keys([left, right], &join.keys, &nullable);
    for left in &inputs[0].rows {
        let partners = inputs[1].rows.iter().filter(|right| joins(left, right)).cloned().collect();
        calls.call_with(Some(left), partners, &mut output)?;
    }
    if join.kind.keeps(1) {
        for right in &inputs[1].rows {
            if !inputs[0].rows.iter().any(|left| joins(left, right)) {
                calls.call_with(None, vec![right.clone()], &mut output)?;
            }
        }
    }
    output.take(&mut calls.writer);
    Ok(output)
}

/// Calls the closure through tables of few rows.
struct PartnerCalls<'j> {
    join: &'j Join,
    kernel: Box<dyn JoinKernel>,
    writer: RowWriter,
    memory: Memory,
}

impl PartnerCalls<'_> {
    /// Calls the closure for a left row and its partners, or for partners without a left row.
    fn call_with(&mut self, left: Option<&Vec<Datum>>, partners: Vec<Vec<Datum>>, output: &mut Table) -> Result<()> {
        let Join { kind, inputs, keys, .. } = self.join;
        let types = inputs[1].types();
        let live = LeafSet::all(types.len());
        let mut table = JoinTable::new(types.clone(), &live, keys[1].clone(), &self.memory)?;
        let right = Table { types, rows: partners };
        right.windows(&self.join.reads(1, &live), |input| table.add(input))?;
        table.build()?;
        let mut pairs = Pairs::new([kind.may_miss(0), kind.may_miss(1)]);
        let Some(left) = left else {
            let nulls = Batch::of_nulls(&inputs[0].types());
            let mut from = (0, 0);
            while table.next_unmatched(&mut from, &mut pairs) {
                self.run(&table, &Input::new(&nulls, &Selection::default()), &pairs, output)?;
            }
            return Ok(());
        };
        let left = Table { types: inputs[0].types(), rows: vec![left.clone()] };
        left.windows(&self.join.reads(0, &live), |input| {
            let mut from = 0;
            table.probe(input, &keys[0], &mut pairs);
            pairs.note_unmatched(input);
            while table.next_pairs(input, &mut from, &mut pairs) || !pairs.is_empty() {
                self.run(&table, input, &pairs, output)?;
            }
            pairs.list_unmatched();
            if kind.keeps(0) { self.run(&table, input, &pairs, output) } else { Ok(()) }
        })
    }

    fn run(&mut self, table: &JoinTable, input: &Input<'_>, pairs: &Pairs, output: &mut Table) -> Result<()> {
        let mut from = 0;
        while from < pairs.len() {
            from = self.kernel.run(&table.row_pairs(input, pairs, false), from, &mut self.writer)?;
            output.take_sealed(&mut self.writer);
        }
        Ok(())
    }
}
