//! Both engines, and records in an order.

use dataflow::prelude::*;
use dataflow::{Engine, ProgressWhen, Result};

/// Checks on the embedded engine, and on the local one with one task and with several.
pub(crate) fn on_each_engine(check: impl Fn(&Env) -> Result<()>) -> Result<()> {
    check(&Env::embedded())?;
    check(&local(1))?;
    check(&local(3))
}

/// The local engine.
pub(crate) fn local(parallelism: usize) -> Env {
    Env::new(Options {
        parallelism,
        memory_bytes: 256 << 20,
        explain: false,
        progress: ProgressWhen::Never,
        engine: Engine::Local,
        args: Vec::new(),
    })
}

/// The records of a flow, in order.
pub(crate) fn sorted<T: Record + Ord>(flow: &DataSet<T>) -> Result<Vec<T>> {
    let mut records = flow.collect()?;
    records.sort();
    Ok(records)
}

/// Owned texts.
pub(crate) fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).into()
}
