//! Limits the time that rows wait for their page to fill.
//!
//! A full page costs its receiver about as much as a page with one row. So a page is sent if
//! * it is full,
//! * the task has no more input at present, and no channel holds it back, or
//! * its first row has waited for the latency.
//!
//! An idle task sends immediately, because its receivers probably have time, too. If they do not,
//! their channels fill up and hold the task back, and its pages become fuller.

use std::time::{Duration, Instant};

use crate::error::Result;
use crate::exec::exits::Exit;
use crate::exec::inline::Watch;
use crate::exec::timers::Alarm;

/// The deadline by which the outputs of a task send their rows.
pub(in crate::exec) struct Deadline {
    latency: Duration,
    /// Wakes the task if one channel holds it back while rows for other channels wait.
    alarm: Alarm,
}

impl Deadline {
    pub(in crate::exec) fn new(latency: Duration, alarm: Alarm) -> Self {
        Deadline { latency, alarm }
    }

    /// Sends the rows that are due. Sends all rows if the task is idle (`is_blocked`) and no
    /// channel holds it back; otherwise those that have waited for the latency.
    pub(super) fn keep(&mut self, exits: &mut [Exit], is_blocked: bool, watch: &Watch) -> Result<()> {
        let now = Instant::now();
        let is_held_back = exits.iter().any(Exit::is_held_back);
        let mut first: Option<Instant> = None;
        for exit in exits.iter_mut() {
            let Some(since) = exit.unsent_since(now) else { continue };
            // If the clock cannot represent the deadline, there is none.
            let due = since.checked_add(self.latency);
            if due.is_some_and(|due| due <= now) || (is_blocked && !is_held_back) {
                exit.seal(watch);
                exit.flush();
            } else if is_blocked {
                first = first.into_iter().chain(due).min();
            }
        }
        match first {
            Some(first) => self.alarm.set(first),
            None => {
                self.alarm.clear();
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::{Sender, channel};

    use super::*;
    use crate::error::Origin;
    use crate::exec::channel::{Inbox, QueuePlace, Wake};
    use crate::exec::job::Job;
    use crate::memory::{Budget, Memory};
    use crate::page::{Page, RowWriter, Selection};
    use crate::row::{Datum, LeafType, RowLayout};
    use crate::strategy::Ship;
    use crate::stream::{Control, Item, ItemReceiver, ItemSender};

    struct Woken(Sender<()>);

    impl Wake for Woken {
        fn wake(self: Arc<Self>, _: QueuePlace) {
            self.0.send(()).unwrap_or_default();
        }
    }

    /// The output of a task to two receivers. Rows are sent by their number.
    struct Rig {
        exits: Vec<Exit>,
        inboxes: [Arc<Inbox>; 2],
        layout: Arc<RowLayout>,
        memory: Memory,
        watch: Watch,
    }

    impl Rig {
        fn new(sender: &Arc<dyn Wake>) -> Self {
            let memory = Memory::new(Budget::new(16 << 20), "a rig");
            let layout = Arc::new(RowLayout::full([LeafType::U64]));
            let inboxes = [(); 2].map(|()| Arc::new(Inbox::new(Arc::new(Woken(channel().0)))));
            let targets =
                inboxes.iter().map(|inbox| Box::new(inbox.connect(sender.clone(), false)) as Box<dyn ItemSender>);
            let writers = (0..2).map(|_| RowWriter::new(layout.clone(), memory.clone())).collect();
            let exits = vec![Exit::new(0, vec![], Ship::Number(0), writers, targets.collect())];
            let origin =
                Origin { name: "rig".into(), operator: "rig".into(), file: "tests.rs".into(), line: 1, column: 1 };
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
            Rig { exits, inboxes, layout, memory, watch: Watch::new(Job::new(Arc::new(pool), vec![(origin, 1)]), 0) }
        }

        fn page(&self, number: u64) -> Page {
            let mut writer = RowWriter::new(self.layout.clone(), self.memory.clone());
            writer.append_datums(&[Datum::Fixed(number.into())]).unwrap();
            writer.seal();
            writer.take_sealed().next().unwrap()
        }

        fn write(&mut self, number: u64) {
            let (page, mut rows) = (self.page(number), Selection::default());
            rows.fill(0..1);
            self.exits[0].write(&page.batch(), &rows, 0, &self.watch).unwrap();
        }

        /// The number of pages that a receiver has received.
        fn arrived(&self, target: usize) -> usize {
            let take = || self.inboxes[target].take(&|_| false, |_| true);
            std::iter::from_fn(take).filter(|(_, item)| matches!(item, Item::Page(_))).count()
        }
    }

    #[test]
    fn rows_go_when_there_is_nothing_else_to_do_or_when_they_have_waited() {
        let (woken, _heard) = channel();
        let task: Arc<dyn Wake> = Arc::new(Woken(woken));
        let mut rig = Rig::new(&task);
        let mut hour = Deadline::new(Duration::from_secs(3600), Alarm::of(&task));
        rig.write(1);
        hour.keep(&mut rig.exits, false, &rig.watch).unwrap();
        assert_eq!(rig.arrived(1), 0, "there is more to do");
        rig.write(1);
        hour.keep(&mut rig.exits, true, &rig.watch).unwrap();
        assert_eq!(rig.arrived(1), 1);
        let mut at_once = Deadline::new(Duration::ZERO, Alarm::of(&task));
        rig.write(0);
        at_once.keep(&mut rig.exits, false, &rig.watch).unwrap();
        assert_eq!((rig.arrived(0), rig.arrived(1)), (1, 0));
    }

    #[test]
    fn a_latency_beyond_the_clock_never_ends() {
        let (woken, _heard) = channel();
        let task: Arc<dyn Wake> = Arc::new(Woken(woken));
        let mut rig = Rig::new(&task);
        let mut never = Deadline::new(Duration::MAX, Alarm::of(&task));
        rig.write(1);
        never.keep(&mut rig.exits, false, &rig.watch).unwrap();
        assert_eq!(rig.arrived(1), 0);
        never.keep(&mut rig.exits, true, &rig.watch).unwrap();
        assert_eq!(rig.arrived(1), 1);
    }

    /// Both receivers stop treating the sender as idle before one of them receives rows.
    #[test]
    fn a_sender_that_was_idle_first_sends_a_watermark_to_all() {
        let (woken, _heard) = channel();
        let task: Arc<dyn Wake> = Arc::new(Woken(woken));
        let mut rig = Rig::new(&task);
        let controls = [Control::Watermark(7), Control::Barrier(1), Control::Idle, Control::Barrier(2)];
        controls.into_iter().for_each(|control| rig.exits[0].send_control(control, &rig.watch));
        rig.write(1);
        rig.write(1);
        rig.exits[0].seal(&rig.watch);
        rig.exits[0].flush();
        let items = |target: usize| {
            let take = || rig.inboxes[target].take(&|_| false, |_| true);
            Vec::from_iter(std::iter::from_fn(take).map(|(_, item)| match item {
                Item::Control(control) => format!("{control:?}"),
                Item::Page(page) => format!("{} rows", page.rows()),
            }))
        };
        let said = ["Watermark(7)", "Barrier(1)", "Idle", "Barrier(2)", "Watermark(7)"];
        assert_eq!(items(0), said);
        assert_eq!(items(1), [&said[..], &["2 rows"]].concat());
    }

    /// A receiver that takes nothing blocks the task, but not the rows for the other receiver.
    #[test]
    fn rows_for_one_target_do_not_wait_for_another() {
        let (woken, heard) = channel();
        let task: Arc<dyn Wake> = Arc::new(Woken(woken));
        let mut rig = Rig::new(&task);
        let mut deadline = Deadline::new(Duration::from_millis(30), Alarm::of(&task));
        while !rig.exits[0].is_held_back() {
            rig.write(0);
            rig.exits[0].seal(&rig.watch);
            rig.exits[0].flush();
        }
        rig.write(1);
        deadline.keep(&mut rig.exits, true, &rig.watch).unwrap();
        assert_eq!(rig.arrived(1), 0, "pages may become fuller");
        assert!(heard.recv_timeout(Duration::from_secs(60)).is_ok(), "the task is woken in time");
        deadline.keep(&mut rig.exits, true, &rig.watch).unwrap();
        assert_eq!(rig.arrived(1), 1);
    }
}
