//! Encoders that write row by row and hold nothing but their output.

use runtime::error::Result;
use runtime::memory::{Memory, Reservation};
use runtime::page::Input;
use runtime::source::Encoder;

/// Creates an encoder that writes `head` and then rows, with the closure `write`.
///
/// # Errors
/// Fails if memory is refused.
pub(super) fn row_encoder<W>(memory: &Memory, head: Vec<u8>, write: W) -> Result<Box<dyn Encoder>>
where
    W: FnMut(&Input<'_>, &mut Vec<u8>) -> Result<()> + Send + 'static,
{
    Ok(Box::new(RowEncoder { write, output: head, reserved: memory.reserve(0)? }))
}

struct RowEncoder<W> {
    write: W,
    output: Vec<u8>,
    reserved: Reservation,
}

impl<W: FnMut(&Input<'_>, &mut Vec<u8>) -> Result<()> + Send> Encoder for RowEncoder<W> {
    fn encode(&mut self, input: &Input<'_>) -> Result<()> {
        (self.write)(input, &mut self.output)?;
        self.settle()
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
