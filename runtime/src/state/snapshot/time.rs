//! How far event time has come, of a driver that keeps no rows.

use std::path::{Path, PathBuf};

use super::format::{HEAD_BYTES, Head, Header, PREFIX_BYTES};
use crate::error::{Error, Result};
use crate::state::StateSpec;
use crate::strategy::{DriverState, Progress};

/// As the snapshot of a table without rows: its header says how far event time had come.
pub(crate) struct EventTimeState {
    /// The epoch of the mark whose bytes are still to be given, and the time.
    marked: Option<(u64, i64)>,
    restored: Option<i64>,
    restoring: Restoring,
    /// As that of a [`StateSpec`].
    definition: String,
}

#[derive(Default)]
struct Restoring {
    path: PathBuf,
    header: Vec<u8>,
    next: Next,
}

/// What of the file follows.
#[derive(Clone, Copy, Default)]
enum Next {
    Prefix,
    /// The rest of a header of so many bytes.
    Header(usize),
    Head,
    #[default]
    End,
}

impl EventTimeState {
    pub(crate) fn new(definition: String) -> Self {
        EventTimeState { marked: None, restored: None, restoring: Restoring::default(), definition }
    }

    /// The time that event time has come to belongs to the snapshot of an epoch.
    pub(crate) fn mark(&mut self, epoch: u64, time: i64) {
        self.marked = Some((epoch, time));
    }

    /// How far event time had come in what was restored, which is the most of all files.
    pub(crate) fn restored(&self) -> Option<i64> {
        self.restored
    }

    fn damaged(&self, message: impl Into<String>) -> Error {
        let message = message.into();
        Error::Data { path: self.restoring.path.clone(), place: String::new(), message }
    }
}

impl DriverState for EventTimeState {
    fn next_image(&mut self, out: &mut Vec<u8>) -> Result<Progress> {
        let Some((epoch, time)) = self.marked.take() else { return Ok(Progress::Done) };
        let spec = StateSpec::new(Vec::new(), []).defined_as(self.definition.clone());
        let header = Header::of(&spec, epoch, time, 0..0);
        header.write(out).map_err(Error::Plan)?;
        Head::End { number: 0, rows: 0 }.write(out);
        Ok(Progress::Done)
    }

    fn begin_restore(&mut self, path: &Path) {
        self.restoring = Restoring { path: path.to_path_buf(), next: Next::Prefix, ..Restoring::default() };
    }

    fn wanted_bytes(&self) -> usize {
        match self.restoring.next {
            Next::Prefix => PREFIX_BYTES,
            Next::Header(bytes) => bytes - PREFIX_BYTES,
            Next::Head => HEAD_BYTES,
            Next::End => 0,
        }
    }

    fn supply(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.len() < self.wanted_bytes() {
            return Err(self.damaged("the file ends before its end is said"));
        }
        self.restoring.next = match self.restoring.next {
            Next::Prefix => {
                let length = Header::bytes(bytes).map_err(|message| self.damaged(message))?;
                self.restoring.header.extend_from_slice(bytes);
                Next::Header(length)
            }
            Next::Header(_) => {
                self.restoring.header.extend_from_slice(bytes);
                let header = Header::read(&self.restoring.header).map_err(|message| self.damaged(message))?;
                header.check_definition(&self.definition)?;
                self.restored = self.restored.max(Some(header.time));
                Next::Head
            }
            Next::Head => match Head::read(bytes).map_err(|message| self.damaged(message))? {
                Head::End { number: 0, rows: 0 } => Next::End,
                _ => return Err(self.damaged("expected no rows of state, found some")),
            },
            Next::End if bytes.is_empty() => Next::End,
            Next::End => return Err(self.damaged("the file is damaged: bytes follow the end")),
        };
        Ok(())
    }

    fn place(&mut self) -> Result<Progress> {
        Ok(Progress::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(time: i64) -> Vec<u8> {
        let (mut state, mut bytes) = (EventTimeState::new(String::new()), Vec::new());
        state.mark(7, time);
        assert_eq!(state.next_image(&mut bytes).unwrap(), Progress::Done);
        bytes
    }

    fn restore(state: &mut EventTimeState, bytes: &[u8]) -> Result<()> {
        state.begin_restore(Path::new("state"));
        let mut rest = bytes;
        loop {
            let wanted = state.wanted_bytes();
            let piece = if wanted == 0 { rest } else { &rest[..wanted.min(rest.len())] };
            state.supply(piece)?;
            rest = &rest[piece.len()..];
            if wanted == 0 {
                return Ok(());
            }
        }
    }

    #[test]
    fn the_most_of_all_tasks_is_restored() {
        let mut state = EventTimeState::new(String::new());
        for time in [-5, 90, i64::MIN] {
            restore(&mut state, &bytes_of(time)).unwrap();
        }
        assert_eq!(state.restored(), Some(90));
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let bytes = bytes_of(90);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x20;
            assert!(restore(&mut EventTimeState::new(String::new()), &damaged).is_err(), "byte {at}");
            assert!(restore(&mut EventTimeState::new(String::new()), &bytes[..at]).is_err(), "{at} bytes");
        }
        assert!(restore(&mut EventTimeState::new(String::new()), &[bytes, vec![0]].concat()).is_err());
    }
}
