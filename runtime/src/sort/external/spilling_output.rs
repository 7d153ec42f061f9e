//! What a closure writes that cannot stop while it does.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::kernel::TaskContext;
use crate::page::RowWriter;
use crate::row::RowLayout;
use crate::spill::{Read, Spilled, SpilledReader, Spiller};
use crate::strategy::Progress;

/// A writer whose pages go to disk beyond some, and come from there when the closure is through.
pub struct SpillingOutput {
    writer: RowWriter,
    layout: Arc<RowLayout>,
    memory: crate::memory::Memory,
    spilled: Arc<Mutex<(Spiller, Spilled)>>,
    reader: Option<SpilledReader>,
}

impl SpillingOutput {
    /// For rows of `layout`.
    #[must_use]
    pub fn new(layout: Arc<RowLayout>, context: &TaskContext) -> Self {
        let spilled = Arc::new(Mutex::new((context.spiller(), Spilled::default())));
        let mut writer = RowWriter::new(layout.clone(), context.memory.clone());
        let to = spilled.clone();
        writer.overflow_to(move |page| {
            let (spiller, spilled) = &mut *to.lock().unwrap_or_else(PoisonError::into_inner);
            spiller.write_now(spilled, page);
        });
        SpillingOutput { writer, layout, memory: context.memory.clone(), spilled, reader: None }
    }

    /// Where the closure writes.
    #[must_use]
    pub fn writer(&mut self) -> &mut RowWriter {
        &mut self.writer
    }

    /// Gives the next page to `out`, when the closure is through; `Done` when nothing is left.
    ///
    /// # Errors
    /// What the disk said.
    pub fn give(&mut self, out: &mut RowWriter) -> Result<Progress> {
        if self.reader.is_none() {
            self.writer.seal();
            let mut sealed = self.writer.take_sealed();
            if let Some(page) = sealed.next() {
                let rest: Vec<_> = sealed.collect();
                out.push_sealed(page);
                rest.into_iter().for_each(|page| out.push_sealed(page));
            }
            let (spiller, spilled) = &mut *self.spilled.lock().unwrap_or_else(PoisonError::into_inner);
            spiller.check()?;
            self.reader = Some(spiller.read(std::mem::take(spilled), &self.layout, 1, &self.memory));
        }
        let Some(reader) = &mut self.reader else { return Ok(Progress::Done) };
        Ok(match reader.poll()? {
            Read::Page(page) => {
                out.push_sealed(page);
                Progress::OutputFull
            }
            Read::Pending => Progress::Pending,
            Read::End => {
                self.reader = None;
                Progress::Done
            }
        })
    }
}
