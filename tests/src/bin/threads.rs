//! A program that runs jobs of many parallelisms, one after the other, and says how many threads it has for tasks in the end.

#![allow(clippy::print_stdout, reason = "what it found")]

use std::path::Path;
use std::time::Duration;

use dataflow::prelude::*;
use dataflow::{Options, ProgressWhen};

/// Threads of pools, by their names.
fn threads() -> std::io::Result<usize> {
    let name = |path: &Path| std::fs::read_to_string(path.join("comm")).unwrap_or_default();
    let threads = std::fs::read_dir("/proc/self/task")?.filter_map(Result::ok).map(|thread| name(&thread.path()));
    Ok(threads.filter(|name| name.starts_with("dataflow-") && !name.contains("io")).count())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for parallelism in 1..=20 {
        let options = Options { parallelism, memory_bytes: 1 << 30, ..Options::default() };
        let env = Env::new(Options { progress: ProgressWhen::Never, ..options });
        env.collection(0..100u64)?.count()?;
    }
    // Threads end by themselves, once they hear that nobody needs them, and give themselves their names once they
    // start, which the last pool's need not have done when its only job has run.
    for _ in 0..1_000 {
        if threads()? == 20 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    println!("{}", threads()?);
    Ok(())
}
