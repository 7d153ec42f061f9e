//! Event times of snapshots: of each key group, and of a driver without rows.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::EventTimes;
use super::format::{Header, PREFIX_BYTES};
use super::head::{HEAD_BYTES, Head};
use crate::error::{Error, Result};
use crate::state::{KEY_GROUPS, StateSpec};
use crate::strategy::{DriverState, Progress};

/// For each key group, the event time in the restored snapshots.
#[derive(Clone, Debug)]
pub(crate) struct GroupTimes(Vec<i64>);

impl GroupTimes {
    fn new() -> Self {
        GroupTimes(vec![i64::MIN; KEY_GROUPS])
    }

    /// Adds the header of one former task.
    pub(super) fn add(times: &mut Option<GroupTimes>, header: &Header) {
        let groups = header.first_group..header.end_group;
        // In older versions, the header of a driver without rows had no key groups.
        let groups = if groups.is_empty() { 0..KEY_GROUPS as u16 } else { groups };
        let GroupTimes(times) = times.get_or_insert_with(GroupTimes::new);
        for (groups, time) in std::iter::once((groups, header.time)).chain(header.later.iter().cloned()) {
            let groups = times.get_mut(usize::from(groups.start)..usize::from(groups.end)).unwrap_or_default();
            groups.iter_mut().for_each(|known| *known = time.max(*known));
        }
    }

    /// The event time of a key group.
    pub(crate) fn of(&self, group: usize) -> i64 {
        self.0.get(group).copied().unwrap_or(i64::MIN)
    }

    /// The minimum event time of some key groups.
    pub(crate) fn least(&self, groups: Range<usize>) -> i64 {
        groups.map(|group| self.of(group)).min().unwrap_or(i64::MIN)
    }

    /// Ranges of key groups whose event time is later than `least`, with their times.
    pub(crate) fn later(&self, least: i64, groups: Range<usize>) -> Vec<(Range<u16>, i64)> {
        let mut later: Vec<(Range<u16>, i64)> = Vec::new();
        for group in groups.filter(|&group| self.of(group) > least) {
            let (group, time) = (group as u16, self.of(group));
            match later.last_mut() {
                Some((range, same)) if range.end == group && *same == time => range.end = group + 1,
                _ => later.push((group..group + 1, time)),
            }
        }
        later
    }
}

/// The state of a driver without rows. Its snapshot is a header with event times.
pub(crate) struct EventTimeState {
    /// The epoch and the times of a mark that is not emitted yet.
    marked: Option<(u64, EventTimes)>,
    /// The key groups of the task.
    owned: Range<usize>,
    restored: Option<GroupTimes>,
    restoring: Restoring,
    /// See [`StateSpec`].
    definition: String,
}

#[derive(Default)]
struct Restoring {
    path: PathBuf,
    header: Vec<u8>,
    next: Next,
}

/// The next part of the file.
#[derive(Clone, Copy, Default)]
enum Next {
    Prefix,
    /// The rest of a header of this length in bytes.
    Header(usize),
    Head,
    #[default]
    End,
}

impl EventTimeState {
    /// The state of a task that owns these key groups.
    pub(crate) fn new(owned: Range<usize>, definition: String) -> Self {
        EventTimeState { marked: None, owned, restored: None, restoring: Restoring::default(), definition }
    }

    /// Marks event times for the snapshot of an epoch.
    pub(crate) fn mark(&mut self, epoch: u64, times: EventTimes) {
        self.marked = Some((epoch, times));
    }

    /// Takes the restored event time of each key group. `None` if nothing was restored.
    pub(crate) fn take_restored(&mut self) -> Option<GroupTimes> {
        self.restored.take()
    }

    fn damaged(&self, message: impl Into<String>) -> Error {
        let message = message.into();
        Error::Data { path: self.restoring.path.clone(), place: String::new(), message }
    }
}

impl DriverState for EventTimeState {
    fn next_image(&mut self, out: &mut Vec<u8>) -> Result<Progress> {
        let Some((epoch, times)) = self.marked.take() else { return Ok(Progress::Done) };
        let spec = StateSpec::new(Vec::new(), []).defined_as(self.definition.clone());
        let header = Header::of(&spec, epoch, times, self.owned.clone());
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
                GroupTimes::add(&mut self.restored, &header);
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

    fn state() -> EventTimeState {
        EventTimeState::new(0..KEY_GROUPS, String::new())
    }

    fn bytes_of(owned: Range<usize>, times: EventTimes) -> Vec<u8> {
        let (mut state, mut bytes) = (EventTimeState::new(owned, String::new()), Vec::new());
        state.mark(7, times);
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

    /// Two former tasks had different times. One of them had been restored itself, and had later
    /// groups.
    #[test]
    fn time_is_restored_for_each_range_of_key_groups() {
        let mut state = state();
        let later = EventTimes { least: 50, later: vec![(600..700, 70), (700..710, 90)] };
        restore(&mut state, &bytes_of(0..512, 100.into())).unwrap();
        restore(&mut state, &bytes_of(512..1024, later.clone())).unwrap();
        let times = state.take_restored().unwrap();
        assert_eq!(
            [0, 511, 512, 600, 699, 700, 709, 710].map(|group| times.of(group)),
            [100, 100, 50, 70, 70, 90, 90, 50]
        );
        assert_eq!((times.least(0..512), times.least(256..768)), (100, 50));
        assert_eq!(times.later(50, 512..1024), later.later);
        assert_eq!(times.later(70, 500..1024), [(500..512, 100), (700..710, 90)]);
        // The header of older versions.
        let mut state = super::tests::state();
        restore(&mut state, &bytes_of(0..0, 90.into())).unwrap();
        assert_eq!(state.take_restored().unwrap().least(0..KEY_GROUPS), 90);
    }

    #[test]
    fn damaged_bytes_are_rejected() {
        let times = EventTimes { least: 90, later: vec![(3..4, 91)] };
        let bytes = bytes_of(0..9, times);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x20;
            assert!(restore(&mut state(), &damaged).is_err(), "byte {at}");
            assert!(restore(&mut state(), &bytes[..at]).is_err(), "{at} bytes");
        }
        assert!(restore(&mut state(), &[bytes, vec![0]].concat()).is_err());
    }
}
