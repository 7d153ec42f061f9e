//! Job handles: start, metrics, cancel, await. Also jobs that share a budget, which start when
//! their minimums fit together.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use dataflow::prelude::*;
use dataflow::{JobHandle, LogWriter};
use runtime::error::Error;
use tests::{Folder, PARALLELISM, embedded, local, wait_until, with_memory, within_two_minutes};

const MINUTE: Duration = Duration::from_secs(60);

/// Enough time for a job to start, in tests in which it must not.
const LONG: Duration = Duration::from_millis(1_500);

#[dataflow]
fn told(numbers: DataStream<u64>, seen: Sender<u64>) -> DataStream<u64> {
    let all = numbers.map(|n| {
        let _ = seen.send(n);
        n
    });
    all.filter(|n| n % 2 == 0)
}

/// Creates a log of these numbers that stays open.
fn log_of(folder: &Folder, name: &str, numbers: impl IntoIterator<Item = u64>) -> LogWriter<u64> {
    let mut log = LogWriter::create(folder.join(name), 1).unwrap();
    numbers.into_iter().for_each(|number| log.append(number).unwrap());
    log.flush().unwrap();
    log
}

/// Creates a sealed log of these numbers.
fn sealed_log_of(folder: &Folder, name: &str, numbers: impl IntoIterator<Item = u64>) {
    log_of(folder, name, numbers).seal_all().unwrap();
}

/// Declares a job that follows a log, and returns a receiver of the numbers that its closure sees.
fn follow(env: &Env, folder: &Folder, name: &str) -> Receiver<u64> {
    let (seen, seen_numbers) = channel();
    told(env.read_log(folder.join(name)).unwrap(), seen).write_native(folder.join(&format!("{name}-out")));
    seen_numbers
}

fn started(env: &Env, folder: &Folder, name: &str) -> (JobHandle, Receiver<u64>) {
    let seen_numbers = follow(env, folder, name);
    (env.start().unwrap(), seen_numbers)
}

/// The minimum memory of the declared job in bytes.
fn minimum_memory(parallelism: usize, declare: impl Fn(&Env)) -> usize {
    let env = with_memory(parallelism, 1);
    declare(&env);
    match env.start().err().unwrap().cause() {
        Error::TooLittleMemory { need, .. } => *need,
        other => panic!("{other}"),
    }
}

/// Checks that a folder contains only these logs: no outputs of the job, finished or temporary.
fn holds_only(folder: &Folder, logs: &[&str]) {
    assert_eq!(folder.names(), logs);
}

#[test]
fn an_endless_job_can_be_cancelled_quickly() {
    within_two_minutes("a job that is cancelled", || {
        for parallelism in PARALLELISM {
            let folder = Folder::default();
            let _log = log_of(&folder, "log", 0..100);
            let (job, seen_numbers) = started(&local(parallelism), &folder, "log");
            assert_eq!(seen_numbers.recv_timeout(MINUTE), Ok(0));
            assert!(!job.is_finished());
            let cancelled = Instant::now();
            job.cancel();
            let error = job.wait().unwrap_err();
            let taken = cancelled.elapsed();
            assert!(taken < Duration::from_millis(200), "{taken:?}");
            assert!(error.is_cancelled() && matches!(error.cause(), Error::Cancelled), "{error}");
            assert_eq!(error.to_string(), "the job was cancelled");
            holds_only(&folder, &["log"]);
        }
    });
}

#[test]
fn results_of_a_job_are_available_after_its_end() {
    within_two_minutes("a job that has ended", || {
        let folder = Folder::default();
        sealed_log_of(&folder, "log", 0..100);
        let env = local(2);
        let (job, _) = started(&env, &folder, "log");
        drop(env);
        wait_until("the job has ended", || job.is_finished());
        job.cancel();
        assert_eq!(job.metrics().source_rows, 100);
        assert_eq!(job.wait().unwrap().source_rows(), 100);
        let found: Vec<u64> = local(1).read_native(folder.join("log-out")).unwrap().collect().unwrap();
        assert_eq!(found.len(), 50);
    });
}

#[test]
fn metrics_grow_while_a_job_runs() {
    within_two_minutes("metrics", || {
        let folder = Folder::default();
        let mut log = log_of(&folder, "log", []);
        let (job, _told) = started(&local(2), &folder, "log");
        for round in 1..4 {
            (0..100_u64).for_each(|number| log.append(number).unwrap());
            log.flush().unwrap();
            wait_until("the source has read them", || job.metrics().source_rows == 100 * round);
            wait_until("the map has them", || {
                job.metrics().operator("all").is_some_and(|all| all.rows_in == 100 * round)
            });
        }
        let metrics = job.metrics();
        assert!(metrics.source_bytes > 0 && metrics.spilled_bytes() == 0, "{metrics:?}");
        log.seal_all().unwrap();
        assert_eq!(job.wait().unwrap().source_rows(), 300);
    });
}

