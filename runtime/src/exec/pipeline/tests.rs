use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::*;
use crate::error::Origin;
use crate::exec::aligned_input::AlignedInput;
use crate::exec::channel::{ChannelSender, Inbox, QueuePlace as WakeTurn, Wake};
use crate::exec::job::Job;
use crate::kernel::Outputs;
use crate::kernel::TaskContext;
use crate::memory::Budget;
use crate::memory::Memory;
use crate::memory::limits::PAGE_BYTES;
use crate::page::Input;
use crate::page::RowWriter;
use crate::physical::{Part, StepPlan};
use crate::row::{Datum, LeafType, RowLayout};
use crate::strategy::Driver;
use crate::strategy::DriverFactory;
use crate::strategy::{Cursor, Demand, DriverProperties, PortSet, Revocable, Round, Ship};
use crate::stream::{ItemReceiver, ItemSender};

/// Gives memory back in three calls.
#[derive(Default)]
struct RevokesInThreeCalls {
    asked_bytes: Arc<AtomicUsize>,
    left: usize,
}

impl Driver for RevokesInThreeCalls {
    fn on_batch(&mut self, _: usize, _: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        Ok(Progress::Done)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for RevokesInThreeCalls {
    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.asked_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.left = 3;
        Ok(())
    }

    fn continue_revoking(&mut self) -> Result<Progress> {
        self.left -= 1;
        Ok(if self.left == 0 { Progress::Done } else { Progress::Yield })
    }
}

struct NoTask;

impl Wake for NoTask {
    fn wake(self: Arc<Self>, _: WakeTurn) {}
}

/// A step of one port, without side inputs.
fn step_plan(driver: DriverFactory) -> StepPlan {
    StepPlan {
        operator: 0,
        inline: vec![],
        driver: Arc::new(driver),
        port: 0,
        sides: vec![],
        keys: Vec::new(),
        part: Part::Whole,
        in_loop: false,
        others: vec![],
        fills: Vec::new(),
    }
}

/// Holds memory until it is dropped.
struct Holding {
    _held: Option<crate::memory::Reservation>,
    has_enough: bool,
}

impl Driver for Holding {
    fn demand(&self) -> Demand {
        Demand { is_satisfied: self.has_enough, ..Demand::ALL }
    }

