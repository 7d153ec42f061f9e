//! Limits the time that rows wait for their page to fill.
//!
//! A full page costs its receiver about as much as a page with one row. A page is sent:
//! * if it is full.
//! * if the task has no more input at present, and no channel holds it back.
//! * if its first row has waited for the latency.
//!
//! An idle task sends immediately, because its receivers probably have time, too. If they do not,
//! their channels fill up and hold the task back, and its pages become fuller.

use std::time::{Duration, Instant};

use crate::error::Result;
use crate::exec::inline::OperatorScope;
use crate::exec::stage_output::StageOutput;
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

    /// Sends the rows that are due. Sends all rows if the task is idle (`is_idle`) and no
    /// channel holds it back; otherwise those that have waited for the latency.
    pub(super) fn flush_due(
        &mut self,
        outputs: &mut [StageOutput],
        is_idle: bool,
        scope: &OperatorScope,
    ) -> Result<()> {
        let now = Instant::now();
        let is_blocked = outputs.iter().any(StageOutput::is_blocked);
        let mut first: Option<Instant> = None;
        for output in outputs.iter_mut() {
            let Some(since) = output.unsent_since(now) else { continue };
            // If the clock cannot represent the deadline, there is none.
            let due = since.checked_add(self.latency);
            if due.is_some_and(|due| due <= now) || (is_idle && !is_blocked) {
                output.seal(scope);
                output.flush();
            } else if is_idle {
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
    struct TestOutputs {
        outputs: Vec<StageOutput>,
        inboxes: [Arc<Inbox>; 2],
        layout: Arc<RowLayout>,
        memory: Memory,
        scope: OperatorScope,
    }

    impl TestOutputs {
        fn new(sender: &Arc<dyn Wake>) -> Self {
            let memory = Memory::new(Budget::new(16 << 20), "a rig");
            let layout = Arc::new(RowLayout::full([LeafType::U64]));
            let inboxes = [(); 2].map(|()| Arc::new(Inbox::new(Arc::new(Woken(channel().0)))));
            let targets =
                inboxes.iter().map(|inbox| Box::new(inbox.connect(sender.clone(), false)) as Box<dyn ItemSender>);
            let writers = (0..2).map(|_| RowWriter::new(layout.clone(), memory.clone())).collect();
            let outputs = vec![StageOutput::new(0, vec![], Ship::Number(0), writers, targets.collect())];
            let origin =
                Origin { name: "rig".into(), operator: "rig".into(), file: "tests.rs".into(), line: 1, column: 1 };
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
            TestOutputs {
                outputs,
                inboxes,
                layout,
                memory,
                scope: OperatorScope::new(Job::new(Arc::new(pool), vec![(origin, 1)]), 0),
            }
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
            self.outputs[0].write(&page.batch(), &rows, 0, &self.scope).unwrap();
        }

        /// The number of pages that a receiver has received.
        fn arrived(&self, target: usize) -> usize {
            let take = || self.inboxes[target].take(&|_| false, |_| true);
            std::iter::from_fn(take).filter(|(_, item)| matches!(item, Item::Page(_))).count()
        }
    }

    #[test]
    fn rows_are_sent_if_idle_or_after_the_latency() {
        let (woken, _wakes) = channel();
        let task: Arc<dyn Wake> = Arc::new(Woken(woken));
        let mut test = TestOutputs::new(&task);
        let mut in_an_hour = Deadline::new(Duration::from_secs(3600), Alarm::of(&task));
        test.write(1);
        in_an_hour.flush_due(&mut test.outputs, false, &test.scope).unwrap();
        assert_eq!(test.arrived(1), 0, "there is more to do");
        test.write(1);
        in_an_hour.flush_due(&mut test.outputs, true, &test.scope).unwrap();
        assert_eq!(test.arrived(1), 1);
        let mut immediate = Deadline::new(Duration::ZERO, Alarm::of(&task));
        test.write(0);
        immediate.flush_due(&mut test.outputs, false, &test.scope).unwrap();
        assert_eq!((test.arrived(0), test.arrived(1)), (1, 0));
    }

    #[test]
    fn a_latency_beyond_the_clock_never_ends() {
        let (woken, _wakes) = channel();
        let task: Arc<dyn Wake> = Arc::new(Woken(woken));
        let mut test = TestOutputs::new(&task);
        let mut never = Deadline::new(Duration::MAX, Alarm::of(&task));
        test.write(1);
        never.flush_due(&mut test.outputs, false, &test.scope).unwrap();
        assert_eq!(test.arrived(1), 0);
        never.flush_due(&mut test.outputs, true, &test.scope).unwrap();
        assert_eq!(test.arrived(1), 1);
    }

    /// Both receivers stop treating the sender as idle before one of them receives rows.
    #[test]
    fn an_idle_sender_first_sends_a_watermark_to_all_receivers() {
        let (woken, _wakes) = channel();
        let task: Arc<dyn Wake> = Arc::new(Woken(woken));
        let mut test = TestOutputs::new(&task);
        let controls = [Control::Watermark(7), Control::Barrier(1), Control::Idle, Control::Barrier(2)];
        controls.into_iter().for_each(|control| test.outputs[0].send_control(control, &test.scope));
        test.write(1);
        test.write(1);
        test.outputs[0].seal(&test.scope);
        test.outputs[0].flush();
        let items = |target: usize| {
            let take = || test.inboxes[target].take(&|_| false, |_| true);
            Vec::from_iter(std::iter::from_fn(take).map(|(_, item)| match item {
                Item::Control(control) => format!("{control:?}"),
                Item::Page(page) => format!("{} rows", page.rows()),
            }))
        };
        let expected = ["Watermark(7)", "Barrier(1)", "Idle", "Barrier(2)", "Watermark(7)"];
        assert_eq!(items(0), expected);
        assert_eq!(items(1), [&expected[..], &["2 rows"]].concat());
    }

    /// A receiver that takes nothing blocks the task, but not the rows for the other receiver.
    #[test]
    fn rows_for_one_target_do_not_wait_for_another() {
        let (woken, wakes) = channel();
        let task: Arc<dyn Wake> = Arc::new(Woken(woken));
        let mut test = TestOutputs::new(&task);
        let mut deadline = Deadline::new(Duration::from_millis(30), Alarm::of(&task));
        while !test.outputs[0].is_blocked() {
            test.write(0);
            test.outputs[0].seal(&test.scope);
            test.outputs[0].flush();
        }
        test.write(1);
        deadline.flush_due(&mut test.outputs, true, &test.scope).unwrap();
        assert_eq!(test.arrived(1), 0, "pages may become fuller");
        assert!(wakes.recv_timeout(Duration::from_secs(60)).is_ok(), "the task is woken in time");
        deadline.flush_due(&mut test.outputs, true, &test.scope).unwrap();
        assert_eq!(test.arrived(1), 1);
    }
}
