use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::exec::channel::Turn as WakeTurn;
use crate::exec::job::Job;
use crate::kernel::TaskContext;
use crate::memory::Budget;
use crate::memory::limits::PAGE_BYTES;
use crate::page::RowWriter;
use crate::row::{LeafType, RowLayout};
use crate::strategy::DriverFactory;

/// Gives memory back in three calls.
#[derive(Clone, Default)]
struct InSteps {
    asked_bytes: Arc<AtomicUsize>,
    left: usize,
}

impl Driver for InSteps {
    fn on_batch(&mut self, _: usize, _: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        Ok(Answer::Done)
    }

    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.asked_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.left = 3;
        Ok(())
    }

    fn settle(&mut self) -> Result<Answer> {
        self.left -= 1;
        Ok(if self.left == 0 { Answer::Done } else { Answer::Resume })
    }
}

impl DriverFactory for InSteps {
    fn name(&self) -> String {
        "in steps".to_owned()
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        None
    }

    fn create(&self, _: &TaskContext) -> Result<Box<dyn Driver>> {
        Ok(Box::new(self.clone()))
    }
}

struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>, _: WakeTurn) {}
}

#[test]
fn memory_is_given_back_until_that_is_done_where_no_rows_come() {
    let memory = Memory::spilling(Budget::new(1 << 20), "in steps", PAGE_BYTES);
    let _held = memory.reserve(1 << 19).unwrap();
    let factory = InSteps::default();
    let driver = factory.create(&TaskContext::alone(memory.clone())).unwrap();
    let asked_bytes = factory.asked_bytes.clone();
    let plan =
        StepPlan { operator: 0, prelude: vec![], driver: Arc::new(factory), port: 0, sides: vec![], part: Part::Whole };
    let layout = Arc::new(RowLayout::full([LeafType::U64]));
    let outputs = Outputs::new(RowWriter::new(layout, memory.clone()));
    let step = Step::new(&plan, vec![], driver, memory.clone(), vec![], outputs);
    let inbox = Arc::new(Inbox::new(Arc::new(Nobody)));
    inbox.connect(false);
    let origin = Origin { name: "in steps".into(), operator: "in steps".into(), file: "tests.rs", line: 1 };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let job = Job::new(Arc::new(pool), vec![origin]);
    let mut pipeline = Pipeline::new(PipelineHead::Inbox(inbox), vec![step], vec![], Arc::new(Nobody), Watch::new(job));

    assert!(pipeline.poll().unwrap() == Poll::Wait && asked_bytes.load(Ordering::Relaxed) == 0);
    memory.to_ask().unwrap().ask(1000);
    assert!(pipeline.poll().unwrap() == Poll::Yield && asked_bytes.load(Ordering::Relaxed) == 1000);
    assert!(pipeline.poll().unwrap() == Poll::Yield);
    assert!(pipeline.poll().unwrap() == Poll::Wait && asked_bytes.load(Ordering::Relaxed) == 1000);
    assert!(pipeline.poll().unwrap() == Poll::Wait, "all is given");
}
