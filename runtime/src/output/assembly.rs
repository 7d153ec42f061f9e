//! One file that several tasks write, one at a time.
//!
//! A task with bytes to append takes the file, appends, and returns it. Meanwhile no other task can
//! take it, and no thread is blocked. If the file has the order of the tasks, a task can take it
//! only after all tasks before it have ended.

use std::io::Result as IoResult;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::target::Appender;
use crate::error::Result;
use crate::kernel::Blocking;

/// A file that the tasks of one run write.
pub struct Assembly {
    in_order: bool,
    state: Mutex<State>,
}

struct State {
    /// `None` before it is opened, and while a task has it.
    file: Option<SharedFile>,
    is_open: bool,
    ended: Vec<bool>,
    waiting: Vec<Arc<dyn Blocking>>,
}

impl Assembly {
    /// A file that `tasks` tasks write. With `in_order`, it has their bytes in the order of the
    /// tasks.
    #[must_use]
    pub fn of(tasks: usize, in_order: bool) -> Self {
        let state = State { file: None, is_open: false, ended: vec![false; tasks], waiting: Vec::new() };
        Assembly { in_order, state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the file, unless another task has opened it. `open` returns the file and the head that
    /// it begins with.
    ///
    /// # Errors
    /// Fails if `open` fails.
    pub fn open(&self, open: impl FnOnce() -> Result<(Appender, Vec<u8>)>) -> Result<()> {
        let mut state = self.lock();
        if !state.is_open {
            let (out, head) = open()?;
            let appended_bytes = vec![0; state.ended.len()];
            state.file = Some(SharedFile { out, bytes: head.len() as u64, head, appended_bytes });
            state.is_open = true;
        }
        Ok(())
    }

    /// Returns `true` if this task may write now.
    #[must_use]
    pub fn may_write(&self, task: usize) -> bool {
        self.is_turn(&self.lock(), task)
    }

    /// Returns `true` if the file has the order of the tasks.
    #[must_use]
    pub fn is_in_order(&self) -> bool {
        self.in_order
    }

    fn is_turn(&self, state: &State, task: usize) -> bool {
        !self.in_order || state.ended.iter().take(task).all(|&ended| ended)
    }

    /// Takes the file. Returns `None` if another task has it, or if another task must end first.
    /// Then `task` is woken to try again.
    pub fn take(&self, number: usize, task: &Arc<dyn Blocking>) -> Option<SharedFile> {
        let mut state = self.lock();
        let file = if self.is_turn(&state, number) { state.file.take() } else { None };
        if file.is_none() {
            state.waiting.push(task.clone());
        }
        file
    }

    /// Returns the file, and wakes the tasks that wait for it.
    pub fn give_back(&self, file: SharedFile) {
        let mut state = self.lock();
        state.file = Some(file);
        wake(state);
    }

    /// Ends a task's part of the file. Returns `true` if all tasks have ended.
    #[must_use]
    pub fn end(&self, task: usize) -> bool {
        let mut state = self.lock();
        if let Some(ended) = state.ended.get_mut(task) {
            *ended = true;
        }
        let all = state.ended.iter().all(|&ended| ended);
        wake(state);
        all
    }
}

fn wake(mut state: MutexGuard<'_, State>) {
    let waiting = std::mem::take(&mut state.waiting);
    drop(state);
    // Submitted work wakes its task when it is done. This work does nothing.
    waiting.into_iter().for_each(|task| task.submit(Box::new(|| ())));
}

/// The file, while a task writes to it.
pub struct SharedFile {
    out: Appender,
    /// The head of the file, until the first append writes it.
    head: Vec<u8>,
    bytes: u64,
    /// Bytes that each task has appended.
    appended_bytes: Vec<u64>,
}

impl SharedFile {
    /// Bytes in the file, including its head.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Appends bytes of `task`. Returns the number of bytes that this task had appended before. May
    /// block.
    ///
    /// # Errors
    /// Fails with the error of the system.
    pub fn append(&mut self, task: usize, bytes: &[u8]) -> IoResult<u64> {
        let head = std::mem::take(&mut self.head);
        if !head.is_empty() {
            self.out.append(&head)?;
        }
        self.out.append(bytes)?;
        self.bytes += bytes.len() as u64;
        let Some(appended_bytes) = self.appended_bytes.get_mut(task) else { return Ok(0) };
        let before = *appended_bytes;
        *appended_bytes += bytes.len() as u64;
        Ok(before)
    }
}