#[test]
fn dropping_a_handle_cancels_its_job() {
    within_two_minutes("a handle that is dropped", || {
        let folder = Folder::default();
        let _log = log_of(&folder, "log", 0..100);
        let (job, seen_numbers) = started(&local(2), &folder, "log");
        assert_eq!(seen_numbers.recv_timeout(MINUTE), Ok(0));
        drop(job);
        holds_only(&folder, &["log"]);
        // The closure is dropped, and its sender with it.
        assert!(seen_numbers.try_iter().count() < 100);
        assert_eq!(seen_numbers.try_recv(), Err(TryRecvError::Disconnected));
    });
}

#[dataflow]
fn failing(numbers: DataStream<u64>) -> DataStream<u64> {
    numbers.try_map(|n| if n == 7 { Err("seven") } else { Ok(n) })
}

#[test]
fn an_error_before_cancellation_is_the_jobs_error() {
    within_two_minutes("a job that fails", || {
        let folder = Folder::default();
        let _log = log_of(&folder, "log", [7]);
        let env = local(2);
        failing(env.read_log(folder.join("log")).unwrap()).write_native(folder.join("log-out"));
        let job = env.start().unwrap();
        wait_until("the job has failed", || job.is_finished());
        job.cancel();
        let message = job.wait().unwrap_err().to_string();
        assert!(message.contains("seven") && message.contains("tests/tests/jobs.rs"), "{message}");
        holds_only(&folder, &["log"]);
    });
}

#[test]
fn the_embedded_engine_runs_a_job_when_started() {
    let folder = Folder::default();
    sealed_log_of(&folder, "log", 0..10);
    let (job, seen_numbers) = started(&embedded(), &folder, "log");
    assert_eq!((job.is_finished(), seen_numbers.try_iter().count()), (true, 10));
    job.cancel();
    job.wait().unwrap();
}

/// Wakes the thread that blocks on a future.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let (mut future, waker) = (pin!(future), Waker::from(Arc::new(Unpark(thread::current()))));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn a_job_can_be_awaited() {
    within_two_minutes("a job that is awaited", || {
        let folder = Folder::default();
        let log = log_of(&folder, "log", 0..100);
        let env = local(2);
        let _told = follow(&env, &folder, "log");
        // On a thread of its own, as in an async executor.
        let awaits = thread::spawn({
            let run = env.run_async();
            move || block_on(run)
        });
        thread::sleep(Duration::from_millis(300));
        assert!(!awaits.is_finished());
        log.seal_all().unwrap();
        assert_eq!(awaits.join().unwrap().unwrap().source_rows(), 100);

        let _other = log_of(&folder, "other", [1]);
        let (mut job, _told) = started(&env, &folder, "other");
        let polled = Pin::new(&mut job).poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        job.cancel();
        assert!(block_on(&mut job).unwrap_err().is_cancelled());
        let again = block_on(job).unwrap_err().to_string();
        assert!(again.contains("was said already"), "{again}");
    });
}

#[test]
fn dropping_a_future_cancels_its_job() {
    within_two_minutes("a future that is dropped", || {
        let folder = Folder::default();
        let _log = log_of(&folder, "log", 0..100);
        let env = local(2);
        let seen_numbers = follow(&env, &folder, "log");
        let mut run = Box::pin(env.run_async());
        assert!(seen_numbers.try_recv().is_err());
        assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(seen_numbers.recv_timeout(MINUTE), Ok(0));
        drop(run);
        holds_only(&folder, &["log"]);
    });
}

#[test]
fn jobs_beyond_the_budget_run_one_by_one_in_order() {
    within_two_minutes("jobs that wait for their turn", || {
        for parallelism in PARALLELISM {
            let folder = Folder::default();
            let _log = log_of(&folder, "endless", [1]);
            sealed_log_of(&folder, "second", 100..200);
            sealed_log_of(&folder, "third", 200..300);
            let need = minimum_memory(parallelism, |env| drop(follow(env, &folder, "endless")));
            let env = with_memory(parallelism, need * 3 / 2);
            let (seen, seen_numbers) = channel();
            let start = |name: &str| {
                told(env.read_log(folder.join(name)).unwrap(), seen.clone())
                    .write_native(folder.join(&format!("{name}-out")));
                env.start().unwrap()
            };
            let jobs = ["endless", "second", "third"].map(start);
            assert_eq!(seen_numbers.recv_timeout(MINUTE), Ok(1));
            assert!(seen_numbers.recv_timeout(LONG).is_err(), "one begins though its least does not fit");
            let [endless, second, third] = jobs;
            endless.cancel();
            assert!(endless.wait().unwrap_err().is_cancelled());
            third.wait().unwrap();
            second.wait().unwrap();
            // A finished job admits the next one before it reports its own end.
            assert_eq!(seen_numbers.try_iter().collect::<Vec<u64>>(), (100..300).collect::<Vec<u64>>());
        }
    });
}

