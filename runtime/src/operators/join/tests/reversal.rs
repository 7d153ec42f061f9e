//! Checks that joins which may reverse their sides find the expected pairs in any order and memory.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::kernel::{ProcessLocals, TaskContext};
use crate::memory::limits::{JOIN_BYTES, PAGE_BYTES};
use crate::memory::{Budget, Memory};
use crate::metrics::OperatorMetrics;
use crate::page::{Input, Page, Selection};
use crate::spill::SpillSpace;
use crate::spill::tests::DeferredBlocking;
use crate::strategy::{Cursor, Progress, Round};

use super::rig::{Case, Task, pages, rows};
use super::{JoinKind, KEYED, Nulls, mixed};

/// Rows of the build side before the other side is compared with it.
const SAMPLED: usize = 300;

/// Pages of the build side that a sender sends to a task before it has to wait for the slowest
/// task.
const CHANNEL_PAGES: usize = 4;

/// Pseudo-random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// The call that a task has not finished.
enum Call {
    Rows { port: usize, page: Page, next: usize, end: usize, cursor: Cursor },
    End { port: usize, cursor: Cursor },
}

/// A task and its input.
struct FedTask<'l> {
    task: Task<'l>,
    /// By port.
    queues: [VecDeque<Page>; 2],
    has_ended: [bool; 2],
    taken: [usize; 2],
    call: Option<Call>,
}

impl FedTask<'_> {
    fn is_done(&self) -> bool {
        self.call.is_none() && self.has_ended == [true; 2]
    }

    /// Takes a port's next page, or its end.
    fn begin(&mut self, port: usize) {
        self.taken[port] += 1;
        self.call = Some(match self.queues[port].pop_front() {
            Some(page) => Call::Rows { port, page, next: 0, end: 0, cursor: 0 },
            None => {
                self.has_ended[port] = true;
                Call::End { port, cursor: 0 }
            }
        });
    }

    /// Continues the unfinished call. All windows of a page are passed to the driver, even if its
    /// demand changes.
    fn continue_call(&mut self) -> Progress {
        match self.call.take() {
            None => Progress::Pending,
            Some(Call::End { port, mut cursor }) => {
                let end = Round { number: 1 };
                let call = |task: &mut Task<'_>, cursor: &mut Cursor| {
                    task.call_once(|driver, cursor, out| driver.on_round_end(port, end, cursor, out), cursor)
                };
                let progress = call(&mut self.task, &mut cursor);
                self.call = (progress != Progress::Done).then_some(Call::End { port, cursor });
                progress
            }
            Some(Call::Rows { port, page, mut next, mut end, mut cursor }) => {
                let mut window = Selection::default();
                end = window.fill(next..page.rows().max(end));
                let batch = page.batch();
                let input = Input::new(&batch, &window);
                let progress =
                    self.task.call_once(|driver, cursor, out| driver.on_batch(port, &input, cursor, out), &mut cursor);
                if progress == Progress::Done {
                    (next, cursor) = (end, 0);
                }
                self.call = (next < page.rows()).then_some(Call::Rows { port, page, next, end, cursor });
                progress
            }
        }
    }
}

/// The side that is fed first if a task accepts both.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FedFirst {
    Build,
    Other,
    /// As `Other`. When that side has ended, all other memory is reserved.
    OtherThenNoMemory,
    Any,
}

