//! The splits of an endless source that one task follows: which to read next, and how long to wait for more.
//!
//! A state machine without threads: time comes from outside, and what there is from [`Endless`], which looks it up.
//!
//! * **Splits are dealt by number**: a task follows those whose number modulo the tasks is its own, and new ones as they come. So nobody has to say who
//!   reads what, and a list of positions can be dealt to any number of tasks.
//! * **They are read in turn**, some of each, so a split that always has more holds up no other.
//! * **Who has caught up looks again, and less and less often**, from [`SHORTEST_PAUSE`] to [`LONGEST_PAUSE`]. To ask a file for its length takes a microsecond,
//!   works on every file system, and needs no handle for a split; to be told of changes (inotify) would take handles of which a user may have few,
//!   and a thread that waits for all of them.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::source::{Endless, Position, Split};

/// How long a task waits when it has just had records.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

/// How long it waits in the end.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What a task follows.
pub(in crate::exec) struct Followed {
    /// Which of how many tasks it is.
    task: (usize, usize),
    /// Where splits begin of which something was read before.
    starts: Vec<Position>,
    /// Its splits, by number.
    splits: Vec<FollowedSplit>,
    /// Splits of all tasks that are dealt.
    dealt: usize,
    /// No more splits will come.
    is_complete: bool,
    /// Among the splits, whose turn it is.
    turn: usize,
    pause: Duration,
    /// Since when there is nothing.
    waits_since: Option<Instant>,
    /// So long there is nothing before that is said.
    idle_after: Duration,
    is_idle: bool,
    /// What was found since that was asked last.
    found_bytes: u64,
}

struct FollowedSplit {
    position: Position,
    /// How far it reached when nothing whole was left of it.
    caught_up_at: Option<u64>,
    /// Since when there was nothing to read.
    nothing_since: Option<Instant>,
    /// How far it was found to reach, at most.
    found: u64,
    is_sealed: bool,
}

/// What a task does next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// It reads a split.
    Read(Split),
    /// It says that it has had nothing for a while, and asks again.
    Idle,
    /// It asks again at that time.
    Wait(Instant),
    /// Nothing will come any more.
    End,
}

impl Followed {
    /// The splits of one of so many tasks. Those that `starts` names begin there; who has nothing for `idle_after` says so.
    pub(in crate::exec) fn of(task: (usize, usize), starts: &[Position], idle_after: Duration) -> Self {
        let (task_number, tasks) = task;
        let is_own = |start: &&Position| start.part % tasks == task_number;
        Followed {
            task,
            starts: starts.iter().filter(is_own).copied().collect(),
            splits: Vec::new(),
            dealt: 0,
            is_complete: false,
            turn: 0,
            pause: SHORTEST_PAUSE,
            waits_since: None,
            idle_after,
            is_idle: false,
            found_bytes: 0,
        }
    }

    /// Where the records begin that were not given, of each split.
    pub(super) fn positions(&self) -> Vec<Position> {
        let unseen = self.starts.iter().filter(|start| start.part >= self.dealt);
        self.splits.iter().map(|split| split.position).chain(unseen.copied()).collect()
    }

    /// The splits that event time waits for: those of which something is to be read, or was a while ago.
    pub(super) fn waited_for(&self, now: Instant) -> impl Iterator<Item = usize> {
        let is_quiet = move |split: &FollowedSplit| {
            split.nothing_since.is_some_and(|since| now.saturating_duration_since(since) >= self.idle_after)
        };
        let open = self.splits.iter().filter(move |split| !split.is_sealed && !is_quiet(split));
        open.map(|split| split.position.part)
    }

