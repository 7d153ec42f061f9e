//! Standard output on a terminal whose last line shows progress. Other lines are printed above it.

use std::io::{Result as IoResult, Write, stdout};
use std::sync::{Arc, Mutex, PoisonError};

/// Hides the progress line, calls its argument, and shows the line again.
type WithoutLine = dyn Fn(&mut dyn FnMut()) + Send + Sync;

/// The progress line that was started last. A process has one terminal.
static KEPT: Mutex<Option<Arc<WithoutLine>>> = Mutex::new(None);

/// A progress line at the end of the terminal. It ends when this is dropped.
#[must_use = "the line is no longer kept when this is dropped"]
pub struct TerminalLine(Arc<WithoutLine>);

impl TerminalLine {
    /// Starts a progress line. `without` must hide it, call its argument, and show it again.
    pub fn keep(without: impl Fn(&mut dyn FnMut()) + Send + Sync + 'static) -> Self {
        let without: Arc<WithoutLine> = Arc::new(without);
        *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = Some(without.clone());
        TerminalLine(without)
    }
}

impl Drop for TerminalLine {
    fn drop(&mut self) {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        // Another job may have started its own line since.
        if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, &self.0)) {
            *kept = None;
        }
    }
}

/// Standard output.
pub(super) struct StandardOutput;

impl Write for StandardOutput {
    fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
        // Flushed while the line is hidden.
        without_line(|| {
            let mut out = stdout().lock();
            out.write_all(bytes).and_then(|()| out.flush()).map(|()| bytes.len())
        })
    }

    fn flush(&mut self) -> IoResult<()> {
        stdout().flush()
    }
}

fn without_line<T>(mut write: impl FnMut() -> IoResult<T>) -> IoResult<T> {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(without) = kept else { return write() };
    let mut written = None;
    without(&mut || written = Some(write()));
    // `without` must call its argument. If it did not, the bytes are written now.
    written.unwrap_or_else(write)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn lines_are_written_while_the_kept_one_is_away() {
        let (say, said) = channel();
        let saying = say.clone();
        let line = TerminalLine::keep(move |write| {
            saying.send("away").unwrap();
            write();
            saying.send("back").unwrap();
        });
        without_line(|| {
            say.send("written").unwrap();
            Ok(())
        })
        .unwrap();
        drop(line);
        without_line(|| {
            say.send("alone").unwrap();
            Ok(())
        })
        .unwrap();
        assert_eq!(said.try_iter().collect::<Vec<_>>(), ["away", "written", "back", "alone"]);
    }
}