    fn on_batch(&mut self, _: usize, _: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        Ok(Progress::Done)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for Holding {
    fn revoke(&mut self, bytes: usize) -> Result<()> {
        panic!("{bytes} bytes are asked of what was stopped");
    }
}

#[test]
fn a_stopped_step_holds_no_memory_and_ignores_revocation() {
    let budget = Budget::new(1 << 20);
    let step = |has_enough: bool| {
        let memory = Memory::spilling(budget.clone(), "holding", 9 * PAGE_BYTES);
        let held = (!has_enough).then(|| memory.reserve(8 * PAGE_BYTES).unwrap());
        let held = Arc::new(std::sync::Mutex::new(held));
        let factory = DriverFactory::new("holding", move |_: &TaskContext| {
            Ok(Holding { _held: held.lock().unwrap().take(), has_enough })
        });
        let factory = factory.stopping_early(true);
        let driver = factory.create(&TaskContext::alone(memory.clone())).unwrap();
        let plan = step_plan(factory);
        let writer = RowWriter::new(Arc::new(RowLayout::full([LeafType::U64])), Memory::new(budget.clone(), "rows"));
        let revoke = memory.revoke_handle().unwrap();
        (Step::new(&plan, vec![], driver, memory, vec![], Outputs::new(writer)), revoke)
    };
    let (first, revoke) = step(false);
    let (last, _) = step(true);
    assert_eq!(budget.used_bytes(), 8 * PAGE_BYTES);
    let inbox = Arc::new(Inbox::new(Arc::new(NoTask)));
    inbox.connect(Arc::new(NoTask), false);
    let origin =
        Origin { name: "holding".into(), operator: "holding".into(), file: "tests.rs".into(), line: 1, column: 1 };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let job = Job::new(Arc::new(pool), vec![(origin, 1)]);
    let head = PipelineHead::Inbox(AlignedInput::new(inbox.clone()));
    let mut pipeline = Pipeline::new(head, vec![first, last], vec![], OperatorScope::new(job.clone(), 0));
    // Memory is requested after the step was stopped.
    pipeline.stop_before(1);
    revoke.ask(1000);
    assert!(pipeline.poll().unwrap() == Progress::Done && inbox.is_closed());
    assert_eq!(budget.used_bytes(), 0);
    let all = Memory::new(budget.clone(), "others").reserve((1 << 20) - 9 * PAGE_BYTES);
    assert!(all.is_ok(), "what was kept for it is there for others");
    assert_eq!(job.metrics.operators[0][0].memory_bytes.get(), 8 * PAGE_BYTES as u64);
}

#[test]
fn idle_tasks_finish_revoking_memory() {
    let memory = Memory::spilling(Budget::new(1 << 20), "in steps", PAGE_BYTES);
    let _held = memory.reserve(1 << 19).unwrap();
    let asked_bytes: Arc<AtomicUsize> = Arc::default();
    let factory = DriverFactory::new("in steps", |_: &TaskContext| Ok(RevokesInThreeCalls::default()));
    let driver = Box::new(RevokesInThreeCalls { asked_bytes: asked_bytes.clone(), left: 0 });
    let plan = step_plan(factory);
    let layout = Arc::new(RowLayout::full([LeafType::U64]));
    let outputs = Outputs::new(RowWriter::new(layout, memory.clone()));
    let step = Step::new(&plan, vec![], driver, memory.clone(), vec![], outputs);
    let inbox = Arc::new(Inbox::new(Arc::new(NoTask)));
    inbox.connect(Arc::new(NoTask), false);
    let origin =
        Origin { name: "in steps".into(), operator: "in steps".into(), file: "tests.rs".into(), line: 1, column: 1 };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let job = Job::new(Arc::new(pool), vec![(origin, 1)]);
    let mut pipeline =
        Pipeline::new(PipelineHead::Inbox(AlignedInput::new(inbox)), vec![step], vec![], OperatorScope::new(job, 0));

    assert!(pipeline.poll().unwrap() == Progress::Pending && asked_bytes.load(Ordering::Relaxed) == 0);
    memory.revoke_handle().unwrap().ask(1000);
    assert!(pipeline.poll().unwrap() == Progress::Yield && asked_bytes.load(Ordering::Relaxed) == 1000);
    assert!(pipeline.poll().unwrap() == Progress::Yield);
    assert!(pipeline.poll().unwrap() == Progress::Pending && asked_bytes.load(Ordering::Relaxed) == 1000);
    assert!(pipeline.poll().unwrap() == Progress::Pending, "all is given");
}

/// Records its callbacks, and emits a row at each round end and watermark.
struct RecordingDriver {
    calls: Arc<Mutex<Vec<String>>>,
    /// It accepts no more rows of a port after its round has ended.
    closes_ports: bool,
    closed_ports: Vec<usize>,
}

impl RecordingDriver {
    fn note(&self, call: String) {
        self.calls.lock().unwrap().push(call);
    }
}

impl Driver for RecordingDriver {
    fn demand(&self) -> Demand {
        Demand::of(PortSet::of_first(2, |port| !self.closed_ports.contains(&port)))
    }

    fn on_batch(&mut self, port: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        let numbers = input.selection().rows().iter().map(|&row| input.batch().leaf_bits(0, row as usize));
        self.note(format!("{port}: {:?}", numbers.collect::<Vec<_>>()));
        Ok(Progress::Done)
    }

    fn on_round_end(&mut self, port: usize, round: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.note(format!("{port}: end of round {}", round.number));
        self.closed_ports.extend(self.closes_ports.then_some(port));
        out.pages().append_datums(&[Datum::Fixed(u128::from(round.number))])?;
        Ok(Progress::Done)
    }

    fn on_watermark(&mut self, micros: i64, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        // Its output is full at the first call.
        *cursor += 1;
        if *cursor == 1 {
            return Ok(Progress::Yield);
        }
        self.note(format!("watermark {micros}"));
        out.pages().append_datums(&[Datum::Fixed(micros as u128)])?;
        Ok(Progress::Done)
    }

    fn on_barrier(&mut self, epoch: u64, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.note(format!("barrier {epoch}"));
        Ok(Progress::Done)
    }
}

/// A task with one step of two ports, its incoming channels, and the inbox of its receiver.
struct Task {
    pipeline: Pipeline,
    stream: Vec<ChannelSender>,
    side: Vec<ChannelSender>,
    out: Arc<Inbox>,
    calls: Arc<Mutex<Vec<String>>>,
    memory: Memory,
}

impl Task {
    fn new(once: Option<usize>) -> Self {
        Task::of(once, false)
    }

    fn of(once: Option<usize>, closes_ports: bool) -> Self {
        let memory = Memory::new(Budget::new(1 << 20), "a task");
        let calls: Arc<Mutex<Vec<String>>> = Arc::default();
        let notes = calls.clone();
        let fed_once = once.map_or(PortSet::NONE, PortSet::of);
        let layout = Arc::new(RowLayout::full([LeafType::U64]));
        let factory = DriverFactory::new("notes", move |_: &TaskContext| {
            Ok(RecordingDriver { calls: notes.clone(), closes_ports, closed_ports: vec![] })
        })
        .with_properties(DriverProperties { fed_once, ..DriverProperties::default() })
        .emitting(layout.clone());
        let driver = factory.create(&TaskContext::alone(memory.clone())).unwrap();
        let plan = step_plan(factory);
        let inbox = || Arc::new(Inbox::new(Arc::new(NoTask)));
        let channels = |inbox: &Arc<Inbox>| (0..2).map(|_| inbox.connect(Arc::new(NoTask), false)).collect::<Vec<_>>();
        let (head, side, out) = (inbox(), inbox(), inbox());
        let senders = (channels(&head), channels(&side));
        let writer = || RowWriter::new(layout.clone(), memory.clone());
        let sides = vec![SideInput { port: 1, input: AlignedInput::new(side) }];
        let step = Step::new(&plan, vec![], driver, memory.clone(), sides, Outputs::new(writer()));
        let target: Box<dyn ItemSender> = Box::new(out.connect(Arc::new(NoTask), false));
        let output = StageOutput::new(0, vec![], Ship::Gather, vec![writer()], vec![target]);
        let origin =
            Origin { name: "notes".into(), operator: "notes".into(), file: "tests.rs".into(), line: 1, column: 1 };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let job = Job::new(Arc::new(pool), vec![(origin, 1)]);
        let head = PipelineHead::Inbox(AlignedInput::new(head));
        let pipeline = Pipeline::new(head, vec![step], vec![output], OperatorScope::new(job, 0));
        Task { pipeline, stream: senders.0, side: senders.1, out, calls, memory }
    }

    fn send_stream(&self, channel: usize, number: u64) {
        assert!(self.stream[channel].send(self.page(number)).is_ok());
    }

    fn send_side(&self, channel: usize, number: u64) {
        assert!(self.side[channel].send(self.page(number)).is_ok());
    }

    fn page(&self, number: u64) -> Item {
        let mut writer = RowWriter::new(Arc::new(RowLayout::full([LeafType::U64])), self.memory.clone());
        writer.append_datums(&[Datum::Fixed(u128::from(number))]).unwrap();
        writer.seal();
        Item::Page(writer.take_sealed().next().unwrap())
    }

    /// Polls until the task is idle. Returns the driver's callbacks and the items sent since the
    /// last call.
    fn work(&mut self) -> (Vec<String>, Vec<String>) {
        while self.pipeline.poll().unwrap() == Progress::Yield {}
        let mut sent = Vec::new();
        while let Some((_, item)) = self.out.take(&|_| false, |_| true) {
            sent.push(match item {
                Item::Page(page) => {
                    let numbers = (0..page.rows()).map(|row| page.batch().leaf_bits(0, row));
                    format!("{:?}", numbers.collect::<Vec<_>>())
                }
                Item::Control(control) => format!("{control:?}"),
            });
        }
        (std::mem::take(&mut self.calls.lock().unwrap()), sent)
    }
}

fn send(channel: &ChannelSender, control: Control) {
    assert!(channel.send(Item::Control(control)).is_ok());
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// Rows after a barrier wait at each port and channel.
#[test]
fn a_barrier_cuts_all_channels_of_all_ports_alike() {
    let mut task = Task::new(None);
    let barrier = Control::Barrier(5);
    send(&task.stream[0], barrier);
    task.send_stream(0, 10);
    task.send_stream(1, 20);
    assert_eq!(task.work(), (texts(&["0: [20]"]), texts(&[])));
    send(&task.stream[1], barrier);
    task.send_stream(1, 21);
    task.send_side(0, 30);
    assert_eq!(task.work(), (texts(&["1: [30]"]), texts(&[])));
    send(&task.side[0], barrier);
    send(&task.side[1], Control::End);
    let (calls, sent) = task.work();
    assert_eq!((calls[0].as_str(), calls.len(), sent), ("barrier 5", 3, texts(&["Barrier(5)"])));
}

#[test]
fn a_round_end_is_sent_after_all_ports_have_it() {
    let mut task = Task::new(None);
    for number in 1..=3 {
        let round = Control::RoundEnd(number);
        task.stream.iter().for_each(|channel| send(channel, round));
        task.send_stream(0, 10);
        assert_eq!(task.work(), (vec![format!("0: end of round {number}")], vec![format!("[{number}]")]));
        task.side.iter().for_each(|channel| send(channel, round));
        let calls = vec![format!("1: end of round {number}"), "0: [10]".to_owned()];
        // Rows emitted at the round ends come before the round end.
        assert_eq!(task.work(), (calls, vec![format!("[{number}]"), format!("{round:?}")]));
    }
    task.stream.iter().chain(&task.side).for_each(|channel| send(channel, Control::End));
    assert_eq!(task.work().1, texts(&["End"]));
    assert!(task.pipeline.poll().unwrap() == Progress::Done);
}

#[test]
fn rounds_do_not_wait_for_a_port_fed_once() {
    let mut task = Task::new(Some(1));
    task.send_side(0, 30);
    task.side.iter().for_each(|channel| Control::END_OF_INPUT.iter().for_each(|&end| send(channel, end)));
    assert_eq!(task.work().0, texts(&["1: [30]", "1: end of round 1"]));
    for number in 1..=3 {
        let round = Control::RoundEnd(number);
        task.stream.iter().for_each(|channel| send(channel, round));
        let (calls, sent) = task.work();
        assert_eq!(calls, vec![format!("0: end of round {number}")]);
        assert_eq!(sent.last(), Some(&format!("{round:?}")));
    }
}

/// A join accepts no more rows of a side after that side's round end.
#[test]
fn ends_arrive_at_ports_that_accept_no_rows() {
    let mut task = Task::of(None, true);
    let ends = |channels: &[ChannelSender]| {
        channels.iter().for_each(|channel| Control::END_OF_INPUT.iter().for_each(|&end| send(channel, end)));
    };
    ends(&task.side);
    assert_eq!(task.work().0, texts(&["1: end of round 1"]));
    ends(&task.stream);
    assert_eq!(task.work().1.last().map(String::as_str), Some("End"));
    assert!(task.pipeline.poll().unwrap() == Progress::Done);
}

#[test]
fn a_watermark_follows_the_rows_that_it_caused() {
    let mut task = Task::new(None);
    let channels = task.stream.iter().chain(&task.side);
    channels.zip([7, 3, 9, 5]).for_each(|(channel, micros)| send(channel, Control::Watermark(micros)));
    assert_eq!(task.work(), (texts(&["watermark 3"]), texts(&["[3]", "Watermark(3)"])));
    send(&task.stream[1], Control::Idle);
    assert_eq!(task.work(), (texts(&["watermark 5"]), texts(&["[5]", "Watermark(5)"])));
}

/// Passes all rows on, and counts the visits of the task.
struct CountsVisits {
    visits: Arc<AtomicUsize>,
}

impl Driver for CountsVisits {
    fn demand(&self) -> Demand {
        self.visits.fetch_add(1, Ordering::Relaxed);
        Demand::ALL
    }

    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        out.pass(input.selection().clone());
        Ok(Progress::Done)
    }
}

#[test]
fn long_chains_visit_each_step_a_few_times() {
    const STEPS: usize = 5_000;
    let memory = Memory::new(Budget::new(1 << 20), "a chain");
    let layout = Arc::new(RowLayout::full([LeafType::U64]));
    let visits: Arc<AtomicUsize> = Arc::default();
    let step = || {
        let driver = CountsVisits { visits: visits.clone() };
        let plan = step_plan(DriverFactory::new("visited", |_: &TaskContext| Ok(RevokesInThreeCalls::default())));
        let outputs = Outputs::new(RowWriter::new(layout.clone(), memory.clone()));
        Step::new(&plan, vec![], Box::new(driver), memory.clone(), vec![], outputs)
    };
    let (inbox, out) = (Arc::new(Inbox::new(Arc::new(NoTask))), Arc::new(Inbox::new(Arc::new(NoTask))));
    let input = inbox.connect(Arc::new(NoTask), false);
    let target: Box<dyn ItemSender> = Box::new(out.connect(Arc::new(NoTask), false));
    let writer = RowWriter::new(layout.clone(), memory.clone());
    let output = StageOutput::new(0, vec![], Ship::Gather, vec![writer], vec![target]);
    let origin = Origin { name: "chain".into(), operator: "chain".into(), file: "tests.rs".into(), line: 1, column: 1 };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let job = Job::new(Arc::new(pool), vec![(origin, 1)]);
    let head = PipelineHead::Inbox(AlignedInput::new(inbox));
    let steps = Vec::from_iter((0..STEPS).map(|_| step()));
    let mut pipeline = Pipeline::new(head, steps, vec![output], OperatorScope::new(job, 0));
    let mut writer = RowWriter::new(layout.clone(), memory.clone());
    writer.append_datums(&[Datum::Fixed(7)]).unwrap();
    writer.seal();
    assert!(input.send(Item::Page(writer.take_sealed().next().unwrap())).is_ok());
    Control::END_OF_INPUT.iter().for_each(|&end| send(&input, end));
    let mut polls = 1;
    while pipeline.poll().unwrap() == Progress::Yield {
        polls += 1;
    }
    let sent = || out.take(&|_| false, |_| true).map(|(_, item)| matches!(item, Item::Page(_)));
    assert_eq!(Vec::from_iter(std::iter::from_fn(sent)), [true, false, false]);
    // A step takes three items, each in two turns of at most three visits. A poll visits each once.
    let visits = visits.load(Ordering::Relaxed);
    assert!(visits < (18 + polls) * STEPS, "{visits} visits in {polls} polls");
}
