//! The splits of an endless source that are assigned to one task. Decides which split is read next,
//! and how long the task waits for more records.
//!
//! A state machine without threads. The caller passes the time, the list of splits, and a reader
//! that returns the available bytes of a split.
//!
//! * Split `n` is assigned to task `n` modulo the number of tasks. So tasks need no messages to
//!   agree, and any number of tasks can resume from a list of positions.
//! * Splits are read in turns. So a split that always has more records does not delay the others.
//! * A task that has caught up looks again after [`SHORTEST_PAUSE`]. The pause doubles up to
//!   [`LONGEST_PAUSE`]. Polling the length of a file takes a microsecond, works on every file
//!   system, and needs no handle. Notifications (inotify) need handles, whose number is limited.

use std::time::{Duration, Instant};

use crate::error::Result;
use crate::source::{Position, Split, SplitList, SplitPosition, SplitReader};

/// First pause after records.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// The splits of one task.
pub(in crate::exec) struct AssignedSplits {
    /// The number of the task, and the number of tasks.
    task: (usize, usize),
    /// The splits of this task, in ascending order of their numbers.
    splits: Vec<AssignedSplit>,
    /// The number of splits that were divided among all tasks.
    listed: usize,
    /// The source adds no more splits.
    is_complete: bool,
    /// The index of the split whose turn it is.
    turn: usize,
    pause: Duration,
    /// The time since which no split has records.
    waits_since: Option<Instant>,
    /// Time without records after which the task is idle.
    idle_after: Duration,
    is_idle: bool,
    /// Bytes found since the last [`AssignedSplits::take_found_bytes`].
    found_bytes: u64,
}

struct AssignedSplit {
    /// The number of the split in the source's list.
    number: usize,
    split: Split,
    /// The start of the next records. `None` before it is read.
    position: Option<Position>,
    /// The end of the split at the last check: read and available bytes.
    end_offset: u64,
    /// The end when the split was opened last.
    opened_end_offset: u64,
    /// The end when no whole record was left.
    caught_up_at: Option<u64>,
    /// The reader returns the available bytes of the split.
    has_known_length: bool,
    /// The time since which it has no records.
    empty_since: Option<Instant>,
    /// Bytes that were read.
    read_bytes: u64,
    /// The greatest end so far, counted for progress.
    found_bytes: u64,
    is_sealed: bool,
}

/// The next action of a task.
#[derive(Debug, PartialEq)]
pub(super) enum NextRead {
    /// Read a split from a position, or from its beginning.
    Read { number: usize, split: Split, from: Option<Position> },
    /// Report that the source is idle, then ask again.
    Idle,
    /// Ask again at that time.
    Wait(Instant),
    /// All splits have ended.
    End,
}

impl AssignedSplits {
    /// The splits of task `task.0` of `task.1` tasks. None are assigned yet.
    pub(in crate::exec) fn of(task: (usize, usize), idle_after: Duration) -> Self {
        AssignedSplits {
            task,
            splits: Vec::new(),
            listed: 0,
            is_complete: false,
            turn: 0,
            pause: SHORTEST_PAUSE,
            waits_since: None,
            idle_after,
            is_idle: false,
            found_bytes: 0,
        }
    }

    /// Adds the new splits of this task.
    pub(in crate::exec) fn assign(&mut self, list: &SplitList) {
        let (task, tasks) = self.task;
        for (number, split) in list.splits.iter().enumerate().skip(self.listed) {
            if number % tasks == task {
                self.splits.push(AssignedSplit {
                    number,
                    split: split.clone(),
                    position: None,
                    end_offset: 0,
                    opened_end_offset: 0,
                    caught_up_at: None,
                    has_known_length: false,
                    empty_since: None,
                    read_bytes: 0,
                    found_bytes: 0,
                    is_sealed: false,
                });
            }
        }
        self.listed = self.listed.max(list.splits.len());
        self.is_complete = list.is_complete;
    }

