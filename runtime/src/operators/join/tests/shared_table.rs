//! Joins whose build side is broadcast to all tasks, which build one table of it.

use std::sync::Arc;

use crate::kernel::{ProcessLocals, TaskContext};
use crate::memory::{Budget, Memory};
use crate::metrics::OperatorMetrics;
use crate::spill::SpillSpace;
use crate::spill::tests::DeferredBlocking;
use crate::strategy::{Progress, Round};

use super::super::JoinKind;
use super::mixed;
use super::rig::{Case, Task, pages, rows};

/// The metrics and the memory of a run.
struct SharedRun {
    metrics: Vec<Arc<OperatorMetrics>>,
    peak_bytes: usize,
}

impl SharedRun {
    fn spilled_bytes(&self) -> u64 {
        self.metrics.iter().map(|metrics| metrics.spilled_bytes.get()).sum()
    }
}

/// Calls all tasks in turn until each has finished the end of a port.
fn end_together(tasks: &mut [Task<'_>], late: &DeferredBlocking, port: usize, number: u32) {
    let mut left: Vec<_> = tasks.iter_mut().map(|task| (task, 0)).collect();
    let mut waited = false;
    while !left.is_empty() {
        let mut waits = true;
        left.retain_mut(|(task, cursor)| {
            let end = Round { number };
            let progress = task.call_once(|driver, cursor, out| driver.on_round_end(port, end, cursor, out), cursor);
            waits &= progress == Progress::Pending;
            progress != Progress::Done
        });
        // A task may be able to continue after another task's call. If all tasks wait twice, they
        // wait for the disk.
        if waits && waited {
            late.run_newer_half();
        }
        waited = waits;
    }
}

/// Runs a join in `tasks` tasks. Each receives the whole build side, and a part of the other side.
fn run_together(case: &Case, tasks: usize) -> SharedRun {
    let (budget, late, locals) =
        (Budget::new(case.memory_bytes), Arc::new(DeferredBlocking::default()), ProcessLocals::default());
    let contexts: Vec<TaskContext> = (0..tasks)
        .map(|subtask| {
            let memory = Memory::spilling(budget.clone(), "join", case.minimum_bytes());
            memory.set_operator_group(1);
            let alone = TaskContext::alone(memory);
            let (blocking, space, locals) = (late.clone(), SpillSpace::new(&[]), locals.clone());
            TaskContext { blocking, space, locals, ..alone.as_task(subtask, tasks) }
        })
        .collect();
    let mut running: Vec<Task<'_>> = contexts.iter().map(|context| case.task(context, &late)).collect();
    for (number, page) in pages(&case.sides[case.build]).iter().enumerate() {
        // Pages arrive at the tasks in different orders.
        let (before, after) = running.split_at_mut(number % tasks);
        after.iter_mut().chain(before).for_each(|task| task.feed(case.build, page));
        if case.revokes && number % 50 == 20 {
            running[number % tasks].driver.revocable().unwrap().revoke(1 << 20).unwrap();
            running[number % tasks].call(|driver, _, _| driver.revocable().unwrap().continue_revoking());
        }
    }
    assert!(running.iter().all(|task| tasks == 1 || task.driver.demand().is_awaited), "others wait for what it has");
    end_together(&mut running, &late, case.build, 1);
    let is_on_disk = contexts.iter().any(|context| context.metrics.spilled_bytes.get() > 0);
    let are_exchanged = tasks > 1 && is_on_disk && case.breaks_partitioning && case.rounds == 1 && case.is_keyed();
    assert!(running.iter().all(|task| task.driver.demand().is_awaited == are_exchanged), "others wait for its pairs");
    for round in 1..=case.rounds {
        for (number, page) in pages(&case.sides[1 - case.build]).iter().enumerate() {
            running[number % tasks].feed(1 - case.build, page);
        }
        end_together(&mut running, &late, 1 - case.build, round);
    }
    let mut found: Vec<_> = running.iter_mut().flat_map(|task| std::mem::take(&mut task.found)).collect();
    found.sort_unstable();
    let rounds = case.rounds as usize;
    let expected: Vec<_> = case.expected().into_iter().flat_map(|pair| std::iter::repeat_n(pair, rounds)).collect();
    assert_eq!(found.len(), expected.len(), "{:?} in {tasks} tasks", case.kind);
    assert!(found == expected, "other pairs");
    drop(running);
    late.run_until_idle();
    let metrics = contexts.iter().map(|context| context.metrics.clone()).collect();
    assert!(budget.peak_bytes() <= case.memory_bytes);
    drop(contexts);
    assert_eq!(budget.used_bytes(), 0, "process-local values hold none of it");
    SharedRun { metrics, peak_bytes: budget.peak_bytes() }
}

/// The kinds that may share a table, each with its build side.
const SHARED: [(JoinKind, usize); 5] =
    [(JoinKind::Inner, 0), (JoinKind::Inner, 1), (JoinKind::Left, 1), (JoinKind::Right, 0), (JoinKind::Cross, 1)];

fn case_of((kind, build): (JoinKind, usize), rows_built: u64, text_bytes: usize) -> Case {
    let (built, other) = match kind {
        JoinKind::Cross => (rows(0..rows_built / 2, text_bytes), rows(0..30, 30)),
        _ => (rows(mixed(rows_built), text_bytes), rows(mixed(9_000).map(|key| key / 2 + rows_built / 3), 100)),
    };
    let (left, right) = if build == 0 { (built, other) } else { (other, built) };
    Case::new(kind, build, left, right)
}

#[test]
fn tasks_share_one_table() {
    for of in SHARED {
        for rounds in [1, 3] {
            let case = || Case { memory_bytes: 256 << 20, rounds, ..case_of(of, 9_000, 1_000) };
            let alone = run_together(&case(), 1);
            for tasks in [2, 4] {
                let together = run_together(&case(), tasks);
                assert_eq!(together.spilled_bytes(), 0);
                let (one, all) = (alone.peak_bytes, together.peak_bytes);
                assert!(all < one + one / 4 + (tasks << 20), "{of:?}: {all} bytes in {tasks} tasks, {one} in one");
            }
        }
    }
}

/// Either any task joins the spilled rows of all tasks, or each task joins its own rows with them.
#[test]
fn shared_build_side_is_partitioned_if_memory_is_refused() {
    for breaks_partitioning in [true, false] {
        for (of, (tasks, rounds)) in SHARED.into_iter().zip([(2, 3), (4, 1), (2, 1), (4, 1), (2, 3)]) {
            let least = case_of(of, 3_000, 1_500 * tasks);
            let case = Case { memory_bytes: tasks * least.minimum_bytes(), rounds, breaks_partitioning, ..least };
            let run = run_together(&case, tasks);
            let writes = |metrics: &Arc<OperatorMetrics>| metrics.spilled_bytes.get() > 0;
            // Without a key, all rows are in one share.
            let is_whole = of.0 == JoinKind::Cross && run.spilled_bytes() > 0;
            assert!(run.metrics.iter().all(writes) || is_whole, "{of:?} in {tasks} tasks");
        }
    }
}

/// The build side and the other side are spilled once, and nothing is partitioned again.
#[test]
fn shared_build_side_is_spilled_once_for_all_tasks() {
    for breaks_partitioning in [true, false] {
        let spilled = [2, 4].map(|tasks| {
            let memory_bytes = 4 * case_of((JoinKind::Inner, 1), 1, 100).minimum_bytes();
            let case = Case { memory_bytes, breaks_partitioning, ..case_of((JoinKind::Inner, 1), 200_000, 100) };
            run_together(&case, tasks).spilled_bytes()
        });
        assert!(spilled[1] < spilled[0] + spilled[0] / 4, "{spilled:?}");
    }
}

/// All shares, some or none are in memory when the build side ends. The index may find room or not.
#[test]
fn any_memory_suffices() {
    let mut spilled = Vec::new();
    for memory_bytes in (6..22).step_by(2).map(|mib| mib << 20) {
        let run = run_together(&Case { memory_bytes, ..case_of((JoinKind::Inner, 1), 45_000, 100) }, 2);
        spilled.push(run.spilled_bytes() > 0);
    }
    assert!(spilled[0] && spilled.is_sorted_by(|before, after| before >= after) && !spilled[7], "{spilled:?}");
}

#[test]
fn revoked_share_is_given_back() {
    for tasks in [2, 4] {
        let run = run_together(
            &Case { memory_bytes: 1 << 30, revokes: true, ..case_of((JoinKind::Left, 1), 9_000, 1_000) },
            tasks,
        );
        assert!(run.spilled_bytes() > 0);
    }
}

/// One task has all rows and the others have none, or there are no rows.
#[test]
fn shares_may_be_empty() {
    for built in [rows((0..3_000).map(|_| 7), 100), rows([], 10)] {
        for memory_bytes in [64 << 20, 7 << 20] {
            let case = Case { memory_bytes, ..Case::new(JoinKind::Left, 1, rows([7, 8, 7], 100), built.clone()) };
            run_together(&case, 2);
        }
    }
}
