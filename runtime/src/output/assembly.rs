//! One file that several tasks write: who may add to it now, and how far it has come.
//!
//! A task that has something to add takes the file, adds to it, and gives it back: nobody else writes to it meanwhile, and nobody waits for a thread.
//! Where the tasks' records are in one order, a task has its turn when all before it have ended.

use std::io::Result as IoResult;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::target::Appender;
use crate::error::Result;
use crate::kernel::Blocking;

/// An output of several tasks. One for each run.
pub struct Assembly {
    in_order: bool,
    state: Mutex<State>,
}

struct State {
    /// Nothing before it is opened, and while a task has it.
    file: Option<SharedFile>,
    is_open: bool,
    ended: Vec<bool>,
    waiting: Vec<Arc<dyn Blocking>>,
}

impl Assembly {
    /// The output of so many tasks; `in_order` says that what one gives stands before what the next one does.
    #[must_use]
    pub fn of(tasks: usize, in_order: bool) -> Self {
        let state = State { file: None, is_open: false, ended: vec![false; tasks], waiting: Vec::new() };
        Assembly { in_order, state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the file, where no task has yet.
    ///
    /// # Errors
    /// Those of `open`, which gives the file and what it begins with.
    pub fn open(&self, open: impl FnOnce() -> Result<(Appender, Vec<u8>)>) -> Result<()> {
        let mut state = self.lock();
        if !state.is_open {
            let (out, head) = open()?;
            let given = vec![0; state.ended.len()];
            state.file = Some(SharedFile { out, bytes: head.len() as u64, head, given });
            state.is_open = true;
        }
        Ok(())
    }

    /// Whether what a task has may stand in the file now.
    #[must_use]
    pub fn is_turn(&self, task: usize) -> bool {
        self.has_turn(&self.lock(), task)
    }

    /// Whether the tasks' records are in one order.
    #[must_use]
    pub fn is_in_order(&self) -> bool {
        self.in_order
    }

    fn has_turn(&self, state: &State, task: usize) -> bool {
        !self.in_order || state.ended.iter().take(task).all(|&ended| ended)
    }

    /// Takes the file. Where another task has it, or the turn, whoever is behind `task` is woken to try again.
    pub fn take(&self, number: usize, task: &Arc<dyn Blocking>) -> Option<SharedFile> {
        let mut state = self.lock();
        let file = if self.has_turn(&state, number) { state.file.take() } else { None };
        if file.is_none() {
            state.waiting.push(task.clone());
        }
        file
    }

    /// Gives the file back.
    pub fn give_back(&self, file: SharedFile) {
        let mut state = self.lock();
        state.file = Some(file);
        wake(state);
    }

    /// Says that a task has added all that it has; whether all have.
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
    // Work that is done wakes the task that it was submitted for: here, none is to be done.
    waiting.into_iter().for_each(|task| task.submit(Box::new(|| ())));
}

/// The file, with whoever adds to it.
pub struct SharedFile {
    out: Appender,
    /// What the file begins with, until something is added.
    head: Vec<u8>,
    bytes: u64,
    /// How much each task has added.
    given: Vec<u64>,
}

impl SharedFile {
    /// Bytes in the file, its head among them.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds bytes; it may block. Gives how many the task had added before, of which each has a part of the file.
    ///
    /// # Errors
    /// The system's.
    pub fn append(&mut self, part: usize, bytes: &[u8]) -> IoResult<u64> {
        let head = std::mem::take(&mut self.head);
        if !head.is_empty() {
            self.out.append(&head)?;
        }
        self.out.append(bytes)?;
        self.bytes += bytes.len() as u64;
        let Some(given) = self.given.get_mut(part) else { return Ok(0) };
        let before = *given;
        *given += bytes.len() as u64;
        Ok(before)
    }
}