    /// Sets the positions of restored splits. Calls `note_time` with the number and the greatest
    /// event time of each split that has one.
    pub(in crate::exec) fn restore(&mut self, starts: &[SplitPosition], mut note_time: impl FnMut(usize, i64)) {
        for assigned in &mut self.splits {
            let Some(start) = starts.iter().find(|start| start.split == assigned.split.name) else { continue };
            assigned.position = Some(start.position.clone());
            if let Some(time) = start.greatest_time {
                note_time(assigned.number, time);
            }
        }
    }

    /// The positions of all splits that were read. `current` is that of the open split.
    pub(super) fn positions(
        &self,
        current: Option<(usize, Position)>,
        greatest_time: impl Fn(usize) -> Option<i64>,
    ) -> Vec<SplitPosition> {
        let position = |assigned: &AssignedSplit| {
            let is_current = |(number, _): &&(usize, Position)| *number == assigned.number;
            let open = current.as_ref().filter(is_current).map(|(_, position)| position);
            Some(SplitPosition {
                split: assigned.split.name.clone(),
                position: open.or(assigned.position.as_ref())?.clone(),
                greatest_time: greatest_time(assigned.number),
            })
        };
        self.splits.iter().filter_map(position).collect()
    }

    /// The numbers of the splits that event time waits for: those that are not sealed, and have or
    /// recently had records.
    pub(super) fn active(&self, now: Instant) -> impl Iterator<Item = usize> {
        let is_quiet = move |split: &AssignedSplit| {
            split.empty_since.is_some_and(|since| now.saturating_duration_since(since) >= self.idle_after)
        };
        let open = self.splits.iter().filter(move |split| !split.is_sealed && !is_quiet(split));
        open.map(|split| split.number)
    }

