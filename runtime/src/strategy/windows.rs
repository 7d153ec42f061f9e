//! The windows of a page.

use super::Cursor;
use crate::page::Selection;

/// The windows of a page, one after the other. A window is open until [`PageWindows::close`]. A
/// callback may therefore return and be called again in it, also before it moves its cursor.
#[derive(Default)]
pub(crate) struct PageWindows {
    pub(crate) window: Selection,
    /// The cursor of the callback that works on the window.
    pub(crate) cursor: Cursor,
    /// The first row after the window.
    next: usize,
    is_open: bool,
}

/// Which window is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    /// A new window with all its rows, which the caller may reduce.
    New,
    /// The window that was open before, as the caller left it.
    Again,
}

impl PageWindows {
    /// Opens the next window of a page of `rows` rows, unless one is open. Returns `None` after the
    /// last row. The next call begins another page.
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

    /// Closes the window, after all its rows.
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