/// Runs a join in `tasks` tasks, in random order, and compares its pairs with the expected ones.
/// Each task receives the whole build side. Its senders keep the tasks in step.
fn run(case: &Case, tasks: usize, first: FedFirst, seed: u64) -> Vec<Arc<OperatorMetrics>> {
    let mut random = Random(seed);
    let (budget, late, locals) =
        (Budget::new(case.memory_bytes), Arc::new(DeferredBlocking::default()), ProcessLocals::default());
    let contexts: Vec<TaskContext> = (0..tasks)
        .map(|subtask| {
            let memory = Memory::spilling(budget.clone(), "join", case.minimum_bytes());
            memory.set_operator_group(1);
            let (blocking, space, locals) = (late.clone(), SpillSpace::new(&[]), locals.clone());
            TaskContext { blocking, space, locals, ..TaskContext::alone(memory).as_task(subtask, tasks) }
        })
        .collect();
    let (built, other) = (pages(&case.sides[case.build]), pages(&case.sides[1 - case.build]));
    let mut running: Vec<FedTask<'_>> = contexts
        .iter()
        .enumerate()
        .map(|(number, context)| {
            let mut queues = [const { VecDeque::new() }; 2];
            queues[case.build] = built.iter().cloned().collect();
            queues[1 - case.build] = other.iter().skip(number).step_by(tasks).cloned().collect();
            FedTask { task: case.task(context, &late), queues, has_ended: [false; 2], taken: [0; 2], call: None }
        })
        .collect();
    let another = Memory::new(budget.clone(), "another");
    let (mut idle, mut number) = (0, 0);
    while !running.iter().all(FedTask::is_done) {
        let least_taken = running.iter().map(|fed| fed.taken[case.build]).min().unwrap_or(0);
        // If one task has nothing to do, the others are called before the disk makes progress.
        number = if idle == 0 { random.below(tasks) } else { (number + 1) % tasks };
        let fed = &mut running[number];
        if case.revokes && random.below(40) == 0 {
            fed.task.driver.revocable().unwrap().revoke(1 << 20).unwrap();
            fed.task.call(|driver, _, _| driver.revocable().unwrap().continue_revoking());
        }
        if fed.call.is_none() {
            let may = |port: usize| {
                let is_sent = port != case.build || fed.taken[port] < least_taken + CHANNEL_PAGES;
                !fed.has_ended[port] && is_sent && fed.task.driver.demand().ports.contains(port)
            };
            let may = [may(0), may(1)];
            let port = match first {
                FedFirst::Build => case.build,
                FedFirst::Other | FedFirst::OtherThenNoMemory => 1 - case.build,
                FedFirst::Any => random.below(2),
            };
            match may {
                [false, false] => {}
                _ if may[port] => fed.begin(port),
                _ => fed.begin(1 - port),
            }
        }
        if first == FedFirst::OtherThenNoMemory && fed.has_ended[1 - case.build] {
            (1..).find(|pages| !another.try_reserve_idle(pages * PAGE_BYTES));
        }
        idle = if fed.continue_call() == Progress::Pending { idle + 1 } else { 0 };
        // All tasks wait, so the disk has work. Without work, `run_newer_half` panics.
        if idle > 2 * tasks && !running.iter().all(FedTask::is_done) {
            late.run_newer_half();
            idle = 1;
        }
    }
    let mut found: Vec<_> = running.iter_mut().flat_map(|fed| std::mem::take(&mut fed.task.found)).collect();
    found.sort_unstable();
    let expected = case.expected();
    let sizes = case.sides.each_ref().map(Vec::len);
    assert_eq!(found.len(), expected.len(), "{:?} of {sizes:?}, {} built, seed {seed}", case.kind, case.build);
    assert!(found == expected, "other pairs: {:?} of {sizes:?}, {} built, seed {seed}", case.kind, case.build);
    assert!(running.iter().all(|fed| !fed.task.driver.demand().is_awaited));
    drop((running, another));
    late.run_until_idle();
    let metrics = contexts.iter().map(|context| context.metrics.clone()).collect();
    assert!(budget.peak_bytes() <= case.memory_bytes);
    drop(contexts);
    assert_eq!(budget.used_bytes(), 0);
    metrics
}

fn reversals(metrics: &[Arc<OperatorMetrics>]) -> u64 {
    metrics.iter().map(|metrics| metrics.reversals.get()).sum()
}

/// A join with these numbers of rows: of the build side, and of the other side.
fn sized(kind: JoinKind, build: usize, sizes: [u64; 2], text_bytes: usize) -> Case {
    let built = rows(mixed(sizes[0]), text_bytes);
    let other = rows(mixed(sizes[1]).map(|key| key / 2 * 3), text_bytes);
    let (left, right) = if build == 0 { (built, other) } else { (other, built) };
    Case { memory_bytes: 256 << 20, reverses: Some(SAMPLED), ..Case::new(kind, build, left, right) }
}

/// The kinds that may share a table over all tasks, each with its build side.
const SHARED: [(JoinKind, usize); 4] =
    [(JoinKind::Inner, 0), (JoinKind::Inner, 1), (JoinKind::Left, 1), (JoinKind::Right, 0)];

#[test]
fn probe_side_is_built_if_it_ends_early() {
    for kind in KEYED {
        for build in [0, 1] {
            let run = |sizes, first| reversals(&run(&sized(kind, build, sizes, 40), 1, first, 1));
            assert_eq!(run([9_000, 200], FedFirst::Other), 1, "{kind:?} {build}");
            assert_eq!(run([9_000, 0], FedFirst::Other), 1, "{kind:?} {build}: an empty side");
            assert_eq!(run([9_000, 2_000], FedFirst::Other), 0, "{kind:?} {build}: both are large");
            assert_eq!(run([200, 100], FedFirst::Other), 0, "{kind:?} {build}: both are small");
            assert_eq!(run([9_000, 200], FedFirst::Build), 0, "{kind:?} {build}: the other side comes late");
        }
    }
}

#[test]
fn tasks_that_share_a_table_reverse_together() {
    for (kind, build) in SHARED {
        for tasks in [2, 4] {
            for seed in 0..4 {
                let run = |sizes| reversals(&run(&sized(kind, build, sizes, 40), tasks, FedFirst::Any, seed));
                assert_eq!(run([9_000, 200]), tasks as u64, "{kind:?} {build}");
                assert_eq!(run([9_000, 0]), tasks as u64, "{kind:?} {build}: an empty side");
                assert_eq!(run([9_000, 9_000]), 0, "{kind:?} {build}: both are large");
                assert_eq!(run([200, 100]), 0, "{kind:?} {build}: both are small");
            }
        }
    }
}

