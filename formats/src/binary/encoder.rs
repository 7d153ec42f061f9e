//! Writes binary files.

use std::sync::Arc;

use super::packed::Packed;
use crate::concatenated::concatenated;
use crate::row_encoder::row_encoder;
use runtime::error::{Error, Result};
use runtime::memory::Memory;
use runtime::output::Appending;
use runtime::page::{LeafReader, Plain, RowIds, Strided};
use runtime::row::{LeafType, Physical, Schema};
use runtime::source::{Encoder, Format, Parts};

/// Writes plain values, record after record.
#[derive(Clone, Copy, Debug, Default)]
pub struct BinaryFormat;

impl Format for BinaryFormat {
    fn name(&self) -> &'static str {
        "binary"
    }

    fn extension(&self) -> String {
        "bin".to_owned()
    }

    fn appending(&self, _schema: &Schema) -> Appending {
        Appending::Values
    }

    fn parts(&self, schema: &Schema) -> Result<Option<Arc<dyn Parts>>> {
        Ok(Some(concatenated(*self, schema)))
    }

    fn encoder(&self, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>> {
        let packed = Packed::new(schema).map_err(|reason| Error::Plan(format!("cannot write binary: {reason}")))?;
        let (types, Packed { offsets, width }) = (schema.types(), packed);
        row_encoder(memory, Vec::new(), move |input, output| {
            let begin = output.len();
            output.resize(begin + input.len() * width, 0);
            let out = &mut output[begin..];
            input.visit(|mut leaves, rows| {
                for (ty, &offset) in types.iter().zip(&offsets) {
                    put_leaf(*ty, &mut leaves, rows, out.get_mut(offset..).unwrap_or_default(), width);
                }
            });
            Ok(())
        })
    }
}

/// Writes the next leaf of `rows`, one value every `stride` bytes.
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
