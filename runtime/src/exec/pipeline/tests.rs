use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::exec::channel::{Inbox, QueuePlace as WakeTurn, Wake};
use crate::exec::job::Job;
use crate::kernel::Outputs;
use crate::kernel::TaskContext;
use crate::memory::Budget;
use crate::memory::Memory;
use crate::memory::limits::PAGE_BYTES;
use crate::page::Input;
use crate::page::RowWriter;
use crate::physical::{Part, StepPlan};
use crate::row::{LeafType, RowLayout};
use crate::strategy::Driver;
use crate::strategy::DriverFactory;

/// Gives memory back in three calls.
#[derive(Default)]
struct InSteps {
    asked_bytes: Arc<AtomicUsize>,
    left: usize,
}

impl Driver for InSteps {
    fn on_batch(&mut self, _: usize, _: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        Ok(Progress::Done)
    }

    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.asked_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.left = 3;
        Ok(())
    }

    fn settle(&mut self) -> Result<Progress> {
        self.left -= 1;
        Ok(if self.left == 0 { Progress::Done } else { Progress::OutputFull })
    }
}

struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>, _: WakeTurn) {}
}

/// Holds memory until it is dropped.
struct Holding {
    _held: Option<crate::memory::Reservation>,
    has_enough: bool,
}

impl Driver for Holding {
    fn is_satisfied(&self) -> bool {
        self.has_enough
    }

    fn on_batch(&mut self, _: usize, _: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        Ok(Progress::Done)
    }

    fn revoke(&mut self, bytes: usize) -> Result<()> {
        panic!("{bytes} bytes are asked of what was stopped");
    }
}

#[test]
fn a_step_that_is_stopped_holds_no_memory_and_is_not_asked_for_any() {
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
        let plan = StepPlan {
            operator: 0,
            inline: vec![],
            driver: Arc::new(factory),
            port: 0,
            sides: vec![],
            part: Part::Whole,
        };
        let writer = RowWriter::new(Arc::new(RowLayout::full([LeafType::U64])), Memory::new(budget.clone(), "rows"));
        let ask = memory.revoke_handle().unwrap();
        (Step::new(&plan, vec![], driver, memory, vec![], Outputs::new(writer)), ask)
    };
    let (first, ask) = step(false);
    let (last, _) = step(true);
    assert_eq!(budget.used_bytes(), 8 * PAGE_BYTES);
    let inbox = Arc::new(Inbox::new(Arc::new(Nobody)));
    inbox.connect(Arc::new(Nobody), false);
    let origin = Origin { name: "holding".into(), operator: "holding".into(), file: "tests.rs", line: 1 };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let job = Job::new(Arc::new(pool), vec![origin]);
    let head = PipelineHead::Inbox(inbox.clone());
    let mut pipeline = Pipeline::new(head, vec![first, last], vec![], Watch::new(job.clone()));
    // It is asked when it has stopped already.
    pipeline.stop_before(1);
    ask.ask(1000);
    assert!(pipeline.poll().unwrap() == Poll::Ended && inbox.is_closed());
    assert_eq!(budget.used_bytes(), 0);
    let all = Memory::new(budget.clone(), "others").reserve((1 << 20) - 9 * PAGE_BYTES);
    assert!(all.is_ok(), "what was kept for it is there for others");
    assert_eq!(job.metrics.operators[0].memory_bytes.get(), 8 * PAGE_BYTES as u64);
}

#[test]
fn memory_is_given_back_until_that_is_done_where_no_rows_come() {
    let memory = Memory::spilling(Budget::new(1 << 20), "in steps", PAGE_BYTES);
    let _held = memory.reserve(1 << 19).unwrap();
    let asked_bytes: Arc<AtomicUsize> = Arc::default();
    let factory = DriverFactory::new("in steps", |_: &TaskContext| Ok(InSteps::default()));
    let driver = Box::new(InSteps { asked_bytes: asked_bytes.clone(), left: 0 });
    let plan =
        StepPlan { operator: 0, inline: vec![], driver: Arc::new(factory), port: 0, sides: vec![], part: Part::Whole };
    let layout = Arc::new(RowLayout::full([LeafType::U64]));
    let outputs = Outputs::new(RowWriter::new(layout, memory.clone()));
    let step = Step::new(&plan, vec![], driver, memory.clone(), vec![], outputs);
    let inbox = Arc::new(Inbox::new(Arc::new(Nobody)));
    inbox.connect(Arc::new(Nobody), false);
    let origin = Origin { name: "in steps".into(), operator: "in steps".into(), file: "tests.rs", line: 1 };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let job = Job::new(Arc::new(pool), vec![origin]);
    let mut pipeline = Pipeline::new(PipelineHead::Inbox(inbox), vec![step], vec![], Watch::new(job));

    assert!(pipeline.poll().unwrap() == Poll::Wait && asked_bytes.load(Ordering::Relaxed) == 0);
    memory.revoke_handle().unwrap().ask(1000);
    assert!(pipeline.poll().unwrap() == Poll::Yield && asked_bytes.load(Ordering::Relaxed) == 1000);
    assert!(pipeline.poll().unwrap() == Poll::Yield);
    assert!(pipeline.poll().unwrap() == Poll::Wait && asked_bytes.load(Ordering::Relaxed) == 1000);
    assert!(pipeline.poll().unwrap() == Poll::Wait, "all is given");
}