    /// Takes the number of bytes found since the last call.
    pub(super) fn take_found_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.found_bytes)
    }

    /// Decides the next action of the task.
    ///
    /// # Errors
    /// Those of [`SplitReader::available`].
    pub(super) fn next(&mut self, reader: &mut dyn SplitReader, now: Instant) -> Result<NextRead> {
        for turn in 0..self.splits.len() {
            let index = (self.turn + turn) % self.splits.len();
            if self.has_more(index, reader)? {
                self.turn = index;
                let assigned = &mut self.splits[index];
                assigned.empty_since = None;
                let (split, from) = (assigned.split.clone(), assigned.position.clone());
                return Ok(NextRead::Read { number: assigned.number, split, from });
            }
            self.splits[index].empty_since.get_or_insert(now);
        }
        if self.is_complete && self.splits.iter().all(|split| split.is_sealed) {
            return Ok(NextRead::End);
        }
        let waits_since = *self.waits_since.get_or_insert(now);
        // A task without splits is idle from the start.
        let is_idle = self.splits.is_empty() || now.duration_since(waits_since) >= self.idle_after;
        if !self.is_idle && is_idle {
            self.is_idle = true;
            return Ok(NextRead::Idle);
        }
        let pause = self.pause;
        self.pause = (2 * pause).min(LONGEST_PAUSE);
        // Splits whose available bytes are unknown are opened once after each pause.
        self.splits
            .iter_mut()
            .for_each(|split| split.caught_up_at = split.caught_up_at.filter(|_| split.has_known_length));
        Ok(NextRead::Wait(now + pause))
    }

    /// Returns `true` if a split may have whole records that were not read.
    fn has_more(&mut self, index: usize, reader: &mut dyn SplitReader) -> Result<bool> {
        let assigned = &mut self.splits[index];
        if assigned.is_sealed {
            return Ok(false);
        }
        let available = reader.available(&assigned.split, assigned.position.as_ref())?;
        assigned.has_known_length = available.is_some();
        let Some(available) = available else { return Ok(assigned.caught_up_at.is_none()) };
        assigned.end_offset = assigned.read_bytes + available;
        self.found_bytes += assigned.end_offset.saturating_sub(assigned.found_bytes);
        assigned.found_bytes = assigned.found_bytes.max(assigned.end_offset);
        Ok(available > 0 && assigned.caught_up_at != Some(assigned.end_offset))
    }

    /// Notes that a split has returned records.
    pub(super) fn note_returned(&mut self) {
        (self.pause, self.waits_since, self.is_idle) = (SHORTEST_PAUSE, None, false);
    }

    /// Notes that the reader has opened a split, which ended at the last checked offset.
    pub(super) fn note_opened(&mut self, number: usize) {
        if let Some(assigned) = self.split(number) {
            assigned.opened_end_offset = assigned.end_offset;
        }
    }

    /// Notes the position of a split, and the bytes read since the last call.
    pub(super) fn set_position(&mut self, number: usize, position: Position, read_bytes: u64) {
        if let Some(assigned) = self.split(number) {
            assigned.position = Some(position);
            assigned.read_bytes += read_bytes;
        }
    }

    /// Notes that a split has no more records for now. If it has grown since it was opened, it is
    /// read again.
    pub(super) fn note_caught_up(&mut self, number: usize) {
        if let Some(assigned) = self.split(number) {
            assigned.caught_up_at = Some(assigned.opened_end_offset);
        }
        self.pass_turn(number);
    }

    /// Notes that a split has ended.
    pub(super) fn note_sealed(&mut self, number: usize) {
        if let Some(assigned) = self.split(number) {
            assigned.is_sealed = true;
        }
        self.pass_turn(number);
    }

    /// Passes the turn to the split after this one.
    pub(super) fn pass_turn(&mut self, number: usize) {
        if let Some(index) = self.index(number) {
            self.turn = (index + 1) % self.splits.len();
        }
    }

    fn index(&self, number: usize) -> Option<usize> {
        self.splits.binary_search_by_key(&number, |split| split.number).ok()
    }

    fn split(&mut self, number: usize) -> Option<&mut AssignedSplit> {
        self.index(number).and_then(|index| self.splits.get_mut(index))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use proptest::prelude::*;

    use crate::page::Batch;
    use crate::source::{ReadProgress, RowFilters};

    use super::*;

    /// The lengths of splits, and whether the list is complete. Positions are offsets.
    #[derive(Default)]
    struct SplitLengths(Mutex<(Vec<u64>, bool)>);

    impl SplitLengths {
        fn of(lengths: &[u64]) -> Self {
            SplitLengths(Mutex::new((lengths.to_vec(), false)))
        }

        fn list(&self) -> SplitList {
            let (lengths, is_complete) = &*self.0.lock().unwrap();
            let split = |part: usize| Split::named(format!("split-{part}"), part);
            SplitList { splits: (0..lengths.len()).map(split).collect(), is_complete: *is_complete }
        }

        /// The next action of a task.
        fn next(&self, assigned: &mut AssignedSplits, now: Instant) -> NextRead {
            assigned.assign(&self.list());
            assigned.next(&mut Reader(self), now).unwrap()
        }
    }

    fn position(offset: u64) -> Position {
        Position::new(&offset.to_le_bytes()).unwrap()
    }

    fn offset(position: Option<&Position>) -> u64 {
        position.map_or(0, |position| u64::from_le_bytes(position.bytes().try_into().unwrap()))
    }

    struct Reader<'r>(&'r SplitLengths);

    impl SplitReader for Reader<'_> {
        fn open(&mut self, _: &Split, _: Option<&Position>) -> Result<()> {
            Ok(())
        }

        fn advance(&mut self, _: &mut dyn RowFilters) -> Result<ReadProgress> {
            Ok(ReadProgress::End)
        }

        fn batch(&self) -> Result<Batch<'_>> {
            Ok(Batch::of_nulls(&[]))
        }

        fn available(&mut self, split: &Split, from: Option<&Position>) -> Result<Option<u64>> {
            Ok(Some(self.0.0.lock().unwrap().0[split.part].saturating_sub(offset(from))))
        }
    }

    /// Bytes of a record.
    const RECORD: u64 = 10;
    const SECOND: Duration = Duration::from_secs(1);

    /// Reads some whole records of a split as a head does. Returns the split number and the number
    /// of records.
    fn read(
        lengths: &SplitLengths,
        assigned: &mut AssignedSplits,
        next: NextRead,
        most: u64,
        is_complete: bool,
    ) -> (usize, u64) {
        let NextRead::Read { number, from, .. } = next else { panic!("nothing to read: {next:?}") };
        assigned.note_opened(number);
        let start = offset(from.as_ref());
        let whole = (lengths.0.lock().unwrap().0[number] - start) / RECORD;
        let count = whole.min(most);
        if count > 0 {
            assigned.note_returned();
        }
        assigned.set_position(number, position(start + count * RECORD), count * RECORD);
        match () {
            () if count < whole => assigned.pass_turn(number),
            () if is_complete => assigned.note_sealed(number),
            () => assigned.note_caught_up(number),
        }
        (number, count)
    }

    #[derive(Clone, Debug)]
    enum Act {
        Append(usize, u64),
        AddSplit,
        Step(usize, u64),
        /// Another number of tasks resumes from the positions.
        Restart(usize),
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let act = prop_oneof![
            4 => (any::<usize>(), 0..60_u64).prop_map(|(split, bytes)| Act::Append(split, bytes)),
            1 => Just(Act::AddSplit),
            6 => (any::<usize>(), 1..4_u64).prop_map(|(task, most)| Act::Step(task, most)),
            1 => (1..5_usize).prop_map(Act::Restart),
        ];
        proptest::collection::vec(act, 0..150)
    }

    /// Tasks that continue from positions.
    fn tasks(count: usize, lengths: &SplitLengths, starts: &[SplitPosition]) -> Vec<AssignedSplits> {
        let restored = |task| {
            let mut assigned = AssignedSplits::of((task, count), SECOND);
            assigned.assign(&lengths.list());
            assigned.restore(starts, |_, _| {});
            assigned
        };
        (0..count).map(restored).collect()
    }

    proptest! {
        /// Any number of tasks reads each record of each split once and in order, also if other
        /// tasks continue from positions.
        #[test]
        fn every_record_is_read_once(acts in acts()) {
            let (lengths, now) = (SplitLengths::of(&[0]), Instant::now());
            let (mut following, mut counts) = (tasks(2, &lengths, &[]), vec![0_u64; 200]);
            for act in acts {
                match act {
                    Act::Append(split, bytes) => {
                        let lengths = &mut lengths.0.lock().unwrap().0;
                        let count = lengths.len();
                        lengths[split % count] += bytes;
                    }
                    Act::AddSplit => lengths.0.lock().unwrap().0.push(0),
                    Act::Step(task, most) => {
                        let count = following.len();
                        let assigned = &mut following[task % count];
                        let next = lengths.next(assigned, now);
                        if let NextRead::Read { number, from, .. } = &next {
                            prop_assert_eq!(offset(from.as_ref()), counts[*number] * RECORD);
                            let (number, read) = read(&lengths, assigned, next, most, false);
                            counts[number] += read;
                        }
                    }
                    Act::Restart(count) => {
                        let starts: Vec<SplitPosition> =
                            following.iter().flat_map(|assigned| assigned.positions(None, |_| None)).collect();
                        following = tasks(count, &lengths, &starts);
                    }
                }
            }
            lengths.0.lock().unwrap().1 = true;
            for assigned in &mut following {
                loop {
                    match lengths.next(assigned, now) {
                        next @ NextRead::Read { .. } => {
                            let (number, read) = read(&lengths, assigned, next, 2, true);
                            counts[number] += read;
                        }
                        NextRead::End => break,
                        other => {
                            // All records were read. A head would find the ends of the splits now.
                            prop_assert_ne!(other, NextRead::Idle);
                            assigned.splits.iter_mut().for_each(|split| split.is_sealed = true);
                        }
                    }
                }
            }
            let expected: Vec<u64> = lengths.0.lock().unwrap().0.iter().map(|end_offset| end_offset / RECORD).collect();
            prop_assert_eq!(&counts[..expected.len()], &expected[..]);
        }
    }

    #[test]
    fn a_split_that_always_has_more_does_not_delay_others() {
        let (lengths, now) = (SplitLengths::of(&[1_000_000, 0, 0]), Instant::now());
        let mut assigned = AssignedSplits::of((0, 1), SECOND);
        let mut step = |most| {
            let next = lengths.next(&mut assigned, now);
            read(&lengths, &mut assigned, next, most, false).0
        };
        assert_eq!([step(5), step(5)], [0, 0]);
        lengths.0.lock().unwrap().0[1..].fill(30);
        assert_eq!([step(1), step(1), step(1), step(1), step(1)], [1, 2, 0, 1, 2]);
    }

    #[test]
    fn pauses_grow_and_a_task_is_idle_once() {
        let (lengths, begun) = (SplitLengths::of(&[20]), Instant::now());
        let mut assigned = AssignedSplits::of((0, 1), SECOND);
        for _ in 0..2 {
            let next = lengths.next(&mut assigned, begun);
            assert_eq!(read(&lengths, &mut assigned, next, 9, false), (0, 2));
            let (mut now, mut pauses, mut idle_after) = (begun, Vec::new(), Vec::new());
            while now < begun + 3 * SECOND {
                match lengths.next(&mut assigned, now) {
                    NextRead::Wait(until) => {
                        pauses.push((until - now).as_millis());
                        now = until;
                    }
                    NextRead::Idle => idle_after.push((now - begun).as_millis()),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(pauses[..9], [1, 2, 4, 8, 16, 32, 50, 50, 50]);
            assert!(idle_after.len() == 1 && (1000..1050).contains(&idle_after[0]), "{idle_after:?}");
            lengths.0.lock().unwrap().0[0] += 20;
        }
    }

    /// Records that arrive between the last read and the end of the turn are found.
    #[test]
    fn records_that_arrive_during_a_read_are_read_next() {
        let (lengths, now) = (SplitLengths::of(&[20]), Instant::now());
        let mut assigned = AssignedSplits::of((0, 1), SECOND);
        assert!(matches!(lengths.next(&mut assigned, now), NextRead::Read { .. }));
        assigned.note_opened(0);
        lengths.0.lock().unwrap().0[0] = 40;
        // At the end of a turn its length is checked again, and no other split has records.
        assert!(matches!(lengths.next(&mut assigned, now), NextRead::Read { .. }));
        assigned.set_position(0, position(20), 20);
        assigned.note_caught_up(0);
        assert!(matches!(lengths.next(&mut assigned, now), NextRead::Read { .. }));
    }

    /// An incomplete record at the end may be cut off later.
    #[test]
    fn an_incomplete_tail_is_looked_at_once_per_length() {
        let (lengths, now) = (SplitLengths::of(&[35]), Instant::now());
        let mut assigned = AssignedSplits::of((0, 1), SECOND);
        let next = lengths.next(&mut assigned, now);
        assert_eq!(read(&lengths, &mut assigned, next, 9, false), (0, 3));
        assert!(matches!(lengths.next(&mut assigned, now), NextRead::Wait(_)));
        lengths.0.lock().unwrap().0[0] = 30;
        assert!(matches!(lengths.next(&mut assigned, now), NextRead::Wait(_)));
        lengths.0.lock().unwrap().0[0] = 45;
        let next = lengths.next(&mut assigned, now);
        assert_eq!(read(&lengths, &mut assigned, next, 9, false), (0, 1));
    }
}
