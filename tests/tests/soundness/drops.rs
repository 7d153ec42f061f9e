//! Captured values whose `Drop` panics.

use dataflow::prelude::*;

/// Panics if it is dropped on one of the engine's threads, but not on the program's own thread.
#[derive(Clone)]
struct Captured(std::thread::ThreadId);

impl Drop for Captured {
    fn drop(&mut self) {
        assert!(std::thread::current().id() == self.0, "dropped elsewhere");
    }
}

impl Captured {
    fn here() -> Self {
        Captured(std::thread::current().id())
    }

    fn same<T>(&self, value: T) -> T {
        value
    }
}

#[test]
fn a_captured_value_that_panics_on_drop_ends_the_job() {
    for parallelism in [1, 2, 4] {
        let captured = Captured(std::thread::current().id());
        let numbers = tests::local(parallelism).collection(0..1_000u64).unwrap();
        let same = numbers.process(move |number, out| {
            let _ = &captured;
            out.emit(number);
        });
        let error = same.collect().unwrap_err().to_string();
        assert!(error.contains("dropped elsewhere"), "{parallelism}: {error}");
    }
}

#[dataflow]
fn mapped(numbers: DataSet<u64>, captured: Captured) -> DataSet<u64> {
    numbers.map(|n| captured.same(n))
}

#[dataflow]
fn filtered(numbers: DataSet<u64>, captured: Captured) -> DataSet<u64> {
    numbers.filter(|n| captured.same(n) < 1_000)
}

#[dataflow]
fn with_states(numbers: DataSet<u64>, captured: Captured) -> DataSet<u64> {
    let first = captured.clone();
    numbers.map_with(|_| first.clone(), |state, n| captured.same(state.same(n)))
}

#[dataflow]
fn reduced(numbers: DataSet<u64>, captured: Captured) -> DataSet<u64> {
    numbers.group_by(|n| n % 10).reduce(|a, b| captured.same(a.max(b)))
}

#[dataflow]
fn summed(numbers: DataSet<u64>, captured: Captured) -> DataSet<u64> {
    let other = captured.clone();
    let sums = numbers.group_by(|n| n % 10).aggregate(|g| (other.same(g.key), g.sum(|n| captured.same(n))));
    sums.map(|sum| sum.1)
}

#[dataflow]
fn in_groups(numbers: DataSet<u64>, captured: Captured) -> DataSet<u64> {
    numbers.group_by(|n| n % 10).reduce_group(|group, out| out.emit(captured.same(group.len() as u64)))
}

#[dataflow]
fn joined(numbers: DataSet<u64>, others: DataSet<u64>, captured: Captured) -> DataSet<u64> {
    numbers.join(others).on(|n| n, |o| o).map(|n, _| captured.same(n))
}

#[dataflow]
fn with_others(numbers: DataSet<u64>, others: DataSet<u64>, captured: Captured) -> DataSet<u64> {
    numbers.with_all(others).map(|n, all| captured.same(n + all.len() as u64))
}

/// Each operator holds its own value, twice, so a task drops several in sequence. Each is dropped
/// although earlier ones panicked.
#[test]
fn several_values_that_panic_on_drop_end_the_job() {
    tests::within_two_minutes("values whose drop panics", || {
        let alone = [mapped, filtered, with_states, reduced, summed, in_groups];
        let of_two = [joined, with_others];
        for parallelism in [1, 2] {
            let env = tests::local(parallelism);
            let numbers = || env.collection(0..1_000u64).unwrap();
            let twice = alone.iter().map(|&word| word(word(numbers(), Captured::here()), Captured::here()));
            let both = of_two.iter().map(|&word| {
                let first = word(numbers(), numbers(), Captured::here());
                mapped(word(first, numbers(), Captured::here()), Captured::here())
            });
            let all = alone.iter().fold(numbers(), |flow, &word| word(flow, Captured::here()));
            for (number, flow) in twice.chain(both).chain([all]).enumerate() {
                let error = flow.collect().unwrap_err().to_string();
                assert!(error.contains("dropped elsewhere"), "{number}, {parallelism}: {error}");
            }
        }
    });
}
