//! Runs jobs of many parallelisms in sequence, and prints how many task threads exist at the end.

#![allow(clippy::print_stdout, reason = "what it found")]

use std::path::Path;
use std::time::Duration;

use dataflow::prelude::*;
use dataflow::{Options, ProgressWhen};

/// The number of pool threads, recognized by their names.
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
    // Threads end on their own after their pool is dropped. They set their names when they start,
    // which can be after the only job of the last pool.
    for _ in 0..1_000 {
        if threads()? == 20 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    println!("{}", threads()?);
    Ok(())
}
