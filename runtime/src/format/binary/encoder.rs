//! Binary files, written.

use std::sync::Arc;

use super::packed::Packed;
use crate::error::{Error, Result};
use crate::format::concatenated::concatenated;
use crate::memory::{Memory, Reservation};
use crate::output::Appending;
use crate::page::{Input, LeafReader, Plain, RowIds, Strided};
use crate::row::{LeafType, Physical, Schema};
use crate::source::{Encoder, Format, Parts};

/// Plain values, record after record.
#[derive(Clone, Copy, Debug, Default)]
pub struct BinaryFormat;

impl Format for BinaryFormat {
    fn name(&self) -> &'static str {
        "binary"
    }

    fn extension(&self) -> String {
        "bin".to_owned()
    }

    fn appending(&self) -> Appending {
        Appending::Values
    }

    fn parts(&self, schema: &Schema) -> Result<Option<Arc<dyn Parts>>> {
        Ok(Some(concatenated(*self, schema)))
    }

    fn encoder(&self, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>> {
        let packed = Packed::new(schema).map_err(|reason| Error::Plan(format!("cannot write binary: {reason}")))?;
        let (types, output) = (schema.types(), Vec::new());
        Ok(Box::new(BinaryEncoder { types, packed, output, reserved: memory.reserve(0)? }))
    }
}

struct BinaryEncoder {
    types: Vec<LeafType>,
    packed: Packed,
    output: Vec<u8>,
    reserved: Reservation,
}

impl Encoder for BinaryEncoder {
    fn encode(&mut self, input: &Input<'_>) -> Result<()> {
        let (types, Packed { offsets, width }) = (&self.types, &self.packed);
        let begin = self.output.len();
        self.output.resize(begin + input.len() * width, 0);
        let out = &mut self.output[begin..];
        input.visit(|mut leaves, rows| {
            for (ty, &offset) in types.iter().zip(offsets) {
                put_leaf(*ty, &mut leaves, rows, out.get_mut(offset..).unwrap_or_default(), *width);
            }
        });
        self.reserved.resize(self.output.capacity())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        self.reserved.resize(self.output.capacity())
    }

    fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    fn reserved(&mut self) -> &mut Reservation {
        &mut self.reserved
    }
}

/// Writes the next leaf of some rows, one every `stride` bytes.
fn put_leaf<'b>(ty: LeafType, leaves: &mut LeafReader<'b>, rows: RowIds<'b>, out: &mut [u8], stride: usize) {
    match ty.physical() {
        Physical::W1 => put(leaves.plain(), rows, out, stride, u8::to_le_bytes),
        Physical::W2 => put(leaves.plain(), rows, out, stride, u16::to_le_bytes),
        Physical::W4 => put(leaves.plain(), rows, out, stride, u32::to_le_bytes),
        Physical::W8 => put(leaves.plain(), rows, out, stride, u64::to_le_bytes),
        Physical::W16 => put(leaves.plain(), rows, out, stride, u128::to_le_bytes),
        Physical::Slot => leaves.skip(1),
    }
}

fn put<'b, P: Plain, const WIDTH: usize>(
    leaf: Strided<'b, P>,
    rows: RowIds<'b>,
    out: &mut [u8],
    stride: usize,
    bytes_of: impl Fn(P) -> [u8; WIDTH],
) {
    for (place, row) in out.chunks_mut(stride).zip(rows.iter()) {
        place[..WIDTH].copy_from_slice(&bytes_of(leaf.read(row)));
    }
}