/// One task has many rows of the other side, and the others have none.
#[test]
fn one_task_can_prevent_the_reversal() {
    for (kind, build) in SHARED {
        for seed in 0..6 {
            let mut case = sized(kind, build, [9_000, 100], 40);
            // The first page goes to the first task, and has more rows than the other pages.
            case.sides[1 - build] = rows(mixed(700), 40);
            let metrics = run(&case, 4, FedFirst::Any, seed);
            assert_eq!(reversals(&metrics), 0, "{kind:?} {build}");
        }
    }
}

#[test]
fn large_build_side_is_reversed_only_before_it_spills() {
    for kind in KEYED {
        for build in [0, 1] {
            let case = Case { memory_bytes: 6 << 20, ..sized(kind, build, [16_000, 200], 1_000) };
            let metrics = run(&case, 1, FedFirst::Other, 1);
            assert_eq!((reversals(&metrics), metrics[0].spilled_bytes.get()), (1, 0), "{kind:?} {build}");
            // Rows are so large that the build side is partitioned before it is compared.
            let case = Case { memory_bytes: 3 << 20, ..sized(kind, build, [900, 200], 20_000) };
            let metrics = run(&case, 1, FedFirst::Other, 1);
            assert_eq!(reversals(&metrics), 0, "{kind:?} {build}");
            assert!(metrics[0].spilled_bytes.get() > 0);
            // Memory then holds the build side, but not the other side too.
            let case = sized(kind, build, [600, 290], 6_000);
            let case = Case { memory_bytes: case.minimum_bytes() + (512 << 10), ..case };
            let metrics = run(&case, 1, FedFirst::Other, 1);
            assert_eq!(reversals(&metrics), 0, "{kind:?} {build}");
            assert!(metrics[0].spilled_bytes.get() > 0);
            // Memory then holds either side, but not both.
            let mut case = Case { memory_bytes: JOIN_BYTES, ..sized(kind, build, [6_000, 310], 200) };
            case.sides[1 - build].iter_mut().for_each(|row| row.text_bytes = 6_000);
            assert_eq!(reversals(&run(&case, 1, FedFirst::Other, 1)), 0, "{kind:?} {build}");
            // The same with large records.
            let case = sized(kind, build, [9, 4], 300_000);
            let case = Case { memory_bytes: JOIN_BYTES, reverses: Some(4), ..case };
            assert_eq!(reversals(&run(&case, 1, FedFirst::Other, 1)), 0, "{kind:?} {build}");
        }
    }
}

/// The rows of the table are spilled with their links, and then probe. That takes many rows,
/// because a row takes little more in the table than before.
#[test]
fn collected_rows_spill_if_memory_is_gone_at_reversal() {
    for kind in [JoinKind::Inner, JoinKind::Full] {
        for build in [0, 1] {
            let sized = sized(kind, build, [150_000, 139_000], 20);
            let case = Case { memory_bytes: 64 << 20, reverses: Some(140_000), ..sized };
            let metrics = run(&case, 1, FedFirst::OtherThenNoMemory, 1);
            assert_eq!(reversals(&metrics), 1, "{kind:?} {build}");
            assert!(metrics[0].spilled_bytes.get() > 0, "{kind:?} {build}");
        }
    }
}

/// In any order, in any memory, and with revocations at any time.
#[test]
fn pairs_do_not_depend_on_order_or_memory() {
    let mut reversed = [0, 0];
    for seed in 0..160 {
        let random = &mut Random(seed);
        let tasks = random.of(&[1, 1, 2, 4]);
        let (kind, build) = if tasks > 1 { random.of(&SHARED) } else { (random.of(&KEYED), random.below(2)) };
        let sizes = [random.of(&[0, 250, 320, 1_500, 6_000]), random.of(&[0, 40, 280, 320, 700, 3_000])];
        let text_bytes = random.of(&[20, 200, 1_500]);
        let case = sized(kind, build, sizes, text_bytes);
        let memory_bytes =
            random.of(&[tasks * case.minimum_bytes(), tasks * (case.minimum_bytes() + (2 << 20)), 256 << 20]);
        let (nulls, revokes) = (random.of(&[Nulls::Differ, Nulls::Equal]), random.below(3) == 0);
        let mut case = Case { memory_bytes, nulls, revokes, ..case };
        for (side, every) in [(0, 7), (1, 5)] {
            case.sides[side].iter_mut().step_by(every).for_each(|row| row.key = None);
        }
        let metrics = run(&case, tasks, FedFirst::Any, seed);
        reversed[usize::from(reversals(&metrics) > 0)] += 1;
    }
    assert!(reversed.iter().all(|&count| count > 20), "{reversed:?}");
}