    /// Bytes that were found since the last time.
    pub(super) fn take_found_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.found_bytes)
    }

    /// What to do next.
    ///
    /// # Errors
    /// Where nobody knows how far splits reach, or one does not reach to where it was read.
    pub(super) fn next(&mut self, source: &dyn Endless, now: Instant) -> Result<Next> {
        self.deal(source)?;
        for turn in 0..self.splits.len() {
            let number = (self.turn + turn) % self.splits.len();
            if let Some(split) = self.more_of(number, source)? {
                (self.turn, self.splits[number].nothing_since) = (number, None);
                return Ok(Next::Read(split));
            }
            self.splits[number].nothing_since.get_or_insert(now);
        }
        if self.is_complete && self.splits.iter().all(|split| split.is_sealed) {
            return Ok(Next::End);
        }
        let waits_since = *self.waits_since.get_or_insert(now);
        // Who has no split is waited for by nobody.
        let is_idle = self.splits.is_empty() || now.duration_since(waits_since) >= self.idle_after;
        if !self.is_idle && is_idle {
            self.is_idle = true;
            return Ok(Next::Idle);
        }
        let pause = self.pause;
        self.pause = (2 * pause).min(LONGEST_PAUSE);
        Ok(Next::Wait(now + pause))
    }

    /// Takes over what is new and its own.
    fn deal(&mut self, source: &dyn Endless) -> Result<()> {
        if self.is_complete {
            return Ok(());
        }
        let extent = source.extent()?;
        let (task, tasks) = self.task;
        for part in (self.dealt..extent.splits).filter(|part| part % tasks == task) {
            let start = self.starts.iter().find(|start| start.part == part);
            let position = start.copied().unwrap_or(Position::start_of(part));
            let found = position.offset;
            self.splits.push(FollowedSplit {
                position,
                caught_up_at: None,
                nothing_since: None,
                found,
                is_sealed: false,
            });
        }
        self.dealt = self.dealt.max(extent.splits);
        self.is_complete = extent.is_complete;
        Ok(())
    }

    /// The bytes of a split that were not looked at yet. `None` if there are none.
    fn more_of(&mut self, number: usize, source: &dyn Endless) -> Result<Option<Split>> {
        let split = &mut self.splits[number];
        if split.is_sealed {
            return Ok(None);
        }
        let reach = source.reach(split.position.part)?;
        let Position { part, offset, .. } = split.position;
        if reach < offset {
            return Err(Error::Plan(format!(
                "{} was read up to byte {offset} and now ends at byte {reach}: it was replaced or cut off; put the file back",
                source.name(part)
            )));
        }
        self.found_bytes += reach.saturating_sub(split.found);
        split.found = split.found.max(reach);
        let has_more = reach > offset && split.caught_up_at != Some(reach);
        Ok(has_more.then(|| split.position.until(reach)))
    }

    /// Records came.
    pub(super) fn gave(&mut self) {
        (self.pause, self.waits_since, self.is_idle) = (SHORTEST_PAUSE, None, false);
    }

    /// A split was read up to this position. A reader that has read nothing since it opened a split keeps its mark.
    pub(super) fn is_at(&mut self, position: Position) {
        if let Some(split) = self.split(position.part).filter(|split| split.position.offset < position.offset) {
            split.position = position;
        }
    }

    /// A split has nothing more for now, where it reaches so far.
    pub(super) fn caught_up(&mut self, part: usize, reach: u64) {
        if let Some(split) = self.split(part) {
            split.caught_up_at = Some(reach);
        }
        self.pass_behind(part);
    }

    /// A split has nothing more for good.
    pub(super) fn sealed(&mut self, part: usize) {
        if let Some(split) = self.split(part) {
            split.is_sealed = true;
        }
        self.pass_behind(part);
    }

    /// It is the turn of the split behind this one.
    pub(super) fn pass_behind(&mut self, part: usize) {
        if let Some(place) = self.place(part) {
            self.turn = (place + 1) % self.splits.len();
        }
    }

    fn place(&self, part: usize) -> Option<usize> {
        self.splits.binary_search_by_key(&part, |split| split.position.part).ok()
    }

    fn split(&mut self, part: usize) -> Option<&mut FollowedSplit> {
        self.place(part).and_then(|place| self.splits.get_mut(place))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use proptest::prelude::*;

    use crate::source::Extent;

    use super::*;

    /// How far splits reach, and whether there will be no more.
    #[derive(Default)]
    struct Reaches(Mutex<(Vec<u64>, bool)>);

    impl Reaches {
        fn of(reaches: &[u64]) -> Self {
            Reaches(Mutex::new((reaches.to_vec(), false)))
        }
    }

    impl Endless for Reaches {
        fn extent(&self) -> Result<Extent> {
            let (reaches, is_complete) = &*self.0.lock().unwrap();
            Ok(Extent { splits: reaches.len(), is_complete: *is_complete })
        }

        fn reach(&self, part: usize) -> Result<u64> {
            Ok(self.0.lock().unwrap().0[part])
        }

        fn name(&self, part: usize) -> String {
            format!("log/split-{part}")
        }
    }

    /// Bytes of a record.
    const RECORD: u64 = 10;
    const SECOND: Duration = Duration::from_secs(1);

    /// Reads some whole records of a split as a head does; how many are left of it then. Answers what it read.
    fn read(followed: &mut Followed, split: &Split, most: u64, is_complete: bool) -> (usize, u64) {
        let whole = (split.range.end - split.range.start) / RECORD;
        let count = whole.min(most);
        if count > 0 {
            followed.gave();
        }
        followed.is_at(Position { offset: split.range.start + count * RECORD, ..Position::start_of(split.part) });
        match () {
            () if count < whole => followed.pass_behind(split.part),
            () if is_complete => followed.sealed(split.part),
            () => followed.caught_up(split.part, split.range.end),
        }
        (split.part, count)
    }

    #[derive(Clone, Debug)]
    enum Act {
        Append(usize, u64),
        AddSplit,
        Step(usize, u64),
        /// Other tasks go on from where these are.
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

    fn tasks(count: usize, starts: &[Position]) -> Vec<Followed> {
        (0..count).map(|task| Followed::of((task, count), starts, SECOND)).collect()
    }

    proptest! {
        /// Every record of every split is read once, in the split's order, by however many tasks, also where others go on from positions.
        #[test]
        fn every_record_is_read_once(acts in acts()) {
            let (reaches, now) = (Reaches::of(&[0]), Instant::now());
            let (mut following, mut counts) = (tasks(2, &[]), vec![0_u64; 200]);
            for act in acts {
                match act {
                    Act::Append(split, bytes) => {
                        let reaches = &mut reaches.0.lock().unwrap().0;
                        let count = reaches.len();
                        reaches[split % count] += bytes;
                    }
                    Act::AddSplit => reaches.0.lock().unwrap().0.push(0),
                    Act::Step(task, most) => {
                        let count = following.len();
                        let followed = &mut following[task % count];
                        if let Next::Read(split) = followed.next(&reaches, now).unwrap() {
                            prop_assert_eq!(split.range.start, counts[split.part] * RECORD);
                            let (part, read) = read(followed, &split, most, false);
                            counts[part] += read;
                        }
                    }
                    Act::Restart(count) => {
                        let starts: Vec<Position> = following.iter().flat_map(Followed::positions).collect();
                        following = tasks(count, &starts);
                    }
                }
            }
            reaches.0.lock().unwrap().1 = true;
            for followed in &mut following {
                loop {
                    match followed.next(&reaches, now).unwrap() {
                        Next::Read(split) => {
                            let (part, read) = read(followed, &split, 2, true);
                            counts[part] += read;
                        }
                        Next::End => break,
                        other => {
                            // What is sealed where all of it was read before is heard of by reading once more.
                            prop_assert_ne!(other, Next::Idle);
                            followed.splits.iter_mut().for_each(|split| split.is_sealed = true);
                        }
                    }
                }
            }
            let expected: Vec<u64> = reaches.0.lock().unwrap().0.iter().map(|reach| reach / RECORD).collect();
            prop_assert_eq!(&counts[..expected.len()], &expected[..]);
        }
    }

    #[test]
    fn a_split_that_always_has_more_holds_up_no_other() {
        let (reaches, now) = (Reaches::of(&[1_000_000, 0, 0]), Instant::now());
        let mut followed = Followed::of((0, 1), &[], SECOND);
        let mut step = |most| match followed.next(&reaches, now).unwrap() {
            Next::Read(split) => read(&mut followed, &split, most, false).0,
            other => panic!("{other:?}"),
        };
        assert_eq!([step(5), step(5)], [0, 0]);
        reaches.0.lock().unwrap().0[1..].fill(30);
        assert_eq!([step(1), step(1), step(1), step(1), step(1)], [1, 2, 0, 1, 2]);
    }

    #[test]
    fn who_has_caught_up_waits_longer_and_longer_and_says_once_that_it_is_idle() {
        let (reaches, begun) = (Reaches::of(&[20]), Instant::now());
        let mut followed = Followed::of((0, 1), &[], SECOND);
        for _ in 0..2 {
            let Next::Read(split) = followed.next(&reaches, begun).unwrap() else { panic!("there is something") };
            assert_eq!(read(&mut followed, &split, 9, false), (0, 2));
            let (mut now, mut pauses, mut idle_after) = (begun, Vec::new(), Vec::new());
            while now < begun + 3 * SECOND {
                match followed.next(&reaches, now).unwrap() {
                    Next::Wait(until) => {
                        pauses.push((until - now).as_millis());
                        now = until;
                    }
                    Next::Idle => idle_after.push((now - begun).as_millis()),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(pauses[..9], [1, 2, 4, 8, 16, 32, 50, 50, 50]);
            assert!(idle_after.len() == 1 && (1000..1050).contains(&idle_after[0]), "{idle_after:?}");
            reaches.0.lock().unwrap().0[0] += 20;
        }
    }

    #[test]
    fn a_split_cut_below_its_position_is_refused_with_its_name() {
        let (reaches, now) = (Reaches::of(&[20]), Instant::now());
        let mut followed = Followed::of((0, 1), &[Position { offset: 30, ..Position::start_of(0) }], SECOND);
        let message = followed.next(&reaches, now).unwrap_err().to_string();
        assert!(message.starts_with("log/split-0 was read up to byte 30 and now ends at byte 20"), "{message}");
        // A tail that was not whole may go.
        reaches.0.lock().unwrap().0[0] = 35;
        let Next::Read(split) = followed.next(&reaches, now).unwrap() else { panic!("there is something") };
        assert_eq!(read(&mut followed, &split, 9, false), (0, 0));
        assert!(matches!(followed.next(&reaches, now), Ok(Next::Wait(_))));
        reaches.0.lock().unwrap().0[0] = 30;
        assert!(matches!(followed.next(&reaches, now), Ok(Next::Wait(_))));
    }
}
