//! Runs pipelines on every engine and compares their results.

use std::fmt::Debug;

use dataflow::{Engine, Env, Options, ProgressWhen, Result};

/// The tested parallelisms: one task without exchanges; two tasks; more tasks than cores of a small
/// machine.
pub const PARALLELISM: [usize; 3] = [1, 2, 4];

const AMPLE: usize = 2 << 30;

/// Creates a local engine.
#[must_use]
pub fn local(parallelism: usize) -> Env {
    Env::new(Options { parallelism, memory_bytes: AMPLE, progress: ProgressWhen::Never, ..Options::default() })
}

/// Creates an embedded engine.
#[must_use]
pub fn embedded() -> Env {
    Env::new(Options { engine: Engine::Embedded, progress: ProgressWhen::Never, ..Options::default() })
}

/// Calls `f` with the local engine at each parallelism, and with a label for messages.
pub fn on_each_parallelism(mut f: impl FnMut(&str, &Env)) {
    PARALLELISM.iter().for_each(|&tasks| f(&format!("local, parallelism {tasks}"), &local(tasks)));
}

/// Calls `f` with the embedded engine, then with the local engine at each parallelism.
pub fn on_each_engine(mut f: impl FnMut(&str, &Env)) {
    f("embedded", &embedded());
    on_each_parallelism(f);
}

/// Checks that a pipeline returns the expected records, in any order, on every engine.
pub fn same_on_all_engines<T: Ord + Debug>(mut expected: Vec<T>, pipeline: impl Fn(&Env) -> Result<Vec<T>>) {
    expected.sort_unstable();
    on_each_engine(|engine, env| same_sorted(engine, pipeline(env).unwrap(), &expected));
}

/// Like [`same_on_all_engines`], without the embedded engine, which takes quadratic time for some
/// operators.
pub fn same_on_local_engines<T: Ord + Debug>(mut expected: Vec<T>, pipeline: impl Fn(&Env) -> Result<Vec<T>>) {
    expected.sort_unstable();
    on_each_parallelism(|engine, env| same_sorted(engine, pipeline(env).unwrap(), &expected));
}

/// Compares records as multisets.
pub fn same_records<T: Ord + Debug>(engine: &str, actual: Vec<T>, mut expected: Vec<T>) {
    expected.sort_unstable();
    same_sorted(engine, actual, &expected);
}

fn same_sorted<T: Ord + Debug>(engine: &str, mut actual: Vec<T>, expected: &[T]) {
    actual.sort_unstable();
    let (counts, differs) =
        ((actual.len(), expected.len()), actual.iter().zip(expected).find(|(left, right)| left != right));
    // Shows only the first difference, because whole vectors would fill the screen.
    assert!(
        differs.is_none() && counts.0 == counts.1,
        "{engine}: {} records for {}; the first that differs in order, and what it should be: {differs:.500?}",
        counts.0,
        counts.1
    );
}
