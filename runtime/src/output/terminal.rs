//! Standard output on a terminal whose last line shows progress. Other lines are printed above it.

use std::io::{Result as IoResult, Write, stdout};
use std::sync::{Arc, Mutex, PoisonError};

/// Hides the progress line, calls its argument, and shows the line again.
type HideWhile = dyn Fn(&mut dyn FnMut()) + Send + Sync;

/// The progress line that was started last. A process has one terminal.
static CURRENT_LINE: Mutex<Option<Arc<HideWhile>>> = Mutex::new(None);

/// A progress line at the end of the terminal. It ends when this is dropped.
#[must_use = "the line is no longer kept when this is dropped"]
pub struct TerminalLine(Arc<HideWhile>);

impl TerminalLine {
    /// Starts a progress line. `without` must hide it, call its argument, and show it again.
    pub fn keep(without: impl Fn(&mut dyn FnMut()) + Send + Sync + 'static) -> Self {
        let without: Arc<HideWhile> = Arc::new(without);
        *CURRENT_LINE.lock().unwrap_or_else(PoisonError::into_inner) = Some(without.clone());
        TerminalLine(without)
    }
}

impl Drop for TerminalLine {
    fn drop(&mut self) {
        let mut current = CURRENT_LINE.lock().unwrap_or_else(PoisonError::into_inner);
        // Another job may have started its own line since.
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, &self.0)) {
            *current = None;
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
    let current = CURRENT_LINE.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(without) = current else { return write() };
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
    fn lines_are_written_while_the_progress_line_is_hidden() {
        let (send_event, events) = channel();
        let line_events = send_event.clone();
        let line = TerminalLine::keep(move |write| {
            line_events.send("away").unwrap();
            write();
            line_events.send("back").unwrap();
        });
        without_line(|| {
            send_event.send("written").unwrap();
            Ok(())
        })
        .unwrap();
        drop(line);
        without_line(|| {
            send_event.send("alone").unwrap();
            Ok(())
        })
        .unwrap();
        assert_eq!(events.try_iter().collect::<Vec<_>>(), ["away", "written", "back", "alone"]);
    }
}
