//! A page that is given to a callback window by window.

use super::Cursor;
use crate::page::Selection;

/// The windows of a page, one after the other. A window is open until [`PageWindows::close`]: so a callback may wait in it for any number of calls, also before it moves its cursor.
#[derive(Default)]
pub(crate) struct PageWindows {
    pub(crate) window: Selection,
    /// Of the callback that is given the window.
    pub(crate) cursor: Cursor,
    /// The first row after the window.
    next: usize,
    is_open: bool,
}

/// Which window is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    /// One with all its rows, which the caller may reduce.
    New,
    /// The one that was open before, as it was left.
    Again,
}

impl PageWindows {
    /// Opens the next window of a page with this number of rows, unless one is open. Returns `None` after the last row; the next call begins another page.
    pub(crate) fn open(&mut self, rows: usize) -> Option<Opened> {
        if self.is_open {
            return Some(Opened::Again);
        }
        if self.next >= rows {
            self.next = 0;
            return None;
        }
        self.next = self.window.fill(self.next..rows);
        (self.cursor, self.is_open) = (0, true);
        Some(Opened::New)
    }

    /// All rows of the window are done.
    pub(crate) fn close(&mut self) {
        self.is_open = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::WINDOW_ROWS;

    #[test]
    fn a_window_stays_open_until_it_is_closed() {
        let (mut windows, mut rows) = (PageWindows::default(), 0);
        for page_rows in [2 * WINDOW_ROWS + 5, 0, 3] {
            while let Some(opened) = windows.open(page_rows) {
                assert_eq!(opened, Opened::New);
                let (first, length) = (windows.window.rows()[0], windows.window.len());
                for cursor in [0, 1, 0] {
                    windows.cursor = cursor;
                    assert_eq!(windows.open(page_rows), Some(Opened::Again));
                    assert_eq!((windows.window.rows()[0], windows.window.len()), (first, length));
                }
                rows += length;
                windows.close();
            }
        }
        assert_eq!(rows, 2 * WINDOW_ROWS + 5 + 3);
    }
}