#[test]
fn a_waiting_job_can_be_cancelled() {
    within_two_minutes("a waiting job that is cancelled", || {
        let folder = Folder::default();
        let _logs = ["first", "second"].map(|name| log_of(&folder, name, [1]));
        let need = minimum_memory(1, |env| drop(follow(env, &folder, "first")));
        let env = with_memory(1, need * 3 / 2);
        let (first, _told) = started(&env, &folder, "first");
        let (second, seen_numbers) = started(&env, &folder, "second");
        assert!(seen_numbers.recv_timeout(Duration::from_millis(100)).is_err());
        let cancelled = Instant::now();
        second.cancel();
        assert!(second.wait().unwrap_err().is_cancelled());
        assert!(cancelled.elapsed() < Duration::from_millis(200), "{:?}", cancelled.elapsed());
        assert!(!first.is_finished());
        // No job waits any more.
        drop(first);
        let (third, seen_numbers) = started(&env, &folder, "second");
        assert_eq!(seen_numbers.recv_timeout(MINUTE), Ok(1));
        drop(third);
    });
}

/// The number of running jobs, and its maximum so far.
#[derive(Clone, Default)]
struct Together(Arc<(AtomicUsize, AtomicUsize)>);

impl Together {
    fn meet(&self) {
        let (now, most) = &*self.0;
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(20));
        now.fetch_sub(1, Ordering::SeqCst);
    }
}

#[dataflow]
fn counted(numbers: DataStream<u64>, together: Together) -> DataStream<u64> {
    numbers.map(|n| {
        together.meet();
        n
    })
}

/// Jobs are started from many threads.
#[test]
fn as_many_jobs_run_together_as_fit_the_budget() {
    within_two_minutes("jobs that share a budget", || {
        const JOBS: usize = 8;
        let folder = Folder::default();
        (0..JOBS).for_each(|job| sealed_log_of(&folder, &job.to_string(), [1, 2, 3]));
        let declare = |env: &Env, job: usize, together: Together| {
            counted(env.read_log(folder.join(&job.to_string())).unwrap(), together)
                .write_native(folder.join(&format!("{job}-out")));
        };
        let need = minimum_memory(1, |env| declare(env, 0, Together::default()));
        for fit in [1, 2] {
            // Each job is started before the next one is declared.
            let (env, together) = (with_memory(1, need * fit + need / 2), Together::default());
            let jobs: Vec<JobHandle> = (0..JOBS)
                .map(|job| {
                    declare(&env, job, together.clone());
                    env.start().unwrap()
                })
                .collect();
            let waits = jobs.into_iter().map(|job| thread::spawn(|| job.wait().map(|report| report.source_rows())));
            let waits: Vec<_> = waits.collect();
            waits.into_iter().for_each(|wait| assert_eq!(wait.join().unwrap().unwrap(), 3));
            let most = together.0.1.load(Ordering::SeqCst);
            assert!(most <= fit, "{most} at the same time where {fit} fit");
        }
    });
}

fn rows_of(env: &Env, log: &str) -> dataflow::Result<u64> {
    env.read_log_to_end::<u64>(log)?.count()
}

#[dataflow]
fn with_inner_jobs(numbers: DataSet<u64>, env: Env, log: String) -> DataSet<u64> {
    numbers.try_map(|n| rows_of(&env, &log).map(|rows| rows + n))
}

/// The inner job would wait for memory of the outer job, which waits for the inner job.
#[test]
fn an_inner_job_beyond_the_budget_is_rejected() {
    within_two_minutes("inner jobs that do not fit", || {
        let folder = Folder::default();
        sealed_log_of(&folder, "log", 0..3);
        let declare = |env: &Env| {
            let numbers = env.read_log_to_end(folder.join("log")).unwrap();
            with_inner_jobs(numbers, env.clone(), folder.join("log")).write_native(folder.join("log-out"));
        };
        let outer = minimum_memory(1, declare);
        let small = with_memory(1, outer);
        declare(&small);
        let message = small.run().unwrap_err().to_string();
        assert!(message.contains("a closure of another job runs needs at least"), "{message}");
        assert!(message.contains("tests/tests/jobs.rs") && message.contains("0 B of the budget"), "{message}");
        let large = with_memory(1, 4 * outer);
        declare(&large);
        large.run().unwrap();
        let found: Vec<u64> = local(1).read_native(folder.join("log-out")).unwrap().collect().unwrap();
        assert_eq!(found, [3, 4, 5]);
    });
}

fn rows_of_started(env: &Env, output: &str, n: u64) -> dataflow::Result<u64> {
    env.collection([n, n])?.write_native(output);
    env.start()?.wait().map(|report| report.source_rows())
}

#[dataflow]
fn with_started_jobs(numbers: DataSet<u64>, env: Env, output: String) -> DataSet<u64> {
    numbers.try_map(|n| rows_of_started(&env, &output, n))
}

/// The only thread of the pool waits for the inner jobs.
#[test]
fn a_closure_may_start_a_job_and_wait_for_it() {
    within_two_minutes("a job that a closure starts", || {
        let folder = Folder::default();
        let env = local(1);
        let rows = with_started_jobs(env.collection([1u64, 2, 3]).unwrap(), local(1), folder.join("inner")).collect();
        assert_eq!(rows.unwrap(), [2, 2, 2]);
    });
}
